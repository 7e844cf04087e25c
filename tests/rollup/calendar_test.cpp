// The local calendar and adding up rows, as pure functions.
#include <twinlink/roll_up.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace twinlink;

namespace {

constexpr u64 kHour = 60 * kMinuteNs;

LocalDay day(int year, unsigned month, unsigned d) {
    return day_of(std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(d));
}
std::string text(LocalDay d) {
    const auto date = date_of(d);
    const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) +
           "-" + two(static_cast<unsigned>(date.day()));
}

}  // namespace

TEST_CASE("calendar: a moment belongs to the day that clocks show there") {
    const u64 midnight = begin_of(day(2026, 3, 1), 0);
    CHECK(midnight == u64{1'772'323'200} * 1'000'000'000);
    CHECK(text(local_day(midnight, 0)) == "2026-03-01");
    CHECK(text(local_day(midnight - 1, 0)) == "2026-02-28");
    CHECK(text(local_day(midnight, -1)) == "2026-02-28");
    CHECK(text(local_day(midnight, -5 * 60)) == "2026-02-28");
    CHECK(text(local_day(midnight + 5 * kHour - 1, -5 * 60)) == "2026-02-28");
    CHECK(text(local_day(midnight + 5 * kHour, -5 * 60)) == "2026-03-01");
    CHECK(text(local_day(midnight - 5 * kHour - 30 * kMinuteNs, 330)) == "2026-03-01");
    CHECK(text(local_day(midnight - 5 * kHour - 30 * kMinuteNs - 1, 330)) == "2026-02-28");
    CHECK(text(local_day(midnight + 10 * kHour, 14 * 60)) == "2026-03-02");
    CHECK(text(local_day(0, -60)) == "1969-12-31");
    CHECK(local_day(0, std::numeric_limits<i16>::min()).value == -23);
}

TEST_CASE("calendar: a day begins where its moments begin, at every offset") {
    for (int offset = -14 * 60; offset <= 14 * 60; offset += 15) {
        const auto minutes = static_cast<i16>(offset);
        for (int d = 20'000; d < 20'003; ++d) {
            const u64 begin = begin_of(LocalDay{d}, minutes);
            CHECK(local_day(begin, minutes) == LocalDay{d});
            CHECK(local_day(begin - 1, minutes) == LocalDay{d - 1});
            CHECK(begin_of(LocalDay{d + 1}, minutes) - begin == kDayNs);
        }
    }
    CHECK(begin_of(LocalDay{-1}, 0) == 0);
}

TEST_CASE("calendar: leap years and the ends of months") {
    CHECK(days_of(Span::Month, day(2024, 2, 1)) == 29);
    CHECK(days_of(Span::Month, day(2026, 2, 1)) == 28);
    CHECK(days_of(Span::Month, day(2000, 2, 1)) == 29);
    CHECK(days_of(Span::Month, day(2100, 2, 1)) == 28);
    CHECK(days_of(Span::Month, day(2026, 4, 1)) == 30);
    CHECK(days_of(Span::Month, day(2026, 12, 1)) == 31);
    CHECK(days_of(Span::Week, day(2026, 12, 28)) == 7);
    CHECK(days_of(Span::Day, day(2026, 12, 28)) == 1);
    CHECK(text(first_day(Span::Month, day(2026, 12, 31), Weekday::Monday)) == "2026-12-01");
    CHECK(text(first_day(Span::Month, day(2024, 2, 29), Weekday::Monday)) == "2024-02-01");
    CHECK(text(day(2024, 2, 28) + 1) == "2024-02-29");
    CHECK(text(day(2026, 12, 31) + 1) == "2027-01-01");
    CHECK(first_day(Span::Day, day(2026, 5, 17), Weekday::Monday) == day(2026, 5, 17));
}

TEST_CASE("calendar: every day is in exactly one week, which begins on the day that is set") {
    CHECK(weekday_of(day(1970, 1, 1)) == Weekday::Thursday);
    CHECK(weekday_of(day(2026, 3, 29)) == Weekday::Sunday);
    CHECK(weekday_of(LocalDay{-1}) == Weekday::Wednesday);
    for (u8 start = 0; start < 7; ++start) {
        const auto week_start = static_cast<Weekday>(start);
        for (int d = -20; d < 400; ++d) {
            const LocalDay first = first_day(Span::Week, LocalDay{d}, week_start);
            CHECK(weekday_of(first) == week_start);
            CHECK(first.value <= d);
            CHECK(d < first.value + 7);
            CHECK(first_day(Span::Week, first, week_start) == first);
        }
    }
    CHECK(text(first_day(Span::Week, day(2026, 3, 29), Weekday::Monday)) == "2026-03-23");
    CHECK(text(first_day(Span::Week, day(2026, 3, 29), Weekday::Sunday)) == "2026-03-29");
    CHECK(text(first_day(Span::Week, day(2026, 1, 1), Weekday::Monday)) == "2025-12-29");
}

TEST_CASE("calendar: a day on which summer time begins has 23 hours of moments, one on which it ends 25") {
    // Central Europe 2026: at 01:00 UTC on 29 March from +60 to +120, on 25 October back.
    const auto hours_of = [](LocalDay d, u64 change, i16 before, i16 after) {
        int hours = 0;
        for (u64 t = begin_of(d, 0) - kDayNs; t < begin_of(d, 0) + 2 * kDayNs; t += kHour)
            hours += local_day(t, t < change ? before : after) == d ? 1 : 0;
        return hours;
    };
    const u64 spring = begin_of(day(2026, 3, 29), 0) + kHour;
    const u64 autumn = begin_of(day(2026, 10, 25), 0) + kHour;
    CHECK(hours_of(day(2026, 3, 28), spring, 60, 120) == 24);
    CHECK(hours_of(day(2026, 3, 29), spring, 60, 120) == 23);
    CHECK(hours_of(day(2026, 3, 30), spring, 60, 120) == 24);
    CHECK(hours_of(day(2026, 10, 25), autumn, 120, 60) == 25);
    // Where clocks change at midnight the day begins at 01:00, or its last hour comes twice.
    const u64 beirut = begin_of(day(2026, 3, 29), 120);
    CHECK(hours_of(day(2026, 3, 29), beirut, 120, 180) == 23);
    CHECK(hours_of(day(2026, 3, 28), beirut, 120, 180) == 24);
    const u64 back = begin_of(day(2026, 10, 25), 180);
    CHECK(hours_of(day(2026, 10, 24), back, 180, 120) == 25);
    CHECK(hours_of(day(2026, 10, 25), back, 180, 120) == 24);
}

TEST_CASE("adding rows: each item by its rule, and sums of sums as sums") {
    for (const Table& table : kTables) {
        if (!rolls_up(table)) continue;
        CAPTURE(table.name);
        std::vector<u64> a(table.columns), b(table.columns), c(table.columns);
        for (u16 i = 0; i < table.columns; ++i) {
            a[i] = i * 7U + 3;
            b[i] = i % 3 == 0 ? 0 : i * 5U + 1;
            c[i] = 1'000'000U - i;
        }
        std::vector<u64> sum(table.columns);
        for (const auto* row : {&a, &b, &c}) add_row(table, sum, *row);
        for (u16 i = 0; i < table.columns; ++i) {
            CAPTURE(name_of(column_at(table, i)));
            switch (column_at(table, i).item->roll_up) {
                case RollUp::Sum:
                case RollUp::CountSet: CHECK(sum[i] == a[i] + b[i] + c[i]); break;
                case RollUp::Maximum: CHECK(sum[i] == std::max({a[i], b[i], c[i]})); break;
                case RollUp::Last: CHECK(sum[i] == c[i]); break;
                case RollUp::Or: CHECK(sum[i] == (a[i] | b[i] | c[i])); break;
                case RollUp::None: CHECK(sum[i] == 0); break;  // of a day's busy hour
                default: FAIL("a column without a rule");
            }
        }
        std::vector<u64> first_two(table.columns), two_steps(table.columns);
        add_row(table, first_two, a);
        add_row(table, first_two, b);
        add_row(table, two_steps, first_two);
        add_row(table, two_steps, c);
        CHECK(two_steps == sum);
    }
}

TEST_CASE("adding rows: a row of an older catalogue is shorter and adds what it has") {
    const Table& table = *find_table(TableId::Hsplit);
    std::vector<u64> sum(table.columns, 1);
    const std::vector<u64> old(5, 10);
    add_row(table, sum, old);
    CHECK(sum[4] != 1);
    CHECK(sum[5] == 1);
    CHECK(sum.back() == 1);
}

TEST_CASE("adding rows: single events are not added up") {
    CHECK_FALSE(rolls_up(*find_table(TableId::Haglog)));
    CHECK_FALSE(rolls_up(*find_table(TableId::CallRec)));
    CHECK_FALSE(rolls_up(*find_table(TableId::AgActv)));
    CHECK(std::ranges::count_if(kTables, [](const Table& t) { return rolls_up(t); }) == 7);
}
