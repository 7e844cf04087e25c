// A zeroed array of fixed size, on huge pages where the kernel gives them.
//
// Calls and agents are found at random places of tables of tens of MiB: with pages of 4 KiB nearly every look
// misses the TLB, and a prefetch waits for the walk. Memory is reserved at once and taken when first touched,
// 2 MiB at a time for arrays of that size: a small ACD costs what it uses, at every restart and refold. Any
// thread; no invariant beyond its size.
#pragma once

#include <sys/mman.h>

#include <twinlink/types.hpp>

#include <cstdint>
#include <memory>
#include <type_traits>

namespace twinlink::fold {

template <class T>
class HugeArray {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    explicit HugeArray(std::size_t size) : size_(size) {
        if (bytes() >= kMapped) map();
        if (items_ != nullptr) return;
        heap_ = std::make_unique<T[]>(size);
        items_ = heap_.get();
    }
    HugeArray(const HugeArray&) = delete;
    HugeArray& operator=(const HugeArray&) = delete;
    ~HugeArray() {
        if (mapped_ != nullptr) (void)::munmap(mapped_, mapped_bytes_);
    }

    [[nodiscard]] T& operator[](std::size_t i) noexcept { return items_[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return items_[i]; }
    [[nodiscard]] T* data() noexcept { return items_; }
    [[nodiscard]] const T* data() const noexcept { return items_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    [[nodiscard]] std::size_t bytes() const noexcept { return size_ * sizeof(T); }
    static constexpr std::size_t kHugePage = std::size_t{2} << 20;
    /// Smaller ones come from the heap, zeroed by hand. Chosen: a fold has some twenty that are larger.
    static constexpr std::size_t kMapped = std::size_t{64} << 10;

    /// From the kernel, large ones aligned to huge pages. Where it refuses, the heap is asked, as for small
    /// arrays.
    void map() {
        const bool huge = bytes() >= kHugePage;
        const std::size_t wanted = bytes() + (huge ? kHugePage : 0);
        void* const got = ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (got == MAP_FAILED) return;
        mapped_ = got;
        mapped_bytes_ = wanted;
        items_ = static_cast<T*>(got);
        if (!huge) return;
        const auto past = reinterpret_cast<std::uintptr_t>(got) % kHugePage;
        items_ = reinterpret_cast<T*>(static_cast<std::byte*>(got) + (kHugePage - past));
        (void)::madvise(items_, bytes(), MADV_HUGEPAGE);  // advice: small pages do as well
    }

    T* items_ = nullptr;
    std::size_t size_ = 0;
    std::unique_ptr<T[]> heap_;
    void* mapped_ = nullptr;
    std::size_t mapped_bytes_ = 0;
};

}  // namespace twinlink::fold
