// Agents: login, skills, modes, extension calls. Where their time goes is in agent_time.cpp. See core.hpp.
//
// Whoever changes a mode, a list of skills or the count of held calls first accrues the time up to now, and
// before the list of skills changes, settles it: clocks that are not booked yet always belong to the present
// list.
#include "engine/fold/core.hpp"

#include "engine/fold/modes.hpp"

namespace twinlink::fold {

/// Index of the skill; one that no pump-up named is added and counted. kNoIndex without a skill or room.
u32 Core::skill_slot(u16 skill) noexcept {
    if (skill == 0) return kNoIndex;
    if (skill_slots_[skill] != 0xFFFF) return skill_slots_[skill];
    const u32 slot = skills_.take();
    if (slot == Pool<SkillEntry>::kNone) {
        count(FoldCounter::SkillsFull);
        become_uncertain();
        return kNoIndex;
    }
    skills_[slot].number = skill;
    skill_slots_[skill] = static_cast<u16>(slot);
    return slot;
}

AgentEntry* Core::find_agent(u64 id) noexcept {
    if (id == 0) return nullptr;
    u32 at = found_.agent;
    if (at == kNoIndex || agents_[at].id != id) at = agent_ids_.find(id);
    return at == IdMap::kNone ? nullptr : &agents_[at];
}

AgentEntry* Core::find_or_add_agent(u64 id) noexcept {
    if (AgentEntry* const a = find_agent(id)) return a;
    if (id == 0) return nullptr;
    const u32 at = agents_.take();
    if (at == Pool<AgentEntry>::kNone) {
        count(FoldCounter::AgentsFull);
        become_uncertain();
        return nullptr;
    }
    agent_ids_.insert(id, at);
    AgentEntry& a = agents_[at];
    a.id = id;
    a.at = now_;
    a.first = a.mode_link = a.held_link = a.ext_link = a.top_link = kNoIndex;
    if (!traces_.empty() && find_trace(id) != nullptr) a.set(kTraced);
    return &a;
}

u32 Core::find_link(const AgentEntry& a, u16 skill) const noexcept {
    u32 l = a.first;
    while (l != kNoIndex && links_[l].skill != skill) l = links_[l].next;
    return l;
}

/// OLDEST_LOGON: the first skill in force.
u32 Core::oldest(const AgentEntry& a) const noexcept {
    u32 l = a.first;
    while (l != kNoIndex && links_[l].assigned == 0) l = links_[l].next;
    return l;
}

/// The row of agent and skill, added where a call needs one; skill 0 is the oldest logon skill.
u32 Core::row_link(u64 agent, u16 skill) noexcept {
    AgentEntry* const a = find_or_add_agent(agent);
    if (a == nullptr) return kNoIndex;
    if (skill == 0) {
        const u32 l = oldest(*a);
        return l != kNoIndex ? l : a->first;
    }
    const u32 l = find_link(*a, skill);
    return l != kNoIndex ? l : add_link(*a, skill);
}

u32 Core::add_link(AgentEntry& a, u16 skill) noexcept {
    const u32 slot = skill_slot(skill);
    if (slot == kNoIndex) return kNoIndex;
    const u32 l = links_.take();
    if (l == Pool<SkillOfAgent>::kNone) {
        count(FoldCounter::AgentSkillsFull);
        become_uncertain();
        return kNoIndex;
    }
    links_[l].skill = skill;
    links_[l].skill_slot = static_cast<u16>(slot);
    links_[l].agent = agent_ids_.find(a.id);
    append_link(a, l);
    return l;
}

void Core::append_link(AgentEntry& a, u32 link) noexcept {
    links_[link].next = kNoIndex;
    u32* at = &a.first;
    while (*at != kNoIndex) at = &links_[*at].next;
    *at = link;
}

void Core::unlink(AgentEntry& a, u32 link) noexcept {
    u32* at = &a.first;
    while (*at != link) at = &links_[*at].next;
    *at = links_[link].next;
}

/// Gives the staffed agent a skill (the newest of his) or changes its level.
void Core::assign(AgentEntry& a, u16 skill, u8 level) noexcept {
    u32 l = find_link(a, skill);
    if (l == kNoIndex) l = add_link(a, skill);
    if (l == kNoIndex) return;
    SkillOfAgent& link = links_[l];
    link.level = level;
    link.leaving = 0;
    if (link.assigned == 0) {
        settle(a);
        link.assigned = 1;
        unlink(a, l);
        append_link(a, l);
        SkillEntry& s = skills_[link.skill_slot];
        ++s.staffed;
        if (open_) {
            u64* const row = skill_rows_.touch(link.skill_slot);
            row[hsplit("MAXSTAFFED")] = std::max<u64>(row[hsplit("MAXSTAFFED")], s.staffed);
        }
    }
    update_top(a);
    resolve_mode_link(a);
}

void Core::unassign(AgentEntry& a, u32 l) noexcept {
    SkillOfAgent& link = links_[l];
    if (link.assigned == 0) return;
    settle(a);
    if (a.has(kOrderUnknown) && l == oldest(a)) a.set(kAgentTainted);
    link.assigned = 0;
    link.leaving = 0;
    --skills_[link.skill_slot].staffed;
    update_top(a);
    resolve_mode_link(a);
}

/// The top skill is the one with the best level, the lowest number among equals.
void Core::update_top(AgentEntry& a) noexcept {
    u32 top = kNoIndex;
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) {
        const SkillOfAgent& link = links_[l];
        if (link.assigned == 0) continue;
        if (top == kNoIndex || link.level < links_[top].level ||
            (link.level == links_[top].level && link.skill < links_[top].skill))
            top = l;
    }
    if (top == a.top_link) return;
    if (a.top_link != kNoIndex) --skills_[links_[a.top_link].skill_slot].top;
    a.top_link = top;
    if (top == kNoIndex) return;
    const u32 n = ++skills_[links_[top].skill_slot].top;
    if (!open_) return;
    u64* const row = skill_rows_.touch(links_[top].skill_slot);
    row[hsplit("MAXTOP")] = std::max<u64>(row[hsplit("MAXTOP")], n);
}

