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
