// The arbiter's verdicts, gaps and proofs, one sentence each.
#include "tests/link/arbiter_rig.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using twinlink::test::ArbiterRig;

TEST_CASE("order: before anything was heard all is durable up to nothing") {
    const ArbiterRig rig;
    CHECK(rig.arbiter.stream().epoch == 0);
    CHECK(rig.arbiter.stream().watermark == 0);
}

TEST_CASE("order: the first copy counts, the second is a duplicate") {
    ArbiterRig rig;
    rig.begin();
    CHECK(rig.a(1, 3) == Verdict::New);
    CHECK(rig.b(1, 3) == Verdict::Duplicate);
    CHECK(rig.b(4, 6) == Verdict::New);
    CHECK(rig.a(4, 6) == Verdict::Duplicate);
    CHECK(rig.out == "epoch7 1-3 4-6");
    CHECK(rig.conflicts.empty());
}

TEST_CASE("order: links that cut their frames differently give each message once") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 4);
    CHECK(rig.b(1, 6) == Verdict::Overlapping);
    CHECK(rig.a(5, 8) == Verdict::Overlapping);
    CHECK(rig.b(7, 8) == Verdict::Duplicate);
    CHECK(rig.out == "epoch7 1-4 5-6 7-8");
    CHECK(rig.conflicts.empty());
}

TEST_CASE("gap: a hole filled by link B inside the window is no gap") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    CHECK(rig.a(5, 6) == Verdict::Ahead);
    rig.wait(19_ms);
    CHECK(rig.b(3, 4) == Verdict::New);
    rig.wait(100_ms);
    CHECK(rig.out == "epoch7 1-2 3-4 5-6");
    CHECK(rig.records.empty());
}

TEST_CASE("gap: a hole that outlives the window is a gap of exactly the missing names") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.a(5, 6);
    rig.wait(20_ms);
    CHECK(rig.out == "epoch7 1-2 gap3-4 5-6");
    CHECK(rig.gaps() == "3-4:open");
    CHECK(rig.records[3].cause == GapCause::BothLinks);
    CHECK(rig.records[3].time_before == 2 * test::kTimeOfSeq);
    CHECK(rig.records[3].time_after == 5 * test::kTimeOfSeq);
    CHECK(rig.arbiter.stream().watermark == 2);
    CHECK(rig.arbiter.stream().missing == 2);
}

TEST_CASE("gap: a late copy fills its part and the rest stays open under its own record") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.a(11, 12);
    rig.wait(20_ms);
    CHECK(rig.b(5, 6) == Verdict::Late);
    CHECK(rig.gaps() == "3-4:open 5-6:filled 7-10:open");
    CHECK(rig.b(3, 8) == Verdict::Late);
    CHECK(rig.out == "epoch7 1-2 gap3-10 11-12 fill5-6 fill3-4 fill7-8");
    CHECK(rig.b(3, 10) == Verdict::Late);
    CHECK(rig.b(3, 10) == Verdict::Duplicate);
    CHECK(rig.arbiter.stream().watermark == 12);
    CHECK(rig.arbiter.gaps().empty());
    u64 filled = 0;
    for (const auto& [first, g] : rig.records) {
        CHECK(g.state == GapState::Filled);
        CHECK(g.filled_by == FilledBy::LinkB);
        filled += g.missing;
    }
    CHECK(filled == 8);
}

TEST_CASE("gap: fills in order from the front lengthen one record") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.a(101, 102);
    rig.wait(20_ms);
    for (u64 seq = 3; seq <= 100; ++seq) rig.b(seq, seq);
    CHECK(rig.gaps() == "3-100:filled");
    CHECK(rig.records[3].missing == 98);
}

TEST_CASE("gap: a heartbeat's next number reveals loss at the tail") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    CHECK(rig.heartbeat(Link::A, 5) == Verdict::Heartbeat);
    rig.wait(20_ms);
    CHECK(rig.out == "epoch7 1-2 gap3-4");
    CHECK(rig.records[3].cause == GapCause::Tail);
    CHECK(rig.records[3].time_after == 0);
    rig.a(5, 5);
    CHECK(rig.records[3].time_after == 5 * test::kTimeOfSeq);
}

TEST_CASE("gap: holes behind each other wait on their own") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 1);
    rig.a(3, 3);
    rig.wait(10_ms);
    rig.a(5, 5);
    rig.wait(10_ms);
    CHECK(rig.out == "epoch7 1 gap2 3");
    rig.b(4, 4);
    rig.wait(50_ms);
    CHECK(rig.out == "epoch7 1 gap2 3 4 5");
}

