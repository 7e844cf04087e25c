// Plays recorded calls. replay_plan.cpp lays everything out beforehand; here it is emitted.
#include "tools/acdsim/replay.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace twinlink::sim {

Nanos Replay::next_time() const noexcept { return next_ < actions_.size() ? actions_[next_].time : ends_; }

u64 Replay::ucid(const ReplayedCall& c) const noexcept {
    return u64{config_.acd.value} << 48 | (c.id & 0xFFFF) << 32 |
           (c.call.seized.value / kSecond & 0xFFFF'FFFF);
}

void Replay::step(MessageSink& sink) {
    sink_ = &sink;
    if (!begun_) {
        begun_ = true;
        now_ = begins_;
        sink.begin_epoch(Epoch{begins_.value}, begins_);
        pump_up(begins_, PumpUpWhy::Start, sink);
    }
    const Action a = actions_[next_++];
    now_ = std::max(now_, a.time);
    const u64 t = now_.value;
    switch (a.kind) {
        case Kind::Boundary: sink.send(IntervalBoundary{t, t, config_.interval_minutes, 0, 0}); break;
        case Kind::PumpUp: pump_up(now_, PumpUpWhy::Audit, sink); break;
        case Kind::Frees:
        case Kind::FreesAtOnce: free_call(a.index); break;
        case Kind::Login: login(a.index); break;
        case Kind::Seize: {
            ReplayedCall& c = calls_[a.index];
            c.place = Place::Vector;
            const u16 skill = c.call.skill.value;
            sink.send(TrunkSeized{t, c.id, ucid(c), c.group, c.trunk, CallDirection::In, 0, 0,
                                  text<24>(std::to_string(c.call.customer)),
                                  text<24>(std::to_string(6'000 + skill))});
            sink.send(CallAtVdn{t, c.id, 6'000U + skill, VdnEntry::First, 0, 0});
            sink.send(CallAtVector{t, c.id, skill, VectorEntry::Vdn, 0, 0});
            break;
        }
        case Kind::Queue: {
            ReplayedCall& c = calls_[a.index];
            c.place = Place::Queue;
            sink.send(
                CallQueued{t, c.id, 0, c.call.skill.value, c.call.priority, 1, QueuedBy::QueueTo, 0, 0});
            break;
        }
        case Kind::Answer: answer(a.index); break;
        case Kind::Logout: {
            ReplayedAgent& agent = agents_[sessions_[a.index].agent];
            sink.send(AgentLogout{t, agent.login, 0, 0, 0, 0});
            agent.mode = AgentMode::Unstaffed;
            break;
        }
        case Kind::Finish:
            sink.end_epoch(now_, true);
            over_ = true;
            break;
    }
    sink_ = nullptr;
}

void Replay::set_mode(ReplayedAgent& agent, AgentMode mode, u64 call, u16 skill) {
    sink_->send(AgentState{now_.value, agent.login, call, skill, agent.mode, mode, 0, Direction::None, 0});
    agent.mode = mode;
    agent.since = now_;
}

void Replay::login(u32 session) {
    const Session& s = sessions_[session];
    ReplayedAgent& agent = agents_[s.agent];
    agent.session = session;
    agent.login_time = now_;
    sink_->send(AgentLogin{now_.value, agent.login, extension(s.agent), 0});
    u8 level = 1;
    for (const u16 skill : s.skills)
        sink_->send(AgentSkill{now_.value, agent.login, skill, level++, 0, 0, 0, 0});
    agent.mode = AgentMode::Other;
    set_mode(agent, AgentMode::Avail, 0, 0);
}

void Replay::answer(u32 index) {
    ReplayedCall& c = calls_[index];
    ReplayedAgent& agent = agents_[c.agent];
    const u16 skill = c.call.skill.value;
    sink_->send(CallRinging{now_.value, c.id, agent.login, skill, Offer::Skill, 0, 0});
    set_mode(agent, AgentMode::Ring, c.id, skill);
    sink_->send(CallAnswered{now_.value, c.id, agent.login, skill, Offer::Skill, 0, 0});
    set_mode(agent, AgentMode::Acd, c.id, skill);
    agent.call = index;
    c.place = Place::Talking;
}

/// The call is over: released by the caller, or hung up in the menu or in the queue.
void Replay::free_call(u32 index) {
    ReplayedCall& c = calls_[index];
    if (c.place == Place::Talking) {
        ReplayedAgent& agent = agents_[c.agent];
        sink_->send(CallReleased{now_.value, c.id, agent.login, ReleasedBy::Caller, 0, 0, 0});
        set_mode(agent, AgentMode::Avail, 0, 0);
    } else {
        const bool queued = c.place == Place::Queue;
        sink_->send(CallAbandoned{now_.value, c.id, 0, queued ? c.call.skill.value : u16{0},
                                  queued ? AbandonedIn::Queue : AbandonedIn::Vector, 0, 0});
    }
    sink_->send(TrunkIdle{now_.value, c.id, c.group, c.trunk, 0});
    c.place = Place::Over;
}

void Replay::pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) {
    if (over_ || !begun_) return;
    now_ = std::max(now_, time);
    const u64 t = now_.value;
    constexpr std::array<u16, 9> periods{5, 10, 20, 30, 45, 60, 90, 120, 300};
    PumpUpEnd count{};
    count.time = t;
    sink.send(PumpUpBegin{t, why, 0, 0, 0});
    sink.send(
        AcdInfo{t, 0, config_.interval_minutes, 0, 0, text<24>("recorded calls"), text<16>("technion")});
    for (u16 i = 1; i <= kTechnionSkills.size(); ++i, ++count.skills)
        sink.send(SkillInfo{t, i, 20, periods, 0, text<24>(kTechnionSkills[i - 1U].name)});
    for (u16 i = 1; i <= kTechnionSkills.size(); ++i, ++count.vdns)
        sink.send(VdnInfo{t, 6'000U + i, i, 20, {i, 0, 0}, periods, text<24>(kTechnionSkills[i - 1U].name)});
    for (u16 i = 1; i <= kTechnionSkills.size(); ++i, ++count.vectors)
        sink.send(VectorInfo{t, i, 0, 0, text<24>(kTechnionSkills[i - 1U].name)});
    for (u16 i = 1; i <= groups_.size(); ++i, ++count.trunk_groups)
        sink.send(TrunkGroupInfo{t, i, trunks_[i - 1U], 0, text<24>(groups_[i - 1U])});
    for (const auto& a : agents_) {
        sink.send(AgentInfo{t, a.login, text<24>(a.name)});
        ++count.agents;
    }
    for (const auto& a : agents_) {
        if (a.mode == AgentMode::Unstaffed) continue;
        u8 level = 1;
        for (const u16 skill : sessions_[a.session].skills) {
            sink.send(AgentSkill{t, a.login, skill, level++, 0, 0, 0, 0});
            ++count.agent_skills;
        }
    }
    for (u32 i = 0; i < agents_.size(); ++i) {
        const ReplayedAgent& a = agents_[i];
        if (a.mode == AgentMode::Unstaffed) continue;
        const bool talks = a.mode == AgentMode::Acd;
        sink.send(AgentSnapshot{t, a.login, a.since.value, talks ? calls_[a.call].id : 0, a.login_time.value,
                                extension(i), talks ? calls_[a.call].call.skill.value : u16{0}, a.mode, 0,
                                Direction::None, 0, sessions_[a.session].skills.front(), 0});
        ++count.agent_snapshots;
    }
    for (const auto& c : calls_) {
        if (c.place == Place::NotYet || c.place == Place::Over) continue;
        const bool talks = c.place == Place::Talking;
        const Nanos since = talks ? c.call.answered : c.place == Place::Queue ? c.call.queued : c.call.seized;
        const CallPlace place = talks                     ? CallPlace::Talking
                                : c.place == Place::Queue ? CallPlace::Queue
                                                          : CallPlace::Vdn;
        const u16 skill = c.place == Place::Vector ? u16{0} : c.call.skill.value;
        sink.send(CallSnapshot{t,
                               c.id,
                               ucid(c),
                               c.call.seized.value,
                               since.value,
                               c.place == Place::Vector ? 0 : c.call.queued.value,
                               talks ? agents_[c.agent].login : 0,
                               6'000U + c.call.skill.value,
                               c.call.skill.value,
                               c.group,
                               c.trunk,
                               {skill, 0, 0},
                               c.call.priority,
                               place,
                               CallDirection::In,
                               0,
                               0});
        ++count.call_snapshots;
    }
    sink.send(count);
}

void Replay::stop(MessageSink& sink) {
    if (begun_ && !over_) sink.end_epoch(now_, true);
    over_ = true;
}

}  // namespace twinlink::sim
