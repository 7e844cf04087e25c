// What did not come over a link: offered by an import or the partner, asked for, given up, learnt.
#include "tests/link/arbiter_rig.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using twinlink::test::ArbiterRig;

TEST_CASE("offer: what is missing is filled as a late copy fills it, under the name of who brought it") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.a(11, 12);
    rig.wait(20_ms);
    CHECK(rig.offer(5, 6) == "filled 2");
    CHECK(rig.gaps() == "3-4:open 5-6:filled 7-10:open");
    CHECK(rig.records[5].filled_by == FilledBy::Backup);
    CHECK(rig.offer(1, 12, 7, FilledBy::Partner) == "filled 6 held 6");
    CHECK(rig.out == "epoch7 1-2 gap3-10 11-12 fill5-6 fill3-4 fill7-10");
    CHECK(rig.records[3].filled_by == FilledBy::Partner);
    CHECK(rig.offer(1, 14) == "held 12 beyond 2");
    CHECK(rig.arbiter.gaps().empty());
    CHECK(rig.arbiter.stream().missing == 0);
    CHECK(rig.arbiter.stream().messages == 12);
    CHECK(rig.a(13, 14) == Verdict::New);  // the present stream goes on where it was
}

TEST_CASE("offer: what is parked behind a hole is taken in its place when the partner comes so far") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.a(6, 7);
    CHECK(rig.offer(3, 4, 7, FilledBy::Partner) == "filled 2");
    CHECK(rig.offer(9, 9, 7, FilledBy::Partner) == "filled 1");
    CHECK(rig.out == "epoch7 1-2 3-4 gap5 6-7 gap8 9");
    CHECK(rig.arbiter.parked() == 0);
}

TEST_CASE("gap: asked for, given up by both, and filled all the same") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.a(11, 12);
    rig.wait(20_ms);
    rig.arbiter.requested(Epoch{7}, {Seq{4}, Seq{5}});
    CHECK(rig.gaps() == "3-10:requested");
    CHECK(rig.records[3].attempts == 1);
    rig.arbiter.lose(Epoch{7}, {Seq{5}, Seq{6}}, rig.now);
    CHECK(rig.gaps() == "3-4:requested 5-6:lost 7-10:requested");
    CHECK(rig.arbiter.stream().missing == 8);
    CHECK(rig.arbiter.gaps().lost() == 1);
    rig.arbiter.lose(Epoch{7}, {Seq{1}, Seq{100}}, rig.now);
    CHECK(rig.gaps() == "3-4:lost 5-6:lost 7-10:lost");
    CHECK(rig.offer(1, 12, 7, FilledBy::Partner) == "filled 8 held 4");
    CHECK(rig.arbiter.stream().missing == 0);
    rig.arbiter.lose(Epoch{7}, {Seq{1}, Seq{100}}, rig.now);  // what is here cannot be lost
    rig.arbiter.requested(Epoch{9}, {Seq{1}, Seq{2}});        // a life that nobody knows
    CHECK(rig.arbiter.gaps().empty());
}

TEST_CASE("lives: one that only the partner holds is missing from here on, and is filled") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.arbiter.learn_life(Epoch{7}, Seq{99}, rig.now);  // the present one
    rig.arbiter.learn_life(Epoch{8}, Seq{99}, rig.now);  // a newer one
    CHECK(rig.arbiter.stream().missing == 0);
    rig.arbiter.learn_life(Epoch{5}, Seq{6}, rig.now);
    rig.arbiter.learn_life(Epoch{5}, Seq{60}, rig.now);  // known now
    CHECK(rig.offer(1, 4, 5, FilledBy::Partner) == "filled 4");
    CHECK(rig.offer(5, 6, 5, FilledBy::Partner) == "filled 2");
    for (const u64 epoch : {4, 3, 2, 1}) rig.arbiter.learn_life(Epoch{epoch}, Seq{6}, rig.now);
    CHECK(rig.offer(1, 6, 3, FilledBy::Partner) == "filled 6");
    CHECK(rig.offer(1, 6, 2, FilledBy::Partner) == "unknown_epoch 6");  // three are kept
}

