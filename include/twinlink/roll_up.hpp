// Roll-ups: rows of intervals added up to days, weeks and months of the ACD's local calendar.
//
// A local day is a function of data alone: each interval belongs to the day on which it starts by the ACD's
// offset from UTC at that moment (IntervalRecord::utc_offset_minutes). So a day on which summer time begins
// or ends has 23 or 25 hours of intervals by itself, a clock that was set back gives a day a second instance
// of an interval, and both are added up like any other. Weeks and months are made of whole days. Event tables
// (RollUp::None) are not rolled up.
//
// Pure values and functions; any thread. Times are ns of the ACD's clock (UTC), days count from 1970-01-01.
#pragma once

#include <twinlink/items.hpp>
#include <twinlink/records.hpp>

#include <algorithm>
#include <chrono>

namespace twinlink {

/// What a row covers. Part of the store format: never renumber.
enum class Span : u8 { Interval = 0, Day = 1, Week = 2, Month = 3 };
inline constexpr std::array kRolledSpans{Span::Day, Span::Week, Span::Month};
/// "interval", "day", "week", "month".
[[nodiscard]] constexpr std::string_view name(Span span) noexcept {
    constexpr std::array<std::string_view, 4> kNames{"interval", "day", "week", "month"};
    return kNames[static_cast<std::size_t>(span)];
}

enum class Weekday : u8 { Sunday = 0, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday };
inline constexpr std::array<std::string_view, 7> kWeekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                           "thursday", "friday", "saturday"};
/// "sunday" to "saturday".
[[nodiscard]] constexpr std::string_view name(Weekday day) noexcept {
    return kWeekdays[static_cast<std::size_t>(day)];
}

/// A day of a local calendar: days since 1970-01-01.
using LocalDay = Id<struct LocalDayTag, i32>;

inline constexpr u64 kMinuteNs = 60'000'000'000ULL;
inline constexpr u64 kDayNs = 24 * 60 * kMinuteNs;

/// The day on which `time` lies where clocks show `utc_offset_minutes` more than UTC.
[[nodiscard]] constexpr LocalDay local_day(u64 time, i16 utc_offset_minutes) noexcept {
    const i64 minutes = static_cast<i64>(time / kMinuteNs) + utc_offset_minutes;
    constexpr i64 kDayMinutes = 24 * 60;
    return LocalDay{static_cast<i32>(minutes / kDayMinutes - (minutes % kDayMinutes < 0 ? 1 : 0))};
}
/// When `day` begins (its 00:00), where that offset is in force then. Days before 1970 begin at 0.
[[nodiscard]] constexpr u64 begin_of(LocalDay day, i16 utc_offset_minutes) noexcept {
    const i64 minutes = i64{day.value} * 24 * 60 - utc_offset_minutes;
    return minutes < 0 ? 0 : static_cast<u64>(minutes) * kMinuteNs;
}
[[nodiscard]] constexpr std::chrono::year_month_day date_of(LocalDay day) noexcept {
    return std::chrono::sys_days{std::chrono::days{day.value}};
}
[[nodiscard]] constexpr LocalDay day_of(std::chrono::year_month_day date) noexcept {
    return LocalDay{static_cast<i32>(std::chrono::sys_days{date}.time_since_epoch().count())};
}
[[nodiscard]] constexpr Weekday weekday_of(LocalDay day) noexcept {
    return static_cast<Weekday>(
        std::chrono::weekday{std::chrono::sys_days{std::chrono::days{day.value}}}.c_encoding());
}

/// The first day of the day, week or month that `day` belongs to. Precondition: not Span::Interval.
[[nodiscard]] constexpr LocalDay first_day(Span span, LocalDay day, Weekday week_start) noexcept {
    if (span == Span::Week) {
        const int into = static_cast<int>(weekday_of(day)) - static_cast<int>(week_start);
        return LocalDay{day.value - (into < 0 ? into + 7 : into)};
    }
    if (span == Span::Month)
        return LocalDay{day.value - static_cast<i32>(static_cast<unsigned>(date_of(day).day())) + 1};
    return day;
}
/// Days of the period that begins with `first`. Precondition: as first_day() gives it.
[[nodiscard]] constexpr u16 days_of(Span span, LocalDay first) noexcept {
    if (span == Span::Week) return 7;
    if (span != Span::Month) return 1;
    const auto date = date_of(first);
    const std::chrono::year_month_day_last last{date.year(), std::chrono::month_day_last{date.month()}};
    return static_cast<u16>(static_cast<unsigned>(last.day()));
}
[[nodiscard]] constexpr LocalDay operator+(LocalDay day, int days) noexcept {
    return LocalDay{day.value + days};
}

/// Whether rows of this table are added up to days, weeks and months.
[[nodiscard]] constexpr bool rolls_up(const Table& table) noexcept {
    return std::ranges::none_of(
        table.items, [](const Item& i) { return i.roll_up == RollUp::None && i.kind != ItemKind::BusyHour; });
}

