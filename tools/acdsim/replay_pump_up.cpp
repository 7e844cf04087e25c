// The pump-up of a centre that a recording plays in. See replay_centre.hpp.
#include "tools/acdsim/replay_centre.hpp"

namespace twinlink::sim {
namespace {

constexpr u16 kServiceLevelS = 20;
constexpr std::array<u16, 9> kPeriodsS{5, 10, 20, 30, 45, 60, 90, 120, 300};

}  // namespace

void ReplayCentre::pump_up(PumpUpWhy why) {
    PumpUpEnd count{};
    count.time = now_.value;
    sink_->send(PumpUpBegin{now_.value, why, 0, 0, 0});
    tell_what_there_is(count);
    tell_staffed(count);
    tell_calls(count);
    sink_->send(count);
}

void ReplayCentre::tell_what_there_is(PumpUpEnd& count) {
    const u64 t = now_.value;
    sink_->send(AcdInfo{t, config_.utc_offset_minutes, config_.interval_minutes, 0, 0,
                        text<24>("recorded calls"), text<16>(release_)});
    for (const auto& [number, name] : skills_)
        sink_->send(SkillInfo{t, number, kServiceLevelS, kPeriodsS, 0, name_text(name)});
    for (const auto& [number, name] : skills_)
        sink_->send(
            VdnInfo{t, vdn(number), number, kServiceLevelS, {number, 0, 0}, kPeriodsS, name_text(name)});
    for (const auto& [number, name] : skills_) sink_->send(VectorInfo{t, number, 0, 0, name_text(name)});
    for (const auto& [number, group] : groups_) {
        TrunkGroupInfo info{};
        info.time = t;
        info.trunk_group = number;
        info.trunks = group.trunks;
        info.name = name_text(group.name);
        sink_->send(info);
    }
    for (const auto& a : agents_) sink_->send(AgentInfo{t, a.login, name_text(a.name)});
    count.skills = count.vdns = count.vectors = static_cast<u32>(skills_.size());
    count.trunk_groups = static_cast<u32>(groups_.size());
    count.agents = static_cast<u32>(agents_.size());
}

void ReplayCentre::tell_staffed(PumpUpEnd& count) {
    const u64 t = now_.value;
    for (const auto& a : agents_)
        for (const auto& s : a.skills) {  // empty where nobody is staffed
            sink_->send(AgentSkill{t, a.login, s.skill, s.level, 0, 0, 0, 0});
            ++count.agent_skills;
        }
    for (const auto& a : agents_) {
        if (!a.staffed()) continue;
        const u16 oldest = a.skills.empty() ? u16{0} : a.skills.front().skill;
        sink_->send(AgentSnapshot{t, a.login, a.since.value, a.call, a.login_time.value, a.extension, a.skill,
                                  a.mode, a.reason, Direction::None, 0, oldest, 0});
        ++count.agent_snapshots;
    }
}

void ReplayCentre::tell_calls(PumpUpEnd& count) {
    for (const auto& [id, c] : calls_) {
        const bool with_agent = c.place == CallPlace::Ringing || c.place == CallPlace::Talking;
        const u16 skill = c.place == CallPlace::Vdn ? u16{0} : c.skill;
        sink_->send(CallSnapshot{now_.value,
                                 id,
                                 c.ucid,
                                 c.seized.value,
                                 c.since.value,
                                 c.queued.value,
                                 with_agent ? agents_[c.agent].login : 0,
                                 vdn(c.skill),
                                 c.skill,
                                 c.group,
                                 c.trunk,
                                 {skill, 0, 0},
                                 c.priority,
                                 c.place,
                                 CallDirection::In,
                                 0,
                                 0});
        ++count.call_snapshots;
    }
}

}  // namespace twinlink::sim
