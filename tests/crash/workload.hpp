// The commits that are recorded: a whole server through a day and a half of a simulated switch.
//
// Messages, holes, late fills and the refolds they ask for, days rolled up, a journal that the retention
// cuts, saved states, a reader that holds one snapshot over many commits as a copy does, an orderly restart
// and one like kill -9. One thread, time by hand: a seed makes the same commits each time.
#pragma once

#include "tests/crash/content.hpp"
#include "tests/pipeline/stream_rig.hpp"

#include "engine/store/store.hpp"

#include <functional>

namespace twinlink::crash {

/// What a commit brought, as bits: which states lie in commits of which kind is counted.
enum class Kind : u8 { Filled, Refolded, RolledUp, Pruned, Saved, Held, Restarted, Count_ };
inline constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::Count_);
[[nodiscard]] std::string_view name(Kind kind) noexcept;

/// The ACD of the commits that the judge adds.
inline constexpr Acd kJudgesAcd{7};

/// How the recorded server is configured, but for its folder.
[[nodiscard]] EngineConfig server_config();
/// What the switch said.
[[nodiscard]] test::SimStream switch_stream(u64 seed);

struct WorkloadConfig {
    u64 seed = 1;
    /// Empty: in a folder of its own, where TMPDIR says. A store that is there is gone on with where it
    /// stands.
    std::string store_path;
    /// Hears of each commit that was acknowledged, and when the store is open; Kind as bits.
    std::function<void(const StoreSnapshot&, const StoreInfo&, u64 kinds)> acknowledged;
};

/// Runs it to the end of the stream; fails by a doctest assertion.
void run_workload(const WorkloadConfig& config);

}  // namespace twinlink::crash
