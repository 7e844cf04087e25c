// A fixed number of entries with a free list; an entry is named by its index for as long as it lives.
//
// One thread. Memory is reserved once and touched only as far as it was ever used. Which index an entry gets
// depends on history and must not decide anything that is folded.
#pragma once

#include <twinlink/types.hpp>

#include <cassert>
#include <memory>
#include <type_traits>

namespace twinlink::fold {

/// E has a `bool used() const` that is false for a value-initialised one.
template <class E>
class Pool {
    static_assert(std::is_trivially_copyable_v<E> && std::is_trivially_default_constructible_v<E>);

public:
    static constexpr u32 kNone = ~u32{0};

    explicit Pool(u32 capacity)
        : entries_(std::make_unique_for_overwrite<E[]>(capacity)),
          free_(std::make_unique_for_overwrite<u32[]>(capacity)),
          capacity_(capacity) {}

    [[nodiscard]] E& operator[](u32 index) noexcept { return entries_[index]; }
    [[nodiscard]] const E& operator[](u32 index) const noexcept { return entries_[index]; }
    [[nodiscard]] u32 size() const noexcept { return high_ - freed_; }
    [[nodiscard]] u32 capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool full() const noexcept { return size() == capacity_; }
    /// One past the highest index ever used: loops go up to here and skip what is not used().
    [[nodiscard]] u32 high() const noexcept { return high_; }

    /// A zeroed entry, or kNone when full.
    [[nodiscard]] u32 take() noexcept {
        if (full()) return kNone;
        const u32 index = freed_ != 0 ? free_[--freed_] : high_++;
        entries_[index] = E{};
        return index;
    }
    void give_back(u32 index) noexcept {
        assert(entries_[index].used());
        entries_[index] = E{};
        free_[freed_++] = index;
    }
    [[gnu::always_inline]] void prefetch(u32 index) const noexcept {
        const auto* p = reinterpret_cast<const char*>(&entries_[index]);
        for (std::size_t at = 0; at < sizeof(E); at += 64) __builtin_prefetch(p + at, 1);
    }

private:
    std::unique_ptr<E[]> entries_;
    std::unique_ptr<u32[]> free_;
    u32 capacity_;
    u32 high_ = 0;
    u32 freed_ = 0;
};

/// A list whose room is allocated once. Its memory is touched only as far as it was ever used.
template <class T>
class FixedList {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    explicit FixedList(u32 capacity)
        : items_(std::make_unique_for_overwrite<T[]>(capacity)), capacity_(capacity) {}

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
    [[nodiscard]] const T* begin() const noexcept { return items_.get(); }
    [[nodiscard]] const T* end() const noexcept { return items_.get() + size_; }

private:
    std::unique_ptr<T[]> items_;
    u32 capacity_;
    u32 size_ = 0;
};

}  // namespace twinlink::fold
