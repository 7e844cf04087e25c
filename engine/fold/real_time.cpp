// The moment as people see it: a look at the fold's state that changes nothing. See core.hpp.
//
// Costs a pass over agents and calls, so it is taken on request only.
#include "engine/fold/core.hpp"

#include <twinlink/real_time.hpp>

namespace twinlink::fold {
namespace {

/// Where an agent counts in one of his skills.
u32& place_of(const AgentEntry& a, bool works_for_it, SkillNow& s) noexcept {
    switch (a.mode) {
        case AgentMode::Avail: return s.available;
        case AgentMode::Aux: return s.in_aux;
        case AgentMode::Acd: return works_for_it ? s.on_calls : s.other;
        case AgentMode::Acw: return works_for_it ? s.in_work : s.other;
        case AgentMode::Ring: return works_for_it ? s.ringing : s.other;
        default: return s.other;
    }
}

}  // namespace

void Core::look(RealTime& now) const {
    const auto by_clock = [this](u64 internal) { return internal == 0 ? 0 : wall_ - (now_ - internal); };
    now = {};
    now.acd = acd_.value;
    now.utc_offset_minutes = acd_record_.utc_offset_minutes;
    now.certain = ready_ && !uncertain_;
    now.time = wall_;
    now.interval_start = open_ ? record_.start : 0;
    now.calls = calls_.size();
    look_at_skills(now);
    for (u32 i = 0; i < agents_.high(); ++i) {
        const AgentEntry& a = agents_[i];
        if (!a.used() || !a.staffed()) continue;
        u16 skills = 0;
        for (u32 l = a.first; l != kNoIndex; l = links_[l].next)
            skills = static_cast<u16>(skills + links_[l].assigned);
        now.agents.push_back({a.id, a.call, by_clock(a.mode_at), by_clock(a.login_at), a.extension, a.skill,
                              skills, a.mode, a.reason, a.direction, a.held});
    }
    for (u32 i = 0; i < vdns_.high(); ++i) {
        if (vdns_[i].known != 0 || vdns_[i].waiting != 0)
            now.vdns.push_back({vdns_[i].number, vdns_[i].waiting});
    }
    std::vector<u32> out(groups_.high());
    for (u32 i = 0; i < trunks_.high(); ++i) {
        if (trunks_[i].used() && trunks_[i].has(kOutOfService)) ++out[trunks_[i].group];
    }
    for (u32 i = 0; i < groups_.high(); ++i) {
        const GroupState& g = groups_[i];
        if (g.used()) now.trunk_groups.push_back({g.number, g.trunks, g.busy - out[i], out[i]});
    }
    std::ranges::sort(now.agents, {}, &AgentNow::agent);
    std::ranges::sort(now.vdns, {}, &VdnNow::vdn);
    std::ranges::sort(now.trunk_groups, {}, &TrunkGroupNow::trunk_group);
}

void Core::look_at_skills(RealTime& now) const {
    std::vector<SkillNow> by_slot(skills_.high());
    for (u32 i = 0; i < agents_.high(); ++i) {
        const AgentEntry& a = agents_[i];
        if (!a.used() || !a.staffed()) continue;
        for (u32 l = a.first; l != kNoIndex; l = links_[l].next) {
            if (links_[l].assigned == 0) continue;
            SkillNow& s = by_slot[links_[l].skill_slot];
            ++s.staffed;
            ++place_of(a, l == a.mode_link, s);
        }
    }
    for (u32 i = 0; i < calls_.high(); ++i) {
        const CallEntry& c = calls_[i];
        if (!c.used()) continue;
        for (const Queue& q : c.queue) {
            if (q.skill == 0) continue;
            SkillNow& s = by_slot[skill_slots_[q.skill]];
            ++s.in_queue;
            s.ringing_calls += c.ringing() && c.ring_offer == Offer::Skill && c.ring_skill == q.skill;
            const u64 since = wall_ - (now_ - q.at);
            s.oldest_since = s.oldest_since == 0 ? since : std::min(s.oldest_since, since);
        }
    }
    for (u32 i = 0; i < skills_.high(); ++i) {
        if (!skills_[i].used()) continue;
        by_slot[i].skill = skills_[i].number;
        now.skills.push_back(by_slot[i]);
    }
    std::ranges::sort(now.skills, {}, &SkillNow::skill);
}

}  // namespace twinlink::fold
