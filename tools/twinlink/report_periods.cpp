// Days, weeks and months of a report: found, taken as they were rolled up, or added up here. See
// report_reader.hpp.
#include "tools/twinlink/report_reader.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

namespace twinlink::cli {
namespace {

constexpr LocalDay kFirstDay{std::numeric_limits<i32>::min()};
constexpr LocalDay kLastDay{std::numeric_limits<i32>::max()};

u64 end_of(const IntervalRecord& interval) noexcept {
    return interval.start + interval.minutes * tools::kMinuteNs;
}

}  // namespace

ReportReader::Day ReportReader::day_of(LocalDay day) const {
    Day facts;
    const IntervalRecord* before = nullptr;  // the latest one of an earlier day
    u64 covered = 0;                         // up to here
    u64 minutes = 0;
    for (const IntervalRecord& interval : intervals_) {
        const LocalDay its = local_day(interval.start, interval.utc_offset_minutes);
        if (its < day) before = &interval;
        if (its != day) continue;
        facts.intervals.push_back(&interval);
        facts.in_doubt += interval.in_doubt;
        if (end_of(interval) > covered)
            minutes += (end_of(interval) - std::max(interval.start, covered)) / tools::kMinuteNs;
        covered = std::max(covered, end_of(interval));
    }
    if (facts.intervals.empty()) return facts;
    const IntervalRecord& first = *facts.intervals.front();
    const IntervalRecord& last = *facts.intervals.back();
    // A clock that is put forward at midnight begins the day at 01:00.
    u64 begin = begin_of(day, first.utc_offset_minutes);
    if (before != nullptr) begin = std::max(begin, end_of(*before));
    begin = std::min(begin, first.start);
    u64 end = std::max(begin_of(day + 1, last.utc_offset_minutes), end_of(last));
    end = std::min(end, std::max(end_of(intervals_.back()), end_of(last)));
    const u64 expected = (end - begin) / tools::kMinuteNs;
    const u64 length = std::max<u64>(last.minutes, 1);
    if (expected > minutes) facts.absent = (expected - minutes + length - 1) / length;
    return facts;
}

const RollUpRecord* ReportReader::rolled(Span span, LocalDay first) const {
    const auto at = std::ranges::find_if(
        roll_ups_, [&](const RollUpRecord& r) { return r.span == span && r.first() == first; });
    if (at == roll_ups_.end()) return nullptr;
    const LocalDay end = first + days_of(span, first);
    const bool changed = std::ranges::any_of(due_, [&](const DueRecord& due) {
        const LocalDay day{due.first_day};
        return due.acd == acd_.acd.value &&
               ((due.span == span && day == first) || (due.span == Span::Day && day >= first && day < end));
    });
    const auto here = std::ranges::count_if(intervals_, [&](const IntervalRecord& interval) {
        const LocalDay day = local_day(interval.start, interval.utc_offset_minutes);
        return day >= first && day < end;
    });
    return changed || at->intervals < static_cast<u64>(here) ? nullptr : &*at;
}

/// A period as its intervals, or its roll-up where they are gone, tell.
Period ReportReader::period_from(LocalDay first) const {
    const u16 days = days_of(choice_.by, first);
    Period p;
    p.acd = acd_.acd;
    p.span = choice_.by;
    p.first = first;
    p.offset_minutes = acd_.offset_minutes;
    int last_offset = p.offset_minutes;
    for (LocalDay day = first; day < first + days; day = day + 1) {
        const Day facts = day_of(day);
        p.absent += facts.absent;
        for (const IntervalRecord* interval : facts.intervals) {
            if (p.intervals++ == 0) p.offset_minutes = interval->utc_offset_minutes;
            last_offset = interval->utc_offset_minutes;
            p.incomplete += interval->incomplete;
            p.messages += interval->messages;
            p.missing += interval->missing;
            p.covered_ns += covered_ns(*interval);
        }
    }
    p.start = begin_of(first, static_cast<i16>(p.offset_minutes));
    p.end = begin_of(first + days, static_cast<i16>(last_offset));
    const RollUpRecord* record = rolled(p.span, first);
    if (record != nullptr && record->intervals > p.intervals) {  // the retention took intervals
        p.intervals = record->intervals;
        p.incomplete = record->incomplete;
        p.covered_ns = record->minutes * tools::kMinuteNs;
        p.absent = record->missing;
        p.start = record->begin;
        p.end = record->end;
    }
    const u64 newest = intervals_.empty() ? 0 : end_of(intervals_.back());
    p.closed = newest > p.end || (newest == p.end && intervals_.back().closed != 0);
    return p;
}

bool ReportReader::chosen(const Period& period) const {
    const auto week_start = static_cast<unsigned>(week_start_);
    return !(choice_.from && period.start < choice_.from->at(period.offset_minutes, week_start)) &&
           !(choice_.to && period.start >= choice_.to->at(period.offset_minutes, week_start));
}

std::vector<Period> ReportReader::periods() const {
    std::set<LocalDay> firsts;
    for (const IntervalRecord& interval : intervals_)
        firsts.insert(
            first_day(choice_.by, local_day(interval.start, interval.utc_offset_minutes), week_start_));
    for (const RollUpRecord& record : roll_ups_)
        if (record.span == choice_.by) firsts.insert(record.first());
    std::vector<Period> all;
    if (firsts.empty()) return all;
    if (!choice_.from && !choice_.to) firsts = {*firsts.rbegin()};
    for (const LocalDay first : firsts) {
        Period period = period_from(first);
        if (chosen(period)) all.push_back(period);
    }
    return all;
}

ReportReader::Sum& ReportReader::sum_of(Sums& sums, u64 entity, u64 entity2, u32 revision,
                                        u16 fold_version) const {
    Sum& sum = sums[{entity, entity2}];
    sum.items.resize(choice_.table->columns);
    sum.revision = std::max(sum.revision, revision);
    sum.fold_version = std::max(sum.fold_version, fold_version);
    return sum;
}

void ReportReader::add_intervals(const Day& day, Sums& sums) {
    const Table& table = *choice_.table;
    // The newest setting counts: in the order in which they were collected, also where the clock was set
    // back.
    std::vector<IntervalRecord> all;
    for (const IntervalRecord* interval : day.intervals) all.push_back(*interval);
    std::ranges::sort(all, {}, [](const IntervalRecord& i) {
        return std::tuple(i.epoch, i.first_seq, i.start, i.instance);
    });
    const bool busy = table.id == TableId::Htkgrp && choice_.by == Span::Day;
    for (std::size_t n = 0; n < all.size(); ++n) {
        const IntervalRecord& interval = all[n];
        snapshot_.rows(table.id, acd_.acd, interval.start, interval.start + 1, [&](const RowView& row) {
            const RowKey& key = row.key;
            if (key.instance != interval.instance ||
                !wanted_.has(table.id, key.entity, key.entity2, row.items))
                return true;
            Sum& sum = sum_of(sums, key.entity, key.entity2, row.revision, row.fold_version);
            add_row(table, sum.items, row.items);
            sum.doubt += interval.in_doubt;
            if (!busy) return true;
            if (sum.busy.empty()) store::begin_busy_hour(sum.busy, all);
            sum.busy[n].add(row.items);
            return true;
        });
    }
    if (!busy) return;
    for (auto& [_, sum] : sums) {
        if (all.back().closed == 0) sum.busy.pop_back();  // its hour is not whole yet
        store::find_busy_hour(sum.busy, sum.items);
    }
}

u64 ReportReader::add_day(LocalDay day, Sums& sums) {
    const Table& table = *choice_.table;
    if (const RollUpRecord* record = rolled(Span::Day, day)) {
        const u64 doubt = record->in_doubt + record->missing;
        snapshot_.rolled(table.id, acd_.acd, Span::Day, day, day + 1, [&](const RolledRow& row) {
            if (!wanted_.has(table.id, row.key.entity, row.key.entity2, row.items)) return true;
            Sum& sum = sum_of(sums, row.key.entity, row.key.entity2, row.revision, row.fold_version);
            add_row(table, sum.items, row.items);
            sum.doubt += doubt;  // it is in the row
            return true;
        });
        return doubt;
    }
    const Day facts = day_of(day);
    if (facts.intervals.empty()) return 0;
    Sums of_day;
    add_intervals(facts, of_day);
    const u64 doubt = facts.in_doubt + facts.absent;
    const u16 flag = find_column(table, "INCOMPLETE")->index;
    for (auto& [key, one] : of_day) {
        one.items[flag] += doubt - one.doubt;
        Sum& sum = sum_of(sums, key.first, key.second, one.revision, one.fold_version);
        // A day alone has its busy hour; added up it is lost.
        if (choice_.by == Span::Day)
            sum.items = one.items;
        else
            add_row(table, sum.items, one.items);
        sum.doubt += doubt;
    }
    return doubt;
}

void ReportReader::add_up(const Period& period) {
    const Table& table = *choice_.table;
    if (rolled(period.span, period.first) != nullptr) {
        snapshot_.rolled(
            table.id, acd_.acd, period.span, period.first, period.first + 1, [&](const RolledRow& row) {
                if (wanted_.has(table.id, row.key.entity, row.key.entity2, row.items))
                    tables_.add({row.key.entity, row.key.entity2, row.revision, row.fold_version, row.items});
                return true;
            });
        return;
    }
    Sums sums;
    u64 doubt = 0;
    const LocalDay end = period.first + days_of(period.span, period.first);
    for (LocalDay day = period.first; day < end; day = day + 1) doubt += add_day(day, sums);
    const u16 flag = find_column(table, "INCOMPLETE")->index;
    for (auto& [key, sum] : sums) {
        // Where rows may be missing altogether, this one's may.
        sum.items[flag] += doubt - sum.doubt;
        tables_.add({key.first, key.second, sum.revision, sum.fold_version, sum.items});
    }
}

void ReportReader::read_periods() {
    const Acd acd = acd_.acd;
    roll_ups_ = snapshot_.roll_ups(Span::Day, kFirstDay, kLastDay, acd);
    const auto weeks = snapshot_.roll_ups(Span::Week, kFirstDay, kLastDay, acd);
    if (!weeks.empty()) week_start_ = weekday_of(weeks.back().first());
    roll_ups_.insert(roll_ups_.end(), weeks.begin(), weeks.end());
    const auto months = snapshot_.roll_ups(Span::Month, kFirstDay, kLastDay, acd);
    roll_ups_.insert(roll_ups_.end(), months.begin(), months.end());

    const auto all = periods();
    tables_.begin_acd(acd_, all.size());
    for (const Period& period : all) {
        tables_.begin(period);
        add_up(period);
        tables_.end();
    }
    tables_.end_acd();
}

}  // namespace twinlink::cli
