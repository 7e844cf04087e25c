// Interval reports: golden files, choice of time, skill and items, sums that may and may not be made.
#include "tests/twinlink/cli_rig.hpp"
#include "tools/twinlink/row_sum.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using cli_rig::check_golden;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::json;

namespace {

std::vector<std::string> report(const char* kind, std::vector<std::string> more) {
    std::vector<std::string> line{"report", kind, "--store", cli_rig::shared_store()};
    line.insert(line.end(), more.begin(), more.end());
    return line;
}

Json json_of(const char* kind, std::vector<std::string> more) {
    more.emplace_back("--json");
    const Run done = run(report(kind, more));
    CAPTURE(done.err);
    CHECK(done.code == 0);
    return Json::parse(done.out);
}

TEST_CASE("report skills: what people see") {
    const Run text = run(report("skills", {}));
    CHECK(text.code == 0);
    CHECK(text.err.empty());
    check_golden("report_skills.txt", text.out);
}
TEST_CASE("report skills: CSV") {
    check_golden("report_skills.csv", run(report("skills", {"--csv", "--items", "ACDCALLS,ACDTIME"})).out);
}
TEST_CASE("report skills: JSON") {
    check_golden("report_skills.json",
                 run(report("skills", {"--json", "--items", "CALLSOFFERED,ACDTIME"})).out);
}
TEST_CASE("report agents: what people see") {
    check_golden("report_agents.txt", run(report("agents", {})).out);
}
TEST_CASE("report agents: JSON") {
    check_golden("report_agents.json",
                 run(report("agents", {"--json", "--items", "ACDCALLS,I_STAFFTIME,TI_STAFFTIME"})).out);
}

TEST_CASE("report: --interval, --from and --to choose intervals by their start, in the ACD's local time") {
    CHECK(json_of("skills", {})["rows"].size() == 4);
    CHECK(json_of("skills", {"--interval", "2026-03-01 10:00"})["rows"].size() == 2);
    CHECK(json_of("skills", {"--interval", "2026-03-01T09:00:00Z"})["rows"].size() == 2);
    CHECK(json_of("skills", {"--interval", "2026-03-01 09:00"})["rows"].empty());
    const Json all = json_of("skills", {"--from", "2026-01-01"})["rows"];
    std::vector<std::string> starts;
    for (const Json& row : all) {
        const std::string start = row["STARTTIME_UTC"];
        if (starts.empty() || starts.back() != start) starts.push_back(start);
    }
    REQUIRE(starts.size() > 1);
    CHECK(json_of("skills", {"--interval", "current"})["rows"][0]["STARTTIME_UTC"] == starts.back());
    CHECK(json_of("skills", {"--interval", "previous"})["rows"][0]["STARTTIME_UTC"] == *(starts.end() - 2));
    CHECK(json_of("skills", {"--from", "2026-03-01 10:00"})["rows"].size() == 3);
    CHECK(json_of("skills", {"--to", "2026-03-01 10:00"})["rows"].size() == 1);
    CHECK(json_of("skills", {"--from", "2026-03-02"})["rows"].empty());
    CHECK(run(report("skills", {"--from", "2026-03-02"})).out.find("no rows") != std::string::npos);
}

TEST_CASE("report: a skill by number or by name, an agent by login id of any size") {
    CHECK(json_of("skills", {"--skill", "6"})["rows"].size() == 1);
    CHECK(json_of("skills", {"--skill", "sales, \"NEW\""})["rows"].size() == 3);
    CHECK(json_of("agents", {"--skill", "5"})["rows"].size() == 2);
    const Json huge = json_of("agents", {"--agent", std::to_string(cli_rig::kHuge)});
    REQUIRE(huge["rows"].size() == 1);
    CHECK(huge["rows"][0]["LOGID"].get<u64>() == cli_rig::kHuge);
}

TEST_CASE("report: items by name, by prefix, all; in the order asked for, each once") {
    const Json some = json_of("skills", {"--items", "maxinqueue, ACDCALLS,PERIOD*,ACDCALLS,INCOMPLETE"});
    CHECK(some["rows"][0].contains("PERIOD9"));
    CHECK(some["rows"][0].contains("PERIODCHG"));
    const auto csv = cli_rig::parse_csv(
        run(report("skills", {"--csv", "--items", "maxinqueue, ACDCALLS,ACDCALLS,INCOMPLETE"})).out);
    CHECK(std::vector(csv[0].end() - 3, csv[0].end()) ==
          std::vector<std::string>{"INCOMPLETE", "MAXINQUEUE", "ACDCALLS"});
    const Json all = json_of("skills", {"--items", "all"});
    CHECK(all["rows"][0].size() >= find_table(TableId::Hsplit)->columns);
}

TEST_CASE("report: times are rounded once, sums from what was not rounded, --exact gives ns") {
    const Json rounded = json_of("skills", {"--interval", "2026-03-01 10:00", "--items", "ACDTIME"});
    CHECK(rounded["time_unit"] == "s");
    CHECK(rounded["rows"][0]["ACDTIME"] == 1'701);
    CHECK(rounded["rows"][1]["ACDTIME"] == 301);
    CHECK(rounded["totals"][0]["ACDTIME"] == 2'001);
    const Json exact = json_of("skills", {"--interval", "2026-03-01 10:00", "--items", "ACDTIME", "--exact"});
    CHECK(exact["time_unit"] == "ns");
    CHECK(exact["rows"][0]["ACDTIME"] == 1'700'600'000'000);
    CHECK(exact["totals"][0]["ACDTIME"] == 2'001'200'000'000);
}

TEST_CASE("report: what counts a call or an agent once per skill is never added over skills") {
    const Json at_nine = json_of("skills", {"--interval", "2026-03-01 10:00", "--items", "all"})["totals"][0];
    for (const char* item :
         {"CALLSOFFERED", "I_ARRIVED", "DEQUECALLS", "I_STAFFTIME", "I_AUXTIME", "SERVICELEVEL"})
        CHECK_MESSAGE(at_nine[item].is_null(), item);
    CHECK(at_nine["ACDCALLS"] == 13);
    CHECK(at_nine["MAXINQUEUE"] == 5);
    CHECK(at_nine["INCOMPLETE"] == 1);
    CHECK(at_nine["MISSING_MESSAGES"] == 6);
    // One skill over several intervals is another matter.
    const Json sales = json_of("skills", {"--skill", "5", "--items", "all"})["entities"][0];
    CHECK(sales["CALLSOFFERED"] == 23);
    CHECK(sales["I_STAFFTIME"] == 13'200);
    CHECK(sales["MAXINQUEUE"] == 5);
    CHECK(sales["INTERVALS"] == 3);
    CHECK(sales["INCOMPLETE"] == 1);
    CHECK(sales["SERVICELEVEL"] == 0);
}

TEST_CASE("report: an agent's TI_ times are added over the agent's skills") {
    const Json agents = json_of("agents", {"--items", "ACDCALLS,TI_STAFFTIME,I_STAFFTIME"})["agents"];
    REQUIRE(agents.size() == 2);
    CHECK(agents[0]["LOGID"] == 4'711);
    CHECK(agents[0]["ACDCALLS"] == 8);
    CHECK(agents[0]["TI_STAFFTIME"] == 1'800);
    CHECK(agents[0]["I_STAFFTIME"].is_null());
}

TEST_CASE("report: a sum over items that an older store does not hold is not known, not 0") {
    const Table& table = *find_table(TableId::Hsplit);
    const std::vector<Column> columns{find_column(table, "ACDCALLS").value(),
                                      find_column(table, "PERIODCHG").value()};
    cli::RowSum sum(table, columns, cli::Over::Intervals);
    const std::vector<u64> short_row{0, 1, 2};
    sum.add(short_row);
    CHECK(sum.value(0) == 2);
    CHECK(!sum.value(1).has_value());
    CHECK(sum.rows() == 1);
}

}  // namespace
