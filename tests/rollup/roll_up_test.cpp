// Days, weeks and months of a whole server: equal to a plain sum over its rows, redone for what came late,
// forgotten by no crash.
#include "tests/rollup/days_rig.hpp"

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
    c.restarts = {};
    if (seed % 5 == 0) c.restarts = {Nanos{c.start.value + hours * sim::kHour / 2}};
    return c;
}

void play(PipelineRig& rig, DaysPlayer& player, std::size_t from, std::size_t to) {
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
        DaysPlayer player(rig, stream);
        play(rig, player, 0, player.frames());
        settle(rig);
        const StoreSnapshot snapshot = rig.snapshot();
        const std::string want = summed_text(snapshot, last_time(stream));
        const std::string got = rolled_text(snapshot);
        CAPTURE(first_difference(want, got));
        CHECK((want == got));
        CHECK(snapshot.roll_ups(Span::Day, kAnyDay, kEndOfDays).size() >= 3);
        CHECK(snapshot.roll_ups(Span::Week, kAnyDay, kEndOfDays).size() == 2);
        CHECK(snapshot.damaged() == 0);
        rig.stop();
    }
}