/// Skills that were removed while the agent worked for them go when that work is over.
void Core::remove_leaving(AgentEntry& a) noexcept {
    if (!a.has(kSkillLeaving)) return;
    a.clear(kSkillLeaving);
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) {
        if (links_[l].leaving == 0) continue;
        if (l == a.mode_link || l == a.held_link)
            a.set(kSkillLeaving);
        else
            unassign(a, l);
    }
}

void Core::set_extension(AgentEntry& a, u32 extension) noexcept {
    if (std::exchange(a.extension, extension) == extension) return;
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) agent_rows_.refresh(l);
}

void Core::log_in(AgentEntry& a, u32 extension) noexcept {
    a.mode = AgentMode::Other;
    set_extension(a, extension);
    a.at = now_;
    a.login_at = now_;
    a.mode_at = now_;
    a.found = 0;
    a.flags = static_cast<u8>(a.flags & (kAgentDirty | kTraced));
}

/// `seen` is false where no message told of it.
void Core::log_out(AgentEntry& a, u8 reason, bool seen) noexcept {
    accrue(a);
    end_work(a);
    end_extension(a);
    log_session(a, reason, seen);
    if (a.has(kTraced)) trace_logout(a, reason, seen);
    settle(a);
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) {
        if (links_[l].assigned == 0) continue;
        links_[l].assigned = 0;
        links_[l].leaving = 0;
        --skills_[links_[l].skill_slot].staffed;
    }
    update_top(a);
    a.mode = AgentMode::Unstaffed;
    a.mode_link = kNoIndex;
    a.held_link = kNoIndex;
    a.held_leg = 0;
    a.held = 0;
    a.call = 0;
    a.skill = 0;
    a.reason = 0;
    a.direction = Direction::None;
}

/// Where the present mode's time goes: its skill, or the oldest logon skill where it names none.
void Core::resolve_mode_link(AgentEntry& a) noexcept {
    a.mode_link = kNoIndex;
    switch (a.mode) {
        case AgentMode::Acd:
        case AgentMode::Acw:
        case AgentMode::DirectAcd:
        case AgentMode::DirectAcw:
        case AgentMode::Ring: break;
        default: return;
    }
    if (a.skill != 0) a.mode_link = find_link(a, a.skill);
    if (a.mode_link == kNoIndex || links_[a.mode_link].assigned == 0) a.mode_link = oldest(a);
}

