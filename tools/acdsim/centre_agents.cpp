// Agents: shifts, login and logout, breaks, becoming available, extension and outbound calls, changes of
// skill.
#include "tools/acdsim/call_centre.hpp"

namespace twinlink::sim {
namespace {

constexpr u8 kLunch = 2;  // AUX reasons: 0 = system, 2 = lunch, 1 and 3..9 = others
constexpr u64 kShift = 8 * kHour + 30 * kMinute;
constexpr u64 kBreakMean = kHour;
constexpr u64 kDialMean = 45 * kMinute;

bool carries_call(AgentMode mode) noexcept {
    return mode == AgentMode::Acd || mode == AgentMode::Acw || mode == AgentMode::Ring ||
           mode == AgentMode::DirectAcd || mode == AgentMode::DirectAcw;
}

}  // namespace

void CallCentre::set_mode(u32 agent, AgentMode mode, u32 call, u16 skill, u8 reason, Direction direction) {
    SimAgent& a = agents_[agent];
    const u64 id = carries_call(mode) && call != kNoCall ? calls_[call].id : 0;
    emit(AgentState{clock(), login_of(agent), id, skill, a.mode, mode, reason, direction, 0});
    if (mode != a.mode || reason != a.reason) a.since = now_;
    a.mode = mode;
    a.mode_skill = skill;
    a.reason = reason;
    a.direction = direction;
    a.call = call;
}

void CallCentre::schedule_shift(u32 agent, u64 day_start) {
    if (agents_.size() >= 10 && random_.chance(80'000)) return;  // not at work today
    const u64 opens = config_.opens.value;
    const u64 closes = config_.closes.value;
    const u64 open_for = closes - opens;
    u64 start = opens;
    u64 length = open_for;
    if (open_for == kDay) {
        start = agent % 3 * 8 * kHour;
        length = 8 * kHour;
    } else if (open_for > kShift) {
        const u32 kind = agent % 10;
        start = kind < 4 ? opens : kind < 6 ? opens + (open_for - kShift) / 2 : closes - kShift;
        length = kShift;
    }
    u64 begin = day_start + start - std::min(start, random_.below(10 * kMinute));
    const u64 end = day_start + start + length + random_.below(10 * kMinute);
    if (end < now_ + 10 * kMinute) return;
    if (begin < now_) begin = now_ + random_.below(kMinute);  // the run starts in the middle of the shift
    agents_[agent].shift_end = end;
    events_.add(begin, What::ShiftBegins, agent);
}

void CallCentre::shift_begins(u32 agent) {
    SimAgent& a = agents_[agent];
    if (a.mode != AgentMode::Unstaffed) return;  // still there from the shift before
    ++a.session;
    a.login_time = now_;
    a.since = now_;
    a.pending_aux = 0;
    a.pending_logout = false;
    a.lunched = false;
    a.direction = Direction::None;
    a.reason = 0;
    emit(AgentLogin{clock(), login_of(agent), extension_of(agent), 0});
    for (std::size_t i = 0; i < a.skills.size(); ++i)
        emit(AgentSkill{clock(), login_of(agent), a.skills[i], static_cast<u8>(i + 1), 0, 0, 0, 0});
    a.mode = AgentMode::Other;  // until told, which follows at once
    events_.add(a.shift_end, What::ShiftEnds, agent, a.session);
    events_.add(now_ + random_.exponential(kBreakMean), What::BreakDue, agent, a.session);
    events_.add(now_ + random_.exponential(kDialMean), What::DialDue, agent, a.session);
    if (random_.chance(700'000)) return go_aux(agent, 0);
    next_task(agent);
    offer_work(agent);
}

void CallCentre::shift_ends(u32 agent) {
    SimAgent& a = agents_[agent];
    const bool free =
        (a.mode == AgentMode::Avail || a.mode == AgentMode::Aux) && a.direction == Direction::None;
    if (free) return log_out(agent);
    a.pending_logout = true;
}

void CallCentre::log_out(u32 agent) {
    SimAgent& a = agents_[agent];
    emit(AgentLogout{clock(), login_of(agent), static_cast<u8>(random_.between(0, 9)), 0, 0, 0});
    a.mode = AgentMode::Unstaffed;
    a.pending_logout = false;
    a.mode_ends = 0;
    ++a.token;
    ++a.session;
}

/// The agent is free of the call: leaves, takes a break that is due, or becomes available. Work is offered
/// separately, after the trunk of the last call was told to be idle.
void CallCentre::next_task(u32 agent) {
    SimAgent& a = agents_[agent];
    a.mode_ends = 0;
    ++a.token;
    if (a.pending_logout) {
        if (a.mode != AgentMode::Aux) set_mode(agent, AgentMode::Aux, kNoCall, 0, 0, Direction::None);
        return log_out(agent);
    }
    if (a.pending_aux != 0) return go_aux(agent, a.pending_aux);
    set_mode(agent, AgentMode::Avail, kNoCall, 0, 0, Direction::None);
}

void CallCentre::offer_work(u32 agent) {
    SimAgent& a = agents_[agent];
    if (a.mode != AgentMode::Avail) return;
    while (!a.own_queue.empty()) {
        const auto [slot, generation] = a.own_queue.front();
        a.own_queue.pop_front();
        if (calls_[slot].generation == generation && calls_[slot].stage == Stage::Queued &&
            calls_[slot].offer == Offer::Direct)
            return ring(slot, agent, a.skills.front(), Offer::Direct);
    }
    u16 skill = 0;
    const u32 slot = waiting_call(agent, skill);
    if (slot != kNoCall) return ring(slot, agent, skill, Offer::Skill);
    ++a.idle_stamp;
    for (const u16 s : a.skills) skills_[s - 1U].idle.push_back({agent, a.idle_stamp});
}

void CallCentre::go_aux(u32 agent, u8 reason) {
    SimAgent& a = agents_[agent];
    a.pending_aux = 0;
    set_mode(agent, AgentMode::Aux, kNoCall, 0, reason, Direction::None);
    const u64 length = reason == kLunch ? 30 * kMinute
                       : reason == 0    ? random_.between(10, 90) * kSecond
                                        : random_.between(2, 10) * kMinute;
    a.mode_ends = now_ + length;
    events_.add(a.mode_ends, What::ModeEnds, agent, ++a.token);
}

void CallCentre::break_due(u32 agent) {
    SimAgent& a = agents_[agent];
    events_.add(now_ + 5 * kMinute + random_.exponential(kBreakMean), What::BreakDue, agent, a.session);
    if (a.mode == AgentMode::Aux) return;
    const bool lunch = !a.lunched && now_ - a.login_time > 3 * kHour;
    a.lunched |= lunch;
    u8 reason = static_cast<u8>(random_.between(1, 8));
    if (reason >= kLunch) ++reason;
    a.pending_aux = lunch ? kLunch : reason;
    if (a.mode != AgentMode::Avail) return;
    if (random_.chance(50'000)) change_skill(agent);
    go_aux(agent, a.pending_aux);
}

void CallCentre::mode_ends(u32 agent) {
    const u32 call = agents_[agent].call;
    next_task(agent);
    if (call != kNoCall) free_call(call);
    offer_work(agent);
}

/// Adds a neighbour skill or removes the last one; the home skill stays.
void CallCentre::change_skill(u32 agent) {
    SimAgent& a = agents_[agent];
    if (a.skills.size() > 1) {
        emit(AgentSkill{clock(), login_of(agent), a.skills.back(), 0, 0, 0, 0, 0});
        a.skills.pop_back();
    } else if (skills_.size() > 1) {
        const auto next = static_cast<u16>(a.skills.front() % skills_.size() + 1);
        a.skills.push_back(next);
        emit(AgentSkill{clock(), login_of(agent), next, 2, 0, 0, 0, 0});
    }
}

void CallCentre::dial_due(u32 agent) {
    SimAgent& a = agents_[agent];
    events_.add(now_ + 3 * kMinute + random_.exponential(kDialMean), What::DialDue, agent, a.session);
    const bool can = a.mode == AgentMode::Avail || a.mode == AgentMode::Aux || a.mode == AgentMode::Acw;
    if (!can || a.direction != Direction::None) return;
    u64 length = random_.between(5, 150) * kSecond;
    if (a.mode != AgentMode::Avail) {  // it must be over before the mode ends
        if (a.mode_ends < now_ + 10 * kSecond) return;
        length = std::min(length, a.mode_ends - now_ - kSecond);
    }
    const u64 kind = random_.below(100);
    const Direction direction = kind < 70 ? Direction::Out : Direction::In;
    if (kind < 35) {
        const auto group = static_cast<u16>(random_.between(1, groups_.size()));
        if (groups_[group - 1U].idle.empty()) return;
        const u32 slot = new_call(CallDirection::Out);
        seize(slot, group, std::to_string(extension_of(agent)),
              std::to_string(random_.between(3'000'000, 9'999'999)));
        a.dialled = slot;
        const u64 rings = random_.between(3, 20) * kSecond;
        if (rings < length && random_.chance(850'000)) later(slot, What::ExtensionAnswers, rings);
    }
    const AgentMode mode = a.mode == AgentMode::Avail ? AgentMode::Other : a.mode;
    set_mode(agent, mode, a.call, a.mode_skill, a.reason, direction);
    events_.add(now_ + length, What::DialEnds, agent, a.session);
}

void CallCentre::dial_ends(u32 agent) {
    SimAgent& a = agents_[agent];
    if (a.direction == Direction::None) return;
    if (a.dialled != kNoCall) {
        idle_trunk(a.dialled);
        free_call(a.dialled);
        a.dialled = kNoCall;
    }
    if (a.mode == AgentMode::Other) {
        next_task(agent);
        return offer_work(agent);
    }
    set_mode(agent, a.mode, a.call, a.mode_skill, a.reason, Direction::None);
    if (a.pending_logout && a.mode == AgentMode::Aux) log_out(agent);
}

}  // namespace twinlink::sim
