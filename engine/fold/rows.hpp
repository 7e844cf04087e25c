// The rows of one table in the open interval: a dense block of u64 columns per slot, zeroed when first
// touched.
//
// One thread. Invariant: a slot on the dirty list is live; a slot is on each list at most once. Column 0 is
// INCOMPLETE in every table. No clearing at a boundary: forgetting the lists is enough.
#pragma once

#include "engine/fold/pool.hpp"

#include <twinlink/items.hpp>

#include <cstring>
#include <vector>

namespace twinlink::fold {

inline constexpr u16 kIncompleteColumn = 0;
static_assert(hsplit("INCOMPLETE") == kIncompleteColumn && hagent("INCOMPLETE") == kIncompleteColumn);

class RowStore {
public:
    RowStore(TableId table, u32 slots)
        : columns_(find_table(table)->columns),
          stride_((columns_ + 7U) & ~7U),
          cells_(std::size_t{slots} * stride_),
          state_(slots),
          live_(slots),
          dirty_(slots) {}

    /// The row of `slot`, about to be changed.
    [[nodiscard]] u64* touch(u32 slot) noexcept {
        u64* const row = cells_.data() + std::size_t{slot} * stride_;
        if (state_[slot] == State::Dirty) return row;
        if (state_[slot] == State::None) {
            std::memset(row, 0, stride_ * 8);
            live_.push_back(slot);
        }
        state_[slot] = State::Dirty;
        dirty_.push_back(slot);
        return row;
    }
    [[nodiscard]] const u64* row(u32 slot) const noexcept {
        return cells_.data() + std::size_t{slot} * stride_;
    }
    /// The row as it goes out: to be completed with what follows from elsewhere, which is no change of it.
    [[nodiscard]] u64* finish(u32 slot) noexcept { return cells_.data() + std::size_t{slot} * stride_; }
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
    u32 stride_;
    HugeArray<u64> cells_;
    std::vector<State> state_;
    FixedList<u32> live_;
    FixedList<u32> dirty_;
};

}  // namespace twinlink::fold