void Core::set_mode(AgentEntry& a, AgentMode mode, u16 skill, u64 call, u8 reason,
                    Direction direction) noexcept {
    if (a.mode != mode || a.reason != reason) a.mode_at = now_;
    a.mode = mode;
    a.skill = skill;
    a.call = call;
    a.reason = reason;
    if (a.direction != direction) {
        end_extension(a);
        begin_extension(a, direction);
    }
    resolve_mode_link(a);
    remove_leaving(a);
    if (a.has(kTraced)) [[unlikely]]
        trace_mode(a);
}

/// After-call work ends: the call is over for this agent and its skill.
void Core::end_work(AgentEntry& a) noexcept {
    if (a.work.call == 0) return;
    if (a.work.has(kJoined)) {
        a.work.talk += now_ - a.work.since;
        a.work.clear(kJoined);
    }
    const Segment s = a.work;
    a.work = {};
    book(s, s.has(kInWork) ? now_ - s.since : 0);
}

// ---- extension calls
// ----------------------------------------------------------------------------------------

/// Precondition: the new mode is set, the time before was accrued.
void Core::begin_extension(AgentEntry& a, Direction direction) noexcept {
    a.direction = direction;
    if (direction == Direction::None) return;
    const bool in = direction == Direction::In;
    a.ext_at = now_;
    a.ext_link = oldest(a);
    a.ext_class = in ? ExtensionClass::AuxIn : ExtensionClass::AuxOut;
    if (a.held != 0) {
        a.ext_class = in ? ExtensionClass::AcdAuxIn : ExtensionClass::AcdAuxOut;
        a.ext_link = a.held_link;
        if (!in) a.ext_leg = a.held_leg;
    } else if (works(a.mode)) {
        a.ext_class = in ? ExtensionClass::AcwIn : ExtensionClass::AcwOut;
        if (const u32 l = find_link(a, a.skill); a.skill != 0 && l != kNoIndex) a.ext_link = l;
    }
}

void Core::end_extension(AgentEntry& a) noexcept {
    struct Columns {
        u16 skill_calls, skill_time, agent_calls, agent_time;
    };
    static constexpr std::array<Columns, 7> kColumns{{
        {},
        {hsplit("ACWINCALLS"), hsplit("ACWINTIME"), hagent("ACWINCALLS"), hagent("ACWINTIME")},
        {hsplit("ACWOUTCALLS"), hsplit("ACWOUTTIME"), hagent("ACWOUTCALLS"), hagent("ACWOUTTIME")},
        {hsplit("AUXINCALLS"), hsplit("AUXINTIME"), hagent("AUXINCALLS"), hagent("AUXINTIME")},
        {hsplit("AUXOUTCALLS"), hsplit("AUXOUTTIME"), hagent("AUXOUTCALLS"), hagent("AUXOUTTIME")},
        {hsplit("AUXINCALLS"), hsplit("AUXINTIME"), hagent("AUXINCALLS"), hagent("AUXINTIME")},
        {hsplit("ACDAUXOUTCALLS"), 0, hagent("ACDAUXOUTCALLS"), 0},
    }};
    bank_consult(a);
    const ExtensionClass kind = std::exchange(a.ext_class, ExtensionClass::None);
    const u32 link = a.ext_link != kNoIndex ? a.ext_link : oldest(a);
    const bool tainted = a.has(kExtTainted);
    a.ext_link = kNoIndex;
    a.clear(kExtTainted);
    a.direction = Direction::None;
    if (kind == ExtensionClass::None || link == kNoIndex || !open_) return;
    const Columns& c = kColumns[static_cast<std::size_t>(kind)];
    u64* const skill = skill_rows_.touch(links_[link].skill_slot);
    u64* const agent = agent_rows_.touch(link);
    ++skill[c.skill_calls];
    ++agent[c.agent_calls];
    if (c.skill_time != 0) {
        skill[c.skill_time] += now_ - a.ext_at;
        agent[c.agent_time] += now_ - a.ext_at;
    }
    if (tainted) mark_agent(a);
}

