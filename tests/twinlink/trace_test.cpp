// `twinlink report trace` and `report exceptions`: what people and machines see, and which rows are chosen.
#include "tests/twinlink/cli_rig.hpp"

#include <twinlink/items.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <cstring>

using namespace twinlink;
using cli_rig::check_golden;
using cli_rig::kNine;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::json;

namespace {

constexpr u64 kSecond = 1'000'000'000;

u64 text(const char* eight) {
    u64 word = 0;
    std::memcpy(&word, eight, std::strlen(eight));
    return word;
}

void add_activities(CommitBatch& batch) {
    const auto add = [&](u64 agent, u64 began, u64 start, const std::map<std::string, u64>& set) {
        cli_rig::add_row(batch, {TableId::AgActv, Acd{1}, start, 0, agent, began}, true, set);
    };
    const u64 half = kNine + cli_rig::kHalf;
    add(4'711, kNine + 60 * kSecond, kNine,
        {{"DURATION", 240 * kSecond + 400'000'000}, {"WORKMODE", 4}, {"AUXREASON", 3}});
    add(4'711, kNine + 300 * kSecond, kNine,
        {{"DURATION", 12 * kSecond},
         {"WORKMODE", 7},
         {"DIRECTION", 1},
         {"SPLIT", 5},
         {"CALLID", 99},
         {"CALLING_PTY", text("0301234")}});
    add(4'711, kNine + 312 * kSecond, kNine,
        {{"DURATION", 190 * kSecond},
         {"WORKMODE", 2},
         {"DIRECTION", 1},
         {"SPLIT", 5},
         {"CALLID", 99},
         {"CALLER_HOLD", 1},
         {"RECONNECT", 1},
         {"TRANSFERRED", 1},
         {"AGT_RELEASED", 1},
         {"CALLING_PTY", text("0301234")}});
    add(4'711, half + 10 * kSecond, half, {{"WORKMODE", 0}, {"LOGOUT_REASON", 2}});
    add(4'712, kNine + 60 * kSecond, kNine,
        {{"INCOMPLETE", 1}, {"DURATION", 100 * kSecond}, {"WORKMODE", 8}, {"DIRECTION", 2}});
}

LinkEventRecord event(u16 acd, u64 number, LinkEventKind kind, u8 link, u64 begun, u64 lasted) {
    LinkEventRecord e{};
    e.acd = acd;
    e.number = number;
    e.kind = kind;
    e.link = link;
    e.begun_wall = begun;
    e.last_wall = begun + lasted;
    e.count = 1;
    e.epoch = acd == 0 ? 0 : cli_rig::kEpoch;
    return e;
}

void add_exceptions(CommitBatch& batch) {
    using enum LinkEventKind;
    auto& all = batch.link_events;
    all.push_back(event(0, 1, Refused, 1, kNine, 5 * kSecond));
    all.back().count = 1'234;
    all.back().cause = static_cast<u8>(FrameRefusal::BadCrc);
    all.push_back(event(1, 1, EpochBegun, kNoLink, kNine - 1'800 * kSecond, 0));
    all.push_back(event(1, 2, PumpUp, kNoLink, kNine - 1'799 * kSecond, 0));
    all.back().cause = static_cast<u8>(PumpUpWhy::LinkUp);
    all.push_back(event(1, 3, GapOpened, kNoLink, kNine + 720 * kSecond, 3 * kSecond));
    all.back().cause = static_cast<u8>(GapCause::BothLinks);
    all.back().count = 2;
    all.back().names = 6;
    all.back().first = 300;
    all.back().last = 403;
    all.push_back(event(1, 4, Silent, 0, kNine + 700 * kSecond, 90 * kSecond));
    all.back().count = 3;
    all.back().duration_ns = 61 * kSecond + 500'000'000;
    all.push_back(event(1, 5, Silent, 1, kNine + 1'800 * kSecond, kSecond));
    all.back().now = all.back().open = 1;
    for (const LinkEventKind kind : {Dropped, SetAside, PumpUpTorn, Conflict})
        all.push_back(event(1, all.back().number + 1, kind, kind == PumpUpTorn ? kNoLink : u8{0},
                            kNine + 900 * kSecond, 0));
}

const std::string& store() {
    static const cli_rig::TempFolder kFolder;
    static const std::string kPath = [] {
        CommitBatch batch = cli_rig::content();
        add_activities(batch);
        add_exceptions(batch);
        cli_rig::add_name(batch, NameKind::Agent, 4'712, "Ann Lee");
        cli_rig::write_store(kFolder / "store", batch);
        return (kFolder / "store").string();
    }();
    return kPath;
}

std::string shown(std::vector<std::string> line) {
    line.insert(line.end(), {"--store", store()});
    const Run done = run(line);
    CAPTURE(done.err);
    CHECK(done.code == 0);
    std::string text = done.out;
    for (std::size_t at; (at = text.find(store())) != std::string::npos;)
        text.replace(at, store().size(), "STORE");
    return text;
}

TEST_CASE("report trace: what people see") { check_golden("report_trace.txt", shown({"report", "trace"})); }
TEST_CASE("report trace: CSV of one agent by name, of some hours") {
    check_golden("report_trace.csv",
                 shown({"report", "trace", "--only", "Ann Lee", "--from", "2026-03-01 10:00", "--to",
                        "2026-03-01 10:30", "--csv", "--items", "DURATION,WORKMODE,DIRECTION"}));
}
TEST_CASE("report trace: machines get all items as numbers, an agent's by login id, in order") {
    const Json all = Json::parse(shown({"report", "trace", "--only", "4711", "--items", "all", "--json"}));
    REQUIRE(all["rows"].size() == 4);
    const Json& talk = all["rows"][2];
    CHECK(talk["LOGID"] == 4'711);
    CHECK(talk["EVENT_TIME"] == "2026-03-01T09:05:12.000000000Z");
    CHECK(talk["WORKMODE"] == 2);
    CHECK(talk["DURATION"] == 190);
    CHECK(talk["CALLING_PTY"] == "0301234");
    CHECK(all["rows"][3]["LOGOUT_REASON"] == 2);
    for (const Item& item : kAgActvItems) CHECK_MESSAGE(talk.contains(std::string(item.name)), item.name);
}
TEST_CASE("report trace: single events are not added up, and another agent has none") {
    CHECK(run({"report", "trace", "--store", store(), "--by", "day"}).code == 2);
    CHECK(run({"report", "trace", "--store", store(), "--only", "nobody"}).code == 2);
    CHECK(Json::parse(shown({"report", "trace", "--only", "77", "--json"}))["rows"].empty());
}

TEST_CASE("report exceptions: what people see") {
    check_golden("report_exceptions.txt", shown({"report", "exceptions"}));
}
TEST_CASE("report exceptions: CSV, by time and ACD") {
    check_golden("report_exceptions.csv", shown({"report", "exceptions", "--csv", "--acd", "1", "--from",
                                                 "2026-03-01 10:12", "--to", "2026-03-01 10:14:59"}));
}
TEST_CASE("report exceptions: machines get what the catalogue explains, nothing else, each of it somewhere") {
    const Json all = Json::parse(shown({"report", "exceptions", "--json"}))["exceptions"];
    REQUIRE(all.size() == 10);
    for (const Item& item : kLinkexItems) {
        bool driven = false;
        for (const Json& e : all) {
            REQUIRE_MESSAGE(e.contains(std::string(item.name)), item.name);
            const Json& value = e[std::string(item.name)];
            driven = driven || (!value.is_null() && value != 0 && value != "" && value != false);
        }
        CHECK_MESSAGE(driven, item.name);
    }
    CHECK(all[0].size() == kLinkexItems.size());
    CHECK(run({"report", "exceptions", "--store", store(), "--acd", "9"}).code == 2);
    const Run items = run({"items", "linkex"});
    CHECK(items.code == 0);
    CHECK(items.out.find("GOES_ON") != std::string::npos);
}

}  // namespace
