// See busy_hour.hpp.
#include "engine/store/busy_hour.hpp"

#include <twinlink/roll_up.hpp>

namespace twinlink::store {
namespace {

constexpr auto kSources = [] {
    std::array<u16, kBusyHourSums.size()> columns{};
    for (std::size_t i = 0; i < columns.size(); ++i)
        columns[i] = find_column(*find_table(TableId::Htkgrp), kBusyHourSums[i].second)->index;
    return columns;
}();
constexpr u16 kStart = htkgrp("BH_STARTTIME");
static_assert(kBusyHourSums[1].second == "INTIME" && kBusyHourSums[8].second == "OUTTIME");
constexpr u16 kHourMinutes = 60;

u64 held(const BusyHourPart& part) noexcept { return part.values[1] + part.values[8]; }
u64 end_of(const BusyHourPart& part) noexcept { return part.start + part.minutes * kMinuteNs; }

}  // namespace

void BusyHourPart::add(std::span<const u64> row) noexcept {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (kSources[i] < row.size()) values[i] += row[kSources[i]];
}

void begin_busy_hour(std::vector<BusyHourPart>& parts, std::span<const IntervalRecord> intervals) {
    parts.clear();
    for (const IntervalRecord& i : intervals) {
        BusyHourPart& part = parts.emplace_back();
        part.start = i.start;
        part.minutes = i.minutes;
    }
}

void find_busy_hour(std::span<const BusyHourPart> parts, std::span<u64> day) noexcept {
    std::span<const BusyHourPart> busiest;
    u64 most = 0;
    for (std::size_t first = 0; first < parts.size(); ++first) {
        u32 minutes = 0;
        u64 time = 0;
        std::size_t end = first;
        while (end < parts.size() && minutes < kHourMinutes &&
               (end == first || parts[end].start == end_of(parts[end - 1]))) {
            minutes += parts[end].minutes;
            time += held(parts[end++]);
        }
        if (minutes != kHourMinutes || time <= most) continue;
        most = time;
        busiest = parts.subspan(first, end - first);
    }
    if (busiest.empty()) return;
    day[kStart] = busiest.front().start;
    for (const BusyHourPart& part : busiest)
        for (std::size_t i = 0; i < part.values.size(); ++i) day[kStart + 1 + i] += part.values[i];
}

}  // namespace twinlink::store
