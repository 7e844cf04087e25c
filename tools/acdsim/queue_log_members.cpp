// Members of queues: who they are, when they come, pause and go. See queue_log_player.hpp.
#include "tools/acdsim/queue_log_player.hpp"

#include <twinlink/limits.hpp>

#include <algorithm>

namespace twinlink::sim {
namespace {

constexpr std::size_t kMembersMax = kAgentsMax - 1'000;  // room for second logins
constexpr u8 kLevelLast = 16;

using K = QueueLogKind;

/// Lines that speak of a member who may be new. The others only touch those who are known: PAUSEALL and its
/// like name the telephone where the rest of the log has the member's name.
bool introduces(QueueLogKind kind) noexcept {
    switch (kind) {
        case K::PauseAll:
        case K::UnpauseAll:
        case K::Unpause:
        case K::Penalty:
        case K::RemoveMember:
        case K::Unknown: return false;
        default: return true;
    }
}

bool of_talk_or_ring(QueueLogKind kind) noexcept {
    switch (kind) {
        case K::Connect:
        case K::RingNoAnswer:
        case K::RingCanceled:
        case K::CompleteAgent:
        case K::CompleteCaller:
        case K::AgentDump:
        case K::Transfer:
        case K::BlindTransfer:
        case K::AttendedTransfer: return true;
        default: return false;
    }
}

}  // namespace

// ---- who there is

u32 QueueLogPlayer::add_member(const std::string& name) {
    const u32 agent =
        centre_.add_agent(name, names_.login(name), static_cast<u32>(QueueLogNames::number_in(name)));
    by_name_.emplace(name, agent);
    members_.emplace_back();
    return agent;
}

bool QueueLogPlayer::introduce(const QueueLogEvent& e) {
    if (!introduces(e.kind)) return false;
    bool news = false;
    if (!e.queue.empty() && !names_.skills().contains(e.queue) && names_.skills().size() < kSkillsMax) {
        const u16 skill = names_.skill(e.queue);
        centre_.add_skill(skill, e.queue);
        news = true;
    }
    if (!e.member.empty() && !by_name_.contains(e.member) && by_name_.size() < kMembersMax) {
        add_member(e.member);
        news = true;
    }
    return news;
}

void QueueLogPlayer::learn(const QueueLogEvent& e) {
    introduce(e);
    const auto agent = agent_of(e.member);
    if (!agent) return;
    Member& m = members_[*agent];
    const bool added = e.kind == K::AddMember || e.kind == K::RemoveMember;
    m.managed |= added || e.kind == K::AgentLogin || e.kind == K::AgentCallbackLogin;
    const auto skill = names_.skills().find(e.queue);
    if (skill == names_.skills().end()) return;
    if (added) m.learned[skill->second] = false;
    if (of_talk_or_ring(e.kind)) m.learned.try_emplace(skill->second, true);
}

void QueueLogPlayer::learned() {
    for (Member& m : members_) {
        for (const auto& [skill, without_adding] : m.learned)
            if (without_adding) m.queues.try_emplace(skill);
        m.learned.clear();
    }
}

std::optional<u32> QueueLogPlayer::agent_of(const std::string& member) const noexcept {
    const auto at = by_name_.find(member);
    if (at == by_name_.end()) return std::nullopt;
    return at->second;
}

// ---- coming and going

/// Aux when paused everywhere, as nobody gets calls from a queue that he is paused in.
QueueLogPlayer::Rest QueueLogPlayer::rest_of(u32 agent) const noexcept {
    if (agent >= members_.size()) return {};
    const Member& m = members_[agent];
    if (m.paused_all) return {AgentMode::Aux, m.all_reason};
    if (m.queues.empty()) return {};
    for (const auto& [skill, q] : m.queues)
        if (!q.paused) return {};
    return {AgentMode::Aux, m.queues.begin()->second.reason};
}

void QueueLogPlayer::log_in(u32 agent) {
    Member& m = members_[agent];
    std::vector<ReplayCentre::SkillOfAgent> skills;
    for (const auto& [skill, q] : m.queues) {
        if (skills.size() == kAgentSkillsMax) break;
        skills.push_back({skill, q.level});
    }
    m.leaving = false;
    centre_.log_in(agent, std::move(skills), rest_of(agent));
}

/// At once, or when the call is over.
void QueueLogPlayer::log_out(u32 agent, u8 reason) {
    members_[agent].gone = true;
    if (!centre_.agent(agent).staffed()) return;
    members_[agent].leaving = true;
    members_[agent].leave_reason = reason;
    if (centre_.agent(agent).mode == AgentMode::Ring) return silence(agent);
    settle(agent);
}

/// Brings an agent without a call to where its lines say that it is.
void QueueLogPlayer::settle(u32 agent) {
    Member& m = members_[agent];
    const ReplayCentre::Agent& a = centre_.agent(agent);
    if (!a.staffed() || a.call != 0) return;
    for (const u16 skill : std::exchange(m.left, {}))
        if (!m.queues.contains(skill)) centre_.set_skill(agent, skill, 0);
    const auto wanted = std::exchange(m.wanted, std::nullopt);
    if (m.leaving) {
        m.leaving = false;
        return centre_.log_out(agent, m.leave_reason);
    }
    centre_.rest(agent, rest_of(agent));
    const ReplayCentre::Call* const c = wanted ? centre_.call(wanted->call) : nullptr;
    if (c == nullptr || c->place == CallPlace::Talking || m.gone) return;
    need(agent, c->skill);
    begin_ring(agent, wanted->call, wanted->outcome);
}

/// The agent is staffed in the skill, whatever the log said before: one who works is there.
void QueueLogPlayer::need(u32 agent, u16 skill) {
    Member& m = members_[agent];
    const bool fresh = m.queues.try_emplace(skill).second;
    if (!centre_.agent(agent).staffed())
        log_in(agent);
    else if (fresh)
        centre_.set_skill(agent, skill, 1);
}

void QueueLogPlayer::join(u32 agent, u16 skill, const QueueLogEvent& e) {
    Member& m = members_[agent];
    m.managed = true;
    m.leaving = m.gone = false;
    m.queues[skill].paused = e.text == "PAUSED";
    if (!centre_.agent(agent).staffed()) return log_in(agent);
    centre_.set_skill(agent, skill, m.queues[skill].level);
    settle(agent);
}

void QueueLogPlayer::part(u32 agent, u16 skill) {
    Member& m = members_[agent];
    m.managed = true;
    const bool was = m.queues.erase(skill) != 0;
    if (m.queues.empty()) m.paused_all = false;  // a pause goes with the queue
    if (!was || !centre_.agent(agent).staffed()) return;
    if (m.queues.empty() && !m.by_login) return log_out(agent, 0);
    m.left.push_back(skill);
    settle(agent);
}

void QueueLogPlayer::pause(u32 agent, const QueueLogEvent& e, bool paused) {
    Member& m = members_[agent];
    const u8 reason = paused ? names_.reason(e.text) : u8{0};
    const auto skill = names_.skills().find(e.queue);
    const bool all = e.queue.empty() || e.kind == K::PauseAll || e.kind == K::UnpauseAll;
    if (all) {
        m.paused_all = paused;
        m.all_reason = reason;
        for (auto& [number, q] : m.queues) q.paused = paused, q.reason = reason;
    } else if (skill != names_.skills().end()) {
        m.paused_all = m.paused_all && paused;  // each queue was paused, too
        const bool there = m.queues.contains(skill->second);
        if (!there && m.managed) return;
        Membership& q = m.queues[skill->second];
        q.paused = paused;
        q.reason = reason;
        if (m.paused_all) m.all_reason = reason;
        if (!there && centre_.agent(agent).staffed()) centre_.set_skill(agent, skill->second, q.level);
    }
    if (centre_.agent(agent).staffed()) return settle(agent);
    if (!m.managed && !m.queues.empty()) log_in(agent);
}

void QueueLogPlayer::set_penalty(u32 agent, const QueueLogEvent& e) {
    const auto level = static_cast<u8>(std::min<u32>(e.penalty, kLevelLast - 1) + 1);
    for (auto& [skill, q] : members_[agent].queues) {
        const auto named = names_.skills().find(e.queue);
        if (!e.queue.empty() && (named == names_.skills().end() || named->second != skill)) continue;
        q.level = level;
        if (centre_.agent(agent).staffed()) centre_.set_skill(agent, skill, level);
    }
}

void QueueLogPlayer::play_member(const QueueLogEvent& e) {
    const auto agent = agent_of(e.member);
    if (!agent) {
        ++(introduces(e.kind) ? counts_.refused : counts_.strays);
        return;
    }
    Member& m = members_[*agent];
    const auto skill = names_.skills().find(e.queue);
    const bool in_queue = skill != names_.skills().end();
    switch (e.kind) {
        case K::AddMember:
            if (in_queue) join(*agent, skill->second, e);
            break;
        case K::RemoveMember:
            if (in_queue) part(*agent, skill->second);
            break;
        case K::AgentLogin:
        case K::AgentCallbackLogin:
            m.managed = m.by_login = true;
            m.leaving = m.gone = false;
            if (const u64 from = QueueLogNames::number_in(e.text); from != 0)
                centre_.set_extension(*agent, static_cast<u32>(from));
            if (!centre_.agent(*agent).staffed()) log_in(*agent);
            break;
        case K::AgentLogoff:
        case K::AgentCallbackLogoff:
            m.managed = true;
            m.by_login = false;
            log_out(*agent, names_.reason(e.text));
            break;
        case K::Penalty: set_penalty(*agent, e); break;
        case K::Pause:
        case K::PauseAll: pause(*agent, e, true); break;
        default: pause(*agent, e, false); break;
    }
}

/// The present ring at the agent is over, unanswered, and not because of a line of its own.
void QueueLogPlayer::silence(u32 agent) {
    const ReplayCentre::Agent& a = centre_.agent(agent);
    if (a.mode != AgentMode::Ring) return;
    if (centre_.rings_at(a.call, agent)) return requeue(a.call);
    centre_.rest(agent, rest_of(agent));
    settle(agent);
}

/// Makes an agent without a call, or with one that only rings, ready for a ring. Precondition: not talking.
void QueueLogPlayer::make_free(u32 agent) {
    members_[agent].wanted.reset();
    silence(agent);
    if (!centre_.agent(agent).staffed()) log_in(agent);  // left when the ring was over, but works
    centre_.rest(agent, {});
}

/// A call that overlaps another one of its member has a login of its own, so that all times stay as recorded.
u32 QueueLogPlayer::spare_login(const std::string& member, u16 skill) {
    ++counts_.second_logins;
    for (u32 n = 2;; ++n) {
        const std::string name = member + " " + std::to_string(n);
        auto agent = agent_of(name);
        if (!agent) {
            agent = add_member(name);
            centre_.pump_up(PumpUpWhy::Audit);
        }
        if (centre_.agent(*agent).call != 0) continue;
        need(*agent, skill);
        members_[*agent].leaving = true;
        return *agent;
    }
}

}  // namespace twinlink::sim
