// Callers from arrival to the queue: VDNs, vectors, queues, and all the ways out before an agent answers.
#include "tools/acdsim/call_centre.hpp"

#include <fmt/format.h>

namespace twinlink::sim {
namespace {

constexpr std::size_t priority_index(Priority p) noexcept { return 4U - static_cast<std::size_t>(p); }
constexpr u64 kPatienceMean = 240 * kSecond;
constexpr u8 kHopsMax = 3;

/// Load through the opening hours in percent of the busiest time, twelve equal parts.
constexpr std::array<u8, 12> kDayShape{35, 70, 95, 100, 90, 70, 75, 90, 95, 80, 55, 30};

}  // namespace

u32 CallCentre::new_call(CallDirection direction) {
    u32 slot;
    if (!free_calls_.empty()) {
        slot = free_calls_.back();
        free_calls_.pop_back();
    } else {
        slot = static_cast<u32>(calls_.size());
        calls_.emplace_back();
    }
    SimCall& c = calls_[slot];
    const u32 generation = c.generation;
    const u32 token = c.token + 1;
    c = SimCall{};
    c.generation = generation;
    c.token = token;
    c.id = next_call_++;
    // node (16 bit), call number (16 bit), seconds (32 bit): as in the field.
    c.ucid = u64{config_.acd.value} << 48 | (c.id & 0xFFFF) << 32 | (clock() / kSecond & 0xFFFF'FFFF);
    c.direction = direction;
    c.started = now_;
    stage(slot, Stage::Trunk);
    ++totals_.calls;
    return slot;
}

void CallCentre::free_call(u32 slot) {
    calls_[slot].stage = Stage::Free;
    ++calls_[slot].generation;
    ++calls_[slot].token;
    free_calls_.push_back(slot);
}

void CallCentre::later(u32 slot, What what, u64 delay_ns) {
    events_.add(now_ + delay_ns, what, slot, ++calls_[slot].token);
}

void CallCentre::stage(u32 slot, Stage to) noexcept {
    calls_[slot].stage = to;
    calls_[slot].since = now_;
}

void CallCentre::schedule_arrival() {
    // Outside the opening hours nobody calls; the next caller comes when it opens.
    const u64 of_day = now_ % kDay;
    u64 from = now_;
    if (of_day < config_.opens.value) from += config_.opens.value - of_day;
    if (of_day >= config_.closes.value) from += kDay - of_day + config_.opens.value;
    events_.add(from + std::max<u64>(1, random_.exponential(arrival_mean_ns_)), What::Arrival);
}

void CallCentre::arrival() {
    const u64 of_day = now_ % kDay;
    schedule_arrival();
    if (of_day < config_.opens.value || of_day >= config_.closes.value) return;
    const u64 part =
        (of_day - config_.opens.value) * kDayShape.size() / (config_.closes.value - config_.opens.value);
    if (random_.below(100) >= kDayShape[part]) return;

    u64 at = random_.below(vdn_weights_);
    u16 vdn = 1;
    for (; at >= vdns_[vdn - 1U].weight; ++vdn) at -= vdns_[vdn - 1U].weight;
    const u16 group = vdns_[vdn - 1U].group;
    if (groups_[group - 1U].idle.empty()) {
        ++totals_.all_trunks_busy;
        return;
    }
    const u32 slot = new_call(random_.chance(20'000) ? CallDirection::Adjunct : CallDirection::In);
    char calling[16];
    const auto end = fmt::format_to(calling, "030{:08}", random_.below(100'000'000));
    char dialled[16];
    const auto dialled_end = fmt::format_to(dialled, "0800{:04}", 5'000 + vdn);
    seize(slot, group, {calling, static_cast<std::size_t>(end - calling)},
          {dialled, static_cast<std::size_t>(dialled_end - dialled)});
    events_.add(now_ + 3 * kSecond + random_.exponential(kPatienceMean), What::Patience, slot,
                calls_[slot].generation);
    if (random_.chance(10'000)) return queue_direct(slot, static_cast<u32>(random_.below(agents_.size())));
    at_vdn(slot, vdn, VdnEntry::First);
}

void CallCentre::at_vdn(u32 slot, u16 vdn, VdnEntry how) {
    SimCall& c = calls_[slot];
    c.vdn = vdn;
    c.vector = vdn;
    c.skill = {};
    c.backups_asked = false;
    c.priority = vdns_[vdn - 1U].priority;
    stage(slot, Stage::Vector);
    emit(CallAtVdn{clock(), c.id, 5'000U + vdn, how, 0, 0});
    emit(CallAtVector{clock(), c.id, c.vector, VectorEntry::Vdn, 0, 0});
    later(slot, What::VectorStep, kSecond + random_.exponential(6 * kSecond));
}

void CallCentre::vector_step(u32 slot) {
    SimCall& c = calls_[slot];
    const bool plain = c.direction == CallDirection::Internal || c.hops >= kHopsMax;
    const u64 draw = plain ? 100'000 : random_.below(100'000);
    if (draw < 300) return force_busy(slot);
    if (draw < 600) return force_disconnect(slot, static_cast<DisconnectBy>(random_.between(1, 4)));
    if (draw < 4'000) {
        ++c.hops;
        c.vector = static_cast<u16>(vdns_.size() + 1);  // the vector of announcements
        emit(CallAtVector{clock(), c.id, c.vector, VectorEntry::GoTo, 0, 0});
        return later(slot, What::VectorStep, kSecond + random_.exponential(8 * kSecond));
    }
    if (draw < 6'000 && vdns_.size() > 1) {
        ++c.hops;
        const auto to = static_cast<u16>(c.vdn % vdns_.size() + 1);
        emit(CallOutflowed{clock(), c.id, 5'000U + to, OutflowTo::Vdn, 0, 0});
        return at_vdn(slot, to, VdnEntry::RouteTo);
    }
    if (draw < 6'500) return off_switch(slot);
    if (draw < 8'500) return go_to_extension(slot);
    const QueuedBy by = draw < 10'500 ? QueuedBy::RouteTo : QueuedBy::QueueTo;
    queue_call(slot, vdns_[c.vdn - 1U].skill[0], by);
    if (calls_[slot].stage == Stage::Queued)
        later(slot, What::WaitStep, 10 * kSecond + random_.exponential(15 * kSecond));
}

void CallCentre::queue_call(u32 slot, u16 skill, QueuedBy by) {
    SimCall& c = calls_[slot];
    u8 position = 1;
    if (by == QueuedBy::Redirect) {
        position = static_cast<u8>(1 + (std::find(c.skill.begin(), c.skill.end(), skill) - c.skill.begin()));
        c.priority = Priority::Top;
    } else {
        while (c.skill[position - 1U] != 0) ++position;
        c.skill[position - 1U] = skill;
    }
    if (c.queued_at == 0) c.queued_at = now_;
    if (c.stage != Stage::Queued) stage(slot, Stage::Queued);
    emit(CallQueued{clock(), c.id, 0, skill, c.priority, position, by, 0, 0});
    const u32 agent = idle_agent(skill);
    if (agent != kNobody) return ring(slot, agent, skill, Offer::Skill);
    skills_[skill - 1U].queue[priority_index(c.priority)].push_back({slot, c.generation});
}

void CallCentre::queue_direct(u32 slot, u32 agent) {
    SimCall& c = calls_[slot];
    c.agent = agent;
    c.offer = Offer::Direct;
    c.skill[0] = agents_[agent].skills.front();
    c.queued_at = now_;
    c.priority = Priority::Top;
    stage(slot, Stage::Queued);
    emit(CallQueued{clock(), c.id, login_of(agent), c.skill[0], c.priority, 1, QueuedBy::DirectAgent, 0, 0});
    if (agents_[agent].mode == AgentMode::Avail) return ring(slot, agent, c.skill[0], Offer::Direct);
    agents_[agent].own_queue.emplace_back(slot, c.generation);
}

void CallCentre::wait_step(u32 slot) {
    if (calls_[slot].stage != Stage::Queued) return;
    SimCall& c = calls_[slot];
    const bool plain = c.direction == CallDirection::Internal || c.hops >= kHopsMax;
    const u64 draw = plain ? 100'000 : random_.below(100'000);
    if (draw < 800) return force_busy(slot);
    if (draw < 1'600) return force_disconnect(slot, DisconnectBy::Timer);
    if (draw < 3'200 && vdns_.size() > 1) {
        ++c.hops;
        const auto to = static_cast<u16>(c.vdn % vdns_.size() + 1);
        emit(CallOutflowed{clock(), c.id, 5'000U + to, OutflowTo::Vdn, 0, 0});
        leave_queue(slot);
        return at_vdn(slot, to, VdnEntry::RouteTo);
    }
    if (draw < 4'000) return off_switch(slot);
    if (draw < 5'000) return go_to_extension(slot);
    if (c.skill[2] != 0 && random_.chance(200'000)) {
        emit(CallDequeued{clock(), c.id, c.skill[2], DequeueWhy::Command, 0, 0});
        c.skill[2] = 0;
        c.backups_asked = true;
    } else if (c.skill[2] == 0 && !c.backups_asked) {
        const auto& wanted = vdns_[c.vdn - 1U].skill;
        const u16 next = c.skill[1] == 0 ? wanted[1] : wanted[2];
        const QueuedBy by = random_.chance(500'000)   ? QueuedBy::QueueTo
                            : random_.chance(900'000) ? QueuedBy::CheckBackup
                                                      : QueuedBy::Messaging;
        if (next != 0) queue_call(slot, next, by);
    }
    if (calls_[slot].stage == Stage::Queued)
        later(slot, What::WaitStep, 15 * kSecond + random_.exponential(30 * kSecond));
}

bool CallCentre::leave_queue(u32 slot) {
    SimCall& c = calls_[slot];
    const bool was_queued = c.skill[0] != 0;
    c.skill = {};  // entries in the queues are stale from now on
    return was_queued;
}

void CallCentre::go_to_extension(u32 slot) {
    if (leave_queue(slot)) emit(CallOutflowed{clock(), calls_[slot].id, 0, OutflowTo::Extension, 0, 0});
    calls_[slot].extension = static_cast<u32>(random_.between(70'001, 70'999));
    stage(slot, Stage::Extension);
    later(slot, What::ExtensionAnswers, random_.between(2, 12) * kSecond);
}

void CallCentre::off_switch(u32 slot) {
    emit(CallOutflowed{clock(), calls_[slot].id, 0, OutflowTo::OffSwitch, 0, 0});
    idle_trunk(slot);
    free_call(slot);
}

void CallCentre::force_busy(u32 slot) {
    emit(CallForcedBusy{clock(), calls_[slot].id});
    idle_trunk(slot);
    free_call(slot);
}

void CallCentre::force_disconnect(u32 slot, DisconnectBy by) {
    emit(CallForcedDisconnect{clock(), calls_[slot].id, by, 0, 0, 0});
    idle_trunk(slot);
    free_call(slot);
}

void CallCentre::patience_ends(u32 slot) {
    SimCall& c = calls_[slot];
    if (c.stage != Stage::Vector && c.stage != Stage::Queued && c.stage != Stage::Ringing) return;
    ++totals_.abandoned;
    const bool rings = c.stage == Stage::Ringing;
    const u32 agent = c.agent;
    const AbandonedIn in = rings                      ? AbandonedIn::Ringing
                           : c.stage == Stage::Queued ? AbandonedIn::Queue
                                                      : AbandonedIn::Vector;
    const u16 skill = rings ? c.delivering : in == AbandonedIn::Queue ? c.skill[0] : u16{0};
    emit(CallAbandoned{clock(), c.id, rings ? login_of(agent) : 0, skill, in, 0, 0});
    if (!rings) {
        idle_trunk(slot);
        return free_call(slot);
    }
    next_task(agent);
    idle_trunk(slot);
    free_call(slot);
    offer_work(agent);
}

bool CallCentre::still_waits(const Waiting& entry, u16 skill) const noexcept {
    const SimCall& c = calls_[entry.index];
    return c.stage == Stage::Queued && c.generation == entry.stamp && c.offer == Offer::Skill &&
           std::find(c.skill.begin(), c.skill.end(), skill) != c.skill.end();
}

u32 CallCentre::idle_agent(u16 skill) {
    auto& idle = skills_[skill - 1U].idle;
    while (!idle.empty()) {
        const Waiting w = idle.front();
        idle.pop_front();
        const SimAgent& a = agents_[w.index];
        const bool has = std::find(a.skills.begin(), a.skills.end(), skill) != a.skills.end();
        if (a.mode == AgentMode::Avail && a.idle_stamp == w.stamp && has) return w.index;
    }
    return kNobody;
}

u32 CallCentre::waiting_call(u32 agent, u16& skill) {
    for (std::size_t p = 0; p < 4; ++p)
        for (const u16 s : agents_[agent].skills) {
            auto& queue = skills_[s - 1U].queue[p];
            while (!queue.empty()) {
                const Waiting w = queue.front();
                queue.pop_front();
                if (!still_waits(w, s)) continue;
                skill = s;
                return w.index;
            }
        }
    return kNoCall;
}

}  // namespace twinlink::sim
