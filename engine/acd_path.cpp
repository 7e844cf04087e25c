// See acd_path.hpp.
#include "engine/acd_path.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink {
namespace {

/// Where few calls are expected there may still be many trunks that take turns.
constexpr u32 kTrunksOfSmallAcds = 16'384;

FoldLimits limits_of(const AcdConfig& acd) noexcept {
    return {.calls = acd.calls_max,
            .agents = acd.agents_max,
            .skills = acd.skills_max,
            .trunks = std::max(acd.calls_max, kTrunksOfSmallAcds)};
}

/// A fill is often followed by the next one: they share a refold. Chosen: short beside the seconds that a gap
/// takes to heal, long beside the frames of one burst.
constexpr Nanos kSettle = 100_ms;
constexpr Nanos kSettleMax = 500_ms;
/// Bytes of messages that may be accepted while the refolder comes to the meeting point. Chosen: 5 M
/// messages/s for a quarter of a second.
constexpr std::size_t kTailBytesMax = std::size_t{64} << 20;
/// Copies that differ, of one commit: each may rewrite a block.
constexpr std::size_t kRivalsPerBatch = 1'024;
/// Filled gaps whose healing is told; of more at a time the rest stays "filled". Chosen: a full gap table,
/// each gap filled in four pieces.
constexpr std::size_t kHealingMax = std::size_t{4} * kGapsMax;

}  // namespace

AcdPath::AcdPath(const AcdConfig& acd, const EngineConfig& config, const ArbiterConfig& arbiter,
                 Returns& returns, RefoldDesk& desk)
    : acd_(acd.acd),
      checkpoint_every_(config.checkpoint_every),
      returns_(returns),
      arbiter_(acd.acd, arbiter, *this),
      fold_(acd.acd, limits_of(acd)),
      desk_(desk),
      trail_(config.live_trail),
      exceptions_(acd.acd) {
    fold_.set_trail(trail_);
    for (const Agent agent : acd.trace_agents) traced_.push_back(agent.value);
    std::ranges::sort(traced_);
    desk_.acd = acd.acd;
    desk_.limits = limits_of(acd);
    gathered_.reserve(kBlockBytes);
    filled_.reserve(kHealingMax);
}

// ---- what the arbiter decides
// ------------------------------------------------------------------------------

void AcdPath::begin_epoch(Epoch epoch) {
    end_block();
    place_ = {epoch, Seq{1}};
    if (tailing_) add_to_tail(TailPiece::What::Epoch, epoch.value, 0, {});
    fold_.begin_epoch(epoch, *this);
    exceptions_.note({.kind = LinkEventKind::EpochBegun, .epoch = epoch.value}, now_);
    dirty_ = true;
}

void AcdPath::accept(Seq first, Bytes messages, u32 count, u64 last_time) {
    const Stream stream{acd_, Epoch{arbiter_.stream_epoch()}};
    const bool follows = block_.count != 0 && block_.stream == stream && block_.first + block_.count == first;
    if (!follows || gathered_.size() + messages.size() > kBlockBytes) end_block();
    if (block_.count == 0) {
        block_ = {.stream = stream, .first = first, .first_time = message_at(messages.data()).time().value};
    }
    gathered_.insert(gathered_.end(), messages.begin(), messages.end());
    block_.count += count;
    block_.last_time = last_time;
    messages_ += count;
    dirty_ = true;
    place_.next = first + count;
    if (tailing_) add_to_tail(TailPiece::What::Messages, first.value, count, messages);
    apply_but(desk_.skips, fold_, {place_.epoch, first}, messages, count, *this);
}

void AcdPath::missing(Range range) {
    end_block();
    place_.next = range.last + 1;
    if (tailing_) add_to_tail(TailPiece::What::Missing, range.count(), 0, {});
    fold_.missing(range.count());
    exceptions_.note({.kind = LinkEventKind::GapOpened,
                      .cause = static_cast<u8>(gap_cause_),
                      .epoch = arbiter_.stream_epoch(),
                      .first = range.first.value,
                      .last = range.last.value,
                      .names = range.count()},
                     now_);
    dirty_ = true;
}

