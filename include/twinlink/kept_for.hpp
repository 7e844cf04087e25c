// How long rows are kept, by kind: intervals, days, weeks, months, call records, logins, traced activities.
//
// Pure values and functions; any thread. The measure is the ACD's own clock, so that two servers of a pair
// that are configured alike let the same rows go, and a replay of last year keeps its rows; but never a time
// that this server has not come to, or one message from far in the future would empty the store. 0 = without
// limit, the default of all.
#pragma once

#include <twinlink/roll_up.hpp>

#include <algorithm>
#include <limits>

namespace twinlink {

/// The least that rows of intervals may be kept, in days: the pair proves the latest 672 intervals equal
/// (kDigestIntervals), which are 28 days of hours, and half of them gone on one server are a difference.
inline constexpr u32 kKeptDaysMin = 31;
/// Days stay this much longer than intervals: a week or month is made of whole days, and one of them may be
/// made anew as long as its intervals are there.
inline constexpr u32 kKeptDaysBeyondIntervals = 31;
/// Chosen: a hundred years.
inline constexpr u32 kKeptDaysMax = 36'500;
/// What is configured, the same on both servers of a pair. 0 = without limit.
struct KeptFor {
    u32 interval_days = 0;  ///< rows of skills, agents, VDNs, vectors, trunks, codes
    u32 call_days = 0;      ///< call records; this and the next two: at most interval_days, 0 = as long
    u32 login_days = 0;
    u32 trace_days = 0;  ///< activities of traced agents
    u32 daily_days = 0;
    u32 weekly_weeks = 0;
    u32 monthly_months = 0;
    u32 exception_days = 0;  ///< link exceptions, by this server's clock; 0 = as long as the journal

    friend bool operator==(const KeptFor&, const KeptFor&) = default;
};
/// Whether rows of any kind go at all.
[[nodiscard]] constexpr bool limited(const KeptFor& kept) noexcept {
    KeptFor rows = kept;
    rows.exception_days = 0;
    return rows != KeptFor{};
}

/// Days that rows of this table are kept after their interval; 0 = without limit.
[[nodiscard]] constexpr u32 days_kept(const KeptFor& kept, TableId table) noexcept {
    const u32 days = table == TableId::CallRec  ? kept.call_days
                     : table == TableId::Haglog ? kept.login_days
                     : table == TableId::AgActv ? kept.trace_days
                                                : 0;
    return days != 0 ? days : kept.interval_days;
}

/// Where an ACD has come to, as far as this server believes it.
struct KeptNow {
    u64 time = 0;  ///< ns of the ACD's clock; 0 = nothing is known, so nothing goes
    i16 utc_offset_minutes = 0;
    [[nodiscard]] constexpr LocalDay today() const noexcept { return local_day(time, utc_offset_minutes); }
};
/// `newest`: the start of the ACD's newest interval. `wall`: this server's clock, 0 = not known.
[[nodiscard]] constexpr KeptNow kept_now(u64 newest, i16 utc_offset_minutes, u64 wall) noexcept {
    return {wall == 0 ? newest : std::min(newest, wall + kDayNs), utc_offset_minutes};
}

/// Rows of intervals that began before this time are not kept any more; 0 = all are.
[[nodiscard]] constexpr u64 kept_from(u32 days, const KeptNow& now) noexcept {
    if (days == 0 || now.time == 0) return 0;
    return begin_of(now.today() + -static_cast<int>(days), now.utc_offset_minutes);
}

/// Days, weeks or months whose first day lies before this one are not kept any more.
[[nodiscard]] constexpr LocalDay kept_from(const KeptFor& kept, Span span, const KeptNow& now) noexcept {
    constexpr LocalDay kAll{std::numeric_limits<i32>::min()};
    const u32 count = span == Span::Day    ? kept.daily_days
                      : span == Span::Week ? kept.weekly_weeks
                                           : kept.monthly_months;
    if (count == 0 || now.time == 0) return kAll;
    const LocalDay today = now.today();
    if (span == Span::Day) return today + -static_cast<int>(count);
    if (span == Span::Week)
        return today + -static_cast<int>(7 * (count + 1));  // whole weeks, whenever they begin
    const auto months = std::chrono::months(static_cast<int>(count));
    return first_day(
        Span::Month,
        day_of(std::chrono::year_month_day{date_of(first_day(Span::Month, today, Weekday::Monday)) - months}),
        Weekday::Monday);
}

}  // namespace twinlink
