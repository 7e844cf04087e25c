// `twinlink import` against an appliance that the test plays: what is asked, what is shown, how it ends.
#include "tests/twinlink/appliance_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::Outside;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

/// An import in `state`, as the daemon tells of it.
Json import(const char* state, u64 filled = 120, u64 missing_after = 0) {
    const std::string s(state);
    return {{"id", 3},
            {"state", state},
            {"over", s == "done" || s == "cancelled" || s == "failed"},
            {"path", "/a/b.pcap"},
            {"source", "capture"},
            {"acd", 0},
            {"started_wall", cli_rig::kNine},
            {"took_ns", 1'500'000'000},
            {"bytes", 500},
            {"bytes_total", 2'000},
            {"messages", 1'120},
            {"packets", 41},
            {"not_udp", 1},
            {"frames", 40},
            {"blocks", 0},
            {"damaged", 0},
            {"counts", {{"filled", filled}, {"duplicate", 1'000}, {"conflict", 0}, {"beyond", 7}}},
            {"refused_frames", Json::object()},
            {"missing_before", 120},
            {"missing_after", missing_after},
            {"gaps_closed", 1},
            {"closed", {{{"acd", 1}, {"epoch", 9}, {"first", 11}, {"last", 130}}}},
            {"remarks", Json::array()},
            {"error", ""}};
}

std::string says(const Json& import) { return Json{{"import", import}}.dump(); }

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Run ask_for(const Appliance& appliance, std::vector<std::string> words, Outside& outside) {
    words.insert(words.end(), {"--socket", appliance.path()});
    return run(words, outside);
}

}  // namespace

TEST_CASE("import: the appliance is asked for the absolute path, and again until it is over") {
    Outside outside;
    Run done;
    std::string asked;
    {
        Appliance appliance({says(import("reading", 0, 120)), says(import("folding")), says(import("done"))});
        done = ask_for(appliance, {"import", "b.pcap", "--acd", "3"}, outside);
        asked = appliance.asked();
    }
    CHECK(asked ==
          "import acd=3 " + (std::filesystem::current_path() / "b.pcap").string() + "\nimport\nimport\n");
    CHECK(outside.pauses.size() == 2);
    CHECK(done.code == 0);
    CHECK(done.err.empty());
    CHECK(has(done.out, "capture /a/b.pcap: done, 1,120 messages read in 1.5"));
    CHECK(has(done.out, "120 filled in 1 gap, 1,000 here already"));
    CHECK(has(done.out, "7 are behind the highest name known here"));
    CHECK(has(done.out, "of what this server has heard of, nothing is missing any more"));
}

TEST_CASE("import: the JSON has every number, and a list of what was closed") {
    Outside outside;
    Appliance appliance({says(import("done"))});
    const Run done = ask_for(appliance, {"import", "/a/b.pcap", "--json"}, outside);
    const Json json = Json::parse(done.out);
    CHECK(json["command"] == "import");
    CHECK(json["state"] == "done");
    CHECK(json["started"] == "2026-03-01T09:00:00.000000000Z");
    CHECK(json["filled"] == 120);
    CHECK(json["duplicate"] == 1'000);
    CHECK(json["missing_after"] == 0);
    CHECK(json["closed"][0]["first"] == 11);
    CHECK(json["closed"][0]["names"] == 120);
    CHECK(json["problems"].empty());
}

TEST_CASE("import: what is still missing, differs or could not be read ends with code 1") {
    Outside outside;
    for (const int which : {0, 1, 2, 3}) {
        Json told = import(which == 3 ? "failed" : "done", 120, which == 0 ? 5 : 0);
        if (which == 1) told["counts"]["conflict"] = 2;
        if (which == 2) told["remarks"].push_back("the capture breaks off");
        if (which == 3) told["error"] = "none of the packets is a frame";
        Appliance appliance({says(told)});
        const Run done = ask_for(appliance, {"import", "/a/b.pcap"}, outside);
        CAPTURE(which);
        CHECK(done.code == 1);
        if (which == 0) CHECK(has(done.out, "still missing: 5 names (before: 120)"));
        if (which == 1) CHECK(has(done.out, "2 are here with other bytes; ours stay"));
        if (which == 2) CHECK(has(done.err, "the capture breaks off"));
        if (which == 3)
            CHECK(has(done.err, "none of the packets is a frame. What was filled before that stays"));
    }
}

TEST_CASE("import: a refusal is told as it came; nothing on stdout") {
    Outside outside;
    Appliance appliance({R"({"error":"importing /a: twinlinkd cannot read it","import":null})"});
    const Run done = ask_for(appliance, {"import", "/a"}, outside);
    CHECK(done.code == 1);
    CHECK(done.out.empty());
    CHECK(has(done.err, "twinlinkd cannot read it"));
}

TEST_CASE("import: an older appliance, and one that goes away, are told apart") {
    Outside outside;
    {
        Appliance appliance({R"({"error":"unknown question; known: status"})"});
        CHECK(ask_for(appliance, {"import", "/a"}, outside).code == 1);
    }
    {
        Appliance appliance({"nonsense"});
        CHECK(ask_for(appliance, {"import", "/a"}, outside).code == 4);
    }
    Appliance appliance({says(import("reading")), ""});
    const Run done = ask_for(appliance, {"import", "/a"}, outside);
    CHECK(done.code == 4);
    CHECK(has(done.err, "What was filled so far stays"));
    const Run nobody = run({"import", "/a", "--socket", "/nowhere/at.all"}, outside);
    CHECK(nobody.code == 3);
    CHECK(has(nobody.err, "twinlinkd must run"));
}

TEST_CASE("import: a wish to stop is heeded from before the first question on") {
    Outside outside;
    CHECK(run({"import", "/a", "--socket", "/nowhere/at.all"}, outside).code == 3);
    CHECK(outside.listened != 0);
}

TEST_CASE("import: interrupted, the appliance is asked to stop, once, and what came of it is told") {
    Outside outside;
    outside.interrupted = true;
    Run done;
    std::string asked;
    {
        Appliance appliance(
            {says(import("reading")), says(import("committing")), says(import("cancelled", 40, 80))});
        done = ask_for(appliance, {"import", "/a"}, outside);
        asked = appliance.asked();
    }
    CHECK(asked == "import /a\nimport cancel\nimport\n");
    CHECK(done.code == 1);
    CHECK(has(done.out, "40 filled"));
    CHECK(has(done.err, "cancelled"));
}

TEST_CASE("import: on a terminal the progress is a line of its own on stderr, gone in the end") {
    Outside outside;
    outside.terminal = true;
    Appliance appliance({says(import("reading", 12, 120)), says(import("done"))});
    const Run done = ask_for(appliance, {"import", "/a"}, outside);
    CHECK(has(done.err, "\r[######                  ]  25 %, 12 messages filled, reading"));
    CHECK(done.err.ends_with("\r\x1b[K"));
    CHECK(done.code == 0);
}
