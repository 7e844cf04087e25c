// Rows that differ, named one by one: held against a plain comparison of two stores; asked between two whole
// servers of which one's store was edited; and a partner that lies, floods or says nothing.
#include "engine/partner/differing_rows.hpp"
#include "engine/store/store.hpp"
#include "tests/partner/pair_rig.hpp"

#include <map>
#include <random>

using namespace twinlink;
using namespace twinlink::test;
using namespace twinlink::partner;

namespace {

using Rows = std::map<RowPlace, u64>;  ///< CALLSOFFERED by (skill, 0)

RowKey key_at(RowPlace place, u16 instance = 0) {
    return {TableId::Hsplit, Acd{1}, kEight, instance, place.first, place.second};
}

/// Writes rows into a store that is there or not; what is there stays.
void write_rows(const std::string& path, const Rows& rows, u64 number = 1, u16 instance = 0) {
    auto store = Store::open(path, {.map_bytes = u64{256} << 20}, Nanos{1});
    REQUIRE(store.has_value());
    CommitBatch batch;
    batch.number = number;
    std::vector<u64> items(find_table(TableId::Hsplit)->columns);
    for (const auto& [place, value] : rows) {
        items[hsplit("CALLSOFFERED")] = value;
        batch.add_row({.key = key_at(place, instance), .fold_version = kFoldVersion, .closed = true}, items);
    }
    REQUIRE(store->commit(batch).has_value());
}

/// Who asks over a store of `ours`, who answers from one of `theirs`, and the bytes between them.
class Two {
public:
    explicit Two(const Rows& ours, const Rows& theirs) {
        write_rows(folder_ / "ours", ours);
        write_rows(folder_ / "theirs", theirs);
        // Another instance of the interval is none of it.
        write_rows(folder_ / "theirs", {{{1, 0}, 77}}, 2, 1);
        for (const char* name : {"ours", "theirs"}) {
            auto reader = StoreReader::open(folder_ / name);
            REQUIRE(reader.has_value());
            readers_.push_back(std::move(*reader));
        }
        asks.emplace(readers_[0], counters, questions);
        lender.emplace(readers_[1], counters, answers);
    }
    void step() {
        now.mono = now.mono + 5_ms;
        asks->work(now, "");
        take(questions, [&](const FrameIn& f) { lender->on_ask(f.as<RowsAsk>(), f); });
        lender->lend(now);
        take(answers, [&](const FrameIn& f) { give(f); });
    }
    void give(const FrameIn& f) {
        if (f.template_id == RowHashes::kTemplate) return asks->on_hashes(f);
        REQUIRE(f.template_id == RowItems::kTemplate);
        asks->on_items(f);
    }
    template <class M>
    void say(M page, std::vector<typename M::Entry> entries) {
        std::vector<std::byte> bytes;
        write_frame(bytes, page, std::span<const typename M::Entry>(entries));
        take(bytes, [&](const FrameIn& f) { give(f); });
    }
    RowsAnswerPtr ask(u32 most = kRowsAsked) {
        const auto got = asks->ask({TableId::Hsplit, Acd{1}, kEight, 0, most});
        REQUIRE(got != nullptr);
        return got;
    }
    RowsAnswerPtr answer(u32 most = kRowsAsked) {
        const auto got = ask(most);
        for (int i = 0; i < 600 && !got->done(); ++i) step();
        REQUIRE(got->done());
        return got;
    }
    [[nodiscard]] u64 count(Counter counter) const { return counters.get(counter); }

private:
    template <class F>
    static void take(std::vector<std::byte>& stream, F&& f) {
        for (std::size_t at = 0; at < stream.size();) {
            const FrameRead got = read_frame(Bytes(stream).subspan(at));
            REQUIRE(got.fault == FrameFault::Ok);
            f(got.frame);
            at += got.bytes;
        }
        stream.clear();
    }
    TempFolder folder_;
    std::vector<StoreReader> readers_;

public:
    ShimCounters counters;
    std::vector<std::byte> questions;
    std::vector<std::byte> answers;
    std::optional<RowAsks> asks;
    std::optional<RowLender> lender;
    Now now{1_s, 1_s};
};

/// What a plain look at both says.
void check_against(const RowsAnswer& got, const Rows& ours, const Rows& theirs, u32 most) {
    CHECK(got.why.empty());
    CHECK(got.own_rows == ours.size());
    CHECK(got.their_rows == theirs.size());
    Rows all = ours;
    all.insert(theirs.begin(), theirs.end());
    u64 only_here = 0;
    u64 only_there = 0;
    u64 differing = 0;
    std::size_t named = 0;
    for (const auto& [place, value] : all) {
        const bool here = ours.contains(place);
        const bool there = theirs.contains(place);
        if (here && there && ours.at(place) == theirs.at(place)) continue;
        ++(!there ? only_here : !here ? only_there : differing);
        if (named == most) continue;
        REQUIRE(named < got.rows.size());
        const DifferingRow& row = got.rows[named++];
        CHECK(RowPlace{row.entity, row.entity2} == place);
        CHECK(row.here == here);
        CHECK(row.there == there);
        REQUIRE(row.own.empty() == !(here && there));
        REQUIRE(row.theirs.empty() == !(here && there));
        if (row.own.empty()) continue;
        CHECK(row.own[hsplit("CALLSOFFERED")] == ours.at(place));
        CHECK(row.theirs[hsplit("CALLSOFFERED")] == theirs.at(place));
    }
    CHECK(got.rows.size() == named);
    CHECK(got.only_here == only_here);
    CHECK(got.only_there == only_there);
    CHECK(got.differing == differing);
}

/// `n` rows; those of the other one differ where `odd` says so.
Rows some(u64 n, u64 value = 5) {
    Rows rows;
    for (u64 skill = 1; skill <= n; ++skill) rows[{skill, 0}] = value;
    return rows;
}

}  // namespace

