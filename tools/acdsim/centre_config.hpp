// What a simulated call centre is like: the few numbers a person chooses. Everything else follows from the
// seed.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <vector>

namespace twinlink::sim {

inline constexpr u64 kSecond = 1'000'000'000;
inline constexpr u64 kMinute = 60 * kSecond;
inline constexpr u64 kHour = 60 * kMinute;
inline constexpr u64 kDay = 24 * kHour;

/// Summer time begins or ends: local time is UTC + `minutes` from then on.
struct OffsetChange {
    Nanos at;
    i16 minutes = 0;
};

/// Probabilities are in parts per million. Times of day are those of the ACD's clock.
struct CentreConfig {
    Acd acd{1};
    u64 seed = 1;
    u32 agents = 100;
    u32 skills = 0;  ///< 0 = one for every 25 agents, at least 3
    Nanos start;     ///< first moment of the run
    Nanos end;       ///< last one
    u16 interval_minutes = 30;
    i16 utc_offset_minutes = 0;
    std::vector<OffsetChange> offset_changes{};  ///< a pump-up tells of each at once
    u64 calls_per_hour = 0;                      ///< at the busiest time; 0 = what keeps the agents busy
    Nanos opens{8 * kHour};                      ///< since midnight
    Nanos closes{20 * kHour};
    Nanos pump_up_every{kHour};  ///< audits; 0 = none
    u16 phantom_abandon_s = 0;
    u32 unanswered_ppm = 25'000;
    u32 trunk_out_per_day = 20;  ///< trunks taken out of service, per ACD and day
    u32 clock_sets_per_day = 0;
    std::vector<Nanos> restarts{};  ///< when the ACD crashes and starts again with a new epoch
    bool whole_day = false;         ///< callers and agents leave in time to end with everything idle
};

/// Errors: no or too many agents or skills, an interval off the grid, times that contradict each other.
[[nodiscard]] Expected<CentreConfig> checked(CentreConfig config);

}  // namespace twinlink::sim
