// See time_text.hpp.
#include "tools/common/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace twinlink::tools {
namespace {

/// By TimeWord, from 1.
constexpr std::array<std::string_view, 7> kWords{"now",       "today",      "yesterday", "this-week",
                                                 "last-week", "this-month", "last-month"};

struct Broken {
    int year;
    unsigned month, day;
    u64 hour, minute, second, ns;
};

/// `ns` moved by an offset; never before 1970, never beyond what 64 bits hold.
u64 shifted(u64 ns, int offset_minutes) noexcept {
    const u64 by = static_cast<u64>(offset_minutes < 0 ? -offset_minutes : offset_minutes) * kMinuteNs;
    if (offset_minutes < 0) return ns > by ? ns - by : 0;
    return ns + std::min(by, ~u64{0} - ns);
}

Broken broken(u64 ns) noexcept {
    using namespace std::chrono;
    const u64 day = ns / kDayNs;
    const u64 rest = ns % kDayNs;
    const year_month_day date{sys_days{days{static_cast<int>(day)}}};
    return {static_cast<int>(date.year()),
            static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()),
            rest / (60 * kMinuteNs),
            rest / kMinuteNs % 60,
            rest / kSecondNs % 60,
            rest % kSecondNs};
}

/// Takes exactly `digits` digits off the front.
std::optional<u64> take(std::string_view& text, std::size_t digits) noexcept {
    u64 value = 0;
    if (text.size() < digits) return std::nullopt;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + static_cast<u64>(text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) noexcept {
    if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// ".5", ".123456789": ns, or nothing when no digit follows the dot or more than nine do.
std::optional<u64> take_fraction(std::string_view& text) noexcept {
    u64 ns = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        if (digits == 9) return std::nullopt;
        ns = ns * 10 + static_cast<u64>(text[digits] - '0');
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    for (; digits < 9; ++digits) ns *= 10;
    return ns;
}

/// "Z", "+01:00" or nothing; false when it is something else.
bool take_offset(std::string_view& text, std::optional<int>& offset_minutes) noexcept {
    if (text.empty()) return true;
    if (take(text, "Zz")) {
        offset_minutes = 0;
        return text.empty();
    }
    const bool west = text[0] == '-';
    if (!take(text, "+-")) return false;
    const auto hours = take(text, 2);
    const bool colon = take(text, ":");
    const auto minutes = colon ? take(text, 2) : std::nullopt;
    if (!hours || !minutes || *hours > 23 || *minutes > 59 || !text.empty()) return false;
    const int all = static_cast<int>(*hours * 60 + *minutes);
    offset_minutes = west ? -all : all;
    return true;
}

/// "09:00[:00[.5]]": ns of the day.
std::optional<u64> take_clock(std::string_view& text) noexcept {
    const auto hour = take(text, 2);
    if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
    const auto minute = take(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    u64 ns = (*hour * 60 + *minute) * kMinuteNs;
    if (!take(text, ":")) return ns;
    const auto second = take(text, 2);
    if (!second || *second > 59) return std::nullopt;
    ns += *second * kSecondNs;
    if (!take(text, ".")) return ns;
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    return ns + *fraction;
}

}  // namespace

std::string rfc3339(u64 ns) {
    const Broken t = broken(ns);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", t.year, t.month, t.day, t.hour, t.minute,
                       t.second, t.ns);
}

std::string rfc3339_short(u64 ns) {
    if (ns % kSecondNs != 0) return rfc3339(ns);
    const Broken t = broken(ns);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year, t.month, t.day, t.hour, t.minute,
                       t.second);
}

std::string local_time(u64 ns, int offset_minutes, bool seconds_only) {
    const Broken t = broken(shifted(ns, offset_minutes));
    std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour,
                                   t.minute, t.second);
    if (!seconds_only) text += fmt::format(".{:03}", t.ns / 1'000'000);
    return text;
}

std::string local_date(u64 ns, int offset_minutes) {
    const Broken t = broken(shifted(ns, offset_minutes));
    return fmt::format("{:04}-{:02}-{:02}", t.year, t.month, t.day);
}

u64 local_hhmm(u64 ns, int offset_minutes) {
    const Broken t = broken(shifted(ns, offset_minutes));
    return t.hour * 100 + t.minute;
}

std::string local_clock(u64 ns, int offset_minutes) {
    const Broken t = broken(shifted(ns, offset_minutes));
    return fmt::format("{:02}:{:02}", t.hour, t.minute);
}