void AcdPath::fill(Stream stream, Seq first, Bytes messages, u32 count) {
    const auto bytes = static_cast<u32>(messages.size());
    // One fill comes in many pieces: they become few blocks.
    JournalBlock* const last = batch_->blocks.empty() ? nullptr : &batch_->blocks.back();
    const bool follows = last != nullptr && last->fill && last->stream == stream &&
                         last->first + last->count == first && last->bytes + bytes <= kBlockBytes &&
                         last->offset + last->bytes == batch_->arena.size();
    if (!follows)
        batch_->blocks.push_back({.stream = stream,
                                  .first = first,
                                  .offset = batch_->arena.size(),
                                  .first_time = message_at(messages.data()).time().value,
                                  .fill = true});
    JournalBlock& block = batch_->blocks.back();
    block.count += count;
    block.bytes += bytes;
    for_each_message_in(messages, [&](MessageView m) { block.last_time = m.time().value; });
    batch_->arena.insert(batch_->arena.end(), messages.begin(), messages.end());
    messages_ += count;
    dirty_ = true;
    if (planted(Planted::FoldTwice)) fold_.apply(first, messages, count, *this);
    came_late(stream, first, count);
}

/// States behind `first` lack what the journal has from now on, `count` names, or another copy of one where
/// that is 0: they go, and a refold makes up for them.
void AcdPath::came_late(Stream stream, Seq first, u64 count) {
    if (!planted(Planted::KeepStaleState)) {
        // One fill comes in many pieces.
        StaleCheckpoints* const last = batch_->stale.empty() ? nullptr : &batch_->stale.back();
        if (last != nullptr && last->stream == stream && last->refold == desk_.number && count != 0 &&
            last->count != 0 && last->from + last->count == first)
            last->count += count;
        else
            batch_->stale.push_back({stream, first, count, desk_.number});
        // A state saved earlier in this very batch lacks it too.
        std::erase_if(batch_->checkpoints, [&](const CheckpointImage& image) {
            return image.stream.acd == acd_ &&
                   FoldPlace{image.stream.epoch, image.seq} >= FoldPlace{stream.epoch, first};
        });
    }
    note_fill({stream.epoch, first}, count);
}

void AcdPath::conflict(Stream stream, Seq seq, Link link, Bytes rival, Link held_link, Bytes held) {
    const auto by = [](Link l) { return l == Link::A ? FilledBy::LinkA : FilledBy::LinkB; };
    take_rival(stream, seq, rival, by(link), outranks(rival, held), by(held_link));
}

void AcdPath::take_rival(Stream stream, Seq seq, Bytes copy, FilledBy by, bool wins, FilledBy held_by) {
    ++conflicts_;
    probe(Probe::Conflict);
    if (batch_->rivals.size() >= kRivalsPerBatch) return;  // the same end as a full table's: counted
    batch_->rivals.push_back({stream, seq, batch_->arena.size(), static_cast<u32>(copy.size()), by, held_by});
    batch_->arena.insert(batch_->arena.end(), copy.begin(), copy.end());
    dirty_ = true;
    if (!wins) return;
    probe(Probe::ConflictWon);
    came_late(stream, seq, 0);
}

void AcdPath::older_stream(const StreamRecord& stream) {
    batch_->streams.push_back(stream);
    dirty_ = true;
}

/// Rows that say that nothing is missing there are wrong, whether or not the names ever come.
void AcdPath::missing_in_older(Stream stream, Seq first) {
    dirty_ = true;
    if (!planted(Planted::HideOldEnd)) came_late(stream, first, 0);
}

void AcdPath::older_link(const LinkRecord& link) { batch_->links.push_back(link); }

