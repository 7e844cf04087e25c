// Frames of the switch: valid, contiguous on each link, the same messages whatever the cut, heartbeats where
// idle.
#include "tests/acdsim/rig.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using namespace twinlink::sim;

namespace {

/// Walks one link's frames in order and checks that each number follows the last; returns messages by stream.
std::map<Stream, u64> check_contiguous(const Frames& frames) {
    std::map<Stream, u64> next;
    for (const auto& bytes : frames) {
        REQUIRE(validate(bytes) == FrameRefusal::Ok);
        const FrameView f{bytes};
        const u64 expected = next.contains(f.stream()) ? next[f.stream()] : 1;
        CHECK(f.first().value == expected);
        next[f.stream()] = f.end().value;
    }
    return next;
}

}  // namespace

TEST_CASE(
    "encoder: every frame is valid and numbers follow each other on both links, for several ACDs and "
    "epochs") {
    for (const bool differently : {false, true}) {
        RigConfig c;
        c.acds = 3;
        c.encoder.cut_differently = differently;
        c.restarts = {kRigStart + Nanos{20 * kMinute}};
        const Rig rig(c);
        const auto a = check_contiguous(rig.frames[0][0]);
        const auto b = check_contiguous(rig.frames[0][1]);
        CHECK(a == b);
        CHECK(a.size() == 6);  // two epochs of each
        CHECK(rig.received(0, Link::A) == rig.received(0, Link::B));
        CHECK((rig.frames[0][0].size() != rig.frames[0][1].size()) == differently);
        for (const auto& [stream, truth] : rig.ledger.streams()) {
            CHECK(truth.messages == a.at(stream) - 1);
            CHECK(truth.orderly == (stream.epoch.value != kRigStart.value));
        }
    }
}

TEST_CASE("encoder: the same seed gives the same frames, byte for byte") {
    RigConfig c;
    c.faults = {"loss=0.05", "dup=0.05", "reorder=0.1:4", "corrupt=0.02"};
    CHECK(Rig(c).frames == Rig(c).frames);
}

TEST_CASE("encoder: frames keep to the size that was asked for") {
    RigConfig c;
    c.encoder.frame_bytes = 600;
    const Rig rig(c);
    for (const auto& bytes : rig.frames[0][0]) CHECK(bytes.size() <= 600);
}

TEST_CASE("encoder: an orderly end is told three times on each link, a crash not at all") {
    RigConfig c;
    c.restarts = {kRigStart + Nanos{20 * kMinute}};
    const Rig rig(c);
    std::map<Stream, u64> closing;
    for (const auto& bytes : rig.frames[0][1]) {
        const FrameView f{bytes};
        closing[f.stream()] += (f.header().flags & kFlagEndOfEpoch) != 0;
    }
    CHECK(closing[{Acd{1}, Epoch{kRigStart.value}}] == 0);
    CHECK(closing.rbegin()->second == 3);
}

TEST_CASE("encoder: an idle link carries heartbeats with the next number, and pump-up frames say so") {
    RigConfig c;
    c.agents = 10;
    c.minutes = 5;
    c.encoder.flush_age = 5_ms;
    c.encoder.heartbeat_every = 100_ms;
    const Rig rig(c);
    check_contiguous(rig.frames[0][0]);
    u64 heartbeats = 0;
    u64 last = kRigStart.value;
    for (const auto& bytes : rig.frames[0][0]) {
        const FrameView f{bytes};
        heartbeats += f.heartbeat();
        CHECK(f.header().sent_at - last <= 105'000'000);
        last = f.header().sent_at;
        bool pumps = false;
        for_each_message_in(f.body(),
                            [&](const MessageView& m) { pumps |= m.template_id == SkillInfo::kTemplate; });
        if (pumps) CHECK((f.header().flags & kFlagPumpUp) != 0);
    }
    CHECK(heartbeats > 2'500);
}

TEST_CASE("encoder: a device that takes little loses nothing") {
    RigConfig c;
    c.most_frames = 3;
    c.minutes = 10;
    const Rig rig(c);
    check_contiguous(rig.frames[0][0]);
    CHECK(rig.received(0, Link::A) == rig.received(0, Link::B));
    CHECK(rig.ledger.streams().begin()->second.servers[0].lost_both == 0);
}
