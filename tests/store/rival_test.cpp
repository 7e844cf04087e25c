// Copies of a message that differ: one counts, the other is kept, whatever comes first.
#include "engine/rival.hpp"
#include "tests/store/store_rig.hpp"

using namespace twinlink;
using namespace twinlink::rig;

namespace {

void add_rival(CommitBatch& batch, u64 seq, const std::vector<std::byte>& copy,
               FilledBy by = FilledBy::LinkB) {
    batch.rivals.push_back({kStream, Seq{seq}, batch.arena.size(), static_cast<u32>(copy.size()), by});
    batch.arena.insert(batch.arena.end(), copy.begin(), copy.end());
}

std::vector<std::byte> held(const StoreSnapshot& snapshot, u64 seq) {
    std::vector<std::byte> found;
    snapshot.blocks(kStream, {Seq{seq}, Seq{seq}}, [&](const BlockView& b) {
        const Bytes rest =
            b.messages.subspan(bytes_of_messages(b.messages, static_cast<u32>(Seq{seq} - b.range.first)));
        found.assign(rest.begin(), rest.begin() + message_at(rest.data()).wire_bytes());
        return false;
    });
    return found;
}

u64 counter(const Store& store, StoreCounter which) { return store.counters().get(which); }

}  // namespace

TEST_CASE("rivals: of all copies in all orders the same one is left, and the store knows of the others") {
    // Copies of three lengths, so that blocks grow and shrink; in the middle, at the front and at the end.
    for (const u64 seq : {1U, 6U, 12U}) {
        std::vector<std::vector<std::byte>> copies{message(seq)};
        for (u64 other = 21; other <= 24; ++other) copies.push_back(message(other, seq));
        std::vector<std::byte> winner = copies[0];
        for (const auto& c : copies)
            if (outranks(c, winner)) winner = c;
        std::vector<std::size_t> order{1, 2, 3, 4};
        do {
            TempFolder t;
            Store store = open_store(t / "s");
            CommitBatch b;
            add_block(b, kStream, 1, 12);
            for (const std::size_t i : order) add_rival(b, seq, copies[i]);
            commit(store, b);
            const auto snapshot = snapshot_of(store);
            CHECK((held(snapshot, seq) == winner));
            CHECK(names_held(snapshot).size() == 12);
            for (u64 other = 1; other <= 12; ++other)
                if (other != seq) CHECK((held(snapshot, other) == message(other)));
            const auto conflicts = snapshot.conflicts();
            REQUIRE(conflicts.size() == 1);
            CHECK(conflicts[0].seq == seq);
            CHECK(conflicts[0].kept_hash == hash_of_message(winner));
            CHECK(conflicts[0].other_hash > conflicts[0].kept_hash);
            CHECK(conflicts[0].replaced == (winner != copies[0] ? 1 : 0));
            CHECK(snapshot.damaged() == 0);
        } while (std::ranges::next_permutation(order).found);
    }
}

TEST_CASE("rivals: the copy that does not count is kept, byte for byte, and the same one again is no news") {
    TempFolder t;
    Store store = open_store(t / "s");
    CommitBatch b;
    add_block(b, kStream, 1, 5);
    commit(store, b);
    const auto other = message(2, 77);
    for (int again = 0; again < 3; ++again) {
        CommitBatch c;
        add_rival(c, 2, other);
        c.rivals.back().held_by = FilledBy::LinkA;
        add_rival(c, 2, message(2));  // as held, or as it was
        commit(store, c);
    }
    const auto conflicts = snapshot_of(store).conflicts(kStream.acd);
    REQUIRE(conflicts.size() == 1);
    const bool other_wins = outranks(other, message(2));
    const auto& loser = other_wins ? message(2) : other;
    REQUIRE(conflicts[0].other_bytes == loser.size());
    CHECK(std::ranges::equal(std::span(conflicts[0].other).first(loser.size()), loser));
    CHECK(conflicts[0].copies == 1);
    CHECK((other_wins ? conflicts[0].kept_by : conflicts[0].other_by) == FilledBy::LinkB);
    CHECK((other_wins ? conflicts[0].other_by : conflicts[0].kept_by) == FilledBy::LinkA);
    CHECK(snapshot_of(store).conflicts(Acd{8}).empty());
}

TEST_CASE("rivals: of a name that is not here nothing is kept, and a batch that lies is refused") {
    TempFolder t;
    Store store = open_store(t / "s");
    CommitBatch b;
    add_block(b, kStream, 10, 5);
    for (const u64 seq : {1U, 9U, 15U, 4'000U}) add_rival(b, seq, message(seq));
    commit(store, b);
    CHECK(snapshot_of(store).conflicts().empty());
    CHECK(counter(store, StoreCounter::RivalsUnknown) == 4);
    CommitBatch wrong;
    wrong.rivals.push_back({kStream, Seq{10}, 5, 100, FilledBy::LinkA});
    CHECK_FALSE(store.commit(wrong).has_value());
    CHECK(store.stopped() == StopReason::None);
}

TEST_CASE("rivals: where no more are remembered the copy that came first stays") {
    TempFolder t;
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    Store store = open_store(t / "s", config);
    CommitBatch b;
    add_block(b, kStream, 1, 2'000);
    for (u64 first = 2'001; first < kConflictsMax + 2'000; first += 2'000)
        add_block(b, kStream, first, 2'000);
    commit(store, b);
    CommitBatch rivals;
    for (u64 seq = 1; seq <= kConflictsMax + 5; ++seq) add_rival(rivals, seq, message(seq + 1, 5));
    commit(store, rivals);
    const auto snapshot = snapshot_of(store);
    u64 remembered = 0;
    u64 silent = 0;
    for (const u64 name : names_held(snapshot)) silent += name != 0 ? 1 : 0;
    remembered = snapshot.conflicts().size();
    CHECK(remembered == kConflictsMax);
    CHECK(counter(store, StoreCounter::RivalsBeyond) > 0);
    for (u64 seq = kConflictsMax + 1; seq <= kConflictsMax + 5; ++seq)
        if (snapshot.conflicts().back().seq < seq) CHECK((held(snapshot, seq) == message(seq)));
    CHECK(silent > kConflictsMax / 4);
}
