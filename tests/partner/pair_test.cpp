// Two servers that lost different messages give each other what they lack, and end with the same rows: real
// stores, refolds and shims, in one thread.
#include "engine/planted.hpp"
#include "tests/partner/pair_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;
using partner::Counter;
using partner::SessionState;

namespace {

const GapFilter kMissing{.acd = {}, .epoch = {}, .states = GapFilter::kMissing};
const GapFilter kLost{.acd = {}, .epoch = {}, .states = GapFilter::only(GapState::Lost)};

const SimStream& day() {
    static const SimStream stream(centre(7, 12, 2));
    return stream;
}

/// Sends the whole stream to both servers; `links_to(server, frame)` says on which links each gets it.
template <class F>
void play(PairRig& pair, F&& links_to) {
    Player to_one(pair.one.rig, day());
    Player to_two(pair.two.rig, day());
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        to_one.send(f, links_to(1, f));
        to_two.send(f, links_to(2, f));
        if (f % 8 == 7) pair.run(3_ms);
    }
}

const std::string& truth() {
    static const std::string text = truth_of(day());
    return text;
}

/// Every table of every closed interval is equal by its digest.
void check_proven(PairRig& pair) {
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        const auto all = s->shim->compared();
        CHECK(all.size() >= 3 * kTables.size());
        for (const Compared& c : all)
            CHECK_MESSAGE(c.likeness == Likeness::Equal,
                          find_table(c.table)->name << " of " << c.start << ": " << c.why);
    }
}

void check_equal(PairRig& pair) {
    check_proven(pair);
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        s->rig.stop();
        const std::string rows = all_of(s->rig);
        CHECK_MESSAGE((rows == truth()), "server " << (s == &pair.one ? 1 : 2) << " has " << s->rig.gaps()
                                                   << "\n"
                                                   << first_difference(truth(), rows));
    }
}

}  // namespace

TEST_CASE("pair: a session comes up, and each knows what the other holds") {
    PairRig pair;
    pair.connect();
    play(pair, [](int, std::size_t) { return "AB"; });
    pair.settle();
    const PartnerStatus one = pair.one.shim->status();
    CHECK(one.state == SessionState::Up);
    CHECK(one.partner_name == "two");
    CHECK(one.partner_server == 2);
    CHECK(one.version == 1);
    CHECK(one.round_trip.value > 0);
    REQUIRE(one.streams.size() == 1);
    CHECK(one.streams[0].own_next == one.streams[0].their_next);
    CHECK(one.streams[0].own_next.value == day().size() + 1);
    CHECK(pair.count(pair.one, Counter::WantsOut) == 0);
    check_equal(pair);
}

TEST_CASE(
    "pair: a hole on one server is asked for once, filled from the other, and its rows are recomputed") {
    PairRig pair;
    pair.connect();
    play(pair, [](int server, std::size_t f) { return server == 1 && f >= 40 && f < 43 ? "" : "AB"; });
    pair.settle();
    CHECK(pair.count(pair.one, Counter::WantsOut) == 1);
    CHECK(pair.count(pair.one, Counter::NamesAsked) == 3 * Player::kFrame);
    CHECK(pair.count(pair.two, Counter::NamesLent) == 3 * Player::kFrame);
    const auto gaps = pair.one.rig.snapshot().gaps();
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].state == GapState::Healed);
    CHECK(gaps[0].filled_by == FilledBy::Partner);
    CHECK(gaps[0].attempts == 1);
    CHECK(gaps[0].missing == 3 * Player::kFrame);
    CHECK(gaps[0].refold_ns > 0);
    check_equal(pair);
}

TEST_CASE(
    "pair: holes on both sides, each the other's: both end with the rows of a run that missed nothing") {
    PairRig pair;
    pair.connect();
    play(pair, [](int server, std::size_t f) {
        const bool lost = f > 4 && f < 180 && f % 11 == (server == 1 ? 3U : 7U);
        return lost ? "" : "AB";
    });
    pair.settle();
    CHECK(pair.one.rig.snapshot().gaps(kMissing).empty());
    CHECK(pair.two.rig.snapshot().gaps(kMissing).empty());
    check_equal(pair);
}

