// See scrubber.hpp. The refold thread.
#include "engine/scrubber.hpp"

#include <algorithm>

namespace twinlink {

using store::Db;

namespace {

/// A small store is read in a moment: between two passes of its own it waits. Chosen.
constexpr Nanos kPassEvery = 3'600_s;
/// How often findings under way are looked at.
constexpr Nanos kLookEvery = 1_s;
/// What is not made good by then is told as hopeless; should it come right later, that is told too. Chosen:
/// longer than a week's journal takes to be folded again.
constexpr Nanos kPatience = 3'600_s;

GapFilter missing_in(Stream stream, Range names) {
    return {.acd = stream.acd, .epoch = stream.epoch, .states = GapFilter::kMissing, .range = names};
}

/// What a journal block that cannot be read stood for, as far as its neighbours tell.
struct BlockPlace {
    bool damaged = false;
    Range names{};
    u64 time_before = 0;
    u64 time_after = 0;
};
BlockPlace place_of(StoreSnapshot& snapshot, Stream stream, Seq first) {
    BlockPlace place;
    snapshot.on_damage([&](const Damage& d) {
        if (d.stream != stream || d.range.first != first) return;
        place.damaged = true;
        place.names = d.range;
    });
    const Seq before{std::max<u64>(first.value, 2) - 1};
    snapshot.blocks(stream, {before, Seq{~u64{0} - 1}}, [&](const BlockView& block) {
        (block.range.first < first ? place.time_before : place.time_after) =
            block.range.first < first ? block.last_time : block.first_time;
        return block.range.first < first;
    });
    return place;
}

}  // namespace

struct Scrubber::Walk {
    store::ScrubPlace place;
    bool asked = false;
};

struct Scrubber::Open {
    store::Rotten rotten;
    RotFinding told;
    bool ordered = false;
    Nanos since;
    Stream stream;             ///< of a journal block ...
    std::vector<Range> names;  ///< ... which of its names are missing now
};

Scrubber::Scrubber(const Store& store, OfferDesk& desk, u64 bytes_per_s)
    : store_(store), desk_(desk), bytes_per_s_(bytes_per_s) {
    now_.bytes_per_s = bytes_per_s;
    told_ = now_;
}
Scrubber::~Scrubber() = default;

ScrubStatus Scrubber::status() const {
    const std::lock_guard lock(mutex_);
    ScrubStatus told = told_;
    told.asked = told.asked || wanted_.load(std::memory_order_relaxed) != told.asked_passes;
    return told;
}

// ---- the pass
// ---------------------------------------------------------------------------------------------

std::size_t Scrubber::poll(Now now) {
    if (store_.counters().get(StoreCounter::Stopped) != 0) return 0;
    look_after(now);
    if (!due(now) || !allowed(now)) return 0;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return 0;
    std::vector<store::Rotten> rotten;
    const store::ScrubSlice slice = scrub_slice(*snapshot, walk_->place, kScrubSliceBytes,
                                                [&](store::Rotten r) { rotten.push_back(std::move(r)); });
    now_.bytes += slice.bytes;
    now_.values += slice.values;
    credit_ -= std::min(credit_, std::max<u64>(slice.bytes, 1));
    for (store::Rotten& r : rotten) found(std::move(r), now);
    if (walk_->place.over()) end_pass(now);
    publish();
    return std::max<std::size_t>(slice.values, 1);
}

/// A pass is under way, or begins.
bool Scrubber::due(Now now) {
    const bool asked = wanted_.load(std::memory_order_relaxed) != served_ && (!walk_ || !walk_->asked);
    const bool own = !walk_ && bytes_per_s_ != 0 && (begun_.value == 0 || now.mono - begun_ >= kPassEvery);
    if (!asked && !own) return walk_ != nullptr;
    walk_ = std::make_unique<Walk>();
    walk_->asked = asked;
    served_ += asked ? 1 : 0;
    begun_ = now.mono;
    paced_ = now.mono;
    credit_ = kScrubSliceBytes;
    now_.begun_wall = now.wall.value;
    now_.bytes = 0;
    now_.bytes_expected = store_.counters().get(StoreCounter::UsedBytes);
    now_.asked = asked;
    return true;
}

bool Scrubber::allowed(Now now) noexcept {
    const u64 pace = walk_->asked ? kScrubAskedBytesPerS : bytes_per_s_;
    const u64 passed = std::min<u64>((now.mono - paced_).value, 1'000'000'000);
    const u64 earned = pace / 1'000 * (passed / 1'000'000);
    if (earned != 0) paced_ = now.mono;
    // What was not used while there was other work is not caught up with.
    credit_ = std::min(credit_ + earned, 16 * kScrubSliceBytes);
    return credit_ >= kScrubSliceBytes;
}

void Scrubber::end_pass(Now now) {
    ++now_.passes;
    now_.last_pass_wall = now.wall.value;
    if (walk_->asked) ++now_.asked_passes;
    now_.asked = false;
    walk_.reset();
}

// ---- what was found
// ---------------------------------------------------------------------------------------------

void Scrubber::found(store::Rotten rotten, Now now) {
    const auto same = [&](const Open& open) {
        return open.rotten.db == rotten.db && open.rotten.key == rotten.key;
    };
    const auto mending = [](const Open& open) { return open.told.state == RotState::Mending; };
    // What cannot be made good must not keep the rest from being: the next pass finds what is left out here.
    if (std::ranges::any_of(open_, same) || open_.size() >= kRotKnownMax ||
        std::ranges::count_if(open_, mending) >= static_cast<std::ptrdiff_t>(kRotMendingMax))
        return;
    ++now_.errors;
    Open& open = open_.emplace_back();
    open.told = {.where = rotten.where(), .what = rotten.what, .mending = {}, .found_wall = now.wall.value};
    open.rotten = std::move(rotten);
    open.since = now.mono;
    order(open, now);
}

void Scrubber::order(Open& open, Now now) {
    const store::Rotten& rotten = open.rotten;
    open.told.state = RotState::Hopeless;
    if (rotten.db == Db::Journal) {
        refill(open);
    } else if (rotten.db == Db::Checkpoints) {
        drop_state(open);
    } else if (rotten.db == Db::Rollups) {
        roll_again(open);
    } else if (rotten.db == Db::Rows || rotten.db == Db::Intervals) {
        store::KeyReader key(rotten.key);
        if (rotten.db == Db::Rows) static_cast<void>(key.get<u8>());
        const Acd acd{key.get<u16>()};
        fold_again(open, acd, key.get<u64>());
    } else {
        open.told.mending = "nothing here can make it good; what writes it next does";
    }
    if (open.ordered) open.told.state = RotState::Mending;
    open.since = now.mono;
}

void Scrubber::refill(Open& open) {
    const auto at = store::parse_seq_key(open.rotten.key);
    auto snapshot = store_.snapshot();
    if (!at || !snapshot) {
        open.told.mending = "its key is no name";
        return;
    }
    const BlockPlace place = place_of(*snapshot, at->stream, at->seq);
    if (!place.damaged) return;  // it has gone meanwhile: looked at next
    std::vector<Range> names;
    Seq from = place.names.first;
    for (const GapRecord& gap : snapshot->gaps(missing_in(at->stream, place.names))) {
        if (gap.merged != 0) {
            open.told.mending = "it lies in merged gaps: which of its names are missing is not known yet";
            return;
        }
        if (from.value < gap.first) names.push_back({from, Seq{gap.first - 1}});
        from = std::max(from, Seq{gap.last + 1});
    }
    if (from <= place.names.last) names.push_back({from, place.names.last});
    if (names.empty() || names.size() > kOfferMendRanges) {
        open.told.mending = "its names are not known";
        return;
    }
    OfferMend mend{.how = OfferMend::How::Refill, .seq = at->seq.value};
    mend.time_before = place.time_before;
    mend.time_after = place.time_after;
    open.ordered = desk_.mend(at->stream, mend, names);
    open.stream = at->stream;
    open.names = std::move(names);
    open.told.mending = "its names are missing again: the partner is asked for them";
}

/// From the newest state that has all in front of the interval, or from the beginning where the journal is
/// whole.
void Scrubber::fold_again(Open& open, Acd acd, u64 start) {
    const auto snapshot = store_.snapshot();
    if (!snapshot) return;
    if (open.rotten.db == Db::Rows) {
        const auto row = store::parse_row_key(open.rotten.key);
        const store::Key interval = store::Key{}.put(acd.value).put(start).put(row ? row->instance : u16{0});
        if (!row || look_at(*snapshot, Db::Intervals, interval.bytes()) == store::ValueState::Absent) {
            open.told.mending = "its key is that of no interval: the row that it was is not known";
            return;
        }
    }
    Stream stream{acd, Epoch{}};
    Seq from;
    for (const CheckpointEntry& entry : snapshot->checkpoints()) {
        if (entry.stream.acd != acd || entry.interval_start > start) continue;
        stream = entry.stream;
        from = entry.seq + 1;
    }
    if (from.value == 0) {
        const auto pruned = snapshot->pruned();
        if (std::ranges::find(pruned, acd.value, &PrunedRecord::acd) != pruned.end()) {
            open.told.mending = "neither a state nor the journal in front of that interval is kept any more";
            return;
        }
        const auto streams = snapshot->streams();
        const auto first = std::ranges::find(streams, acd.value, &StreamRecord::acd);
        if (first == streams.end()) return;
        stream.epoch = Epoch{first->epoch};
        from = Seq{1};
    }
    open.ordered = desk_.mend(stream, {.how = OfferMend::How::FoldAgain, .seq = from.value}, {});
    open.told.mending = "its interval is folded again from the journal";
}

void Scrubber::roll_again(Open& open) {
    store::KeyReader key(open.rotten.key);
    static_cast<void>(key.get<u8>());
    const auto span = static_cast<Span>(key.get<u8>());
    const Acd acd{key.get<u16>()};
    const LocalDay first{static_cast<i32>(static_cast<i64>(key.get<u64>() ^ u64{1} << 63))};
    const auto snapshot = store_.snapshot();
    if (!snapshot) return;
    if (std::ranges::find(kRolledSpans, span) == kRolledSpans.end()) {
        open.told.mending = "its key is that of no period";
        return;
    }
    // Only where all that it was made of is there: a sum of less would take its place.
    const auto records = snapshot->roll_ups(span, first, first + 1, acd);
    std::size_t parts = 0;
    if (span == Span::Day)
        for (const IntervalRecord& i : snapshot->intervals(0, std::numeric_limits<u64>::max(), acd))
            parts += i.closed != 0 && local_day(i.start, i.utc_offset_minutes) == first ? 1 : 0;
    else
        parts = snapshot->roll_ups(Span::Day, first, first + days_of(span, first), acd).size();
    const std::size_t made_of = records.empty()     ? 1
                                : span == Span::Day ? records.front().intervals
                                                    : records.front().days;
    if (parts < made_of) {
        open.told.mending = "not all that it was added up from is kept any more";
        return;
    }
    OfferMend mend{.how = OfferMend::How::RollAgain};
    mend.day = first.value;
    mend.span = static_cast<u64>(span);
    open.ordered = desk_.mend({acd, Epoch{}}, mend, {});
    open.told.mending = "its period is added up again";
}

void Scrubber::drop_state(Open& open) {
    const auto at = store::parse_seq_key(open.rotten.key);
    if (!at) {
        open.told.mending = "its key is no name";
        return;
    }
    open.ordered = desk_.mend(at->stream, {.how = OfferMend::How::Drop, .seq = at->seq.value}, {});
    open.told.mending = "it goes: folding again begins at an older state";
}

// ---- what becomes of it
// ---------------------------------------------------------------------------------------------

void Scrubber::look_after(Now now) {
    if (open_.empty() || now.mono - looked_ < kLookEvery) return;
    looked_ = now.mono;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return;
    for (Open& open : open_) judge(open, *snapshot, now);
    for (const Open& open : open_) {
        if (open.told.state != RotState::Mended) continue;
        ++now_.mended;
        ended_.push_back(open.told);
        if (ended_.size() > kRotFindingsKept) ended_.erase(ended_.begin());
    }
    std::erase_if(open_, [](const Open& open) { return open.told.state == RotState::Mended; });
    publish();
}

void Scrubber::judge(Open& open, const StoreSnapshot& snapshot, Now now) {
    const bool readable = !open.rotten.key.empty();
    if (readable && look_at(snapshot, open.rotten.db, open.rotten.key) != store::ValueState::Damaged) {
        bool lost = false;
        bool missing = false;
        for (const Range& names : open.names)
            for (const GapRecord& gap : snapshot.gaps(missing_in(open.stream, names))) {
                lost = lost || gap.state == GapState::Lost;
                missing = true;
            }
        if (!missing) {
            // Gone of itself, by retention or because others wrote it: nothing was asked of anybody.
            if (!open.ordered) open.told.mending = "it is not there any more";
            open.told.state = RotState::Mended;
            open.told.ended_wall = now.wall.value;
        } else if (lost) {
            open.told.state = RotState::Hopeless;
            open.told.mending = "the partner lacks some of its names, too; rows that were made of them stay";
        } else {
            open.told.state = RotState::Mending;
        }
        return;
    }
    if (readable && !open.ordered) return order(open, now);
    if (now.mono - open.since >= kPatience) open.told.state = RotState::Hopeless;
}

void Scrubber::publish() {
    now_.mending = static_cast<u64>(
        std::ranges::count_if(open_, [](const Open& open) { return open.told.state == RotState::Mending; }));
    now_.hopeless = open_.size() - now_.mending;
    const std::lock_guard lock(mutex_);
    told_ = now_;
    told_.findings = ended_;
    for (const Open& open : open_) told_.findings.push_back(open.told);
    if (told_.findings.size() > kRotFindingsKept)
        told_.findings.erase(told_.findings.begin(), told_.findings.end() - kRotFindingsKept);
}

}  // namespace twinlink
