// The second accounting law: where an agent's time goes. See core.hpp.
//
// Time is accrued at each change of state and at each boundary, into clocks that cost one cache line: what
// all of the agent's skills share (staffed, available, AUX, other) in the agent, what one skill gets alone in
// the agent's link to it. Settling books the clocks to the rows: at a flush, a boundary, and before the list
// of skills or the AUX reason changes. A skill's I_OTHERTIME is what is left of the staffed time, so the
// identity of I_STAFFTIME holds by construction.
#include "engine/fold/core.hpp"

#include "engine/fold/modes.hpp"

namespace twinlink::fold {

void Core::make_dirty(AgentEntry& a) noexcept {
    if (a.has(kAgentDirty)) return;
    a.set(kAgentDirty);
    dirty_agents_.push_back(agent_ids_.find(a.id));
}

void Core::accrue(AgentEntry& a) noexcept {
    const u64 dt = now_ - a.at;
    a.at = now_;
    if (dt == 0 || !a.staffed() || !open_) return;
    if (a.mode == AgentMode::Aux && a.aux_code != a.reason) {
        if (a.aux != 0) settle(a);
        a.aux_code = a.reason;
    }
    make_dirty(a);
    a.staff += dt;
    SkillOfAgent* const link = a.mode_link == kNoIndex ? nullptr : &links_[a.mode_link];
    switch (a.mode) {
        case AgentMode::Avail: a.avail += dt; break;
        case AgentMode::Aux: a.aux += dt; break;
        case AgentMode::Acd:
            if (link != nullptr) link->acd += dt;
            break;
        case AgentMode::Acw:
            if (link != nullptr) link->acw += dt;
            break;
        case AgentMode::Ring:
            if (link != nullptr) link->ring += dt;
            break;
        case AgentMode::DirectAcd:
            if (link != nullptr) link->direct_acd += dt;
            break;
        case AgentMode::DirectAcw:
            if (link != nullptr) link->direct_acw += dt;
            break;
        default: a.other += dt; break;
    }
    if (a.direction != Direction::None || a.held != 0) accrue_part(a, dt);
}

/// Items that are part of others: on an extension call, with an ACD call on hold. Rare, so booked at once.
void Core::accrue_part(AgentEntry& a, u64 dt) noexcept {
    if (talks(a.mode)) return;
    const bool in = a.direction == Direction::In;
    u32 link = oldest(a);
    u16 skill_column = in ? hsplit("I_AUXINTIME") : hsplit("I_AUXOUTTIME");
    u16 agent_column = in ? hagent("I_AUXINTIME") : hagent("I_AUXOUTTIME");
    if (a.held != 0) {
        link = a.held_link;
        skill_column = in ? hsplit("I_ACDAUXINTIME") : hsplit("I_ACDAUX_OUTTIME");
        agent_column = in ? hagent("I_ACDAUXINTIME") : hagent("I_ACDAUX_OUTTIME");
        if (a.direction == Direction::None) {
            skill_column = hsplit("I_ACDOTHERTIME");
            agent_column = hagent("I_ACDOTHERTIME");
        }
    } else if (a.mode == AgentMode::Acw) {
        link = a.mode_link;
        skill_column = in ? hsplit("I_ACWINTIME") : hsplit("I_ACWOUTTIME");
        agent_column = 0;  // hagent has no such item
    } else if (a.mode == AgentMode::Ring || a.mode == AgentMode::DirectAcw) {
        return;
    }
    if (link == kNoIndex) return;
    skill_rows_.touch(links_[link].skill_slot)[skill_column] += dt;
    if (agent_column != 0) agent_rows_.touch(link)[agent_column] += dt;
}

void Core::settle(AgentEntry& a) noexcept {
    if (a.staff == 0) return;
    bool first = true;
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) {
        SkillOfAgent& k = links_[l];
        if (k.assigned == 0) continue;
        const u64 other = a.staff - a.avail - a.aux - k.acd - k.acw - k.ring;
        u64* const r = a.aux != 0 ? skill_rows_.touch_all(k.skill_slot) : skill_rows_.touch(k.skill_slot);
        r[hsplit("I_STAFFTIME")] += a.staff;
        r[hsplit("I_AVAILTIME")] += a.avail;
        r[hsplit("I_ACDTIME")] += k.acd;
        r[hsplit("I_ACWTIME")] += k.acw;
        r[hsplit("I_RINGTIME")] += k.ring;
        r[hsplit("I_OTHERTIME")] += other;
        r[hsplit("I_DA_ACDTIME")] += k.direct_acd;
        r[hsplit("I_DA_ACWTIME")] += k.direct_acw;
        u64* const row = a.aux != 0 && first ? agent_rows_.touch_all(l) : agent_rows_.touch(l);
        row[hagent("I_STAFFTIME")] += a.staff;
        row[hagent("I_AVAILTIME")] += a.avail;
        row[hagent("I_ACDTIME")] += k.acd;
        row[hagent("I_ACWTIME")] += k.acw;
        row[hagent("I_RINGTIME")] += k.ring;
        row[hagent("I_OTHERTIME")] += other;
        row[hagent("I_DA_ACDTIME")] += k.direct_acd;
        row[hagent("I_DA_ACWTIME")] += k.direct_acw;
        if (a.aux != 0) {
            r[hsplit("I_AUXTIME")] += a.aux;
            r[hsplit("I_AUXTIME0") + a.aux_code] += a.aux;
        }
        if (std::exchange(first, false)) {
            row[hagent("TI_STAFFTIME")] += a.staff;
            row[hagent("TI_AVAILTIME")] += a.avail;
            row[hagent("TI_OTHERTIME")] += a.other;
            row[hagent("TI_AUXTIME")] += a.aux;
            if (a.aux != 0) row[hagent("TI_AUXTIME0") + a.aux_code] += a.aux;
        }
        k.acd = k.acw = k.ring = k.direct_acd = k.direct_acw = 0;
    }
    a.staff = a.avail = a.aux = a.other = 0;
    if (a.has(kAgentTainted)) mark_agent(a);
}

}  // namespace twinlink::fold