void AcdPath::gap_changed(const GapRecord& gap) {
    GapRecord g = gap;
    if (g.interval_first == 0 && g.time_before != 0)
        g.interval_first = fold_.interval_of(Nanos{g.time_before});
    if (g.time_after != 0) {
        g.interval_last = fold_.interval_of(Nanos{g.time_after});
        if (g.interval_first == 0) g.interval_first = g.interval_last;
    }
    batch_->gaps.push_back(g);
    gap_cause_ = g.cause;
    if (g.state == GapState::Filled) note_filled(g);
    dirty_ = true;
}

void AcdPath::gap_gone(Stream stream, Seq first) {
    batch_->gaps_gone.push_back({stream, first});
    dirty_ = true;
}

void AcdPath::gap_apart(Stream stream, Range whole) {
    // What the batch says of it so far is out of date, and would be read behind what follows.
    std::erase_if(batch_->gaps, [&](const GapRecord& gap) {
        return gap.acd == stream.acd.value && gap.epoch == stream.epoch.value && gap.range() == whole;
    });
    batch_->apart.push_back({stream, whole});
}

// ---- what the fold hands on
// --------------------------------------------------------------------------------

void AcdPath::row(const RowKey& key, std::span<const u64> items, bool closed) {
    if (kept(key.interval_start, key.instance)) return;
    if (planted(Planted::ForgetDirtyRow) && !closed && key.entity % 4 == 1) return;
    batch_->add_row(
        {.key = key, .fold_version = kFoldVersion, .items = find_table(key.table)->columns, .closed = closed},
        items);
}

void AcdPath::interval(const IntervalRecord& interval) {
    if (kept(interval.start, interval.instance)) return;
    batch_->intervals.push_back(interval);
    open_interval_ = interval;
    if (replacing_ && interval.closed != 0) replaces(interval);
}
void AcdPath::translation(const NameRecord& name) { batch_->names.push_back(name); }
void AcdPath::acd(const AcdRecord& acd) { batch_->acds.push_back(acd); }

void AcdPath::checkpoint(Epoch epoch, Seq seq, u64 interval_start) {
    if (refolding()) return;  // a state that lacks what has come is not worth keeping
    if (checkpointed_.value != 0 && now_.mono - checkpointed_ < checkpoint_every_) return;
    checkpointed_ = now_.mono;
    CheckpointImage image{.stream = {acd_, epoch},
                          .seq = seq,
                          .interval_start = interval_start,
                          .offset = batch_->arena.size()};
    fold_.save(batch_->arena);
    image.bytes = batch_->arena.size() - image.offset;
    batch_->checkpoints.push_back(image);
}

/// Of the live stream alone: what is folded again was told of when it came.
void AcdPath::pump_up(PumpUpWhy why) {
    if (replacing_) return;
    exceptions_.note(
        {.kind = LinkEventKind::PumpUp, .cause = static_cast<u8>(why), .epoch = place_.epoch.value}, now_);
}

// ---- what the links did
// -------------------------------------------------------------------------------

void AcdPath::watch_links() {
    for (const Link l : {Link::A, Link::B}) exceptions_.look(arbiter_.link(l), now_);
    const u64 torn = fold_.counter(FoldCounter::PumpUpsTorn);
    if (torn > torn_seen_)
        exceptions_.note(
            {.kind = LinkEventKind::PumpUpTorn, .epoch = arbiter_.stream_epoch(), .count = torn - torn_seen_},
            now_);
    torn_seen_ = torn;
    exceptions_.hold(LinkEventKind::CollectionOff, off_since_.load(std::memory_order_relaxed), now_);
    exceptions_.hand_on(now_, batch_->link_events);
}

// ---- the batch
// ---------------------------------------------------------------------------------------------

void AcdPath::end_block() {
    if (block_.count == 0) return;
    block_.bytes = static_cast<u32>(gathered_.size());
    block_.offset = batch_->arena.size();
    batch_->arena.insert(batch_->arena.end(), gathered_.begin(), gathered_.end());
    batch_->blocks.push_back(block_);
    gathered_.clear();
    block_.count = 0;
}

