// Days, weeks and months of a whole server: equal to a plain sum over its rows, redone for what came late,
// forgotten by no crash.
#include "tests/rollup/days_rig.hpp"

#include "engine/store/check.hpp"

#include <algorithm>

using namespace twinlink;
using namespace twinlink::test;

namespace {

/// A few agents over several days that begin on 2026-03-27, 20:00 UTC, a Friday.
constexpr u64 kBegin = u64{1'774'641'600} * 1'000'000'000;

sim::CentreConfig days(u64 seed, u64 hours) {
    sim::CentreConfig c = centre(seed, 4, hours);
    c.start = Nanos{kBegin};
    c.end = Nanos{kBegin + hours * sim::kHour};
    c.calls_per_hour = 20;
    c.pump_up_every = Nanos{2 * sim::kHour};
    c.trunk_out_per_day = 10;
    c.clock_sets_per_day = seed % 3 == 0 ? 8 : 0;
    c.utc_offset_minutes = static_cast<i16>(seed % 4 == 0   ? -300
                                            : seed % 4 == 1 ? 60
                                            : seed % 4 == 2 ? 0
                                                            : 330);
    // Central Europe's summer time begins on 2026-03-29 at 01:00 UTC, that of others at midnight.
    const u64 sunday = kBegin + 28 * sim::kHour;
    const u64 change = c.utc_offset_minutes == 60
                           ? sunday + sim::kHour
                           : sunday - static_cast<u64>(c.utc_offset_minutes * 60) * sim::kSecond;
    if (seed % 2 == 1)
        c.offset_changes = {{Nanos{change}, static_cast<i16>(c.utc_offset_minutes + 60)},
                            {Nanos{change + 24 * sim::kHour}, c.utc_offset_minutes}};
    c.restarts = {};
    if (seed % 5 == 0) c.restarts = {Nanos{c.start.value + hours * sim::kHour / 2}};
    return c;
}

void play(PipelineRig& rig, Player& player, std::size_t from, std::size_t to) {
    for (std::size_t f = from; f < to; ++f) {
        player.send(f, "AB");
        if (f % 16 == 15) rig.run(2_ms);
    }
}

u64 last_time(const SimStream& stream) { return stream[stream.size() - 1].time().value; }

}  // namespace

TEST_CASE(
    "roll-ups: each item of each table of a day, week and month is the sum of its intervals by its rule") {
    for (u64 seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        const SimStream stream(days(seed, 90));
        PipelineRig rig;
        Player player(rig, stream);
        play(rig, player, 0, player.frames());
        settle(rig);
        const StoreSnapshot snapshot = rig.snapshot();
        const std::string want = summed_text(snapshot, last_time(stream));
        const std::string got = rolled_text(snapshot);
        CAPTURE(first_difference(want, got));
        CHECK((want == got));
        CHECK(got.find(" BH_STARTTIME=") != std::string::npos);
        CHECK(got.find(" BH_INTIME=") != std::string::npos);
        CHECK(snapshot.roll_ups(Span::Day, kAnyDay, kEndOfDays).size() >= 3);
        CHECK(snapshot.roll_ups(Span::Week, kAnyDay, kEndOfDays).size() == 2);
        CHECK(snapshot.damaged() == 0);
        rig.stop();
    }
}

namespace {

std::string rolled_truth_of(const SimStream& stream) {
    PipelineRig rig;
    Player player(rig, stream);
    play(rig, player, 0, player.frames());
    settle(rig);
    CHECK(rig.engine().status().refolds == 0);
    rig.stop();
    return rolled_text(rig.snapshot());
}

struct Totals {
    u64 refolds = 0;
    u64 redone = 0;
};

/// A run in which some frames come late, each after so many others, and rolling up goes on all the time.
std::string healed(const SimStream& stream, std::mt19937_64& random, Restart restart, Totals& totals) {
    PipelineRig rig;
    Player player(rig, stream);
    const std::size_t frames = player.frames();
    LateFrames late(frames, random);
    late.lose_some();
    // And one at a midnight or at a change of the offset, on either side of it.
    const u64 hour = random() % 2 == 0 ? 28 + 24 * (random() % 2) : 29;
    late.lose(player.frame_at(kBegin + hour * sim::kHour) - random() % 3, 1 + random() % 5);
    const auto add_up = [&] {
        totals.refolds += rig.engine().status().refolds;
        totals.redone += rig.engine().status().days_redone;
    };
    play_late(rig, player, late, restart, frames / 2 + random() % (frames / 2), random, add_up);
    // A restart while a new life of the ACD is not yet proven loses what was held back of it, on both links.
    for (std::size_t f = 0; restart != Restart::None && stream.lives.size() > 1 && f < frames; ++f) {
        player.send(f, "B");
        if (f % 16 == 15) rig.run(2_ms);
    }
    settle(rig);
    add_up();
    rig.stop();
    const std::string gaps = rig.gaps();
    CAPTURE(gaps);
    CHECK(gaps.find(":open") == std::string::npos);
    const StoreSnapshot snapshot = rig.snapshot();
    const std::string summed = summed_text(snapshot, last_time(stream));
    const std::string rolled = rolled_text(snapshot);
    CAPTURE(first_difference(summed, rolled));
    CHECK((summed == rolled));
    const auto report = check(rig.store_path(), CheckLevel::Full);
    REQUIRE(report.has_value());
    for (const CheckFinding& f : report->findings) FAIL_CHECK(f.where << ": " << f.what);
    CHECK(report->rolled != 0);
    return rolled;
}

}  // namespace

TEST_CASE("roll-ups: what came late is in them as if it had never been missing, across days and offsets") {
    Totals totals;
    for (u64 seed = 1; seed <= seeds(8); ++seed) {
        CAPTURE(seed);
        const SimStream stream(days(seed, 90));
        const std::string want = rolled_truth_of(stream);
        std::mt19937_64 random(seed);
        const std::string got = healed(stream, random, Restart::None, totals);
        CAPTURE(first_difference(want, got));
        CHECK((want == got));
    }
    CHECK(totals.redone != 0);
    MESSAGE(totals.refolds << " refolds, " << totals.redone << " days redone");
}

TEST_CASE("roll-ups: a restart or a crash in the middle forgets none of them") {
    Totals totals;
    for (u64 seed = 1; seed <= seeds(8); ++seed) {
        CAPTURE(seed);
        const SimStream stream(days(seed + 100, 90));
        const std::string want = rolled_truth_of(stream);
        std::mt19937_64 random(seed);
        const std::string got =
            healed(stream, random, seed % 2 == 0 ? Restart::Orderly : Restart::Killed, totals);
        CAPTURE(first_difference(want, got));
        CHECK((want == got));
    }
    MESSAGE(totals.refolds << " refolds, " << totals.redone << " days redone");
}
