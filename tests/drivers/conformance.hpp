// The conformance test: what every driver must do, on any wire.
#pragma once

#include <twinlink/port.hpp>

#include <functional>
#include <memory>

namespace twinlink::drivers::test {

/// A wire under test: a port and a way to make senders that reach it. One sender lives at a time.
struct Wire {
    Port& port;
    std::function<std::unique_ptr<Sender>(const FlowConfig&)> connect;
    FlowConfig flow;                                          ///< reaches the port
    std::vector<std::pair<FlowConfig, PortCounter>> refused;  ///< flows that arrive, and how they are refused
    u32 pool_frames = 0;
    u32 frame_bytes_max = kFrameBytesDefault;
    u64 frames = 20'000;
    bool checks_everything_arrived = true;
};

/// Runs all of it. Failures are doctest checks.
void conform(const Wire& wire);

/// The sum of what packets can come to; equal to Packets on a port that keeps its contract.
u64 sum_of_outcomes(const PortCounters&);

/// Sends `frames` through `sender`, however often it takes; false when nothing moves any more for 20 s.
bool send_all(Sender& sender, std::span<const TxFrame> frames);

}  // namespace twinlink::drivers::test
