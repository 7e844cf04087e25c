// Adding rows up: over intervals by the catalogue's roll-up, over skills and agents only what may be added
// there.
//
// Pure values, one thread. What must not be added is "not known" in the sum, never a wrong number; so is what
// is beyond 64 bits.
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
/// Part of those: its sum over skills is a number of queuings. No number of callers, but what a percentage of
/// queuings is of.
[[nodiscard]] bool counts_queuings(TableId table, const Item& item) noexcept;

/// The sum of rows for some columns of a table, which must outlive it. What it holds is as undivided as what
/// it was given.
class RowSum {
public:
    RowSum(const Table& table, std::span<const Column> columns, Over over);

    /// `items` as in RowView, of a row that covers that much time. Rows come in the order of their intervals.
    void add(std::span<const u64> items, u64 covered_ns = 0);
    /// Another sum over the same columns.
    void add(const RowSum& other);

    [[nodiscard]] u64 rows() const noexcept { return rows_; }
    [[nodiscard]] u64 incomplete() const noexcept { return incomplete_; }
    /// Of all intervals added up; over entities that of the longest.
    [[nodiscard]] u64 covered_ns() const noexcept { return covered_ns_; }
    /// By column; nothing where the sum means nothing.
    [[nodiscard]] std::optional<u64> value(std::size_t at) const noexcept;
    /// The same for a part of a fraction: queuings are there, too.
    [[nodiscard]] std::optional<u64> part(std::size_t at) const noexcept;

private:
    [[nodiscard]] bool adds(const Item& item) const noexcept;
    void combine(std::size_t at, u64 value);

    const Table* table_;
    std::span<const Column> columns_;
    Over over_;
    u64 rows_ = 0;
    u64 incomplete_ = 0;
    u64 covered_ns_ = 0;
    std::vector<std::optional<u64>> values_;
    std::vector<std::size_t> overflowed_;  ///< columns
};

}  // namespace twinlink::cli