TEST_CASE("lives: one of the partner's is taken up where no link is heard, and only a newer one") {
    ArbiterRig rig;
    rig.arbiter.take_up_life(Epoch{5}, Seq{1}, rig.now);
    CHECK(rig.out.empty());  // the links have not been silent yet
    rig.wait(400_ms);
    rig.arbiter.take_up_life(Epoch{5}, Seq{3}, rig.now);
    CHECK(rig.out == "epoch5 gap1-2");
    CHECK(rig.offer(3, 6, 5, FilledBy::Partner) == "filled 4");
    rig.arbiter.take_up_life(Epoch{5}, Seq{1}, rig.now);
    rig.arbiter.take_up_life(Epoch{4}, Seq{1}, rig.now);
    rig.arbiter.take_up_life(Epoch{6}, Seq{0}, rig.now);
    CHECK(rig.arbiter.stream_epoch() == 5);
    rig.arbiter.take_up_life(Epoch{6}, Seq{1}, rig.now);
    CHECK(rig.arbiter.stream_epoch() == 6);
    REQUIRE(rig.older.size() >= 1);
    CHECK(rig.older.back().epoch == 5);
    CHECK(rig.older.back().next == 7);
    CHECK(rig.offer(1, 2, 5, FilledBy::Partner) == "filled 2");  // the older one is filled still
    // The links prove the next one as ever.
    for (const Link link : {Link::A, Link::A, Link::B}) rig.heartbeat(link, 1, kFlagHeartbeat | kFlagPumpUp);
    CHECK(rig.arbiter.stream_epoch() == 7);
    rig.arbiter.take_up_life(Epoch{8}, Seq{1}, rig.now);
    CHECK(rig.arbiter.stream_epoch() == 7);  // a link was heard
}

TEST_CASE("lives: one that is said to begin days ahead of the ACD's clock is not taken up") {
    constexpr u64 kDay = 86'400'000'000'000;
    ArbiterRig rig;
    rig.begin();
    rig.wait(400_ms);
    rig.arbiter.take_up_life(Epoch{~u64{0}}, Seq{1}, rig.now);
    rig.arbiter.take_up_life(Epoch{2 * kDay}, Seq{1}, rig.now);
    CHECK(rig.arbiter.stream_epoch() == 7);
    rig.now.wall = rig.now.wall + Nanos{kDay + 1'000'000'000};
    rig.arbiter.take_up_life(Epoch{2 * kDay}, Seq{1}, rig.now);  // time has passed
    CHECK(rig.arbiter.stream_epoch() == 2 * kDay);
}

TEST_CASE("offer: what is not in a gap changes nothing") {
    ArbiterRig rig;
    CHECK(rig.offer(1, 3) == "unknown_epoch 3");
    rig.begin();
    rig.a(1, 2);
    CHECK(rig.offer(1, 5) == "held 2 beyond 3");
    rig.a(5, 6);  // 3 and 4 are a hole, not yet a gap: a link may still bring them
    CHECK(rig.offer(3, 4) == "beyond 2");
    CHECK(rig.offer(1, 2, 8) == "unknown_epoch 2");
    CHECK(rig.b(3, 4) == Verdict::New);
    CHECK(rig.out == "epoch7 1-2 3-4 5-6");
    CHECK(rig.records.empty());
}

TEST_CASE("offer: a gap that was given up as lost is filled, too; only the open ones count as open") {
    ArbiterRig rig;
    StreamRecord stream{};
    stream.acd = 1;
    stream.epoch = 7;
    stream.first_seen = 1;
    stream.next = 20;
    stream.messages = 15;
    GapRecord gap{};
    gap.acd = 1;
    gap.epoch = 7;
    gap.first = 5;
    gap.last = 8;
    gap.missing = 4;
    gap.state = GapState::Lost;
    rig.arbiter.restore(stream, {&gap, 1}, {});
    CHECK(rig.arbiter.gaps().lost() == 1);
    CHECK(rig.offer(6, 6) == "filled 1");
    CHECK(rig.gaps() == "5:lost 6:filled 7-8:lost");
    CHECK(rig.arbiter.gaps().lost() == 2);
    CHECK(rig.offer(1, 19) == "filled 3 held 16");
    CHECK(rig.gaps() == "5:filled 6-8:filled");
    CHECK(rig.arbiter.stream().missing == 0);
}

TEST_CASE("offer: in merged gaps nobody knows what is missing, so nothing of them is taken") {
    ArbiterRig rig;  // up to eight gaps
    rig.begin();
    for (u64 seq = 1; seq <= 21; seq += 2) {
        rig.a(seq, seq);
        rig.wait(20_ms);
    }
    CHECK(rig.arbiter.gaps().size() == 8);
    const u64 missing = rig.arbiter.gaps().missing();
    const u64 merged = rig.arbiter.gaps().in_merged(Seq{1}, Seq{22});
    CHECK(merged > 0);
    const std::string said = rig.offer(1, 21);
    CHECK(said.find("merged " + std::to_string(merged)) != std::string::npos);
    CHECK(rig.arbiter.gaps().missing() < missing);
    CHECK(rig.arbiter.gaps().missing() > 0);
}
