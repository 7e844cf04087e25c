// The busy hour of a trunk group: of the intervals of a day that follow one another and make up an hour,
// those with the longest trunk holding time. Pure; any thread.
#pragma once

#include <twinlink/items.hpp>

#include <vector>

namespace twinlink::store {

/// One interval of the day, and what the group's row has there (zeros where it has none).
struct BusyHourPart {
    u64 start = 0;
    u16 minutes = 0;
    std::array<u64, kBusyHourSums.size()> values{};  ///< in the order of kBusyHourSums

    /// `row` as in RowView, of htkgrp.
    void add(std::span<const u64> row) noexcept;
};

/// `parts` become those of `intervals`, as they were collected, all empty.
void begin_busy_hour(std::vector<BusyHourPart>& parts, std::span<const IntervalRecord> intervals);

/// Sets the BH items of `day`, a row of htkgrp in which they are 0. They stay 0 where no trunk was held or no
/// hour was collected whole.
void find_busy_hour(std::span<const BusyHourPart> parts, std::span<u64> day) noexcept;

}  // namespace twinlink::store
