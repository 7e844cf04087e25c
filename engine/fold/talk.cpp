// A call from ringing to release: the conversation is gathered in a Segment and handed to the agent for its
// after-call work when it ends. See core.hpp.
#include "engine/fold/core.hpp"

#include "engine/fold/modes.hpp"

namespace twinlink::fold {

void Core::stop_ringing(CallEntry& c) noexcept {
    c.ring_at = 0;
    c.ring_agent = 0;
    c.ring_skill = 0;
    c.ring_offer = {};
}

void Core::on(const CallRinging& m) {
    if (m.agent == 0 || m.offer < Offer::Skill || m.offer > Offer::Extension)
        return count(FoldCounter::BadValue);
    // Calls to an agent himself need no queue before; one of a skill does.
    CallEntry* const c = m.offer == Offer::Skill ? find_call(m.call) : find_or_add_call(m.call);
    if (c == nullptr) return unknown_call(m.skill, m.agent);
    if (c->ringing()) illegal(FoldCounter::RangTwice, *c, c->ring_skill, c->ring_agent);
    if (m.offer == Offer::Skill && find_queue(*c, m.skill) == nullptr)
        illegal(FoldCounter::RangUnqueued, *c, m.skill, m.agent);
    const AgentEntry* const a = find_agent(m.agent);
    if ((a == nullptr || !a->staffed()) && m.offer != Offer::Extension)
        illegal(FoldCounter::UnknownAgent, *c, m.skill, 0);
    if (m.offer == Offer::Extension) (void)leg_of(*c);  // its segment begins here
    c->ring_at = now_;
    c->ring_agent = m.agent;
    c->ring_skill = m.skill;
    c->ring_offer = m.offer;
}

void Core::on(const CallAnswered& m) {
    if (m.agent == 0 || m.offer < Offer::Skill || m.offer > Offer::Extension)
        return count(FoldCounter::BadValue);
    CallEntry* const c = m.offer == Offer::Skill ? find_call(m.call) : find_or_add_call(m.call);
    if (c == nullptr) return unknown_call(m.skill, m.agent);
    if (m.offer == Offer::Extension) connect(*c);
    if (c->talking()) {
        illegal(FoldCounter::AnsweredTwice, *c, m.skill, m.agent);
        if (c->talk.has(kHeldNow)) end_hold(*c);
        c->talk = {};
    }
    const bool rang = c->ringing() && c->ring_agent == m.agent;
    if (!rang && m.offer != Offer::Extension) illegal(FoldCounter::AnsweredUnrung, *c, m.skill, m.agent);
    Segment s{};
    s.call = c->id;
    s.agent = m.agent;
    s.skill = m.skill;
    s.offer = m.offer;
    s.since = now_;
    s.ring = rang ? now_ - c->ring_at : 0;
    s.wait = s.ring;
    if (c->has(kAdjunctCall)) s.set(kByAdjunct);
    if (c->has(kTaintedCall)) s.set(kTainted);
    if (m.offer == Offer::Direct && c->direct_agent == m.agent) {
        s.wait = now_ - c->direct_at;
        c->direct_agent = c->direct_at = c->direct_skill = 0;
    }
    Queue* const own = m.offer == Offer::Skill ? find_queue(*c, m.skill) : nullptr;
    Left primary_leaves = Left::Outflow;
    if (own != nullptr) {
        s.wait = now_ - own->at;
        s.position = own->position;
        s.priority = own->priority;
        s.by = own->by;
        if (own == primary(*c)) primary_leaves = Left::Dequeued;
        take_out(*c, *own);
    }
    stop_ringing(*c);
    leave_all(*c, primary_leaves);
    leave_direct(*c, false);
    resolve_doubt(*c);
    if (m.offer != Offer::Extension && leg_of(*c) != nullptr) {
        s.leg = c->leg;
        answer_way(*c, s);
    }
    c->talk = s;
}

/// Whether `agent` talks to or holds the call; else counts `otherwise`.
bool Core::talks_to(CallEntry* c, u64 agent, FoldCounter otherwise) noexcept {
    if (c == nullptr) {
        unknown_call(0, agent);
        return false;
    }
    if (c->talking() && c->talk.agent == agent) return true;
    illegal(otherwise, *c, 0, agent);
    return false;
}

void Core::begin_hold(CallEntry& c) noexcept {
    Segment& s = c.talk;
    s.talk += now_ - s.since;
    s.since = now_;
    s.set(kHeldNow);
    s.set(kWasHeld);
    if (Leg* const l = leg_at(s.leg); l != nullptr && l->holds != 0xFF) ++l->holds;
    AgentEntry* const a = s.offer == Offer::Extension ? nullptr : find_agent(s.agent);
    if (a == nullptr) return;
    accrue(*a);
    if (a->held != 0xFF) ++a->held;
    if (Leg* const l = leg_at(s.leg)) {
        l->held_before = a->held_leg;
        a->held_leg = s.leg;
    }
    a->held_link = find_link(*a, s.skill);
    if (a->held_link == kNoIndex) a->held_link = oldest(*a);
}

void Core::end_hold(CallEntry& c) noexcept {
    Segment& s = c.talk;
    s.hold += now_ - s.since;
    s.since = now_;
    s.clear(kHeldNow);
    AgentEntry* const a = s.offer == Offer::Extension ? nullptr : find_agent(s.agent);
    if (a == nullptr || a->held == 0) return;
    if (a->ext_leg == s.leg) bank_consult(*a);
    accrue(*a);
    no_longer_held(*a, s.leg);
    if (--a->held == 0) a->held_link = kNoIndex;
}

/// What the agent holds beside others from here on belongs to the call that he put on hold last of those
/// left.
void Core::no_longer_held(AgentEntry& a, u32 leg) noexcept {
    u32* at = &a.held_leg;
    while (*at != 0 && *at != leg) at = &legs_[*at - 1].held_before;
    if (*at == 0) return;
    *at = std::exchange(legs_[leg - 1].held_before, 0);
    if (a.held_leg == 0) return;
    a.held_link = find_link(a, legs_[a.held_leg - 1].disposition_skill);
    if (a.held_link == kNoIndex) a.held_link = oldest(a);
}

/// The consult beside a held call is over as far as that call is concerned.
void Core::bank_consult(AgentEntry& a) noexcept {
    if (Leg* const l = leg_at(a.ext_leg)) l->consult += now_ - a.ext_at;
    a.ext_leg = 0;
}

bool Core::is_phantom(const Segment& s) const noexcept {
    return s.offer == Offer::Skill && s.talk < acd_record_.phantom_abandon_s * 1'000'000'000ULL;
}

void Core::on(const CallHeld& m) {
    CallEntry* const c = find_call(m.call);
    if (!talks_to(c, m.agent, FoldCounter::HeldUntalked)) return;
    if (c->talk.has(kHeldNow)) return illegal(FoldCounter::HeldUntalked, *c, 0, m.agent);
    begin_hold(*c);
    trace_event(m.agent, kDidHold);
}

void Core::on(const CallRetrieved& m) {
    CallEntry* const c = find_call(m.call);
    if (!talks_to(c, m.agent, FoldCounter::RetrievedUnheld)) return;
    if (!c->talk.has(kHeldNow)) return illegal(FoldCounter::RetrievedUnheld, *c, 0, m.agent);
    end_hold(*c);
    trace_event(m.agent, kDidReconnect);
}

/// The conversation is over: it waits with the agent for the mode that follows at the same time, or is booked
/// at once where none can follow.
void Core::end_talk(CallEntry& c) noexcept {
    if (c.talk.has(kHeldNow)) {
        end_hold(c);
    } else {
        c.talk.talk += now_ - c.talk.since;
    }
    Segment s = c.talk;
    c.talk = {};
    s.since = now_;
    if (s.offer == Offer::Extension) return end_connection(c);
    c.leg = 0;  // from here on it is the conversation's
    if (const Leg* const l = leg_at(s.leg))
        set_fate(*l, is_phantom(s) ? TrunkFate::Abandoned : TrunkFate::Answered);
    AgentEntry* const a = find_agent(s.agent);
    const bool on_it = a != nullptr && talks(a->mode) && a->call == s.call;
    const bool held_it =
        a != nullptr && a->held == 0 && (a->mode == AgentMode::Other || a->mode == AgentMode::Aux);
    if (!on_it && !held_it) return book(s, 0);
    if (a->work.call != 0) end_work(*a);
    a->work = s;
}

void Core::on(const CallReleased& m) {
    CallEntry* const c = find_call(m.call);
    if (m.agent == 0) {  // an extension's part is over
        if (c == nullptr) return unknown_call(0, 0);
        end_connection(*c);
        return end_if_idle(*c);
    }
    const bool by_agent = m.by == ReleasedBy::Agent;
    if (leave_joined(find_agent(m.agent), m.call, by_agent)) {
        if (by_agent) trace_event(m.agent, kDidRelease);
        return;
    }
    if (!talks_to(c, m.agent, FoldCounter::ReleasedUntalked)) return;
    if (by_agent) {
        c->talk.set(kAgentEnded);
        trace_event(m.agent, kDidRelease);
    }
    end_talk(*c);
    end_if_idle(*c);
}

void Core::on(const CallConferenced& m) {
    CallEntry* const c = find_call(m.call);
    if (!talks_to(c, m.agent, FoldCounter::ReleasedUntalked)) return;
    c->talk.set(kConferenced);
    trace_event(m.agent, kDidConference);
    if (c->talk.has(kHeldNow)) end_hold(*c);
    CallEntry* const other = m.other == m.call ? nullptr : find_call(m.other);
    if (other == nullptr) return;
    join(*c, *other);
    const bool tainted = c->has(kTaintedCall) || other->has(kTaintedCall);
    for (CallEntry* const each : {c, other}) {
        if (!tainted) break;
        each->set(kTaintedCall);
        if (each->talking()) each->talk.set(kTainted);
    }
    end_connection(*other);
    end_if_idle(*other);
}

/// An agent who talks to `other` goes on in `c`: until he leaves, the conversation is kept with him.
void Core::join(CallEntry& c, CallEntry& other) noexcept {
    Segment s = other.talk;
    AgentEntry* const a = s.offer == Offer::Extension ? nullptr : find_agent(s.agent);
    if (!other.talking() || a == nullptr || a->work.call != 0 || s.has(kHeldNow)) return;
    s.talk += now_ - s.since;
    s.since = now_;
    s.call = c.id;
    s.set(kJoined);
    other.talk = {};
    other.leg = 0;
    a->work = s;
}

/// The agent leaves a conversation that was joined to another call. False when he has none.
bool Core::leave_joined(AgentEntry* a, u64 call, bool agent_ended) noexcept {
    if (a == nullptr || a->work.call != call || call == 0 || !a->work.has(kJoined)) return false;
    Segment& s = a->work;
    s.talk += now_ - s.since;
    s.since = now_;
    s.clear(kJoined);
    if (agent_ended) s.set(kAgentEnded);
    if (!talks(a->mode)) end_work(*a);
    return true;
}

void Core::on(const CallTransferred& m) {
    CallEntry* c = find_call(m.call);
    if (!talks_to(c, m.agent, FoldCounter::ReleasedUntalked)) return;
    CallEntry* const to = m.to_call == 0 || m.to_call == m.call ? nullptr : find_or_add_call(m.to_call);
    if (to != nullptr) {  // the caller goes on there, and his trunk with him
        if (c->has(kTaintedCall)) {
            to->set(kTaintedCall);
            if (to->talking()) to->talk.set(kTainted);
        }
        if (to->has(kTaintedCall)) c->talk.set(kTainted);
        hand_over(*c, *to);
    }
    c->talk.set(kTransferred);
    c->talk.set(kAgentEnded);
    trace_event(m.agent, kDidTransfer);
    trace_event(m.agent, kDidRelease);
    end_talk(*c);
    end_if_idle(*c);
}

/// The caller of `from` is the caller of `to` from here on: its trunk, and what its record tells of him.
void Core::hand_over(CallEntry& from, CallEntry& to) noexcept {
    Segment talk = from.talk;
    if (!talk.has(kHeldNow)) talk.talk += now_ - talk.since;
    Leg* const old = leg_at(from.leg);
    Leg* const next = leg_of(to);
    if (old != nullptr) set_fate(*old, is_phantom(talk) ? TrunkFate::Abandoned : TrunkFate::Answered);
    if (from.has(kOnTrunk)) move_trunk(from, to);
    if (old == nullptr || next == nullptr) return;
    next->ucid = old->ucid;
    next->segment = to.segments = static_cast<u8>(std::min(old->segment + 1, 0xFF));
    next->calling = old->calling;
    next->dialled = old->dialled;
    if (to.has(kTaintedCall)) next->set(kLegTainted);
}

void Core::on(const CallRedirected& m) {
    CallEntry* const c = find_call(m.call);
    if (c == nullptr) return unknown_call(m.skill, m.agent);
    if (!c->ringing() || c->ring_agent != m.agent)
        return illegal(FoldCounter::RedirectedUnrung, *c, m.skill, m.agent);
    trace_event(m.agent, kRingRedirected);
    if (c->ring_offer == Offer::Skill) {
        const u32 link = row_link(c->ring_agent, c->ring_skill);
        u64* const skill = skill_row(c->ring_skill);
        u64* const agent = link == kNoIndex ? nullptr : agent_rows_.touch(link);
        book_ringing(*c, skill, agent);
        if (skill != nullptr) ++skill[hsplit("NOANSREDIR")];
        if (agent != nullptr) ++agent[hagent("NOANSREDIR")];
        if (c->has(kTaintedCall)) mark_call(*c);
    }
    if (c->ring_offer == Offer::Direct) {
        const u32 link = row_link(c->ring_agent, c->ring_skill);
        if (link != kNoIndex) ++agent_rows_.touch(link)[hagent("NOANSREDIR")];
        if (link != kNoIndex && c->has(kTaintedCall)) mark_link(link);
        if (Leg* const l = leg_at(c->leg)) l->disposition_priority = Priority{};
    }
    if (c->ring_offer != Offer::Extension) ring_way(*c, now_ - c->ring_at, true);
    Queue* const own = c->ring_offer == Offer::Skill ? find_queue(*c, c->ring_skill) : nullptr;
    if (m.to == RedirectTo::SameSkill) {
        if (own != nullptr) leave_queue(*c, *own, Left::Requeued);
    } else {
        const bool was_primary = own != nullptr && own == primary(*c);
        if (own != nullptr) leave_queue(*c, *own, Left::Outflow);
        leave_all(*c, was_primary ? Left::Dequeued : Left::Outflow);
    }
    leave_direct(*c, false);
    stop_ringing(*c);
    if (m.to != RedirectTo::SameSkill) resolve_doubt(*c);
}

void Core::abandoned_ringing(CallEntry& c) noexcept {
    trace_event(c.ring_agent, kRingAbandoned);
    const bool direct = c.ring_offer == Offer::Direct;
    if (c.ring_offer != Offer::Extension) ring_way(c, now_ - c.ring_at, false);
    end_way(c, Fate::AbandonedRinging, direct ? c.ring_skill : skill_of(c));
    if (c.ring_offer == Offer::Skill) {
        const u32 link = row_link(c.ring_agent, c.ring_skill);
        u64* const skill = skill_row(c.ring_skill);
        u64* const agent = link == kNoIndex ? nullptr : agent_rows_.touch(link);
        book_ringing(c, skill, agent);
        if (agent != nullptr) {
            ++agent[hagent("ABNCALLS")];
            agent[hagent("ABNTIME")] += now_ - c.ring_at;
        }
        if (c.has(kTaintedCall)) mark_call(c);
    } else if (direct && c.direct_agent == 0) {  // rang without having waited in the agent's own queue
        c.direct_agent = c.ring_agent;
        c.direct_skill = c.ring_skill;
        c.direct_at = c.ring_at;
    }
    Queue* const own = c.ring_offer == Offer::Skill ? find_queue(c, c.ring_skill) : nullptr;
    const bool was_primary = own != nullptr && own == primary(c);
    if (own != nullptr) leave_queue(c, *own, Left::AbandonedRinging);
    leave_all(c, was_primary ? Left::Dequeued : Left::Outflow);
    leave_direct(c, direct);
    stop_ringing(c);
}

void Core::on(const CallAbandoned& m) {
    CallEntry* const c = find_call(m.call);
    if (c == nullptr) return unknown_call(m.skill, m.agent);
    // Where the caller really was counts; where the ACD says another place, something was lost.
    const AbandonedIn really = c->talking()   ? AbandonedIn::Hold
                               : c->ringing() ? AbandonedIn::Ringing
                               : c->queued()  ? AbandonedIn::Queue
                                              : AbandonedIn::Vector;
    const bool held = c->talking() && c->talk.has(kHeldNow);
    if (m.in != really || c->talking() != held)
        illegal(FoldCounter::AbandonedElsewhere, *c, m.skill, m.agent);
    if (c->talking()) {
        if (held) {
            c->talk.set(kAbandonedHeld);
            trace_event(c->talk.agent, kHoldAbandoned);
        }
        end_talk(*c);
    } else if (c->ringing()) {
        abandoned_ringing(*c);
    } else {
        end_way(*c, c->queued() ? Fate::AbandonedQueued : Fate::Abandoned, skill_of(*c));
    }
    leave_all(*c, Left::AbandonedQueued);
    leave_direct(*c, true);
    end_if_idle(*c);
}

void Core::on(const CallEvent& m) {
    Segment* const s = conversation(m.call, m.agent);
    if (m.kind == CallEventKind::Malicious) {
        if (s == nullptr) return;
        s->set(kMalicious);
        return trace_event(s->agent, kDidMalicious);
    }
    if (s == nullptr) {
        count(FoldCounter::EventWithoutCall);
        return mark_agent(m.agent);
    }
    if (m.kind == CallEventKind::Assist) {
        if (s->assists != 0xFFFF) ++s->assists;
        trace_event(s->agent, kDidAssist);
    } else if (m.kind == CallEventKind::Stroke && m.number >= 1 && m.number <= 9) {
        if (s->events[m.number - 1U] != 0xFFFF) ++s->events[m.number - 1U];
    } else {
        count(FoldCounter::BadValue);
        s->set(kTainted);
        return;
    }
    s->set(kHadEvents);
}

}  // namespace twinlink::fold
