// The pump-up: the whole configuration and state of the ACD as messages, in sequence with all others.
//
// Nothing of the model changes here. PumpUpEnd says how many of each kind were sent, so that a torn one
// shows.
#include "tools/acdsim/call_centre.hpp"

#include <fmt/format.h>

namespace twinlink::sim {
namespace {

CallPlace place(Stage stage) noexcept {
    switch (stage) {
        case Stage::Vector: return CallPlace::Vdn;
        case Stage::Queued: return CallPlace::Queue;
        case Stage::Ringing: return CallPlace::Ringing;
        case Stage::Talking: return CallPlace::Talking;
        case Stage::Held: return CallPlace::Held;
        case Stage::Extension: return CallPlace::Extension;
        case Stage::AfterWork: return CallPlace::AfterWork;
        case Stage::Trunk:
        case Stage::Free: break;
    }
    return CallPlace::Trunk;
}

constexpr std::array<u16, 9> kPeriods{5, 10, 20, 30, 45, 60, 90, 120, 300};

}  // namespace

void CallCentre::pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) {
    if (over_ || !begun_ || down_) return;
    MessageSink* const before = std::exchange(sink_, &sink);
    now_ = std::max(now_, time.value);
    PumpUpEnd count{};
    const u64 t = clock();
    emit(PumpUpBegin{t, why, 0, 0, 0});
    emit(AcdInfo{t, config_.utc_offset_minutes, config_.interval_minutes, config_.phantom_abandon_s, 0,
                 text<24>(fmt::format("acdsim {}", config_.acd.value)), text<16>("acdsim 1")});
    for (u16 i = 1; i <= skills_.size(); ++i, ++count.skills)
        emit(SkillInfo{t, i, skills_[i - 1U].service_level_s, kPeriods, 0,
                       text<24>(fmt::format("skill {}", i))});
    for (u16 i = 1; i <= vdns_.size(); ++i, ++count.vdns)
        emit(VdnInfo{t, 5'000U + i, i, 20, vdns_[i - 1U].skill, kPeriods,
                     text<24>(fmt::format("vdn {}", 5'000 + i))});
    for (u16 i = 1; i <= vdns_.size() + 1; ++i, ++count.vectors)
        emit(VectorInfo{t, i, 0, 0,
                        text<24>(i <= vdns_.size() ? fmt::format("vector {}", i) : "announcements")});
    for (u16 i = 1; i <= groups_.size(); ++i, ++count.trunk_groups)
        emit(TrunkGroupInfo{t, i, groups_[i - 1U].trunks,
                            static_cast<u16>(std::ranges::count(groups_[i - 1U].out, true)), 0,
                            text<24>(fmt::format("trunk group {}", i))});
    for (u16 i = 1; i <= groups_.size(); ++i)
        for (u16 trunk = 1; trunk <= groups_[i - 1U].trunks; ++trunk)
            if (groups_[i - 1U].out[trunk]) emit(TrunkMaintenance{t, 0, i, trunk, 1, 0, 0});
    for (u32 i = 0; i < agents_.size(); ++i, ++count.agents)
        emit(AgentInfo{t, login_of(i), text<24>(fmt::format("agent {}", login_of(i)))});
    for (u32 i = 0; i < agents_.size(); ++i) {
        const SimAgent& a = agents_[i];
        if (a.mode == AgentMode::Unstaffed) continue;
        for (std::size_t s = 0; s < a.skills.size(); ++s, ++count.agent_skills)
            emit(AgentSkill{t, login_of(i), a.skills[s], static_cast<u8>(s + 1), 0, 0, 0, 0});
    }
    for (u32 i = 0; i < agents_.size(); ++i) {
        const SimAgent& a = agents_[i];
        if (a.mode == AgentMode::Unstaffed) continue;
        const bool held = a.call != kNoCall && calls_[a.call].stage == Stage::Held;
        const u64 call = a.call != kNoCall && !held ? calls_[a.call].id : 0;
        emit(AgentSnapshot{t, login_of(i), of_clock(a.since), call, of_clock(a.login_time), extension_of(i),
                           a.mode_skill, a.mode, a.reason, a.direction, held ? u8{1} : u8{0},
                           a.skills.front(), 0});
        ++count.agent_snapshots;
    }
    for (const SimCall& c : calls_) {
        if (c.stage == Stage::Free) continue;
        const bool with_agent = c.stage == Stage::Ringing || c.stage == Stage::Talking ||
                                c.stage == Stage::Held || c.stage == Stage::AfterWork;
        const bool answered = with_agent && c.stage != Stage::Ringing;
        const std::array<u16, 3> skill = answered ? std::array<u16, 3>{c.delivering, 0, 0} : c.skill;
        const bool own_queue = c.stage == Stage::Queued && c.offer == Offer::Direct;
        emit(CallSnapshot{t, c.id, c.ucid, of_clock(c.started), of_clock(c.since), of_clock(c.queued_at),
                          with_agent || own_queue ? login_of(c.agent) : 0, c.vdn == 0 ? 0 : 5'000U + c.vdn,
                          c.vector, c.trunk == 0 ? u16{0} : c.group, c.trunk, skill, c.priority,
                          place(c.stage), c.direction, static_cast<u8>(c.connected), 0});
        ++count.call_snapshots;
    }
    count.time = t;
    emit(count);
    sink_ = before;
}

}  // namespace twinlink::sim
