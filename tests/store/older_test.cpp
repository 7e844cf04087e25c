// A store of a program that knew no roll-ups, no traced agents and no link exceptions: readers find none, a
// writer makes room for them and forgets no day.
#include "tests/store/store_rig.hpp"

#include "engine/store/check.hpp"
#include "engine/store/environment.hpp"

using namespace twinlink;
using namespace twinlink::rig;

namespace {

constexpr u64 kHalf = 30 * kMinuteNs;
constexpr LocalDay kDay{20'541};

/// As the older program left it: without the databases, and with a last commit that does not count them.
void take_databases_away(const std::filesystem::path& path, std::initializer_list<store::Db> away) {
    const auto e = StoreEnvironment::open_alone(path, OpenAs::Writer, 0);
    REQUIRE(e.has_value());
    store::Txn txn;
    REQUIRE(txn.begin(**e, true) == 0);
    for (const store::Db db : away) REQUIRE(mdb_drop(txn.get(), txn.dbi(db), 1) == 0);
    Bytes value;
    REQUIRE(txn.get(store::Db::Meta, store::kCommitKey.bytes(), value) == 0);
    auto last = store::unseal<store::CommitRecord>(store::kCommitKey.bytes(), value);
    REQUIRE(last.has_value());
    last->transaction = mdb_txn_id(txn.get());
    for (const store::Db db : away) last->entries[static_cast<std::size_t>(db)] = 0;
    {
        store::Cursor c;
        REQUIRE(c.open(txn, store::Db::Meta) == 0);
        REQUIRE(c.put(store::kCommitKey.bytes(), store::seal(store::kCommitKey.bytes(), *last), 0) == 0);
    }
    REQUIRE(txn.commit() == 0);
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
