// The status of an appliance that the test plays: what is shown, what it means, how the command ends.
#include "tests/twinlink/appliance_rig.hpp"
#include "tools/common/control_client.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::check_golden;
using cli_rig::kEpoch;
using cli_rig::kNine;
using cli_rig::Outside;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

Json link(const char* name, u64 first, u64 reach) {
    return {{"link", name},
            {"frames", 120},
            {"heartbeats", 20},
            {"messages", 1'000},
            {"first_arrivals", first},
            {"duplicates", 1'000 - first},
            {"distinct", 1'000},
            {"lost", 0},
            {"lost_alone", 0},
            {"behind", 0},
            {"late", 0},
            {"wild_frames", 0},
            {"stale_frames", 0},
            {"conflicts", 0},
            {"lag_ns_last", 120'000},
            {"lag_ns_max", 18'400'000},
            {"lag_ns_sum", 9'000'000},
            {"lag_count", 60},
            {"silences", 0},
            {"silent_ns", 0},
            {"last_wall", kNine},
            {"silent", false},
            {"reach", reach},
            {"verdicts", {{"new", 60}, {"duplicate", 60}}}};
}

Json healthy() {
    const auto port = [](const char* name, u64 missed) {
        return Json{{"link", name},
                    {"title", std::string("udp 127.0.0.1:550") + (name[0] == 'A' ? "1" : "2")},
                    {"up", true},
                    {"ring_frames", 0},
                    {"counters", {{"packets", 130}, {"refused_checksum", 0}, {"nic_missed", missed}}},
                    {"refusals", {{"bad_crc", missed}}},
                    {"receive", {{"valid", 120}, {"ring_full", 0}}}};
    };
    return {{"schema", 1},
            {"version", "0.1.0"},
            {"pid", 4711},
            {"started", "2026-03-01T08:00:00Z"},
            {"uptime_s", 5'700},
            {"state", "collecting"},
            {"reasons", Json::array()},
            {"heartbeat_ages_ms", {{"receive", 1}, {"fold", 2}, {"commit", 12}}},
            {"store",
             {{"path", "/var/lib/twinlink"},
              {"stopped", false},
              {"error", ""},
              {"commits", 1'234},
              {"committed_messages", 1'000},
              {"commit_ns_last", 2'100'000},
              {"commit_ns_max", 30'000'000},
              {"batch_bytes", 4'096},
              {"counters", {{"commits", 1'234}}}}},
            {"messages", 1'000},
            {"conflicts", 0},
            {"ports", {port("A", 0), port("B", 3)}},
            {"acds",
             {{{"acd", 1},
               {"name", "Lisbon"},
               {"utc_offset_minutes", 0},
               {"epoch", kEpoch},
               {"first_seen", 1},
               {"watermark", 1'000},
               {"next", 1'001},
               {"messages", 1'000},
               {"missing", 0},
               {"last_time", kNine},
               {"begun_wall", kEpoch},
               {"last_wall", kNine},
               {"ended", false},
               {"open_gaps", 0},
               {"parked_frames", 0},
               {"fold", {{"messages", 1'000}}},
               {"links", {link("A", 700, 255), link("B", 300, 0b11111101)}}}}}};
}

Run status_of(const Json& document, std::vector<std::string> more = {}) {
    const Appliance appliance({document.dump()});
    Outside outside;
    outside.wall = kNine + 1'500'000'000;
    std::vector<std::string> line{"status", "--socket", appliance.path()};
    line.insert(line.end(), more.begin(), more.end());
    Run done = run(line, outside);
    CHECK(appliance.asked() == "status\n");
    return done;
}

TEST_CASE("status: a healthy appliance, for people") {
    const Run text = status_of(healthy());
    CHECK(text.code == 0);
    CHECK(text.err.empty());
    check_golden("status.txt", text.out);
}
TEST_CASE("status: JSON") {
    const Run json = status_of(healthy(), {"--json"});
    check_golden("status.json", json.out);
    CHECK(Json::parse(json.out)["acds"][0]["last_message_age_ns"] == 1'500'000'000);
}

TEST_CASE("status: trouble is code 1, told with its meaning and what to do") {
    Json degraded = healthy();
    degraded["state"] = "degraded";
    degraded["reasons"] = {"ACD 1: link B is silent"};
    degraded["acds"][0]["links"][1]["silent"] = true;
    const Run text = status_of(degraded);
    CHECK(text.code == 1);
    check_golden("status_degraded.txt", text.out);

    Json stopped = healthy();
    stopped["state"] = "store_stopped";
    stopped["store"]["stopped"] = true;
    stopped["store"]["error"] = "no space left";
    const Run store = status_of(stopped);
    CHECK(store.code == 1);
    CHECK(store.out.find("error: no space left") != std::string::npos);
    CHECK(store.out.find("to do: Look at the disk") != std::string::npos);

    Json gaps = healthy();
    gaps["acds"][0]["open_gaps"] = 1;
    CHECK(status_of(gaps).code == 1);

    Json stuck = healthy();
    stuck["heartbeat_ages_ms"]["commit"] = 61'000;
    const Run slow = status_of(stuck);
    CHECK(slow.code == 1);
    CHECK(slow.out.find("the commit stage has not moved for 1 min 1 s") != std::string::npos);

    Json future = healthy();
    future["state"] = "levitating";
    CHECK(status_of(future).out.find("does not know that state") != std::string::npos);
}

TEST_CASE("status: an appliance that has heard of nobody yet, or speaks in fewer words, is shown as it is") {
    const Run bare = status_of({{"schema", 1}, {"state", "collecting"}});
    CHECK(bare.code == 0);
    CHECK(bare.out.find("No ACD was heard of yet") != std::string::npos);
    Json silent = healthy();
    silent["acds"][0]["epoch"] = 0;
    silent["acds"][0]["links"] = Json::array();
    CHECK(Json::parse(status_of(silent, {"--json"}).out)["acds"][0]["epoch"].is_null());
}

TEST_CASE("status: when an import began is a time") {
    Json busy = healthy();
    busy["import"] = {{"state", "reading"}, {"path", "/x.pcap"}, {"started_wall", kNine}, {"bytes_total", 7}};
    const Json json = Json::parse(status_of(busy, {"--json"}).out);
    CHECK(json["import_started_wall"] == "2026-03-01T09:00:00.000000000Z");
    CHECK(json["import_bytes_total"] == 7);
}

TEST_CASE("status: names from outside cannot drive the terminal") {
    Json nasty = healthy();
    nasty["ports"][0]["title"] = "\x1b[2Jgone";
    nasty["reasons"] = {"\x1b]0;x\x07"};
    CHECK(status_of(nasty).out.find('\x1b') == std::string::npos);
}

TEST_CASE("status: what cannot be understood is code 4 and shows nothing") {
    for (const char* answer : {"", "hello", "[]", "{}", "{\"schema\":2}", "{\"schema\":1,\"pid\":\"x\"}",
                               "{\"schema\":1,\"acds\":[{\"links\":[{\"reach\":-1.5e99}]}],\"pid\":{}}"}) {
        CAPTURE(answer);
        const Appliance appliance({answer});
        const Run odd = run({"status", "--socket", appliance.path()});
        CHECK(odd.code == 4);
        CHECK(odd.out.empty());
        CHECK(odd.err.find("of one version?") != std::string::npos);
    }
}

TEST_CASE("status: an interval repeats, a count ends it, and the last state is the exit code") {
    Json worse = healthy();
    worse["state"] = "degraded";
    const Appliance appliance({worse.dump(), healthy().dump(), worse.dump()});
    Outside outside;
    const Run repeated = run({"status", "5", "3", "--socket", appliance.path()}, outside);
    CHECK(repeated.code == 1);
    CHECK(outside.pauses == std::vector<u64>{5'000'000'000, 5'000'000'000});
    CHECK(appliance.asked() == "status\nstatus\nstatus\n");
}

TEST_CASE("status: without an appliance the store is shown where --store names one, and code 3 stays") {
    const Run text =
        run({"status", "--socket", "/nonexistent/control.sock", "--store", cli_rig::shared_store()});
    CHECK(text.code == 3);
    CHECK(text.err.find("does not answer on /nonexistent/control.sock") != std::string::npos);
    check_golden("status_store.txt", text.out);
    // TWINLINK_STORE alone does not turn a missing appliance into an answer.
    Outside outside;
    outside.environment["TWINLINK_STORE"] = cli_rig::shared_store();
    const Run away = run({"status", "--socket", "/nonexistent/control.sock"}, outside);
    CHECK(away.code == 3);
    CHECK(away.out.empty());
}

TEST_CASE("links: live, with the same keys as from a store") {
    Json document = healthy();
    const auto links_of = [](const Json& from, int& code) {
        const Appliance appliance({from.dump()});
        const Run done = run({"links", "--json", "--socket", appliance.path()});
        code = done.code;
        return Json::parse(done.out);
    };
    int code = -1;
    const Json live = links_of(document, code);
    CHECK(code == 0);
    CHECK(live["source"] == "appliance");
    CHECK(live["links"][0]["span"] == 1'000);
    CHECK(live["links"][0]["lag_mean_ns"] == 150'000);
    const Json stored = Json::parse(run({"links", "--json", "--store", cli_rig::shared_store()}).out);
    std::vector<std::string> a, b;
    for (const auto& [key, _] : live["links"][0].items()) a.push_back(key);
    for (const auto& [key, _] : stored["links"][0].items()) b.push_back(key);
    CHECK(a == b);
    document["acds"][0]["links"][0]["first_arrivals"] = 699;
    CHECK(!links_of(document, code)["problems"].empty());
    CHECK(code == 1);
}

TEST_CASE("control socket: one who never answers is given up in time, one who never ends is cut off") {
    const cli_rig::TempFolder folder;
    const std::string path = (folder / "mute.sock").string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const int mute = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(mute, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(mute, 1) == 0);
    const auto silence = tools::ask(path, "status", 50_ms);
    REQUIRE(!silence.has_value());
    CHECK(silence.error().text == "no answer in time");
    ::close(mute);

    const Appliance endless({std::string(tools::kAnswerBytesMax + 100'000, ' ')});
    const auto cut = tools::ask(endless.path(), "status", 30_s);
    REQUIRE(!cut.has_value());
    CHECK(cut.error().text.find("too long") != std::string::npos);
}

}  // namespace
