// Plays recorded calls. replay_plan.cpp lays everything out beforehand; here it is told.
#include "tools/acdsim/replay.hpp"

#include <algorithm>

namespace twinlink::sim {

Nanos Replay::next_time() const noexcept { return next_ < actions_.size() ? actions_[next_].time : ends_; }

void Replay::step(MessageSink& sink) {
    if (!begun_) {
        begun_ = true;
        now_ = begins_;
        sink.begin_epoch(Epoch{begins_.value}, begins_);
        pump_up(begins_, PumpUpWhy::Start, sink);
    }
    const Action a = actions_[next_++];
    now_ = std::max(now_, a.time);
    centre_.at(now_, sink);
    switch (a.kind) {
        case Kind::Boundary: centre_.boundary(); break;
        case Kind::PumpUp: centre_.pump_up(PumpUpWhy::Audit); break;
        case Kind::Frees:
        case Kind::FreesAtOnce: free_call(calls_[a.index]); break;
        case Kind::Login: log_in(sessions_[a.index]); break;
        case Kind::Seize: seize(calls_[a.index]); break;
        case Kind::Queue: centre_.queue(calls_[a.index].id, QueuedBy::QueueTo); break;
        case Kind::Answer: answer(calls_[a.index]); break;
        case Kind::Logout: centre_.log_out(sessions_[a.index].agent, 0); break;
        case Kind::Finish:
            sink.end_epoch(now_, true);
            over_ = true;
            break;
    }
}

void Replay::log_in(const Session& session) {
    std::vector<ReplayCentre::SkillOfAgent> skills;
    for (const u16 skill : session.skills) skills.push_back({skill, static_cast<u8>(skills.size() + 1)});
    centre_.log_in(session.agent, std::move(skills), {});
}

void Replay::seize(ReplayedCall& c) {
    ReplayCentre::Call call;
    call.skill = c.call.skill.value;
    call.group = c.group;
    call.trunk = c.trunk;
    call.priority = c.call.priority;
    call.calling = std::to_string(c.call.customer);
    c.id = centre_.seize(std::move(call));
}

void Replay::answer(const ReplayedCall& c) {
    centre_.ring(c.id, c.agent);
    centre_.answer(c.id);
}

/// The call is over: released by the caller, or hung up in the menu or in the queue.
void Replay::free_call(const ReplayedCall& c) {
    if (centre_.call(c.id)->place == CallPlace::Talking)
        centre_.release(c.id, ReleasedBy::Caller, {});
    else
        centre_.abandon(c.id, {});
}

void Replay::pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) {
    if (over_ || !begun_) return;
    now_ = std::max(now_, time);
    centre_.at(now_, sink);
    centre_.pump_up(why);
}

void Replay::stop(MessageSink& sink) {
    if (begun_ && !over_) sink.end_epoch(now_, true);
    over_ = true;
}

}  // namespace twinlink::sim
