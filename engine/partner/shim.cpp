// See shim.hpp. The partner thread.
#include "engine/partner/shim.hpp"
#include "engine/planted.hpp"

#include <algorithm>
#include <limits>

namespace twinlink {

using namespace partner;

namespace {

/// Bytes from the partner that may wait: two of the largest frames.
constexpr std::size_t kInboxBytes = std::size_t{2} * kPartnerFrameMax;
/// Frames dealt with in one slice, so that what is due by time is not late.
constexpr std::size_t kFramesPerSlice = 64;
/// Bytes that wait for the connection before more is said: a partner that reads slowly costs no memory.
constexpr std::size_t kOutboxBytes = std::size_t{1} << 20;
/// ... and before anything more is taken from it: what it asks makes answers.
constexpr std::size_t kOutboxMost = 2 * kLendAhead;
constexpr Nanos kPublishEvery = 100_ms;
/// Between two digests while a refold is under way: enough for a stream that heals all the time. Chosen.
constexpr Nanos kDigestsEvery = 50_ms;

}  // namespace

PartnerShim::PartnerShim(const PartnerConfig& config, StoreReader own, OfferDesk& desk, MirrorFeed& feed)
    : config_(config),
      own_reader_(std::move(own)),
      desk_(desk),
      feed_(feed),
      session_(config.self, config.acds, config.heartbeat_every, config.heartbeats_missed_max, counters_,
               out_),
      mirror_(own_, theirs_, config.have_every, counters_, out_),
      fetcher_(own_, theirs_, desk, counters_, out_),
      lender_(own_, own_reader_, config.lend_bytes_per_s, counters_, out_),
      losses_(own_, theirs_, mirror_, desk, config.lost_after, counters_, out_),
      digests_(own_reader_, config.self.fold_version, counters_, out_),
      account_asks_(counters_, out_),
      account_lender_(own_reader_, counters_, out_),
      row_asks_(own_reader_, counters_, out_),
      row_lender_(own_reader_, counters_, out_),
      rivals_(own_reader_, desk, counters_, out_) {
    in_.reserve(kInboxBytes);
    feed_.want();
    feed_.needs.away();
}

// ---- the connection
// ---------------------------------------------------------------------------------------

void PartnerShim::connected(Now now) {
    in_.clear();
    in_at_ = 0;
    out_.clear();
    session_.begin(now);
}

std::size_t PartnerShim::room() const noexcept { return kInboxBytes - (in_.size() - in_at_); }

void PartnerShim::received(Bytes bytes) {
    assert(bytes.size() <= room());
    if (in_.size() + bytes.size() > kInboxBytes) {
        in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(in_at_));
        in_at_ = 0;
    }
    in_.insert(in_.end(), bytes.begin(), bytes.end());
    counters_.add(Counter::BytesIn, bytes.size());
}

void PartnerShim::disconnected(std::string_view why, Now now) {
    // What came before the end counts: a last word may say why.
    while (take_frames(now) != 0) {
    }
    session_.end(why);
    fetcher_.forget();
    lender_.forget();
    losses_.forget();
    digests_.forget();
    const std::string ended = "the session with the partner ended: " + session_.text();
    account_asks_.forget(ended);
    account_lender_.forget();
    row_asks_.forget(ended);
    row_lender_.forget();
    rivals_.forget();
    looking_.reset();
    theirs_.clear();
    feed_.needs.away();
    in_.clear();
    in_at_ = 0;
    publish(now);
}

void PartnerShim::links(Acd acd, bool a, bool b) { mirror_.links(acd, a, b); }

void PartnerShim::bye(ByeWhy why, std::string_view text) { session_.bye(why, text); }

// ---- a slice
// ----------------------------------------------------------------------------------------------

