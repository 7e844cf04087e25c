// Whether a server can be stopped for an upgrade, told by an appliance that the test plays: each condition
// alone makes it unsafe.
#include "engine/partner/messages.hpp"
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

Json link(const char* name) { return {{"link", name}, {"frames", 120}, {"silent", false}}; }

Json status() {
    return {{"schema", 1},
            {"version", "0.1.0"},
            {"state", "collecting"},
            {"store", {{"path", cli_rig::shared_store()}, {"stopped", false}, {"error", "EIO"}}},
            {"refolding", false},
            {"import", {{"state", "done"}, {"path", "/x.pcap"}}},
            {"acds", {{{"acd", 1}, {"open_gaps", 0}, {"links", {link("A"), link("B")}}}}}};
}

Json pair() {
    return {{"schema", 1},
            {"partner",
             {{"state", "up"},
              {"text", "silent for 600 ms"},
              {"server", 2},
              {"name", "south"},
              {"version", partner::kVersionMax},
              {"to_come", 0},
              {"their_refilling", 0},
              {"streams", {{{"acd", 1}, {"wanted", 0}, {"wanted_there", 0}}}}}},
            {"compared",
             {{{"table", "hsplit"}, {"likeness", "equal"}}, {{"table", "hagent"}, {"likeness", "equal"}}}}};
}

Run checked(const Json& status, const Json& pair, std::vector<std::string> more = {}) {
    Appliance appliance({status.dump(), pair.dump()});
    more.insert(more.begin(), {"upgrade", "check", "--socket", appliance.path()});
    return run(more);
}

/// The verdict and text of a check.
std::string of(const Run& ran, const std::string& check) {
    const Json document = Json::parse(ran.out);
    for (const Json& c : document.at("checks"))
        if (c.at("check") == check)
            return c.at("verdict").get<std::string>() + ": " + c.at("text").get<std::string>();
    return "none";
}

bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("upgrade check: where all is well it is safe, and says of what versions") {
    const Run r = checked(status(), pair());
    CHECK(r.code == 0);
    CHECK(has(r.out, "twinlinkd 0.1.0 runs"));
    CHECK(has(r.out, "Safe now"));
    const Run json = checked(status(), pair(), {"--json"});
    CHECK(json.code == 0);
    CHECK(Json::parse(json.out)["safe"] == true);
    CHECK(of(json, "rows").starts_with("ok: equal"));
    CHECK(of(json, "format").starts_with("ok: "));
}

TEST_CASE("upgrade check: each thing that is not as it should be makes it unsafe, and is named") {
    struct Case {
        const char* check;
        const char* text;
        std::function<void(Json& status, Json& pair)> change;
    };
    const std::vector<Case> cases{
        {"store", "has stopped: EIO", [](Json& s, Json&) { s["store"]["stopped"] = true; }},
        {"links", "link B of ACD 1 brings nothing",
         [](Json& s, Json&) { s["acds"][0]["links"][1]["silent"] = true; }},
        {"links", "link A of ACD 1 brings nothing",
         [](Json& s, Json&) { s["acds"][0]["links"][0]["frames"] = 0; }},
        {"links", "nothing was heard", [](Json& s, Json&) { s["acds"] = Json::array(); }},
        {"gaps", "3 are open", [](Json& s, Json&) { s["acds"][0]["open_gaps"] = 3; }},
        {"refolds", "being folded again", [](Json& s, Json&) { s["refolding"] = true; }},
        {"import", "/x.pcap is being read", [](Json& s, Json&) { s["import"]["state"] = "reading"; }},
        {"partner", "silent for 600 ms", [](Json&, Json& p) { p["partner"]["state"] = "not_connected"; }},
        {"exchange", "7 messages that the partner has", [](Json&, Json& p) { p["partner"]["to_come"] = 7; }},
        {"exchange", "4 messages that the partner has",
         [](Json&, Json& p) { p["partner"]["streams"][0]["wanted"] = 4; }},
        {"exchange", "lacks 5 messages",
         [](Json&, Json& p) { p["partner"]["streams"][0]["wanted_there"] = 5; }},
        {"exchange", "still filling", [](Json&, Json& p) { p["partner"]["their_refilling"] = 1; }},
        {"rows", "1 tables differ", [](Json&, Json& p) { p["compared"][0]["likeness"] = "different"; }},
        {"protocol", "version 99", [](Json&, Json& p) { p["partner"]["version"] = 99; }},
        {"format", "cannot read the store", [](Json& s, Json&) { s["store"]["path"] = "/nowhere"; }},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        Json s = status();
        Json p = pair();
        c.change(s, p);
        const Run r = checked(s, p, {"--json"});
        CHECK(r.code == 1);
        CHECK(of(r, c.check).starts_with("NO: "));
        CHECK(has(of(r, c.check), c.text));
        CHECK(has(checked(s, p).out, "Not now. Nothing was changed."));
    }
}

