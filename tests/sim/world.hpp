// A pair of servers, a switch, four links and the partner's connection, driven from one seed in one thread.
//
// The servers are whole ones: decode, arbiter, gap table, fold, store (real files), refold and shim, as they
// ship; time is a number that goes up by a millisecond a step. A seed decides the call centre, the pace, and
// which troubles come when. First comes the time of troubles, then a calm in which both servers must come to
// hold the same, and exactly what a plain fold of the truth gives. What must hold after every step is checked
// after every step. The same seed makes the same run, event by event.
#pragma once

#include "engine/planted.hpp"
#include "tests/partner/pair_rig.hpp"

#include <deque>
#include <set>

namespace twinlink::sim_test {

/// What a run came to.
struct Outcome {
    u64 seed = 0;
    std::string failure;             ///< empty = none; the first thing that did not hold
    std::deque<std::string> events;  ///< the latest
    u64 hash = 0;                    ///< of all events
    u64 steps = 0;
    u64 messages = 0;
    u64 filled_by_partner = 0;
    u64 lost = 0;  ///< names that both agreed to be lost
    u64 kills = 0;
    u64 conflicts = 0;  ///< names of which a server knows that copies differ
};

/// Runs one seed.
[[nodiscard]] Outcome run_seed(u64 seed);

}  // namespace twinlink::sim_test
