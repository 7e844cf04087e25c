// Derived measures: what is divided by what, rounded once, computed again in sums, never a number where there
// is none. And periods of several intervals.
#include "tests/twinlink/cli_rig.hpp"
#include "tools/twinlink/report_kinds.hpp"
#include "tools/twinlink/report_measures.hpp"

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
constexpr u64 kDay = 86'400 * kSecond;

/// A store with rows of all kinds, two whole intervals of 30 minutes and one of the next day.
const std::string& store() {
    static const cli_rig::TempFolder kFolder;
    static const std::string kPath = [] {
        CommitBatch batch = cli_rig::content();
        batch.rows.clear();
        batch.row_words.clear();
        const auto add = [&](TableId table, u64 start, u64 entity, u64 entity2,
                             const std::map<std::string, u64>& set) {
            cli_rig::add_row(batch, {table, Acd{1}, start, 0, entity, entity2}, true, set);
        };
        add(TableId::Hsplit, kNine - kHalf, 5, 0,
            {{"CALLSOFFERED", 8},
             {"ACDCALLS", 3},
             {"ABNCALLS", 4},
             {"ANSTIME", 10 * kSecond},
             {"ACCEPTABLE", 3},
             {"SERVICELEVEL", 20},
             {"ACDTIME", 100 * kSecond},
             {"I_STAFFTIME", 3'600 * kSecond}});
        add(TableId::Hsplit, kNine, 5, 0,
            {{"CALLSOFFERED", 1},
             {"ACDCALLS", 1},
             {"ANSTIME", 6 * kSecond + 400'000'000},
             {"SERVICELEVEL", 20},
             {"I_STAFFTIME", 1'800 * kSecond},
             {"I_AUXTIME", 900 * kSecond},
             {"I_ACDTIME", 450 * kSecond}});
        add(TableId::Hsplit, kNine, 6, 0, {{"CALLSOFFERED", 2}, {"ABNCALLS", 2}});
        add(TableId::Hagent, kNine, 7, 5,
            {{"I_ACDTIME", 600 * kSecond}, {"TI_STAFFTIME", 1'800 * kSecond}, {"TI_AUXTIME", 300 * kSecond}});
        add(TableId::Hagent, kNine, 7, 6, {{"I_ACDTIME", 300 * kSecond}});
        add(TableId::Hagent, kNine, 8, 5, {{"I_RINGTIME", 90 * kSecond}, {"TI_STAFFTIME", 900 * kSecond}});
        add(TableId::Htkgrp, kNine, 1, 0,
            {{"I_INOCC", 3'600 * kSecond}, {"TRUNKS", 4}, {"ALLINUSETIME", 180 * kSecond}});
        add(TableId::Htkgrp, kNine, 2, 0, {{"I_OUTOCC", 900 * kSecond}, {"TRUNKS", 1}});
        add(TableId::Hsplit, kNine + kDay, 5, 0,
            {{"CALLSOFFERED", 100}, {"MAXINQUEUE", 7}, {"INCOMPLETE", 1}});
        IntervalRecord next = batch.intervals[1];
        next.start = next.first_time = kNine + kDay;
        next.last_time = next.start + kHalf;
        next.missing = 0;
        batch.intervals.erase(batch.intervals.begin() + 2);
        batch.intervals.push_back(next);
        const auto path = kFolder / "store";
        cli_rig::write_store(path, batch);
        return path.string();
    }();
    return kPath;
}

Json json_of(const char* kind, std::vector<std::string> more) {
    std::vector<std::string> line{"report", kind, "--store", store(), "--json"};
    line.insert(line.end(), more.begin(), more.end());
    const Run done = run(line);
    CAPTURE(done.err);
    CHECK(done.code == 0);
    return Json::parse(done.out);
}

TEST_CASE("measures: each row's own, rounded once, half up") {
    const Json rows =
        json_of("skills", {"--to", "2026-03-02", "--items", "ASA,SL%,ABN%,OCC%,STAFF_HOURS,STAFFED"})["rows"];
    REQUIRE(rows.size() == 3);
    CHECK(rows[0]["AVG_ANSWER_SPEED"] == 3);  // 10 s / 3
    CHECK(rows[0]["PERCENT_SERV_LVL"] == 37.5);
    CHECK(rows[0]["PERCENT_ABANDON"] == 50.0);
    CHECK(rows[0]["STAFF_HOURS"] == 1.0);
    CHECK(rows[0]["AVG_POS_STAFF"] == 2.0);
    CHECK(rows[1]["PERCENT_OCCUPANCY"] == 50.0);
    const Json exact =
        json_of("skills", {"--to", "2026-03-02", "--items", "AVG_ANSWER_SPEED", "--exact"})["rows"];
    CHECK(exact[0]["AVG_ANSWER_SPEED"] == 3'333'333'333);
}

TEST_CASE("measures: no value where there is nothing to divide by, or no service level is set") {
    const Json row =
        json_of("skills", {"--skill", "6", "--interval", "2026-03-01 10:00", "--items", "all"})["rows"][0];
    CHECK(row["AVG_ANSWER_SPEED"].is_null());
    CHECK(row["PERCENT_OCCUPANCY"].is_null());
    CHECK(row["PERCENT_SERV_LVL"].is_null());
    CHECK(row["PERCENT_ABANDON"] == 100.0);
    const Run text = run({"report", "skills", "--store", store(), "--skill", "6", "--interval",
                          "2026-03-01 10:00", "--items", "ASA"});
    CHECK(text.out.find("nan") == std::string::npos);
    CHECK(text.out.find("  -\n") != std::string::npos);
    const Run csv = run({"report", "skills", "--store", store(), "--skill", "6", "--interval",
                         "2026-03-01 10:00", "--items", "ASA,ABN%", "--csv"});
    CHECK(csv.out.ends_with(",,100.00\n"));
}

TEST_CASE("measures: sums divide what was summed, they do not average averages") {
    const Json all = json_of("skills", {"--to", "2026-03-02", "--items", "ASA,SL%,OCC%,STAFF_HOURS"});
    const Json& sales = all["entities"][0];
    CHECK(sales["AVG_ANSWER_SPEED"] == 4);  // 16.4 s / 4; the mean of the rows would be 5
    CHECK(sales["PERCENT_SERV_LVL"] == 33.33);
    CHECK(sales["STAFF_HOURS"] == 1.5);
    // Over skills: of queuings; what counts an agent in each of his skills has none.
    const Json& total = all["totals"][1];
    CHECK(total["PERCENT_SERV_LVL"] == 0.0);
    CHECK(total["PERCENT_OCCUPANCY"].is_null());
    CHECK(total["STAFF_HOURS"].is_null());
}

TEST_CASE("measures: what only a whole agent has stands where all his skills are") {
    const Json all = json_of("agents", {"--interval", "2026-03-01 10:00", "--items", "OCC%,HOURS"});
    CHECK(all["rows"][0]["PERCENT_OCCUPANCY"].is_null());
    CHECK(all["rows"][1]["PERCENT_OCCUPANCY"].is_null());
    CHECK(all["rows"][2]["PERCENT_OCCUPANCY"] == 10.0);
    CHECK(all["agents"][0]["PERCENT_OCCUPANCY"] == 60.0);
    CHECK(all["agents"][0]["STAFF_HOURS"] == 0.5);
    CHECK(all["totals"][0]["PERCENT_OCCUPANCY"] == 41.25);
    CHECK(all["agents_all"].size() == 2);
    CHECK(all["entities"][0]["PERCENT_OCCUPANCY"].is_null());
}

TEST_CASE("measures: trunks by the time that was covered") {
    const Json all = json_of("trunk-groups", {"--interval", "2026-03-01 10:00"});
    CHECK(all["rows"][0]["AVG_IN_USE"] == 2.0);
    CHECK(all["rows"][0]["PERCENT_OCCUPANCY"] == 50.0);
    CHECK(all["rows"][0]["PERCENT_ALL_BUSY"] == 10.0);
    CHECK(all["totals"][0]["TRUNKS"] == 5);
    CHECK(all["totals"][0]["AVG_IN_USE"] == 2.5);
    CHECK(all["totals"][0]["PERCENT_OCCUPANCY"] == 50.0);
}

TEST_CASE("measures: a quotient beyond 64 bits is not known, a product beyond them is") {
    CHECK(cli::Fraction{~u64{0}, 3}.times(1) == ~u64{0} / 3);
    CHECK(cli::Fraction{~u64{0} / 2, ~u64{0}}.times(10'000) == 5'000);
    CHECK(!cli::Fraction{~u64{0}, 1}.times(2).has_value());
    CHECK(!cli::Fraction{1, 0}.times(1).has_value());
    CHECK(cli::Fraction{5, 2}.times(1) == 3);
    CHECK(cli::Fraction{7 * kSecond / 2, 1}.times(1, kSecond) == 4);
}

TEST_CASE("measures: every report shows items and measures that there are") {
    for (const Table& table : kTables)
        for (const std::string_view name : cli::report_kind(table.id).items)
            CHECK_MESSAGE((find_column(table, name) || cli::find_measure(table.id, name)), name);
}

TEST_CASE("report --by day: a day that is not rolled up is added up from its intervals") {
    const Json all =
        json_of("skills", {"--by", "day", "--from", "2026-03-01", "--items", "CALLSOFFERED,MAXINQUEUE,ASA"});
    CHECK(all["by"] == "day");
    REQUIRE(all["rows"].size() == 3);
    CHECK(all["rows"][0]["ROW_DATE"] == "2026-03-01");
    CHECK(all["rows"][0]["INTERVALS"] == 2);
    CHECK(all["rows"][0]["CALLSOFFERED"] == 9);
    CHECK(all["rows"][0]["AVG_ANSWER_SPEED"] == 4);
    CHECK(all["rows"][0]["CLOSED"] == true);
    // Nineteen intervals before 09:30 and 27 after 10:30 were not collected: the row may lack what was in
    // them.
    CHECK(all["rows"][0]["INTERVALS_ABSENT"] == 46);
    CHECK(all["rows"][0]["INCOMPLETE"] == 46);
    CHECK(all["rows"][2]["ROW_DATE"] == "2026-03-02");
    CHECK(all["rows"][2]["CALLSOFFERED"] == 100);
    CHECK(all["rows"][2]["CLOSED"] == false);
    CHECK(all["rows"][2]["INCOMPLETE"] == 21);
    const Json newest = json_of("skills", {"--by", "day", "--items", "ACDCALLS"});
    CHECK(newest["rows"].size() == 1);
}

TEST_CASE("report --by week and month: periods that begin in the time asked for") {
    const Json week = json_of("skills", {"--by", "week", "--items", "CALLSOFFERED"});
    REQUIRE(week["rows"].size() == 1);  // 2026-03-01 is a Sunday
    CHECK(week["rows"][0]["ROW_DATE"] == "2026-03-02");
    const Json weeks = json_of("skills", {"--by", "week", "--from", "2026-02-01", "--items", "CALLSOFFERED"});
    CHECK(weeks["rows"].size() == 3);
    const Json month = json_of("skills", {"--by", "month", "--items", "CALLSOFFERED,MAXINQUEUE,INCOMPLETE"});
    REQUIRE(month["rows"].size() == 2);
    CHECK(month["rows"][0]["CALLSOFFERED"] == 109);
    CHECK(month["rows"][0]["MAXINQUEUE"] == 7);
    CHECK(month["rows"][0]["INCOMPLETE"] == 67);
    CHECK(month["rows"][1]["INCOMPLETE"] == 66);
    const Run text = run({"report", "skills", "--store", store(), "--by", "month"});
    CHECK(text.out.find("ACD 1 Lisbon, month 2026-03 (UTC+01:00), skills - not over yet") !=
          std::string::npos);
}

}  // namespace
