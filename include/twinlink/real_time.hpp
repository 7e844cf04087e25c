// What is going on in one ACD at this moment: the status items of the field (kind S), which no table keeps.
//
// Taken from the fold's own state on request (Engine::watch), so it is exact as of `time` and costs nothing
// when nobody asks. The items of the current and the previous interval are rows of the store like any others.
// Plain values; any thread.
#pragma once

#include <twinlink/messages.hpp>

#include <array>
#include <string_view>
#include <vector>

namespace twinlink {

/// Stable snake_case name for reports.
[[nodiscard]] constexpr std::string_view name(AgentMode mode) noexcept {
    constexpr std::array<std::string_view, 10> kNames{"unstaffed",  "avail",      "acd",  "acw",   "aux",
                                                      "direct_acd", "direct_acw", "ring", "other", "unknown"};
    return known(mode) ? kNames[static_cast<std::size_t>(mode)] : kNames.back();
}

/// A skill now. Agents count in each skill that they are logged into: as available, ringing, talking, in
/// after-call work where it is that skill's, in AUX, else as other; so the six add up to `staffed`.
struct SkillNow {
    u16 skill = 0;
    u32 in_queue = 0;       ///< INQUEUE and INRING: calls in its queue, those that ring included
    u32 ringing_calls = 0;  ///< INRING: part of in_queue that rings at an agent
    u64 oldest_since =
        0;            ///< OLDESTCALL: since when the longest waiting of them waits, the ACD's clock; 0 = none
    u32 staffed = 0;  ///< STAFFED
    u32 available = 0;  ///< AVAILABLE
    u32 ringing = 0;    ///< AGINRING: with a call of this skill ringing
    u32 on_calls = 0;   ///< ONACD: talking on a call of this skill
    u32 in_work = 0;    ///< INACW: in after-call work of this skill
    u32 in_aux = 0;     ///< INAUX
    u32 other = 0;      ///< OTHER: for another skill, direct agent calls, mode other
};

/// A staffed agent now.
struct AgentNow {
    u64 agent = 0;
    u64 call = 0;   ///< of the mode, 0 = none
    u64 since = 0;  ///< when the mode began, the ACD's clock
    u64 login = 0;  ///< when the session began, the ACD's clock
    u32 extension = 0;
    u16 skill = 0;   ///< WORKSKILL: of the mode, 0 = none
    u16 skills = 0;  ///< logged into
    AgentMode mode{};
    u8 reason = 0;  ///< AUXREASON
    Direction direction{};
    u8 held = 0;  ///< ACD calls on hold
};

/// A VDN now.
struct VdnNow {
    u32 vdn = 0;
    u32 waiting = 0;  ///< INPROGRESS: calls in it without a disposition
};

/// A trunk group now.
struct TrunkGroupNow {
    u16 trunk_group = 0;
    u16 trunks = 0;          ///< administered
    u32 in_use = 0;          ///< carrying a call
    u32 out_of_service = 0;  ///< in maintenance
};

/// One ACD now. Lists are sorted by number.
struct RealTime {
    Nanos taken;  ///< when it was taken, the server's monotonic clock
    u16 acd = 0;
    i16 utc_offset_minutes = 0;
    bool certain = false;    ///< a whole pump-up was seen and no message is missing since
    u64 time = 0;            ///< of the latest message, the ACD's clock; 0 = none yet
    u64 interval_start = 0;  ///< of the current interval, 0 = none is open
    u32 calls = 0;           ///< in progress
    std::vector<SkillNow> skills;
    std::vector<AgentNow> agents;
    std::vector<VdnNow> vdns;
    std::vector<TrunkGroupNow> trunk_groups;
};

}  // namespace twinlink
