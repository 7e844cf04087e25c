// Counters: a table of id, name and help. The table is the user interface: `status`, metrics and documents
// are made from it, so a counter that is not in a table does not exist.
//
// One writer thread per Counters object, any number of readers. All accesses are relaxed: a reader may see
// one counter a moment ahead of another, never a torn or lost value.
#pragma once

#include <twinlink/types.hpp>

#include <array>
#include <atomic>
#include <string_view>

namespace twinlink {

/// Name (stable, snake_case) and meaning (a sentence with unit) of a counter.
struct CounterInfo {
    std::string_view name;
    std::string_view help;
};

/// A block of counters numbered by `Enum`, which ends with Count_. Alignment keeps two writers off one cache
/// line.
template <class Enum>
class alignas(64) Counters {
public:
    static constexpr std::size_t kSize = static_cast<std::size_t>(Enum::Count_);

    /// Writer only.
    void add(Enum which, u64 n = 1) noexcept {
        auto& c = values_[static_cast<std::size_t>(which)];
        c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    /// Writer only.
    void set(Enum which, u64 value) noexcept {
        values_[static_cast<std::size_t>(which)].store(value, std::memory_order_relaxed);
    }
    /// Any thread.
    [[nodiscard]] u64 get(Enum which) const noexcept {
        return values_[static_cast<std::size_t>(which)].load(std::memory_order_relaxed);
    }

private:
    std::array<std::atomic<u64>, kSize> values_{};
};

}  // namespace twinlink