TEST_CASE("gap: causes name what is known") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 1);
    SUBCASE("ring full") {
        rig.arbiter.note_local_drop(rig.now);
        rig.a(3, 3);
        rig.wait(20_ms);
        CHECK(rig.records[2].cause == GapCause::LocalDrop);
    }
    SUBCASE("refused frame") {
        rig.wait(5_ms);
        rig.arbiter.note_refused(rig.now);
        rig.a(3, 3);
        rig.wait(20_ms);
        CHECK(rig.records[2].cause == GapCause::RefusedFrames);
    }
    SUBCASE("a link was down") {
        for (int i = 0; i < 10; ++i) rig.wait(100_ms).heartbeat(Link::A, 2);
        rig.a(3, 3);
        rig.wait(20_ms);
        CHECK(rig.records[2].cause == GapCause::LinkDown);
        CHECK(rig.arbiter.link(Link::B).silent == 1);
        CHECK(rig.arbiter.link(Link::B).silences == 1);
        rig.b(1, 1);
        CHECK(rig.arbiter.link(Link::B).silent == 0);
        CHECK(rig.arbiter.link(Link::B).silent_ns > 900'000'000);
    }
}

TEST_CASE("bounds: when the park is full the oldest hole becomes a gap at once") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 1);
    for (u64 seq = 3; seq < 3 + 17; ++seq) rig.a(seq, seq);
    CHECK(rig.gaps() == "2:open");
    CHECK(rig.arbiter.parked() == 0);
    CHECK(rig.arbiter.stream().next == 20);
}

TEST_CASE(
    "bounds: more gaps than fit are merged with their nearest neighbour and no missing name is forgotten") {
    ArbiterRig rig;
    rig.begin();
    u64 missing = 0;
    for (u64 i = 0; i < 40; ++i) {
        rig.a(10 * i + 1 + i % 3, 10 * i + 7);
        rig.wait(20_ms);
        rig.heartbeat(Link::B, 10 * i + 8);
    }
    for (std::size_t i = 0; i < rig.arbiter.gaps().size(); ++i) missing += rig.arbiter.gaps().at(i).missing;
    CHECK(rig.arbiter.gaps().size() == 8);
    CHECK(missing == rig.arbiter.stream().missing);
    CHECK(missing == 39 * 3 + 39);  // three between any two frames, and i % 3 at the front of each
    u64 recorded = 0;
    for (const auto& [first, g] : rig.records) recorded += g.missing;
    CHECK(recorded == missing);
}

TEST_CASE("conflict: copies that differ are reported per message, and the first one counts") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.frame(Link::B, 1, 3, 99);
    CHECK(rig.conflicts == std::vector<std::string>{"1B", "2B", "3B"});
    CHECK(rig.arbiter.link(Link::B).conflicts == 3);
    rig.b(4, 6);
    rig.b(9, 9);
    rig.frame(Link::A, 8, 9, 5);  // overlaps a parked copy
    rig.b(7, 7);
    CHECK(rig.conflicts.size() >= 4);
}

TEST_CASE("lag: the time between the first copy and the other link's") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.wait(4_ms);
    rig.b(1, 3);
    CHECK(rig.arbiter.link(Link::B).lag_ns_last == 4'000'000);
    CHECK(rig.arbiter.link(Link::A).lag_count == 0);
}

TEST_CASE("wild: one stray number, or a hundred on one link, change nothing while the other link goes on") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.b(1, 3);
    CHECK(rig.a(u64{1} << 31, (u64{1} << 31) + 2) == Verdict::Wild);
    rig.b(4, 4);
    for (u64 i = 0; i < 100; ++i) {
        CHECK(rig.a(1'000'000 + i, 1'000'000 + i) == Verdict::Wild);
        rig.wait(1_ms);
        rig.b(5 + i, 5 + i);
    }
    CHECK(rig.records.empty());
    CHECK(rig.arbiter.stream().next == 105);
    rig.a(5, 5);  // the link is back in range: what it held is forgotten
    rig.wait(1000_ms);
    CHECK(rig.records.empty());
    CHECK(rig.arbiter.link(Link::A).wild_frames == 101);
}

TEST_CASE("wild: numbers far ahead are believed when both links agree") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.a(100'001, 100'002);
    rig.a(100'003, 100'004);
    CHECK(rig.records.empty());
    rig.b(100'001, 100'002);
    rig.b(100'003, 100'004);
    CHECK(rig.gaps() == "4-100000:open");
    CHECK(rig.arbiter.stream().next == 100'005);
}

TEST_CASE("wild: numbers far ahead on the only living link are believed after the window") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.wait(400_ms);
    rig.a(100'001, 100'002);
    rig.a(100'003, 100'004);
    CHECK(rig.records.empty());
    rig.wait(20_ms);
    CHECK(rig.gaps() == "4-100000:open");
    CHECK(rig.arbiter.stream().next == 100'005);
}

