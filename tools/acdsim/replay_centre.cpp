// Agents and calls of a recording, told as messages. See replay_centre.hpp; the pump-up is in
// replay_pump_up.cpp.
#include "tools/acdsim/replay_centre.hpp"

#include <algorithm>
#include <cassert>

namespace twinlink::sim {

Text<24> name_text(std::string_view name) noexcept {
    std::size_t end = std::min(name.size(), Text<24>{}.size());
    while (end != 0 && end < name.size() && (static_cast<u8>(name[end]) & 0xC0U) == 0x80U) --end;
    return text<24>(name.substr(0, end));
}

u32 ReplayCentre::add_agent(std::string name, u64 login, u32 extension) {
    Agent a;
    a.name = std::move(name);
    a.login = login;
    a.extension = extension;
    agents_.push_back(std::move(a));
    return static_cast<u32>(agents_.size() - 1);
}

const ReplayCentre::Call* ReplayCentre::call(u64 id) const noexcept {
    const auto at = calls_.find(id);
    return at == calls_.end() ? nullptr : &at->second;
}

bool ReplayCentre::rings_at(u64 id, u32 agent) const noexcept {
    const Call* const c = call(id);
    return c != nullptr && c->place == CallPlace::Ringing && c->agent == agent;
}

void ReplayCentre::boundary() {
    sink_->send(IntervalBoundary{now_.value, now_.value, config_.interval_minutes, 0, 0});
}

// ---- agents

void ReplayCentre::set_mode(Agent& agent, AgentMode mode, const Call* call, u8 reason) {
    const u64 id = call == nullptr ? 0 : call->id;
    const u16 skill = call == nullptr ? u16{0} : call->skill;
    sink_->send(AgentState{now_.value, agent.login, id, skill, agent.mode, mode, reason, Direction::None, 0});
    agent.mode = mode;
    agent.reason = reason;
    agent.call = id;
    agent.skill = skill;
    agent.since = now_;
}

void ReplayCentre::log_in(u32 index, std::vector<SkillOfAgent> skills, Rest rest) {
    Agent& a = agents_[index];
    assert(!a.staffed());
    a.login_time = now_;
    a.skills = std::move(skills);
    sink_->send(AgentLogin{now_.value, a.login, a.extension, 0});
    for (const auto& s : a.skills) sink_->send(AgentSkill{now_.value, a.login, s.skill, s.level, 0, 0, 0, 0});
    a.mode = AgentMode::Other;
    set_mode(a, rest.mode, nullptr, rest.reason);
}

void ReplayCentre::log_out(u32 index, u8 reason) {
    Agent& a = agents_[index];
    assert(a.staffed() && a.call == 0);
    sink_->send(AgentLogout{now_.value, a.login, reason, 0, 0, 0});
    a.mode = AgentMode::Unstaffed;
    a.reason = 0;
    a.skills.clear();
}

void ReplayCentre::set_skill(u32 index, u16 skill, u8 level) {
    Agent& a = agents_[index];
    assert(a.staffed());
    const auto at = std::ranges::find(a.skills, skill, &SkillOfAgent::skill);
    if (at == a.skills.end() ? level == 0 : at->level == level) return;
    sink_->send(AgentSkill{now_.value, a.login, skill, level, 0, 0, 0, 0});
    if (level == 0)
        a.skills.erase(at);
    else if (at != a.skills.end())
        at->level = level;
    else
        a.skills.push_back({skill, level});
}

void ReplayCentre::rest(u32 index, Rest rest) {
    Agent& a = agents_[index];
    if (a.mode != rest.mode || a.reason != rest.reason) set_mode(a, rest.mode, nullptr, rest.reason);
}

void ReplayCentre::ring_beside(u32 index, u64 id) {
    assert(agents_[index].mode == AgentMode::Avail);
    set_mode(agents_[index], AgentMode::Ring, &open(id), 0);
}

// ---- calls

void ReplayCentre::place(Call& call, CallPlace place) noexcept {
    call.place = place;
    call.since = now_;
}

u64 ReplayCentre::seize(Call call) {
    call.id = ++last_id_;
    if (call.ucid == 0)
        call.ucid =
            u64{config_.acd.value} << 48 | (call.id & 0xFFFF) << 32 | (now_.value / kSecond & 0xFFFF'FFFF);
    call.seized = now_;
    place(call, CallPlace::Vdn);
    const u64 t = now_.value;
    const std::string dialled = call.dialled.empty() ? std::to_string(vdn(call.skill)) : call.dialled;
    sink_->send(TrunkSeized{t, call.id, call.ucid, call.group, call.trunk, CallDirection::In, 0, 0,
                            name_text(call.calling), name_text(dialled)});
    sink_->send(CallAtVdn{t, call.id, vdn(call.skill), VdnEntry::First, 0, 0});
    sink_->send(CallAtVector{t, call.id, call.skill, VectorEntry::Vdn, 0, 0});
    calls_.emplace(call.id, std::move(call));
    return last_id_;
}

void ReplayCentre::queue(u64 id, QueuedBy by) {
    Call& c = open(id);
    if (c.queued.value == 0) c.queued = now_;
    place(c, CallPlace::Queue);
    const Priority priority = by == QueuedBy::Redirect ? Priority::Top : c.priority;
    sink_->send(CallQueued{now_.value, id, 0, c.skill, priority, 1, by, 0, 0});
}

void ReplayCentre::ring(u64 id, u32 index) {
    Call& c = open(id);
    Agent& a = agents_[index];
    assert(c.place == CallPlace::Queue && a.mode == AgentMode::Avail);
    sink_->send(CallRinging{now_.value, id, a.login, c.skill, Offer::Skill, 0, 0});
    place(c, CallPlace::Ringing);
    c.agent = index;
    set_mode(a, AgentMode::Ring, &c, 0);
}

void ReplayCentre::answer(u64 id) {
    Call& c = open(id);
    assert(c.place == CallPlace::Ringing);
    sink_->send(CallAnswered{now_.value, id, agents_[c.agent].login, c.skill, Offer::Skill, 0, 0});
    place(c, CallPlace::Talking);
    set_mode(agents_[c.agent], AgentMode::Acd, &c, 0);
}

void ReplayCentre::idle(const Call& call) {
    sink_->send(TrunkIdle{now_.value, call.id, call.group, call.trunk, 0});
    calls_.erase(call.id);
}

void ReplayCentre::release(u64 id, ReleasedBy by, Rest rest) {
    const Call& c = open(id);
    assert(c.place == CallPlace::Talking);
    sink_->send(CallReleased{now_.value, id, agents_[c.agent].login, by, 0, 0, 0});
    set_mode(agents_[c.agent], rest.mode, nullptr, rest.reason);
    idle(c);
}

void ReplayCentre::transfer(u64 id, u32 extension, Rest rest) {
    const Call& c = open(id);
    assert(c.place == CallPlace::Talking);
    const u64 t = now_.value;
    const u64 onward = ++last_id_;  // the segment in which the caller goes on
    sink_->send(CallConnected{t, onward, extension, 0});
    sink_->send(CallTransferred{t, id, agents_[c.agent].login, onward});
    set_mode(agents_[c.agent], rest.mode, nullptr, rest.reason);
    sink_->send(CallReleased{t, onward, 0, ReleasedBy::Switch, 0, 0, 0});
    sink_->send(TrunkIdle{t, onward, c.group, c.trunk, 0});
    calls_.erase(id);
}

void ReplayCentre::abandon(u64 id, Rest rest) {
    const Call& c = open(id);
    assert(c.place != CallPlace::Talking);
    const bool rings = c.place == CallPlace::Ringing;
    const AbandonedIn in = rings                         ? AbandonedIn::Ringing
                           : c.place == CallPlace::Queue ? AbandonedIn::Queue
                                                         : AbandonedIn::Vector;
    const u16 skill = in == AbandonedIn::Vector ? u16{0} : c.skill;
    sink_->send(CallAbandoned{now_.value, id, rings ? agents_[c.agent].login : 0, skill, in, 0, 0});
    if (rings) set_mode(agents_[c.agent], rest.mode, nullptr, rest.reason);
    idle(c);
}

void ReplayCentre::redirect(u64 id, RedirectTo to, Rest rest) {
    Call& c = open(id);
    assert(c.place == CallPlace::Ringing);
    sink_->send(CallRedirected{now_.value, id, agents_[c.agent].login, c.skill, to, 0, 0});
    place(c, CallPlace::Vdn);
    set_mode(agents_[c.agent], rest.mode, nullptr, rest.reason);
}

void ReplayCentre::outflow(u64 id) {
    sink_->send(CallOutflowed{now_.value, id, 0, OutflowTo::OffSwitch, 0, 0});
    idle(open(id));
}

void ReplayCentre::disconnect(u64 id) {
    sink_->send(CallForcedDisconnect{now_.value, id, DisconnectBy::Step, 0, 0, 0});
    idle(open(id));
}

void ReplayCentre::cut(u64 id, Rest rest) {
    const Call& c = open(id);
    sink_->send(TrunkMaintenance{now_.value, id, c.group, c.trunk, 1, 0, 0});
    if (c.place == CallPlace::Ringing || c.place == CallPlace::Talking)
        set_mode(agents_[c.agent], rest.mode, nullptr, rest.reason);
    sink_->send(TrunkMaintenance{now_.value, 0, c.group, c.trunk, 0, 0, 0});
    calls_.erase(id);
}

}  // namespace twinlink::sim
