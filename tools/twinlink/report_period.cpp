// See report_period.hpp.
#include "tools/twinlink/report_period.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::cli {

u64 covered_ns(const IntervalRecord& interval) noexcept {
    const u64 most = interval.minutes * tools::kMinuteNs;
    const u64 from = std::max(interval.first_time, interval.start);
    if (interval.last_time <= from) return 0;
    return most == 0 ? interval.last_time - from : std::min(interval.last_time - from, most);
}

Period period_of(const IntervalRecord& interval) noexcept {
    Period period;
    period.acd = Acd{interval.acd};
    period.start = interval.start;
    period.end = interval.minutes == 0 ? 0 : interval.start + interval.minutes * tools::kMinuteNs;
    period.offset_minutes = interval.utc_offset_minutes;
    period.covered_ns = covered_ns(interval);
    period.messages = interval.messages;
    period.missing = interval.missing;
    period.closed = interval.closed != 0;
    period.instance = interval.instance;
    period.minutes = interval.minutes;
    period.intervals = 1;
    period.incomplete = interval.incomplete;
    return period;
}

namespace {

std::string date(LocalDay day) {
    const auto d = date_of(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                       static_cast<unsigned>(d.day()));
}

tools::Line interval_heading(const Period& period, const AcdContext& acd, std::string_view what) {
    const int offset = period.offset_minutes;
    std::string text = fmt::format(
        "{}, {} {} to {} {}, {}", acd.title(), tools::local_date(period.start, offset),
        tools::local_clock(period.start, offset),
        period.end == 0 ? "?" : tools::local_clock(period.end, offset), tools::offset_name(offset), what);
    if (period.instance != 0) text += fmt::format(" (number {} that began then)", period.instance + 1);
    if (!period.closed) text += " - open, still collecting";
    return {text, tools::Style::Title};
}

tools::Line interval_footer(const Period& period, u64 rows, u64 incomplete) {
    using tools::Style;
    if (period.missing != 0)
        return {fmt::format("  * {} of this interval's messages {} missing: {} of {} rows are not complete",
                            tools::with_separators(period.missing), period.missing == 1 ? "is" : "are",
                            incomplete, rows),
                Style::Warning};
    if (incomplete != 0)
        return {
            fmt::format("  * no message is missing in this interval, but {} of {} rows are not complete: an "
                        "earlier gap reaches into them, or tracking was broken",
                        incomplete, rows),
            Style::Warning};
    const std::string messages = tools::with_separators(period.messages);
    return {period.closed ? "  complete: all " + messages + " messages of this interval are here"
                          : "  complete so far: all " + messages + " messages up to now are here",
            Style::Plain};
}

}  // namespace

tools::Line heading_of(const Period& period, const AcdContext& acd, std::string_view what) {
    if (period.span == Span::Interval) return interval_heading(period, acd, what);
    std::string text = fmt::format("{}, {} {}", acd.title(), name(period.span), date(period.first));
    if (period.span == Span::Week) text += " to " + date(period.first + 6);
    if (period.span == Span::Month) text.resize(text.size() - 3);
    text += fmt::format(" ({}), {}", tools::offset_name(period.offset_minutes), what);
    if (!period.closed) text += " - not over yet";
    return {text, tools::Style::Title};
}

tools::Line footer_of(const Period& period, u64 rows, u64 incomplete) {
    using tools::Style;
    if (period.span == Span::Interval) return interval_footer(period, rows, incomplete);
    std::string text =
        fmt::format("{} {}", period.intervals, period.intervals == 1 ? "interval" : "intervals");
    if (period.absent != 0) text += fmt::format(" ({} more were not collected)", period.absent);
    if (period.incomplete == 0 && incomplete == 0)
        return {
            fmt::format("  {}{}: all messages of {} are here", period.absent == 0 ? "complete" : "of this",
                        period.closed ? "" : " so far", text),
            period.absent == 0 ? Style::Plain : Style::Warning};
    return {fmt::format("  * {}, {} of them not complete: so are {} of {} rows", text, period.incomplete,
                        incomplete, rows),
            Style::Warning};
}

}  // namespace twinlink::cli