TEST_CASE("pair: a server that hears nothing follows its partner to the end of the stream") {
    PairRig pair;
    pair.connect();
    Player to_one(pair.one.rig, day());
    Player to_two(pair.two.rig, day());
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        const bool deaf = f > 50;
        if (!deaf) to_one.send(f, "AB");
        to_two.send(f, "AB");
        pair.one.links = !deaf;
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.settle();
    CHECK(pair.one.rig.snapshot().streams()[0].next == day().size() + 1);
    CHECK(pair.one.rig.engine().status().refolds == 0);  // it came in order
    check_equal(pair);
}

TEST_CASE(
    "pair: what both have lost is lost by agreement, the same range on both, and healed when it turns up") {
    PairRig pair;
    pair.connect();
    play(pair, [](int, std::size_t f) { return f == 60 || f == 61 ? "" : "AB"; });
    pair.run(9_s);
    for (PairRig::Server* s : {&pair.one, &pair.two}) CHECK(s->rig.snapshot().gaps(kLost).empty());
    pair.run(5_s);
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        const auto lost = s->rig.snapshot().gaps(kLost);
        REQUIRE(lost.size() == 1);
        CHECK(lost[0].first == 60 * Player::kFrame + 1);
        CHECK(lost[0].last == 62 * Player::kFrame);
        CHECK(lost[0].closed_wall != 0);
    }
    CHECK(pair.count(pair.one, Counter::WantsOut) == 0);
    // A copy all the same, to one of them: both get it.
    Player late(pair.two.rig, day());
    late.send(60, "A");
    late.send(61, "B");
    pair.settle();
    check_equal(pair);
}

TEST_CASE("pair: nothing is called lost while a link is down or the partner away") {
    PairRig pair;
    pair.connect();
    play(pair, [](int, std::size_t f) { return f == 60 ? "" : "AB"; });
    SUBCASE("a link is down") {
        pair.two.links = false;
        pair.run(30_s);
    }
    SUBCASE("the partner is away") {
        pair.disconnect();
        pair.run(30_s);
    }
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        const auto open = s->rig.snapshot().gaps(kMissing);
        REQUIRE(open.size() == 1);
        CHECK(open[0].state == GapState::Open);
    }
}

TEST_CASE(
    "pair: what is too old for the journal of the one that had it is lost for the other alone, and once") {
    EngineConfig config = PipelineRig::defaults();
    config.journal_age_max = 1'200_s;
    config.checkpoint_every = 1_ms;
    PairRig pair(config);
    PairRig::Server* lacks =
        &pair.one;  // server 1 proposes, server 2 agrees: either may be the one that lacks
    SUBCASE("for the one that proposes") {}
    SUBCASE("for the one that agrees") { lacks = &pair.two; }
    play(pair, [&](int server, std::size_t f) {
        return f == 20 && (server == 1) == (lacks == &pair.one) ? "" : "AB";
    });
    PairRig::Server* const had = lacks == &pair.one ? &pair.two : &pair.one;
    pair.run(1_s);
    const auto pruned = had->rig.snapshot().pruned();
    REQUIRE(pruned.size() == 1);
    REQUIRE(pruned[0].upto > 21 * Player::kFrame);
    pair.connect();
    pair.run(14_s);
    const auto lost = lacks->rig.snapshot().gaps(kLost);
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].first == 20 * Player::kFrame + 1);
    CHECK(lost[0].last == 21 * Player::kFrame);
    CHECK(had->rig.snapshot().gaps(kLost).empty());
    CHECK(had->rig.snapshot().gaps(kMissing).empty());
    const u64 proposed = pair.count(pair.one, Counter::LostProposed);
    CHECK(proposed >= Player::kFrame);
    pair.run(20_s);
    CHECK(pair.count(pair.one, Counter::LostProposed) == proposed);
    pair.one.rig.stop();
    pair.two.rig.stop();
    CHECK(all_of(had->rig).find("missing 12") == std::string::npos);
    CHECK(all_of(lacks->rig).find("missing 12") != std::string::npos);
}

