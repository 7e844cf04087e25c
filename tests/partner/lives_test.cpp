// Lives that only the partner knows: an empty server, and one that heard nothing for long, take them up from
// it, one after the other; nothing else makes one begin.
#include "tests/partner/pair_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;
using partner::Counter;

namespace {

/// A day of a switch that starts again `restarts` times.
SimStream day_of(u64 restarts) {
    sim::CentreConfig c = centre(7, 8, 2);
    const u64 part = (c.end.value - c.start.value) / (restarts + 1);
    for (u64 n = 1; n <= restarts; ++n) c.restarts.push_back(Nanos{c.start.value + n * part});
    return SimStream(c);
}

/// Sends frames [from, end) to the servers of those players, on both links.
void play(PairRig& pair, std::initializer_list<Player*> players, std::size_t from, std::size_t end) {
    for (std::size_t f = from; f < end; ++f) {
        for (Player* const player : players) player->send(f, "AB");
        if (f % 8 == 7) pair.run(3_ms);
    }
    pair.run(50_ms);
}

/// The first frame of a life.
std::size_t begin_of(const Player& player, const SimStream& stream, std::size_t life) {
    for (std::size_t f = 0; f < player.frames(); ++f)
        if (player.run(f).stream.epoch == stream.lives[life].epoch) return f;
    FAIL("no such life");
    return 0;
}

void check_whole(PairRig& pair, const SimStream& stream) {
    const std::string want = truth_of(stream);
    for (PairRig::Server* s : {&pair.one, &pair.two}) {
        for (const Compared& c : s->shim->compared()) CHECK(c.likeness == Likeness::Equal);
        s->rig.stop();
        const std::string got = all_of(s->rig);
        CHECK_MESSAGE((got == want), "server " << (s == &pair.one ? 1 : 2) << "\n"
                                               << first_difference(want, got));
    }
}

std::vector<u64> lives_of(PairRig::Server& s) {
    std::vector<u64> lives;
    for (const StreamRecord& stream : s.rig.snapshot().streams()) lives.push_back(stream.epoch);
    return lives;
}

}  // namespace

TEST_CASE("lives: an empty server that hears nothing takes up all that its partner has, life by life") {
    for (const u64 restarts : {0U, 1U, 5U}) {
        CAPTURE(restarts);
        const SimStream stream = day_of(restarts);
        REQUIRE(stream.lives.size() == restarts + 1);
        PairRig pair;
        Player player(pair.two.rig, stream);
        play(pair, {&player}, 0, player.frames());
        pair.one.links = false;
        pair.connect();
        pair.run(9'900_ms);
        CHECK(lives_of(pair.one).empty());  // the links have their time
        pair.run(10_s);
        pair.settle();
        CHECK(lives_of(pair.one) == lives_of(pair.two));
        // In order, each folded once: nothing came late.
        CHECK(pair.one.rig.engine().status().refolds == 0);
        CHECK(pair.one.rig.snapshot().gaps().empty());
        check_whole(pair, stream);
    }
}

TEST_CASE(
    "lives: a deaf server follows its partner into a new life; when a link is back it goes on from there") {
    const SimStream stream = day_of(1);
    PairRig pair;
    pair.connect();
    Player to_one(pair.one.rig, stream);
    Player to_two(pair.two.rig, stream);
    const std::size_t second = begin_of(to_one, stream, 1);
    const std::size_t deaf = second - 20;
    play(pair, {&to_one, &to_two}, 0, deaf);
    pair.run(400_ms);  // by its silence limit, too
    pair.one.links = false;
    const std::size_t back = second + 40;
    play(pair, {&to_two}, deaf, back);
    pair.run(9_s);
    CHECK(lives_of(pair.one).size() == 1);
    pair.run(2_s);
    CHECK(lives_of(pair.one) == lives_of(pair.two));
    CHECK(pair.one.rig.snapshot().streams().back().next == pair.two.rig.snapshot().streams().back().next);
    pair.one.links = true;
    play(pair, {&to_one, &to_two}, back, to_one.frames());
    pair.settle();
    CHECK(pair.one.rig.snapshot().gaps().empty());
    check_whole(pair, stream);
}

TEST_CASE("lives: a server that hears a link, or did so a moment ago, leaves lives to its links") {
    const SimStream stream = day_of(1);
    PairRig pair;
    Player to_one(pair.one.rig, stream);
    Player to_two(pair.two.rig, stream);
    const std::size_t second = begin_of(to_one, stream, 1);
    play(pair, {&to_one, &to_two}, 0, second);
    pair.connect();
    play(pair, {&to_two}, second, to_two.frames());
    // The shim is told that a link is heard, whatever comes.
    pair.run(30_s);
    CHECK(lives_of(pair.one).size() == 1);
    // Deaf, but not for long enough, again and again.
    for (int n = 0; n < 4; ++n) {
        pair.one.links = false;
        pair.run(9'500_ms);
        pair.one.links = true;
        pair.run(10_ms);
    }
    CHECK(lives_of(pair.one).size() == 1);
    // A link that brings frames, however the shim was told: the arbiter knows better.
    pair.one.links = false;
    for (int n = 0; n < 60; ++n) {
        to_one.send(second - 1, "B");
        pair.run(250_ms);
    }
    CHECK(lives_of(pair.one).size() == 1);
    pair.run(1_s);
    pair.settle();
    check_whole(pair, stream);
}

TEST_CASE("lives: taken up by halves, killed, and taken up to the end") {
    const SimStream stream = day_of(2);
    PairRig pair;
    Player player(pair.two.rig, stream);
    play(pair, {&player}, 0, player.frames());
    pair.one.links = false;
    for (int n = 0; n < 6; ++n) {
        pair.connect();
        // Ten seconds until it believes that it is deaf; then killed while messages come.
        pair.run(10'000_ms + Nanos{static_cast<u64>(n) * 7'000'000});
        pair.restart(pair.one);
    }
    pair.connect();
    pair.run(12_s);
    pair.settle();
    CHECK(lives_of(pair.one) == lives_of(pair.two));
    check_whole(pair, stream);
}
