// `twinlink restore data` against an appliance that the test plays: what is said of what could not be taken.
#include "tests/twinlink/appliance_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <functional>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

/// A restore of which nothing was of use, and for no reason yet.
Json restore(bool dry_run) {
    const Json rows = {{"took_absent", 0},      {"took_incomplete", 0}, {"complete_here", 0},
                       {"incomplete_there", 0}, {"not_missed", 0},      {"not_yet", 0},
                       {"too_old", 0}};
    return {{"id", 1},
            {"restore", {{"dry_run", dry_run}, {"rows", rows}, {"other_acd", 0}}},
            {"state", "done"},
            {"over", true},
            {"path", "/a/data"},
            {"source", "backup"},
            {"acd", 0},
            {"started_wall", cli_rig::kNine},
            {"messages", 12'000},
            {"counts", {{"filled", 0}, {"duplicate", 0}}},
            {"missing_before", 0},
            {"missing_after", 0},
            {"error", ""}};
}

Run ran(const Json& told, std::vector<std::string> words = {}) {
    const std::string empty = R"({"tables":[],"rows":[],"more":false})";
    Appliance appliance({Json{{"import", told}}.dump(), empty, empty});
    words.insert(words.begin(), {"restore", "data", "/a/data", "--socket", appliance.path()});
    return run(words);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("restore data: where nothing is of anything known here it says why, and ends with 1") {
    struct Case {
        const char* says;
        std::function<void(Json&)> change;
    };
    const std::vector<Case> cases{
        {"12,000 messages are of an epoch that this server never saw",
         [](Json& t) { t["counts"]["unknown_epoch"] = 12'000; }},
        {"12,000 messages are behind the highest name", [](Json& t) { t["counts"]["beyond"] = 12'000; }},
        {"30 rows are of intervals that this server has yet to close",
         [](Json& t) { t["restore"]["rows"]["not_yet"] = 30; }},
        {"7 messages and rows are of ACDs that are not configured here",
         [](Json& t) { t["restore"]["other_acd"] = 7; }},
    };
    for (const Case& c : cases) {
        CAPTURE(c.says);
        Json told = restore(false);
        c.change(told);
        const Run done = ran(told);
        CHECK(done.code == 1);
        CHECK(has(done.err, "nothing of /a/data was taken: "));
        CHECK(has(done.err, c.says));
        CHECK(has(done.err, "A data backup does not fill an empty store"));
        CHECK(has(done.out, "of what this server has heard of, nothing was missing"));
        CHECK_FALSE(has(done.out, "nothing is missing any more"));
        Json dry = restore(true);
        c.change(dry);
        const Run would = ran(dry, {"--dry-run"});
        CHECK(would.code == 1);
        CHECK(has(would.err, "nothing of /a/data would be taken: "));
        // One row or message that is here already is reason enough for it.
        told["counts"]["duplicate"] = 1;
        CHECK(ran(told).code == 0);
        told["counts"]["duplicate"] = 0;
        told["restore"]["rows"]["complete_here"] = 1;
        CHECK(ran(told).code == 0);
    }
}

TEST_CASE("restore data: what is missing is told of the ACD that was asked for; the start is RFC 3339") {
    Json told = restore(false);
    told["acd"] = 2;
    told["missing_before"] = 5;
    told["counts"]["filled"] = 5;
    const Run done = ran(told, {"--acd", "2"});
    CHECK(done.code == 0);
    CHECK(has(done.out, "nothing of ACD 2 is missing any more"));
    CHECK(Json::parse(ran(told, {"--json"}).out)["started"] == "2026-03-01T09:00:00.000000000Z");
    told["missing_after"] = 3;
    CHECK(has(ran(told, {"--acd", "2"}).out, "still missing: 3 names of ACD 2 (before: 5)"));
}

TEST_CASE("restore data: it is a restore, also where the appliance goes away") {
    Json reading = restore(false);
    reading["state"] = "reading";
    reading["over"] = false;
    Appliance appliance({Json{{"import", reading}}.dump(), ""});
    const Run done = run({"restore", "data", "/a/data", "--socket", appliance.path()});
    CHECK(has(done.err, "restore again to go on"));
    CHECK_FALSE(has(done.err, "import again"));
}