void AcdPath::close(bool rows, bool links) {
    if (!arbiter_.active() || (!dirty_ && !rows && !links)) return;
    end_block();
    if (rows) fold_.flush(*this);
    batch_->streams.push_back(arbiter_.stream());
    for (const Link l : {Link::A, Link::B}) batch_->links.push_back(arbiter_.link(l));
    frames_closed_ = arbiter_.frames();
    dirty_ = false;
}

// ---- refold
// ----------------------------------------------------------------------------------------------

/// `count` names from `place` on came late, or another copy of one where that is 0.
void AcdPath::note_fill(FoldPlace place, u64 count) {
    if (planted(Planted::SkipRefold)) return;
    filled_at_ = now_.mono;
    const FoldSpan names{place, {place.epoch, place.next + count}};
    latest_ = names;
    fresh_.add(names);
    fresh_batch_ = batch_number_;
    const bool under_way = desk_.state.load(std::memory_order_acquire) != RefoldDesk::State::Idle;
    if (under_way && count != 0 && (!tailing_ || place < desk_.meet))
        return came_.add(names);  // it is in the result, unless the refold had passed there
    // Another copy must be in the journal before it is read; names are waited for there.
    if (count == 0) wanted_batch_ = batch_number_;
    want_refold(place);
}

void AcdPath::want_refold(FoldPlace place) {
    if (wanted_ && wanted_from_ <= place) return;
    if (!wanted_) {
        wanted_since_ = now_.mono;
        wanted_batch_ = batch_number_;
    }
    wanted_ = true;
    wanted_from_ = place;
}

/// What came meanwhile is still to be folded in, by another refold.
void AcdPath::want_what_came() {
    if (const auto first = came_.first()) want_refold(*first);
    came_.clear();
}

void AcdPath::meet_refolder(Now now, u64 committed) {
    using State = RefoldDesk::State;
    const bool coming = filled_at_.value != 0 && now.mono - filled_at_ < kSettle;
    if (coming != desk_.coming.load(std::memory_order_relaxed))
        desk_.coming.store(coming, std::memory_order_release);
    switch (desk_.state.load(std::memory_order_acquire)) {
        case State::Idle: return post_refold(now, committed);
        case State::Meet:
            end_block();
            tailing_ = true;
            desk_.meet = place_;
            desk_.meet_batch = dirty_ ? batch_number_ : batch_number_ - 1;
            return desk_.state.store(State::Tailing, std::memory_order_release);
        case State::Ready: return take_over();
        case State::Failed:
            probe(Probe::RefoldImpossible);
            // The store has nothing to fold from; what came since may have.
            std::erase_if(filled_, [&](const FilledGap& gap) { return !came_.meets(gap.names); });
            want_what_came();
            return desk_.state.store(State::Idle, std::memory_order_release);
        case State::Wanted:
        case State::Tailing: return;
    }
}

void AcdPath::post_refold(Now now, u64 committed) {
    if (committed >= fresh_batch_) fresh_.clear();
    if (!wanted_ || committed < wanted_batch_) return;
    // While an import goes on, each refold is out of date when it ends: they must not take most of the time.
    const Nanos settle_max = std::max(kSettleMax, Nanos{2 * refold_took_.value});
    if (now.mono - filled_at_ < kSettle && now.mono - wanted_since_ < settle_max) return;
    wanted_ = false;
    posted_at_ = now.mono;
    came_ = fresh_;
    spoilt_ = false;
    desk_.from = wanted_from_;
    ++desk_.number;
    desk_.state.store(RefoldDesk::State::Wanted, std::memory_order_release);
}

void AcdPath::add_to_tail(TailPiece::What what, u64 first, u32 count, Bytes messages) {
    if (spoilt_) return;
    if (tail_bytes_.size() + messages.size() > kTailBytesMax) {
        spoilt_ = true;
        probe(Probe::RefoldSpoilt);
        return want_refold(desk_.from);
    }
    tail_.push_back({what, first, count, tail_bytes_.size(), messages.size()});
    tail_bytes_.insert(tail_bytes_.end(), messages.begin(), messages.end());
}

