// Draws crash states from a recorded log and has each one judged.
//
// A state is named by (seed, number of states, its own number) and nothing else, so that any can be made
// again. States go through the log in order; each process takes a part of them and keeps one file in memory
// that it changes from state to state.
#pragma once

#include "tests/crash/disk.hpp"
#include "tests/crash/judge.hpp"

namespace twinlink::crash {

struct RunConfig {
    u64 seed = 1;
    u64 states = 10'000;
    u64 processes = 1;
    u64 deep_every = 10;           ///< one in so many is judged as Depth::Deep
    u64 whole_every = 200;         ///< ... as Depth::Whole
    u64 fault_every = 20;          ///< one in so many is opened first while a call fails
    bool barriers = true;          ///< false: the control, a disk that ignores flushes
    std::optional<u64> only;       ///< this state alone
    std::filesystem::path keep;    ///< where the store of that state is put before it is judged
    std::filesystem::path folder;  ///< for files in memory
};

/// What the log tells before any state is made.
struct Story {
    std::vector<Mark> marks;
    std::vector<u64> marked_at;  ///< steps of the log by which a mark was acknowledged
    std::string store_path;
    u64 steps = 0;
    u64 writes = 0;
    u64 syncs = 0;
    u64 bytes = 0;
};
[[nodiscard]] Story read_story(Bytes log);

struct RunReport {
    u64 judged = 0;
    u64 distinct = 0;
    u64 creation = 0;                 ///< of them during the first creation
    u64 whole = 0;                    ///< of them judged as Depth::Whole
    u64 faults = 0;                   ///< of them had a call fail in their first opening, too
    std::array<u64, kKinds> kinds{};  ///< of them in a commit of that kind
    u64 violations = 0;
    u64 refused = 0;  ///< violations: the store did not open
    u64 died = 0;     ///< violations: the process that judged died
    std::vector<std::string> examples;
};
inline constexpr std::size_t kExamplesMax = 10;

[[nodiscard]] RunReport run_states(const RunConfig& config, Bytes log, const Story& story,
                                   const test::SimStream& truth);

}  // namespace twinlink::crash
