// Calls, trunks and after-call work of a whole pump-up against what is known. See repair.cpp and core.hpp.
#include "engine/fold/core.hpp"

#include "engine/fold/modes.hpp"

namespace twinlink::fold {

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
    repair_leg(*c, s, certain);
}

namespace {

bool waits(const CallSnapshot& s) noexcept {
    return s.place == CallPlace::Vdn || s.place == CallPlace::Queue || s.place == CallPlace::Ringing ||
           (s.place == CallPlace::Extension && s.connected == 0);
}

}  // namespace

/// The segment's way: where the snapshot says.
void Core::repair_leg(CallEntry& c, const CallSnapshot& s, bool certain) {
    const bool whole = c.leg != 0 && legs_[c.leg - 1].vdn == s.vdn && legs_[c.leg - 1].vector == s.vector;
    const bool nothing = s.vdn == 0 && s.trunk == 0 && !c.talking();
    if (certain && (whole || (c.leg == 0 && nothing))) return;
    Leg* const l = leg_of(c);
    if (l == nullptr) return;
    if (certain) mark_call(c);
    take_way(*l, s);
    if (certain) mark_call(c);
    if (!c.talking() || c.talk.offer == Offer::Extension) return;
    c.talk.leg = c.leg;
    AgentEntry* const a = c.talk.has(kHeldNow) ? find_agent(c.talk.agent) : nullptr;
    if (a != nullptr && a->held_leg == 0) a->held_leg = c.leg;
}

void Core::take_way(Leg& l, const CallSnapshot& s) {
    no_longer_waits(l);
    for (const LegFlag f : {kOwesVdn, kOwesVector, kVdnInflow, kVectorInflow}) l.clear(f);
    l.set(kLegTainted);
    l.ucid = s.ucid;
    l.direction = s.direction;
    l.started = std::min(s.started + skew_, now_);
    l.vdn = s.vdn;
    l.vector = s.vector;
    l.vdn_at = l.vector_at = now_;
    if (l.first_vdn == 0) l.first_vdn = s.vdn;
    if (l.first_vector == 0) l.first_vector = s.vector;
    if (s.vector != 0) l.set(kVectorCall);
    l.connected_at = s.connected != 0 ? std::min(s.since + skew_, now_) : 0;
    const u32 vdn = vdn_slot(s.vdn);
    const bool in_vector = vector_slot(s.vector) != kNoIndex;
    if (waits(s)) {
        if (vdn != kNoIndex) ++vdns_[vdn].waiting;
        if (vdn != kNoIndex) l.set(kWaitsInVdn);
        if (in_vector) l.set(kWaitsInVector);
        return;
    }
    l.vdn_at = l.vector_at = 0;
    if (vdn != kNoIndex) l.set(kOwesVdn);
    if (in_vector && l.connected_at == 0) l.set(kOwesVector);
    dispose(l, l.connected_at != 0 ? Disposition::Connected : Disposition::Answered, s.skill[0]);
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
    drop_leg(c.leg);
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
        doubt_skills();
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
        forget_call(c);
    }
}

