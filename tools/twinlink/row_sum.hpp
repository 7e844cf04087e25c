// Adding rows up: over intervals by the catalogue's roll-up, over skills and agents only what may be added
// there.
//
// Pure values, one thread. What must not be added is "not known" in the sum, never a wrong number.
#pragma once

#include "tools/common/document.hpp"

#include <twinlink/items.hpp>

#include <optional>
#include <vector>

namespace twinlink::cli {

/// What the rows have in common, and so what the sum is over.
enum class Over : u8 {
    Intervals,  ///< one skill (or agent in a skill) in several intervals
    Entities,   ///< several skills or agents in one interval
};

/// False for items that count one call, or one agent's time, in each of several skills: a call queued to
/// three skills is three CALLSOFFERED and one caller, and an agent with three skills is staffed in each of
/// them all day.
[[nodiscard]] bool adds_over_skills(TableId table, const Item& item) noexcept;

/// The sum of rows for some columns of a table. What it holds is as undivided as what it was given.
class RowSum {
public:
    RowSum(const Table& table, std::span<const Column> columns, Over over);

    /// `items` as in RowView. Rows come in the order of their intervals.
    void add(std::span<const u64> items);
    /// Another sum over the same columns.
    void add(const RowSum& other);

    [[nodiscard]] u64 rows() const noexcept { return rows_; }
    [[nodiscard]] u64 incomplete() const noexcept { return incomplete_; }
    /// By column; nothing where the sum means nothing.
    [[nodiscard]] const std::vector<std::optional<u64>>& values() const noexcept { return values_; }

private:
    [[nodiscard]] bool adds(const Column& column) const noexcept;
    void combine(std::size_t at, u64 value, bool first);

    const Table* table_;
    std::vector<Column> columns_;
    Over over_;
    u64 rows_ = 0;
    u64 incomplete_ = 0;
    std::vector<std::optional<u64>> values_;
};

}  // namespace twinlink::cli
