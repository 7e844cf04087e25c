// A Sender that keeps what it is given, for looking at afterwards. Takes everything, or as little as it is
// told.
#pragma once

#include <twinlink/port.hpp>

#include <vector>

namespace twinlink::sim {

using Frames = std::vector<std::vector<std::byte>>;

class MemorySender final : public Sender {
public:
    /// `to` outlives the sender. `most`: frames taken in one call.
    explicit MemorySender(Frames& to, std::size_t most = ~std::size_t{0}) : to_(to), most_(most) {}

    std::size_t send(std::span<const TxFrame> frames) noexcept override {
        // A device that is full now and then: what is not taken must come again.
        const std::size_t n =
            std::min(most_ == ~std::size_t{0} || ++calls_ % 3 != 0 ? most_ : 0, frames.size());
        for (const TxFrame& f : frames.first(n)) {
            std::vector<std::byte> whole(f.head.begin(), f.head.end());
            whole.insert(whole.end(), f.body.begin(), f.body.end());
            to_.push_back(std::move(whole));
        }
        return n;
    }
    [[nodiscard]] std::string_view title() const noexcept override { return "memory"; }

private:
    Frames& to_;
    std::size_t most_;
    u64 calls_ = 0;
};

}  // namespace twinlink::sim
