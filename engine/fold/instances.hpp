// How often each interval was opened: a clock set back over a boundary gives a second instance, never a
// merged row.
//
// Remembers the latest starts in a bounded table; an interval older than all of them gets a number of its own
// from the upper half, so that even then two instances never share a key. Pure.
#pragma once

#include <twinlink/types.hpp>

#include <algorithm>
#include <array>

namespace twinlink::fold {

class Instances {
public:
    struct Entry {
        u64 start;
        u64 opened;
    };
    /// Chosen: five days of 15-minute intervals.
    static constexpr std::size_t kMax = 512;

    /// The number of the instance that opens now at `start`.
    u16 open(u64 start) noexcept {
        auto* const end = entries_.data() + size_;
        auto* at =
            std::lower_bound(entries_.data(), end, start, [](const Entry& e, u64 s) { return e.start < s; });
        if (at != end && at->start == start) return static_cast<u16>(std::min<u64>(at->opened++, 0x7FFF));
        if (size_ == kMax) {
            if (at == entries_.data()) return static_cast<u16>(0x8000 | (ancient_++ & 0x7FFF));
            std::move(entries_.data() + 1, at, entries_.data());  // forget the oldest
            *(at - 1) = {start, 1};
            return 0;
        }
        std::move_backward(at, end, end + 1);
        *at = {start, 1};
        ++size_;
        return 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const Entry& operator[](std::size_t i) const noexcept { return entries_[i]; }
    [[nodiscard]] u64 ancient() const noexcept { return ancient_; }
    /// For load(): entries in ascending order of start. False when they do not fit or are out of order.
    [[nodiscard]] bool append(const Entry& e) noexcept {
        if (size_ == kMax || (size_ != 0 && entries_[size_ - 1].start >= e.start)) return false;
        entries_[size_++] = e;
        return true;
    }
    void set_ancient(u64 n) noexcept { ancient_ = n; }

private:
    std::array<Entry, kMax> entries_{};
    std::size_t size_ = 0;
    u64 ancient_ = 0;
};

}  // namespace twinlink::fold
