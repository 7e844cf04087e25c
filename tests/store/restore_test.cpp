// Rows from a backup: which are taken, that nothing complete is changed, and that what was taken stays.
#include "engine/store/check.hpp"
#include "engine/store/row_codec.hpp"
#include "tests/store/store_rig.hpp"

#include <twinlink/items.hpp>

using namespace twinlink;
using namespace twinlink::rig;
using enum RestoreVerdict;

namespace {

constexpr u64 kStart = 1'700'000'000'000'000'000 / 1'800'000'000'000 * 1'800'000'000'000;
constexpr u64 kHalfHour = 1'800'000'000'000;

/// The n-th half hour, closed.
IntervalRecord interval(u64 n, bool lacks = false, bool closed = true) {
    IntervalRecord i{};
    i.epoch = kStream.epoch.value;
    i.start = kStart + n * kHalfHour;
    i.first_time = i.start;
    i.last_time = i.start + kHalfHour;
    i.messages = lacks ? 90 : 100;
    i.missing = lacks ? 10 : 0;
    i.acd = kStream.acd.value;
    i.minutes = 30;
    i.closed = closed;
    i.incomplete = i.in_doubt = lacks;
    return i;
}

RowKey key_of(u64 n, u64 skill) {
    return {TableId::Hsplit, kStream.acd, kStart + n * kHalfHour, 0, skill, 0};
}

/// A skill's row that says `value`.
std::vector<u64> items(u64 value, bool incomplete = false) {
    std::vector<u64> all(find_table(TableId::Hsplit)->columns);
    all[0] = incomplete;
    all[5] = value;
    return all;
}

void put(CommitBatch& b, const RowKey& key, u64 value, bool incomplete, bool closed = true) {
    add_row(b, key, items(value, incomplete), 0, closed);
}

/// A row as a backup has it.
void restore(CommitBatch& b, const RowKey& key, u64 value, bool incomplete = false) {
    CommitBatch packed;
    add_row(packed, key, items(value, incomplete), 7, true);
    std::vector<std::byte> room;
    const auto bytes = store::bytes_of(store::sort_key(key));
    const Bytes sealed = store::encode_row(room, bytes, packed.rows[0], packed.row_words);
    b.restored.push_back({key, b.arena.size(), static_cast<u32>(sealed.size())});
    b.arena.insert(b.arena.end(), sealed.begin(), sealed.end());
}
CommitBatch backup_of(const IntervalRecord& record, bool last = true, bool all_tables = true) {
    CommitBatch b;
    b.restored_interval = RestoredInterval{record, last, all_tables};
    return b;
}

/// value, revision, INCOMPLETE; nothing where there is no row.
struct Seen {
    u64 value = 0;
    u32 revision = 0;
    bool incomplete = false;
    friend bool operator==(const Seen&, const Seen&) = default;
};
std::optional<Seen> seen(const Store& store, const RowKey& key) {
    std::optional<Seen> row;
    snapshot_of(store).row(key,
                           [&](const RowView& v) { row = Seen{v.items[5], v.revision, v.items[0] != 0}; });
    return row;
}
IntervalRecord now(const Store& store, u64 n) {
    const auto all = snapshot_of(store).intervals(kStart + n * kHalfHour, kStart + n * kHalfHour + 1);
    REQUIRE(all.size() == 1);
    return all[0];
}

/// Interval 0 lacks messages: skill 1 INCOMPLETE, skill 2 complete, skill 3 not there. 1 is complete, 9 open.
void collect(Store& store) {
    CommitBatch b;
    put(b, key_of(0, 1), 10, true);
    put(b, key_of(0, 2), 20, false);
    put(b, key_of(1, 1), 11, false);
    put(b, key_of(9, 1), 19, false, false);
    for (const auto& i : {interval(0, true), interval(1), interval(9, false, false)})
        b.intervals.push_back(i);
    commit(store, b);
}

bool healthy(const std::filesystem::path& path) {
    const auto report = check(path, CheckLevel::Full);
    if (!report) FAIL(report.error().text);
    for (const auto& f : report->findings) MESSAGE(f.where << ": " << f.what);
    return report->healthy();
}

}  // namespace

TEST_CASE("restore: what is absent or INCOMPLETE here and complete there is taken, all else stays") {
    TempFolder t;
    Store store = open_store(t / "s");
    collect(store);
    CommitBatch b = backup_of(interval(0));
    for (u64 skill = 1; skill <= 3; ++skill) restore(b, key_of(0, skill), 100 + skill);
    restore(b, key_of(0, 4), 104, true);
    const CommitResult result = commit(store, b);
    CHECK(result.restored == std::vector{TookIncomplete, Complete, TookAbsent, NotComplete});
    CHECK(seen(store, key_of(0, 1)) == Seen{101, 1, false});
    CHECK(seen(store, key_of(0, 2)) == Seen{20, 0, false});
    CHECK(seen(store, key_of(0, 3)) == Seen{103, 1, false});
    CHECK_FALSE(seen(store, key_of(0, 4)));
    CHECK(result.interval_whole);
    CHECK(now(store, 0).restored == 1);
    CHECK(now(store, 0).incomplete == 0);
    CHECK(now(store, 0).in_doubt == 0);
    CHECK(now(store, 0).messages == 100);
    CHECK(store.counters().get(StoreCounter::RowsRestored) == 2);
    CHECK(healthy(t / "s"));
}

