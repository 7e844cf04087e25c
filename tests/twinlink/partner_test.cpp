// The pair, as an appliance that the test plays tells of it; and the files that make two servers one.
#include "tests/twinlink/appliance_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

Json partner(const char* state, u64 wanted) {
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
bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("partner: a session that is up, with all that the partner has, is fine") {
    Appliance appliance({answer(partner("up", 0))});
    const Run r = run({"partner", "--socket", appliance.path()});
    CHECK(r.code == 0);
    CHECK(has(r.out, "with server 1 (north)"));
    CHECK(has(r.out, "12,345 came"));
    CHECK(has(r.out, "behind by"));
}

TEST_CASE("partner: what it has and we lack is a problem, and so is no session, with its reason") {
    Appliance lacking({answer(partner("up", 5))});
    CHECK(run({"partner", "--socket", lacking.path()}).code == 1);
    Appliance away({answer(partner("not_connected", 0))});
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
    Appliance equal({answer(partner("up", 0), {table("hsplit", "equal"), table("hagent", "equal")})});
    const Run good = run({"verify", "--partner", "--socket", equal.path()});
    CHECK(good.code == 0);
    CHECK(has(good.out, "Both servers hold the same rows."));
    Appliance other({answer(partner("up", 0), {table("hsplit", "equal"), table("hagent", "different")})});
    const Run bad = run({"verify", "--partner", "--socket", other.path(), "--json"});
    CHECK(bad.code == 1);
    const Json json = Json::parse(bad.out);
    CHECK(json["different"] == 1);
    CHECK(json["tables"].size() == 2);
    CHECK(json["tables"][1]["likeness"] == "different");
    Appliance unsure(
        {answer(partner("up", 0), Json::array({table("hsplit", "not_comparable", "one lacks messages")}))});
    const Run open = run({"verify", "--partner", "--socket", unsure.path()});
    CHECK(open.code == 1);
    CHECK(has(open.out, "one lacks messages"));
    CHECK(has(open.out, "Nothing differs, but not all can be compared"));
    Appliance nothing({answer(partner("up", 0), Json::array())});
    CHECK(run({"verify", "--partner", "--socket", nothing.path()}).code == 1);
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
