// `twinlink verify` finds each kind of contradiction that is planted, and nothing where there is none;
// `report outages` tells what is missing by time and interval.
#include "tests/twinlink/cli_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using cli_rig::kHalf;
using cli_rig::kNine;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::json;

namespace {

constexpr u64 kSecond = 1'000'000'000;
using Set = std::map<std::string, u64>;

/// A store in which all holds: one call, answered by agent 7 of skill 5, over trunk 2 of group 1.
struct Plan {
    Set skill{{"CALLSOFFERED", 1},
              {"ACDCALLS", 1},
              {"ACDCALLS1", 1},
              {"ACDTIME", 40 * kSecond},
              {"ACWTIME", 9 * kSecond},
              {"I_STAFFTIME", 60 * kSecond},
              {"I_ACDTIME", 40 * kSecond},
              {"I_ACWTIME", 9 * kSecond},
              {"I_AVAILTIME", 11 * kSecond}};
    Set agent{{"ACDCALLS", 1},
              {"ACDTIME", 40 * kSecond},
              {"ACWTIME", 9 * kSecond},
              {"TI_STAFFTIME", 60 * kSecond},
              {"I_ACDTIME", 40 * kSecond},
              {"I_ACWTIME", 9 * kSecond},
              {"TI_AVAILTIME", 11 * kSecond}};
    Set record{{"DISPOSITION", 2},         {"DISPSPLIT", 5},         {"ANSLOGIN", 7},
               {"TALKTIME", 40 * kSecond}, {"ACWTIME", 9 * kSecond}, {"SEGSTART", kNine + 1}};
    Set group{{"INCALLS", 1}, {"ACDCALLS", 1}, {"INTIME", 49 * kSecond}, {"TRUNKS", 4}};
    Set trunk{{"INCALLS", 1}, {"ACDCALLS", 1}, {"INTIME", 49 * kSecond}};
    bool complete = true;
    std::vector<StreamRecord> streams;
};

Json verify(const Plan& plan, int code) {
    const cli_rig::TempFolder folder;
    CommitBatch batch = cli_rig::content();
    for (auto* records : {&batch.rows}) records->clear();
    batch.row_words.clear();
    batch.streams = plan.streams;
    batch.links.clear();
    batch.gaps.clear();
    batch.intervals = {batch.intervals[1]};
    batch.intervals[0].missing = 0;
    batch.intervals[0].incomplete = plan.complete ? 0 : 1;
    const auto add = [&](TableId table, u64 entity, u64 entity2, const Set& set) {
        cli_rig::add_row(batch, {table, Acd{1}, kNine, 0, entity, entity2}, true, set);
    };
    add(TableId::Hsplit, 5, 0, plan.skill);
    add(TableId::Hagent, 7, 5, plan.agent);
    add(TableId::Htkgrp, 1, 0, plan.group);
    add(TableId::Htrunk, 1, 2, plan.trunk);
    add(TableId::CallRec, kNine + 1 + 49 * kSecond, 99, plan.record);
    cli_rig::write_store(folder / "store", batch);
    const Run done = run({"verify", "--store", (folder / "store").string(), "--json"});
    CAPTURE(done.err);
    CAPTURE(done.out);
    CHECK(done.code == code);
    return Json::parse(done.out);
}

TEST_CASE("verify: where all holds it says so, and what it compared") {
    const Json said = verify({}, 0);
    CHECK(said["holds"] == true);
    CHECK(said["complete_rows"] == 5);
    CHECK(said["call_records"] == 1);
    CHECK(said["compared"].get<u64>() > 20);
    CHECK(said["differences"].empty());
}

TEST_CASE("verify: a row that breaks a law of its table is named with both values") {
    Plan plan;
    plan.skill["CALLSOFFERED"] = 3;
    const Json said = verify(plan, 1);
    REQUIRE(said["differences"].size() == 1);
    const Json& d = said["differences"][0];
    CHECK(d["table"] == "hsplit");
    CHECK(d["entity"] == 5);
    CHECK(d["interval"] == "2026-03-01T09:00:00.000000000Z");
    CHECK(d["law"].get<std::string>().starts_with("CALLSOFFERED = ACDCALLS"));
    CHECK(d["left"] == 3);
    CHECK(d["right"] == 1);
}

TEST_CASE("verify: each account that is changed is found") {
    const auto laws = [](const Plan& plan) {
        std::string all;
        const Json said = verify(plan, 1);
        for (const Json& d : said["differences"])
            all += d["where"].get<std::string>() + ": " + d["law"].get<std::string>() + "; ";
        return all;
    };
    Plan plan;
    plan.agent["TI_AVAILTIME"] += 1;
    CHECK(laws(plan).find("hagent 7 5: over the agent's skills: TI_STAFFTIME") != std::string::npos);
    plan = {};
    plan.record["TALKTIME"] += 1;
    CHECK(laws(plan).find("hsplit 5: ACDTIME = sum over call records") != std::string::npos);
    CHECK(laws(plan).find("hagent 7 5: ACDTIME = sum over call records") != std::string::npos);
    CHECK(laws(plan).find("call_rec") != std::string::npos);
    plan = {};
    plan.record["DISPOSITION"] = 3;
    CHECK(laws(plan).find("hsplit 5: ABNCALLS = sum over call records") != std::string::npos);
    plan = {};
    plan.record["DISPSPLIT"] = 6;
    CHECK(laws(plan).find("hsplit 6: ACDCALLS = sum over call records") != std::string::npos);
    plan = {};
    plan.trunk["INTIME"] += 1;
    CHECK(laws(plan).find("htkgrp 1: INTIME = sum over its trunks") != std::string::npos);
    plan = {};
    plan.trunk["INCALLS"] = 2;
    CHECK(laws(plan).find("htrunk 1 2: INCALLS = ") != std::string::npos);
}

TEST_CASE("verify: what is marked as incomplete owes nothing") {
    Plan plan;
    plan.complete = false;
    plan.skill["CALLSOFFERED"] = 3;
    plan.skill["INCOMPLETE"] = 1;
    CHECK(verify(plan, 0)["holds"] == true);
    plan = {};
    plan.record["TALKTIME"] += 1;
    plan.record["INCOMPLETE"] = 1;
    CHECK(verify(plan, 0)["holds"] == true);
}

TEST_CASE("verify: names that the journal lacks and no gap tells of") {
    Plan plan;
    StreamRecord stream{};
    stream.acd = 1;
    stream.epoch = 5;
    stream.first_seen = 1;
    stream.next = 11;
    stream.watermark = 10;
    stream.messages = 10;
    plan.streams = {stream};
    const Json said = verify(plan, 1);
    REQUIRE(said["differences"].size() == 1);
    CHECK(said["differences"][0]["left"] == 1);
    CHECK(said["differences"][0]["right"] == 10);
}

TEST_CASE("verify: --from, --to and --acd choose intervals; nonsense is refused") {
    const std::string& store = cli_rig::shared_store();
    const Json none =
        Json::parse(run({"verify", "--store", store, "--json", "--to", "2026-03-01", "--acd", "2"}).out);
    CHECK(none["intervals"] == 0);
    CHECK(run({"verify", "--store", store, "--from", "soon"}).code == 2);
    CHECK(run({"verify", "--store", "/nowhere"}).code == 1);
}

TEST_CASE("report outages: what people see") {
    const Run text = run({"report", "outages", "--store", cli_rig::shared_store()});
    CHECK(text.code == 1);
    cli_rig::check_golden("report_outages.txt", text.out);
}

TEST_CASE("report outages: by time and by interval") {
    const Run done = run({"report", "outages", "--store", cli_rig::shared_store(), "--acd", "1", "--json"});
    const Json json = Json::parse(done.out);
    REQUIRE(json["outages"].size() == 5);
    CHECK(json["outages"][2]["cause"] == "server_down");
    CHECK(json["outages"][4]["intervals"] == 2);
    CHECK(json["outages"][4]["incomplete"] == 1);
    REQUIRE(json["intervals"].size() == 1);
    CHECK(json["intervals"][0]["missing"] == 6);
    CHECK(json["intervals"][0]["gaps"] == 2);
    const Run later =
        run({"report", "outages", "--store", cli_rig::shared_store(), "--from", "2026-03-02", "--json"});
    CHECK(later.code == 0);
    CHECK(Json::parse(later.out)["outages"].empty());
    CHECK(run({"report", "outages", "--store", cli_rig::shared_store(), "--acd", "9"}).code == 2);
}

}  // namespace
