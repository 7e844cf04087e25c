// See period_sum.hpp.
#include "engine/store/period_sum.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

namespace twinlink::store {
namespace {

constexpr u16 kIncompleteColumn = 0;
static_assert(std::ranges::all_of(kTables, [](const Table& t) {
    return !rolls_up(t) || find_column(t, "INCOMPLETE")->index == kIncompleteColumn;
}));

/// Offsets are i16 minutes: how far from its UTC day an interval of a local day may begin.
constexpr i16 kOffsetMax = std::numeric_limits<i16>::max();
constexpr i16 kOffsetMin = std::numeric_limits<i16>::min();

LocalDay day_of_interval(const IntervalRecord& i) noexcept {
    return local_day(i.start, i.utc_offset_minutes);
}
u64 end_of(const IntervalRecord& i) noexcept { return i.start + i.minutes * kMinuteNs; }

}  // namespace

PeriodSum::PeriodSum(const StoreSnapshot& snapshot, const Period& period, Weekday week_start)
    : snapshot_(snapshot), period_(period) {
    const auto stored = snapshot.roll_ups(period.span, period.first, period.first + 1, period.acd);
    if (!stored.empty()) stored_ = stored.front();
    if (period.span == Span::Day)
        read_day(snapshot);
    else
        read_days(snapshot, week_start);
}

void PeriodSum::read_day(const StoreSnapshot& snapshot) {
    const u64 from = begin_of(period_.first, kOffsetMax);
    const u64 to = begin_of(period_.first + 1, kOffsetMin);
    std::optional<IntervalRecord> before;  // the latest one of an earlier day
    for (const IntervalRecord& i : snapshot.intervals(from, to, period_.acd)) {
        if (day_of_interval(i) < period_.first) before = i;
        if (i.closed != 0 && day_of_interval(i) == period_.first) intervals_.push_back(i);
    }
    if (!intervals_.empty()) measure_day(before ? &*before : nullptr);
    // RollUp::Last wants them as they were collected, also where the clock was set back.
    std::ranges::sort(intervals_, {}, [](const IntervalRecord& i) {
        return std::tuple(i.epoch, i.first_seq, i.start, i.instance);
    });
    for (const IntervalRecord& i : intervals_) {
        doubt_.push_back(i.in_doubt != 0 ? 1 : 0);
        doubt_sum_ += doubt_.back();
    }
    if (record_) doubt_sum_ += record_->missing;
}

/// `intervals_` by (start, instance).
void PeriodSum::measure_day(const IntervalRecord* before) {
    const IntervalRecord& first = intervals_.front();
    const IntervalRecord& last = intervals_.back();
    RollUpRecord r{};
    r.first_day = period_.first.value;
    r.acd = period_.acd.value;
    r.span = Span::Day;
    r.days = r.days_expected = 1;
    // A clock that is put forward at midnight begins the day at 01:00.
    r.begin = std::min(begin_of(period_.first, first.utc_offset_minutes), first.start);
    if (before != nullptr) r.begin = std::min(std::max(r.begin, end_of(*before)), first.start);
    r.end = std::max(begin_of(period_.first + 1, last.utc_offset_minutes), end_of(last));
    u64 covered = 0;  // up to here
    for (const IntervalRecord& i : intervals_) {
        ++r.intervals;
        r.incomplete += i.incomplete;
        r.in_doubt += i.in_doubt;
        if (end_of(i) > covered)
            r.minutes += static_cast<u32>((end_of(i) - std::max(i.start, covered)) / kMinuteNs);
        covered = std::max(covered, end_of(i));
    }
    r.minutes_expected = static_cast<u32>((r.end - r.begin) / kMinuteNs);
    const u32 missing = r.minutes_expected - std::min(r.minutes_expected, r.minutes);
    const u32 length = std::max<u32>(last.minutes, 1);
    r.missing = (missing + length - 1) / length;
    record_ = r;
}

void PeriodSum::read_days(const StoreSnapshot& snapshot, Weekday week_start) {
    const LocalDay first = period_.first;
    if (first_day(period_.span, first, week_start) != first) return;
    days_ = snapshot.roll_ups(Span::Day, first, first + days_of(period_.span, first), period_.acd);
    if (days_.empty()) return;
    RollUpRecord r{};
    r.first_day = first.value;
    r.acd = period_.acd.value;
    r.span = period_.span;
    r.days = static_cast<u16>(days_.size());
    r.days_expected = days_of(period_.span, first);
    r.begin = days_.front().begin;
    r.end = days_.back().end;
    for (const RollUpRecord& day : days_) {
        r.intervals += day.intervals;
        r.incomplete += day.incomplete;
        r.in_doubt += day.in_doubt;
        r.minutes += day.minutes;
        r.minutes_expected += day.minutes_expected;
        r.missing += day.missing;
        doubt_.push_back(day.in_doubt + day.missing);
        doubt_sum_ += doubt_.back();
    }
    record_ = r;
}

bool PeriodSum::open_table() {
    rows_.reset();
    rolled_.reset();
    do {
        if (table_index_ == kTables.size()) return false;
        table_ = &kTables[table_index_++];
    } while (!rolls_up(*table_));
    std::vector<Key> lists;
    for (const IntervalRecord& i : intervals_)
        lists.push_back(Key{}.put(static_cast<u8>(table_->id)).put(i.acd).put(i.start).put(i.instance));
    for (const RollUpRecord& day : days_)
        lists.push_back(period_key(table_->id, Span::Day, period_.acd, day.first()));
    rows_.emplace(snapshot_, days_.empty() ? Db::Rows : Db::Rollups, lists);
    const Key stored = period_key(table_->id, period_.span, period_.acd, period_.first);
    rolled_.emplace(snapshot_, Db::Rollups, std::span(&stored, 1));
    sum_.resize(table_->columns);
    return true;
}

std::optional<PeriodSum::Entity> PeriodSum::next() {
    const EntityKey* front = nullptr;
    const EntityKey* stored = nullptr;
    for (;;) {
        if (rows_) {
            front = rows_->front();
            stored = rolled_->front();
            if (front != nullptr || stored != nullptr) break;
            if (rows_->error() != 0) error_ = rows_->error();
            if (rolled_->error() != 0) error_ = rolled_->error();
        }
        if (!open_table()) return {};
    }
    const EntityKey at = front == nullptr || (stored != nullptr && *stored < *front) ? *stored : *front;
    KeyReader entity{at};
    Entity e;
    e.key = {table_->id, period_.span, period_.acd, period_.first, entity.get<u64>(), 0};
    e.key.entity2 = entity.get<u64>();

    std::ranges::fill(sum_, 0);
    const bool busy = table_->id == TableId::Htkgrp && period_.span == Span::Day;
    if (busy) begin_busy_hour(busy_, intervals_);
    u32 doubt = doubt_sum_;
    rows_->take(at, [&](std::size_t list, Bytes key, Bytes value) {
        e.there = true;
        const auto head = decode_items(key, value, items_);
        if (!head) {
            ++damaged_;
            doubt += 1 - std::min(doubt_[list], 1U);
            return;
        }
        doubt -= doubt_[list];
        add_row(*table_, sum_, items_);
        if (busy) busy_[list].add(items_);
        e.fold_version = std::max(e.fold_version, head->fold_version);
        e.intervals = static_cast<u16>(e.intervals + (days_.empty() ? 1 : head->intervals));
    });
    sum_[kIncompleteColumn] += doubt;
    if (busy) find_busy_hour(busy_, sum_);
    e.items = sum_;
    rolled_->take(at, [&](std::size_t, Bytes, Bytes value) { e.stored = value; });
    return e;
}

}  // namespace twinlink::store
