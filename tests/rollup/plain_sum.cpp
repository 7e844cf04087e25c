// The reference: roll-ups as a plain sum over everything in memory, with none of the engine's arithmetic.
#include "tests/rollup/days_rig.hpp"

#include <set>

namespace twinlink::test {
namespace {

constexpr i64 kDayMinutes = 24 * 60;

i64 floor_day(i64 minutes) {
    i64 day = minutes / kDayMinutes;
    while (day * kDayMinutes > minutes) --day;
    return day;
}

struct Part {
    u64 order;  // of collecting
    u32 doubt;  // when there is no row
    bool operator<(const Part& o) const { return order < o.order; }
};
struct Sum {
    std::vector<u64> items;
    std::map<std::size_t, std::vector<u64>> by_interval;  // place among the day's intervals
    u32 intervals = 0;
    std::set<i64> in;  // days, for weeks and months
    u32 doubt_met = 0;
};
struct Period {
    RollUpRecord record{};
    std::map<std::tuple<TableId, u64, u64>, Sum> rows;
    u32 doubt = 0;  // of all parts
};

void add(const Table& table, Sum& sum, std::span<const u64> row) {
    sum.items.resize(table.columns);
    for (u16 c = 0; c < table.columns; ++c) {
        u64& to = sum.items[c];
        const u64 v = row[c];
        switch (column_at(table, c).item->roll_up) {
            case RollUp::Sum: to = to + v; break;
            case RollUp::CountSet: to = to + v; break;
            case RollUp::Maximum: to = to > v ? to : v; break;
            case RollUp::Or: to = (to != 0 || v != 0) ? 1 : 0; break;
            case RollUp::Last: to = v; break;
            default: break;
        }
    }
}

/// The busy hour of a trunk group, by trying every stretch of intervals.
void add_busy_hour(Sum& sum, const std::vector<IntervalRecord>& intervals) {
    const auto value = [&](std::size_t i, std::string_view item) {
        const auto at = sum.by_interval.find(i);
        return at == sum.by_interval.end()
                   ? 0
                   : at->second[find_column(*find_table(TableId::Htkgrp), item)->index];
    };
    u64 most = 0;
    std::pair<std::size_t, std::size_t> best;
    for (std::size_t from = 0; from < intervals.size(); ++from) {
        for (std::size_t to = from + 1; to <= intervals.size(); ++to) {
            const IntervalRecord& last = intervals[to - 1];
            bool row = last.start + last.minutes * kMinuteNs == intervals[from].start + 60 * kMinuteNs;
            u64 held = 0;
            for (std::size_t i = from; i < to; ++i) {
                held += value(i, "INTIME") + value(i, "OUTTIME");
                row = row && (i == from || intervals[i].start ==
                                               intervals[i - 1].start + intervals[i - 1].minutes * kMinuteNs);
            }
            if (!row || held <= most) continue;
            most = held;
            best = {from, to};
        }
    }
    if (most == 0) return;
    sum.items[htkgrp("BH_STARTTIME")] = intervals[best.first].start;
    const std::array<std::pair<std::string_view, std::string_view>, 13> items{{
        {"BH_INCALLS", "INCALLS"},
        {"BH_INTIME", "INTIME"},
        {"BH_ACDCALLS", "ACDCALLS"},
        {"BH_ABNCALLS", "ABNCALLS"},
        {"BH_OTHERCALLS", "OTHERCALLS"},
        {"BH_BUSYCALLS", "BUSYCALLS"},
        {"BH_DISCCALLS", "DISCCALLS"},
        {"BH_OUTCALLS", "OUTCALLS"},
        {"BH_OUTTIME", "OUTTIME"},
        {"BH_OACDCALLS", "O_ACDCALLS"},
        {"BH_OABNCALLS", "O_ABNCALLS"},
        {"BH_OOTHERCALLS", "O_OTHERCALLS"},
        {"BH_ALLINUSETIME", "ALLINUSETIME"},
    }};
    for (const auto& [name, of] : items)
        for (std::size_t i = best.first; i < best.second; ++i)
            sum.items[find_column(*find_table(TableId::Htkgrp), name)->index] += value(i, of);
}

std::string text_of(const std::map<std::pair<Span, i64>, Period>& periods) {
    std::string text;
    for (const Span span : kRolledSpans) {
        for (const auto& [key, p] : periods)
            if (key.first == span) text += period_text(p.record);
        for (const Table& table : kTables) {
            for (const auto& [key, p] : periods) {
                if (key.first != span) continue;
                for (const auto& [row, sum] : p.rows) {
                    const auto& [id, entity, entity2] = row;
                    if (id != table.id) continue;
                    std::vector<u64> items = sum.items;
                    items[0] += p.doubt - sum.doubt_met;  // INCOMPLETE
                    text += heading(span, p.record.first(), table.name, entity, entity2) + " in " +
                            std::to_string(sum.intervals) + items_text(id, items) + "\n";
                }
            }
        }
    }
    return text;
}

/// The record of a day from its intervals, minute by minute.
RollUpRecord measure(i64 day, const std::vector<IntervalRecord>& intervals,
                     const std::vector<IntervalRecord>& all) {
    std::set<u64> minutes;
    u64 begin = ~u64{0};
    u64 end = 0;
    RollUpRecord r{};
    for (const IntervalRecord& i : intervals) {
        for (u64 m = 0; m < i.minutes; ++m) minutes.insert(i.start / kMinuteNs + m);
        ++r.intervals;
        r.incomplete += i.incomplete;
        r.in_doubt += i.in_doubt;
        const i64 offset = i.utc_offset_minutes;
        begin = std::min({begin, static_cast<u64>(day * kDayMinutes - offset), i.start / kMinuteNs});
        end = std::max(
            {end, static_cast<u64>((day + 1) * kDayMinutes - offset), i.start / kMinuteNs + i.minutes});
    }
    // Of several offsets the first one says when it began, the last one when it ended.
    const auto first = std::ranges::min(intervals, {}, &IntervalRecord::start);
    const auto last = std::ranges::max(intervals, {}, &IntervalRecord::start);
    begin = std::min(static_cast<u64>(day * kDayMinutes - first.utc_offset_minutes), first.start / kMinuteNs);
    end =
        std::max(static_cast<u64>((day + 1) * kDayMinutes - last.utc_offset_minutes), *minutes.rbegin() + 1);
    for (const IntervalRecord& i : all) {
        const bool before = floor_day(static_cast<i64>(i.start / kMinuteNs) + i.utc_offset_minutes) < day;
        if (before && i.start < first.start)
            begin = std::min(std::max(begin, i.start / kMinuteNs + i.minutes), first.start / kMinuteNs);
    }
    r.begin = begin * kMinuteNs;
    r.end = end * kMinuteNs;
    r.minutes = static_cast<u32>(minutes.size());
    r.minutes_expected = static_cast<u32>(end - begin);
    r.missing = r.minutes_expected > r.minutes
                    ? (r.minutes_expected - r.minutes + last.minutes - 1) / last.minutes
                    : 0;
    r.first_day = static_cast<i32>(day);
    r.acd = 1;
    r.span = Span::Day;
    r.days = r.days_expected = 1;
    return r;
}

}  // namespace

std::string summed_text(const StoreSnapshot& snapshot, u64 now, Weekday week_start) {
    const auto all = snapshot.intervals(0, ~u64{0}, Acd{1});
    std::map<i64, std::vector<IntervalRecord>> days;
    for (const IntervalRecord& i : all) {
        const i64 day = floor_day(static_cast<i64>(i.start / kMinuteNs) + i.utc_offset_minutes);
        if (i.closed != 0) days[day].push_back(i);
    }
    const i64 offset = snapshot.acds().front().utc_offset_minutes;
    std::map<std::pair<Span, i64>, Period> periods;
    for (auto& [day, intervals] : days) {
        const i64 due = (day + 1) * kDayMinutes - offset + 35;
        if (static_cast<i64>(now / kMinuteNs) < due) continue;
        Period p;
        p.record = measure(day, intervals, all);
        p.doubt = p.record.in_doubt + p.record.missing;
        std::ranges::sort(intervals, {}, [](const IntervalRecord& i) {
            return std::tuple(i.epoch, i.first_seq, i.start, i.instance);
        });
        for (const IntervalRecord& i : intervals) {
            for (const Table& table : kTables) {
                if (table.id == TableId::Haglog || table.id == TableId::CallRec ||
                    table.id == TableId::AgActv)
                    continue;
                snapshot.rows(table.id, Acd{1}, i.start, i.start + 1, [&](const RowView& row) {
                    if (row.key.instance != i.instance) return true;
                    Sum& sum = p.rows[{table.id, row.key.entity, row.key.entity2}];
                    add(table, sum, row.items);
                    ++sum.intervals;
                    sum.doubt_met += i.in_doubt;
                    sum.by_interval[static_cast<std::size_t>(&i - intervals.data())].assign(row.items.begin(),
                                                                                            row.items.end());
                    return true;
                });
            }
        }
        for (auto& [row, sum] : p.rows)
            if (std::get<0>(row) == TableId::Htkgrp) add_busy_hour(sum, intervals);
        // Weeks and months from whole days.
        const auto date = date_of(LocalDay{static_cast<i32>(day)});
        i64 week = day;
        while (weekday_of(LocalDay{static_cast<i32>(week)}) != week_start) --week;
        const std::pair<Span, i64> longer[] = {
            {Span::Week, week}, {Span::Month, day - static_cast<i64>(static_cast<unsigned>(date.day())) + 1}};
        for (const auto& key : longer) {
            Period& to = periods[key];
            RollUpRecord& r = to.record;
            if (r.days == 0) r.begin = p.record.begin;
            r.end = p.record.end;
            r.intervals += p.record.intervals;
            r.incomplete += p.record.incomplete;
            r.in_doubt += p.record.in_doubt;
            r.minutes += p.record.minutes;
            r.minutes_expected += p.record.minutes_expected;
            r.missing += p.record.missing;
            ++r.days;
            r.days_expected = key.first == Span::Week ? 7 : [&] {
                u16 n = 0;
                while (date_of(LocalDay{static_cast<i32>(key.second) + n}).month() == date.month()) ++n;
                return n;
            }();
            r.first_day = static_cast<i32>(key.second);
            r.acd = 1;
            r.span = key.first;
            to.doubt += p.doubt;
            for (const auto& [row, sum] : p.rows) {
                Sum& total = to.rows[row];
                std::vector<u64> items = sum.items;
                items[0] += p.doubt - sum.doubt_met;
                add(*find_table(std::get<0>(row)), total, items);
                total.intervals += sum.intervals;
                total.doubt_met += p.doubt;
            }
        }
        periods[{Span::Day, day}] = std::move(p);
    }
    return text_of(periods);
}

}  // namespace twinlink::test
