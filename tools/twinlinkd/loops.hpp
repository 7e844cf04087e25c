// The loops of the daemon: one thread per slice of the engine, with clocks, pinning and idling. The
// rim.
//
// Owns its threads; start() begins them, stop() ends them in the order of the data's way: receive first, then
// fold until all is gathered, then commit until all is durable.
#pragma once

#include "tools/twinlinkd/config.hpp"

#include <atomic>
#include <thread>

namespace twinlink::daemon {

/// Reads both clocks.
[[nodiscard]] Now clocks() noexcept;

enum class Stage : u8 { Receive, Fold, Commit, Refold, Count_ };
constexpr std::size_t kStages = static_cast<std::size_t>(Stage::Count_);

class Loops {
public:
    Loops(Engine& engine, const ThreadsConfig& config, std::array<Port*, kLinks> ports, bool dpdk);
    ~Loops();
    Loops(const Loops&) = delete;
    Loops& operator=(const Loops&) = delete;

    /// Errors: a core that the process may not use.
    Expected<void> start();
    /// Orderly stop; returns when all threads have ended.
    void stop();
    /// When a stage last came round, monotonic: a stage that stands still is seen from here.
    [[nodiscard]] Nanos heartbeat(Stage stage) const noexcept {
        return Nanos{heartbeats_[static_cast<std::size_t>(stage)].value.load(std::memory_order_relaxed)};
    }
    /// All ports have ended (captures) and their frames were taken.
    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

private:
    struct alignas(64) Heartbeat {
        std::atomic<u64> value{0};
    };
    void receive_loop();
    void fold_loop();
    void commit_loop();
    void refold_loop();
    void beat(Stage stage, Nanos mono) noexcept {
        heartbeats_[static_cast<std::size_t>(stage)].value.store(mono.value, std::memory_order_relaxed);
    }

    Engine& engine_;
    ThreadsConfig config_;
    std::array<Port*, kLinks> ports_;
    bool dpdk_;
    std::atomic<bool> receiving_{true};
    std::atomic<bool> refolding_{true};
    std::atomic<bool> ended_{false};
    std::array<Heartbeat, kStages> heartbeats_;
    std::array<std::thread, kStages> threads_;
};

}  // namespace twinlink::daemon
