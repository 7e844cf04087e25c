// A call from its trunk to the end of its queueing: which queues it is in, and how it leaves them. See
// core.hpp.
//
// A skill's tracking of a call ends when the call has left that skill for good; a queue that the call leaves
// unanswered is therefore booked at once, an answered one with the conversation.
#include "engine/fold/core.hpp"

namespace twinlink::fold {
namespace {

constexpr u16 kNoColumn = 0xFFFF;

/// What each way out of a queue adds to the skill's row.
struct LeftRule {
    u16 calls;
    u16 time;
    u16 within_level;  ///< counts too when the wait was within SERVICELEVEL
    bool other;        ///< part of OTHERCALLS
    bool longest;      ///< its wait counts for MAXOCWTIME
};
constexpr std::array<LeftRule, 8> kLeft{{
    {hsplit("DEQUECALLS"), hsplit("DEQUETIME"), kNoColumn, true, false},
    {hsplit("OUTFLOWCALLS"), hsplit("OUTFLOWTIME"), hsplit("SLVLOUTFLOWS"), true, true},
    {hsplit("OUTFLOWCALLS"), hsplit("OUTFLOWTIME"), hsplit("SLVLOUTFLOWS"), true, true},  // Interflow
    {hsplit("BUSYCALLS"), hsplit("BUSYTIME"), kNoColumn, true, true},
    {hsplit("DISCCALLS"), hsplit("DISCTIME"), kNoColumn, true, true},
    {hsplit("ABNCALLS"), hsplit("ABNTIME"), hsplit("SLVLABNS"), false, true},             // in queue
    {hsplit("ABNCALLS"), hsplit("ABNTIME"), hsplit("SLVLABNS"), false, true},             // ringing
    {hsplit("OUTFLOWCALLS"), hsplit("OUTFLOWTIME"), hsplit("SLVLOUTFLOWS"), true, true},  // Requeued
}};

constexpr bool abandons(Left how) noexcept {
    return how == Left::AbandonedQueued || how == Left::AbandonedRinging;
}

}  // namespace

CallEntry* Core::find_call(u64 id) noexcept {
    if (id == 0) return nullptr;
    u32 at = found_.call;
    if (at == kNoIndex || calls_[at].id != id) at = call_ids_.find(id);
    if (at == IdMap::kNone) return nullptr;
    CallEntry& c = calls_[at];
    if (pumping_) c.pump_up = pump_up_;
    return &c;
}

/// Null when the id is 0 or the table is full; in the latter case the ACD is uncertain until a pump-up.
CallEntry* Core::find_or_add_call(u64 id) noexcept {
    if (CallEntry* const c = find_call(id)) return c;
    if (id == 0) {
        count(FoldCounter::BadValue);
        return nullptr;
    }
    const u32 at = calls_.take();
    if (at == Pool<CallEntry>::kNone) {
        count(FoldCounter::CallsFull);
        become_uncertain();
        return nullptr;
    }
    call_ids_.insert(id, at);
    calls_[at].id = id;
    if (pumping_) calls_[at].pump_up = pump_up_;
    return &calls_[at];
}

void Core::end_if_idle(CallEntry& c) noexcept {
    resolve_doubt(c);
    if (!c.active() && !c.has(kOnTrunk)) drop_call(c);
}

/// Nothing is left of it: a segment that nobody answered is over now.
void Core::drop_call(CallEntry& c) noexcept {
    end_connection(c);
    if (Leg* const l = leg_at(c.leg)) {
        lose_way(*l);
        record_way(*l);
    }
    forget_call(c);
}

void Core::forget_call(CallEntry& c) noexcept {
    drop_leg(c.leg);
    for (Queue& q : c.queue) {
        if (q.skill != 0) take_out(c, q);
    }
    if (c.has(kDoubtful)) --doubtful_calls_;
    const u64 id = c.id;
    const u32 at = call_ids_.find(id);
    call_ids_.erase(id);
    calls_.give_back(at);
}

/// Tracking ends without a known outcome: every row that waited for the call is INCOMPLETE.
void Core::abort_call(CallEntry& c) noexcept {
    count(FoldCounter::CallsAborted);
    mark_call(c);
    if (c.talking() && c.talk.has(kHeldNow)) end_hold(c);
    forget_call(c);
}

void Core::unknown_call(u16 skill, u64 agent) noexcept {
    count(FoldCounter::UnknownCall);
    mark_skill(skill);
    mark_agent(agent);
}

/// Counts input that must not be and marks all rows that it touches.
void Core::illegal(FoldCounter kind, CallEntry& c, u16 skill, u64 agent) noexcept {
    count(kind);
    mark_call(c);
    mark_skill(skill);
    mark_agent(agent);
}

Queue* Core::find_queue(CallEntry& c, u16 skill) noexcept {
    if (skill == 0) return nullptr;
    for (Queue& q : c.queue) {
        if (q.skill == skill) return &q;
    }
    return nullptr;
}

/// The first-queued skill among those it is still queued to.
Queue* Core::primary(CallEntry& c) noexcept {
    Queue* first = nullptr;
    for (Queue& q : c.queue) {
        if (q.skill != 0 && (first == nullptr || q.position < first->position)) first = &q;
    }
    return first;
}

void Core::enter_queue(CallEntry& c, const Queue& q) noexcept {
    const u32 slot = skill_slot(q.skill);
    if (slot == kNoIndex) return;
    if (skills_[slot].known == 0) illegal(FoldCounter::UnknownSkill, c, q.skill, 0);
    for (Queue& free : c.queue) {
        if (free.skill != 0) continue;
        free = q;
        u64* const row = skill_rows_.touch(slot);
        ++row[hsplit("I_ARRIVED")];
        const u32 n = ++skills_[slot].in_queue;
        row[hsplit("MAXINQUEUE")] = std::max<u64>(row[hsplit("MAXINQUEUE")], n);
        return;
    }
    illegal(FoldCounter::TooManyQueues, c, q.skill, 0);
}

/// Off the queue, with nothing booked.
void Core::take_out(CallEntry&, Queue& q) noexcept {
    --skills_[skill_slots_[q.skill]].in_queue;
    q = {};
}

void Core::leave_queue(CallEntry& c, Queue& q, Left how) noexcept {
    const LeftRule& rule = kLeft[static_cast<std::size_t>(how)];
    const SkillEntry& skill = skills_[skill_slots_[q.skill]];
    u64* const row = skill_row(q.skill);
    const u64 wait = now_ - q.at;
    const bool rang = c.ringing() && c.ring_skill == q.skill && c.ring_offer == Offer::Skill;
    ++row[hsplit("CALLSOFFERED")];
    ++row[rule.calls];
    row[rule.time] += wait;
    if (rule.within_level != kNoColumn && within(skill.service_level_s, wait)) ++row[rule.within_level];
    if (rule.longest) row[hsplit("MAXOCWTIME")] = std::max(row[hsplit("MAXOCWTIME")], wait);
    if (rule.other) {
        ++row[hsplit("OTHERCALLS")];
        row[hsplit("OTHERTIME")] += wait;
    }
    if (abandons(how)) ++row[hsplit("ABNCALLS1") + bucket(skill.period_s, wait)];
    if (how == Left::AbandonedRinging) ++row[hsplit("ABNRINGCALLS")];
    if (how == Left::Interflow) ++row[hsplit("INTERFLOWCALLS")];
    // A redirection to the same skill is an inflow of its own; else a call that rang as second or third
    // flowed in.
    if (how == Left::Requeued || (rang && q.position > 1)) ++row[hsplit("INFLOWCALLS")];
    if (c.has(kAdjunctCall)) ++row[abandons(how) ? hsplit("O_ABNCALLS") : hsplit("O_OTHERCALLS")];
    if (c.has(kTaintedCall)) mark_skill(q.skill);
    take_out(c, q);
}

/// Out of all queues: the primary by `primary_leaves`, the others are dequeued.
void Core::leave_all(CallEntry& c, Left primary_leaves) noexcept {
    Queue* const first = primary(c);
    if (first != nullptr) leave_queue(c, *first, primary_leaves);
    for (Queue& q : c.queue) {
        if (q.skill != 0) leave_queue(c, q, Left::Dequeued);
    }
}

/// Out of an agent's own queue, unanswered.
void Core::leave_direct(CallEntry& c, bool abandoned) noexcept {
    if (c.direct_agent == 0) return;
    const u32 link = row_link(c.direct_agent, c.direct_skill);
    if (link != kNoIndex) {
        u64* const row = agent_rows_.touch(link);
        ++row[abandoned ? hagent("DA_ABNCALLS") : hagent("DA_OTHERCALLS")];
        row[abandoned ? hagent("DA_ABNTIME") : hagent("DA_OTHERTIME")] += now_ - c.direct_at;
        if (c.has(kTaintedCall)) mark_link(link);
    }
    c.direct_at = 0;
    c.direct_agent = 0;
    c.direct_skill = 0;
}

/// Once it is neither queued nor ringing, its queues are no longer in doubt.
void Core::resolve_doubt(CallEntry& c) noexcept {
    if (!c.has(kDoubtful) || c.queued() || c.ringing()) return;
    c.clear(kDoubtful);
    --doubtful_calls_;
}

// ---- messages
// -----------------------------------------------------------------------------------------------

void Core::on(const CallQueued& m) {
    const bool direct = m.by == QueuedBy::DirectAgent || m.agent != 0;
    if ((m.skill == 0 && !direct) || (direct && m.agent == 0) || m.position > kQueuesPerCall) {
        count(FoldCounter::BadValue);
        mark_skill(m.skill);
        return mark_agent(m.agent);
    }
    CallEntry* const c = find_or_add_call(m.call);
    if (c == nullptr) return mark_skill(m.skill);
    if (direct) {
        if (c->direct_agent != 0) return illegal(FoldCounter::QueuedTwice, *c, 0, m.agent);
        c->direct_agent = m.agent;
        c->direct_skill = m.skill;
        c->direct_at = now_;
        if (Leg* const l = leg_of(*c)) {
            l->set(kDirectAgent);
            l->disposition_priority = m.priority;
            if (l->queued_at == 0) l->queued_at = now_;
        }
        return;
    }
    if (find_queue(*c, m.skill) != nullptr) return illegal(FoldCounter::QueuedTwice, *c, m.skill, 0);
    const u8 position = m.position == 0 ? u8{1} : m.position;
    enter_queue(*c, {now_, m.skill, position, m.priority, m.by, {}});
    Leg* const l = leg_of(*c);
    if (l == nullptr) return;
    if (l->queued_at == 0) l->queued_at = now_;
    l->skill[position - 1U] = m.skill;
    l->clear(kDirectAgent);
}

void Core::on(const CallDequeued& m) {
    CallEntry* const c = find_call(m.call);
    // Said again after an answer or an end that took it out already.
    const bool echo = m.why == DequeueWhy::AnsweredElsewhere || m.why == DequeueWhy::Ended;
    if (c == nullptr) return echo ? void() : unknown_call(m.skill, 0);
    Queue* const q = find_queue(*c, m.skill);
    if (q == nullptr) return echo ? void() : illegal(FoldCounter::DequeuedUnqueued, *c, m.skill, 0);
    leave_queue(*c, *q, q == primary(*c) ? Left::Outflow : Left::Dequeued);
    resolve_doubt(*c);
}

/// The skill whose call it is as long as nobody answers: the primary one, or the one that delivered it.
u16 Core::skill_of(CallEntry& c) noexcept {
    if (c.ringing() && c.ring_offer == Offer::Skill) return c.ring_skill;
    const Queue* const q = primary(c);
    return q != nullptr ? q->skill : c.direct_skill;
}

void Core::end_in_queue(u64 call, Left how, Fate fate) {
    CallEntry* const c = find_call(call);
    if (c == nullptr) return unknown_call(0, 0);
    if (c->ringing() || c->talking())
        illegal(FoldCounter::AbandonedElsewhere, *c, c->ring_skill, c->ring_agent);
    end_way(*c, fate, skill_of(*c));
    leave_all(*c, how);
    leave_direct(*c, false);
    stop_ringing(*c);
    end_if_idle(*c);
}

void Core::on(const CallForcedBusy& m) { end_in_queue(m.call, Left::Busy, Fate::Busy); }
void Core::on(const CallForcedDisconnect& m) {
    end_in_queue(m.call, Left::Disconnected,
                 m.by == DisconnectBy::Step ? Fate::Disconnected : Fate::TimedOut);
}

void Core::on(const CallOutflowed& m) {
    CallEntry* const c = find_call(m.call);
    if (c == nullptr) return unknown_call(0, 0);
    if (c->ringing()) illegal(FoldCounter::AbandonedElsewhere, *c, c->ring_skill, c->ring_agent);
    const bool off = m.to == OutflowTo::OffSwitch;
    if (m.to != OutflowTo::Extension) end_way(*c, off ? Fate::Interflow : Fate::Outflow, skill_of(*c));
    leave_all(*c, off ? Left::Interflow : Left::Outflow);
    leave_direct(*c, false);
    stop_ringing(*c);
    resolve_doubt(*c);
}

}  // namespace twinlink::fold
