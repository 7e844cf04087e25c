// Runs sources against the clock: real time, N times real time, or as fast as the devices take frames.
//
// The rim of acdsim: the only place, with the loop of the day tape, that reads the machine's clock and
// sleeps. What is sent depends on the ACD's clock alone; the machine's clock only says when.
#pragma once

#include "tools/acdsim/transmitter.hpp"

#include <atomic>
#include <functional>

namespace twinlink::sim {

struct Pacing {
    u64 speed_milli = 1'000;                ///< 1,000 = real time; 0 = as fast as possible
    u64 rate = 0;                           ///< messages a second and link at most; 0 = no limit
    u64 rate_for = 0;                       ///< day tape: so many messages; 0 = all of them ...
    u64 rate_then = 0;                      ///< ... and the rate from then on
    std::size_t ahead_bytes = 256U << 20U;  ///< as fast as possible: encoded before it is sent
    bool wait = true;                       ///< false: what a device does not take at once is given up
    Nanos give_up_after = 10_s;  ///< what a device does not take for so long is given up; 0 = never
    bool ends_orderly = true;    ///< closing heartbeats also when it is stopped early
};

/// How far it is, for a progress bar. Parts are of the ACD time of the whole run.
struct Progress {
    u64 messages = 0;
    u32 permille = 0;
    double seconds = 0;
};

class Runner {
public:
    struct Acd {
        std::unique_ptr<Source> source;
        std::unique_ptr<StreamEncoder> encoder;
    };
    /// `stop` may be set by a signal handler. All outlive the runner.
    Runner(std::vector<Acd>& acds, Transmitter& transmitter, const Pacing& pacing,
           const std::atomic<bool>& stop, std::function<void(const Progress&)> progress = {});

    /// Until every source is over, or stopped. Everything is sent or given up when it returns.
    void run();
    [[nodiscard]] Progress progress() const;

private:
    [[nodiscard]] Nanos next_due() const noexcept;
    void happen(Nanos due);
    void wait_until(Nanos due);
    void drain(bool all);
    void flush();
    void report();

    std::vector<Acd>& acds_;
    Transmitter& transmitter_;
    Pacing pacing_;
    const std::atomic<bool>& stop_;
    std::function<void(const Progress&)> progress_;
    Nanos first_;  ///< ACD time when it began
    Nanos last_;   ///< ACD time when it ends by plan
    Nanos reached_;
    u64 wall_start_ = 0;  ///< CLOCK_MONOTONIC
    u64 reported_ = 0;
};

/// CLOCK_MONOTONIC in ns.
[[nodiscard]] u64 monotonic_ns() noexcept;
/// CLOCK_REALTIME.
[[nodiscard]] Nanos wall_time() noexcept;
void sleep_ns(u64 ns) noexcept;

}  // namespace twinlink::sim
