// The stages in call order: receive -> fold -> commit. See pipeline.hpp for the picture and the threads.
#include "engine/pipeline.hpp"

#include <algorithm>
#include <cassert>

namespace twinlink {
namespace {

/// A look at 100,000 calls in progress takes milliseconds: seldom enough to be nothing. Chosen.
constexpr Nanos kLookEvery = 500_ms;
/// How often the links' accounts are looked at for exceptions: what a person cannot tell from at once.
/// Chosen.
constexpr Nanos kWatchEvery = 100_ms;

}  // namespace

// ---- receive: ports -> rings -----------------------------------------------------------------------------

ReceiveStage::ReceiveStage(std::array<Port*, kLinks> ports, std::span<const AcdConfig> acds,
                           std::array<LinkRings, kLinks>& rings)
    : rings_(rings), known_acds_(std::size_t{1} << 16) {
    for (std::size_t l = 0; l < kLinks; ++l) links_[l].port = ports[l];
    for (const AcdConfig& acd : acds) known_acds_[acd.acd.value] = true;
}

std::size_t ReceiveStage::poll(Now now) noexcept {
    std::size_t frames = 0;
    for (const Link link : {Link::A, Link::B}) {
        if (links_[index(link)].port == nullptr) continue;
        frames += receive(link, now.mono);
        give_back(link);
    }
    return frames;
}

std::size_t ReceiveStage::receive(Link link, Nanos arrived) noexcept {
    PerLink& l = links_[index(link)];
    // Without room, frames wait in the device: that costs nothing, and what it cannot hold it counts as
    // missed.
    if (rings_[index(link)].frames.write_available() < kBurstFrames) {
        l.counts.add(ReceiveCounter::RingFull);
        return 0;
    }
    std::array<RxFrame, kBurstFrames> burst;
    const std::size_t received = l.port->receive(burst);
    if (received == 0) return 0;
    outstanding_ += received;

    std::array<FrameRef, kBurstFrames> good;
    std::array<void*, kBurstFrames> unwanted;
    std::size_t valid = 0;
    std::size_t bad = 0;
    for (const RxFrame& frame : std::span(burst).first(received)) {
        const FrameRefusal refusal = judge(frame, link);
        if (refusal == FrameRefusal::Ok) {
            good[valid++] = {frame.data, frame.token, arrived, frame.bytes, 0};
        } else {
            l.refused.add(refusal);
            unwanted[bad++] = frame.token;
        }
    }
    const std::size_t pushed = rings_[index(link)].frames.push(good.data(), valid);
    assert(pushed == valid);
    l.counts.add(ReceiveCounter::Valid, pushed);
    if (bad != 0) l.port->release(std::span(unwanted).first(bad));
    outstanding_ -= bad;
    return received;
}

/// A frame is believed when it is whole, names an ACD that may come from there, and the link it came in on.
FrameRefusal ReceiveStage::judge(const RxFrame& frame, Link link) const noexcept {
    const Bytes bytes{frame.data, frame.bytes};
    const FrameRefusal refusal = validate(bytes);
    if (refusal != FrameRefusal::Ok) return refusal;
    const auto header = read<FrameHeader>(frame.data + sizeof(SbeHeader));
    if (!known_acds_[header.acd]) return FrameRefusal::UnknownAcd;
    if (frame.source_acd.value != 0 && frame.source_acd.value != header.acd) return FrameRefusal::UnknownAcd;
    return header.link == static_cast<u8>(link) ? FrameRefusal::Ok : FrameRefusal::WrongLink;
}

void ReceiveStage::give_back(Link link) noexcept {
    std::array<void*, 4 * kBurstFrames> used;
    const std::size_t n = rings_[index(link)].used.pop(used.data(), used.size());
    if (n == 0) return;
    links_[index(link)].port->release(std::span(used).first(n));
    outstanding_ -= n;
}

// ---- fold: rings -> batches ------------------------------------------------------------------------------

FoldStage::FoldStage(const EngineConfig& config, std::array<LinkRings, kLinks>& rings, BatchRings& batches,
                     const ReceiveStage& receive, OfferDesks& offers, std::deque<RefoldDesk>& desks,
                     const RefoldRings& refolded)
    : config_(config),
      rings_(rings),
      batches_(batches),
      receive_(receive),
      offers_(offers),
      refolded_(refolded),
      by_acd_(std::size_t{1} << 16) {
    // What the ACDs hold back in buffers together stays within what a port's pool has beside its ring.
    const auto acds = static_cast<u32>(config.acds.size());
    ArbiterConfig arbiter{
        .reorder_window = config.reorder_window, .silence = config.silence, .gaps_max = config.gaps_max};
    arbiter.parked_max = std::min(kParkedFramesMax, kRingFrames / acds);
    arbiter.history_frames = std::min(kHistoryFrames, kRingFrames / 4 / acds);
    arbiter.wild_max = std::min(kWildFramesMax, kRingFrames / 4 / acds);
    for (const AcdConfig& acd : config.acds) {
        by_acd_[acd.acd.value] = &paths_.emplace_back(acd, config, arbiter, returns_, desks.emplace_back());
    }
    for (auto& r : returns_) r.reserve(std::size_t{4} * kRingFrames);
    const bool popped = batches_.empty.pop(batch_);
    assert(popped);
    static_cast<void>(popped);
    for (AcdPath& path : paths_) path.gather_into(*batch_, batches_closed_ + 1);
}

std::size_t FoldStage::poll(Now now) {
    if (drained_.load(std::memory_order_relaxed)) return 0;
    const bool stopping = stopping_.load(std::memory_order_acquire);
    for (AcdPath& path : paths_) path.set_now(now);
    const bool room = gathered_bytes() < config_.batch_bytes_max;
    const std::size_t frames = room ? take_frames(now) : 0;
    std::size_t offers = 0;
    if (room && !stopping)
        for (OfferDesk& desk : offers_) offers += take_offer(desk, now);
    if (!stopping) {
        const u64 committed = refolded_.committed.load(std::memory_order_acquire);
        for (AcdPath& path : paths_) path.meet_refolder(now, committed);
    }
    if (now.mono - ticked_ >= 1_ms) tick(now);
    if (stopping && room && frames == 0)
        finish(now);
    else
        hand_over(now);
    give_back();
    return frames + offers;
}

namespace {

[[gnu::always_inline]] inline void prefetch(const FrameRef& ref) noexcept {
    for (u32 line = 0; line < ref.bytes; line += 64) __builtin_prefetch(ref.data + line);
}

}  // namespace

std::size_t FoldStage::take_frames(Now now) {
    std::size_t taken = 0;
    std::array<FrameRef, kBurstFrames> burst;
    for (const Link link : {Link::A, Link::B}) {
        const std::size_t n = rings_[index(link)].frames.pop(burst.data(), burst.size());
        taken += n;
        for (std::size_t i = 0; i < n; ++i) {
            // Another core wrote and read them last: without this each line is waited for (measured).
            if (i + 1 < n) prefetch(burst[i + 1]);
            const FrameRef& ref = burst[i];
            const FrameView frame{Bytes{ref.data, ref.bytes}};
            by_acd_[frame.header().acd]->arbiter().on_frame(frame, ref.token, link, {ref.arrived, now.wall});
        }
    }
    return taken;
}

/// One piece of what did not come over a link: live frames wait no longer than for another burst.
std::size_t FoldStage::take_offer(OfferDesk& desk, Now now) {
    using What = OfferPiece::What;
    OfferPiece* piece = nullptr;
    if (!desk.full.pop(piece)) return 0;
    AcdPath* const path = by_acd_[piece->stream.acd.value];
    if (piece->what == What::Messages) {
        if (path == nullptr)
            desk.counts.add(OfferCounter::OtherAcd, piece->count);
        else if (piece->count != 0)
            take_messages(desk, *piece, *path, now);
    } else if (path != nullptr && piece->what == What::Rival) {
        path->take_rival(piece->stream, piece->first, Bytes(piece->messages).first(piece->bytes), piece->by,
                         piece->wins);
        if (piece->wins) desk.batch.store(batches_closed_ + 1, std::memory_order_relaxed);
    } else if (path != nullptr && piece->what == What::Mend) {
        path->mend(*piece);
    } else if (path != nullptr && piece->what == What::Apart) {
        std::array<Range, kOfferRanges> parts;
        for (u32 n = 0; n < piece->count; ++n) parts[n] = offered_range(*piece, n);
        path->arbiter().take_apart(piece->stream.epoch, std::span(parts).first(piece->count));
    } else if (path != nullptr) {
        for (u32 n = 0; n < piece->count; ++n) {
            const Range range = offered_range(*piece, n);
            const Epoch epoch = piece->stream.epoch;
            if (piece->what == What::Requested) path->arbiter().requested(epoch, range);
            if (piece->what == What::Lost) path->arbiter().lose(epoch, range, now);
            if (piece->what == What::Life) path->arbiter().learn_life(epoch, range.last, now);
            if (piece->what == What::Begin) path->arbiter().take_up_life(epoch, range.first, now);
        }
    }
    const bool pushed = desk.empty.push(piece);
    assert(pushed);
    static_cast<void>(pushed);
    desk.taken.fetch_add(1, std::memory_order_release);
    return 1;
}

void FoldStage::take_messages(OfferDesk& desk, const OfferPiece& piece, AcdPath& path, Now now) {
    const OfferResult result =
        path.arbiter().offer(piece.stream.epoch, piece.first, Bytes(piece.messages).first(piece.bytes),
                             piece.count, piece.by, now);
    desk.counts.add(OfferCounter::Filled, result.filled);
    desk.counts.add(OfferCounter::Duplicate, result.held);
    desk.counts.add(OfferCounter::Beyond, result.beyond);
    desk.counts.add(OfferCounter::Merged, result.merged);
    desk.counts.add(OfferCounter::UnknownEpoch, result.unknown_epoch);
    if (result.filled == result.extended) return;
    desk.batch.store(batches_closed_ + 1, std::memory_order_relaxed);
    refolding_.store(true, std::memory_order_relaxed);
}

void FoldStage::tick(Now now) {
    ticked_ = now.mono;
    notice_drops(now);
    u64 messages = 0;
    u64 conflicts = 0;
    const bool sift = now.mono - sifted_at_ >= 1_s;
    if (sift) sifted_at_ = now.mono;
    for (AcdPath& path : paths_) {
        path.arbiter().on_time(now);
        if (sift && path.arbiter().can_take_apart()) path.desk().sift.store(true, std::memory_order_release);
        messages += path.messages();
        conflicts += path.conflicts();
    }
    messages_.store(messages, std::memory_order_relaxed);
    conflicts_.store(conflicts, std::memory_order_relaxed);
    batch_bytes_.store(gathered_bytes(), std::memory_order_relaxed);
    refolding_.store(std::ranges::any_of(paths_, [](const AcdPath& p) { return p.refolding(); }),
                     std::memory_order_relaxed);
    if (now.mono - published_at_ >= 100_ms) {
        published_at_ = now.mono;
        publish();
    }
    if (now.mono - watched_at_ >= kWatchEvery) watch_links(now);
    look(now);
}

/// Tells what the links did, of each ACD, and what came on them and is of none.
void FoldStage::watch_links(Now now) {
    watched_at_ = now.mono;
    for (AcdPath& path : paths_) path.watch_links();
    for (const Link link : {Link::A, Link::B}) {
        const auto at = static_cast<u8>(link);
        u64 refused = 0;
        u64 most = 0;
        std::size_t reason = 0;
        for (std::size_t r = 1; r < kFrameRefusals; ++r) {
            const u64 count = receive_.refusals(link).get(static_cast<FrameRefusal>(r));
            const u64 more = count - std::exchange(refused_told_[at][r], count);
            refused += more;
            if (more > most) reason = r;
            most = std::max(most, more);
        }
        if (refused != 0)
            exceptions_.note({.kind = LinkEventKind::Refused,
                              .link = at,
                              .cause = static_cast<u8>(reason),
                              .count = refused},
                             now);
        const u64 dropped = drops_seen_[at] - std::exchange(drops_told_[at], drops_seen_[at]);
        if (dropped != 0)
            exceptions_.note({.kind = LinkEventKind::Dropped, .link = at, .count = dropped}, now);
    }
    exceptions_.hand_on(now, batch_->link_events);
}

/// Tells the arbiters when frames were dropped or refused here, so that a gap can name its cause.
void FoldStage::notice_drops(Now now) {
    for (const Link link : {Link::A, Link::B}) {
        u64 drops = 0;
        u64 refused = 0;
        for (std::size_t r = 1; r < kFrameRefusals; ++r) {
            refused += receive_.refusals(link).get(static_cast<FrameRefusal>(r));
        }
        if (const Port* port = receive_.port(link); port != nullptr) {
            drops +=
                port->counters().get(PortCounter::NicMissed) + port->counters().get(PortCounter::NicNoBuffer);
        }
        for (AcdPath& path : paths_) {
            if (drops != drops_seen_[index(link)]) path.arbiter().note_local_drop(now);
            if (refused != refused_seen_[index(link)]) path.arbiter().note_refused(now);
        }
        drops_seen_[index(link)] = drops;
        refused_seen_[index(link)] = refused;
    }
}

/// Closes the batch when something waits in it and the commit stage has an empty one to give in return.
void FoldStage::hand_over(Now now) {
    if (now.mono - closed_at_ < config_.commit_every) return;
    const bool dirty = std::ranges::any_of(paths_, [](const AcdPath& p) { return p.dirty(); });
    const bool links = now.mono - rows_at_ >= 1_s &&  // the links' accounts go on even when nothing new comes
                       std::ranges::any_of(paths_, [](const AcdPath& p) { return p.links_moved(); });
    if (!dirty && !links && batch_->empty()) return;  // what recovery made waits for no frame
    CommitBatch* next = nullptr;
    if (!batches_.empty.pop(next)) return;

    const bool rows = now.mono - rows_at_ >= config_.rows_every;
    for (AcdPath& path : paths_) path.close(rows && (path.dirty() || links), links);
    if (rows) rows_at_ = now.mono;
    closed_at_ = now.mono;
    batch_->number = ++batches_closed_;
    batch_->wall = now.wall.value;
    if (batch_->empty()) {
        batches_.empty.push(next);
        return;
    }
    batches_.full.push(batch_);
    batch_ = next;
    for (AcdPath& path : paths_) path.gather_into(*batch_, batches_closed_ + 1);
}

/// The last slice: everything parked is taken, the last batch closed, every buffer given back.
void FoldStage::finish(Now now) {
    CommitBatch* next = nullptr;
    if (!batches_.empty.pop(next)) return;  // wait for the commit before
    for (AcdPath& path : paths_) {
        path.arbiter().finish(now);
        path.close(true, true);
    }
    watch_links(now);
    for (AcdPath& path : paths_) path.finish_links();
    exceptions_.finish(now, batch_->link_events);
    batch_->number = ++batches_closed_;
    batch_->wall = now.wall.value;
    batches_.full.push(batch_);
    batch_ = next;
    publish();
    give_back();
    drained_.store(true, std::memory_order_release);
}

void FoldStage::give_back() {
    for (std::size_t l = 0; l < kLinks; ++l) {
        auto& tokens = returns_[l];
        if (tokens.empty()) continue;
        const std::size_t pushed = rings_[l].used.push(tokens.data(), tokens.size());
        tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(pushed));
    }
}

