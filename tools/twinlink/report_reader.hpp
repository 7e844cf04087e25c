// Reads the rows of one ACD that a report is to show, period by period, and hands them to its tables.
//
// Intervals come as they are stored. A day, week or month comes as it was rolled up; where it is not over
// yet, or has changed since, it is added up here from what is rolled up and from intervals, by the same rule.
// So one report goes from last year to this minute. One snapshot, one thread.
#pragma once

#include "engine/store/busy_hour.hpp"
#include "tools/twinlink/report_tables.hpp"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace twinlink::cli {

/// Which rows of one ACD are wanted; nothing: all.
struct Wanted {
    std::optional<u64> entity;
    std::optional<u64> skill;

    [[nodiscard]] bool has(TableId table, u64 row_entity, u64 row_entity2, std::span<const u64> items) const;
};

class ReportReader {
public:
    /// All must outlive it.
    ReportReader(const ReportChoice& choice, const StoreSnapshot& snapshot, ReportTables& tables);
    void read(const AcdContext& acd, const Wanted& wanted);

private:
    /// Rows added up for one entity.
    struct Sum {
        std::vector<u64> items;
        u32 revision = 0;
        u16 fold_version = 0;
        u64 doubt = 0;                          ///< of the days, or intervals, in which it has a row
        std::vector<store::BusyHourPart> busy;  ///< of a trunk group's day
    };
    using Sums = std::map<std::pair<u64, u64>, Sum>;
    /// What the intervals of one day tell.
    struct Day {
        std::vector<const IntervalRecord*> intervals;
        u64 in_doubt = 0;  ///< intervals in which rows may be missing altogether
        u64 absent = 0;    ///< intervals that were not collected, up to the newest
    };

    void read_intervals();
    [[nodiscard]] bool chosen(const IntervalRecord& interval) const;
    [[nodiscard]] bool chosen_by_start(u64 start) const;
    void read_periods();
    [[nodiscard]] std::vector<Period> periods() const;
    void add_up(const Period& period);
    /// Adds up one day, and returns the intervals of it in which rows may be missing altogether.
    u64 add_day(LocalDay day, Sums& sums);
    void add_intervals(const Day& day, Sums& sums);
    [[nodiscard]] Sum& sum_of(Sums& sums, u64 entity, u64 entity2, u32 revision, u16 fold_version) const;
    [[nodiscard]] Day day_of(LocalDay day) const;
    /// The roll-up of that period, or null where it does not hold all that there is now.
    [[nodiscard]] const RollUpRecord* rolled(Span span, LocalDay first) const;
    [[nodiscard]] Period period_from(LocalDay first) const;
    [[nodiscard]] bool chosen(const Period& period) const;

    const ReportChoice& choice_;
    const StoreSnapshot& snapshot_;
    ReportTables& tables_;
    std::vector<DueRecord> due_;

    AcdContext acd_;
    Wanted wanted_;
    std::vector<IntervalRecord> intervals_;  ///< all of the ACD
    std::vector<RollUpRecord> roll_ups_;     ///< of the spans that the report needs
    Weekday week_start_ = Weekday::Monday;
};

}  // namespace twinlink::cli
