// What comes late is folded in as if it had never been missing: rows, call records and interval records equal
// those of a run that missed nothing, wherever the holes were and in whatever order they were filled, also
// across restarts.
#include "tests/pipeline/stream_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;

namespace {

/// A run in which some frames come late: each after so many others.
std::string healed(const SimStream& stream, std::mt19937_64& random, Restart restart, u64& refolds) {
    PipelineRig rig;
    Player player(rig, stream);
    const std::size_t frames = player.frames();
    LateFrames late(frames, random);
    late.lose_some();
    play_late(rig, player, late, restart, frames / 4 + random() % (frames / 2), random,
              [&] { refolds += rig.engine().status().refolds; });
    settle(rig);
    refolds += rig.engine().status().refolds;
    rig.stop();
    const std::string gaps = rig.gaps();
    CAPTURE(gaps);
    CHECK(gaps.find(":open") == std::string::npos);
    return all_of(rig);
}

u64 first_seed() {
    const char* const first = std::getenv("TWINLINK_FIRST_SEED");
    return first == nullptr ? 1 : std::strtoull(first, nullptr, 10);
}

}  // namespace

TEST_CASE("refold: what came late is folded in as if it had never been missing, in whatever order it came") {
    u64 refolds = 0;
    for (u64 seed = 1; seed <= seeds(12); ++seed) {
        const SimStream stream(centre(seed, 12, 2));
        const std::string want = truth_of(stream);
        std::mt19937_64 random(seed);
        CAPTURE(seed);
        const std::string got = healed(stream, random, Restart::None, refolds);
        CAPTURE(first_difference(want, got));
        CHECK((got == want));
    }
    CHECK(refolds >= seeds(12));
    MESSAGE(refolds << " refolds");
}

TEST_CASE("refold: a restart or a crash in the middle loses nothing of it") {
    u64 refolds = 0;
    for (u64 seed = first_seed(); seed <= seeds(16); ++seed) {
        const SimStream stream(centre(seed * 2 + 1, 12, 2));
        const std::string want = truth_of(stream);
        std::mt19937_64 random(seed);
        CAPTURE(seed);
        const std::string got =
            healed(stream, random, seed % 2 == 0 ? Restart::Orderly : Restart::Killed, refolds);
        CAPTURE(first_difference(want, got));
        CHECK((got == want));
    }
    MESSAGE(refolds << " refolds");
}

namespace {

/// A run whose list of traced agents changes at a restart; frames of `late` come only after that.
std::string retraced(const SimStream& stream, std::size_t restart_at, const std::set<std::size_t>& late) {
    PipelineRig rig;
    Player player(rig, stream);
    const std::vector<std::vector<Agent>> lists{{Agent{10'002}, Agent{10'003}}, {}, {Agent{10'002}}};
    for (std::size_t f = 0; f < player.frames(); ++f) {
        if (!late.contains(f)) player.send(f, "AB");
        if (f % 16 == 15) rig.run(25_ms);
        for (std::size_t n = 0; n < lists.size(); ++n) {
            if (f != restart_at * (n + 1)) continue;
            rig.run(100_ms);
            rig.stop();
            rig.drop();
            rig.trace(lists[n]);
            rig.open();
        }
    }
    rig.run(50_ms);
    for (const std::size_t frame : late) {
        player.send(frame, "A");
        rig.run(30_ms);
    }
    settle(rig);
    rig.stop();
    CHECK(rig.snapshot().traces().size() == 1 + lists.size());
    return all_of(rig);
}

}  // namespace

TEST_CASE("refold: records of traced agents are those of the list that was in force, whatever it is now") {
    for (u64 seed = 1; seed <= seeds(6); ++seed) {
        const SimStream stream(centre(seed, 12, 2));
        std::mt19937_64 random(seed);
        PipelineRig counting;
        const std::size_t frames = Player(counting, stream).frames();
        const std::size_t restart_at = frames / 4;
        std::set<std::size_t> late;
        for (int i = 0; i < 6; ++i) late.insert(2 + random() % (frames - 4));
        for (std::size_t n = 1; n <= 3; ++n)
            late.erase(restart_at * n);  // the place of a change is the same in both
        const std::string want = retraced(stream, restart_at, {});
        const std::string got = retraced(stream, restart_at, late);
        CAPTURE(seed);
        CAPTURE(first_difference(want, got));
        CHECK((got == want));
        CHECK(got.find("ag_actv") != std::string::npos);
    }
}

namespace {

/// The first hole is filled and its refold is `k` slices on its way when the second, farther back in the
/// stream, is filled, too; then the server dies with what the refold has saved of its states by then.
std::string died_while_refolding(const SimStream& stream, int k) {
    PipelineRig rig;
    Player player(rig, stream);
    const std::size_t far = player.frames() * 2 / 3;
    REQUIRE(far > 60);
    const std::set<std::size_t> holes{20, far};
    for (std::size_t f = 0; f < player.frames(); ++f) {
        if (!holes.contains(f)) player.send(f, "AB");
        if (f % 16 == 15) rig.run(25_ms);
    }
    rig.run(50_ms);
    rig.refolds = false;
    player.send(20, "A");
    rig.run(500_ms);  // asked for, and nobody begins yet
    for (int i = 0; i < k; ++i) {
        rig.engine().poll_refold();
        rig.engine().poll_commit(rig.now);
    }
    for (int i = 0; i < 2; ++i) rig.engine().poll_refold();  // a batch that waits for its commit
    player.send(far, "A");
    for (int i = 0; i < 20; ++i) {  // folded and handed over, not yet committed
        rig.now.mono = rig.now.mono + 1_ms;
        rig.receive_only();
        rig.engine().poll_fold(rig.now);
    }
    rig.run(5_ms);  // what came late is committed first, then what the refold had ready
    rig.drop();
    rig.refolds = true;
    rig.open();
    settle(rig);
    rig.stop();
    return all_of(rig);
}

}  // namespace

TEST_CASE("refold: a state that it saved before something came late is not gone on from after a crash") {
    const SimStream stream(centre(3, 12, 2));
    const std::string want = truth_of(stream);
    for (int k = 1; k <= 8; ++k) {
        const std::string got = died_while_refolding(stream, k);
        CAPTURE(k);
        CAPTURE(first_difference(want, got));
        CHECK((got == want));
    }
}

TEST_CASE("refold: without it, the rows that a hole touched stay incomplete (the comparison can fail)") {
    const SimStream stream(centre(1, 12, 2));
    PipelineRig rig;
    rig.refolds = false;
    Player player(rig, stream);
    for (std::size_t f = 0; f < player.frames(); ++f) {
        if (f != 20) player.send(f, "AB");
        if (f % 16 == 15) rig.run(25_ms);
    }
    rig.run(50_ms);
    player.send(20, "A");
    rig.run(500_ms);
    rig.stop();
    const std::string got = all_of(rig);
    CHECK(got.find("INCOMPLETE=1") != std::string::npos);
    CHECK((got != truth_of(stream)));
}
