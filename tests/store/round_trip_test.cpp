// What goes in comes out: rows, records, journal, checkpoints; late messages; snapshots.
#include "tests/store/store_rig.hpp"

#include "engine/store/row_codec.hpp"

#include <sys/stat.h>

#include <random>

using namespace twinlink;
using namespace twinlink::rig;

TEST_CASE("store: a new store is empty, has an id, and its files are for the owner alone") {
    TempFolder t;
    {
        Store store = open_store(t / "s");
        const auto info = snapshot_of(store).info();
        REQUIRE(info);
        CHECK(info->format == kStoreFormat);
        CHECK(info->created_wall == 1);
        CHECK(info->id != std::array<u8, 16>{});
        CHECK(info->commits == 0);
    }
    struct stat s{};
    REQUIRE(::stat((t / "s").c_str(), &s) == 0);
    CHECK((s.st_mode & 0777) == 0700);
    for (const char* file : {"data.mdb", "lock.mdb", "writer.lock"}) {
        REQUIRE(::stat((t / "s" / file).c_str(), &s) == 0);
        CHECK((s.st_mode & 0777) == 0600);
    }
    CHECK(!std::filesystem::exists(t / "s.new"));
}

TEST_CASE("store: an empty folder becomes a store, an absent one is an error where creation is off") {
    TempFolder t;
    std::filesystem::create_directory(t / "s");
    open_store(t / "s");
    StoreConfig config;
    config.create = false;
    CHECK(!Store::open(t / "other", config, Nanos{1}));
    CHECK(!std::filesystem::exists(t / "other"));
}

TEST_CASE("store: batches come back whole after closing and opening again") {
    TempFolder t;
    for (u64 n = 1; n <= 40; ++n) {
        Store store = open_store(t / "s");
        commit(store, model_batch(n));
        u64 k = 0;
        CHECK(model_error(snapshot_of(store), k) == "");
        CHECK(k == n);
    }
}

TEST_CASE("store: rows come back item by item, whatever their values") {
    std::mt19937_64 random(42);
    std::vector<std::byte> room;
    std::vector<u64> back;
    for (int round = 0; round < 2'000; ++round) {
        std::vector<u64> items(random() % 300);
        for (u64& item : items) item = random() % 3 == 0 ? random() >> random() % 64 : 0;
        const auto key = store::row_key(row_key(random(), random()));
        CommitBatch batch;
        add_row(batch, row_key(1), items, 3, true);
        REQUIRE(items_of(batch) == items);
        const Bytes sealed = store::encode_row(room, key.bytes(), batch.rows[0], batch.row_words);
        std::vector<std::byte> value(sealed.begin(), sealed.end());
        const auto row = store::decode_row(key.bytes(), value, back);
        REQUIRE(row);
        CHECK(std::ranges::equal(row->items, items));
        CHECK(row->revision == 3);
        CHECK(row->closed);
        // Every cut and every flipped bit is noticed.
        CHECK(!store::decode_row(key.bytes(), Bytes(value).first(random() % value.size()), back));
        value[random() % value.size()] ^= static_cast<std::byte>(1U << random() % 8);
        CHECK(!store::decode_row(key.bytes(), value, back));
    }
}

TEST_CASE("store: rows are sorted as their keys' bytes are") {
    std::mt19937_64 random(43);
    const auto some = [&] { return random() >> random() % 64; };
    std::vector<RowKey> keys;
    for (int i = 0; i < 500; ++i) {
        RowKey key = i == 0 || random() % 2 == 0 ? RowKey{} : keys.back();
        const u64 what = random() % 6;
        if (what == 0) key.table = static_cast<TableId>(some());
        if (what == 1) key.acd = Acd{static_cast<u16>(some())};
        if (what == 2) key.interval_start = some();
        if (what == 3) key.instance = static_cast<u16>(some());
        if (what == 4) key.entity = some();
        if (what == 5) key.entity2 = some();
        keys.push_back(key);
        CHECK(std::ranges::equal(store::bytes_of(store::sort_key(key)), store::row_key(key).bytes()));
    }
    for (const RowKey& a : keys)
        for (const RowKey& b : keys) {
            const auto x = store::row_key(a);
            const auto y = store::row_key(b);
            REQUIRE((store::sort_key(a) < store::sort_key(b)) ==
                    std::ranges::lexicographical_compare(x.bytes(), y.bytes()));
        }
}

