// Accounts of the pair: what one server asks of the other's history comes as its store has it, page by page;
// silence, lies and floods end in "not known" within the limit, and cost nobody else anything.
#include "engine/partner/progress.hpp"
#include "engine/store/store.hpp"
#include "tests/partner/pair_rig.hpp"

#include <random>

using namespace twinlink;
using namespace twinlink::test;
using namespace twinlink::partner;

namespace {

constexpr u64 kSecond = 1'000'000'000;

GapRecord gap(u16 acd, u64 epoch, u64 first) {
    GapRecord g{};
    g.acd = acd;
    g.epoch = epoch;
    g.first = first;
    g.last = first + 1;
    g.missing = 2;
    g.opened_wall = first * kSecond;
    g.time_before = first * kSecond;
    g.time_after = first * kSecond + 5;
    g.cause = GapCause::BothLinks;
    g.state = first % 2 == 0 ? GapState::Healed : GapState::Open;
    g.filled_by = first % 2 == 0 ? FilledBy::Partner : FilledBy::Nobody;
    return g;
}

/// Two streams, 1,000 gaps in the first and 10 in the second, four links, 600 events.
CommitBatch history() {
    CommitBatch batch;
    batch.number = 1;
    for (const u16 acd : {u16{1}, u16{2}}) {
        StreamRecord s{};
        s.acd = acd;
        s.epoch = 7;
        s.first_seen = 1;
        s.next = 10'000;
        batch.streams.push_back(s);
        for (u8 link = 0; link < 2; ++link) {
            LinkRecord l{};
            l.acd = acd;
            l.epoch = 7;
            l.link = link;
            l.lost = 100U + link;
            batch.links.push_back(l);
        }
        for (u64 n = 1; n <= (acd == 1 ? 1'000U : 10U); ++n) batch.gaps.push_back(gap(acd, 7, 5 * n));
    }
    for (u64 n = 1; n <= 600; ++n) {
        LinkEventRecord e{};
        e.acd = n % 2 == 0 ? 1 : 0;
        e.number = n;
        e.kind = LinkEventKind::Silent;
        e.begun_wall = n * kSecond;
        e.last_wall = n * kSecond + 9;
        batch.link_events.push_back(e);
    }
    return batch;
}

/// Who asks, who answers from a store of history(), and the bytes between them, moved by hand.
class Two {
public:
    Two() {
        auto store = Store::open(folder_ / "store", {.map_bytes = u64{64} << 20}, Nanos{1});
        REQUIRE(store.has_value());
        REQUIRE(store->commit(history()).has_value());
        auto reader = StoreReader::open(folder_ / "store");
        REQUIRE(reader.has_value());
        reader_.emplace(std::move(*reader));
        lender.emplace(*reader_, counters, answers);
    }
    /// A slice of each, a page's time apart.
    void step() {
        now.mono = now.mono + 5_ms;
        asks.on_time(now, "");
        take(questions, [&](const FrameIn& f) { lender->on_ask(f.as<AccountAsk>()); });
        lender->lend(now);
        most_waiting = std::max(most_waiting, answers.size());
        take(answers, [&](const FrameIn& f) { give(f); });
    }
    void give(const FrameIn& f) {
        switch (f.template_id) {
            case AccountStreams::kTemplate: return asks.on_page<AccountStreams>(f);
            case AccountGaps::kTemplate: return asks.on_page<AccountGaps>(f);
            case AccountLinks::kTemplate: return asks.on_page<AccountLinks>(f);
            case AccountEvents::kTemplate: return asks.on_page<AccountEvents>(f);
            default: FAIL("not a page");
        }
    }
    /// A page from somebody who lies.
    template <class M>
    void say(M page, std::vector<typename M::Entry> records) {
        std::vector<std::byte> bytes;
        write_frame(bytes, page, std::span<const typename M::Entry>(records));
        take(bytes, [&](const FrameIn& f) { give(f); });
    }
    AccountAnswerPtr answer(const AccountQuestion& question) {
        AccountAnswerPtr got = asks.ask(question);
        REQUIRE(got != nullptr);
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
    std::optional<StoreReader> reader_;

public:
    ShimCounters counters;
    std::vector<std::byte> questions;
    std::vector<std::byte> answers;
    AccountAsks asks{counters, questions};
    std::optional<AccountLender> lender;
    Now now{1_s, 1_s};
    std::size_t most_waiting = 0;
};

template <class R>
bool same(const std::vector<R>& a, const std::vector<R>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(R)) == 0;
}

}  // namespace

TEST_CASE("accounts: each kind comes as the partner's store has it") {
    Two two;
    const CommitBatch all = history();
    CHECK(same(two.answer({.kind = AccountKind::Streams})->records.streams,
               {all.streams.begin(), all.streams.end()}));
    CHECK(same(two.answer({.kind = AccountKind::Gaps})->records.gaps, {all.gaps.begin(), all.gaps.end()}));
    CHECK(
        same(two.answer({.kind = AccountKind::Links})->records.links, {all.links.begin(), all.links.end()}));
    const auto events = two.answer({.kind = AccountKind::Events});
    CHECK(events->why.empty());
    CHECK(!events->more);
    CHECK(events->records.events.size() == 600);
    // By (acd, number): those of no ACD first.
    CHECK(events->records.events[0].number == 1);
    CHECK(events->records.events[300].number == 2);
    CHECK(two.count(Counter::AccountAsksIn) == 4);
    CHECK(two.count(Counter::AccountPagesWrong) == 0);
}

TEST_CASE("accounts: one ACD, a time, and pages that go on where the last one ended") {
    Two two;
    const auto second = two.answer({.kind = AccountKind::Gaps, .acd = Acd{2}});
    CHECK(second->records.gaps.size() == 10);
    CHECK(two.answer({.kind = AccountKind::Links, .acd = Acd{2}})->records.links.size() == 2);
    // Gaps that touch [1,000 s, 1,010 s): they begin every five seconds.
    const auto some = two.answer(
        {.kind = AccountKind::Gaps, .acd = Acd{1}, .from = 1'000 * kSecond, .to = 1'010 * kSecond});
    REQUIRE(some->records.gaps.size() == 2);
    CHECK(some->records.gaps[0].first == 1'000);
    AccountQuestion question{.kind = AccountKind::Gaps, .most = 300};
    std::vector<GapRecord> all;
    for (int rounds = 0; rounds < 10; ++rounds) {
        const auto part = two.answer(question);
        CHECK(part->why.empty());
        CHECK(part->records.gaps.size() <= 300);
        all.insert(all.end(), part->records.gaps.begin(), part->records.gaps.end());
        question.next = part->next;
        if (!part->more) break;
    }
    const CommitBatch truth = history();
    CHECK(same(all, {truth.gaps.begin(), truth.gaps.end()}));
    const auto none = two.answer({.kind = AccountKind::Gaps, .acd = Acd{9}});
    CHECK(none->why.empty());
    CHECK(none->records.size() == 0);
}

TEST_CASE("accounts: one question at a time; a silent partner, no session and one that ends are said") {
    Two two;
    const auto silent = two.asks.ask({.kind = AccountKind::Gaps});
    REQUIRE(silent != nullptr);
    CHECK(two.asks.ask({.kind = AccountKind::Links}) == nullptr);
    two.asks.on_time(two.now, "");
    two.now.mono = two.now.mono + 1'999_ms;
    two.asks.on_time(two.now, "");
    CHECK(!silent->done());
    two.now.mono = two.now.mono + 1_ms;
    two.asks.on_time(two.now, "");
    REQUIRE(silent->done());
    CHECK(silent->why.find("within 2 s") != std::string::npos);
    CHECK(two.count(Counter::AccountsTimedOut) == 1);
    const auto alone = two.asks.ask({.kind = AccountKind::Gaps});
    two.asks.on_time(two.now, "nobody is there");
    REQUIRE(alone->done());
    CHECK(alone->why == "nobody is there");
    const auto cut = two.asks.ask({.kind = AccountKind::Gaps});
    two.asks.on_time(two.now, "");
    two.asks.forget("it went away");
    REQUIRE(cut->done());
    CHECK(cut->why == "it went away");
    // What comes of those now is nobody's.
    two.say(AccountGaps{0, 0, 1, 9, kPageLast, 0}, {});
    CHECK(two.count(Counter::AccountPagesUnasked) == 1);
    two.questions.clear();
    CHECK(two.answer({.kind = AccountKind::Streams})->records.streams.size() == 2);
}

TEST_CASE("accounts: what came before the limit is kept, with the reason why it is not all") {
    Two two;
    const auto got = two.asks.ask({.kind = AccountKind::Gaps});
    two.asks.on_time(two.now, "");
    two.say(AccountGaps{7, 6, 1, 1, 0, 0}, {gap(1, 7, 5)});
    two.now.mono = two.now.mono + 2_s;
    two.asks.on_time(two.now, "");
    REQUIRE(got->done());
    CHECK(got->records.gaps.size() == 1);
    CHECK(!got->why.empty());
}

TEST_CASE("accounts: a partner that lies ends its answer, and nothing else") {
    Two two;
    const auto got = two.asks.ask({.kind = AccountKind::Gaps, .acd = Acd{1}, .most = 2});
    two.asks.on_time(two.now, "");
    const AccountGaps page{7, 100, 1, 1, 0, 0};  // all below (1, 7, 100)
    SUBCASE("records of another kind") { two.say(AccountLinks{7, 1, 1, 1, kPageLast, 0}, {}); }
    SUBCASE("more records than were asked for") {
        two.say(page, {gap(1, 7, 5), gap(1, 7, 10), gap(1, 7, 15)});
    }
    SUBCASE("records of another ACD") { two.say(AccountGaps{7, 100, 1, 2, 0, 0}, {gap(2, 7, 5)}); }
    SUBCASE("records behind the place where it says to have looked") { two.say(page, {gap(1, 7, 105)}); }
    SUBCASE("a page that goes back") {
        two.say(page, {gap(1, 7, 5)});
        CHECK(!got->done());
        two.say(AccountGaps{7, 50, 1, 1, 0, 0}, {gap(1, 7, 10)});
    }
    SUBCASE("empty pages without an end") {
        two.say(page, {});
        two.say(page, {});
    }
    REQUIRE(got->done());
    CHECK(got->why.find("does not fit") != std::string::npos);
    CHECK(got->records.gaps.size() <= 1);
    CHECK(two.count(Counter::AccountPagesWrong) == 1);
}

TEST_CASE("accounts: a flood of questions costs a page at a time, also when nobody reads the answers") {
    Two two;
    for (u32 n = 1; n <= 100'000; ++n) {
        two.lender->on_ask({0, ~u64{0}, 0, 0, n, kAccountMost, 0, 0, AccountKind::Gaps, 0, 0});
        two.now.mono = two.now.mono + 1_ms;
        two.lender->lend(two.now);
    }
    CHECK(two.answers.size() < std::size_t{128} << 10);
    CHECK(two.count(Counter::AccountPagesOut) >= 2);
    CHECK(two.count(Counter::AccountPagesOut) < 8);
}

TEST_CASE("accounts: any pages at random leave an answer that ends and makes sense") {
    std::mt19937_64 random(5);
    for (int round = 0; round < 300; ++round) {
        Two* const shared = [] {
            static Two two;
            return &two;
        }();
        Two& two = *shared;
        const auto got = two.asks.ask({.kind = AccountKind::Gaps, .most = 50});
        REQUIRE(got != nullptr);
        two.asks.on_time(two.now, "");
        two.questions.clear();
        for (int n = 0; n < 20 && !got->done(); ++n) {
            const u64 first = 1 + random() % 300;
            std::vector<GapRecord> records;
            for (u64 i = 0; i < random() % 4; ++i) records.push_back(gap(1, 7, first + 10 * i));
            two.say(AccountGaps{7, first + random() % 40, static_cast<u32>(1 + round + random() % 2), 1,
                                static_cast<u8>(random() % 30 == 0 ? 1 : 0), 0},
                    records);
        }
        two.now.mono = two.now.mono + 2_s;
        two.asks.on_time(two.now, "");
        REQUIRE(got->done());
        CHECK(got->records.gaps.size() <= 50);
        CHECK(std::ranges::is_sorted(got->records.gaps, {}, [](const GapRecord& g) { return place_of(g); }));
    }
}

TEST_CASE("accounts: two whole servers tell each other what their stores have, while they fill gaps") {
    PairRig pair;
    pair.connect();
    pump_up(pair.one.rig);
    pump_up(pair.two.rig);
    for (u64 call = 1; call <= 40; ++call) {
        answered_call(pair.one.rig, call, kEight + call * kSecond, call % 9 == 4 ? "" : "AB");
        answered_call(pair.two.rig, call, kEight + call * kSecond, call % 9 == 7 ? "" : "AB");
        pair.run(30_ms);
    }
    pair.settle();
    const auto got = pair.one.shim->ask_account({.kind = AccountKind::Gaps});
    REQUIRE(got != nullptr);
    for (int i = 0; i < 100 && !got->done(); ++i) pair.run(10_ms);
    REQUIRE(got->done());
    CHECK(got->why.empty());
    const auto theirs = pair.two.rig.snapshot().gaps();
    CHECK(theirs.size() >= 4);
    CHECK(same(got->records.gaps, theirs));
    pair.run(150_ms);  // the status is published ten times a second
    CHECK(pair.count(pair.two, Counter::AccountAsksIn) == 1);
    // Without a session it is said at once, whatever was asked.
    const auto late = pair.one.shim->ask_account({.kind = AccountKind::Gaps});
    pair.disconnect();
    pair.run(10_ms);
    REQUIRE(late->done());
    CHECK(late->why.find("session") != std::string::npos);
}

TEST_CASE("progress: how many names are to come, how fast, and how long that takes") {
    Progress progress;
    Now now{10_s, 0_s};
    CHECK(progress.told().of == 0);
    u64 came = 500;
    u64 to_come = 100'000;
    progress.look(to_come, came, now);
    CHECK(progress.told().of == 100'000);
    CHECK(progress.told().names_per_s == 0);  // not known yet
    for (int i = 0; i < 50; ++i) {
        now.mono = now.mono + 100_ms;
        came += 1'000;
        to_come -= 1'000;
        progress.look(to_come, came, now);
    }
    CHECK(progress.told().to_come == 50'000);
    CHECK(progress.told().of == 100'000);
    CHECK(progress.told().names_per_s == 10'000);
    CHECK(progress.told().left == 5_s);
    // It stalls: after five seconds nothing is known of how long it takes.
    for (int i = 0; i < 60; ++i) progress.look(to_come, came, {now.mono = now.mono + 100_ms, 0_s});
    CHECK(progress.told().names_per_s == 0);
    CHECK(progress.told().left == 0_s);
    progress.look(0, came, now);
    CHECK(progress.told().of == 0);
}