std::size_t PartnerShim::poll(Now now) {
    learn_own();
    const std::size_t before = out_.size();
    std::size_t frames = take_frames(now);
    if (in_at_ != in_.size())
        session_.heard(now);  // what waits here is our slowness, not the partner's silence
    fetcher_.on_time(now);
    session_.on_time(now, refolding_ ? std::max<u64>(1, to_come_) : to_come_);
    listen(now);
    const bool pressed = out_.size() > kOutboxBytes;
    if (session_.up() && !pressed) {
        take_up_lives(now);
        frames += mirror_.tell(now, session_.common_acds());
        frames += fetcher_.ask(now, session_.common_acds(), deaf());
        frames += losses_.on_time(now, config_.self.server == 1);
        if (!refolding_ && session_.their_refilling() == 0) look_into_differences(now);
        frames += rivals_.work(now, session_.common_acds());
    }
    const std::string not_up =
        session_.up() ? "" : "there is no session with the partner: " + session_.text();
    account_asks_.on_time(now, not_up);
    row_asks_.work(now, not_up);
    if (session_.up()) {
        account_lender_.lend(now);
        row_lender_.lend(now);
    }
    if (session_.up()) frames += lender_.lend(now);
    // While rows are being folded again their digests change all the time: what they cost is for the fold.
    if (!refolding_ || now.mono - digests_at_ >= kDigestsEvery) {
        digests_at_ = now.mono;
        frames += digests_.work(session_.up(), session_.up() && !pressed, session_.common_acds());
    }
    counters_.add(Counter::BytesOut, out_.size() - std::min(before, out_.size()));
    if (now.mono - published_at_ >= kPublishEvery) publish(now);
    return frames;
}

std::vector<Acd> PartnerShim::deaf() const {
    std::vector<Acd> all;
    for (const Acd acd : config_.acds)
        if (mirror_.deaf(acd)) all.push_back(acd);
    return all;
}

std::size_t PartnerShim::take_frames(Now now) {
    std::size_t frames = 0;
    while (frames < kFramesPerSlice && (session_.state() == SessionState::Greeting || session_.up()) &&
           fetcher_.room() && out_.size() < kOutboxMost) {
        const FrameRead got = read_frame(Bytes(in_).subspan(in_at_));
        if (got.fault == FrameFault::NeedMore) break;
        session_.heard(now);
        ++frames;
        counters_.add(Counter::FramesIn);
        if (got.fault != FrameFault::Ok && got.fault != FrameFault::Unknown) {
            session_.bye(ByeWhy::Protocol, info(got.fault).help);
            break;
        }
        if (got.fault == FrameFault::Ok) take(got.frame, now);
        in_at_ += got.bytes;
    }
    if (in_at_ == in_.size()) {
        in_.clear();
        in_at_ = 0;
    }
    return frames;
}

void PartnerShim::take(const FrameIn& frame, Now now) {
    if (frame.template_id == Hello::kTemplate) {
        if (!session_.on_hello(frame.as<Hello>(), frame, now)) return;
        mirror_.begin();
        digests_.begin();
        rivals_.begin();
        for (const auto& [stream, holding] : own_) mirror_.reload(stream);
        return;
    }
    if (frame.template_id == Bye::kTemplate) return session_.on_bye(frame.as<Bye>());
    if (!session_.up()) return session_.bye(ByeWhy::Protocol, "a message before the greeting");
    std::string_view broken;
    switch (frame.template_id) {
        case Have::kTemplate:
            broken = mirror_.on_have(frame.as<Have>(), frame, session_.common_acds());
            learn_lives();
            break;
        case Want::kTemplate: lender_.on_want(frame.as<Want>(), frame); break;
        case Block::kTemplate: {
            const auto block = frame.as<Block>();
            broken = block.request >= kComparingRequests ? rivals_.on_block(block, frame.data, now)
                                                         : fetcher_.on_block(block, frame.data, now);
            break;
        }
        case Lack::kTemplate: {
            const auto lack = frame.as<Lack>();
            if (lack.request >= kComparingRequests)
                rivals_.on_lack(lack);
            else
                broken = fetcher_.on_lack(lack, frame, now);
            break;
        }
        case Copy::kTemplate: rivals_.on_copy(frame.as<Copy>(), frame.data); break;
        case LostPropose::kTemplate: {
            const auto m = frame.as<LostPropose>();
            losses_.on_propose({Acd{m.acd}, Epoch{m.epoch}}, frame, now);
            break;
        }
        case LostAgree::kTemplate: {
            const auto m = frame.as<LostAgree>();
            losses_.on_agree({Acd{m.acd}, Epoch{m.epoch}}, frame, now);
            break;
        }
        case Digest::kTemplate:
            counters_.add(Counter::DigestsIn);
            digests_.on_digest(frame.as<Digest>());
            break;
        case AccountAsk::kTemplate: account_lender_.on_ask(frame.as<AccountAsk>()); break;
        case AccountStreams::kTemplate: account_asks_.on_page<AccountStreams>(frame); break;
        case AccountGaps::kTemplate: account_asks_.on_page<AccountGaps>(frame); break;
        case AccountLinks::kTemplate: account_asks_.on_page<AccountLinks>(frame); break;
        case AccountEvents::kTemplate: account_asks_.on_page<AccountEvents>(frame); break;
        case RowsAsk::kTemplate: row_lender_.on_ask(frame.as<RowsAsk>(), frame); break;
        case RowHashes::kTemplate: row_asks_.on_hashes(frame); break;
        case RowItems::kTemplate: row_asks_.on_items(frame); break;
        case Heartbeat::kTemplate: session_.on_heartbeat(frame.as<Heartbeat>(), now); break;
        default: break;
    }
    if (!broken.empty()) session_.bye(ByeWhy::Protocol, broken);
}

