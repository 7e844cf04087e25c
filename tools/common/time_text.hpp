// Times as text, both ways: RFC 3339 for machines, local time and rounded spans for people.
//
// Pure functions, any thread, no clock and no time zone of this machine: an offset comes in, in minutes east
// of UTC. Points in time are ns since 1970 UTC.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace twinlink::tools {

inline constexpr u64 kSecondNs = 1'000'000'000;
inline constexpr u64 kMinuteNs = 60 * kSecondNs;
inline constexpr u64 kDayNs = 86'400 * kSecondNs;

/// "2026-03-01T09:00:00.000000000Z": RFC 3339 with all nine digits, so that texts sort as times do.
[[nodiscard]] std::string rfc3339(u64 ns);
/// "2026-03-01T09:00:00Z": the same without a fraction where there is none.
[[nodiscard]] std::string rfc3339_short(u64 ns);
/// "2026-03-01 10:00:00.123", at that offset; the fraction is cut to ms, and left out where `seconds_only`.
[[nodiscard]] std::string local_time(u64 ns, int offset_minutes, bool seconds_only = false);
/// "2026-03-01", "1000" (the field's STARTTIME) and "10:00" at that offset.
[[nodiscard]] std::string local_date(u64 ns, int offset_minutes);
[[nodiscard]] u64 local_hhmm(u64 ns, int offset_minutes);
[[nodiscard]] std::string local_clock(u64 ns, int offset_minutes);
/// Midnight, in local time, at or before `ns`.
[[nodiscard]] u64 local_midnight(u64 ns, int offset_minutes);
/// "UTC", "UTC+01:00", "UTC-03:30".
[[nodiscard]] std::string offset_name(int offset_minutes);

/// A duration for people, three digits or so: "812 ns", "12.3 ms", "1.50 s", "3 min 20 s", "2 d 03:04:05".
[[nodiscard]] std::string span_text(u64 ns);
/// Whole seconds as "m:ss" or "h:mm:ss".
[[nodiscard]] std::string clock_span(u64 seconds);
/// Rounded once, half up.
[[nodiscard]] constexpr u64 rounded_seconds(u64 ns) noexcept {
    return ns / kSecondNs + (ns % kSecondNs >= kSecondNs / 2 ? 1 : 0);
}

/// A moment that is named after where now lies in the local calendar: when that day, week or month begins.
enum class TimeWord : u8 { None, Now, Today, Yesterday, ThisWeek, LastWeek, ThisMonth, LastMonth };

/// A point in time as a person typed it: without an offset it means the ACD's local time, whichever that is.
struct TypedTime {
    u64 ns = 0;  ///< as if UTC; of a word: the present moment, UTC
    std::optional<int> offset_minutes = {};
    TimeWord word = TimeWord::None;

    /// ns UTC. A time before 1970 becomes 0. `week_start`: 0 = Sunday to 6.
    [[nodiscard]] u64 at(int acd_offset_minutes, unsigned week_start = 1) const noexcept;
};

/// Reads "2026-03-01", "2026-03-01T09:00", "2026-03-01 09:00:00.5", each with or without "Z" or "+01:00"; and
/// the words "now", "today", "yesterday", "this-week", "last-week", "this-month", "last-month". Errors:
/// anything else, days that do not exist, years outside 1970 to 2200.
[[nodiscard]] Expected<TypedTime> parse_time(std::string_view text, u64 now_ns);

}  // namespace twinlink::tools
