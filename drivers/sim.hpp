// SimPort and SimSender: a wire in memory, for tests and for running a pair of servers from one seed in one
// thread.
//
// Deterministic: what happens is what was pushed, in that order. One thread. Buffers are made on the pushing
// side and used again, so receive() and release() allocate nothing.
#pragma once

#include "drivers/packet.hpp"
#include "drivers/responder.hpp"
#include "drivers/writer.hpp"

#include <atomic>
#include <deque>
#include <memory>

namespace twinlink::drivers {

class SimPort final : public Port {
public:
    /// `queue_packets`: what the imagined NIC holds before it drops (NicMissed).
    /// Precondition: check(config) passed.
    explicit SimPort(const PortConfig& config, std::size_t queue_packets = kRingFrames,
                     std::string name = "sim");

    /// A packet arrives, from its Ethernet header on. False when it was lost: link down, or queue full
    /// (counted).
    bool push(Bytes packet);
    /// Packets that fit in the queue now.
    [[nodiscard]] std::size_t room() const noexcept { return queue_packets_ - queue_.size(); }
    /// Pulls or plugs the cable. link_up() shows it after the next read_device(), as for any port.
    void set_carrier(bool up) noexcept;
    [[nodiscard]] bool carrier() const noexcept { return carrier_; }
    /// No more packets will come: ended() once the queue is empty.
    void finish() noexcept { finished_ = true; }
    /// The answers (ARP, NDP, echo) given so far, oldest first, at most 64; the caller may clear them.
    [[nodiscard]] std::deque<std::vector<std::byte>>& answers() noexcept { return answers_; }
    /// When false, answers are dropped and counted, as by a device that does not take them.
    void take_answers(bool take) noexcept { take_answers_ = take; }

    std::size_t receive(std::span<RxFrame> out) noexcept override;
    void release(std::span<void* const> tokens) noexcept override;
    void read_device() noexcept override;
    [[nodiscard]] bool ended() const noexcept override { return finished_ && queue_.empty(); }
    [[nodiscard]] bool link_up() const noexcept override { return link_up_.load(std::memory_order_relaxed); }
    [[nodiscard]] const PortCounters& counters() const noexcept override { return counters_; }
    [[nodiscard]] std::string_view title() const noexcept override { return name_; }

private:
    using Buffer = std::vector<std::byte>;
    void keep_answer(const Buffer& packet, const Parsed& parsed) noexcept;

    PacketParser parser_;
    u32 pool_frames_;
    std::size_t queue_packets_;
    std::string name_;
    std::deque<Buffer*> queue_;
    std::vector<Buffer*> free_;
    std::vector<std::unique_ptr<Buffer>> buffers_;
    std::deque<Buffer> answers_;
    PortCounters counters_;
    u32 held_ = 0;
    u64 carrier_changes_ = 0;
    bool exhausted_ = false;
    bool carrier_ = true;
    bool finished_ = false;
    bool take_answers_ = true;
    std::atomic<bool> link_up_{true};
};

/// Sends into a SimPort as packets of a flow; takes as many as the port's queue has room for.
class SimSender final : public Sender {
public:
    /// `to` must live longer. Precondition: check(flow) passed.
    SimSender(const FlowConfig& flow, SimPort& to) : writer_(flow), to_(to) {}

    std::size_t send(std::span<const TxFrame> frames) noexcept override;
    [[nodiscard]] bool ready() noexcept override { return to_.carrier(); }
    [[nodiscard]] std::string_view title() const noexcept override { return "sim"; }

private:
    PacketWriter writer_;
    SimPort& to_;
    std::array<std::byte, kFrameBytesMax + kHeaderBytesMax> packet_{};
};

}  // namespace twinlink::drivers
