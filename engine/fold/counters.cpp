// Names and meanings of the fold's counters.
#include "engine/fold/fold.hpp"

#include <cassert>

namespace twinlink {

const CounterInfo& info(FoldCounter which) noexcept {
    static constexpr std::array<CounterInfo, static_cast<std::size_t>(FoldCounter::Count_)> kInfo{{
        {"messages", "messages folded"},
        {"ignored_before_pump_up", "messages that came before the first whole pump-up of their epoch"},
        {"unknown_template", "messages of a kind that this version does not know"},
        {"bad_value", "messages with a value outside its range"},
        {"unknown_call", "messages of a call that is not known"},
        {"unknown_agent", "calls that rang at an agent who is not staffed"},
        {"unknown_skill", "calls queued to a skill that no pump-up named"},
        {"seized_twice", "trunks seized for a call that has one"},
        {"queued_twice", "calls queued to a skill they were queued to"},
        {"too_many_queues", "calls queued to more than three skills at once"},
        {"dequeued_unqueued", "calls dequeued from a skill they were not queued to"},
        {"rang_unqueued", "calls that rang for a skill they were not queued to"},
        {"rang_twice", "calls that rang while ringing"},
        {"answered_unrung", "calls answered by an agent they did not ring at"},
        {"answered_twice", "calls answered while an agent talked to them"},
        {"held_untalked", "calls held by an agent who did not talk to them"},
        {"retrieved_unheld", "calls retrieved that were not on hold"},
        {"released_untalked",
         "calls released, transferred or conferenced by an agent who did not talk to them"},
        {"redirected_unrung", "calls redirected from an agent they did not ring at"},
        {"abandoned_elsewhere", "calls that ended in another place than the ACD names"},
        {"event_without_call", "call events of a call that no agent handles"},
        {"vdn_of_talking", "calls at a VDN while an agent talks to them"},
        {"trunk_taken", "trunks seized or cut off that carry another call"},
        {"idle_unseized", "trunks that became idle without the call that had seized them"},
        {"ended_in_vdn", "calls that ended in a VDN without a disposition"},
        {"too_many_codes", "work codes beyond the fifth of a call"},
        {"second_login", "logins of agents who are staffed"},
        {"logout_on_call", "logouts of agents with a call"},
        {"state_of_unstaffed", "states, skills or logouts of agents who are not staffed"},
        {"previous_mode_differs", "agent states whose previous mode is not the one known"},
        {"bad_transition", "agent states that cannot follow the one before"},
        {"after_work_without_call", "after-call work of a call that the agent did not just end"},
        {"skill_of_others", "agent work for, or removal of, a skill that the agent does not have"},
        {"time_backwards", "messages older than the one before by less than ten seconds"},
        {"clock_stepped", "steps back of the ACD's clock without notice"},
        {"bad_boundary", "interval boundaries with an impossible start or length"},
        {"calls_full", "calls not tracked for want of room"},
        {"agents_full", "agents not tracked for want of room"},
        {"skills_full", "skills not tracked for want of room"},
        {"legs_full", "call segments not tracked for want of room"},
        {"vdns_full", "VDNs not tracked for want of room"},
        {"vectors_full", "vectors not tracked for want of room"},
        {"trunks_full", "trunks or trunk groups not tracked for want of room"},
        {"codes_full", "work codes not tracked for want of room"},
        {"agent_skills_full", "pairs of agent and skill not tracked for want of room"},
        {"pump_up_full", "pump-ups given up for want of room"},
        {"names_full", "names handed on again for want of room to remember them"},
        {"missing", "names missing in front of folded messages"},
        {"self_cuts", "boundaries lost in a gap, at which the fold cut by itself"},
        {"pump_ups", "whole pump-ups"},
        {"pump_ups_torn", "pump-ups with something missing"},
        {"pump_up_stray", "pump-up messages outside a pump-up"},
        {"agents_corrected", "agents whose staffing or mode a pump-up corrected"},
        {"agents_dropped", "staffed agents whom a pump-up did not name"},
        {"agent_skills_corrected", "skills of agents that a pump-up corrected"},
        {"calls_corrected", "calls restored or corrected by a pump-up"},
        {"calls_dropped", "calls in progress that a pump-up did not name"},
        {"trunks_corrected", "trunks whose use a pump-up corrected"},
        {"calls_aborted", "calls whose tracking was aborted"},
        {"settings_changed", "settings changed while collecting"},
        {"clock_sets", "settings of the ACD's clock"},
        {"boundaries", "interval boundaries received"},
        {"identity_broken", "complete rows that violate an identity: a defect of the engine"},
    }};
    const auto at = static_cast<std::size_t>(which);
    assert(at < kInfo.size());
    return kInfo[at];
}

}  // namespace twinlink
