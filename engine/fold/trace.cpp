// Agent trace: the activities of the agents that a configuration names, handed on as they end. See core.hpp
// and trace.hpp.
//
// An activity is the time in which an agent's mode, AUX reason, direction, call and skill stay as they are.
// What is told of its call is what was known when it began: so it depends on nothing that happens to the call
// later. One that takes no time and in which nothing happens is none. A logout is a record of its own,
// without duration.
#include "engine/fold/core.hpp"

#include "engine/fold/modes.hpp"

namespace twinlink::fold {

Trace* Core::find_trace(u64 agent) noexcept {
    const auto at = std::ranges::lower_bound(traces_, agent, {}, &Trace::agent);
    return at == traces_.end() || at->agent != agent ? nullptr : &*at;
}

/// What the agent does from `began` on, as his entry has it now.
void Core::begin_activity(Trace& t, const AgentEntry& a, u64 began, bool doubtful) noexcept {
    const u64 key = t.key;
    t = {};
    t.agent = a.id;
    t.key = key;
    t.began = began;
    t.call = a.call;
    t.skill = a.skill;
    t.mode = a.mode;
    t.reason = a.mode == AgentMode::Aux ? a.reason : u8{0};
    t.extension = t.direction = a.direction;
    t.active = 1;
    t.doubtful = doubtful || uncertain_;
    if (a.call == 0) return;
    const bool own_work = works(a.mode) && a.work.call == a.call;
    const CallEntry* const c = own_work ? nullptr : find_call(a.call);
    const Leg* const l = own_work ? leg_at(a.work.leg) : c != nullptr ? leg_at(c->leg) : nullptr;
    const bool out =
        l != nullptr && (l->direction == CallDirection::Out || l->direction == CallDirection::Adjunct);
    if (t.direction == Direction::None) t.direction = out ? Direction::Out : Direction::In;
    if (own_work && a.work.has(kTainted)) t.doubtful = 1;
    if (c != nullptr && c->has(kTaintedCall)) t.doubtful = 1;
    if (l == nullptr) return;
    if (l->has(kLegTainted)) t.doubtful = 1;
    t.ucid = l->ucid;
    t.calling = l->calling;
    t.dialled = l->dialled;
}

/// The activity in progress ended at `end`. Precondition: it began then or before.
void Core::end_activity(Trace& t, const AgentEntry& a, u64 end) noexcept {
    if (t.active == 0) return;
    t.active = 0;
    if (end == t.began && (t.flags | t.code) == 0) return;
    event_.fill(0);
    event_[ag_actv("DURATION")] = end - t.began;
    event_[ag_actv("AUXREASON")] = t.reason;
    event_[ag_actv("CALLER_HOLD")] = (t.flags & kDidHold) != 0;
    event_[ag_actv("RECONNECT")] = (t.flags & kDidReconnect) != 0;
    event_[ag_actv("HOLDABN")] = (t.flags & kHoldAbandoned) != 0;
    event_[ag_actv("ABNRING")] = (t.flags & kRingAbandoned) != 0;
    event_[ag_actv("NOANSREDIR")] = (t.flags & kRingRedirected) != 0;
    event_[ag_actv("TRANSFERRED")] = (t.flags & kDidTransfer) != 0;
    event_[ag_actv("CONFERENCE")] = (t.flags & kDidConference) != 0;
    event_[ag_actv("ASSIST_ACTV")] = (t.flags & kDidAssist) != 0;
    event_[ag_actv("MCT")] = (t.flags & kDidMalicious) != 0;
    event_[ag_actv("AGT_RELEASED")] = (t.flags & kDidRelease) != 0;
    event_[ag_actv("WORKMODE")] = static_cast<u64>(t.mode);
    event_[ag_actv("DIRECTION")] = static_cast<u64>(t.direction);
    event_[ag_actv("SPLIT")] = t.skill;
    event_[ag_actv("CALLID")] = t.call;
    event_[ag_actv("UCID")] = t.ucid;
    event_[ag_actv("WORKCODE")] = t.code;
    std::memcpy(&event_[ag_actv("CALLING_PTY")], t.calling.data(), t.calling.size());
    std::memcpy(&event_[ag_actv("DIALED_NUM")], t.dialled.data(), t.dialled.size());
    hand_on_activity(t, a, t.began);
}

/// Precondition: event_ is filled but for what all records have.
void Core::hand_on_activity(Trace& t, const AgentEntry& a, u64 began) noexcept {
    if (!open_ || sink_ == nullptr) return;
    event_[kIncompleteColumn] = t.doubtful != 0 || uncertain_;
    event_[ag_actv("EXTN")] = a.extension;
    u64 key = wall_ - (now_ - began);
    if (key == t.key) ++key;
    t.key = key;
    hand_on_event(TableId::AgActv, a.id, key);
}

/// His mode, call, skill or direction may have changed: where it has, another activity begins.
void Core::trace_mode(AgentEntry& a) noexcept {
    Trace* const t = find_trace(a.id);
    if (t == nullptr || still(*t, a)) return;
    end_activity(*t, a, now_);
    begin_activity(*t, a, now_, false);
}

bool Core::still(const Trace& t, const AgentEntry& a) noexcept {
    return t.active != 0 && t.mode == a.mode && t.call == a.call && t.skill == a.skill &&
           t.extension == a.direction && (a.mode != AgentMode::Aux || t.reason == a.reason);
}

/// A pump-up found the agent in a mode that is not the one known, since `since`.
void Core::trace_found(AgentEntry& a, u64 since) noexcept {
    Trace* const t = find_trace(a.id);
    if (t == nullptr || still(*t, a)) return;
    t->doubtful = 1;
    const u64 began = std::clamp(since, std::min(t->began, now_), now_);
    end_activity(*t, a, began);
    begin_activity(*t, a, began, true);
}

/// `seen` is false where no message told of the logout.
void Core::trace_logout(AgentEntry& a, u8 reason, bool seen) noexcept {
    Trace* const t = find_trace(a.id);
    if (t == nullptr) return;
    t->doubtful = t->doubtful != 0 || !seen;
    end_activity(*t, a, now_);
    t->doubtful = !seen;
    event_.fill(0);
    event_[ag_actv("LOGOUT_REASON")] = reason;
    hand_on_activity(*t, a, now_);
}

/// Something happened in what the agent is doing.
void Core::trace_event(u64 agent, TraceFlag what) noexcept {
    if (Trace* const t = traces_.empty() ? nullptr : find_trace(agent)) t->flags |= what;
}

void Core::trace_code(u64 agent, u64 code) noexcept {
    if (Trace* const t = traces_.empty() ? nullptr : find_trace(agent)) t->code = code;
}

/// A message contradicted what is known of the agent.
void Core::trace_doubt(u64 agent) noexcept {
    if (Trace* const t = traces_.empty() ? nullptr : find_trace(agent)) t->doubtful = 1;
}

}  // namespace twinlink::fold