TEST_CASE("store: of several images of one row in a batch the last one counts, and ranges select rows") {
    TempFolder t;
    Store store = open_store(t / "s");
    CommitBatch b;
    for (u64 start : {3'600, 1'800, 5'400})
        for (u64 entity : {9, 1, 5}) add_row(b, row_key(entity, start), {entity, start});
    add_row(b, row_key(5, 3'600), {77, 78}, 1, true);
    add_row(b, row_key(5, 3'600, TableId::Hagent), {1});
    commit(store, b);
    const auto snapshot = snapshot_of(store);
    std::vector<u64> seen;
    snapshot.rows(TableId::Hsplit, kStream.acd, 1'800, 5'400, [&](const RowView& r) {
        seen.push_back(r.items[0]);
        return true;
    });
    CHECK(seen == std::vector<u64>{1, 5, 9, 1, 77, 9});
    snapshot.rows(TableId::Hsplit, Acd{8}, 0, ~u64{0}, [&](const RowView&) {
        FAIL("no such ACD");
        return true;
    });
    CHECK(!snapshot.row(row_key(6), [](const RowView&) {}));
}

TEST_CASE("store: records, names and checkpoints come back, and load() gives what a restart needs") {
    TempFolder t;
    Store store = open_store(t / "s");
    CommitBatch b = model_batch(1);
    b.gaps = {gap(100, 110), gap(200, 200, GapState::Healed), gap(300, 301, GapState::Lost)};
    LinkRecord link{};
    link.acd = kStream.acd.value;
    link.epoch = kStream.epoch.value;
    link.link = 1;
    link.lost_alone = 12;
    b.links.push_back(link);
    IntervalRecord interval{};
    interval.acd = kStream.acd.value;
    interval.start = 1'800;
    interval.closed = 1;
    b.intervals.push_back(interval);
    interval.start = 3'600;
    interval.closed = 0;
    b.intervals.push_back(interval);
    AcdRecord acd{};
    acd.acd = kStream.acd.value;
    acd.interval_minutes = 30;
    b.acds.push_back(acd);
    NameRecord name{};
    name.acd = kStream.acd.value;
    name.kind = NameKind::Skill;
    name.number = 5;
    std::ranges::copy(std::string("Sales"), name.text.begin());
    b.names.push_back(name);
    for (const u64 seq : {10, 20}) {
        b.checkpoints.push_back({kStream, Seq{seq}, 1'800, b.arena.size(), seq});
        b.arena.resize(b.arena.size() + seq, static_cast<std::byte>(seq));
    }
    commit(store, b);

    const auto r = store.load();
    REQUIRE(r);
    CHECK(r->damage.empty());
    CHECK(r->streams.size() == 1);
    CHECK(r->gaps.size() == 2);
    REQUIRE(r->links.size() == 1);
    CHECK(r->links[0].lost_alone == 12);
    REQUIRE(r->intervals.size() == 1);
    CHECK(r->intervals[0].start == 3'600);
    REQUIRE(r->checkpoints.size() == 1);
    CHECK(r->checkpoints[0].entry.seq == Seq{20});
    CHECK(r->checkpoints[0].state == std::vector<std::byte>(20, std::byte{20}));

    const auto snapshot = snapshot_of(store);
    CHECK(snapshot.name(kStream.acd, NameKind::Skill, 5) == "Sales");
    CHECK(!snapshot.name(kStream.acd, NameKind::Vdn, 5));
    CHECK(snapshot.intervals().size() == 2);
    CHECK(snapshot.intervals(1'801).size() == 1);
    GapFilter filter;
    filter.acd = kStream.acd;
    filter.range = {Seq{105}, Seq{250}};
    CHECK(snapshot.gaps(filter).size() == 2);
    filter.states = GapFilter::only(GapState::Healed);
    CHECK(snapshot.gaps(filter).size() == 1);
    filter.epoch = Epoch{5};
    CHECK(snapshot.gaps(filter).empty());
}

TEST_CASE("store: small blocks that follow one another grow into one, large ones stay apart") {
    TempFolder t;
    Store store = open_store(t / "s");
    for (u64 n = 0; n < 100; ++n) {
        CommitBatch b;
        add_block(b, kStream, n * 3 + 1, 3);
        commit(store, b);
    }
    const auto snapshot = snapshot_of(store);
    CHECK(names_held(snapshot) == numbers(1, 300));
    CHECK(snapshot.info()->blocks == 1);
    CommitBatch b;
    add_block(b, kStream, 301, 1'000);
    add_block(b, kStream, 1'301, 1'000);
    add_block(b, kStream, 2'401, 3);
    commit(store, b);
    const auto now = snapshot_of(store);
    CHECK(now.info()->blocks == 4);
    CHECK(names_held(now).size() == 2'303);
    CHECK(names_held(snapshot) == numbers(1, 300));
}

TEST_CASE("store: late messages fill holes, never overwrite, and other bytes are a conflict") {
    // Every way to hold some of 12 names in up to three blocks, and every late range over them.
    for (u32 held = 0; held < 1U << 12; held += 37) {
        TempFolder t;
        StoreConfig config;
        config.map_bytes = u64{64} << 20;
        Store store = open_store(t / "s", config);
        CommitBatch b;
        std::vector<u64> names;
        for (u64 first = 1; first <= 12; ++first) {
            if ((held >> (first - 1) & 1) == 0) continue;
            u64 last = first;
            while (last < 12 && (held >> last & 1) != 0) ++last;
            add_block(b, kStream, first, static_cast<u32>(last - first + 1));
            for (u64 n = first; n <= last; ++n) names.push_back(n);
            first = last;
        }
        commit(store, b);
        const u64 first = 1 + held % 7;
        const u64 last = std::min<u64>(12, first + held % 5 + 2);
        CommitBatch late;
        add_block(late, kStream, first, static_cast<u32>(last - first + 1), true);
        const CommitResult r = commit(store, late);
        std::vector<u64> expected = names;
        for (u64 n = first; n <= last; ++n)
            if (!std::ranges::binary_search(names, n)) expected.push_back(n);
        std::ranges::sort(expected);
        CHECK(names_held(snapshot_of(store)) == expected);
        CHECK(r.fill_inserted == expected.size() - names.size());
        CHECK(r.fill_inserted + r.fill_skipped == last - first + 1);

        // The same again with other bytes: all is known now; messages of one word carry no salt and stay
        // equal.
        CommitBatch other;
        add_block(other, kStream, first, static_cast<u32>(last - first + 1), true, 99);
        const CommitResult c = commit(store, other);
        u64 differing = 0;
        for (u64 n = first; n <= last; ++n) differing += n % 5 != 0;
        CHECK(c.fill_inserted == 0);
        CHECK(c.fill_conflicts == differing);
        CHECK(names_held(snapshot_of(store)) == expected);
    }
}

TEST_CASE("store: a block that overlaps what is held without being late is trimmed, not stored twice") {
    TempFolder t;
    Store store = open_store(t / "s");
    CommitBatch b;
    add_block(b, kStream, 1, 100);
    commit(store, b);
    CommitBatch again;
    add_block(again, kStream, 51, 100);
    commit(store, again);
    CHECK(names_held(snapshot_of(store)) == numbers(1, 150));
    CHECK(store.counters().get(StoreCounter::Overlaps) == 1);
}

TEST_CASE("store: streams do not touch each other's names") {
    TempFolder t;
    Store store = open_store(t / "s");
    CommitBatch b;
    const Stream older{kStream.acd, Epoch{5}};
    const Stream neighbour{Acd{8}, kStream.epoch};
    for (const Stream s : {neighbour, kStream, older}) add_block(b, s, 1, 10);
    add_block(b, older, 21, 10, true);
    commit(store, b);
    const auto snapshot = snapshot_of(store);
    CHECK(names_held(snapshot) == numbers(1, 10));
    CHECK(names_held(snapshot, neighbour) == numbers(1, 10));
    CHECK(names_held(snapshot, older).size() == 20);
    std::vector<u64> firsts;
    CHECK(store.for_each_block(older, Seq{5}, [&](const BlockView& v) {
        firsts.push_back(v.range.first.value);
        return true;
    }));
    CHECK(firsts == std::vector<u64>{1, 21});
}

TEST_CASE("store: a snapshot shows what was there when it was taken, however much is written since") {
    TempFolder t;
    Store store = open_store(t / "s");
    for (u64 n = 1; n <= 10; ++n) commit(store, model_batch(n));
    auto reader = StoreReader::open(t / "s");
    REQUIRE(reader);
    CHECK(reader->locked());
    auto old = reader->snapshot();
    REQUIRE(old);
    for (u64 n = 11; n <= 200; ++n) commit(store, model_batch(n));
    u64 k = 0;
    CHECK(model_error(*old, k) == "");
    CHECK(k == 10);
    CHECK(model_error(*reader->snapshot(), k) == "");
    CHECK(k == 200);
}

TEST_CASE("store: a batch that contradicts itself is refused, changes nothing and does not stop the store") {
    TempFolder t;
    Store store = open_store(t / "s");
    commit(store, model_batch(1));
    const auto refused = [&](auto spoil) {
        CommitBatch b = model_batch(2);
        b.checkpoints.push_back({kStream, Seq{1}, 0, 0, 8});
        spoil(b);
        CHECK(!store.commit(b));
        CHECK(store.stopped() == StopReason::None);
    };
    refused([](CommitBatch& b) { b.blocks[0].offset = ~u64{0}; });
    refused([](CommitBatch& b) { b.blocks[0].bytes += 8; });
    refused([](CommitBatch& b) { b.blocks[0].count = 0; });
    refused([](CommitBatch& b) { b.blocks[0].count = 4'000'000'000; });
    refused([](CommitBatch& b) { b.blocks[0].first = Seq{0}; });
    refused([](CommitBatch& b) { b.rows[0].at = 1; });
    refused([](CommitBatch& b) { b.rows[0].items = 0xFFFF; });
    refused([](CommitBatch& b) { b.checkpoints[0].bytes = ~u64{0}; });
    refused([](CommitBatch& b) { b.gaps.push_back(gap(9, 8)); });
    CHECK(store.counters().get(StoreCounter::BatchesRefused) == 9);
    commit(store, model_batch(2));
    u64 k = 0;
    CHECK(model_error(snapshot_of(store), k) == "");
    CHECK(k == 2);
}

TEST_CASE("store: every counter has a name and a meaning") {
    for (std::size_t i = 0; i < Counters<StoreCounter>::kSize; ++i) {
        CHECK(!info(static_cast<StoreCounter>(i)).name.empty());
        CHECK(!info(static_cast<StoreCounter>(i)).help.empty());
    }
}

TEST_CASE("store: the bytes of a row and of a block are those that the README shows") {
    const RowKey at{TableId::Hsplit, Acd{7}, 1'800, 0, 5, 0};
    const auto row = store::row_key(at);
    std::vector<u64> items(10);
    items[1] = 3;
    items[9] = 300;
    std::vector<std::byte> value;
    CommitBatch batch;
    add_row(batch, at, items, 2, true);
    CHECK(store::hex(row.bytes()) == "0100070000000000000708000000000000000000050000000000000000");
    CHECK(store::hex(store::encode_row(value, row.bytes(), batch.rows[0], batch.row_words)) ==
          "6ef0409e0200000001000a0001010000020203ac02");

    const auto block = store::seq_key({Acd{7}, Epoch{9}}, Seq{4'711});
    const std::array<u64, 2> message{0x0000'5457'0028'0008, 1'000};
    value.resize(sizeof(store::BlockHead) + sizeof message);
    store::write_block(value.data(), block.bytes(), 1, 1'000, 1'000, std::as_bytes(std::span(message)));
    CHECK(store::hex(block.bytes()) == "000700000000000000090000000000001267");
    CHECK(store::hex(value) ==
          "c1b050bf544c4a420100000010000000e803000000000000e803000000000000010000000000000008002800575400"
          "00e803000000000000");
    CHECK(store::open_block(block.bytes(), value));
}
