// See gap_table.hpp.
#include "engine/link/gap_table.hpp"
#include "engine/planted.hpp"

#include <algorithm>
#include <cassert>

namespace twinlink {

GapTable::GapTable(Stream stream, u32 gaps_max) : stream_(stream), gaps_max_(gaps_max) {
    open_.reserve(gaps_max_ + 2U);  // a cut adds one before a merge takes one away
}

/// Index of the first gap that ends at or behind `seq`.
std::size_t GapTable::find(Seq seq) const noexcept {
    const auto it =
        std::ranges::lower_bound(open_, seq.value, {}, [](const Open& o) { return o.record.last; });
    return static_cast<std::size_t>(it - open_.begin());
}

void GapTable::restore(const GapRecord& gap) {
    open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(find(Seq{gap.first})), Open{gap, {}});
    missing_ += gap.missing;
    merged_ += gap.merged != 0;
}

void GapTable::open(Range range, GapCause cause, u64 wall, u64 time_before, GapSink& sink) {
    assert(open_.empty() || open_.back().record.last < range.first.value);
    GapRecord record{};
    record.acd = stream_.acd.value;
    record.epoch = stream_.epoch.value;
    record.first = range.first.value;
    record.last = range.last.value;
    record.missing = range.count();
    record.cause = cause;
    record.opened_wall = wall;
    record.time_before = time_before;
    open_.push_back({record, {}});
    missing_ += record.missing;
    sink.gap_changed(record);
    if (open_.size() > gaps_max_) merge_nearest(sink);
}

u64 GapTable::reopen(Range range, const GapRecord& like, GapSink& sink) {
    u64 names = 0;
    for (Seq at = range.first; at <= range.last;) {
        const std::size_t i = find(at);
        if (i < open_.size() && open_[i].record.first <= at.value) {
            at = Seq{open_[i].record.last} + 1;
            continue;
        }
        Seq last = range.last;
        if (i < open_.size()) last = std::min(last, Seq{open_[i].record.first - 1});
        if (open_.size() >= gaps_max_) return names;
        GapRecord record = like;
        record.acd = stream_.acd.value;
        record.epoch = stream_.epoch.value;
        record.first = at.value;
        record.last = last.value;
        record.missing = record.range().count();
        // A filled piece in front of a gap is one no more, once part of it is missing again.
        if (i < open_.size() && open_[i].head.first != 0 && open_[i].head.last >= at.value)
            open_[i].head = {};
        open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(i), Open{record, {}});
        missing_ += record.missing;
        names += record.missing;
        sink.gap_changed(record);
        at = last + 1;
    }
    return names;
}

void GapTable::time_after(u64 time, GapSink& sink) {
    for (auto it = open_.rbegin(); it != open_.rend() && it->record.time_after == 0; ++it) {
        it->record.time_after = time;
        sink.gap_changed(it->record);
    }
}

bool GapTable::touches(Seq first, Seq end) const noexcept {
    const std::size_t i = find(first);
    return i < open_.size() && open_[i].record.first < end.value;
}

u64 GapTable::in_merged(Seq first, Seq end) const noexcept {
    u64 names = 0;
    for (std::size_t i = find(first); i < open_.size() && open_[i].record.first < end.value; ++i) {
        const GapRecord& r = open_[i].record;
        if (r.merged != 0) names += std::min(end.value, r.last + 1) - std::max(first.value, r.first);
    }
    return names;
}

std::size_t GapTable::lost() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(open_, [](const Open& o) { return o.record.state == GapState::Lost; }));
}

bool GapTable::next_missing(Seq first, Seq end, Range& part) const noexcept {
    for (std::size_t i = find(first); i < open_.size() && open_[i].record.first < end.value; ++i) {
        const GapRecord& r = open_[i].record;
        if (r.merged != 0) continue;
        part = {Seq{std::max(first.value, r.first)}, Seq{std::min(end.value - 1, r.last)}};
        return true;
    }
    return false;
}

/// Cuts `part` out of the one gap that holds it. The piece before it stays as it is, the filled piece gets a
/// record (or lengthens the one right before it), and what is behind it goes on under a new key.
void GapTable::close(Range part, FilledBy by, u64 wall, GapSink& sink) {
    const std::size_t i = find(part.first);
    assert(i < open_.size() && open_[i].record.range().holds(part.first) &&
           open_[i].record.range().holds(part.last));
    const Open before = open_[i];
    const bool at_front = part.first.value == before.record.first;
    missing_ -= part.count();
    if (before.record.state == GapState::Lost) probe(Probe::LostFilledAfterAll);

    GapRecord filled = before.record;
    if (at_front && before.head.first != 0 && before.head.filled_by == by) {
        filled = before.head;
        filled.missing += part.count();
        sink.gap_gone(stream_, part.first);
    } else {
        filled.first = part.first.value;
        filled.missing = part.count();
        filled.state = GapState::Filled;
        filled.filled_by = by;
    }
    filled.last = part.last.value;
    filled.closed_wall = wall;
    sink.gap_changed(filled);

    Open rest = before;
    rest.record.first = part.last.value + 1;
    rest.record.missing = before.record.last - part.last.value;
    rest.head = filled;
    if (!at_front) {
        open_[i].record.last = part.first.value - 1;
        open_[i].record.missing = open_[i].record.range().count();
        sink.gap_changed(open_[i].record);
        if (rest.record.missing != 0) open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(i) + 1, rest);
    } else if (rest.record.missing != 0) {
        open_[i] = rest;
    } else {
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (rest.record.missing != 0) sink.gap_changed(rest.record);
    if (open_.size() > gaps_max_) merge_nearest(sink);
}

