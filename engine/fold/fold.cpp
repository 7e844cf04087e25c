// The way of messages into the fold: walk, look ahead, dispatch. See core.hpp.
#include "engine/fold/core.hpp"

#include <bit>

namespace twinlink {

namespace fold {
namespace {

// How far ahead of the message being folded its table slots, then its entries are fetched into the cache.
// Measured: 100,000 calls do not fit L2, and a miss costs more than folding a message.
constexpr u32 kSlotsAhead = 12;
constexpr u32 kEntriesAhead = 6;
constexpr u32 kLegsAhead = 3;
constexpr std::ptrdiff_t kBytesAhead = 768;

constexpr bool is_call(u16 id) noexcept { return id >= TrunkSeized::kTemplate && id <= CallEvent::kTemplate; }
constexpr bool is_agent(u16 id) noexcept {
    return id >= AgentLogin::kTemplate && id <= AgentState::kTemplate;
}
constexpr bool names_agent(u16 id) noexcept {
    // Messages with `agent` at offset 16 that change him or book to his rows.
    return id == CallRinging::kTemplate ||
           (id >= CallAnswered::kTemplate && id <= CallRetrieved::kTemplate) ||
           id == CallRedirected::kTemplate || id == CallReleased::kTemplate || id == CallAbandoned::kTemplate;
}
/// What they change lies in the part of a call that is about its conversation.
constexpr bool talks_about(u16 id) noexcept {
    return id >= CallAnswered::kTemplate && id <= CallEvent::kTemplate;
}
/// The key of the trunk that the message seizes or frees, 0 = none.
constexpr u64 trunk_of(const MessageView& m) noexcept {
    if (m.template_id == TrunkIdle::kTemplate)
        return trunk_key(read<u16>(m.block + 16), read<u16>(m.block + 18));
    if (m.template_id == TrunkSeized::kTemplate)
        return trunk_key(read<u16>(m.block + 24), read<u16>(m.block + 26));
    return 0;
}
constexpr bool part_of_pump_up(u16 id) noexcept {
    return (id >= PumpUpBegin::kTemplate && id <= PumpUpEnd::kTemplate) || id == TrunkMaintenance::kTemplate;
}

/// Walks validated bytes a few messages ahead.
struct Ahead {
    const std::byte* at;
    const std::byte* end;
    template <class F>
    [[gnu::always_inline]] void step(F&& f) noexcept {
        if (at == end) return;
        const MessageView m = message_at(at);
        at += m.wire_bytes();
        f(m);
    }
};

}  // namespace

// Inlined by force: GCC 12 takes a function that only prefetches for one without effect and drops the call.
[[gnu::always_inline]] inline void Core::prefetch_slot(const MessageView& m) const noexcept {
    if (is_call(m.template_id)) {
        call_ids_.prefetch(read<u64>(m.block + 8));
        if (const u64 key = trunk_of(m); key != 0) trunk_ids_.prefetch(key);
        if (names_agent(m.template_id)) agent_ids_.prefetch(read<u64>(m.block + 16));
    } else if (is_agent(m.template_id)) {
        agent_ids_.prefetch(read<u64>(m.block + 8));
    }
}

[[gnu::always_inline]] inline Core::Found Core::prefetch_entry(const MessageView& m) const noexcept {
    Found found;
    if (is_call(m.template_id)) {
        found.call = call_ids_.find(read<u64>(m.block + 8));
        if (found.call != kNoIndex) {
            calls_.prefetch_line(found.call, 0);
            calls_.prefetch_line(found.call, 1);
            if (talks_about(m.template_id)) calls_.prefetch_line(found.call, 2);
        }
        if (const u64 key = trunk_of(m); key != 0) {
            if (const u32 t = trunk_ids_.find(key); t != kNoIndex) {
                trunks_.prefetch(t);
                if (m.template_id == TrunkIdle::kTemplate) trunk_rows_.prefetch(t);
            }
        }
        if (names_agent(m.template_id)) found.agent = prefetch_agent(read<u64>(m.block + 16));
    } else if (is_agent(m.template_id)) {
        found.agent = prefetch_agent(read<u64>(m.block + 8));
    }
    return found;
}

[[gnu::always_inline]] inline u32 Core::prefetch_agent(u64 agent) const noexcept {
    const u32 a = agent_ids_.find(agent);
    if (a == kNoIndex) return a;
    agents_.prefetch_line(a, 0);
    agents_.prefetch_line(a, 1);
    return a;
}

/// The segment of the call or of the after-call work that the message is about; the agent's skill whose time
/// it accrues to.
[[gnu::always_inline]] inline void Core::prefetch_leg(const MessageView& m, Found found) const noexcept {
    if (found.call != kNoIndex) {
        const u32 leg = calls_[found.call].leg;
        if (leg == 0) return;
        legs_.prefetch_line(leg - 1, 0);
        legs_.prefetch_line(leg - 1, 1);
    } else if (found.agent != kNoIndex && m.template_id == AgentState::kTemplate) {
        const AgentEntry& agent = agents_[found.agent];
        if (agent.first != kNoIndex) links_.prefetch(agent.first);
        if (agent.mode_link != agent.first && agent.mode_link != kNoIndex) links_.prefetch(agent.mode_link);
        if (agent.work.leg == 0) return;
        for (u32 line = 0; line < 3; ++line) legs_.prefetch_line(agent.work.leg - 1, line);
        if (agent.mode_link != kNoIndex) agent_rows_.prefetch(agent.mode_link);
    }
}

void Core::apply(Seq first, Bytes messages, u32 n, FoldSink& sink) {
    // Joined in the middle of an epoch: what lies before is as good as missing.
    if (!ready_ && seq_ == 0 && first.value != 1) become_uncertain();
    sink_ = &sink;
    Ahead slots{messages.data(), messages.data() + messages.size()};
    Ahead entries = slots;
    Ahead legs = slots;
    std::array<Found, std::bit_ceil(kEntriesAhead + 1)> found;  // by number of the message
    const auto find = [&](u32 i) {
        entries.step([&](const MessageView& m) { found[i % found.size()] = prefetch_entry(m); });
    };
    const auto follow = [&](u32 i) {
        legs.step([&](const MessageView& m) { prefetch_leg(m, found[i % found.size()]); });
    };
    for (u32 i = 0; i < kSlotsAhead; ++i) slots.step([&](const MessageView& m) { prefetch_slot(m); });
    for (u32 i = 0; i < kEntriesAhead; ++i) find(i);
    for (u32 i = 0; i < kLegsAhead; ++i) follow(i);
    mark(first);
    FoldTrail nowhere;
    std::atomic<u64>& standing = (trail_ != nullptr ? *trail_ : nowhere).seq;
    const std::byte* at = messages.data();
    for (u32 i = 0; i < n; ++i) {
        __builtin_prefetch(slots.at + std::min(kBytesAhead, slots.end - slots.at));
        slots.step([&](const MessageView& m) { prefetch_slot(m); });
        find(i + kEntriesAhead);
        follow(i + kLegsAhead);
        const MessageView m = message_at(at);
        at += m.wire_bytes();
        seq_ = first.value + i;
        standing.store(seq_, std::memory_order_relaxed);
        found_ = found[i % found.size()];
        fold_one(m, sink);
    }
    mark(Seq{0});
    sink_ = nullptr;
    found_ = {};
    count(FoldCounter::Messages, n);
}

void Core::fold_one(const MessageView& m, FoldSink& sink) {
    advance(m, sink);
    if (open_) {
        if (record_.messages++ == 0) record_.first_seq = seq_;
        record_.last_seq = seq_;
        record_.last_time = wall_;
        record_changed_ = true;
    }
    if (!ready_ && !(pumping_ && part_of_pump_up(m.template_id)) && m.template_id != PumpUpBegin::kTemplate) {
        count(FoldCounter::IgnoredBeforePumpUp);
        become_uncertain();  // what it said is as good as missing
        return;
    }
    dispatch(m, sink);
}

void Core::dispatch(const MessageView& m, FoldSink& sink) {
    switch (m.template_id) {
        case IntervalBoundary::kTemplate: return on(m.as<IntervalBoundary>(), sink);
        case ClockSet::kTemplate: return on(m.as<ClockSet>());
        case PumpUpBegin::kTemplate: return on(m.as<PumpUpBegin>());
        case AcdInfo::kTemplate: return on(m.as<AcdInfo>(), sink);
        case SkillInfo::kTemplate: return on(m.as<SkillInfo>(), sink);
        case VdnInfo::kTemplate: return on(m.as<VdnInfo>(), sink);
        case VectorInfo::kTemplate: return on(m.as<VectorInfo>(), sink);
        case TrunkGroupInfo::kTemplate: return on(m.as<TrunkGroupInfo>(), sink);
        case AgentInfo::kTemplate:
            ++seen_.agents;
            return name(NameKind::Agent, m.as<AgentInfo>().agent, m.as<AgentInfo>().name, sink);
        case AgentSkill::kTemplate: return on(m.as<AgentSkill>());
        case AgentSnapshot::kTemplate: return on(m.as<AgentSnapshot>());
        case CallSnapshot::kTemplate: return on(m.as<CallSnapshot>());
        case PumpUpEnd::kTemplate: return on(m.as<PumpUpEnd>(), sink);
        case TrunkSeized::kTemplate: return on(m.as<TrunkSeized>());
        case TrunkIdle::kTemplate: return on(m.as<TrunkIdle>());
        case TrunkMaintenance::kTemplate: return on(m.as<TrunkMaintenance>());
        case CallAtVdn::kTemplate: return on(m.as<CallAtVdn>());
        case CallAtVector::kTemplate: return on(m.as<CallAtVector>());
        case CallWorkCode::kTemplate: return on(m.as<CallWorkCode>());
        case CallQueued::kTemplate: return on(m.as<CallQueued>());
        case CallDequeued::kTemplate: return on(m.as<CallDequeued>());
        case CallRinging::kTemplate: return on(m.as<CallRinging>());
        case CallAnswered::kTemplate: return on(m.as<CallAnswered>());
        case CallHeld::kTemplate: return on(m.as<CallHeld>());
        case CallRetrieved::kTemplate: return on(m.as<CallRetrieved>());
        case CallConferenced::kTemplate: return on(m.as<CallConferenced>());
        case CallTransferred::kTemplate: return on(m.as<CallTransferred>());
        case CallRedirected::kTemplate: return on(m.as<CallRedirected>());
        case CallAbandoned::kTemplate: return on(m.as<CallAbandoned>());
        case CallForcedBusy::kTemplate: return on(m.as<CallForcedBusy>());
        case CallForcedDisconnect::kTemplate: return on(m.as<CallForcedDisconnect>());
        case CallOutflowed::kTemplate: return on(m.as<CallOutflowed>());
        case CallConnected::kTemplate: return on(m.as<CallConnected>());
        case CallReleased::kTemplate: return on(m.as<CallReleased>());
        case CallEvent::kTemplate: return on(m.as<CallEvent>());
        case AgentLogin::kTemplate: return on(m.as<AgentLogin>());
        case AgentLogout::kTemplate: return on(m.as<AgentLogout>());
        case AgentState::kTemplate: return on(m.as<AgentState>());
        default: return count(FoldCounter::UnknownTemplate);
    }
}

}  // namespace fold
}  // namespace twinlink
