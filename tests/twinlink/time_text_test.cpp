// Times as text, both ways.
#include "tools/common/time_text.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using namespace twinlink::tools;

namespace {

constexpr u64 kNine = 1'772'355'600'000'000'000;

TEST_CASE("time: RFC 3339 has nine digits, so that texts sort as times do") {
    CHECK(rfc3339(kNine) == "2026-03-01T09:00:00.000000000Z");
    CHECK(rfc3339(kNine + 1) == "2026-03-01T09:00:00.000000001Z");
    CHECK(rfc3339_short(kNine) == "2026-03-01T09:00:00Z");
    CHECK(rfc3339(0) == "1970-01-01T00:00:00.000000000Z");
    CHECK(rfc3339(~u64{0}) == "2554-07-21T23:34:33.709551615Z");
}

TEST_CASE("time: local time follows the ACD's offset over midnight and never goes before 1970") {
    CHECK(local_time(kNine, 60) == "2026-03-01 10:00:00.000");
    CHECK(local_time(kNine, -600, true) == "2026-02-28 23:00:00");
    CHECK(local_date(kNine, -600) == "2026-02-28");
    CHECK(local_hhmm(kNine, 345) == 1445);
    CHECK(local_clock(kNine, -210) == "05:30");
    CHECK(local_time(0, -60, true) == "1970-01-01 00:00:00");
    CHECK(local_time(~u64{0}, 60, true) == "2554-07-21 23:34:33");
    CHECK(offset_name(0) == "UTC");
    CHECK(offset_name(-210) == "UTC-03:30");
    CHECK(offset_name(345) == "UTC+05:45");
    CHECK(local_midnight(kNine, 60) == kNine - 10 * 60 * kMinuteNs);
    CHECK(local_midnight(kNine, -600) == kNine - 23 * 60 * kMinuteNs);
}

TEST_CASE("time: what is typed without an offset is the ACD's local time") {
    const auto at = [](std::string_view text, int offset) { return parse_time(text, 0).value().at(offset); };
    CHECK(at("2026-03-01T09:00:00Z", 60) == kNine);
    CHECK(at("2026-03-01 10:00", 60) == kNine);
    CHECK(at("2026-03-01T10:00:00+01:00", -600) == kNine);
    CHECK(at("2026-03-01T05:30:00.5-03:30", 0) == kNine + 500'000'000);
    CHECK(at("2026-03-01T09:00:00.123456789Z", 0) == kNine + 123'456'789);
    CHECK(at("2026-03-01", 0) == kNine - 9 * 60 * kMinuteNs);
    CHECK(at("1970-01-01", 60) == 0);
}

TEST_CASE("time: what prints as RFC 3339 reads back as itself") {
    for (const u64 ns : {u64{0}, u64{1}, kNine, kNine + 987'654'321, u64{7'258'118'399'999'999'999}})
        CHECK(parse_time(rfc3339(ns), 0).value().at(777) == ns);
}

TEST_CASE("time: words mean when that day, week or month began, in local time") {
    const u64 now =
        parse_time("2026-03-01T23:30:00Z", 0).value().at(0);  // a Sunday; 00:30 of Monday at +01:00
    const auto at = [&](std::string_view text, int offset, unsigned week_start = 1) {
        return rfc3339_short(parse_time(text, now).value().at(offset, week_start));
    };
    CHECK(at("now", 60) == "2026-03-01T23:30:00Z");
    CHECK(at("today", 0) == "2026-03-01T00:00:00Z");
    CHECK(at("today", 60) == "2026-03-01T23:00:00Z");
    CHECK(at("yesterday", 60) == "2026-02-28T23:00:00Z");
    CHECK(at("this-week", 0) == "2026-02-23T00:00:00Z");
    CHECK(at("this-week", 60) == "2026-03-01T23:00:00Z");
    CHECK(at("this-week", 0, 0) == "2026-03-01T00:00:00Z");
    CHECK(at("last-week", 60) == "2026-02-22T23:00:00Z");
    CHECK(at("this-month", -60) == "2026-03-01T01:00:00Z");
    CHECK(at("last-month", 0) == "2026-02-01T00:00:00Z");
    CHECK(parse_time("last-month", 0).value().at(0) == 0);
}

TEST_CASE("time: nonsense is refused, with what would be right") {
    for (const char* text : {"",
                             "soon",
                             "Today",
                             "next-week",
                             "2026",
                             "2026-3-1",
                             "2026-02-29",
                             "2026-13-01",
                             "2026-03-01T",
                             "2026-03-01T24:00",
                             "2026-03-01T09",
                             "2026-03-01T09:60",
                             "2026-03-01T09:00:60",
                             "2026-03-01T09:00:00.",
                             "2026-03-01T09:00:00.1234567890",
                             "2026-03-01T09:00x",
                             "2026-03-01T09:00+1",
                             "2026-03-01T09:00+25:00",
                             "1969-12-31",
                             "2201-01-01",
                             "2026-03-01T09:00:00Z "}) {
        CAPTURE(text);
        const auto time = parse_time(text, 0);
        REQUIRE(!time.has_value());
        CHECK(time.error().text.find("2026-03-01T09:00:00Z") != std::string::npos);
    }
}

TEST_CASE("time: durations have about three digits, seconds are rounded once and half up") {
    CHECK(span_text(0) == "0 ns");
    CHECK(span_text(999) == "999 ns");
    CHECK(span_text(1'230) == "1.23 us");
    CHECK(span_text(12'345'678) == "12.3 ms");
    CHECK(span_text(999'999'999) == "999 ms");
    CHECK(span_text(1'500'000'000) == "1.50 s");
    CHECK(span_text(200 * kSecondNs) == "3 min 20 s");
    CHECK(span_text(3'600 * kSecondNs) == "01:00:00");
    CHECK(span_text(2 * kDayNs + 3 * kSecondNs) == "2 d 00:00:03");
    CHECK(span_text(~u64{0}) == "213503 d 23:34:33");
    CHECK(rounded_seconds(499'999'999) == 0);
    CHECK(rounded_seconds(500'000'000) == 1);
    CHECK(rounded_seconds(~u64{0}) == 18'446'744'074);
    CHECK(clock_span(0) == "0:00");
    CHECK(clock_span(3'599) == "59:59");
    CHECK(clock_span(360'061) == "100:01:01");
}

}  // namespace