void GapTable::requested(Range range, GapSink& sink) {
    for (std::size_t i = find(range.first); i < open_.size(); ++i) {
        GapRecord& r = open_[i].record;
        if (r.first > range.last.value) break;
        ++r.attempts;
        if (r.state == GapState::Open) r.state = GapState::Requested;
        sink.gap_changed(r);
    }
}

/// Makes two gaps of one: names from `at` on get a record of their own. False where there is no room.
bool GapTable::split(std::size_t i, Seq at, GapSink& sink) {
    if (open_.size() >= gaps_max_) return false;
    Open behind = open_[i];
    behind.head = {};
    behind.record.first = at.value;
    behind.record.missing = behind.record.range().count();
    GapRecord& front = open_[i].record;
    front.last = at.value - 1;
    front.missing = front.range().count();
    sink.gap_changed(front);
    sink.gap_changed(behind.record);
    open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(i) + 1, behind);
    return true;
}

void GapTable::lose(Range range, u64 wall, GapSink& sink) {
    if (planted(Planted::LoseTooMuch)) range.last = Seq{~u64{0} - 1};
    for (std::size_t i = find(range.first); i < open_.size() && open_[i].record.first <= range.last.value;
         ++i) {
        if (open_[i].record.merged != 0 || open_[i].record.state == GapState::Lost) continue;
        if (open_[i].record.first < range.first.value) {
            if (!split(i, range.first, sink)) return;
            continue;  // the part behind is next
        }
        if (open_[i].record.last > range.last.value && !split(i, range.last + 1, sink)) return;
        probe(Probe::LostRecorded);
        open_[i].record.state = GapState::Lost;
        open_[i].record.closed_wall = wall;
        sink.gap_changed(open_[i].record);
    }
}

void GapTable::take_apart(std::span<const Range> parts, GapSink& sink) {
    if (parts.size() < 2) return;
    const Range whole = parts.front();
    parts = parts.subspan(1);
    const std::size_t i = find(whole.first);
    if (i >= open_.size() || open_[i].record.range() != whole || open_[i].record.merged == 0) return;
    const GapRecord merged = open_[i].record;
    const std::size_t room = gaps_max_ - std::min<std::size_t>(gaps_max_, open_.size());
    parts = parts.first(std::min(parts.size(), room + 1));
    u64 left = merged.missing;
    for (std::size_t p = 0; p + 1 < parts.size(); ++p) {
        const bool inside = parts[p].first <= parts[p].last && parts[p].last < parts[p + 1].first;
        if (!inside || parts[p].count() >= left) return;
        left -= parts[p].count();
    }
    const Range rest{parts.back().first, whole.last};
    if (parts.front().first != whole.first || rest.last < rest.first || rest.count() < left) return;
    probe(Probe::GapsTakenApart);
    sink.gap_apart(stream_, whole);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    --merged_;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        const bool last = p + 1 == parts.size();
        Open part{merged, {}};
        part.record.first = parts[p].first.value;
        part.record.last = last ? rest.last.value : parts[p].last.value;
        part.record.missing = last ? left : parts[p].count();
        part.record.merged = part.record.missing != part.record.range().count() ? 1 : 0;
        merged_ += part.record.merged;
        open_.insert(open_.begin() + static_cast<std::ptrdiff_t>(i + p), part);
        sink.gap_changed(part.record);
    }
}

/// Joins the two neighbours with the fewest held names between them.
void GapTable::merge_nearest(GapSink& sink) {
    probe(Probe::GapsMerged);
    std::size_t best = 0;
    u64 best_held = ~u64{0};
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
        const u64 held = open_[i + 1].record.first - open_[i].record.last;
        if (held < best_held) {
            best = i;
            best_held = held;
        }
    }
    GapRecord& into = open_[best].record;
    const GapRecord& from = open_[best + 1].record;
    into.last = from.last;
    into.missing += from.missing;
    into.time_after = from.time_after;
    if (from.state != into.state) into.state = GapState::Open;
    if (from.interval_last != 0) into.interval_last = from.interval_last;
    merged_ = merged_ + 1 - (into.merged != 0) - (from.merged != 0);
    into.merged = 1;
    if (!planted(Planted::MergeKeepsRest)) sink.gap_gone(stream_, Seq{from.first});
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    sink.gap_changed(into);
}

}  // namespace twinlink