TEST_CASE("upgrade check: rows that cannot be compared, or none yet, are noted and no reason to wait") {
    Json p = pair();
    p["compared"][0]["likeness"] = "not_comparable";
    CHECK(of(checked(status(), p, {"--json"}), "rows").starts_with("note: 1 tables are equal, 1 cannot"));
    p["compared"] = Json::array();
    const Run none = checked(status(), p, {"--json"});
    CHECK(none.code == 0);
    CHECK(of(none, "rows").starts_with("note: no interval is closed yet"));
}

TEST_CASE("upgrade check: an ACD whose collection is off here is said so, and is no reason to wait") {
    Json s = status();
    s["acds"].push_back({{"acd", 2},
                         {"collected", false},
                         {"open_gaps", 2},
                         {"links", {{{"link", "A"}, {"frames", 0}, {"silent", true}}}}});
    Json p = pair();
    p["partner"]["to_come"] = 900;
    p["partner"]["streams"].push_back({{"acd", 2}, {"wanted", 900}, {"wanted_there", 0}});
    const Run r = checked(s, p, {"--json"});
    CHECK(r.code == 0);
    CHECK(of(r, "links") == "ok: both links of every ACD that is collected bring messages");
    CHECK(has(of(r, "gaps"), "ok: none is open here but 2 of ACDs whose collection is off"));
    CHECK(has(of(r, "exchange"), "ok: "));
    CHECK(has(of(r, "collection"),
              "note: collection of ACD 2 is off here: 900 messages stay with the partner"));
    CHECK(has(of(r, "collection"), "this server may be stopped, but not the partner"));
    // What is to come of an ACD that is collected counts as ever.
    p["partner"]["to_come"] = 907;
    CHECK(has(of(checked(s, p, {"--json"}), "exchange"), "NO: 7 messages that the partner has are to come"));
    p["partner"]["to_come"] = 900;
    // Off on both: nobody collects it, and nothing comes to this server alone.
    p["partner"]["their_collection_off"] = {2};
    const Run both = checked(s, p, {"--json"});
    CHECK(both.code == 0);
    CHECK(has(of(both, "collection"), "ACD 2 is collected by nobody"));
}

TEST_CASE("upgrade check: what the partner does not collect only this server gets") {
    Json p = pair();
    p["partner"]["their_collection_off"] = {1};
    const Run r = checked(status(), p, {"--json"});
    CHECK(r.code == 1);
    CHECK(has(of(r, "collection"), "NO: collection of ACD 1 is off at the partner"));
    CHECK(of(checked(status(), pair(), {"--json"}), "collection") == "none");
}

TEST_CASE("upgrade check: no appliance, no partner") {
    CHECK(run({"upgrade", "check", "--socket", "/nowhere/control.sock"}).code == 3);
    Json p = pair();
    p["partner"] = nullptr;
    const Run alone = checked(status(), p);
    CHECK(alone.code == 1);
    CHECK(has(alone.err, "no [partner] table"));
}