u64 local_midnight(u64 ns, int offset_minutes) {
    const u64 local = shifted(ns, offset_minutes);
    return shifted(local - local % kDayNs, -offset_minutes);
}

std::string offset_name(int offset_minutes) {
    if (offset_minutes == 0) return "UTC";
    const int all = offset_minutes < 0 ? -offset_minutes : offset_minutes;
    return fmt::format("UTC{}{:02}:{:02}", offset_minutes < 0 ? '-' : '+', all / 60, all % 60);
}

std::string span_text(u64 ns) {
    const auto scaled = [](u64 value, u64 unit, std::string_view name) {
        const u64 whole = value / unit;
        const u64 rest = value % unit;
        if (whole >= 100) return fmt::format("{} {}", whole, name);
        if (whole >= 10) return fmt::format("{}.{} {}", whole, rest / (unit / 10), name);
        return fmt::format("{}.{:02} {}", whole, rest / (unit / 100), name);
    };
    if (ns < 1'000) return fmt::format("{} ns", ns);
    if (ns < 1'000'000) return scaled(ns, 1'000, "us");
    if (ns < kSecondNs) return scaled(ns, 1'000'000, "ms");
    if (ns < kMinuteNs) return scaled(ns, kSecondNs, "s");
    const u64 seconds = ns / kSecondNs;
    if (seconds < 3'600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    const std::string clock =
        fmt::format("{:02}:{:02}:{:02}", seconds / 3'600 % 24, seconds / 60 % 60, seconds % 60);
    return seconds < 86'400 ? clock : fmt::format("{} d {}", seconds / 86'400, clock);
}

std::string clock_span(u64 seconds) {
    if (seconds < 3'600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
    return fmt::format("{}:{:02}:{:02}", seconds / 3'600, seconds / 60 % 60, seconds % 60);
}

u64 TypedTime::at(int acd_offset_minutes, unsigned week_start) const noexcept {
    if (word == TimeWord::None) return shifted(ns, -offset_minutes.value_or(acd_offset_minutes));
    if (word == TimeWord::Now) return ns;
    using namespace std::chrono;
    const sys_days today{days{static_cast<int>(shifted(ns, acd_offset_minutes) / kDayNs)}};
    const auto week = today - days{(weekday{today}.c_encoding() + 7 - week_start) % 7};
    const year_month_day date{today};
    const year_month month{date.year(), date.month()};
    sys_days begin = today;
    if (word == TimeWord::Yesterday) begin = today - days{1};
    if (word == TimeWord::ThisWeek) begin = week;
    if (word == TimeWord::LastWeek) begin = week - days{7};
    if (word == TimeWord::ThisMonth) begin = month / 1;
    if (word == TimeWord::LastMonth) begin = (month - months{1}) / 1;
    const auto number = begin.time_since_epoch().count();
    return number < 0 ? 0 : shifted(static_cast<u64>(number) * kDayNs, -acd_offset_minutes);
}

Expected<TypedTime> parse_time(std::string_view text, u64 now_ns) {
    const auto wrong = [whole = std::string(text)] {
        return failure(
            "\"" + whole +
            "\" is not a time; write 2026-03-01, \"2026-03-01 09:00\" (the ACD's local time), "
            "2026-03-01T09:00:00Z, 2026-03-01T09:00:00+01:00, or now, today, yesterday, this-week, "
            "last-week, this-month, last-month");
    };
    for (std::size_t w = 0; w < kWords.size(); ++w)
        if (text == kWords[w]) return TypedTime{now_ns, {}, static_cast<TimeWord>(w + 1)};
    const auto year = take(text, 4);
    if (!year || !take(text, "-")) return wrong();
    const auto month = take(text, 2);
    if (!month || !take(text, "-")) return wrong();
    const auto day = take(text, 2);
    if (!day) return wrong();
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *year < 1970 || *year > 2200) return wrong();
    TypedTime time;
    time.ns = static_cast<u64>(std::chrono::sys_days{date}.time_since_epoch().count()) * kDayNs;
    if (take(text, "Tt ")) {
        const auto clock = take_clock(text);
        if (!clock) return wrong();
        time.ns += *clock;
    }
    if (!take_offset(text, time.offset_minutes)) return wrong();
    return time;
}

}  // namespace twinlink::tools