TEST_CASE("restore: a second time changes nothing, not even the day's mark") {
    TempFolder t;
    Store store = open_store(t / "s");
    collect(store);
    CommitBatch b = backup_of(interval(0));
    for (u64 skill = 1; skill <= 3; ++skill) restore(b, key_of(0, skill), 100 + skill);
    commit(store, b);
    const auto due = snapshot_of(store).due();
    REQUIRE(due.size() == 1);
    const auto stamp = due[0].stamp;
    const CommitResult again = commit(store, b);
    CHECK(again.restored == std::vector{Complete, Complete, Complete});
    CHECK_FALSE(again.interval);
    CHECK(snapshot_of(store).due()[0].stamp == stamp);
    CHECK(seen(store, key_of(0, 1)) == Seen{101, 1, false});
}

TEST_CASE("restore: a complete interval gets no rows, one that is open or to come is left to the fold") {
    TempFolder t;
    Store store = open_store(t / "s");
    collect(store);
    const auto verdict = [&](u64 n, u64 skill) {
        CommitBatch b = backup_of(interval(n));
        restore(b, key_of(n, skill), 999);
        const CommitResult result = commit(store, b);
        CHECK_FALSE(result.interval);
        return result.restored.at(0);
    };
    CHECK(verdict(1, 1) == Complete);
    CHECK(verdict(1, 2) == NotMissed);
    CHECK(verdict(9, 1) == NotYet);
    CHECK(verdict(9, 2) == NotYet);
    CHECK(verdict(12, 1) == NotYet);
    CHECK(seen(store, key_of(9, 1)) == Seen{19, 0, false});
    CHECK_FALSE(seen(store, key_of(12, 1)));
    // Of a switch that was never heard of here.
    CommitBatch b = backup_of(interval(0));
    b.restored_interval->record.acd = 8;
    RowKey key = key_of(0, 1);
    key.acd = Acd{8};
    restore(b, key, 1);
    CHECK(commit(store, b).restored.at(0) == NotYet);
    CHECK(healthy(t / "s"));
}

TEST_CASE("restore: an interval that was not collected comes whole, also in parts") {
    TempFolder t;
    Store store = open_store(t / "s");
    collect(store);
    CommitBatch first = backup_of(interval(4), false);
    restore(first, key_of(4, 1), 41);
    CHECK(commit(store, first).restored.at(0) == TookAbsent);
    CHECK(now(store, 4).in_doubt == 1);
    CommitBatch second = backup_of(interval(4));
    restore(second, key_of(4, 2), 42);
    CHECK(commit(store, second).restored.at(0) == TookAbsent);
    CHECK(now(store, 4).in_doubt == 0);
    CHECK(now(store, 4).restored == 1);
    // Of a backup of some tables rows may be missing still.
    CommitBatch some = backup_of(interval(5), true, false);
    restore(some, key_of(5, 1), 51);
    CHECK(commit(store, some).restored.at(0) == TookAbsent);
    CHECK(now(store, 5).in_doubt == 1);
    // And of one that lacked messages itself.
    CommitBatch lacks = backup_of(interval(6, true));
    restore(lacks, key_of(6, 1), 61);
    restore(lacks, key_of(6, 2), 62, true);
    CHECK(commit(store, lacks).restored == std::vector{TookAbsent, NotComplete});
    CHECK(now(store, 6).incomplete == 1);
    CHECK(healthy(t / "s"));
}

TEST_CASE(
    "restore: no refold and no fold over a journal with holes undoes it, one without holes replaces it") {
    TempFolder t;
    Store store = open_store(t / "s");
    collect(store);
    CommitBatch b = backup_of(interval(0));
    for (u64 skill = 1; skill <= 3; ++skill) restore(b, key_of(0, skill), 100 + skill);
    commit(store, b);
    const auto refold = [&](bool lacks) {
        CommitBatch again;
        put(again, key_of(0, 1), 12, lacks);
        put(again, key_of(0, 2), 22, lacks);
        if (lacks) put(again, key_of(0, 4), 24, true);  // of messages in doubt: the whole day has no such row
        again.replaced.push_back({kStream.acd, kStart, 0});
        again.intervals.push_back(interval(0, lacks));
        return again;
    };
    const auto stays = [&] {
        CHECK(seen(store, key_of(0, 1)) == Seen{101, 1, false});
        CHECK(seen(store, key_of(0, 2)) == Seen{20, 0, false});
        CHECK(seen(store, key_of(0, 3)) == Seen{103, 1, false});
        CHECK_FALSE(seen(store, key_of(0, 4)));
        CHECK(now(store, 0).restored == 1);
        CHECK(now(store, 0).in_doubt == 0);
    };
    commit(store, refold(true));
    stays();
    // After a restart, too, and where recovery folds on from a state before the interval.
    store = open_store(t / "other");
    store = open_store(t / "s");
    CommitBatch recovered;
    put(recovered, key_of(0, 1), 13, true);
    recovered.intervals.push_back(interval(0, true));
    commit(store, recovered);
    stays();
    CHECK(healthy(t / "s"));
    commit(store, refold(false));
    CHECK(seen(store, key_of(0, 1)) == Seen{12, 2, false});
    CHECK(seen(store, key_of(0, 2)) == Seen{22, 1, false});
    CHECK_FALSE(seen(store, key_of(0, 3)));
    CHECK(now(store, 0).restored == 0);
    CHECK(healthy(t / "s"));
}

TEST_CASE("restore: a row that lies outside its batch, or of no interval, is refused") {
    TempFolder t;
    Store store = open_store(t / "s");
    collect(store);
    CommitBatch b = backup_of(interval(0));
    restore(b, key_of(0, 1), 1);
    b.restored[0].offset += 1;
    CHECK_FALSE(store.commit(b));
    b.restored[0].offset -= 1;
    b.restored_interval.reset();
    CHECK_FALSE(store.commit(b));
    CHECK(store.stopped() == StopReason::None);
    CHECK(seen(store, key_of(0, 1)) == Seen{10, 0, true});
}
