// What a seed decides once: the settings of both servers, and which kinds of trouble its run has.
//
// Each run has some kinds and not others, so that they meet in all combinations; where every run had a bit of
// everything, rare ones would hide behind the common ones.
#pragma once

#include "tests/sim/oracle.hpp"

namespace twinlink::sim_test {

/// Numbers from the seed, and from nothing else.
class Dice {
public:
    explicit Dice(u64 seed) : random_(seed * 0x9E37'79B9'7F4A'7C15ULL + 1) {}
    [[nodiscard]] u64 upto(u64 most) { return random_() % (most + 1); }
    [[nodiscard]] bool one_in(u64 n) { return random_() % n == 0; }
    [[nodiscard]] bool chance(u64 ppm) { return ppm != 0 && random_() % 1'000'000 < ppm; }

private:
    std::mt19937_64 random_;
};

/// Troubles of one link to one server: how likely, in millionths, and until when.
struct LinkTrouble {
    u64 loss_ppm = 0;
    u64 burst_left = 0;  ///< frames still to be lost
    u64 burst_ppm = 0;
    u64 dup_ppm = 0;
    u64 delay_ppm = 0;
    u64 corrupt_ppm = 0;
    u64 wild_ppm = 0;
    u64 rival_ppm = 0;  ///< frames of which one message is another one than was sent
    u64 lag_ppm = 0;    ///< times in which all that comes is late
    u64 lag = 0;        ///< by so many steps ...
    u64 lag_until = 0;  ///< ... until then
    u64 down_until = 0;
};

/// Troubles of servers, switches and connection: how likely in a step, in millionths.
struct Troubles {
    u64 link_down = 0;
    u64 both_down = 0;
    u64 kill = 0;
    u64 stop = 0;
    u64 wipe = 0;
    u64 cut = 0;
    u64 stall = 0;
    u64 slow = 0;
    u64 pause = 0;  ///< of commits, and of refolds
    u64 clock = 0;  ///< a wall clock is set
    u64 quiet = 0;  ///< a switch says nothing, not even that it lives
};

/// What holds for the whole run.
struct Settings {
    explicit Settings(u64 seed, Dice& dice) {
        engine = test::PipelineRig::defaults();
        engine.batch_bytes_max = u64{1} << 20;
        if (seed % 4 == 3) {
            AcdConfig second = engine.acds[0];
            second.acd = Acd{2};
            engine.acds.push_back(second);
        }
        // Time passes faster for the switch than for the servers: states are saved as often as it has
        // intervals.
        engine.checkpoint_every = Nanos{(seed % 4) * 20'000'000};
        // In every third run more gaps are open than are kept apart.
        if (seed % 3 == 0) engine.gaps_max = 12 + static_cast<u32>(seed % 31);
        if (dice.one_in(3)) engine.reorder_window = Nanos{(1 + dice.upto(200)) * 1'000'000};
        if (dice.one_in(3)) engine.commit_every = Nanos{dice.upto(40) * 1'000'000};
        if (dice.one_in(3)) engine.rows_every = Nanos{dice.upto(1'000) * 1'000'000};
        lost_after = Nanos{(dice.one_in(6) ? 10'000 : 1'500 + dice.upto(2'000)) * 1'000'000};
        refold_every = dice.one_in(2) ? 1 : 1 + dice.upto(dice.one_in(4) ? 300 : 40);
        connected_late = dice.one_in(4);
        heads_arrive = !dice.one_in(6);
        ends_lost = dice.one_in(4);
        if (dice.one_in(8)) engine.journal_age_max = Nanos{(300 + dice.upto(3'600)) * 1'000'000'000};
        // Two machines' clocks have nothing to do with each other, and do not go equally fast.
        for (std::size_t n = 0; n < 2; ++n) {
            skew_s[n] = dice.one_in(2) ? dice.upto(7'200) : 3'600;
            if (dice.one_in(2)) drift_ns[n] = dice.upto(400);
        }
    }
    /// The journal lets go of messages within the run.
    [[nodiscard]] bool forgets() const { return engine.journal_age_max < 86'400_s; }

    EngineConfig engine;
    Nanos lost_after;
    u64 refold_every = 1;
    bool connected_late = false;    ///< not before the calm
    bool ends_lost = false;         ///< the last frame of each life but the latest comes on none
    bool heads_arrive = true;       ///< the first frames of each life come on all links
    std::array<u64, 2> skew_s{};    ///< seconds of the wall clock, 3,600 = right
    std::array<u64, 2> drift_ns{};  ///< that a clock goes too fast in a step
};

inline LinkTrouble link_trouble(Dice& dice) {
    LinkTrouble t;
    if (dice.one_in(2)) t.loss_ppm = 1'000 + dice.upto(250'000);
    if (dice.one_in(3)) t.burst_ppm = 1'000 + dice.upto(15'000);
    if (dice.one_in(4)) t.dup_ppm = dice.upto(300'000);
    if (dice.one_in(3)) t.delay_ppm = dice.upto(200'000);
    if (dice.one_in(4)) t.corrupt_ppm = dice.upto(50'000);
    if (dice.one_in(4)) t.wild_ppm = dice.upto(10'000);
    if (dice.one_in(4)) t.rival_ppm = dice.upto(dice.one_in(3) ? 200'000 : 30'000);
    if (dice.one_in(5)) t.lag_ppm = dice.upto(2'000);
    return t;
}

inline Troubles troubles(Dice& dice) {
    Troubles t;
    if (dice.one_in(3)) t.both_down = dice.upto(5'000);
    if (dice.one_in(3)) t.link_down = dice.upto(4'000);
    if (dice.one_in(3)) t.kill = dice.upto(6'000);
    if (dice.one_in(10)) t.wipe = dice.upto(3'000);
    if (dice.one_in(5)) t.stop = dice.upto(4'000);
    if (dice.one_in(2)) t.cut = dice.upto(20'000);
    if (dice.one_in(3)) t.stall = dice.upto(10'000);
    if (dice.one_in(4)) t.slow = dice.upto(10'000);
    if (dice.one_in(3)) t.pause = dice.upto(10'000);
    if (dice.one_in(3)) t.clock = dice.upto(5'000);
    if (dice.one_in(5)) t.quiet = dice.upto(2'000);
    return t;
}

}  // namespace twinlink::sim_test
