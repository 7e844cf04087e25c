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
constexpr Nanos kSettleMax = 2_s;
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
    healing_.reserve(kHealingMax);
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
    JournalBlock block{.stream = stream,
                       .first = first,
                       .count = count,
                       .bytes = static_cast<u32>(messages.size()),
                       .offset = batch_->arena.size(),
                       .fill = true};
    block.first_time = message_at(messages.data()).time().value;
    for_each_message_in(messages, [&](MessageView m) { block.last_time = m.time().value; });
    batch_->arena.insert(batch_->arena.end(), messages.begin(), messages.end());
    batch_->blocks.push_back(block);
    messages_ += count;
    dirty_ = true;
    if (planted(Planted::FoldTwice)) fold_.apply(first, messages, count, *this);
    came_late(stream, first);
}

/// States behind `first` lack what the journal has from now on: they go, and a refold makes up for them.
void AcdPath::came_late(Stream stream, Seq first) {
    if (!planted(Planted::KeepStaleState)) {
        batch_->stale.push_back({stream, first, desk_.number});
        // A state saved earlier in this very batch lacks it too.
        std::erase_if(batch_->checkpoints, [&](const CheckpointImage& image) {
            return image.stream.acd == acd_ &&
                   FoldPlace{image.stream.epoch, image.seq} >= FoldPlace{stream.epoch, first};
        });
    }
    note_fill({stream.epoch, first});
}

void AcdPath::conflict(Stream stream, Seq seq, Link link, Bytes rival, Bytes held) {
    take_rival(stream, seq, rival, link == Link::A ? FilledBy::LinkA : FilledBy::LinkB,
               outranks(rival, held));
}

void AcdPath::take_rival(Stream stream, Seq seq, Bytes copy, FilledBy by, bool wins) {
    ++conflicts_;
    probe(Probe::Conflict);
    if (batch_->rivals.size() >= kRivalsPerBatch) return;  // the same end as a full table's: counted
    batch_->rivals.push_back({stream, seq, batch_->arena.size(), static_cast<u32>(copy.size()), by});
    batch_->arena.insert(batch_->arena.end(), copy.begin(), copy.end());
    dirty_ = true;
    if (!wins) return;
    probe(Probe::ConflictWon);
    came_late(stream, seq);
}

bool AcdPath::remember_skip(const SkipRecord& name) {
    if (!desk_.skips.add({Epoch{name.epoch}, Seq{name.seq}})) return false;
    skips_.push_back(name);
    return true;
}

void AcdPath::note_skip(const SkipRecord& name) {
    const FoldPlace at{Epoch{name.epoch}, Seq{name.seq}};
    batch_->skips.push_back(name);
    exceptions_.note({.kind = LinkEventKind::MessageSkipped,
                      .epoch = name.epoch,
                      .first = name.seq,
                      .last = name.seq,
                      .names = 1},
                     now_);
    dirty_ = true;
    if (at < place_) came_late({acd_, at.epoch}, at.next);
}

void AcdPath::older_stream(const StreamRecord& stream) {
    batch_->streams.push_back(stream);
    dirty_ = true;
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
    batch_->add_row(
        {.key = key, .fold_version = kFoldVersion, .items = find_table(key.table)->columns, .closed = closed},
        items);
}

