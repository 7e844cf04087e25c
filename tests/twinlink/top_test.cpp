// What goes on at this moment, told by an appliance that the test plays.
#include "tests/twinlink/appliance_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::kNine;
using cli_rig::Outside;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

constexpr u64 kSecond = 1'000'000'000;

std::string status() {
    return Json{
        {"schema", 1},
        {"state", "collecting"},
        {"acds", {{{"acd", 1}, {"name", "Lisbon"}, {"utc_offset_minutes", 60}, {"links", Json::array()}}}}}
        .dump();
}
std::string now() {
    const Json busy{{"skill", 1},   {"in_queue", 3},  {"oldest_since", kNine - 90 * kSecond},
                    {"staffed", 2}, {"available", 0}, {"on_calls", 2}};
    const Json quiet{{"skill", 2}, {"in_queue", 0}, {"oldest_since", 0}, {"staffed", 1}, {"available", 1}};
    Json agents = Json::array();
    for (u64 id = 101; id <= 125; ++id)
        agents.push_back({{"agent", id},
                          {"mode", id == 125 ? "aux" : "acd"},
                          {"reason", 4},
                          {"since", kNine - id * kSecond}});
    return Json{{"schema", 1},
                {"acds",
                 {{{"acd", 1},
                   {"certain", false},
                   {"time", kNine},
                   {"calls", 5},
                   {"skills", {busy, quiet}},
                   {"agents", agents}}}}}
        .dump();
}
bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("top: people see who waits and who has been in a mode longest, and that it may be off") {
    Appliance appliance({status(), now()});
    const Run r = run({"top", "--socket", appliance.path()});
    CHECK(r.code == 0);
    CHECK(has(r.out, "ACD 1 Lisbon at 2026-03-01 10:00:00: 5 calls, 25 agents: 24 acd, 1 aux"));
    CHECK(has(r.out, "1 min 30 s"));
    CHECK(has(r.out, "messages are missing"));
    CHECK(has(r.out, "125"));
    CHECK_FALSE(has(r.out, " 101 "));  // in its mode for the shortest time: beyond the twentieth
}

TEST_CASE("top: machines get every agent, and one skill when asked for") {
    Appliance appliance({status(), now()});
    const Run r = run({"top", "--socket", appliance.path(), "--json", "--skill", "2"});
    const Json json = Json::parse(r.out);
    CHECK(json["agents"].size() == 25);
    REQUIRE(json["skills"].size() == 1);
    CHECK(json["skills"][0]["skill"] == 2);
    CHECK(json["skills"][0]["oldest_wait_ns"].is_null());
}

TEST_CASE("top: nobody there, and somebody else there") {
    CHECK(run({"top", "--socket", "/nowhere/control.sock"}).code == 3);
    Appliance appliance({status(), "{\"schema\":2}"});
    CHECK(run({"top", "--socket", appliance.path()}).code == 4);
}