TEST_CASE("epoch: a new one is believed with its pump-up, once both links show it") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.b(1, 3);
    rig.set_epoch(8);
    rig.frame(Link::A, 1, 2, 0, kFlagPumpUp);
    rig.frame(Link::A, 3, 4, 0, kFlagPumpUp);
    CHECK(rig.out == "epoch7 1-3");
    rig.frame(Link::B, 1, 2, 0, kFlagPumpUp);
    rig.frame(Link::B, 3, 4, 0, kFlagPumpUp);
    CHECK(rig.out == "epoch7 1-3 epoch8 1-2 3-4");
    REQUIRE(rig.older.size() == 1);
    CHECK(rig.older[0].ended == 1);
    CHECK(rig.records.empty());
}

TEST_CASE("epoch: lives that come faster than they can be proven are believed one after the other") {
    const auto show = [](ArbiterRig& rig, Link link, u64 epoch) {
        rig.set_epoch(epoch);
        rig.frame(link, 1, 2, 0, kFlagPumpUp);
        rig.frame(link, 3, 4, 0, kFlagPumpUp);
    };
    for (const bool begun : {false, true}) {
        CAPTURE(begun);
        const std::string before = begun ? "epoch7 1-3 " : "";
        const auto begin = [&](ArbiterRig& rig) {
            if (!begun) return;
            rig.begin();
            rig.a(1, 3);
            rig.wait(400_ms);
        };
        ArbiterRig alone;
        begin(alone);
        for (const u64 epoch : {8U, 9U, 12U}) show(alone, Link::A, epoch);
        alone.wait(20_ms);
        CHECK(alone.out == before + "epoch8 1-2 3-4 epoch9 1-2 3-4 epoch12 1-2 3-4");
        ArbiterRig both;
        begin(both);
        for (const u64 epoch : {8U, 9U}) show(both, Link::A, epoch);
        for (const u64 epoch : {8U, 9U}) show(both, Link::B, epoch);
        CHECK(both.out == before + "epoch8 1-2 3-4 epoch9 1-2 3-4");
        // A link that shows a newer life alone says nothing against the one before it.
        ArbiterRig later;
        begin(later);
        for (const u64 epoch : {8U, 9U}) show(later, Link::A, epoch);
        show(later, Link::B, 9);
        later.wait(20_ms);
        CHECK(later.out == before + "epoch8 1-2 3-4 epoch9 1-2 3-4");
        for (ArbiterRig* rig : {&alone, &both, &later}) {
            CHECK(rig->records.empty());
            rig->arbiter.finish(rig->now);
            CHECK(rig->held == 0);
        }
    }
}

TEST_CASE("epoch: of several that a link shows, none is believed against a link that goes on") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.b(1, 3);
    for (u64 epoch = 8; epoch < 40; ++epoch) {
        rig.set_epoch(epoch);
        rig.frame(Link::A, 1, 2, 0, kFlagPumpUp);
        rig.frame(Link::A, 3, 4, 0, kFlagPumpUp);
        rig.wait(30_ms);
        rig.set_epoch(7);
        rig.b(epoch - 4, epoch - 4);
    }
    CHECK(rig.arbiter.stream_epoch() == 7);
    CHECK(rig.records.empty());
    rig.a(36, 36);  // back in range: what it held is forgotten
    rig.wait(10_s);
    CHECK(rig.arbiter.stream_epoch() == 7);
    // Two of those are shown by both links, and the first of them by one alone: the proven one is believed.
    rig.a(37, 37);
    rig.b(37, 37);
    for (const u64 epoch : {50U, 51U}) {
        rig.set_epoch(epoch);
        rig.frame(Link::A, 1, 2, 0, kFlagPumpUp);
        rig.frame(Link::A, 3, 4, 0, kFlagPumpUp);
    }
    rig.frame(Link::B, 1, 2, 0, kFlagPumpUp);
    rig.frame(Link::B, 3, 4, 0, kFlagPumpUp);
    CHECK(rig.arbiter.stream_epoch() == 7);  // while the older one may still be shown by B
    rig.wait(20_ms);
    CHECK(rig.arbiter.stream_epoch() == 51);
    rig.arbiter.finish(rig.now);
    CHECK(rig.held == 0);
}

TEST_CASE("epoch: stragglers of the old one fill its gaps and nothing else") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.a(6, 7);
    rig.wait(20_ms);
    rig.set_epoch(8);
    for (const Link link : {Link::A, Link::B}) {
        rig.frame(link, 1, 2, 0, kFlagPumpUp);
        rig.frame(link, 3, 4, 0, kFlagPumpUp);
    }
    rig.set_epoch(7);
    CHECK(rig.b(3, 5) == Verdict::Stale);
    CHECK(rig.out == "epoch7 1-3 gap4-5 6-7 epoch8 1-2 3-4 fill4-5");
    CHECK(rig.older.back().watermark == 7);
    CHECK(rig.older.back().missing == 0);
    CHECK(rig.b(8, 9) == Verdict::Stale);
    CHECK(rig.arbiter.stream().epoch == 8);
}

