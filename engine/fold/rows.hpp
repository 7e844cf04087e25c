// The rows of one table in the open interval: a dense block of u64 columns per slot, zeroed when first
// touched.
//
// Where the table ends with a long family (AUX time by reason), those columns are the row's tail: 0 in most
// rows, so they are cleared and handed on only where they were touched.
//
// One thread. Invariant: a slot on the dirty list is live; a slot is on each list at most once; a tail that
// is not marked as used is 0. Column 0 is INCOMPLETE in every table. No clearing at a boundary: forgetting
// the lists is enough.
#pragma once

#include "engine/fold/pool.hpp"

#include <twinlink/items.hpp>

#include <cstring>
#include <vector>

namespace twinlink::fold {

inline constexpr u16 kIncompleteColumn = 0;
static_assert(hsplit("INCOMPLETE") == kIncompleteColumn && hagent("INCOMPLETE") == kIncompleteColumn);

/// Columns in front of the row's tail.
constexpr u16 head_columns(const Table& table) noexcept {
    constexpr u16 kLong = 64;
    const Item& last = table.items.back();
    return static_cast<u16>(table.columns - (last.family && last.count >= kLong ? last.count : 0));
}

class RowStore {
public:
    RowStore(TableId table, u32 slots)
        : columns_(find_table(table)->columns),
          head_(head_columns(*find_table(table))),
          stride_((columns_ + 7U) & ~7U),
          cells_(std::size_t{slots} * stride_),
          state_(slots),
          tail_used_(slots),
          live_(slots),
          dirty_(slots) {}

    /// The row of `slot`, about to be changed, but for its tail.
    [[nodiscard]] u64* touch(u32 slot) noexcept {
        u64* const row = cells_.data() + std::size_t{slot} * stride_;
        if (state_[slot] == State::Dirty) return row;
        if (state_[slot] == State::None) {
            std::memset(row, 0, (tail_used_[slot] != 0 ? columns_ : head_) * sizeof(u64));
            tail_used_[slot] = 0;
            live_.push_back(slot);
        }
        state_[slot] = State::Dirty;
        dirty_.push_back(slot);
        return row;
    }
    /// The same, its tail too.
    [[nodiscard]] u64* touch_all(u32 slot) noexcept {
        u64* const row = touch(slot);
        tail_used_[slot] = 1;
        return row;
    }
    /// The row up to an item behind which all are 0.
    [[nodiscard]] std::span<const u64> used(u32 slot) const noexcept {
        return {row(slot), tail_used_[slot] != 0 ? columns_ : head_};
    }
    [[nodiscard]] const u64* row(u32 slot) const noexcept {
        return cells_.data() + std::size_t{slot} * stride_;
    }
    /// The row as it goes out: to be completed with what follows from elsewhere. Who changes that calls
    /// refresh(): what was handed on before is out of date then.
    [[nodiscard]] u64* finish(u32 slot) noexcept { return cells_.data() + std::size_t{slot} * stride_; }
    void refresh(u32 slot) noexcept {
        if (live(slot)) (void)touch(slot);
    }
    [[nodiscard]] bool live(u32 slot) const noexcept { return state_[slot] != State::None; }
    void mark_incomplete(u32 slot) noexcept { touch(slot)[kIncompleteColumn] = 1; }

    [[nodiscard]] const FixedList<u32>& live_slots() const noexcept { return live_; }
    [[nodiscard]] const FixedList<u32>& dirty_slots() const noexcept { return dirty_; }
    [[nodiscard]] u16 columns() const noexcept { return columns_; }

    /// What was dirty has been handed on.
    void clean() noexcept {
        for (const u32 slot : dirty_) state_[slot] = State::Clean;
        dirty_.clear();
    }
    /// All that is live must be handed on again.
    void all_dirty() noexcept {
        for (const u32 slot : live_) (void)touch(slot);
    }
    /// The interval is over.
    void forget() noexcept {
        for (const u32 slot : live_) state_[slot] = State::None;
        live_.clear();
        dirty_.clear();
    }
    /// The first items, which is where a plain call is booked.
    [[gnu::always_inline]] void prefetch(u32 slot) const noexcept {
        __builtin_prefetch(row(slot), 1);
        __builtin_prefetch(row(slot) + 8, 1);
    }

private:
    enum class State : u8 { None, Clean, Dirty };
    u16 columns_;
    u16 head_;
    u32 stride_;
    HugeArray<u64> cells_;
    std::vector<State> state_;
    std::vector<u8> tail_used_;
    FixedList<u32> live_;
    FixedList<u32> dirty_;
};

}  // namespace twinlink::fold
