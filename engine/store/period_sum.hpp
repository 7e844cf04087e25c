// A day, week or month as it follows from the store: its rows, entity by entity, beside those that are
// stored of it. The roller writes what differs, the check reports it.
//
// A pure function of one snapshot. A day is made of the closed intervals that begin on it by their offset; a
// week or month of the days that were rolled up. Rows that may be missing altogether count in INCOMPLETE:
// one for each interval in doubt, or not collected at all, in which the entity has no row. So a rolled row
// with INCOMPLETE = 0 is exact, as a row of an interval is. Nothing of the size of a period is held.
#pragma once

#include "engine/store/busy_hour.hpp"
#include "engine/store/roll_up_batch.hpp"
#include "engine/store/row_codec.hpp"
#include "engine/store/row_merge.hpp"

#include <optional>

namespace twinlink::store {

class PeriodSum {
public:
    /// `snapshot` must outlive it and stay where it is. `week_start` matters to weeks: one that begins on
    /// another day has no rows (any more).
    PeriodSum(const StoreSnapshot& snapshot, const Period& period, Weekday week_start);

    /// One entity: `items` added up, or nothing where it has no row in the period; `stored` as it stands,
    /// or empty. Both are valid until the next call.
    struct Entity {
        RolledKey key;
        bool there = false;
        u16 fold_version = 0;
        u16 intervals = 0;
        std::span<const u64> items;
        Bytes stored;
    };
    /// By (table, entity, entity2); empty at the end.
    [[nodiscard]] std::optional<Entity> next();

    /// The period's record as it follows (revision 0), or nothing where it has no intervals or days.
    [[nodiscard]] const std::optional<RollUpRecord>& record() const noexcept { return record_; }
    /// ... and as it is stored.
    [[nodiscard]] const std::optional<RollUpRecord>& stored() const noexcept { return stored_; }
    /// Values that could not be believed; an entity that they belong to is INCOMPLETE by one.
    [[nodiscard]] u64 damaged() const noexcept { return damaged_; }
    /// LMDB's code when the store could not be read, else 0: then nothing here may be used.
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    void read_day(const StoreSnapshot& snapshot);
    void read_days(const StoreSnapshot& snapshot, Weekday week_start);
    void measure_day(const IntervalRecord* before);
    bool open_table();

    const StoreSnapshot& snapshot_;
    Period period_;
    std::vector<IntervalRecord> intervals_;  ///< of a day, as they were collected
    std::vector<RollUpRecord> days_;         ///< of a week or month
    std::vector<u32> doubt_;  ///< per list: what an entity without a row there adds to INCOMPLETE
    u32 doubt_sum_ = 0;       ///< of all of them and of what was not collected
    std::optional<RollUpRecord> record_;
    std::optional<RollUpRecord> stored_;
    const Table* table_ = nullptr;
    std::size_t table_index_ = 0;
    std::optional<RowMerge> rows_;
    std::optional<RowMerge> rolled_;
    std::vector<u64> sum_;
    std::vector<u64> items_;
    std::vector<BusyHourPart> busy_;  ///< of a trunk group's day, per interval
    u64 damaged_ = 0;
    int error_ = 0;
};

}  // namespace twinlink::store
