// One run of acdsim, from what was asked for to the lines at its end. Knows nothing of the command line.
#pragma once

#include "drivers/dpdk.hpp"
#include "tools/acdsim/centre_config.hpp"
#include "tools/acdsim/runner.hpp"

#include <string>
#include <vector>

namespace twinlink::sim {

struct Options {
    CentreConfig centre;  ///< of each ACD; seed and id are derived
    u32 acds = 1;
    u16 first_acd = 1;
    std::string replay_file;           ///< recorded calls instead of a model
    u32 loop_days = 0;                 ///< a whole day, encoded once and sent so often; 0 = no loop
    std::vector<std::string> servers;  ///< 'A=SPEC,B=SPEC', one or two
    std::vector<std::string> faults;
    EncoderConfig encoder;  ///< flush_age and heartbeat_every in wall time; scaled by the speed
    Pacing pacing;
    std::string truth_file;
    std::string summary_file;
    Nanos wait_ready;
    drivers::DpdkEalConfig eal;
    bool progress_bar = false;  ///< stderr is a terminal
};

/// Exit codes of the project's commands.
enum class Exit : int { Done = 0, Problem = 1, Usage = 2, Unreachable = 3, Internal = 4 };

/// Why a run could not be made, and the exit code for it.
struct Failure {
    Exit code;
    Error error;
};

/// Runs until it is over or `stop` is set. Writes to stderr only. Done, or Problem when messages were given
/// up or lines of a recording were skipped.
[[nodiscard]] std::expected<Exit, Failure> run_session(Options options, const std::atomic<bool>& stop);

/// The same for --loop-days: no faults, no truth but totals. The senders are open already.
[[nodiscard]] std::expected<Exit, Failure> run_loop(const Options& options,
                                                    std::vector<ServerSenders>& servers,
                                                    const std::atomic<bool>& stop);

}  // namespace twinlink::sim
