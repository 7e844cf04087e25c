// The busy hour of a trunk group, as a pure function.
#include "engine/store/busy_hour.hpp"

#include <twinlink/roll_up.hpp>

#include <doctest/doctest.h>

using namespace twinlink;

namespace {

constexpr u64 kNine = 9 * 60 * kMinuteNs;

struct Held {
    u16 minutes;
    u64 in;
    u64 out;
    u64 jump = 0;  // minutes between the interval before and this one
};

/// "9:30 in 5 out 2", or nothing.
std::string busy(std::initializer_list<Held> day) {
    std::vector<IntervalRecord> intervals;
    u64 start = kNine;
    for (const Held& h : day) {
        IntervalRecord i{};
        i.start = start + h.jump * kMinuteNs;
        i.minutes = h.minutes;
        intervals.push_back(i);
        start = i.start + h.minutes * kMinuteNs;
    }
    std::vector<store::BusyHourPart> parts(99);
    store::begin_busy_hour(parts, intervals);
    CHECK(parts.size() == day.size());
    std::size_t at = 0;
    const Table& table = *find_table(TableId::Htkgrp);
    for (const Held& h : day) {
        std::vector<u64> row(table.columns);
        row[htkgrp("INTIME")] = h.in;
        row[htkgrp("OUTTIME")] = h.out;
        row[htkgrp("ALLINUSETIME")] = 1;
        parts[at++].add(row);
    }
    std::vector<u64> sum(table.columns);
    store::find_busy_hour(parts, sum);
    if (sum[htkgrp("BH_STARTTIME")] == 0) return "";
    const u64 minute = sum[htkgrp("BH_STARTTIME")] / kMinuteNs;
    return std::to_string(minute / 60) + ":" + std::to_string(minute % 60) + " in " +
           std::to_string(sum[htkgrp("BH_INTIME")]) + " out " + std::to_string(sum[htkgrp("BH_OUTTIME")]) +
           " of " + std::to_string(sum[htkgrp("BH_ALLINUSETIME")]);
}

}  // namespace

TEST_CASE("busy hour: the intervals in a row, an hour together, in which trunks were held longest") {
    CHECK(busy({{60, 1, 0}, {60, 5, 1}, {60, 3, 2}}) == "10:0 in 5 out 1 of 1");
    CHECK(busy({{30, 1, 0}, {30, 4, 0}, {30, 3, 1}, {30, 0, 3}}) == "9:30 in 7 out 1 of 2");
    CHECK(busy({{15, 1, 0}, {15, 1, 0}, {15, 2, 0}, {15, 2, 0}, {15, 2, 0}, {15, 0, 9}, {15, 0, 0}}) ==
          "9:30 in 6 out 9 of 4");
    CHECK(busy({{30, 2, 0}, {30, 2, 0}, {30, 2, 0}}) == "9:0 in 4 out 0 of 2");  // the first of equals
}

TEST_CASE("busy hour: none where no trunk was held or no hour was collected whole") {
    CHECK(busy({}).empty());
    CHECK(busy({{30, 9, 9}}).empty());
    CHECK(busy({{30, 0, 0}, {30, 0, 0}}).empty());
    CHECK(busy({{30, 9, 0}, {30, 9, 0, 30}}).empty());  // half an hour is missing between them
    CHECK(busy({{30, 9, 0}, {30, 9, 0, 30}, {30, 1, 0}}) == "10:0 in 10 out 0 of 2");
}

TEST_CASE("busy hour: where the length of intervals changes, an hour is what makes up an hour") {
    CHECK(busy({{15, 1, 0}, {15, 1, 0}, {30, 5, 0}, {30, 5, 0}}) == "9:30 in 10 out 0 of 2");
    CHECK(busy({{30, 9, 0}, {60, 5, 0}, {30, 9, 0}}) == "9:30 in 5 out 0 of 1");
}
