// A fixed number of entries with a free list; an entry is named by its index for as long as it lives.
//
// One thread. Memory is reserved once and touched only as far as it was ever used. An entry that is not in
// use is zeroed. Which index an entry gets depends on history and must not decide anything that is folded.
#pragma once

#include "engine/fold/huge_array.hpp"

#include <twinlink/types.hpp>

#include <cassert>
#include <cstring>
#include <type_traits>

namespace twinlink::fold {

/// How many bytes of an entry that is not in use are 0. What lies behind is only ever read as far as others
/// of its members say that it was written.
template <class E>
inline constexpr std::size_t kZeroed = sizeof(E);

/// E has a `bool used() const` that is false for a value-initialised one.
template <class E>
class Pool {
    static_assert(std::is_trivially_copyable_v<E> && std::is_trivially_default_constructible_v<E>);

public:
    static constexpr u32 kNone = ~u32{0};

    explicit Pool(u32 capacity) : entries_(capacity), free_(capacity), capacity_(capacity) {}

    [[nodiscard]] E& operator[](u32 index) noexcept { return entries_[index]; }
    [[nodiscard]] const E& operator[](u32 index) const noexcept { return entries_[index]; }
    [[nodiscard]] u32 size() const noexcept { return high_ - freed_; }
    [[nodiscard]] u32 capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool full() const noexcept { return size() == capacity_; }
    /// One past the highest index ever used: loops go up to here and skip what is not used().
    [[nodiscard]] u32 high() const noexcept { return high_; }

    /// A zeroed entry (as far as kZeroed<E>), or kNone when full.
    [[nodiscard]] u32 take() noexcept {
        if (full()) return kNone;
        return freed_ != 0 ? free_[--freed_] : high_++;
    }
    void give_back(u32 index) noexcept {
        assert(entries_[index].used());
        std::memset(static_cast<void*>(&entries_[index]), 0, kZeroed<E>);
        free_[freed_++] = index;
    }
    [[gnu::always_inline]] void prefetch(u32 index) const noexcept {
        prefetch_line(index, 0);
        for (std::size_t n = 1; n * 64 < sizeof(E); ++n) prefetch_line(index, n);
    }
    /// Line `n` of the cache that an aligned entry takes.
    [[gnu::always_inline]] void prefetch_line(u32 index, std::size_t n) const noexcept {
        __builtin_prefetch(reinterpret_cast<const char*>(&entries_[index]) + n * 64, 1);
    }

private:
    HugeArray<E> entries_;
    HugeArray<u32> free_;
    u32 capacity_;
    u32 high_ = 0;
    u32 freed_ = 0;
};

/// A list whose room is allocated once. Its memory is touched only as far as it was ever used.
template <class T>
class FixedList {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    explicit FixedList(u32 capacity) : items_(capacity), capacity_(capacity) {}

    /// Precondition: not full.
    void push_back(const T& item) noexcept {
        assert(size_ < capacity_);
        items_[size_++] = item;
    }
    void clear() noexcept { size_ = 0; }
    [[nodiscard]] bool full() const noexcept { return size_ == capacity_; }
    [[nodiscard]] u32 size() const noexcept { return size_; }
    [[nodiscard]] u32 capacity() const noexcept { return capacity_; }
    [[nodiscard]] T& operator[](u32 index) noexcept { return items_[index]; }
    [[nodiscard]] const T* begin() const noexcept { return items_.data(); }
    [[nodiscard]] const T* end() const noexcept { return items_.data() + size_; }

private:
    HugeArray<T> items_;
    u32 capacity_;
    u32 size_ = 0;
};

}  // namespace twinlink::fold
