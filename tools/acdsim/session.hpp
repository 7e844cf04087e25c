// One run of acdsim, from what was asked for to the lines at its end. Knows nothing of the command line.
#pragma once

#include "drivers/dpdk.hpp"
#include "tools/acdsim/centre_config.hpp"
#include "tools/acdsim/runner.hpp"

#include <map>
#include <string>
#include <vector>

namespace twinlink::sim {

/// Recorded calls instead of a model.
struct ReplayOptions {
    std::string file;  ///< empty = a model
    std::string format;
    Nanos window{60 * kSecond};  ///< queue_log: how far lines may be out of order
    bool follow = false;
    bool from_end = false;
    bool redirect_unanswered = false;
    std::map<std::string, u8> reasons;  ///< queue_log: AUX codes of pause reasons
};

struct Options {
    CentreConfig centre;  ///< of each ACD; seed and id are derived
    u32 acds = 1;
    u16 first_acd = 1;
    ReplayOptions replay;
    u32 loop_days = 0;                 ///< a whole day, encoded once and sent so often; 0 = no loop
    std::vector<std::string> servers;  ///< 'A=SPEC,B=SPEC', at most kServersMax
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

/// A recording that is ready to be played.
struct OpenedReplay {
    std::unique_ptr<Source> source;
    /// When following: what must know the time of day right before the run.
    std::function<void(Nanos wall)> set_wall;
    /// Says on stderr what the recording was like; false when lines of it were skipped.
    std::function<bool()> conclude;
};
[[nodiscard]] Expected<OpenedReplay> open_replay(const Options& options);

/// The same for --loop-days: no faults, no truth but totals. The senders are open already.
[[nodiscard]] std::expected<Exit, Failure> run_loop(const Options& options,
                                                    std::vector<ServerSenders>& servers,
                                                    const std::atomic<bool>& stop);

}  // namespace twinlink::sim
