// What every layer of the simulated world stands on: the seed's choices, the servers, and the log of events.
#pragma once

#include "tests/sim/oracle.hpp"
#include "tests/sim/world.hpp"

#include <xxhash.h>

#include <stdexcept>

namespace twinlink::sim_test {

using partner::Counter;
using test::centre;
using test::first_difference;
using test::PairRig;
using test::PipelineRig;
using test::Player;
using test::SimStream;

constexpr std::size_t kEventsKept = 200;
constexpr u64 kFirstFrames = 3;    // both links need two frames to begin: these arrive
constexpr u64 kCalmMost = 90'000;  // steps that healing may take

class Violated : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
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
    u64 rival_ppm = 0;   ///< frames of which one message is another one than was sent
    u64 down_until = 0;  ///< step
};

struct Delayed {
    u64 due;
    int server;
    Link link;
    std::size_t frame;
    bool operator<(const Delayed& other) const { return due > other.due; }
};

/// Two servers, a switch's stream, and what is to happen to them. The layers above: Links, Checks, World.
class Base {
protected:
    explicit Base(u64 seed)
        : random_(seed * 0x9E37'79B9'7F4A'7C15ULL + 1), truth_(plan(seed)), pair_(servers(seed)) {
        outcome_.seed = seed;
        outcome_.messages = truth_.size();
        players_[0] = std::make_unique<Player>(pair_.one.rig, truth_);
        players_[1] = std::make_unique<Player>(pair_.two.rig, truth_);
        swarm();
    }

    // ---- the seed's choices
    static sim::CentreConfig plan(u64 seed) {
        sim::CentreConfig c = centre(seed, 5 + static_cast<u32>(seed % 8), 1 + seed % 2);
        return c;
    }
    /// In every third run more gaps are open than are kept apart.
    static u32 gaps_max(u64 seed) { return seed % 3 == 0 ? 12 + static_cast<u32>(seed % 31) : kGapsMax; }
    /// Time passes faster for the switch than for the servers: states are saved as often as it has intervals.
    static EngineConfig servers(u64 seed) {
        EngineConfig config = PipelineRig::defaults();
        config.checkpoint_every = Nanos{(seed % 4) * 20'000'000};
        config.gaps_max = gaps_max(seed);
        return config;
    }
    u64 upto(u64 most) { return random_() % (most + 1); }
    bool chance(u64 ppm) { return ppm != 0 && random_() % 1'000'000 < ppm; }

