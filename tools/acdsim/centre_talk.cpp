// Calls from ringing to release: answer, redirect on no answer, hold, consult, transfer, conference,
// after-call work.
#include "tools/acdsim/call_centre.hpp"

namespace twinlink::sim {
namespace {

constexpr u8 kRedirectsMax = 3;
constexpr u64 kTalkMax = kHour;  // so that a whole day can be known to end idle

AgentMode talking(Offer offer) noexcept {
    return offer == Offer::Direct ? AgentMode::DirectAcd : AgentMode::Acd;
}

}  // namespace

void CallCentre::ring(u32 slot, u32 agent, u16 skill, Offer offer) {
    SimCall& c = calls_[slot];
    c.agent = agent;
    c.delivering = skill;
    c.offer = offer;
    stage(slot, Stage::Ringing);
    emit(CallRinging{clock(), c.id, login_of(agent), skill, offer, 0, 0});
    set_mode(agent, AgentMode::Ring, slot, skill, 0, Direction::None);
    if (c.redirects < kRedirectsMax && random_.chance(config_.unanswered_ppm))
        return later(slot, What::NoAnswer, 12 * kSecond);
    later(slot, What::Answer, kSecond / 2 + std::min(random_.exponential(3 * kSecond), 11 * kSecond));
}

void CallCentre::answer(u32 slot) {
    SimCall& c = calls_[slot];
    ++totals_.answered;
    stage(slot, Stage::Talking);
    emit(CallAnswered{clock(), c.id, login_of(c.agent), c.delivering, c.offer, 0, 0});
    set_mode(c.agent, talking(c.offer), slot, c.delivering, 0, Direction::None);
    plan_talk(slot);
}

void CallCentre::no_answer(u32 slot) {
    SimCall& c = calls_[slot];
    const u32 agent = c.agent;
    const u16 skill = c.delivering;
    ++c.redirects;
    const bool to_vdn = c.offer == Offer::Direct || random_.chance(300'000);
    const RedirectTo to = to_vdn ? RedirectTo::Vdn : RedirectTo::SameSkill;
    emit(CallRedirected{clock(), c.id, login_of(agent), skill, to, 0, 0});
    stage(slot, Stage::Vector);
    c.offer = Offer::Skill;
    if (random_.chance(500'000) && !agents_[agent].pending_logout)
        go_aux(agent, 0);  // the switch takes an agent who does not answer out of the way
    else
        next_task(agent);
    if (to_vdn) {
        at_vdn(slot, skill, VdnEntry::Redirected);
    } else {
        queue_call(slot, skill, QueuedBy::Redirect);
        if (calls_[slot].stage == Stage::Queued)
            later(slot, What::WaitStep, 15 * kSecond + random_.exponential(30 * kSecond));
    }
    offer_work(agent);
}

void CallCentre::plan_talk(u32 slot) {
    const SimCall& c = calls_[slot];
    const u64 mean = skills_[c.delivering - 1U].talk_mean;
    const u64 talk = kSecond + std::min(random_.erlang2(mean), kTalkMax);
    // A consult call that waits to become a transfer must still be there when the first agent lets go.
    if (c.direction == CallDirection::Internal) return later(slot, What::Release, 20 * kSecond + talk);
    const u64 draw = random_.below(1'000);
    if (draw < 90) return later(slot, What::Hold, talk / 2);
    if (draw < 140 && c.offer == Offer::Skill) return later(slot, What::Consult, talk / 2);
    if (draw < 200) return later(slot, What::TalkEvent, talk / 2);
    later(slot, What::Release, talk);
}

void CallCentre::talk_event(u32 slot) {
    const SimCall& c = calls_[slot];
    const u64 agent = login_of(c.agent);
    const u64 draw = random_.below(100);
    if (draw < 50)
        emit(CallEvent{clock(), c.id, agent, CallEventKind::Stroke, static_cast<u8>(random_.between(1, 9)), 0,
                       0});
    else if (draw < 65)
        emit(CallEvent{clock(), c.id, agent, CallEventKind::Assist, 0, 0, 0});
    else if (draw < 70)
        emit(CallEvent{clock(), c.id, agent, CallEventKind::Malicious, 0, 0, 0});
    else
        emit(CallWorkCode{clock(), c.id, agent, random_.between(1, 60)});
    plan_talk(slot);
}

void CallCentre::hold(u32 slot, What then, u64 after_ns) {
    const SimCall& c = calls_[slot];
    emit(CallHeld{clock(), c.id, login_of(c.agent)});
    stage(slot, Stage::Held);
    set_mode(c.agent, AgentMode::Other, slot, 0, 0, Direction::None);
    later(slot, then, after_ns);
}

void CallCentre::retrieve(u32 slot) {
    const SimCall& c = calls_[slot];
    emit(CallRetrieved{clock(), c.id, login_of(c.agent)});
    stage(slot, Stage::Talking);
    set_mode(c.agent, talking(c.offer), slot, c.delivering, 0, Direction::None);
    plan_talk(slot);
}

void CallCentre::hung_up_on_hold(u32 slot) {
    const SimCall& c = calls_[slot];
    emit(CallAbandoned{clock(), c.id, login_of(c.agent), 0, AbandonedIn::Hold, 0, 0});
    agent_leaves_call(slot, talking(c.offer));
}

void CallCentre::consult(u32 slot) {
    hold(slot, What::ConsultDone, random_.between(3, 8) * kSecond);
    const u32 other = new_call(CallDirection::Internal);
    calls_[slot].partner = other;
    calls_[other].partner = slot;
    set_mode(calls_[slot].agent, AgentMode::Other, slot, 0, 0, Direction::Out);
    if (random_.chance(400'000))
        return at_vdn(other, static_cast<u16>(random_.between(1, vdns_.size())), VdnEntry::First);
    calls_[other].extension = static_cast<u32>(random_.between(70'001, 70'999));
    stage(other, Stage::Extension);
    later(slot, What::ConsultAnswered, random_.between(2, 10) * kSecond);
}

void CallCentre::consult_answered(u32 slot) {
    SimCall& other = calls_[calls_[slot].partner];
    other.connected = true;
    emit(CallConnected{clock(), other.id, other.extension, 0});
    later(slot, What::ConsultDone, random_.between(5, 40) * kSecond);
}

void CallCentre::consult_done(u32 slot) {
    const u32 other = calls_[slot].partner;
    const u64 draw = random_.below(100);
    if (calls_[other].stage != Stage::Extension || draw < 45) return transfer(slot, other);
    const SimCall& c = calls_[slot];
    if (draw < 70) {
        emit(CallConferenced{clock(), c.id, login_of(c.agent), calls_[other].id});
        stage(slot, Stage::Talking);
        set_mode(c.agent, AgentMode::Acd, slot, c.delivering, 0, Direction::None);
        plan_talk(slot);
    } else {
        emit(CallReleased{clock(), calls_[other].id, 0, ReleasedBy::Agent, 0, 0, 0});
        retrieve(slot);
    }
    calls_[slot].partner = kNoCall;
    free_call(other);
}

void CallCentre::transfer(u32 slot, u32 to) {
    SimCall& c = calls_[slot];
    SimCall& next = calls_[to];
    emit(CallTransferred{clock(), c.id, login_of(c.agent), next.id});
    c.partner = kNoCall;
    next.partner = kNoCall;
    // The caller goes on in the other call, and the trunk with him.
    next.group = c.group;
    next.trunk = c.trunk;
    groups_[c.group - 1U].call[c.trunk] = to;
    c.trunk = 0;
    if (next.stage == Stage::Extension) {
        later(to, What::ExtensionReleases, 10 * kSecond + random_.erlang2(120 * kSecond));
    } else {
        events_.add(now_ + 20 * kSecond + random_.exponential(200 * kSecond), What::Patience, to,
                    next.generation);
    }
    agent_leaves_call(slot, AgentMode::Acd);
}

void CallCentre::release(u32 slot, ReleasedBy by) {
    const SimCall& c = calls_[slot];
    emit(CallReleased{clock(), c.id, login_of(c.agent), by, 0, 0, 0});
    agent_leaves_call(slot, talking(c.offer));
}

/// After-call work or the next task for the agent, and the trunk becomes idle.
void CallCentre::agent_leaves_call(u32 slot, AgentMode talked_as) {
    SimCall& c = calls_[slot];
    const u32 agent = c.agent;
    const u64 acw_mean = skills_[c.delivering - 1U].acw_mean;
    if (acw_mean == 0 || random_.chance(100'000)) {
        next_task(agent);
        idle_trunk(slot);
        free_call(slot);
        return offer_work(agent);
    }
    const AgentMode acw = talked_as == AgentMode::DirectAcd ? AgentMode::DirectAcw : AgentMode::Acw;
    set_mode(agent, acw, slot, c.delivering, 0, Direction::None);
    idle_trunk(slot);
    stage(slot, Stage::AfterWork);
    ++c.token;
    if (random_.chance(200'000)) emit(CallWorkCode{clock(), c.id, login_of(agent), random_.between(1, 60)});
    SimAgent& a = agents_[agent];
    a.mode_ends = now_ + kSecond + random_.exponential(acw_mean);
    events_.add(a.mode_ends, What::ModeEnds, agent, ++a.token);
}

void CallCentre::extension_answers(u32 slot) {
    SimCall& c = calls_[slot];
    c.connected = true;
    emit(CallConnected{clock(), c.id, c.extension, 0});
    if (c.direction == CallDirection::Out) return;  // the agent who dialled ends it
    later(slot, What::ExtensionReleases, 5 * kSecond + random_.erlang2(120 * kSecond));
}

void CallCentre::extension_releases(u32 slot) {
    const ReleasedBy by = random_.chance(600'000) ? ReleasedBy::Caller : ReleasedBy::Agent;
    emit(CallReleased{clock(), calls_[slot].id, 0, by, 0, 0, 0});
    idle_trunk(slot);
    free_call(slot);
}

}  // namespace twinlink::sim
