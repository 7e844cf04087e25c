// The time that rows of a report cover: an interval, or the day, week or month that intervals were added up
// to.
//
// Plain values, any thread.
#pragma once

#include "tools/twinlink/store_source.hpp"

#include <twinlink/roll_up.hpp>

#include <string>
#include <vector>

namespace twinlink::cli {

/// Times are ns UTC.
struct Period {
    Acd acd;
    Span span = Span::Interval;
    u64 start = 0;
    u64 end = 0;             ///< as planned: a boundary or a local midnight; 0 = not known
    int offset_minutes = 0;  ///< of local time when it began
    u64 covered_ns = 0;      ///< collecting so far
    u64 messages = 0;
    u64 missing = 0;  ///< messages
    bool closed = false;

    // Intervals only.
    u16 instance = 0;
    u16 minutes = 0;
    // Days, weeks and months only.
    LocalDay first;
    u64 intervals = 0;   ///< that went in
    u64 incomplete = 0;  ///< of them
    u64 absent = 0;      ///< that were not collected, up to the newest
};

/// A row of a period, added up where the period is made of several intervals.
struct PeriodRow {
    u64 entity = 0;
    u64 entity2 = 0;
    u32 revision = 0;
    u16 fold_version = 0;
    std::span<const u64> items;
};

/// How long collecting in this interval lasted: to its end, or to its newest message.
[[nodiscard]] u64 covered_ns(const IntervalRecord& interval) noexcept;
[[nodiscard]] Period period_of(const IntervalRecord& interval) noexcept;

/// What people read above and below a period's rows. `what`: "skills".
[[nodiscard]] tools::Line heading_of(const Period& period, const AcdContext& acd, std::string_view what);
[[nodiscard]] tools::Line footer_of(const Period& period, u64 rows, u64 incomplete);

}  // namespace twinlink::cli
