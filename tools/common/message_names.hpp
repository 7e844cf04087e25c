// What the messages of the link protocol are called, by their templates. Pure; any thread.
#pragma once

#include <twinlink/messages.hpp>

#include <array>
#include <string_view>

namespace twinlink::tools {

inline constexpr std::array<std::string_view, kTemplateMax + 1> kTemplateNames = [] {
    std::array<std::string_view, kTemplateMax + 1> names{};
    constexpr std::string_view kInOrder[] = {
        "IntervalBoundary", "ClockSet",       "PumpUpBegin",    "AcdInfo",        "SkillInfo",
        "VdnInfo",          "VectorInfo",     "TrunkGroupInfo", "AgentInfo",      "AgentSkill",
        "AgentSnapshot",    "CallSnapshot",   "PumpUpEnd",      "TrunkSeized",    "TrunkIdle",
        "TrunkMaintenance", "CallAtVdn",      "CallAtVector",   "CallQueued",     "CallDequeued",
        "CallRinging",      "CallAnswered",   "CallHeld",       "CallRetrieved",  "CallConferenced",
        "CallTransferred",  "CallRedirected", "CallAbandoned",  "CallForcedBusy", "CallForcedDisconnect",
        "CallOutflowed",    "CallConnected",  "CallReleased",   "CallWorkCode",   "CallEvent",
        "AgentLogin",       "AgentLogout",    "AgentState"};
    std::size_t i = 0;
    for_each_message([&]<class M>() { names[M::kTemplate] = kInOrder[i++]; });
    return names;
}();
static_assert(kTemplateNames[AgentState::kTemplate] == "AgentState");
static_assert(kTemplateNames[CallQueued::kTemplate] == "CallQueued");

/// Name of a message by its template id: "CallQueued"; empty where this program does not know it.
[[nodiscard]] constexpr std::string_view template_name(u16 template_id) noexcept {
    return template_id <= kTemplateMax ? kTemplateNames[template_id] : std::string_view{};
}

}  // namespace twinlink::tools
