// A pair of servers, one or two switches, four links and the partner's connection, driven from one seed in
// one thread.
//
// The servers are whole ones: decode, arbiter, gap table, fold, store (real files), refold and shim, as they
// ship; time is a number that goes up by a millisecond a step, and each server's clocks go their own way. A
// seed decides the call centres, the settings, the pace, and which troubles come when. First comes the time
// of troubles, then a calm in which both servers must come to hold the same, and exactly what a plain fold of
// the truth gives. What must hold after every step is checked after every step. The same seed makes the same
// run, event by event.
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
    u64 lost = 0;       ///< names that both agreed to be lost
    u64 kills = 0;      ///< servers that ended, however they did
    u64 wiped = 0;      ///< of these, replaced by an empty machine
    u64 cuts = 0;       ///< of the partner's connection, those by a server's end not counted
    u64 clocks = 0;     ///< wall clocks that were set
    u64 conflicts = 0;  ///< names of which a server knows that copies differ
    u64 explained = 0;  ///< times that a store's rows were held against a fold of its journal
};

/// Runs one seed.
[[nodiscard]] Outcome run_seed(u64 seed);

}  // namespace twinlink::sim_test
