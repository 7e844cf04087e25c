// Levels of room, and a commit that does not fit is not begun.
#include "tests/store/writer_process.hpp"

#include <twinlink/space.hpp>

using namespace twinlink;
using namespace twinlink::rig;

namespace {

constexpr u64 kGiB = u64{1} << 30;
constexpr SpaceView kRoomy{64 * kGiB, 10 * kGiB, 12 * kGiB, 1'000 * kGiB, 500 * kGiB};

SpaceView used(u64 gib) {
    SpaceView v = kRoomy;
    v.used_bytes = gib * kGiB;
    v.file_bytes = std::max(v.file_bytes, v.used_bytes);
    return v;
}
SpaceView on_disk(u64 gib, u64 free) {
    SpaceView v = kRoomy;
    v.file_bytes = v.used_bytes;
    v.disk_bytes = gib * kGiB;
    v.disk_free = free * kGiB;
    return v;
}

}  // namespace

TEST_CASE("space: the map tells at 80 % and sheds soon after; a small disk tells at 80 % and sheds at 90 %") {
    CHECK(level_of(kRoomy) == SpaceLevel::Fine);
    CHECK(level_of(used(51)) == SpaceLevel::Fine);
    CHECK(level_of(used(52)) == SpaceLevel::Tight);
    CHECK(level_of(used(53)) == SpaceLevel::Short);
    CHECK(level_of(used(64)) == SpaceLevel::Short);
    CHECK(level_of(on_disk(100, 21)) == SpaceLevel::Fine);
    CHECK(level_of(on_disk(100, 19)) == SpaceLevel::Tight);
    CHECK(level_of(on_disk(100, 9)) == SpaceLevel::Short);
    // A tenth of a large disk is a great deal.
    CHECK(level_of(on_disk(4'000, 65)) == SpaceLevel::Fine);
    CHECK(level_of(on_disk(4'000, 60)) == SpaceLevel::Tight);
    CHECK(level_of(on_disk(4'000, 15)) == SpaceLevel::Short);
    // Free pages in the file are room that the disk need not give.
    SpaceView v = on_disk(100, 1);
    v.file_bytes = v.used_bytes + 30 * kGiB;
    CHECK(level_of(v) == SpaceLevel::Fine);
    // A disk that cannot be asked says nothing.
    v = kRoomy;
    v.disk_bytes = v.disk_free = 0;
    CHECK(level_of(v) == SpaceLevel::Fine);
}

namespace {

constexpr u64 kMinute = u64{60} * 1'000'000'000;

/// A minute of the switch: a thousand messages, and a state behind them.
CommitBatch minute(u64 n) {
    CommitBatch b;
    b.number = n;
    add_block(b, kStream, (n - 1) * 1'000 + 1, 1'000);
    b.blocks[0].first_time = kTimeOfFirst + n * kMinute;
    b.blocks[0].last_time = kTimeOfFirst + (n + 1) * kMinute - 1;
    b.checkpoints.push_back({kStream, Seq{n * 1'000}, 0, b.arena.size(), 64});
    b.arena.resize(b.arena.size() + 64);
    return b;
}

StoreConfig small_map() {
    StoreConfig config;
    config.map_bytes = u64{32} << 20;
    config.journal_bytes = 0;  // nothing but room limits it
    config.journal_age = Nanos{0};
    return config;
}

}  // namespace

TEST_CASE(
    "space: on a small map old journal goes before its time, the last hour stays, and no commit fails") {
    TempFolder t;
    Store store = open_store(t / "s", small_map());
    u64 tight = 0;
    for (u64 n = 1; n <= 1'600; ++n) {
        const CommitBatch batch = minute(n);
        REQUIRE(store.room_for(batch.arena.size()));
        commit(store, batch);
        tight += store.counters().get(StoreCounter::SpaceLevel) != 0;
    }
    CHECK(tight > 0);
    CHECK(store.counters().get(StoreCounter::PrunedEarly) > 100);
    CHECK(store.counters().get(StoreCounter::PrunedUnfolded) == 0);
    const auto names = names_held(snapshot_of(store));
    CHECK(names.back() == 1'600'000);
    CHECK(names.size() >= 60'000);
    CHECK(store.stopped() == StopReason::None);
}

TEST_CASE(
    "space: what the partner needs stays; then the map is full: nothing stops, and it goes on with room") {
    TempFolder t;
    Store store = open_store(t / "s", small_map());
    store.keep_while([](Stream, Range) { return true; });
    u64 n = 1;
    for (;; ++n) {
        REQUIRE(n < 2'000);
        const CommitBatch batch = minute(n);
        if (!store.room_for(batch.arena.size())) break;
        commit(store, batch);
    }
    CHECK(store.counters().get(StoreCounter::PrunedEarly) == 0);
    CHECK(store.counters().get(StoreCounter::SpaceLevel) == static_cast<u64>(SpaceLevel::Full));
    const auto kept = store.shed();  // is committed all the same, and lets go of nothing
    REQUIRE(kept.has_value());
    CHECK(kept->pruned_blocks == 0);
    CHECK(!store.room_for(minute(n).arena.size()));
    CHECK(snapshot_of(store).info()->last_batch == n - 1);

    store.keep_while([](Stream, Range names) { return names.last.value > 300'000; });
    for (int i = 0; i < 20 && !store.room_for(minute(n).arena.size()); ++i) REQUIRE(store.shed().has_value());
    CHECK(store.counters().get(StoreCounter::PrunedEarly) > 0);
    for (const u64 more = n + 20; n < more; ++n) {
        REQUIRE(store.room_for(minute(n).arena.size()));
        commit(store, minute(n));
    }
    CHECK(names_held(snapshot_of(store)).front() <= 300'001);
}

TEST_CASE(
    "space: what a reader keeps is no room: nothing stops, nothing goes before its time, and it goes on") {
    TempFolder t;
    StoreConfig config = small_map();
    config.journal_bytes = u64{4} << 20;  // old blocks go all the time: their pages are the reader's
    Store store = open_store(t / "s", config);
    u64 n = 1;
    for (; n <= 200; ++n) commit(store, minute(n));
    auto kept = std::optional(snapshot_of(store));
    const u64 early = store.counters().get(StoreCounter::PrunedEarly);
    while (store.room_for(minute(n).arena.size())) {
        REQUIRE(n < 5'000);
        commit(store, minute(n++));
    }
    CHECK(store.counters().get(StoreCounter::SpaceLevel) == static_cast<u64>(SpaceLevel::Full));
    CHECK(store.counters().get(StoreCounter::HeldBytes) > u64{8} << 20);
    for (int i = 0; i < 100; ++i) {
        CHECK(!store.shed());
        CHECK(!store.room_for(minute(n).arena.size()));
    }
    CHECK(store.stopped() == StopReason::None);
    CHECK(store.counters().get(StoreCounter::PrunedEarly) == early);
    CHECK(names_held(*kept).back() == 200'000);
    kept.reset();
    for (const u64 more = n + 500; n < more; ++n) {
        REQUIRE(store.room_for(minute(n).arena.size()));
        commit(store, minute(n));
    }
    CHECK(store.counters().get(StoreCounter::SpaceLevel) == static_cast<u64>(SpaceLevel::Fine));
}

TEST_CASE("space: on a full disk a commit is not begun, nothing stops, and with space it goes on") {
    TempFolder t;
    const Ran ran = run_writer(t / "m", {"tmpfs", "asks", "messages=2000", "batches=120"});
    if (WIFEXITED(ran.status) && WEXITSTATUS(ran.status) == 77) {
        MESSAGE("SKIPPED: no permission to mount a small file system");
        return;
    }
    CHECK(ran.full == 1);
    CHECK(ran.stopped == "");
    CHECK(ran.acknowledged == 120);
    CHECK(ran.again == 120);
    CHECK(ran.wrong == "");
}

TEST_CASE("space: who reads the store is known, and for how long") {
    TempFolder t;
    Store store = open_store(t / "s");
    commit(store, model_batch(1));
    store.look_after(Nanos{1'000'000'000});
    CHECK(store.counters().get(StoreCounter::Readers) == 0);
    {
        const auto snapshot = snapshot_of(store);
        store.look_after(Nanos{2'000'000'000});
        store.look_after(Nanos{5'000'000'000});
        CHECK(store.counters().get(StoreCounter::Readers) == 1);
        CHECK(store.counters().get(StoreCounter::ReaderAgeMs) == 3'000);
        CHECK(store.counters().get(StoreCounter::ReaderPid) == static_cast<u64>(::getpid()));
    }
    store.look_after(Nanos{6'000'000'000});
    CHECK(store.counters().get(StoreCounter::Readers) == 0);
    CHECK(store.counters().get(StoreCounter::ReaderAgeMs) == 0);
}
