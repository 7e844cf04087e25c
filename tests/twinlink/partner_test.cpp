// The pair, as an appliance that the test plays tells of it; and the files that make two servers one.
#include "tests/twinlink/appliance_rig.hpp"
#include "tools/common/rows_json.hpp"

#include <twinlink/items.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

Json partner_doc(const char* state, u64 wanted) {
    return {{"state", state},
            {"text", "127.0.0.1:5600: Connection refused"},
            {"address", "connecting to 127.0.0.1:5600"},
            {"server", 1},
            {"name", "north"},
            {"version", 1},
            {"up_s", 61},
            {"round_trip_ns", 250'000},
            {"asked", wanted},
            {"streams",
             {{{"acd", 1},
               {"epoch", 7},
               {"own_next", 100},
               {"their_next", 120},
               {"own_missing", wanted + 2},
               {"their_missing", 2},
               {"wanted", wanted},
               {"both_missing", 2}}}},
            {"counters", {{"names_in", 12'345}}}};
}
std::string answer(const Json& of, const Json& compared = nullptr) {
    Json all{{"schema", 1}, {"partner", of}};
    if (!compared.is_null()) all["compared"] = compared;
    return all.dump();
}
Json table(const char* name, const char* likeness, const char* why = "") {
    return {{"acd", 1},      {"start", cli_rig::kNine}, {"instance", 0},
            {"table", name}, {"likeness", likeness},    {"why", why},
            {"rows", 4},     {"their_rows", 5}};
}
/// The answer to "rows ...".
std::string rows_answer(const tools::RowsTold& told) {
    return Json{{"schema", 1}, {"partner", partner_doc("up", 0)}, {"rows", tools::to_json(told)}}.dump();
}
bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("partner: a session that is up, with all that the partner has, is fine") {
    Appliance appliance({answer(partner_doc("up", 0))});
    const Run r = run({"partner", "--socket", appliance.path()});
    CHECK(r.code == 0);
    CHECK(has(r.out, "with server 1 (north)"));
    CHECK(has(r.out, "12,345 came"));
    CHECK(has(r.out, "behind by"));
}

TEST_CASE("partner: what it has and we lack is a problem, and so is no session, with its reason") {
    Appliance lacking({answer(partner_doc("up", 5))});
    CHECK(run({"partner", "--socket", lacking.path()}).code == 1);
    Appliance away({answer(partner_doc("not_connected", 0))});
    const Run r = run({"partner", "--socket", away.path()});
    CHECK(r.code == 1);
    CHECK(has(r.out, "not_connected: 127.0.0.1:5600: Connection refused"));
    Appliance alone({answer(nullptr)});
    const Run none = run({"partner", "--socket", alone.path()});
    CHECK(none.code == 1);
    CHECK(has(none.err, "no [partner] table"));
    CHECK(run({"partner", "--socket", "/nowhere/control.sock"}).code == 3);
}

TEST_CASE("verify --partner: equal, different, not comparable") {
    Appliance equal({answer(partner_doc("up", 0), {table("hsplit", "equal"), table("hagent", "equal")})});
    const Run good = run({"verify", "--partner", "--socket", equal.path()});
    CHECK(good.code == 0);
    CHECK(has(good.out, "Both servers hold the same rows."));
    Appliance other({answer(partner_doc("up", 0), {table("hsplit", "equal"), table("hagent", "different")}),
                     rows_answer({.own_rows = 4, .their_rows = 5, .only_there = 1})});
    const Run bad = run({"verify", "--partner", "--socket", other.path(), "--json"});
    CHECK(bad.code == 1);
    const Json json = Json::parse(bad.out);
    CHECK(json["different"] == 1);
    CHECK(json["tables"].size() == 2);
    CHECK(json["tables"][1]["likeness"] == "different");
    Appliance unsure({answer(partner_doc("up", 0),
                             Json::array({table("hsplit", "not_comparable", "one lacks messages")}))});
    const Run open = run({"verify", "--partner", "--socket", unsure.path()});
    CHECK(open.code == 1);
    CHECK(has(open.out, "one lacks messages"));
    CHECK(has(open.out, "Nothing differs, but not all can be compared"));
    Appliance nothing({answer(partner_doc("up", 0), Json::array())});
    CHECK(run({"verify", "--partner", "--socket", nothing.path()}).code == 1);
}

TEST_CASE("verify --partner: rows that differ are named, item by item, and counted where they are too many") {
    tools::RowsTold told{.own_rows = 40, .their_rows = 41, .only_here = 1, .only_there = 2, .differing = 70};
    told.rows.push_back(
        {5, 0, true, true, {{hsplit("ACDCALLS"), 12, 13}, {hsplit("ACDTIME"), 60'000'000'001, 7}}});
    told.rows.push_back({6, 0, true, false, {}});
    told.rows.push_back({7, 0, false, true, {}});
    told.rows.push_back({8, 0, true, true, {}});
    const std::vector<std::string> answers{
        answer(partner_doc("up", 0), {table("hsplit", "different"), table("hagent", "equal")}),
        rows_answer(told)};
    Appliance people(answers);
    const Run text = run({"verify", "--partner", "--socket", people.path()});
    CHECK(text.code == 1);
    cli_rig::check_golden("verify_partner.txt", text.out);
    CHECK(has(people.asked(), "rows acd=1 table=hsplit start=1772355600000000000 instance=0 most=64\n"));
    Appliance machine(answers);
    const Json json = Json::parse(run({"verify", "--partner", "--json", "--socket", machine.path()}).out);
    CHECK(json["rows_differ"] == 73);
    CHECK(json["rows_named"] == 4);
    REQUIRE(json["rows"].size() == 5);
    CHECK(json["rows"][0]["where"] == "both");
    CHECK(json["rows"][0]["item"] == "ACDCALLS");
    CHECK(json["rows"][0]["here"] == 12);
    CHECK(json["rows"][0]["there"] == 13);
    CHECK(json["rows"][2]["where"] == "only_here");
    CHECK(json["rows"][2]["item"].is_null());
    CHECK(json["rows"][3]["where"] == "only_there");
    Appliance csv(answers);
    const auto records = cli_rig::parse_csv(
        run({"verify", "--partner", "--csv", "--table", "rows", "--socket", csv.path()}).out);
    REQUIRE(records.size() == 6);
    CHECK(records[2][8] == "ACDTIME");
    CHECK(records[2][9] == "60000000001");
}

TEST_CASE("verify --partner: what is not known of rows is said, and other tables are not waited for") {
    Appliance silent(
        {answer(partner_doc("up", 0), {table("hsplit", "different"), table("hagent", "different")}),
         rows_answer({.rows = {}, .why = "the partner did not answer in full within 2 s"})});
    const Run r = run({"verify", "--partner", "--json", "--socket", silent.path()});
    CHECK(r.code == 1);
    const Json json = Json::parse(r.out);
    CHECK(json["tables_not_looked_into"] == 1);
    CHECK(json["rows"].empty());
    CHECK(has(json["problems"][0], "within 2 s"));
    // Rows of a table that this program does not know are not asked for.
    Appliance newer({answer(partner_doc("up", 0), Json::array({table("hnewer", "different")}))});
    CHECK(run({"verify", "--partner", "--socket", newer.path()}).code == 1);
    const auto refused = [&](const Json& rows) {
        Appliance odd({answer(partner_doc("up", 0), Json::array({table("hsplit", "different")})),
                       Json{{"schema", 1}, {"partner", partner_doc("up", 0)}, {"rows", rows}}.dump()});
        return run({"verify", "--partner", "--socket", odd.path()}).code;
    };
    CHECK(refused(Json::object()) == 4);
    Json nowhere = tools::to_json(tools::RowsTold{.differing = 1, .rows = {{5, 0, false, false, {}}}});
    CHECK(refused(nowhere) == 4);
    Json many =
        tools::to_json(tools::RowsTold{.rows = std::vector<tools::NamedRow>(65, {5, 0, true, true, {}})});
    CHECK(refused(many) == 4);
    Json huge = tools::to_json(tools::RowsTold{.rows = {{5, 0, true, true, {{60'000, 1, 2}}}}});
    CHECK(refused(huge) == 1);  // a newer partner's column: shown by its place
}

TEST_CASE("rows: the question is a line, there and back") {
    const RowsQuestion q{TableId::Hagent, Acd{3}, 99, 1, 7};
    const auto back = tools::rows_question_of(tools::to_line(q));
    REQUIRE(back.has_value());
    CHECK(tools::to_line(*back) == tools::to_line(q));
    CHECK(tools::rows_question_of("rows acd=1 table=hsplit start=5")->most == partner::kRowsAsked);
    for (const char* bad : {"rows", "rows ", "rows acd=1 start=5", "rows acd=0 table=hsplit start=5",
                            "rows acd=1 table=what start=5", "rows acd=1 table=hsplit start=-5",
                            "rows acd=1 table=hsplit most=65", "rows acd=1 table=hsplit most=0",
                            "rows acd=1 table=hsplit colour=red", "rows acd=70000 table=hsplit start=5"})
        CHECK_MESSAGE(!tools::rows_question_of(bad).has_value(), bad);
}

TEST_CASE("pair: three commands make two servers one, and what is there is never replaced") {
    const cli_rig::TempFolder folder;
    const std::string one = folder / "one";
    const std::string two = folder / "two";
    const auto own = [](const std::string& of) { return of + "/own.crt"; };
    CHECK(run({"pair", "show", "--credentials", one}).code == 1);
    CHECK(run({"pair", "init", "--credentials", one}).code == 0);
    CHECK(run({"pair", "init", "--credentials", one}).code == 1);
    CHECK(run({"pair", "join", own(one), "--credentials", one}).code == 1);  // itself
    const Run second = run({"pair", "join", own(one), "--credentials", two});
    CHECK(second.code == 0);
    CHECK(has(second.out, "server 2 of pair"));
    CHECK(run({"pair", "join", own(two), "--credentials", one}).code == 0);
    CHECK(run({"pair", "join", own(two), "--credentials", one}).code == 0);  // again: nothing to do
    const Json a = Json::parse(run({"pair", "show", "--credentials", one, "--json"}).out);
    const Json b = Json::parse(run({"pair", "show", "--credentials", two, "--json"}).out);
    CHECK(a["pair"] == b["pair"]);
    CHECK(a["own_fingerprint"] == b["partner_fingerprint"]);
    CHECK(a["own_server"] == 1);
    CHECK(b["own_server"] == 2);
    const std::string third = folder / "three";
    CHECK(run({"pair", "init", "--credentials", third}).code == 0);
    CHECK(has(run({"pair", "join", own(third), "--credentials", one}).err, "of pair"));
    CHECK(has(run({"pair", "join", third + "/own.key", "--credentials", one}).err, "is no certificate"));
}