/// After-call work: its call is known by the agent's mode.
void Core::repair_work(bool certain) {
    for (u32 i = 0; i < agents_.high(); ++i) {
        AgentEntry& a = agents_[i];
        if (!a.used()) continue;
        if (a.work.call != 0 && a.call != a.work.call && !a.work.has(kJoined)) {
            corrected(a, FoldCounter::CallsDropped, certain);
            drop_leg(a.work.leg);
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
    repair_work_legs(certain);
}

void Core::repair_work_legs(bool certain) {
    for (const CallSnapshot& s : staged_calls_) {
        AgentEntry* const a = s.place == CallPlace::AfterWork ? find_agent(s.agent) : nullptr;
        if (a == nullptr || a->work.call != s.call || s.call == 0) continue;
        if (a->work.leg == 0) {
            const u32 at = legs_.take();
            if (at == Pool<Leg>::kNone) continue;
            a->work.leg = at + 1;
            legs_[at].call = s.call;
            legs_[at].segment = 1;
        } else if (certain) {
            continue;
        }
        take_way(legs_[a->work.leg - 1], s);
    }
}

// ---- trunks
// -------------------------------------------------------------------------------------------------

void Core::repair_trunks(bool certain) {
    for (const CallSnapshot& s : staged_calls_) {
        if (s.call != 0 && s.trunk != 0) repair_trunk(s, certain);
    }
    for (const TrunkMaintenance& m : staged_out_) {
        const u32 slot = m.busy == 0 ? kNoIndex : trunk_slot(m.trunk_group, m.trunk);
        if (slot == kNoIndex) continue;
        TrunkState& t = trunks_[slot];
        t.pump_up = pump_up_;
        if (t.has(kOutOfService)) continue;
        correct_trunk(slot, certain);
        set_busy(t, true);
        t.set(kOutOfService);
    }
    for (u32 i = 0; i < trunks_.high(); ++i) {
        const TrunkState& t = trunks_[i];
        if (t.pump_up != pump_up_ && (t.call != 0 || t.has(kOutOfService))) correct_trunk(i, certain);
    }
}

/// It neither carries a call nor is out of service, whatever was known.
void Core::correct_trunk(u32 slot, bool certain) noexcept {
    TrunkState& t = trunks_[slot];
    count(FoldCounter::TrunksCorrected);
    accrue_trunk(slot);
    if (certain) mark_trunk(slot);
    if (t.call != 0) free_trunk(slot);
    if (!t.has(kOutOfService)) return;
    set_busy(t, false);
    t.clear(kOutOfService);
}

void Core::repair_trunk(const CallSnapshot& s, bool certain) {
    const u32 slot = trunk_slot(s.trunk_group, s.trunk);
    CallEntry* const c = slot == kNoIndex ? nullptr : find_or_add_call(s.call);
    if (c == nullptr) return;
    c->set(kOnTrunk);
    TrunkState& t = trunks_[slot];
    Leg* const l = leg_of(*c);
    if (t.call != s.call || t.has(kOutOfService)) {
        correct_trunk(slot, certain);
        seize(*c, l, slot, s.direction);
        t.seized_at = std::min(s.started + skew_, now_);
        t.set(kTrunkTainted);
    } else if (l != nullptr && l->trunk != slot + 1) {
        l->trunk = slot + 1;
        l->trunk_since = now_;
        l->trunk_group = s.trunk_group;
        l->trunk_number = s.trunk;
        t.leg = c->leg;
    }
    t.pump_up = pump_up_;
    if (certain) return;
    t.set(kTrunkTainted);
    t.direction = s.direction;
    if (s.vector != 0) t.set(kTrunkVectorCall);
    if (l != nullptr && l->connected_at != 0) t.connected_at = l->connected_at;
}

/// Numbers that follow from the calls, and what the agents hold.
void Core::recount_after_loss() {
    for (u32 i = 0; i < skills_.high(); ++i) skills_[i].in_queue = 0;
    for (u32 i = 0; i < agents_.high(); ++i) {
        agents_[i].held = 0;
        agents_[i].held_link = kNoIndex;
        agents_[i].held_leg = 0;
    }
    doubtful_calls_ = 0;
    for (u32 i = 0; i < legs_.high(); ++i) legs_[i].held_before = 0;
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
        // In the order of their numbers, so that it does not depend on the tables' history.
        Leg* const l = leg_at(c.talk.leg);
        u32* after = &a->held_leg;
        while (*after != 0 && legs_[*after - 1].call > c.id) after = &legs_[*after - 1].held_before;
        if (l != nullptr) {
            l->held_before = *after;
            *after = c.talk.leg;
        }
        a->held_link = a->held_leg == 0 ? kNoIndex : find_link(*a, legs_[a->held_leg - 1].disposition_skill);
        if (a->held_link == kNoIndex) a->held_link = oldest(*a);
        if (a->held > 1) a->set(kAgentTainted);  // which of them was held last is a guess
    }
    for (const AgentSnapshot& s : staged_agents_) {
        AgentEntry* const a = find_agent(s.agent);
        if (a != nullptr && a->held != s.held_calls) a->set(kAgentTainted);
    }
    if (doubtful_calls_ != 0) doubt_skills();
}

/// Rows of skills that were handed on as complete are not.
void Core::doubt_skills() noexcept {
    if (std::exchange(skills_in_doubt_, true)) return;
    skill_rows_.all_dirty();
}

}  // namespace twinlink::fold
