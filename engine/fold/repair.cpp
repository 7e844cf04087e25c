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
            a->set(kOrderUnknown);
            corrected(*a, FoldCounter::AgentsCorrected, certain);
        }
        a->extension = s.extension;
    }
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
            log_out(a);
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
    if (certain) return;
    a.clear(kAgentTainted);
    u32 skills = 0;
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) skills += links_[l].assigned;
    if (skills > 2) a.set(kOrderUnknown);
    if (skills <= 2) a.clear(kOrderUnknown);
    if (a.direction != Direction::None) a.set(kExtTainted);
}

// ---- calls
// --------------------------------------------------------------------------------------------------

void Core::repair_calls(bool certain) {
    for (const CallSnapshot& s : staged_calls_) {
        if (s.call == 0) {
            count(FoldCounter::BadValue);
            continue;
        }
        repair_call(s, certain);
    }
}

void Core::repair_call(const CallSnapshot& s, bool certain) {
    CallEntry* c = find_call(s.call);
    const bool idle =
        s.place == CallPlace::Trunk || s.place == CallPlace::Vdn || s.place == CallPlace::Extension;
    if (s.place == CallPlace::AfterWork && c == nullptr) return;  // repair_work sees to the agent
    bool rebuild = c == nullptr || !agrees(*c, s);
    if (c == nullptr && (c = find_or_add_call(s.call)) != nullptr && idle && certain) {
        // No message had to name it yet: a consult call that still dials.
        if (s.trunk != 0) c->set(kOnTrunk);
        rebuild = false;
    }
    if (c == nullptr) return;
    // After a loss it may have been requeued, or rung at the same agent for another skill.
    if (!certain && s.place == CallPlace::Ringing) rebuild = true;
    if (rebuild) {
        count(FoldCounter::CallsCorrected);
        if (certain) mark_call(*c);
        rebuild_call(*c, s);
    }
    if (!certain) {
        c->set(kTaintedCall);
        if (c->talking()) c->talk.set(kTainted);
    }
}

/// Whether what is known of the call is what the snapshot says.
bool Core::agrees(const CallEntry& c, const CallSnapshot& s) const noexcept {
    if (c.has(kOnTrunk) != (s.trunk != 0)) return false;
    u32 known_queues = 0;
    for (const Queue& q : c.queue) {
        if (q.skill == 0) continue;
        ++known_queues;
        if (std::find(s.skill.begin(), s.skill.end(), q.skill) == s.skill.end()) return false;
    }
    const auto named =
        static_cast<u32>(std::count_if(s.skill.begin(), s.skill.end(), [](u16 k) { return k != 0; }));
    switch (s.place) {
        case CallPlace::Queue:
            if (c.ringing() || c.talking()) return false;
            return s.agent != 0 ? c.direct_agent == s.agent : c.direct_agent == 0 && known_queues == named;
        case CallPlace::Ringing:
            if (c.talking() || c.ring_agent != s.agent) return false;
            return c.ring_offer != Offer::Skill || known_queues == named;
        case CallPlace::Talking:
        case CallPlace::Held:
            if (!c.talking() || c.talk.agent != s.agent || c.ringing()) return false;
            if (s.skill[0] != 0 && c.talk.skill != s.skill[0]) return false;
            return c.talk.has(kHeldNow) == (s.place == CallPlace::Held);
        default: return !c.active();
    }
}

void Core::rebuild_call(CallEntry& c, const CallSnapshot& s) {
    for (Queue& q : c.queue) {
        if (q.skill != 0) take_out(c, q);
    }
    if (c.talking() && c.talk.has(kHeldNow)) end_hold(c);
    if (c.has(kDoubtful)) --doubtful_calls_;
    const u8 adjunct = s.direction == CallDirection::Adjunct ? kAdjunctCall : 0;
    const u8 trunk = s.trunk != 0 ? kOnTrunk : 0;
    c = CallEntry{};
    c.id = s.call;
    c.pump_up = pump_up_;
    c.flags = static_cast<u8>(kTaintedCall | adjunct | trunk);
    const u64 queued_at = std::min(s.queued_at == 0 ? now_ : s.queued_at + skew_, now_);
    const AgentEntry* const a = find_agent(s.agent);
    const bool ringing = s.place == CallPlace::Ringing && s.agent != 0;
    if (s.place == CallPlace::Queue && s.agent != 0) {
        c.direct_agent = s.agent;
        c.direct_skill = s.skill[0];
        c.direct_at = queued_at;
    } else if (s.place == CallPlace::Queue || ringing) {
        for (u32 i = 0; i < s.skill.size(); ++i) {
            if (s.skill[i] == 0 || find_queue(c, s.skill[i]) != nullptr) continue;
            const u32 slot = skill_slot(s.skill[i]);
            if (slot == kNoIndex) continue;
            c.queue[i] = {queued_at, s.skill[i], static_cast<u8>(i + 1), s.priority, QueuedBy::QueueTo, {}};
            ++skills_[slot].in_queue;
        }
    }
    if (ringing) {
        c.ring_agent = s.agent;
        c.ring_at = std::min(s.since + skew_, now_);
        c.ring_skill = a != nullptr && a->mode == AgentMode::Ring && a->skill != 0 ? a->skill : s.skill[0];
        c.ring_offer = Offer::Skill;
        c.set(kDoubtful);
        ++doubtful_calls_;
        skills_in_doubt_ = true;
    }
    if ((s.place == CallPlace::Talking || s.place == CallPlace::Held) && s.agent != 0)
        restore_segment(c.talk, s, a);
}