    /// Each run has some kinds of trouble and not others, so that they meet in all combinations.
    void swarm() {
        pace_ = upto(2) == 0 ? 1 + upto(2) : upto(1) == 0 ? 1 : 0;
        slow_pace_ = 2 + upto(4);
        for (LinkTrouble& t : links_) {
            if (upto(1) == 0) t.loss_ppm = 1'000 + upto(250'000);
            if (upto(2) == 0) t.burst_ppm = 1'000 + upto(15'000);
            if (upto(3) == 0) t.dup_ppm = upto(300'000);
            if (upto(2) == 0) t.delay_ppm = upto(200'000);
            if (upto(3) == 0) t.corrupt_ppm = upto(50'000);
            if (upto(3) == 0) t.wild_ppm = upto(10'000);
        }
        both_down_ppm_ = upto(2) == 0 ? upto(5'000) : 0;
        link_down_ppm_ = upto(2) == 0 ? upto(4'000) : 0;
        kill_ppm_ = upto(2) == 0 ? upto(6'000) : 0;
        wipe_ppm_ = upto(9) == 0 ? upto(3'000) : 0;
        stop_ppm_ = upto(4) == 0 ? upto(4'000) : 0;
        cut_ppm_ = upto(1) == 0 ? upto(20'000) : 0;
        stall_ppm_ = upto(2) == 0 ? upto(10'000) : 0;
        slow_ppm_ = upto(3) == 0 ? upto(10'000) : 0;
        pause_ppm_ = upto(2) == 0 ? upto(10'000) : 0;
        refold_every_ = upto(1) == 0 ? 1 : 1 + upto(40);
        connected_late_ = upto(3) == 0;
        for (LinkTrouble& t : links_)
            if (upto(3) == 0) t.rival_ppm = upto(30'000);
        // What differs in an interval is found when it is over: behind the last boundary nothing differs.
        for (std::size_t i = 0; i < truth_.size(); ++i)
            if (truth_[i].template_id == IntervalBoundary::kTemplate) last_boundary_ = i;
    }

    void say(const std::string& what) {
        const std::string line = std::to_string(step_) + " " + what;
        outcome_.hash = XXH3_64bits_withSeed(line.data(), line.size(), outcome_.hash);
        outcome_.events.push_back(line);
        if (outcome_.events.size() > kEventsKept) outcome_.events.pop_front();
    }
    [[noreturn]] void violated(const std::string& what) {
        say("VIOLATED: " + what);
        throw Violated(what);
    }
    PairRig::Server& server(int n) { return n == 0 ? pair_.one : pair_.two; }
    static std::string called(int n) { return "server " + std::to_string(n + 1); }

    LostNames missing_of(PairRig::Server& s) {
        LostNames all;
        std::map<Epoch, partner::RangeSet> sets;  // neighbours are one, however they came about
        for (const GapRecord& gap :
             s.rig.snapshot().gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing}))
            sets[Epoch{gap.epoch}].add(gap.range());
        for (const auto& [epoch, set] : sets) all[epoch].assign(set.ranges().begin(), set.ranges().end());
        return all;
    }

    /// The gap table is full of what is lost, so that merged gaps stay merged: nobody knows which of their
    /// names are missing.
    bool full_for_good() {
        for (PairRig::Server* s : {&pair_.one, &pair_.two}) {
            std::map<u64, std::pair<u32, bool>> tables;
            for (const GapRecord& gap :
                 s->rig.snapshot().gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing})) {
                auto& [gaps, merged] = tables[gap.epoch];
                ++gaps;
                merged = merged || gap.merged != 0;
            }
            for (const auto& [epoch, table] : tables)
                if (table.second && table.first >= gaps_max(outcome_.seed)) return true;
        }
        return false;
    }

    static std::vector<std::pair<u64, u64>> lives_of(PairRig::Server& s) {
        std::vector<std::pair<u64, u64>> lives;
        for (const StreamRecord& stream : s.rig.snapshot().streams())
            lives.emplace_back(stream.epoch, stream.next);
        return lives;
    }

    std::mt19937_64 random_;
    SimStream truth_;
    PairRig pair_;
    std::array<std::unique_ptr<Player>, 2> players_;
    Outcome outcome_;
    u64 step_ = 0;
    u64 pace_ = 1;  ///< frames a step; 0 = one in so many steps:
    u64 slow_pace_ = 1;
    std::size_t next_frame_ = 0;
    std::size_t last_boundary_ = 0;
    std::map<std::size_t, std::set<u64>> rivals_;  ///< hashes of all copies, by index in the truth
    u64 epoch_ = 0;
    u64 sent_seq_ = 0;
    std::array<LinkTrouble, 4> links_;
    std::vector<Delayed> delayed_;
    u64 link_down_ppm_ = 0;
    u64 both_down_ppm_ = 0;
    u64 kill_ppm_ = 0;
    u64 wipe_ppm_ = 0;
    u64 stop_ppm_ = 0;
    u64 cut_ppm_ = 0;
    u64 stall_ppm_ = 0;
    u64 slow_ppm_ = 0;
    u64 pause_ppm_ = 0;
    u64 refold_every_ = 1;
    bool connected_late_ = false;
    bool was_healed_ = false;
    u64 connect_at_ = 0;
    u64 lives_ = 0;
    std::array<u64, 2> down_until_{};
    std::array<u64, 2> commit_paused_until_{};
    std::array<u64, 2> refold_paused_until_{};
    std::array<u64, 2> stalled_until_{};
    std::array<u64, 2> slow_until_{};
    std::array<std::vector<std::byte>, 2> heard_;
    std::array<std::map<u32, std::pair<Epoch, partner::RangeSet>>, 2> wants_;
    std::map<const PairRig::Server*, std::map<u64, std::pair<u64, u64>>> durable_;
    std::set<std::tuple<int, u64, u64, u64>> reported_;
};

}  // namespace twinlink::sim_test