/// Columns that follow one another and are added by one rule.
struct RollUpRun {
    u16 begin = 0;
    u16 end = 0;
    RollUp rule = RollUp::None;
};
/// A table's columns as runs.
struct RollUpRuns {
    std::array<RollUpRun, 32> runs{};
    std::size_t count = 0;
};
/// By table, in the order of kTables.
inline constexpr auto kRollUpRuns = [] {
    std::array<RollUpRuns, kTables.size()> all{};
    for (std::size_t t = 0; t < kTables.size(); ++t) {
        RollUpRuns& to = all[t];
        u16 at = 0;
        for (const Item& item : kTables[t].items) {
            const u16 end = static_cast<u16>(at + item.count);
            // A set flag is a 1: counted and added are the same.
            const RollUp rule = item.roll_up == RollUp::CountSet ? RollUp::Sum : item.roll_up;
            if (to.count != 0 && to.runs[to.count - 1].rule == rule)
                to.runs[to.count - 1].end = end;
            else if (end != at)
                to.runs[to.count++] = {at, end, rule};
            at = end;
        }
    }
    return all;
}();

/// Adds a row to a sum of rows of the same table, item by item by its rule. Rows come in the order of time;
/// the sum begins with zeros. A row of an older catalogue may be shorter. Rows of intervals and sums are
/// added alike. Precondition: the table is one of kTables.
inline void add_row(const Table& table, std::span<u64> sum, std::span<const u64> row) noexcept {
    const RollUpRuns& all = kRollUpRuns[static_cast<std::size_t>(find_table(table.id) - kTables.data())];
    for (const RollUpRun& run : std::span(all.runs).first(all.count)) {
        const std::size_t end = std::min({std::size_t{run.end}, sum.size(), row.size()});
        switch (run.rule) {
            case RollUp::Sum:
            case RollUp::CountSet:
                for (std::size_t i = run.begin; i < end; ++i) sum[i] += row[i];
                break;
            case RollUp::Maximum:
                for (std::size_t i = run.begin; i < end; ++i) sum[i] = std::max(sum[i], row[i]);
                break;
            case RollUp::Or:
                for (std::size_t i = run.begin; i < end; ++i) sum[i] |= row[i];
                break;
            case RollUp::Last:
                for (std::size_t i = run.begin; i < end; ++i) sum[i] = row[i];
                break;
            case RollUp::Key:
            case RollUp::None: break;
        }
    }
}

/// One day, week or month of one ACD as it was rolled up. Key: (span, acd, first day).
struct RollUpRecord {
    u64 begin;             ///< local 00:00 of the first day
    u64 end;               ///< local 24:00 of the last day that went in
    u32 intervals;         ///< that went in, second instances too
    u32 incomplete;        ///< of them: some rows are INCOMPLETE
    u32 in_doubt;          ///< of them: rows may be missing altogether
    u32 minutes;           ///< covered by them, second instances not
    u32 minutes_expected;  ///< from begin to end; a day has 1,380 to 1,500
    u32 missing;           ///< intervals of that time that were not collected
    i32 first_day;         ///< LocalDay
    u32 revision;          ///< +1 with each time that it changed
    u16 days;              ///< that went in: 1 for a day
    u16 days_expected;     ///< 1, 7 or the length of the month
    u16 acd;
    Span span;
    u8 reserved0;

    [[nodiscard]] LocalDay first() const noexcept { return LocalDay{first_day}; }
    /// No day of it is still to come or was never collected.
    [[nodiscard]] bool whole() const noexcept { return days == days_expected; }
};

/// A period whose rows have changed since it was rolled up. Key: (acd, span, first day).
struct DueRecord {
    u64 stamp;  ///< of the latest commit that changed it: who rolls up takes away only the mark that he saw
    i32 first_day;
    u16 acd;
    Span span;
    u8 reserved0;
};
static_assert(Record<RollUpRecord> && Record<DueRecord>);

/// What identifies a rolled row.
struct RolledKey {
    TableId table = TableId::None;
    Span span = Span::Day;
    Acd acd;
    LocalDay first;  ///< first day of the period
    u64 entity = 0;
    u64 entity2 = 0;
    friend constexpr auto operator<=>(const RolledKey&, const RolledKey&) noexcept = default;
};

/// A rolled row as readers see it. `items` as in RowView, added up; INCOMPLETE is in how many intervals of
/// the period the entity's row was incomplete or may be missing, so 0 still means that the row is exact.
struct RolledRow {
    RolledKey key;
    u32 revision;  ///< 0 as first rolled up, +1 with each time that it changed
    u16 fold_version;
    u16 intervals;  ///< in which the entity had a row
    std::span<const u64> items;
};

}  // namespace twinlink