TEST_CASE("epoch: without its pump-up a new one waits until the old one has long been quiet") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.set_epoch(8);
    rig.a(50, 51);
    rig.a(52, 53);
    rig.b(50, 51);
    rig.b(52, 53);
    rig.wait(3000_ms);
    CHECK(rig.out == "epoch7 1-3");
    rig.wait(600_ms);
    CHECK(rig.out == "epoch7 1-3 epoch8 gap1-49 50-51 52-53");
}

TEST_CASE("start: joining a stream in its middle makes a gap of what was before") {
    ArbiterRig rig;
    rig.a(500, 501);
    rig.a(502, 503);
    CHECK(rig.out.empty());
    rig.b(499, 501);
    CHECK(rig.out == "epoch7 gap1-498 499-501 502-503");
    CHECK(rig.records[1].cause == GapCause::BeforePumpUp);
}

TEST_CASE("restart: what came while the server was down is a gap with that cause") {
    ArbiterRig rig;
    StreamRecord stored{};
    stored.acd = 1;
    stored.epoch = 7;
    stored.first_seen = 1;
    stored.next = 100;
    stored.messages = 95;
    GapRecord gap{};
    gap.acd = 1;
    gap.epoch = 7;
    gap.first = 40;
    gap.last = 43;
    gap.missing = 4;
    rig.arbiter.restore(stored, {&gap, 1}, {});
    SUBCASE("near") {
        rig.a(120, 121);
        rig.wait(20_ms);
        CHECK(rig.out == "gap100-119 120-121");
        CHECK(rig.records[100].cause == GapCause::ServerDown);
        CHECK(rig.b(40, 43) == Verdict::Late);
        CHECK(rig.arbiter.stream().watermark == 99);
    }
    SUBCASE("far") {
        rig.a(12'000, 12'001);
        rig.a(12'002, 12'003);
        rig.b(12'000, 12'001);
        CHECK(rig.out == "gap100-11999 12000-12001 12002-12003");
        CHECK(rig.records[100].cause == GapCause::ServerDown);
    }
}

TEST_CASE("buffers: every one comes back exactly once, whatever happened to its frame") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 3);
    rig.b(1, 3);
    rig.a(5, 6);
    rig.b(5, 6);
    rig.a(900'000, 900'001);
    rig.b(1, 1);
    rig.set_epoch(6);
    rig.a(1, 1);
    rig.arbiter.finish(rig.now);
    CHECK(rig.held == 0);
    CHECK(rig.out == "epoch7 1-3 gap4 5-6");
}

TEST_CASE(
    "offer: the partner may go on where no link does, within the window, and what it passes over is a gap") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    CHECK(rig.offer(1, 5, 7, FilledBy::Partner) == "filled 3 held 2");
    CHECK(rig.offer(8, 9, 7, FilledBy::Partner) == "filled 2");
    CHECK(rig.out == "epoch7 1-2 3-5 gap6-7 8-9");
    CHECK(rig.arbiter.stream().missing == 2);
    CHECK(rig.b(6, 7) == Verdict::Late);
    CHECK(rig.a(10, 11) == Verdict::New);
    CHECK(rig.a(3, 5) == Verdict::Duplicate);
    CHECK(rig.offer(2'000, 2'001, 7, FilledBy::Partner) == "beyond 2");  // the window is 1,000
    CHECK(rig.offer(1, 2, 8, FilledBy::Partner) == "unknown_epoch 2");   // a new life is the links' to prove
    CHECK(rig.arbiter.stream().next == 12);
}

TEST_CASE(
    "offer: an older life's gaps are filled, and its end is learnt when a crash of the ACD cut it off") {
    ArbiterRig rig;
    rig.begin();
    rig.a(1, 2);
    rig.b(1, 2);
    rig.a(5, 6);
    rig.wait(20_ms);
    rig.wait(4000_ms);
    rig.set_epoch(9);
    rig.begin();
    rig.wait(4000_ms);
    REQUIRE(rig.arbiter.stream_epoch() == 9);
    CHECK(rig.offer(3, 3) == "filled 1");
    CHECK(rig.offer(4, 8) == "filled 3 held 2");  // 7 and 8 were sent and reached nobody here
    CHECK(rig.older.back().next == 9);
    CHECK(rig.older.back().missing == 0);
    CHECK(rig.older.back().watermark == 8);
    CHECK(rig.offer(100'000, 100'000) == "beyond 1");
}