TEST_CASE("pair: a server that was killed gets what passed meanwhile") {
    PairRig pair;
    pair.connect();
    Player to_one(pair.one.rig, day());
    Player to_two(pair.two.rig, day());
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        to_two.send(f, "AB");
        const bool down = f >= 60 && f < 140;
        if (f == 60) pair.restart(pair.one);
        if (f == 140) pair.connect();
        if (!down) to_one.send(f, "AB");
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.settle();
    check_equal(pair);
}

TEST_CASE("pair: the connection breaks again and again while much is to be filled") {
    PairRig pair;
    play(pair, [](int server, std::size_t f) {
        return server == 1 && f > 3 && f % 40 >= 10 && f % 40 < 30 ? "" : "AB";
    });
    for (int i = 0; i < 20; ++i) {
        pair.connect();
        pair.run(Nanos{(1 + u64(i) % 5) * 2'000'000});
        pair.disconnect();
        pair.run(5_ms);
    }
    pair.connect();
    pair.settle();
    const auto names = pair.count(pair.two, Counter::NamesLent);
    CHECK(names >= pair.count(pair.one, Counter::NamesIn));
    check_equal(pair);
}

TEST_CASE("pair: a machine replaced with an empty store gets all of the stream") {
    PairRig pair;
    Player to_one(pair.one.rig, day());
    Player to_two(pair.two.rig, day());
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        to_two.send(f, "AB");
        if (f >= 110) to_one.send(f, "AB");
        if (f == 150) pair.connect();
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.settle();
    check_equal(pair);
    CHECK(pair.one.rig.snapshot().name(Acd{1}, NameKind::Skill, 1) ==
          pair.two.rig.snapshot().name(Acd{1}, NameKind::Skill, 1));
    CHECK(pair.one.rig.snapshot().name(Acd{1}, NameKind::Skill, 1).has_value());
}

TEST_CASE("pair: the end of a life that one server alone heard of, and nobody got, is in the rows of both") {
    const SimStream stream(centre(10, 12, 2));
    REQUIRE(stream.lives.size() == 2);
    PairRig pair;
    pair.connect();
    Player to_one(pair.one.rig, stream);
    Player to_two(pair.two.rig, stream);
    std::size_t last = 0;  // frame of the first life
    while (to_one.run(last + 1).stream == to_one.run(0).stream) ++last;
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        if (f != last) {
            to_one.send(f, "AB");
            to_two.send(f, "AB");
        } else {
            const OfferRun run = to_one.run(f);
            for (const Link link : {Link::A, Link::B})
                pair.one.rig.transmit(link, (run.first + run.count).value, {}, 0);
            pair.run(50_ms);
        }
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.run(15_s);
    pair.settle();
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        const auto lost = s->rig.snapshot().gaps(kLost);
        REQUIRE(lost.size() == 1);
        CHECK(Seq{lost[0].first} == to_one.run(last).first);
        CHECK(lost[0].missing == to_one.run(last).count);
    }
    check_proven(pair);
    for (PairRig::Server* s : {&pair.one, &pair.two}) s->rig.stop();
    const std::string rows = all_of(pair.one.rig);
    CHECK(rows.find("missing " + std::to_string(to_one.run(last).count)) != std::string::npos);
    CHECK_MESSAGE((rows == all_of(pair.two.rig)), first_difference(rows, all_of(pair.two.rig)));
}

