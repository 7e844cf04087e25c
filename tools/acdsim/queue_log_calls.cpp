// Calls of a queue_log: from entering a queue to whatever ends them there; queue_log_rings.cpp is what lies
// between. See queue_log_player.hpp.
#include "tools/acdsim/queue_log_player.hpp"

#include <algorithm>
#include <charconv>

namespace twinlink::sim {
namespace {

constexpr u32 kNobody = ~u32{0};
constexpr u16 kGroup = 1;
constexpr std::size_t kTrunksFirst = 64;  // doubled whenever all are busy: the file knows no trunks
constexpr std::size_t kTrunksMost = 32'768;
constexpr Nanos kOld{24 * kHour};            // a call without a line for so long has lost its end
constexpr std::size_t kDialledMax = 10'000;  // numbers dialled that wait for their call
constexpr std::size_t kUnknownMax = 100;     // names of unknown events that are kept apart

using K = QueueLogKind;

/// UCID of a uniqueid "system-1292281041.87": its seconds and its counter; 0 where it has another form.
u64 ucid_of(std::string_view uniqueid, Acd acd) noexcept {
    const std::size_t dot = uniqueid.rfind('.');
    if (dot == std::string_view::npos) return 0;
    std::size_t begin = dot;
    while (begin != 0 && uniqueid[begin - 1] >= '0' && uniqueid[begin - 1] <= '9') --begin;
    u64 seconds = 0;
    u64 counter = 0;
    const char* const end = uniqueid.data() + uniqueid.size();
    if (std::from_chars(uniqueid.data() + begin, uniqueid.data() + dot, seconds).ec != std::errc{}) return 0;
    const auto [at, error] = std::from_chars(uniqueid.data() + dot + 1, end, counter);
    if (error != std::errc{} || at != end) return 0;
    return u64{acd.value} << 48 | (counter & 0xFFFF) << 32 | (seconds & 0xFFFF'FFFF);
}

}  // namespace

QueueLogPlayer::QueueLogPlayer(const ReplayConfig& config, QueueLogRules rules)
    : rules_(std::move(rules)),
      names_(rules_.reasons),
      centre_(config, "asterisk", 0),
      acd_(config.acd),
      trunk_busy_(kTrunksFirst) {
    centre_.set_group(kGroup, "asterisk", static_cast<u16>(kTrunksFirst));
}

void QueueLogPlayer::play(const QueueLogEvent& e, Nanos now, MessageSink& sink) {
    centre_.at(now, sink);
    settle_cancelled();
    if (now >= next_old_) cut_old();
    switch (e.kind) {
        case K::ConfigReload: break;
        case K::QueueStart:
            cut_all();  // Asterisk was away; members of queues come back with it, agents do not
            for (u32 i = 0; i < members_.size(); ++i)
                if (std::exchange(members_[i].by_login, false)) log_out(i, 0);
            break;
        case K::Unknown:
            if (counts_.unknown.size() < kUnknownMax || counts_.unknown.contains(e.text))
                ++counts_.unknown[e.text];
            else
                ++counts_.unknown["(others)"];
            break;
        case K::AddMember:
        case K::RemoveMember:
        case K::AgentLogin:
        case K::AgentCallbackLogin:
        case K::AgentLogoff:
        case K::AgentCallbackLogoff:
        case K::Pause:
        case K::PauseAll:
        case K::Unpause:
        case K::UnpauseAll:
        case K::Penalty: play_member(e); break;
        default: play_call(e); break;
    }
}

void QueueLogPlayer::play_call(const QueueLogEvent& e) {
    if (e.kind == K::Did) {
        if (!e.text.empty() && dialled_.emplace(e.call, e.text).second) dialled_order_.push_back(e.call);
        for (; dialled_order_.size() > kDialledMax; dialled_order_.pop_front())
            dialled_.erase(dialled_order_.front());
        return;
    }
    const auto skill = names_.skills().find(e.queue);
    const bool by_member = !e.member.empty() && e.kind != K::EnterQueue;
    if (skill == names_.skills().end() || (by_member && !agent_of(e.member))) {
        ++counts_.refused;
        return;
    }
    OpenCall* const c = find(e);
    if (c != nullptr) c->last = std::max(c->last, e.time);
    switch (e.kind) {
        case K::EnterQueue: enter(e); break;
        case K::Connect: connect(e); break;
        case K::RingStart: ring_start(e); break;
        case K::RingNoAnswer:
        case K::AgentDump: unanswered(e); break;
        case K::RingCanceled: ring_canceled(e); break;
        default:
            if (c != nullptr)
                ends(e, c->id);
            else
                ++counts_.strays;
            break;
    }
}

QueueLogPlayer::OpenCall* QueueLogPlayer::find(const QueueLogEvent& e) noexcept {
    const auto at = calls_.find(e.call);
    if (at == calls_.end()) return nullptr;
    const auto c = std::ranges::find(at->second, e.queue, &OpenCall::queue);
    return c == at->second.end() ? nullptr : &*c;
}

QueueLogPlayer::OpenCall& QueueLogPlayer::open(u64 call) {
    return *std::ranges::find(calls_.find(by_id_.at(call))->second, call, &OpenCall::id);
}

u16 QueueLogPlayer::take_trunk() {
    auto free = std::ranges::find(trunk_busy_, false);
    if (free == trunk_busy_.end()) {
        const std::size_t before = trunk_busy_.size();
        trunk_busy_.resize(std::min(before * 2, kTrunksMost));
        if (trunk_busy_.size() == before) return 0;
        centre_.set_group(kGroup, "asterisk", static_cast<u16>(trunk_busy_.size()));
        centre_.pump_up(PumpUpWhy::Audit);
        free = trunk_busy_.begin() + static_cast<std::ptrdiff_t>(before);
    }
    *free = true;
    return static_cast<u16>(free - trunk_busy_.begin() + 1);
}

/// A caller comes into the queue. One who waits already, there or elsewhere, must have left that queue: its
/// line is missing. One who talks may come while the line of the transfer is still on its way.
QueueLogPlayer::OpenCall* QueueLogPlayer::enter(const QueueLogEvent& e) {
    if (const auto at = calls_.find(e.call); at != calls_.end()) {
        const auto before = at->second;
        for (const OpenCall& c : before)
            if (c.queue == e.queue || place(c) != CallPlace::Talking) cut(c.id);
    }
    ReplayCentre::Call call;
    call.skill = names_.skills().at(e.queue);
    call.group = kGroup;
    call.trunk = take_trunk();
    if (call.trunk == 0) {
        ++counts_.refused;
        return nullptr;
    }
    call.ucid = ucid_of(e.call, acd_);
    if (e.kind == K::EnterQueue) call.calling = e.text;
    if (const auto at = dialled_.find(e.call); at != dialled_.end()) call.dialled = at->second;
    const u64 id = centre_.seize(std::move(call));
    centre_.queue(id, QueuedBy::QueueTo);
    ++counts_.entered;
    auto& of_caller = calls_[e.call];
    of_caller.push_back({id, e.queue, e.time, {}});
    by_id_.emplace(id, e.call);
    return &of_caller.back();
}

// ---- ends

void QueueLogPlayer::ends(const QueueLogEvent& e, u64 id) {
    const CallPlace at = centre_.call(id)->place;
    const u32 agent = centre_.call(id)->agent;  // means something where one talks or it rings
    const bool talks = at == CallPlace::Talking;
    const bool rings = at == CallPlace::Ringing;
    const bool of_talk = e.kind == K::CompleteAgent || e.kind == K::CompleteCaller || e.kind == K::Transfer ||
                         e.kind == K::BlindTransfer || e.kind == K::AttendedTransfer;
    if (talks != of_talk || (rings && e.kind == K::SysCompat)) return cut(id);
    silence_others(id, talks || rings ? agent : kNobody);
    const u16 trunk = centre_.call(id)->trunk;
    switch (e.kind) {
        case K::CompleteAgent:
        case K::CompleteCaller:
            centre_.release(id, e.kind == K::CompleteAgent ? ReleasedBy::Agent : ReleasedBy::Caller,
                            rest_of(agent));
            break;
        case K::Transfer:
        case K::BlindTransfer:
        case K::AttendedTransfer:
            centre_.transfer(id, static_cast<u32>(QueueLogNames::number_in(e.text)), rest_of(agent));
            break;
        case K::Abandon:
            centre_.abandon(id, rest_of(agent));
            ++counts_.abandoned;
            break;
        case K::SysCompat: centre_.disconnect(id); break;
        default:
            if (rings) centre_.redirect(id, RedirectTo::Other, rest_of(agent));
            centre_.outflow(id);
            ++counts_.left;
            break;
    }
    over(id, trunk);
    if (talks || rings) settle(agent);
}

/// Books are closed: the call is no longer open.
void QueueLogPlayer::over(u64 call, u16 trunk) {
    trunk_busy_[trunk - 1U] = false;
    const auto caller = by_id_.find(call);
    const auto at = calls_.find(caller->second);
    std::erase_if(at->second, [&](const OpenCall& c) { return c.id == call; });
    if (at->second.empty()) calls_.erase(at);
    by_id_.erase(caller);
}

void QueueLogPlayer::cut(u64 call) {
    const ReplayCentre::Call& c = *centre_.call(call);
    const bool with_agent = c.place == CallPlace::Talking || c.place == CallPlace::Ringing;
    const u32 agent = c.agent;
    const u16 trunk = c.trunk;
    silence_others(call, with_agent ? agent : kNobody);
    centre_.cut(call, rest_of(agent));
    ++counts_.cut;
    over(call, trunk);
    if (with_agent) settle(agent);
}

void QueueLogPlayer::cut_old() {
    next_old_ = centre_.now() + Nanos{kHour};
    std::vector<u64> old;
    for (const auto& [caller, calls] : calls_)
        for (const OpenCall& c : calls)
            if (c.last + kOld < centre_.now()) old.push_back(c.id);
    for (const u64 call : old) cut(call);
}

void QueueLogPlayer::cut_all() {
    while (!by_id_.empty()) cut(by_id_.begin()->first);
}

void QueueLogPlayer::close(Nanos now, MessageSink& sink) {
    centre_.at(now, sink);
    const u64 before = counts_.cut;
    cut_all();
    counts_.unfinished = counts_.cut - before;
    counts_.cut = before;
    for (u32 i = 0; i < members_.size(); ++i) log_out(i, 0);
}

}  // namespace twinlink::sim
