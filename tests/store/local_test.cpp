// What is of a server alone: whose activities are traced, and link exceptions with their numbers and their
// age.
#include "tests/store/store_rig.hpp"

#include "engine/store/check.hpp"

using namespace twinlink;
using namespace twinlink::rig;

namespace {

LinkEventRecord event(u16 acd, u64 number, u64 wall, bool open = false) {
    LinkEventRecord e{};
    e.acd = acd;
    e.number = number;
    e.begun_wall = wall;
    e.last_wall = wall;
    e.count = 1;
    e.kind = LinkEventKind::Silent;
    e.open = open;
    return e;
}

CommitBatch batch_of(std::vector<LinkEventRecord> events, u64 wall) {
    CommitBatch b;
    b.wall = wall;
    b.link_events = std::move(events);
    return b;
}

std::string numbers_of(const Store& store) {
    std::string text;
    for (const LinkEventRecord& e : snapshot_of(store).link_events())
        text += std::to_string(e.acd) + ":" + std::to_string(e.number) + " ";
    return text;
}

}  // namespace

TEST_CASE(
    "local: lists of traced agents and link exceptions come back as they were written, the last word "
    "counts") {
    TempFolder t;
    {
        Store store = open_store(t / "s");
        CommitBatch b;
        TraceRecord list{};
        list.acd = 1;
        list.seq = 1;
        list.count = 2;
        list.agents = {11, 12};
        b.traces.push_back(list);
        list.epoch = 5;
        list.count = 0;
        list.agents = {};
        b.traces.push_back(list);
        b.link_events = {event(1, 1, 10, true), event(0, 1, 10), event(1, 2, 20)};
        b.link_events.push_back(event(1, 1, 30));
        commit(store, b);
    }
    Store store = open_store(t / "s");
    const auto traces = snapshot_of(store).traces();
    REQUIRE(traces.size() == 2);
    CHECK(std::ranges::equal(traces[0].list(), std::array<u64, 2>{11, 12}));
    CHECK(traces[1].epoch == 5);
    CHECK(traces[1].list().empty());
    CHECK(numbers_of(store) == "0:1 1:1 1:2 ");
    CHECK(snapshot_of(store).link_events()[1].last_wall == 30);
    const auto report = check(t / "s", CheckLevel::Full);
    REQUIRE(report.has_value());
    for (const CheckFinding& f : report->findings) FAIL_CHECK(f.where << ": " << f.what);
}

TEST_CASE("local: a restart learns of the newest number and of what was open") {
    TempFolder t;
    Store store = open_store(t / "s");
    commit(store, batch_of({event(1, 1, 1), event(1, 2, 2, true), event(1, 3, 3), event(2, 1, 1),
                            event(2, 2, 2), event(3, 1, 1, true)},
                           10));
    const auto memory = store.load();
    REQUIRE(memory.has_value());
    std::string text;
    for (const LinkEventRecord& e : memory->link_events)
        text += std::to_string(e.acd) + ":" + std::to_string(e.number) + " ";
    CHECK(text == "1:2 1:3 2:2 3:1 ");
}

TEST_CASE("local: old link exceptions go with new ones of their ACD, the newest number stays") {
    TempFolder t;
    StoreConfig config;
    config.journal_age = 100_s;
    Store store = open_store(t / "s", config);
    const u64 s = 1'000'000'000;
    commit(store, batch_of({event(1, 1, 10 * s), event(1, 2, 50 * s), event(2, 1, 10 * s)}, 60 * s));
    CHECK(numbers_of(store) == "1:1 1:2 2:1 ");
    commit(store, batch_of({event(1, 3, 120 * s)}, 120 * s));
    CHECK(numbers_of(store) == "1:2 1:3 2:1 ");
    commit(store, batch_of({event(2, 1, 10 * s)}, 900 * s));  // said again: it is the newest of its ACD
    CHECK(numbers_of(store) == "1:2 1:3 2:1 ");
    std::vector<LinkEventRecord> many;
    for (u64 n = 4; n < 60; ++n) many.push_back(event(1, n, 130 * s));
    commit(store, batch_of(many, 131 * s));
    commit(store, batch_of({event(1, 60, 900 * s)}, 900 * s));
    CHECK(snapshot_of(store).link_events().size() == 1 + 59 - 8);  // eight at a time
    commit(store, batch_of({}, 901 * s));
    const auto report = check(t / "s", CheckLevel::Full);
    REQUIRE(report.has_value());
    for (const CheckFinding& f : report->findings) FAIL_CHECK(f.where << ": " << f.what);
}

TEST_CASE("local: the check finds a number that is missing and a record that contradicts itself") {
    TempFolder t;
    Store store = open_store(t / "s");
    LinkEventRecord wrong = event(1, 4, 5);
    wrong.begun_wall = 6;
    commit(store, batch_of({event(1, 1, 1), event(1, 3, 3), wrong}, 10));
    const auto report = check(t / "s", CheckLevel::Quick);
    REQUIRE(report.has_value());
    REQUIRE(report->findings.size() == 2);
    CHECK(report->findings[0].where == "linkex acd 1 number 3");
    CHECK(report->findings[1].what == "contradicts itself");
}
