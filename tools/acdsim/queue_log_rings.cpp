// Ringing and answering: who rings for a call of a queue_log, and how each ring ends. See
// queue_log_player.hpp.
#include "tools/acdsim/queue_log_player.hpp"

namespace twinlink::sim {
namespace {

/// RINGCANCELED and the ABANDON that it belongs to are written at about the same time.
constexpr Nanos kCancelled = 2_s;

using K = QueueLogKind;

}  // namespace

void QueueLogPlayer::ring_start(const QueueLogEvent& e) {
    const OpenCall* const c = find(e);
    if (c == nullptr || place(*c) == CallPlace::Talking) return;
    const u32 agent = *agent_of(e.member);
    if (e.outcome != K::Connect && members_[agent].gone) return;
    need(agent, names_.skills().at(e.queue));
    begin_ring(agent, c->id, e.outcome);
}

/// Only one ring of a call can be told as such. It is that of the agent who will answer, or of one at whom it
/// is given up; all the other agents just ring.
void QueueLogPlayer::begin_ring(u32 agent, u64 call, QueueLogKind outcome) {
    const ReplayCentre::Agent& a = centre_.agent(agent);
    if (a.call != 0) {
        if (a.call != call) members_[agent].wanted = Wanted{call, outcome};
        return;
    }
    centre_.rest(agent, {});
    const bool told = outcome != K::RingNoAnswer || rules_.redirect_unanswered;
    if (told && centre_.call(call)->place == CallPlace::Queue)
        centre_.ring(call, agent);
    else
        centre_.ring_beside(agent, call);
    open(call).ringing.push_back(agent);
}

void QueueLogPlayer::connect(const QueueLogEvent& e) {
    OpenCall* c = find(e);
    if (c == nullptr) {
        ++counts_.begun_unseen;
        c = enter(e);
        if (c == nullptr) return;
    }
    const u64 id = c->id;
    if (place(*c) == CallPlace::Talking) {
        ++counts_.strays;
        return;
    }
    u32 agent = *agent_of(e.member);
    need(agent, names_.skills().at(e.queue));
    members_[agent].leaving |= members_[agent].gone;
    if (centre_.agent(agent).mode == AgentMode::Acd)
        agent = spare_login(e.member, names_.skills().at(e.queue));
    if (!centre_.rings_at(id, agent)) {
        if (place(*c) == CallPlace::Ringing) requeue(id);
        make_free(agent);
        centre_.ring(id, agent);
    }
    silence_others(id, agent);
    centre_.answer(id);
    ++counts_.answered;
}

void QueueLogPlayer::unanswered(const QueueLogEvent& e) {
    const u32 agent = *agent_of(e.member);
    const OpenCall* const c = find(e);
    if (!members_[agent].gone) need(agent, names_.skills().at(e.queue));
    if (c == nullptr) {
        ++counts_.strays;
        return;
    }
    ++counts_.unanswered;
    Member& m = members_[agent];
    if (m.wanted && m.wanted->call == c->id) m.wanted.reset();
    const u64 id = c->id;
    const ReplayCentre::Agent& a = centre_.agent(agent);
    if (centre_.rings_at(id, agent)) return requeue(id);
    if (rules_.redirect_unanswered && a.staffed() && place(*c) == CallPlace::Queue &&
        (a.call == 0 || a.call == id)) {
        centre_.rest(agent, {});
        centre_.ring(id, agent);
        return requeue(id);
    }
    if (a.call == id && a.mode == AgentMode::Ring) silence(agent);
}

/// The caller gave up while it rang here: what ends the call says so, too, and comes at once.
void QueueLogPlayer::ring_canceled(const QueueLogEvent& e) {
    const u32 agent = *agent_of(e.member);
    const OpenCall* const c = find(e);
    if (c == nullptr) {
        ++counts_.strays;
        return;
    }
    if (members_[agent].wanted && members_[agent].wanted->call == c->id) members_[agent].wanted.reset();
    if (centre_.rings_at(c->id, agent))
        cancelled_.push_back({centre_.now(), c->id, agent});
    else if (centre_.agent(agent).call == c->id && centre_.agent(agent).mode == AgentMode::Ring)
        silence(agent);
}

/// Rings that were cancelled, and the call goes on all the same.
void QueueLogPlayer::settle_cancelled() {
    std::erase_if(cancelled_, [&](const Cancelled& ring) {
        if (ring.at + kCancelled >= centre_.now()) return false;
        if (centre_.rings_at(ring.call, ring.agent)) requeue(ring.call);
        return true;
    });
}

/// The call rang and was not answered: it waits again, and the wait starts anew.
void QueueLogPlayer::requeue(u64 call) {
    const u32 agent = centre_.call(call)->agent;
    centre_.redirect(call, RedirectTo::SameSkill, rest_of(agent));
    centre_.queue(call, QueuedBy::Redirect);
    settle(agent);
}

/// The call is answered, or over: nobody rings for it any more but `but`.
void QueueLogPlayer::silence_others(u64 call, u32 but) {
    for (const u32 agent : std::exchange(open(call).ringing, {})) {
        const ReplayCentre::Agent& a = centre_.agent(agent);
        if (agent != but && a.call == call && !centre_.rings_at(call, agent)) silence(agent);
    }
}

}  // namespace twinlink::sim