TEST_CASE("pair: the end of a life that the partner has let go of is known to be missing all the same") {
    const SimStream stream(centre(10, 12, 2));
    EngineConfig config = PipelineRig::defaults();
    config.journal_age_max = 600_s;
    config.checkpoint_every = 1_ms;
    PairRig pair(config);
    Player to_one(pair.one.rig, stream);
    Player to_two(pair.two.rig, stream);
    std::size_t end = 0;  // of the first life
    while (to_one.run(end).stream == to_one.run(0).stream) ++end;
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        to_one.send(f, "AB");
        if (f + 5 < end || f >= end) to_two.send(f, "AB");
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.run(1_s);
    const Stream first = to_one.run(0).stream;
    const auto whole = pair.one.rig.snapshot().stream(first);
    const auto pruned = pair.one.rig.snapshot().pruned();
    REQUIRE(whole.has_value());
    REQUIRE(!pruned.empty());
    REQUIRE(pruned[0].upto + 1 == whole->next);
    REQUIRE(pair.two.rig.snapshot().stream(first)->next < whole->next);
    pair.connect();
    pair.run(14_s);
    const auto lost = pair.two.rig.snapshot().gaps(kLost);
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].last + 1 == whole->next);
    CHECK(pair.two.rig.snapshot().stream(first)->next == whole->next);
    CHECK(pair.one.rig.snapshot().gaps(kMissing).empty());
}