u64 FoldStage::gathered_bytes() const noexcept {
    u64 bytes = batch_->arena.size() + batch_->row_words.size() * sizeof(u64);
    for (const AcdPath& path : paths_) bytes += path.gathered_bytes();
    return bytes;
}

void FoldStage::publish() {
    const std::unique_lock lock(status_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    status_.resize(paths_.size());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        AcdPath& path = paths_[i];
        AcdStatus& s = status_[i];
        s.stream = path.arbiter().stream();
        s.stream.acd = path.acd().value;
        s.settings = path.fold().settings();
        for (const Link link : {Link::A, Link::B}) {
            s.links[index(link)] = path.arbiter().link(link);
            for (std::size_t v = 0; v < Counters<Verdict>::kSize; ++v) {
                s.verdicts[index(link)][v] = path.arbiter().verdicts(link).get(static_cast<Verdict>(v));
            }
        }
        s.open_gaps = path.arbiter().gaps().size() - path.arbiter().gaps().lost();
        s.parked_frames = path.arbiter().parked();
        s.fold_counters.resize(Counters<FoldCounter>::kSize);
        for (std::size_t c = 0; c < s.fold_counters.size(); ++c) {
            s.fold_counters[c] = path.fold().counter(static_cast<FoldCounter>(c));
        }
    }
}

/// The moment of every ACD, where somebody watches.
void FoldStage::look(Now now) {
    if (now.mono.value >= watched_until_.load(std::memory_order_relaxed) ||
        now.mono - looked_at_ < kLookEvery)
        return;
    const std::unique_lock lock(status_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    looked_at_ = now.mono;
    real_time_.resize(paths_.size());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        paths_[i].fold().look(real_time_[i]);
        real_time_[i].taken = now.mono;
    }
}

std::vector<RealTime> FoldStage::real_time() const {
    const std::lock_guard lock(status_mutex_);
    return real_time_;
}

std::vector<AcdStatus> FoldStage::acds() const {
    const std::lock_guard lock(status_mutex_);
    return status_;
}

}  // namespace twinlink