void Core::restore_segment(Segment& segment, const CallSnapshot& s, const AgentEntry* a) {
    segment.call = s.call;
    segment.agent = s.agent;
    segment.skill = s.skill[0];
    segment.offer = a != nullptr && a->mode == AgentMode::DirectAcd ? Offer::Direct : Offer::Skill;
    segment.priority = s.priority;
    segment.since = std::min(s.since + skew_, now_);
    segment.set(kTainted);
    if (s.direction == CallDirection::Adjunct) segment.set(kByAdjunct);
    if (s.place != CallPlace::Held) return;
    segment.set(kHeldNow);
    segment.set(kWasHeld);
    if (AgentEntry* const holder = find_agent(s.agent)) {
        ++holder->held;
        holder->held_link = find_link(*holder, segment.skill);
    }
}

void Core::drop_unnamed_calls(bool certain) {
    for (u32 i = 0; i < calls_.high(); ++i) {
        CallEntry& c = calls_[i];
        if (!c.used() || c.pump_up == pump_up_) continue;
        count(FoldCounter::CallsDropped);
        if (certain) mark_call(c);
        if (c.talking() && c.talk.has(kHeldNow)) end_hold(c);
        drop_call(c);
    }
}

/// After-call work: its call is known by the agent's mode.
void Core::repair_work(bool certain) {
    for (u32 i = 0; i < agents_.high(); ++i) {
        AgentEntry& a = agents_[i];
        if (!a.used()) continue;
        if (a.work.call != 0 && a.call != a.work.call) {
            corrected(a, FoldCounter::CallsDropped, certain);
            a.work = {};
        }
        if (a.work.call == 0 && works(a.mode) && a.call != 0) {
            corrected(a, FoldCounter::CallsCorrected, certain);
            a.work.call = a.call;
            a.work.agent = a.id;
            a.work.skill = a.skill;
            a.work.offer = a.mode == AgentMode::DirectAcw ? Offer::Direct : Offer::Skill;
            a.work.since = now_;
            a.work.set(kInWork);
            a.work.set(kTainted);
        }
        if (certain || a.work.call == 0) continue;
        a.work.set(kTainted);
        if (a.skill != 0) a.work.skill = a.skill;
    }
}

/// Numbers that follow from the calls, and what the agents hold.
void Core::recount_after_loss() {
    for (u32 i = 0; i < skills_.high(); ++i) skills_[i].in_queue = 0;
    for (u32 i = 0; i < agents_.high(); ++i) {
        agents_[i].held = 0;
        agents_[i].held_link = kNoIndex;
    }
    doubtful_calls_ = 0;
    for (u32 i = 0; i < calls_.high(); ++i) {
        const CallEntry& c = calls_[i];
        if (!c.used()) continue;
        doubtful_calls_ += c.has(kDoubtful);
        for (const Queue& q : c.queue) {
            if (q.skill != 0) ++skills_[skill_slots_[q.skill]].in_queue;
        }
        if (!c.talking() || !c.talk.has(kHeldNow) || c.talk.offer == Offer::Extension) continue;
        AgentEntry* const a = find_agent(c.talk.agent);
        if (a == nullptr) continue;
        ++a->held;
        a->held_link = find_link(*a, c.talk.skill);
        if (a->held_link == kNoIndex) a->held_link = oldest(*a);
        if (a->held > 1) a->set(kAgentTainted);  // which of them was held last is a guess
    }
    for (const AgentSnapshot& s : staged_agents_) {
        AgentEntry* const a = find_agent(s.agent);
        if (a != nullptr && a->held != s.held_calls) a->set(kAgentTainted);
    }
    if (doubtful_calls_ != 0) skills_in_doubt_ = true;
}

}  // namespace twinlink::fold
