// The journal stays within its bounds, never lets go of what a restart needs, and says what went.
#include "tests/store/store_rig.hpp"

using namespace twinlink;
using namespace twinlink::rig;

namespace {

/// A batch of `count` messages from `first`, about 32 KiB per thousand, with a checkpoint at its end where
/// wanted.
CommitBatch stretch(u64 first, u32 count, bool checkpoint, Stream stream = kStream) {
    CommitBatch b;
    for (u64 at = first; at < first + count; at += 1'000)
        add_block(b, stream, at, static_cast<u32>(std::min<u64>(1'000, first + count - at)));
    if (checkpoint) {
        b.checkpoints.push_back({stream, Seq{first + count - 1}, 0, b.arena.size(), 100});
        b.arena.resize(b.arena.size() + 100);
    }
    return b;
}

}  // namespace

TEST_CASE("retention: the journal's size stays within its limit, the newest names stay, what went is noted") {
    TempFolder t;
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    config.journal_bytes = u64{2} << 20;
    Store store = open_store(t / "s", config);
    u64 next = 1;
    for (int i = 0; i < 60; ++i, next += 5'000) {
        commit(store, stretch(next, 5'000, true));
        // A batch may stand above the limit until the next one: its own checkpoint frees what lies before it.
        CHECK(store.counters().get(StoreCounter::JournalBytes) <= config.journal_bytes + (u64{1} << 19));
    }
    const auto snapshot = snapshot_of(store);
    const auto names = names_held(snapshot);
    CHECK(names.back() == next - 1);
    const auto pruned = snapshot.pruned();
    REQUIRE(pruned.size() == 1);
    CHECK(pruned[0].upto + 1 == names.front());
    CHECK(pruned[0].messages == pruned[0].upto);
    CHECK(names.size() == next - names.front());
    // Checkpoints that no journal follows went with it, the newest is there.
    for (const auto& c : snapshot.checkpoints()) CHECK(c.seq.value >= pruned[0].upto);
    CHECK(snapshot.checkpoints().back().seq.value == next - 1);
    CHECK(store.counters().get(StoreCounter::FileBytes) < u64{16} << 20);
}

TEST_CASE("retention: nothing behind the newest checkpoint goes, and all of it where there is none") {
    TempFolder t;
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    config.journal_bytes = u64{1} << 20;
    Store store = open_store(t / "s", config);
    for (u64 first = 1; first < 100'000; first += 5'000)
        commit(store, stretch(first, 5'000, first == 40'001));
    CHECK(names_held(snapshot_of(store)) == numbers(45'001, 100'000));
    CHECK(store.counters().get(StoreCounter::RetentionHeld) > 0);
    CHECK(snapshot_of(store).checkpoints().size() == 1);

    const Stream other{Acd{9}, Epoch{3}};
    for (u64 first = 1; first < 50'000; first += 5'000) commit(store, stretch(first, 5'000, false, other));
    CHECK(names_held(snapshot_of(store), other) == numbers(1, 50'000));
}

TEST_CASE("retention: an epoch that a newer checkpoint has left behind goes whole") {
    TempFolder t;
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    config.journal_bytes = u64{1} << 20;
    Store store = open_store(t / "s", config);
    const Stream old{kStream.acd, Epoch{5}};
    commit(store, stretch(1, 40'000, true, old));
    commit(store, stretch(1, 40'000, false));
    CHECK(names_held(snapshot_of(store), old) == std::vector<u64>{});
    CHECK(names_held(snapshot_of(store)) == numbers(1, 40'000));
    CHECK(snapshot_of(store).checkpoints().size() == 1);
    commit(store, stretch(40'001, 5'000, true));
    CHECK(names_held(snapshot_of(store)).back() == 45'000);
    CHECK(names_held(snapshot_of(store)).size() < 40'000);
    const auto checkpoints = snapshot_of(store).checkpoints();
    CHECK(checkpoints.back().stream == kStream);
}

TEST_CASE(
    "retention: states stay where what comes late could not be folded in without them, for want of a life") {
    TempFolder t;
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    config.journal_bytes = 0;
    config.journal_age = 25_s;  // 25,000 messages of the model
    Store store = open_store(t / "s", config);
    const Stream old{kStream.acd, Epoch{5}};
    commit(store, stretch(1, 10'000, true, old));
    commit(store, stretch(10'001, 2'000, false, old));
    commit(store, stretch(20'001, 20'000, true));  // of this life the first 20,000 names are missing
    commit(store, CommitBatch{});
    // Of the old life nothing is left, of this one all: to its beginning nobody can fold any more.
    const auto pruned = snapshot_of(store).pruned();
    REQUIRE(pruned.size() == 1);
    CHECK(pruned[0].epoch == old.epoch.value);
    CHECK(pruned[0].upto == 12'000);
    REQUIRE(snapshot_of(store).checkpoints().size() == 1);
    CommitBatch late = stretch(19'001, 1'000, false);
    late.blocks[0].fill = true;
    late.stale.push_back({kStream, Seq{19'001}, 0});
    commit(store, late);
    CHECK(snapshot_of(store).checkpoints().size() == 1);
    CHECK(store.counters().get(StoreCounter::RefoldsImpossible) == 1);
}

TEST_CASE("retention: blocks go by age as the ACD's clock tells it, a bounded number in each commit") {
    TempFolder t;
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    config.journal_bytes = 0;
    config.journal_age = 20_s;  // 20,000 messages of the model
    config.deletions_max = 3;
    Store store = open_store(t / "s", config);
    u64 next = 1;
    for (; next < 100'000; next += 10'000) {
        const CommitResult r = commit(store, stretch(next, 10'000, true));
        CHECK(r.pruned_blocks <= 3);
    }
    for (int i = 0; i < 60; ++i) commit(store, CommitBatch{});
    const auto names = names_held(snapshot_of(store));
    CHECK(names.back() == next - 1);
    CHECK(names.size() >= 20'000);
    CHECK(names.size() <= 22'000);
}

TEST_CASE("retention: a map that is nearly full comes before the checkpoint, counted") {
    TempFolder t;
    StoreConfig config;
    config.map_bytes = u64{16} << 20;
    config.journal_bytes = u64{1} << 20;
    Store store = open_store(t / "s", config);
    for (u64 first = 1; first < 2'000'000; first += 2'000) {
        INFO("used ", store.counters().get(StoreCounter::UsedBytes), " file ",
             store.counters().get(StoreCounter::FileBytes), " journal ",
             store.counters().get(StoreCounter::JournalBytes), " pruned ",
             store.counters().get(StoreCounter::PrunedUnfolded));
        commit(store, stretch(first, 2'000, false));
    }
    CHECK(store.counters().get(StoreCounter::PrunedUnfolded) > 0);
    CHECK(names_held(snapshot_of(store)).back() == 2'000'000);
}
