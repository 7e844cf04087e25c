// From cut frames to the devices of all servers: a fault switch and a lane for each link of each server.
//
// One thread. Nothing here sleeps or reads a clock: whoever runs it decides when to send and what to do when
// a device takes nothing.
#pragma once

#include "tools/acdsim/fault_switch.hpp"

namespace twinlink::sim {

/// The two devices of one server, link A and B.
using ServerSenders = std::array<std::unique_ptr<Sender>, kLinks>;

class Transmitter final : public FrameSink {
public:
    /// At most kServersMax servers. `log` may be null and outlives the transmitter. `rules` are resolved.
    Transmitter(std::vector<ServerSenders> servers, const std::vector<FaultRule>& rules, u64 seed,
                FateLog* log);

    void frame(const CutFrame& frame) override;
    /// Lets time pass in the switches; returns the ACDs (0 = all) that must pump up since a link came up.
    std::vector<Acd> advance(Nanos now);
    [[nodiscard]] Nanos deadline() const noexcept;
    /// The run is over: nothing is held back any more.
    void release_all();

    /// Sends at most `frames_max` frames of each lane, and at most so many messages that none has sent more
    /// than `messages_max` in all; returns frames taken.
    std::size_t send(std::size_t frames_max, u64 messages_max);
    /// Every lane that has something to send and whose device took nothing gives up what it holds.
    void give_up(Fate fate);
    /// As give_up(), only lanes whose device says that nobody is there.
    void give_up_without_peer();
    [[nodiscard]] bool empty() const noexcept;
    [[nodiscard]] std::size_t backlog_bytes() const noexcept;
    [[nodiscard]] bool all_ready() noexcept;
    /// Pushes out what the devices hold back; returns whether none does any more.
    [[nodiscard]] bool flush() noexcept;
    [[nodiscard]] const std::vector<std::unique_ptr<Lane>>& lanes() const noexcept { return lanes_; }

private:
    FateLog* log_;
    std::vector<LossBook> books_;
    std::vector<std::unique_ptr<Lane>> lanes_;            // server 1 A, server 1 B, server 2 A, ...
    std::vector<std::unique_ptr<FaultSwitch>> switches_;  // beside each lane
};

}  // namespace twinlink::sim