TEST_CASE("pair: a life that one slept through and the other has let go of is missing, not unheard of") {
    sim::CentreConfig plan = centre(10, 12, 3);
    plan.restarts = {plan.start + 3'600_s, plan.start + 4'200_s};
    const SimStream stream(std::move(plan));
    REQUIRE(stream.lives.size() == 3);
    EngineConfig config = PipelineRig::defaults();
    config.journal_age_max = 600_s;
    config.checkpoint_every = 1_ms;
    PairRig pair(config);
    Player to_one(pair.one.rig, stream);
    Player to_two(pair.two.rig, stream);
    const Stream slept{Acd{1}, stream.lives[1].epoch};
    for (std::size_t f = 0; f < to_one.frames(); ++f) {
        to_one.send(f, "AB");
        if (to_one.run(f).stream != slept) to_two.send(f, "AB");
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.run(1_s);
    const auto whole = pair.one.rig.snapshot().stream(slept);
    REQUIRE(whole.has_value());
    const auto pruned = pair.one.rig.snapshot().pruned();
    const auto gone = std::ranges::find(pruned, slept.epoch.value, &PrunedRecord::epoch);
    REQUIRE(gone != pruned.end());
    REQUIRE(gone->upto + 1 == whole->next);
    REQUIRE(!pair.two.rig.snapshot().stream(slept).has_value());
    pair.connect();
    pair.run(14_s);
    const auto lost = pair.two.rig.snapshot().gaps(kLost);
    REQUIRE(lost.size() == 1);
    CHECK(lost[0].epoch == slept.epoch.value);
    CHECK(lost[0].first == 1);
    CHECK(lost[0].last + 1 == whole->next);
    CHECK(pair.one.rig.snapshot().gaps(kMissing).empty());
}

TEST_CASE("pair: who is not the partner is refused, and both know why") {
    PairRig pair;
    PartnerConfig config = pair.config_of(pair.two);
    std::string here;
    std::string there;
    SUBCASE("another pair") {
        config.self.pair = {3, 4};
        here = there = "another pair";
    }
    SUBCASE("itself") {
        config.self.life = pair.config_of(pair.one).self.life;
        here = there = "connected to itself";
    }
    SUBCASE("the same server twice") {
        config.self.server = 1;
        here = there = "server 1 of the pair too";
    }
    pair.start_shim(pair.two, config);
    pair.connect();
    pair.run(50_ms);
    CHECK(!pair.connected());
    const std::string one = pair.one.shim->status().text;
    const std::string two = pair.two.shim->status().text;
    CHECK_MESSAGE(one.find(here) != std::string::npos, one);
    CHECK_MESSAGE(two.find(there) != std::string::npos, two);
    CHECK(pair.count(pair.one, Counter::SessionsRefused) == 1);
    CHECK(pair.count(pair.one, Counter::Sessions) == 0);
}

TEST_CASE("pair: a partner that goes silent is dropped after five heartbeats") {
    PairRig pair;
    pair.connect();
    pair.run(500_ms);
    CHECK(pair.one.shim->status().state == SessionState::Up);
    for (int i = 0; i < 700; ++i) {
        pair.one.rig.run(1_ms);
        pair.one.shim->poll(pair.one.rig.now);
    }
    CHECK(pair.one.shim->over());
    CHECK(pair.count(pair.one, Counter::PartnerSilent) == 1);
}

TEST_CASE("pair: an orderly end says why on the other side") {
    PairRig pair;
    pair.connect();
    pair.run(300_ms);
    pair.one.shim->bye(partner::ByeWhy::Maintenance, "stopped for maintenance");
    pair.run(300_ms);
    CHECK(!pair.connected());
    CHECK(pair.two.shim->status().text == "the partner said: stopped for maintenance");
}

TEST_CASE("pair: rows that differ though both hold all messages are called different") {
    PairRig pair;
    pair.connect();
    // A bug in refolding, which server 1 alone has to do.
    planted_fault = Planted::ForgetRow;
    play(pair, [](int server, std::size_t f) { return server == 1 && f == 20 ? "" : "AB"; });
    pair.settle();
    planted_fault = Planted::Nothing;
    CHECK(pair.one.rig.snapshot().gaps(kMissing).empty());
    for (const PairRig::Server* s : {&pair.one, &pair.two}) {
        u64 different = 0;
        for (const Compared& c : s->shim->compared()) {
            CHECK(c.likeness != Likeness::NotComparable);
            if (c.likeness != Likeness::Different) continue;
            ++different;
            CHECK(c.own_rows != c.their_rows);
        }
        CHECK(different != 0);
    }
}

TEST_CASE("pair: what one lacks and the other has is not comparable until it is filled") {
    PairRig pair;
    play(pair, [](int server, std::size_t f) { return server == 1 && f == 20 ? "" : "AB"; });
    pair.one.rig.refolds = false;
    pair.connect();
    pair.run(400_ms);
    u64 not_comparable = 0;
    for (const Compared& c : pair.two.shim->compared()) {
        CHECK(c.likeness != Likeness::Different);
        not_comparable += c.likeness == Likeness::NotComparable ? 1 : 0;
    }
    CHECK(not_comparable != 0);
    pair.one.rig.refolds = true;
    pair.settle();
    check_equal(pair);
}

TEST_CASE(
    "pair: each knows how the other is, also while it is away, and a server that does not collect asks for "
    "nothing") {
    PairRig pair;
    pair.connect();
    pair.run(50_ms);
    CHECK(!pair.two.shim->status().their_condition.maintenance());
    pair.one.shim->set_condition(
        {.since = 77, .flags = partner::kInMaintenance, .text = "new disks", .off = {Acd{1}}});
    pair.run(200_ms);
    const partner::ServerCondition theirs = pair.two.shim->status().their_condition;
    CHECK((theirs.maintenance() && theirs.since == 77 && theirs.text == "new disks"));
    CHECK(theirs.off == std::vector{Acd{1}});
    CHECK(!pair.one.shim->status().their_condition.maintenance());
    pair.one.links = false;
    for (int i = 0; i < 2; ++i) pair.two.rig.heartbeat();
    pair.run(10_ms);
    pump_up(pair.two.rig);
    pair.run(300_ms);
    CHECK(pair.two.rig.engine().status().messages > 0);
    CHECK(pair.count(pair.one, Counter::NamesAsked) == 0);

    pair.one.shim->bye(partner::ByeWhy::Maintenance, "stopped for maintenance");
    pair.run(200_ms);
    CHECK(!pair.connected());
    CHECK(pair.two.shim->status().their_bye == partner::ByeWhy::Maintenance);
    CHECK(pair.two.shim->status().their_condition.maintenance());
    pair.one.shim->set_condition({});
    pair.connect();
    pair.run(200_ms);
    CHECK(!pair.two.shim->status().their_bye);
    CHECK(!pair.two.shim->status().their_condition.maintenance());
}
