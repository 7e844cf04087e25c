// A fixed pool of equal buffers for ports whose device has none of its own (sockets, files).
//
// One thread. Owns one block of memory; a free buffer is on a stack, so the warmest is used next. Invariant:
// every buffer is either on the stack or out. Allocates only when made.
#pragma once

#include <twinlink/frame.hpp>

#include <cassert>
#include <vector>

namespace twinlink::drivers {

class BufferPool {
public:
    BufferPool(u32 buffers, u32 bytes)
        : bytes_((bytes + 63U) / 64U * 64U), memory_(std::size_t{buffers} * bytes_) {
        free_.reserve(buffers);
        for (u32 i = buffers; i != 0; --i) free_.push_back(memory_.data() + std::size_t{i - 1} * bytes_);
    }

    [[nodiscard]] u32 buffer_bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t available() const noexcept { return free_.size(); }
    /// Precondition: available() > 0.
    [[nodiscard]] std::byte* take() noexcept {
        assert(!free_.empty());
        std::byte* b = free_.back();
        free_.pop_back();
        return b;
    }
    /// Precondition: `buffer` came from take() and was not given back since.
    void give(void* buffer) noexcept {
        assert(free_.size() < free_.capacity());
        free_.push_back(static_cast<std::byte*>(buffer));
    }

private:
    u32 bytes_;
    std::vector<std::byte> memory_;
    std::vector<std::byte*> free_;
};

}  // namespace twinlink::drivers
