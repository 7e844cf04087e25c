// The latest accepted frames of one stream, kept so that the other link's copy can be compared and its lag
// measured.
//
// Owned by the arbiter; one thread; a ring of fixed capacity. Frames are pushed in ascending order of their
// numbers.
#pragma once

#include <twinlink/frame.hpp>

#include <vector>

namespace twinlink {

/// A frame whose buffer we still hold.
struct HeldFrame {
    FrameView view;
    void* token;
    Link link;
    Nanos arrived;  // monotonic
};

class History {
public:
    explicit History(u32 capacity) { ring_.resize(capacity); }

    /// Adds the newest; returns the oldest through `out` (and true) when it had to make room, or `frame`
    /// itself where the capacity is 0.
    bool push(const HeldFrame& frame, HeldFrame& out) noexcept {
        if (ring_.empty()) {
            out = frame;
            return true;
        }
        const bool full = size_ == ring_.size();
        if (full) out = pop();
        ring_[(head_ + size_++) % ring_.size()] = frame;
        return full;
    }
    /// The oldest. Precondition: not empty.
    HeldFrame pop() noexcept {
        const HeldFrame oldest = ring_[head_];
        head_ = (head_ + 1) % ring_.size();
        --size_;
        return oldest;
    }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const HeldFrame& at(std::size_t i) const noexcept {
        return ring_[(head_ + i) % ring_.size()];
    }
    /// Index of the first frame that ends behind `seq`; size() where none does.
    [[nodiscard]] std::size_t find(Seq seq) const noexcept {
        std::size_t low = 0;
        for (std::size_t high = size_; low < high;) {
            const std::size_t middle = (low + high) / 2;
            if (at(middle).view.end() <= seq)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

private:
    std::vector<HeldFrame> ring_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace twinlink