// ---- what is held here
// ------------------------------------------------------------------------------------

void PartnerShim::learn_own() {
    if (feed_.reload()) reload_own();
    const bool pruned = feed_.pruned();
    std::vector<Stream> touched;
    feed_.consume([&](const MirrorFeed::Entry& entry) {
        if (entry.transaction <= transaction_) return;
        if (const auto* interval = std::get_if<IntervalRecord>(&entry.what))
            return digests_.changed(*interval);
        if (const auto* rival = std::get_if<MirrorFeed::Rival>(&entry.what))
            return rivals_.changed(rival->stream, rival->seq);
        if (const auto* apart = std::get_if<CommitBatch::Apart>(&entry.what)) {
            // Here, but for the gaps that follow.
            if (const auto own = own_.find(apart->stream); own != own_.end())
                own->second.set(apart->whole, GapState::Filled, false);
            return mirror_.changed(apart->stream, apart->whole);
        }
        const auto* const gap = std::get_if<GapRecord>(&entry.what);
        const auto* const record = std::get_if<StreamRecord>(&entry.what);
        const Stream stream = gap != nullptr ? Stream{Acd{gap->acd}, Epoch{gap->epoch}}
                                             : Stream{Acd{record->acd}, Epoch{record->epoch}};
        if (!own_.contains(stream) && !room_for_life(stream)) return;
        if (gap != nullptr) {
            own_[stream].set(gap->range(), gap->state, gap->merged != 0);
            if (!planted(Planted::HideGapInAccount)) mirror_.changed(stream, gap->range());
        } else {
            Holding& holding = own_[stream];
            holding.first_seen = Seq{record->first_seen};
            holding.next = std::max(holding.next, Seq{record->next});
            if (planted(Planted::ClaimTooMuch)) holding.next = Seq{record->next} + 7;
            holding.ended = record->ended != 0;
            mirror_.tip_moved(stream);
        }
        if (touched.empty() || touched.back() != stream) touched.push_back(stream);
    });
    if (pruned) read_pruned();
    for (const Stream stream : touched) fetcher_.settle(stream);
    if (touched.empty()) return;
    count_to_come();
    learn_lives();
}

/// Of more lives of an ACD than are mirrored, the oldest goes. False: this is the oldest.
bool PartnerShim::room_for_life(Stream stream) {
    const auto of_acd = [&](const auto& h) { return h.first.acd == stream.acd; };
    if (std::ranges::count_if(own_, of_acd) < static_cast<std::ptrdiff_t>(kLivesPerAcd)) return true;
    const auto oldest = std::ranges::find_if(own_, of_acd);
    if (stream < oldest->first) return false;
    own_.erase(oldest);
    return true;
}

