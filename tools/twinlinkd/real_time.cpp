// See real_time.hpp.
#include "tools/twinlinkd/real_time.hpp"

#include "tools/twinlinkd/loops.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>

namespace twinlink::daemon {
namespace {

using Json = nlohmann::ordered_json;

/// Who watches asks again within this.
constexpr Nanos kWatch = 3_s;
/// An answer may be this old; the first one of a watch is waited for.
constexpr Nanos kFresh = 1_s;
constexpr int kTries = 50;
constexpr std::chrono::milliseconds kTry(20);

Json skill(const SkillNow& s) {
    return {{"skill", s.skill},
            {"in_queue", s.in_queue},
            {"ringing_calls", s.ringing_calls},
            {"oldest_since", s.oldest_since},
            {"staffed", s.staffed},
            {"available", s.available},
            {"ringing", s.ringing},
            {"on_calls", s.on_calls},
            {"in_work", s.in_work},
            {"in_aux", s.in_aux},
            {"other", s.other}};
}

Json agent(const AgentNow& a) {
    return {{"agent", a.agent},
            {"extension", a.extension},
            {"mode", name(a.mode)},
            {"reason", a.reason},
            {"direction", a.direction == Direction::In    ? "in"
                          : a.direction == Direction::Out ? "out"
                                                          : ""},
            {"skill", a.skill},
            {"skills", a.skills},
            {"call", a.call},
            {"held", a.held},
            {"since", a.since},
            {"login", a.login}};
}

Json acd(const RealTime& now) {
    Json json{{"acd", now.acd},
              {"utc_offset_minutes", now.utc_offset_minutes},
              {"certain", now.certain},
              {"time", now.time},
              {"interval_start", now.interval_start},
              {"calls", now.calls},
              {"skills", Json::array()},
              {"agents", Json::array()},
              {"vdns", Json::array()},
              {"trunk_groups", Json::array()}};
    for (const SkillNow& s : now.skills) json["skills"].push_back(skill(s));
    for (const AgentNow& a : now.agents) json["agents"].push_back(agent(a));
    for (const VdnNow& v : now.vdns) json["vdns"].push_back({{"vdn", v.vdn}, {"waiting", v.waiting}});
    for (const TrunkGroupNow& g : now.trunk_groups)
        json["trunk_groups"].push_back({{"trunk_group", g.trunk_group},
                                        {"trunks", g.trunks},
                                        {"in_use", g.in_use},
                                        {"out_of_service", g.out_of_service}});
    return json;
}

}  // namespace

std::string real_time_text(Engine& engine) {
    const Nanos asked = clocks().mono;
    engine.watch(asked + kWatch);
    std::vector<RealTime> acds = engine.real_time();
    for (int n = 0; n < kTries && (acds.empty() || acds.front().taken + kFresh < asked); ++n) {
        std::this_thread::sleep_for(kTry);
        acds = engine.real_time();
    }
    Json json{{"schema", 1}, {"acds", Json::array()}};
    for (const RealTime& now : acds) json["acds"].push_back(acd(now));
    return json.dump();
}

}  // namespace twinlink::daemon
