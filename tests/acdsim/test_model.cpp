// The simulated call centre: legal, complete, deterministic.
#include "tests/acdsim/legality.hpp"
#include "tools/acdsim/call_centre.hpp"
#include "tools/acdsim/truth.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using namespace twinlink::sim;

namespace {

const Nanos kStart = Nanos{1'772'438'400ULL * 1'000'000'000};  // 2026-03-02T08:00:00Z

CentreConfig centre(u32 agents, u64 seed, u64 hours) {
    CentreConfig c;
    c.agents = agents;
    c.seed = seed;
    c.start = kStart;
    c.end = kStart + Nanos{hours * kHour};
    return c;
}

void play(const CentreConfig& config, Referee& referee) {
    const auto good = checked(config);
    REQUIRE(good);
    CallCentre acd(*good);
    while (!acd.over()) acd.step(referee);
}

std::string first_breach(const Referee& r) { return r.breaches().empty() ? "" : r.breaches().front(); }

}  // namespace

TEST_CASE("model: one seed gives the same bytes, another seed others") {
    Referee a;
    Referee b;
    Referee c;
    play(centre(60, 7, 2), a);
    play(centre(60, 7, 2), b);
    play(centre(60, 8, 2), c);
    CHECK(a.bytes() == b.bytes());
    CHECK(a.bytes() != c.bytes());
    CHECK(a.messages() > 1'000);
}

TEST_CASE("model: every stream is legal, small and large, over many seeds") {
    for (const u32 agents : {1U, 10U, 35U, 100U, 400U})
        for (u64 seed = 1; seed <= 12; ++seed) {
            CAPTURE(agents);
            CAPTURE(seed);
            CentreConfig c = centre(agents, seed, 4);
            c.unanswered_ppm = 60'000;
            c.trunk_out_per_day = 400;
            c.clock_sets_per_day = 100;
            if (seed % 3 == 0) c.restarts = {kStart + Nanos{kHour + 13 * kMinute}};
            if (seed % 4 == 0) c.opens = Nanos{}, c.closes = Nanos{kDay};
            Referee r;
            play(c, r);
            CHECK(first_breach(r) == "");
            CHECK(r.boundaries() >= 8);
        }
}

TEST_CASE("model: every message of the schema occurs") {
    std::map<u16, u64> seen;
    for (u64 seed = 1; seed <= 4; ++seed) {
        CentreConfig c = centre(300, seed, 10);
        c.clock_sets_per_day = 50;
        c.trunk_out_per_day = 100;
        if (seed % 2 == 0) c.calls_per_hour = 4'500;  // too many: callers wait long enough for every step
        Referee r;
        play(c, r);
        CHECK(first_breach(r) == "");
        for (const auto& [id, n] : r.templates()) seen[id] += n;
    }
    for_each_message([&]<class M>() {
        CAPTURE(template_name(M::kTemplate));
        CHECK(seen[M::kTemplate] > 0);
    });
}

TEST_CASE("model: a whole day begins and ends idle, and an idle ACD still tells boundaries and pump-ups") {
    CentreConfig c = centre(50, 3, 1);
    c.start = Nanos{kStart.value - kStart.value % kDay};
    c.end = c.start + Nanos{kDay};
    c.whole_day = true;
    Referee r;
    play(c, r);
    CHECK(first_breach(r) == "");
    CHECK(r.open_things() == 0);
    CHECK(r.boundaries() == 49);
    CHECK(r.templates().at(PumpUpBegin::kTemplate) == 25);  // at midnight, and each hour to midnight
    CHECK(r.calls_answered > 1'000);
    CHECK(r.calls_abandoned > 10);
}

TEST_CASE("model: trunk groups fill up, and callers who find no trunk are told of by nothing") {
    CentreConfig c = centre(100, 5, 4);
    c.calls_per_hour = 5'000;
    CallCentre acd(*checked(c));
    Referee r;
    while (!acd.over()) acd.step(r);
    CHECK(first_breach(r) == "");
    CHECK(acd.totals().all_trunks_busy > 100);
}

TEST_CASE("model: ten thousand agents are possible") {
    CentreConfig c = centre(10'000, 1, 1);
    Referee r;
    play(c, r);
    CHECK(first_breach(r) == "");
    CHECK(r.calls_answered > 10'000);
}

TEST_CASE("model: a pump-up on a link that came back is in sequence and changes nothing") {
    CallCentre acd(*checked(centre(100, 2, 3)));
    Referee r;
    u64 steps = 0;
    while (!acd.over()) {
        acd.step(r);
        if (++steps % 500 == 0) acd.pump_up(Nanos{}, PumpUpWhy::LinkUp, r);
    }
    CHECK(first_breach(r) == "");
    CHECK(r.templates().at(PumpUpBegin::kTemplate) > 5);
}

TEST_CASE("model: impossible configurations are refused with a reason") {
    CentreConfig c = centre(100, 1, 1);
    c.interval_minutes = 20;
    CHECK_FALSE(checked(c));
    c = centre(0, 1, 1);
    CHECK_FALSE(checked(c));
    c = centre(20'000, 1, 1);
    CHECK_FALSE(checked(c));
    c = centre(10, 1, 1);
    c.end = c.start;
    CHECK_FALSE(checked(c));
    c = centre(10, 1, 1);
    c.whole_day = true;  // 08:00 is not midnight
    CHECK_FALSE(checked(c));
    c = centre(10, 1, 1);
    c.closes = c.opens;
    CHECK_FALSE(checked(c));
}