// ---- messages
// -----------------------------------------------------------------------------------------------

void Core::on(const AgentLogin& m) {
    AgentEntry* const a = find_or_add_agent(m.agent);
    if (a == nullptr) return m.agent == 0 ? count(FoldCounter::BadValue) : void();
    if (pumping_) a->pump_up = pump_up_;
    if (a->staffed()) {
        count(FoldCounter::SecondLogin);
        trace_doubt(a->id);
        return mark_agent(*a);
    }
    log_in(*a, m.extension);
    if (a->has(kTraced)) trace_mode(*a);
}

void Core::on(const AgentLogout& m) {
    AgentEntry* const a = find_agent(m.agent);
    if (a == nullptr || !a->staffed()) {
        count(FoldCounter::StateOfUnstaffed);
        return mark_agent(m.agent);
    }
    if (talks(a->mode) || a->held != 0) {
        count(FoldCounter::LogoutOnCall);
        trace_doubt(a->id);
        mark_agent(*a);
    }
    log_out(*a, m.reason, true);
}

void Core::on(const AgentSkill& m) {
    if (pumping_) return stage(m);
    AgentEntry* const a = find_agent(m.agent);
    if (m.skill == 0 || a == nullptr || !a->staffed()) {
        count(m.skill == 0 ? FoldCounter::BadValue : FoldCounter::StateOfUnstaffed);
        mark_skill(m.skill);
        return mark_agent(m.agent);
    }
    accrue(*a);
    if (m.level != 0) return assign(*a, m.skill, m.level);
    const u32 l = find_link(*a, m.skill);
    if (l == kNoIndex || links_[l].assigned == 0) {
        count(FoldCounter::SkillOfOthers);
        mark_skill(m.skill);
        return mark_agent(*a);
    }
    links_[l].leaving = 1;
    a->set(kSkillLeaving);
    remove_leaving(*a);
}

void Core::count_transition(const AgentEntry& a, const AgentState& m) noexcept {
    bool legal = true;
    if (m.previous != a.mode) {
        count(FoldCounter::PreviousModeDiffers);
        legal = false;
    } else if (transition(a.mode, m.mode, m.call != 0) != Transition::Fine) {
        count(FoldCounter::BadTransition);
        legal = false;
    }
    if (works(m.mode) && m.call != 0 && a.work.call != m.call) {
        count(FoldCounter::AfterWorkWithoutCall);
        legal = false;
    }
    const bool for_skill = m.mode == AgentMode::Acd || m.mode == AgentMode::Acw || m.mode == AgentMode::Ring;
    const u32 link = for_skill && m.skill != 0 ? find_link(a, m.skill) : oldest(a);
    if (for_skill && m.skill != 0 && (link == kNoIndex || links_[link].assigned == 0)) {
        count(FoldCounter::SkillOfOthers);
        mark_skill(m.skill);
        legal = false;
    }
    if (legal) return;
    trace_doubt(a.id);
    mark_agent(a);
}

void Core::on(const AgentState& m) {
    AgentEntry* const a = find_agent(m.agent);
    if (a == nullptr || !a->staffed()) {
        count(FoldCounter::StateOfUnstaffed);
        mark_skill(m.skill);
        return mark_agent(m.agent);
    }
    if (!known(m.mode) || m.reason > 99 || m.direction > Direction::Out) {
        count(FoldCounter::BadValue);
        trace_doubt(a->id);
        return mark_agent(*a);
    }
    if (pumping_) a->pump_up = pump_up_;
    count_transition(*a, m);
    if (m.mode == AgentMode::Unstaffed) return log_out(*a, m.reason, true);
    accrue(*a);
    if (a->work.has(kJoined) && !talks(m.mode)) leave_joined(a, a->work.call, false);
    if (a->work.call != 0 && !a->work.has(kJoined)) {
        if (works(m.mode) && m.call == a->work.call) {
            if (!a->work.has(kInWork)) {
                a->work.set(kInWork);
                a->work.since = now_;
            }
        } else {
            end_work(*a);
        }
    }
    set_mode(*a, m.mode, m.skill, m.call, m.reason, m.direction);
}

}  // namespace twinlink::fold
