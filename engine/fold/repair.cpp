// A whole pump-up against what is known: what agrees stays as it is, bit for bit; what differs is corrected
// and counted.
//
// `certain` says that nothing was missing before: then a difference is the ACD's own contradiction and marks
// rows. Else the interval is INCOMPLETE as a whole, and what outlives it without a known past is tainted: see
// README.md for why a row that is not marked then equals the row of a run that missed nothing. See core.hpp.
#include "engine/fold/core.hpp"

#include "engine/fold/modes.hpp"

namespace twinlink::fold {

void Core::corrected(AgentEntry& a, FoldCounter kind, bool certain) noexcept {
    count(kind);
    if (certain) mark_agent(a);
}

void Core::repair(bool certain) {
    repair_staffing(certain);
    repair_skills(certain);
    drop_unnamed_agents(certain);
    repair_modes(certain);
    repair_calls(certain);
    drop_unnamed_calls(certain);
    repair_work(certain);
    repair_trunks(certain);
    if (!certain) recount_after_loss();
}

// ---- agents
// -------------------------------------------------------------------------------------------------

void Core::repair_staffing(bool certain) {
    for (const AgentSnapshot& s : staged_agents_) {
        if (s.agent == 0 || !known(s.mode) || s.mode == AgentMode::Unstaffed || s.reason > 99 ||
            s.direction > Direction::Out) {
            count(FoldCounter::BadValue);
            continue;
        }
        AgentEntry* const a = find_or_add_agent(s.agent);
        if (a == nullptr) continue;
        a->pump_up = pump_up_;
        if (!a->staffed()) {
            log_in(*a, s.extension);
            found_logged_in(*a, s);
            a->set(kOrderUnknown);
            corrected(*a, FoldCounter::AgentsCorrected, certain);
        } else if (!certain && s.login_time != 0 && s.login_time + skew_ != a->login_at) {
            found_logged_in(*a, s);  // out and in again unseen
        }
        set_extension(*a, s.extension);
    }
}

void Core::found_logged_in(AgentEntry& a, const AgentSnapshot& s) noexcept {
    a.login_at = s.login_time == 0 ? now_ : std::min(s.login_time + skew_, now_);
    a.found = 1;
}

void Core::repair_skills(bool certain) {
    for (const AgentSkill& s : staged_skills_) {
        AgentEntry* const a = find_agent(s.agent);
        if (a == nullptr || !a->staffed() || a->pump_up != pump_up_ || s.skill == 0) continue;
        u32 l = find_link(*a, s.skill);
        const bool has = l != kNoIndex && links_[l].assigned != 0 && links_[l].leaving == 0;
        if (s.level == 0) {  // removed while the pump-up went on
            if (has) {
                links_[l].leaving = 1;
                a->set(kSkillLeaving);
            }
            continue;
        }
        if (!has || links_[l].level != s.level) {
            accrue(*a);
            assign(*a, s.skill, s.level);
            a->set(kOrderUnknown);
            corrected(*a, FoldCounter::AgentSkillsCorrected, certain);
            l = find_link(*a, s.skill);
        }
        if (l != kNoIndex) links_[l].pump_up = pump_up_;
    }
}

void Core::drop_unnamed_agents(bool certain) {
    for (u32 i = 0; i < agents_.high(); ++i) {
        AgentEntry& a = agents_[i];
        if (!a.used() || !a.staffed()) continue;
        accrue(a);
        if (a.pump_up != pump_up_) {
            corrected(a, FoldCounter::AgentsDropped, certain);
            log_out(a, 0, false);
            continue;
        }
        for (u32 l = a.first; l != kNoIndex; l = links_[l].next) {
            if (links_[l].assigned == 0 || links_[l].pump_up == pump_up_ || links_[l].leaving != 0) continue;
            corrected(a, FoldCounter::AgentSkillsCorrected, certain);
            unassign(a, l);
        }
    }
}

void Core::repair_modes(bool certain) {
    for (const AgentSnapshot& s : staged_agents_) {
        AgentEntry* const a = find_agent(s.agent);
        if (a == nullptr || !a->staffed() || a->pump_up != pump_up_) continue;
        const u32 l = find_link(*a, s.oldest_skill);
        if (s.oldest_skill != 0 && l != kNoIndex && links_[l].assigned != 0 && l != oldest(*a)) {
            settle(*a);
            unlink(*a, l);
            links_[l].next = a->first;
            a->first = l;
            resolve_mode_link(*a);
            corrected(*a, FoldCounter::AgentSkillsCorrected, certain);
        }
        repair_mode(*a, s, certain);
    }
}

void Core::repair_mode(AgentEntry& a, const AgentSnapshot& s, bool certain) {
    const bool same = a.mode == s.mode && a.skill == s.skill && a.reason == s.reason && a.call == s.call &&
                      a.direction == s.direction;
    if (!same) {
        a.mode = s.mode;
        a.skill = s.skill;
        a.reason = s.reason;
        a.call = s.call;
        if (a.direction != s.direction) {  // begun or ended unseen: an end is not booked, a begin is a guess
            a.ext_class = ExtensionClass::None;
            begin_extension(a, s.direction);
            if (s.direction != Direction::None) a.set(kExtTainted);
        }
        resolve_mode_link(a);
        corrected(a, FoldCounter::AgentsCorrected, certain);
    }
    const u64 since = s.since == 0 ? now_ : std::min(s.since + skew_, now_);
    if (a.has(kTraced)) trace_found(a, since);
    if (certain) return;
    a.mode_at = since;
    a.clear(kAgentTainted);
    u32 skills = 0;
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) skills += links_[l].assigned;
    if (skills > 2) a.set(kOrderUnknown);
    if (skills <= 2) a.clear(kOrderUnknown);
    if (a.direction != Direction::None) a.set(kExtTainted);
}

}  // namespace twinlink::fold
