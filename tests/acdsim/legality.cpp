// The rules of a legal link stream. See legality.hpp.
#include "tests/acdsim/legality.hpp"

#include "tools/acdsim/truth.hpp"

namespace twinlink::sim {
namespace {

bool talks(AgentMode m) noexcept { return m == AgentMode::Acd || m == AgentMode::DirectAcd; }

}  // namespace

void Referee::breach(const std::string& what) {
    if (breaches_.size() < 10) breaches_.push_back("message " + std::to_string(seq_) + ": " + what);
}

void Referee::begin_epoch(Epoch epoch, Nanos time) {
    if (epoch.value != time.value) breach("an epoch is named by its start");
    if (last_time_ > time.value) breach("an epoch begins before the last one ended");
    calls_.clear();
    agents_.clear();
    trunks_.clear();
    next_boundary_ = 0;
}

void Referee::end_epoch(Nanos time, bool) {
    if (next_boundary_ != 0 && time.value > next_boundary_) breach("a boundary is missing before the end");
}

std::size_t Referee::open_things() const noexcept { return calls_.size() + agents_.size() + trunks_.size(); }

void Referee::put(Bytes encoded) {
    const MessageView m = message_at(encoded.data());
    ++seq_;
    ++templates_[m.template_id];
    bytes_.insert(bytes_.end(), encoded.begin(), encoded.end());
    const u64 t = m.time().value;
    if (m.template_id == ClockSet::kTemplate) {
        if (m.as<ClockSet>().new_time != t || m.as<ClockSet>().old_time < last_time_)
            breach("a strange clock setting");
    } else if (t < last_time_) {
        breach("time runs backwards");
    }
    last_time_ = t;
    if (m.template_id == IntervalBoundary::kTemplate) {
        const auto b = m.as<IntervalBoundary>();
        ++boundaries_;
        if (b.interval_start != next_boundary_ || t != b.interval_start) breach("a boundary off the grid");
        next_boundary_ = b.interval_start + u64{b.interval_minutes} * 60'000'000'000ULL;
    } else if (next_boundary_ != 0 && t > next_boundary_) {
        breach("a boundary is missing");
        next_boundary_ = 0;
    }
    if (m.template_id >= PumpUpBegin::kTemplate && m.template_id <= PumpUpEnd::kTemplate)
        return on_pump_up(m);
    if (in_pump_up_ && m.template_id == TrunkMaintenance::kTemplate) {  // says what is out of service
        const auto out = m.as<TrunkMaintenance>();
        if (out.call != 0 || out.busy != 1 || trunks_.contains({out.trunk_group, out.trunk}))
            breach("a trunk out of service that is not");
        ++out_of_service_;
        return;
    }
    if (in_pump_up_) breach("something else inside a pump-up");
    if (m.template_id >= AgentLogin::kTemplate) return on_agent(m);
    if (m.template_id >= CallAtVdn::kTemplate) return on_call(m);
    if (m.template_id >= TrunkSeized::kTemplate) return on_trunk(m);
}

Referee::CallState& Referee::need(u64 call, const char* what) {
    if (!calls_.contains(call)) breach(std::string(what) + " of an unknown call " + std::to_string(call));
    return calls_[call];
}

void Referee::on_trunk(const MessageView& m) {
    if (m.template_id == TrunkSeized::kTemplate) {
        const auto s = m.as<TrunkSeized>();
        if (trunks_.contains({s.trunk_group, s.trunk})) breach("a trunk is seized twice");
        if (calls_.contains(s.call)) breach("a call id is used twice");
        trunks_[{s.trunk_group, s.trunk}] = s.call;
        calls_[s.call].has_trunk = true;
        calls_[s.call].connected = s.direction == CallDirection::Out;
        return;
    }
    const bool idle = m.template_id == TrunkIdle::kTemplate;
    const u16 group = idle ? m.as<TrunkIdle>().trunk_group : m.as<TrunkMaintenance>().trunk_group;
    const u16 trunk = idle ? m.as<TrunkIdle>().trunk : m.as<TrunkMaintenance>().trunk;
    const u64 call = idle ? m.as<TrunkIdle>().call : m.as<TrunkMaintenance>().call;
    const auto at = trunks_.find({group, trunk});
    if (call == 0) {
        if (at != trunks_.end()) breach("maintenance of a busy trunk does not name its call");
        return;
    }
    if (at == trunks_.end() || at->second != call)
        return breach("a trunk becomes idle that this call has not");
    trunks_.erase(at);
    const CallState& c = need(call, "a trunk");
    if (idle && !c.over && !c.connected) breach("a trunk becomes idle while its call goes on");
    calls_.erase(call);
}

void Referee::on_call(const MessageView& m) {
    const auto call = read<u64>(m.block + 8);
    const auto end = [&](u64 id) {
        CallState& c = need(id, "an end");
        if (c.over) breach("a call ends twice");
        c.over = true;
        if (!c.has_trunk) calls_.erase(id);
    };
    const auto of_agent = [&](u64 agent, const char* what) {
        const CallState& c = need(call, what);
        if (!c.answered || c.agent != agent || c.over)
            breach(std::string(what) + " by an agent who has not this call");
    };
    switch (m.template_id) {
        case CallAtVdn::kTemplate: calls_[call].queued.clear(); break;
        case CallAtVector::kTemplate: need(call, "a vector"); break;
        case CallQueued::kTemplate: {
            CallState& c = need(call, "queueing");
            if (c.answered || c.over || c.rings) breach("queued although answered, ringing or over");
            c.queued.insert(m.as<CallQueued>().skill);
            if (c.queued.size() > 3) breach("more than three queues");
            break;
        }
        case CallDequeued::kTemplate:
            if (need(call, "dequeueing").queued.erase(m.as<CallDequeued>().skill) == 0)
                breach("dequeued where it was not");
            break;
        case CallRinging::kTemplate: {
            CallState& c = need(call, "ringing");
            const auto r = m.as<CallRinging>();
            if (!c.queued.contains(r.skill) || c.rings || c.answered)
                breach("rings without having queued there");
            if (!agents_.contains(r.agent) || agents_[r.agent].mode != AgentMode::Avail)
                breach("rings at a busy agent");
            c.rings = true;
            c.agent = r.agent;
            break;
        }
        case CallAnswered::kTemplate: {
            CallState& c = need(call, "answer");
            const auto a = m.as<CallAnswered>();
            if (!c.rings || c.agent != a.agent) breach("answered without ringing");
            if (agents_[a.agent].mode != AgentMode::Ring || agents_[a.agent].call != call)
                breach("answered by another");
            c.rings = false;
            c.answered = true;
            c.queued.clear();
            ++calls_answered;
            break;
        }
        case CallRedirected::kTemplate: {
            CallState& c = need(call, "redirection");
            if (!c.rings || c.agent != m.as<CallRedirected>().agent) breach("redirected without ringing");
            c.rings = false;
            break;
        }
        case CallHeld::kTemplate:
            of_agent(m.as<CallHeld>().agent, "hold");
            if (std::exchange(calls_[call].held, true)) breach("held twice");
            break;
        case CallRetrieved::kTemplate:
            of_agent(m.as<CallRetrieved>().agent, "retrieve");
            if (!std::exchange(calls_[call].held, false)) breach("retrieved without hold");
            break;
        case CallConferenced::kTemplate:
            of_agent(m.as<CallConferenced>().agent, "conference");
            calls_[call].held = false;
            end(m.as<CallConferenced>().other);
            break;
        case CallTransferred::kTemplate: {
            const auto t = m.as<CallTransferred>();
            of_agent(t.agent, "transfer");
            need(t.to_call, "transfer").has_trunk = calls_[call].has_trunk;
            for (auto& [trunk, owner] : trunks_)
                if (owner == call) owner = t.to_call;
            calls_[call].has_trunk = false;
            end(call);
            break;
        }
        case CallAbandoned::kTemplate: {
            const CallState& c = need(call, "abandon");
            const auto a = m.as<CallAbandoned>();
            const bool right = a.in == AbandonedIn::Ringing ? c.rings && c.agent == a.agent
                               : a.in == AbandonedIn::Hold  ? c.held && c.agent == a.agent
                               : a.in == AbandonedIn::Queue ? !c.queued.empty() && !c.rings && !c.answered
                                                            : !c.rings && !c.answered;
            if (!right) breach("abandoned where it was not");
            if (a.in != AbandonedIn::Hold) ++calls_abandoned;
            end(call);
            break;
        }
        case CallOutflowed::kTemplate:
            need(call, "outflow").queued.clear();
            if (m.as<CallOutflowed>().to == OutflowTo::OffSwitch) end(call);
            break;
        case CallConnected::kTemplate: calls_[call].connected = true; break;
        case CallReleased::kTemplate: {
            const u64 agent = m.as<CallReleased>().agent;
            if (agent == 0 && !need(call, "release").connected) breach("released from nobody");
            if (agent != 0) {
                of_agent(agent, "release");
                if (!talks(agents_[agent].mode) || agents_[agent].call != call)
                    breach("released by an agent not talking");
            }
            end(call);
            break;
        }
        case CallForcedBusy::kTemplate:
        case CallForcedDisconnect::kTemplate: end(call); break;
        default: break;
    }
}

void Referee::on_agent(const MessageView& m) {
    const auto agent = read<u64>(m.block + 8);
    const bool staffed = agents_.contains(agent);
    if (m.template_id == AgentLogin::kTemplate) {
        if (staffed) breach("a second login");
        agents_[agent] = {};
        return;
    }
    if (!staffed) return breach("a message of an agent who is not staffed");
    AgentNow& now = agents_[agent];
    if (m.template_id == AgentLogout::kTemplate) {
        if (now.call != 0) breach("a logout on a call");
        agents_.erase(agent);
        return;
    }
    const auto s = m.as<AgentState>();
    if (s.previous != now.mode) breach("the previous mode is not the one before");
    if (s.mode == AgentMode::Ring && now.mode != AgentMode::Avail) breach("rings when not available");
    if (talks(s.mode) && now.mode != AgentMode::Ring && now.mode != AgentMode::Other)
        breach("talks without a ring");
    const bool with_call = talks(s.mode) || s.mode == AgentMode::Ring;
    if (with_call && (s.call == 0 || s.skill == 0)) breach("a mode without its call and skill");
    if (!with_call && s.mode != AgentMode::Acw && s.mode != AgentMode::DirectAcw && s.call != 0)
        breach("a call too many");
    now = {s.mode, s.call};
}

void Referee::on_pump_up(const MessageView& m) {
    if (m.template_id == PumpUpBegin::kTemplate) {
        if (in_pump_up_) breach("a pump-up inside a pump-up");
        in_pump_up_ = true;
        counted_ = {};
        out_of_service_ = promised_out_ = 0;
        return;
    }
    // Changes of an agent's skills outside a pump-up are no state that we track.
    if (!in_pump_up_ && m.template_id == AgentSkill::kTemplate) return;
    if (!in_pump_up_) return breach("a pump-up message outside a pump-up");
    switch (m.template_id) {
        case AcdInfo::kTemplate: {
            const u64 grid = u64{m.as<AcdInfo>().interval_minutes} * 60'000'000'000ULL;
            if (next_boundary_ == 0) next_boundary_ = (m.time().value + grid - 1) / grid * grid;
            break;
        }
        case SkillInfo::kTemplate: ++counted_.skills; break;
        case VdnInfo::kTemplate: ++counted_.vdns; break;
        case VectorInfo::kTemplate: ++counted_.vectors; break;
        case TrunkGroupInfo::kTemplate:
            ++counted_.trunk_groups;
            promised_out_ += m.as<TrunkGroupInfo>().out_of_service;
            break;
        case AgentInfo::kTemplate: ++counted_.agents; break;
        case AgentSkill::kTemplate: ++counted_.agent_skills; break;
        case AgentSnapshot::kTemplate: {
            const auto s = m.as<AgentSnapshot>();
            ++counted_.agent_snapshots;
            if (!agents_.contains(s.agent) || agents_[s.agent].mode != s.mode ||
                agents_[s.agent].call != s.call)
                breach("a snapshot of an agent that differs from what was told");
            break;
        }
        case CallSnapshot::kTemplate: {
            const auto s = m.as<CallSnapshot>();
            ++counted_.call_snapshots;
            const bool told =
                calls_.contains(s.call) || s.place == CallPlace::AfterWork || s.place == CallPlace::Extension;
            if (!told) breach("a snapshot of a call that nobody told of");
            break;
        }
        case PumpUpEnd::kTemplate: {
            auto e = m.as<PumpUpEnd>();
            e.time = 0;
            if (std::memcmp(&e, &counted_, sizeof e) != 0) breach("a pump-up that miscounts itself");
            if (out_of_service_ != promised_out_) breach("other trunks out of service than it says");
            if (counted_.agent_snapshots != agents_.size()) breach("a pump-up that forgets staffed agents");
            in_pump_up_ = false;
            break;
        }
        default: break;
    }
}

}  // namespace twinlink::sim
