// An ACD that people have told this server not to collect: no silence, and a gap with that cause.
#include "tests/link/arbiter_rig.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using twinlink::test::ArbiterRig;

TEST_CASE("collection off: silence is none meanwhile, and what was not taken is a gap with that cause") {
    ArbiterRig rig;
    rig.begin().a(1, 10);
    rig.arbiter.collect(false, rig.now);
    rig.wait(2_s);
    CHECK(rig.arbiter.link(Link::A).silences == 0);
    rig.arbiter.collect(true, rig.now);
    rig.wait(100_ms);
    CHECK(rig.arbiter.link(Link::A).silences == 0);
    SUBCASE("frames show it") {
        rig.a(21, 22);
        rig.b(21, 22);
        rig.wait(20_ms);
        CHECK(rig.out == "epoch7 1-10 gap11-20 21-22");
        CHECK(rig.records[11].cause == GapCause::CollectionOff);
        rig.a(31, 32);
        rig.b(31, 32);
        rig.wait(20_ms);
        CHECK(rig.records[23].cause == GapCause::BothLinks);
    }
    SUBCASE("a heartbeat shows it") {
        rig.heartbeat(Link::A, 21);
        rig.heartbeat(Link::B, 21);
        rig.wait(20_ms);
        CHECK(rig.records[11].cause == GapCause::CollectionOff);
    }
    SUBCASE("a link that stays away is silent") {
        rig.wait(400_ms);
        CHECK(rig.arbiter.link(Link::A).silences == 1);
    }
}

TEST_CASE("collection off: a hole from before is called by its own cause") {
    ArbiterRig rig;
    rig.begin().a(1, 10);
    rig.a(13, 14);
    rig.b(13, 14);
    rig.arbiter.collect(false, rig.now);
    rig.wait(20_ms);
    CHECK(rig.out == "epoch7 1-10 gap11-12 13-14");
    CHECK(rig.records[11].cause == GapCause::BothLinks);
}