void PartnerShim::reload_own() {
    const auto snapshot = own_reader_.snapshot();
    const auto about = snapshot ? snapshot->info() : std::unexpected(snapshot.error());
    if (!about) return feed_.want();  // tried again with the next slice
    counters_.add(Counter::Reloads);
    probe(Probe::MirrorReloaded);
    own_.clear();
    for (const StreamRecord& record : snapshot->streams()) {
        const Stream stream{Acd{record.acd}, Epoch{record.epoch}};
        if (!room_for_life(stream)) continue;
        Holding& holding = own_[stream];
        holding.first_seen = Seq{record.first_seen};
        holding.next = Seq{record.next};
        holding.ended = record.ended != 0;
    }
    for (auto& [stream, holding] : own_) {
        const GapFilter missing{.acd = stream.acd, .epoch = stream.epoch, .states = GapFilter::kMissing};
        for (const GapRecord& gap : snapshot->gaps(missing))
            holding.set(gap.range(), gap.state, gap.merged != 0);
        fetcher_.settle(stream);
        mirror_.reload(stream);
    }
    for (const Acd acd : config_.acds) {
        auto intervals = snapshot->intervals(0, std::numeric_limits<u64>::max(), acd);
        std::erase_if(intervals, [](const IntervalRecord& i) { return i.closed == 0; });
        const std::size_t old = intervals.size() - std::min(intervals.size(), kDigestIntervals);
        digests_.reload(std::span(intervals).subspan(old));
    }
    read_pruned(*snapshot);
    transaction_ = about->transaction;
    count_to_come();
}

void PartnerShim::read_pruned() {
    if (const auto snapshot = own_reader_.snapshot()) read_pruned(*snapshot);
}

void PartnerShim::read_pruned(const StoreSnapshot& snapshot) {
    for (const PrunedRecord& record : snapshot.pruned()) {
        const auto own = own_.find({Acd{record.acd}, Epoch{record.epoch}});
        if (own == own_.end()) continue;
        own->second.pruned = Seq{record.upto};
        mirror_.tip_moved(own->first);
    }
}

// ---- status
// -----------------------------------------------------------------------------------------------

/// How much is still to come from the partner, for both sides to see.
void PartnerShim::count_to_come() {
    to_come_ = 0;
    for (const auto& [stream, holding] : own_) to_come_ += fetcher_.wanted(stream, false).names();
}

/// What of the journal must not go before its time: names that the partner lacks and this server has, and all
/// that is behind what it knows of.
void PartnerShim::tell_needs() {
    if (!session_.up() || theirs_.empty()) return;
    PartnerNeeds::Spans lacking;
    const auto acds = session_.common_acds();
    for (const auto& [stream, own] : own_) {
        if (std::ranges::find(acds, stream.acd) == acds.end()) continue;
        const auto theirs = theirs_.find(stream);
        const Seq known = theirs == theirs_.end() ? Seq{1} : theirs->second.next;
        if (theirs != theirs_.end())
            if (const RangeSet gone = theirs->second.missing.without(own.missing); !gone.empty())
                lacking.push_back({stream, {gone.ranges().front().first, gone.ranges().back().last}});
        lacking.push_back({stream, {known, Seq{std::numeric_limits<u64>::max()}}});
    }
    feed_.needs.set(std::move(lacking));
}

void PartnerShim::publish(Now now) {
    tell_needs();
    const std::unique_lock lock(status_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    published_at_ = now.mono;
    PartnerStatus& s = status_;
    s.state = session_.state();
    s.text = session_.text();
    s.partner_name = session_.partner_name();
    s.partner_server = session_.partner_server();
    s.version = session_.version();
    s.up_since = session_.up_since();
    s.round_trip = session_.round_trip();
    s.their_refilling = session_.their_refilling();
    s.asked = fetcher_.in_flight();
    s.to_come = 0;
    s.streams.clear();
    for (const auto& [stream, own] : own_) {
        PartnerStatus::OfStream of;
        of.stream = stream;
        of.own_next = own.next;
        of.own_missing = own.missing.names();
        if (const auto theirs = theirs_.find(stream); theirs != theirs_.end()) {
            of.their_next = theirs->second.next;
            of.their_missing = theirs->second.missing.names();
            of.wanted = fetcher_.wanted(stream, true).names();
            s.to_come += mirror_.deaf(stream.acd) ? of.wanted : fetcher_.wanted(stream, false).names();
            of.wanted_there = theirs->second.missing.without(own.missing).names();
            of.both_missing = own.missing.common(theirs->second.missing).names();
        }
        s.streams.push_back(of);
    }
    s.counters.resize(ShimCounters::kSize);
    for (std::size_t c = 0; c < s.counters.size(); ++c)
        s.counters[c] = counters_.get(static_cast<Counter>(c));
}

PartnerStatus PartnerShim::status() const {
    const std::lock_guard lock(status_mutex_);
    return status_;
}

}  // namespace twinlink