TEST_CASE("differing rows: any two tables, page by page, as a plain comparison says") {
    std::mt19937_64 random(11);
    for (const u64 rows : {u64{0}, u64{1}, u64{60}, u64{1'024}, u64{1'025}, u64{4'000}}) {
        for (const u64 odds : {u64{0}, u64{2}, u64{50}, u64{1'000}}) {
            Rows ours;
            Rows theirs;
            for (u64 n = 1; n <= rows; ++n) {
                const RowPlace place{1 + random() % (2 * rows), random() % 3};
                const u64 kind = odds == 0 ? 9 : random() % odds;
                if (kind != 0) ours[place] = 5;
                if (kind != 1) theirs[place] = kind == 2 ? 6 : 5;
            }
            const auto most = static_cast<u32>(1 + random() % kRowsAsked);
            Two two(ours, theirs);
            check_against(*two.answer(most), ours, theirs, most);
            CHECK(two.count(Counter::RowsWrong) == 0);
        }
    }
}

TEST_CASE("differing rows: the greatest key there is, and a partner that has nothing at all") {
    const RowPlace last{~u64{0}, ~u64{0}};
    Rows ours = some(2'500);
    ours[last] = 1;
    Rows theirs = ours;
    theirs[last] = 2;
    Two two(ours, theirs);
    check_against(*two.answer(), ours, theirs, kRowsAsked);
    Two nothing(ours, {});
    check_against(*nothing.answer(3), ours, {}, 3);
    Two all({}, ours);
    check_against(*all.answer(3), {}, ours, 3);
}

TEST_CASE("differing rows: one comparison at a time; silence, no session and one that ends are said") {
    Two two(some(3), some(3, 6));
    const auto silent = two.ask();
    CHECK(two.asks->ask({TableId::Hsplit, Acd{1}, kEight, 0, 1}) == nullptr);
    two.asks->work(two.now, "");
    two.now.mono = two.now.mono + 1'999_ms;
    two.asks->work(two.now, "");
    CHECK(!silent->done());
    two.now.mono = two.now.mono + 1_ms;
    two.asks->work(two.now, "");
    REQUIRE(silent->done());
    CHECK(silent->why.find("within 2 s") != std::string::npos);
    CHECK(two.count(Counter::RowsTimedOut) == 1);
    const auto alone = two.ask();
    two.asks->work(two.now, "nobody is there");
    REQUIRE(alone->done());
    CHECK(alone->why == "nobody is there");
    const auto cut = two.ask();
    two.asks->work(two.now, "");
    two.asks->forget("it went away");
    REQUIRE(cut->done());
    CHECK(cut->why == "it went away");
    // What comes of those now is nobody's.
    two.say(RowHashes{0, 0, 2, kPageLast, 0, 0}, {});
    two.say(RowItems{1, 0, 2, kPageLast, 0, 0}, {});
    CHECK(two.count(Counter::RowsUnasked) == 2);
    two.questions.clear();
    CHECK(two.answer()->differing == 3);
}

TEST_CASE("differing rows: a partner that lies ends its comparison, and nothing else") {
    const u64 own = [] {
        std::vector<u64> items(find_table(TableId::Hsplit)->columns);
        items[hsplit("CALLSOFFERED")] = 5;
        return hash_of_row(items);
    }();
    Two two(some(3), {});
    const auto got = two.ask();
    two.asks->work(two.now, "");
    const auto compared = [&](RowHashes page, std::vector<RowHashEntry> rows) {
        two.say(page, std::move(rows));
        two.asks->work(two.now, "");  // compares
        two.asks->work(two.now, "");  // asks on
    };
    SUBCASE("a page that does not go on") { two.say(RowHashes{0, 0, 1, 0, 0, 0}, {}); }
    SUBCASE("rows behind the place where it says to have looked") {
        two.say(RowHashes{2, 0, 1, 0, 0, 0}, {{1, 0, own}, {2, 0, own}});
    }
    SUBCASE("a page that goes back") {
        compared({2, 0, 1, 0, 0, 0}, {{1, 0, own}});
        CHECK(!got->done());
        two.say(RowHashes{3, 0, 2, 0, 0, 0}, {{1, 0, own}});
    }
    SUBCASE("items of a row that were not asked for") {
        compared({0, 0, 1, kPageLast, 0, 0}, {{1, 0, own}, {2, 0, 7}, {3, 0, own}});
        CHECK(!got->done());
        CHECK(got->differing == 1);
        two.say(RowItems{3, 0, 2, kPageLast, 0, 0}, {{5}});
    }
    REQUIRE(got->done());
    CHECK(got->why.find("does not fit") != std::string::npos);
    CHECK(two.count(Counter::RowsWrong) == 1);
}

TEST_CASE("differing rows: a row that went meanwhile, and more items than a table of ours has") {
    Two two(some(2), {});
    const auto got = two.ask();
    two.asks->work(two.now, "");
    two.say(RowHashes{0, 0, 1, kPageLast, 0, 0}, {{1, 0, 7}, {2, 0, 7}});
    two.asks->work(two.now, "");
    two.asks->work(two.now, "");
    two.say(RowItems{1, 0, 2, 0, 0, 0}, {});
    two.say(RowItems{2, 0, 2, kPageLast, 0, 0}, std::vector<ItemEntry>(kRangesPerMessage, ItemEntry{1}));
    REQUIRE(got->done());
    CHECK(got->why.empty());
    CHECK(got->rows[0].theirs.empty());
    CHECK(got->rows[1].theirs.size() == kRangesPerMessage);
}

TEST_CASE("differing rows: pages without an end that go on by one each end with the limit") {
    Two two(some(3), {});
    const auto got = two.ask();
    for (u32 n = 1; !got->done() && n < 3'000; ++n) {
        two.asks->work(two.now, "");
        two.asks->work(two.now, "");
        two.say(RowHashes{0, n, n, 0, 0, 0}, {{0, n - 1, 1}});
        two.now.mono = two.now.mono + 1_ms;
    }
    REQUIRE(got->done());
    CHECK(got->why.find("within 2 s") != std::string::npos);
    CHECK(got->rows.size() == kRowsAsked);
}

TEST_CASE("differing rows: a flood of questions costs a page at a time, also when nobody reads the answers") {
    Two two({}, some(4'000));
    for (u32 n = 1; n <= 20'000; ++n) {
        std::vector<std::byte> bytes;
        RowsAsk ask{kEight, 0, 0, n, 1, 0, 1, 0, 0, 0};
        write_frame(bytes, ask, {});
        two.lender->on_ask(ask, read_frame(bytes).frame);
        two.now.mono = two.now.mono + 1_ms;
        two.lender->lend(two.now);
    }
    CHECK(two.answers.size() < std::size_t{128} << 10);
    CHECK(two.count(Counter::RowsOut) >= kRowsPage);
    CHECK(two.count(Counter::RowsOut) < 8 * kRowsPage);
}

TEST_CASE("differing rows: two whole servers name what was edited in the store of one") {
    static const SimStream day(centre(7, 12, 2));
    // A state at each boundary: a start folds nothing again that lies in front of the newest one.
    EngineConfig config = PipelineRig::defaults();
    config.checkpoint_every = {};
    PairRig pair(config);
    pair.connect();
    Player to_one(pair.one.rig, day);
    Player to_two(pair.two.rig, day);
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        to_one.send(f, "AB");
        to_two.send(f, "AB");
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.settle();
    const auto equal = pair.one.shim->compared();
    REQUIRE(std::ranges::all_of(equal, [](const Compared& c) { return c.likeness == Likeness::Equal; }));
    const Compared& odd = *std::ranges::find_if(
        equal, [](const Compared& c) { return c.table == TableId::Hsplit && c.own_rows >= 2; });
    pair.disconnect();
    pair.two.shim.reset();
    pair.two.rig.stop();
    pair.two.rig.drop();
    RowKey key;
    u64 was = 0;
    {
        CommitBatch edit;
        edit.number = 1'000'000;
        pair.two.rig.snapshot().rows(
            TableId::Hsplit, Acd{1}, odd.start, odd.start + 1, [&](const RowView& row) {
                key = row.key;
                std::vector<u64> items(row.items.begin(), row.items.end());
                was = items[hsplit("ACDCALLS")];
                items[hsplit("ACDCALLS")] += 3;
                edit.add_row({.key = row.key, .fold_version = row.fold_version, .closed = true}, items);
                return false;
            });
        RowKey more = key;
        more.entity = 60'000;
        std::vector<u64> items(find_table(TableId::Hsplit)->columns, 1);
        items[hsplit("INCOMPLETE")] = 0;  // else nobody would compare them
        edit.add_row({.key = more, .fold_version = kFoldVersion, .closed = true}, items);
        pair.two.rig.drop();  // its reader too: a process opens a store once
        auto store = Store::open(pair.two.rig.store_path(), {.map_bytes = u64{256} << 20}, Nanos{1});
        REQUIRE(store.has_value());
        REQUIRE(store->commit(edit).has_value());
    }
    pair.two.rig.open();
    pair.start_shim(pair.two);
    pair.connect();
    pair.settle();
    pair.run(3_s);  // messages are compared, and nothing is found in them
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        u64 different = 0;
        for (const Compared& c : s->shim->compared()) different += c.likeness == Likeness::Different ? 1 : 0;
        CHECK(different == 1);
        const auto got = s->shim->ask_rows({TableId::Hsplit, Acd{1}, odd.start, odd.instance, 10});
        REQUIRE(got != nullptr);
        for (int i = 0; i < 100 && !got->done(); ++i) pair.run(10_ms);
        REQUIRE(got->done());
        CHECK(got->why.empty());
        const bool edited = s == &pair.two;
        CHECK(got->own_rows == odd.own_rows + (edited ? 1 : 0));
        REQUIRE(got->rows.size() == 2);
        const DifferingRow& changed = got->rows[0];
        CHECK(changed.entity == key.entity);
        CHECK((edited ? changed.theirs : changed.own)[hsplit("ACDCALLS")] == was);
        CHECK((edited ? changed.own : changed.theirs)[hsplit("ACDCALLS")] == was + 3);
        CHECK(got->rows[1].entity == 60'000);
        CHECK(got->rows[1].here == edited);
        CHECK(got->rows[1].there == !edited);
    }
    const auto late = pair.one.shim->ask_rows({TableId::Hsplit, Acd{1}, odd.start, odd.instance, 10});
    pair.disconnect();
    pair.run(10_ms);
    REQUIRE(late->done());
    CHECK(late->why.find("session") != std::string::npos);
}
