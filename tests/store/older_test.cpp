// A store of a program that knew no roll-ups, no traced agents and no link exceptions: readers find none, a
// writer makes room for them and forgets no day.
#include "tests/store/older_store.hpp"
#include "tests/store/store_rig.hpp"

#include "engine/store/check.hpp"

using namespace twinlink;
using namespace twinlink::rig;

namespace {

constexpr u64 kHalf = 30 * kMinuteNs;
constexpr LocalDay kDay{20'541};

void take_databases_away(const std::filesystem::path& path, std::initializer_list<store::Db> away) {
    REQUIRE(make_older(path, std::vector(away), 1));
}

u32 format_of(const std::filesystem::path& path) {
    const auto reader = StoreReader::open(path);
    REQUIRE(reader.has_value());
    const auto snapshot = reader->snapshot();
    REQUIRE(snapshot.has_value());
    return snapshot->info()->format;
}

void healthy(const std::filesystem::path& path) {
    const auto report = check(path, CheckLevel::Full);
    REQUIRE(report.has_value());
    for (const CheckFinding& f : report->findings) FAIL_CHECK(f.where << ": " << f.what);
}

}  // namespace

TEST_CASE("older: a store without roll-ups reads as one, and whoever writes it finds every day due") {
    TempFolder t;
    {
        Store store = open_store(t / "s");
        CommitBatch b;
        for (u64 i = 0; i < 96; ++i) {
            IntervalRecord r{};
            r.acd = 1;
            r.start = begin_of(kDay, 0) + i * kHalf;
            r.minutes = 30;
            r.closed = i < 95;
            b.intervals.push_back(r);
        }
        commit(store, b);
    }
    take_databases_away(t / "s", {store::Db::Rollups, store::Db::Due, store::Db::Traces, store::Db::Linkex});
    {
        const auto reader = StoreReader::open(t / "s");
        REQUIRE(reader.has_value());
        const auto snapshot = reader->snapshot();
        REQUIRE(snapshot.has_value());
        CHECK(snapshot->intervals().size() == 96);
        CHECK(snapshot->due().empty());
        CHECK(snapshot->traces().empty());
        CHECK(snapshot->link_events().empty());
        CHECK(snapshot->roll_ups(Span::Day, kDay, kDay + 1).empty());
        snapshot->rolled(TableId::Hsplit, Acd{1}, Span::Day, kDay, kDay + 1, [](const RolledRow&) {
            FAIL_CHECK("a row");
            return true;
        });
        CHECK(snapshot->structure_error().empty());
        CHECK(snapshot->damaged() == 0);
    }
    healthy(t / "s");
    {
        const Store store = open_store(t / "s");
        const auto due = snapshot_of(store).due();
        REQUIRE(due.size() == 2);
        CHECK(due[0].first_day == kDay.value);
        CHECK(due[1].first_day == kDay.value + 1);
        CHECK(due[0].span == Span::Day);
    }
    healthy(t / "s");  // it was closed again before any commit
    Store store = open_store(t / "s");
    CommitBatch last;
    last.number = 1;
    commit(store, last);
    healthy(t / "s");
}

TEST_CASE(
    "older: a store with roll-ups but without what is of a server alone gets room for it, and no day is due "
    "again") {
    TempFolder t;
    {
        Store store = open_store(t / "s");
        CommitBatch b;
        IntervalRecord r{};
        r.acd = 1;
        r.start = begin_of(kDay, 0);
        r.minutes = 30;
        r.closed = 1;
        b.intervals.push_back(r);
        commit(store, b);
        CommitBatch rolled;
        const auto due = snapshot_of(store).due();
        REQUIRE(due.size() == 1);
        rolled.rolled.done.push_back(due[0]);
        commit(store, rolled);
        REQUIRE(snapshot_of(store).due().empty());
    }
    take_databases_away(t / "s", {store::Db::Traces, store::Db::Linkex});
    Store store = open_store(t / "s");
    CHECK(snapshot_of(store).due().empty());
    CommitBatch b;
    LinkEventRecord e{};
    e.acd = 1;
    e.number = e.count = 1;
    e.kind = LinkEventKind::Silent;
    b.link_events.push_back(e);
    commit(store, b);
    CHECK(snapshot_of(store).link_events().size() == 1);
    healthy(t / "s");
}

TEST_CASE("older: a writer brings a store to its format and says so, a reader leaves it as it is") {
    TempFolder t;
    {
        Store store = open_store(t / "s");
        for (u64 n = 1; n <= 3; ++n) commit(store, model_batch(n));
    }
    REQUIRE(make_older(t / "s", kBeyondFormat1, 1));
    const std::string before = content_of(t / "s" / "data.mdb");
    CHECK(format_of(t / "s") == 1);
    CHECK((content_of(t / "s" / "data.mdb") == before));
    {
        const Store store = open_store(t / "s");
        CHECK(store.counters().get(StoreCounter::MigratedFrom) == 1);
        u64 k = 0;
        CHECK(model_error(snapshot_of(store), k) == "");
        CHECK(k == 3);
    }
    CHECK(format_of(t / "s") == kStoreFormat);
    const Store again = open_store(t / "s");
    CHECK(again.counters().get(StoreCounter::MigratedFrom) == 0);
    CHECK(snapshot_of(again).structure_error() == "");
}