void AcdPath::interval(const IntervalRecord& interval) {
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

void AcdPath::note_fill(FoldPlace place) {
    // What lies in front of the meeting point cannot be in the state that comes from there.
    if (planted(Planted::SkipRefold)) return;
    if (tailing_ && place < desk_.meet) {
        spoilt_ = true;
        probe(Probe::RefoldSpoilt);
    }
    filled_at_ = now_.mono;
    filled_batch_ = batch_number_;
    if (wanted_ && wanted_from_ <= place) return;
    if (!wanted_) wanted_since_ = now_.mono;
    wanted_ = true;
    wanted_from_ = place;
}

void AcdPath::meet_refolder(Now now, u64 committed) {
    using State = RefoldDesk::State;
    switch (desk_.state.load(std::memory_order_acquire)) {
        case State::Idle: return post_refold(now, committed);
        case State::Meet:
            end_block();
            tailing_ = true;
            spoilt_ = false;
            desk_.meet = place_;
            desk_.meet_batch = dirty_ ? batch_number_ : batch_number_ - 1;
            return desk_.state.store(State::Tailing, std::memory_order_release);
        case State::Ready: return take_over();
        case State::Failed:
            probe(Probe::RefoldImpossible);
            healing_.clear();  // the store has nothing to fold them from
            return desk_.state.store(State::Idle, std::memory_order_release);
        case State::Wanted:
        case State::Tailing: return;
    }
}

void AcdPath::post_refold(Now now, u64 committed) {
    if (!wanted_ || committed < filled_batch_) return;  // what has come must be in the journal first
    // While an import goes on, each refold is out of date when it ends: they must not take most of the time.
    const Nanos settle_max = std::max(kSettleMax, Nanos{2 * refold_took_.value});
    if (now.mono - filled_at_ < kSettle && now.mono - wanted_since_ < settle_max) return;
    wanted_ = false;
    posted_at_ = now.mono;
    for (const FilledGap& gap : filled_) {
        if (healing_.size() < kHealingMax) healing_.push_back(gap);
    }
    filled_.clear();
    desk_.from = wanted_from_;
    ++desk_.number;
    desk_.state.store(RefoldDesk::State::Wanted, std::memory_order_release);
}

void AcdPath::add_to_tail(TailPiece::What what, u64 first, u32 count, Bytes messages) {
    if (spoilt_) return;
    if (tail_bytes_.size() + messages.size() > kTailBytesMax) {
        spoilt_ = true;
        note_fill(desk_.from);
        return;
    }
    tail_.push_back({what, first, count, tail_bytes_.size(), messages.size()});
    tail_bytes_.insert(tail_bytes_.end(), messages.begin(), messages.end());
}

/// The state that was folded again is the fold's from here on.
void AcdPath::take_over() {
    tailing_ = false;
    refold_took_ = now_.mono - posted_at_;
    if (!spoilt_) {
        end_block();
        // What the old state said since the last commit is said anew.
        std::erase_if(batch_->rows, [&](const RowImage& row) { return row.key.acd == acd_; });
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
        heal();
        checkpointed_ = {};
        dirty_ = true;
    }
    desk_.fold.reset();
    desk_.open.clear();
    tail_.clear();
    tail_bytes_.clear();
    desk_.state.store(RefoldDesk::State::Idle, std::memory_order_release);
}

/// Remembers a gap that is filled until the refold that folds it in. One that grew at its end counts as it is
/// now.
void AcdPath::note_filled(const GapRecord& gap) {
    const auto same = [&](const FilledGap& f) {
        return f.record.epoch == gap.epoch && f.record.first == gap.first;
    };
    std::erase_if(healing_, same);
    if (const auto at = std::find_if(filled_.rbegin(), filled_.rend(), same); at != filled_.rend())
        *at = {gap, now_.mono};
    else if (filled_.size() < kHealingMax)
        filled_.push_back({gap, now_.mono});
}

/// What the refold that was taken over folded in is as if it had never been missing.
void AcdPath::heal() {
    for (FilledGap& gap : healing_) {
        gap.record.state = GapState::Healed;
        gap.record.refold_ns = (now_.mono - gap.at).value;
        batch_->gaps.push_back(gap.record);
    }
    healing_.clear();
}

void AcdPath::replaces(const IntervalRecord& interval) {
    batch_->replaced.push_back({acd_, interval.start, interval.instance});
}

// ---- recovery
// --------------------------------------------------------------------------------------------

void AcdPath::refold(Seq first, Bytes messages, u32 count) {
    place_.next = first;
    while (count != 0) {
        desk_.traces.set(fold_, place_);
        const auto part =
            static_cast<u32>(std::min<u64>(count, desk_.traces.next_change(place_) - place_.next));
        const u32 bytes = bytes_of_messages(messages, part);
        apply_but(desk_.skips, fold_, place_, messages.first(bytes), part, *this);
        messages = messages.subspan(bytes);
        place_.next = place_.next + part;
        count -= part;
    }
}

void AcdPath::refold_missing(u64 count) {
    while (count != 0) {
        desk_.traces.set(fold_, place_);
        const u64 part = std::min(count, desk_.traces.next_change(place_) - place_.next);
        fold_.missing(part);
        place_.next = place_.next + part;
        count -= part;
    }
}

void AcdPath::settle_trace() {
    desk_.traces.set(fold_, place_);
    if (fold_.traced() == traced_) return;
    TraceRecord change{};
    change.acd = acd_.value;
    change.epoch = place_.epoch.value;
    change.seq = place_.next.value;
    change.count = static_cast<u16>(traced_.size());
    std::ranges::copy(traced_, change.agents.begin());
    fold_.trace(traced_);
    desk_.traces.add(change);
    batch_->traces.push_back(change);
}

/// The open interval, too, is as it was folded again.
void AcdPath::recovered() {
    fold_.flush(*this);
    if (open_interval_.start != 0 && open_interval_.closed == 0) replaces(open_interval_);
    replacing_ = false;
}

}  // namespace twinlink