/// The state that was folded again is the fold's from here on.
void AcdPath::take_over() {
    tailing_ = false;
    refold_took_ = now_.mono - posted_at_;
    if (spoilt_)
        want_what_came();
    else
        adopt_refolded();
    came_.clear();
    desk_.fold.reset();
    desk_.open.clear();
    tail_.clear();
    tail_bytes_.clear();
    desk_.state.store(RefoldDesk::State::Idle, std::memory_order_release);
}

void AcdPath::adopt_refolded() {
    end_block();
    // What the old state said since the last commit is said anew.
    const bool all = planted(Planted::TakeOverAll);
    std::erase_if(batch_->rows, [&](const RowImage& row) { return all || row.key.acd == acd_; });
    std::erase_if(batch_->intervals, [&](const IntervalRecord& i) { return i.acd == acd_.value; });
    batch_->took_over.push_back({acd_, desk_.number});
    batch_->add_rows_of(desk_.open);
    // What the refold heard of names; newer ones follow with the tail.
    batch_->names.insert(batch_->names.end(), desk_.open.names.begin(), desk_.open.names.end());
    batch_->acds.insert(batch_->acds.end(), desk_.open.acds.begin(), desk_.open.acds.end());
    fold_ = std::move(*desk_.fold);
    fold_.set_trail(trail_);
    if (!desk_.open.intervals.empty()) open_interval_ = desk_.open.intervals.back();
    replacing_ = true;
    if (planted(Planted::DropTail)) tail_.clear();
    Epoch epoch = desk_.meet.epoch;
    for (const TailPiece& piece : tail_) {
        if (piece.what == TailPiece::What::Epoch) {
            epoch = Epoch{piece.first};
            fold_.begin_epoch(Epoch{piece.first}, *this);
        } else if (piece.what == TailPiece::What::Missing) {
            fold_.missing(piece.first);
        } else {
            apply_but(desk_.skips, fold_, {epoch, Seq{piece.first}},
                      Bytes(tail_bytes_).subspan(piece.offset, piece.bytes), piece.count, *this);
        }
    }
    recovered();
    probe(Probe::RefoldTakenOver);
    torn_seen_ = fold_.counter(FoldCounter::PumpUpsTorn);
    // What came behind its back waits for another one.
    if (const auto missed = came_.first_common(desk_.passed)) want_refold(*missed);
    heal();
    checkpointed_ = {};
    dirty_ = true;
}

/// Remembers a gap that is filled, by what came last, until the refold that folds it in. One that grew at its
/// end counts as it is now.
void AcdPath::note_filled(const GapRecord& gap) {
    const auto same = [&](const FilledGap& f) {
        return f.record.epoch == gap.epoch && f.record.first == gap.first;
    };
    if (const auto at = std::find_if(filled_.rbegin(), filled_.rend(), same); at != filled_.rend())
        *at = {
            gap, {std::min(at->names.first, latest_.first), std::max(at->names.end, latest_.end)}, now_.mono};
    else if (filled_.size() < kHealingMax)
        filled_.push_back({gap, latest_, now_.mono});
}

/// What the refold that was taken over folded in is as if it had never been missing: gaps in front of the
/// meeting point, but for what it had passed of them.
void AcdPath::heal() {
    std::erase_if(filled_, [&](FilledGap& gap) {
        if (gap.names.end > desk_.meet) return false;
        if (const auto missed = desk_.passed.common(gap.names)) {
            gap.names = *missed;
            return false;
        }
        gap.record.state = GapState::Healed;
        gap.record.refold_ns = (now_.mono - gap.at).value;
        batch_->gaps.push_back(gap.record);
        return true;
    });
}

void AcdPath::replaces(const IntervalRecord& interval) {
    batch_->replaced.push_back({acd_, interval.start, interval.instance});
}

}  // namespace twinlink
