// What every layer of the simulated world stands on: the switches, the servers, and the log of events.
#pragma once

#include "tests/sim/swarm.hpp"
#include "tests/sim/world.hpp"

#include <xxhash.h>

#include <stdexcept>

namespace twinlink::sim_test {

using partner::Counter;
using partner::RangeSet;
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

/// A switch: all that it will ever say, and how far it has come.
struct Switch {
    Switch(Acd a, sim::CentreConfig plan) : acd(a), truth(std::move(plan)) {}

    Acd acd;
    SimStream truth;
    std::array<std::unique_ptr<Player>, 2> players{};  ///< onto the links of each server
    u64 pace = 1;                                      ///< frames a step; 0 = one in so many steps:
    u64 slow_pace = 1;
    std::size_t next_frame = 0;
    u64 epoch = 0;
    u64 sent_seq = 0;
    u64 quiet_until = 0;
    u64 restarted_at = 0;  ///< step at which its next life begins, 0 = it is in the midst of one
    std::size_t last_boundary = 0;
    std::map<std::size_t, std::set<u64>> rivals{};  ///< hashes of all copies, by index in the truth

    [[nodiscard]] bool over() const { return next_frame == players[0]->frames(); }
};

/// The layers above: Links, Ledger, Checks, World.
class Base {
protected:
    explicit Base(u64 seed) : dice_(seed), settings_(seed, dice_), pair_(settings_.engine) {
        outcome_.seed = seed;
        for (const AcdConfig& acd : settings_.engine.acds) add_switch(seed, acd.acd);
        for (LinkTrouble& t : links_) t = link_trouble(dice_);
        troubles_ = troubles(dice_);
        // What a journal has let go cannot be told from the rows: no copies that differ, no lost machines.
        if (settings_.forgets()) {
            troubles_.wipe = 0;
            for (LinkTrouble& t : links_) t.rival_ppm = 0;
        }
        for (int n = 0; n < 2; ++n) {
            Now& now = server(n).rig.now;
            now.wall = now.wall + Nanos{settings_.skew_s[index(n)] * 1'000'000'000} - 3'600_s;
        }
    }

    void add_switch(u64 seed, Acd acd) {
        const bool first = acd == Acd{1};
        sim::CentreConfig plan =
            test::centre(first ? seed : seed + 1, 5 + static_cast<u32>(seed % 8), first ? 1 + seed % 2 : 1);
        if (dice_.one_in(6)) {
            const Nanos part{(plan.end - plan.start).value / 4};
            plan.restarts = {plan.start + part, plan.end - part - part, plan.end - part};
        }
        Switch& s = switches_.emplace_back(acd, std::move(plan));
        for (int n = 0; n < 2; ++n)
            s.players[index(n)] = std::make_unique<Player>(server(n).rig, s.truth, acd);
        s.pace = dice_.one_in(4) ? 1 + dice_.upto(2) : 0;
        s.slow_pace = 2 + dice_.upto(28);
        // What differs in an interval is found when it is over: behind the last boundary nothing differs.
        for (std::size_t i = 0; i < s.truth.size(); ++i)
            if (s.truth[i].template_id == IntervalBoundary::kTemplate) s.last_boundary = i;
        outcome_.messages += s.truth.size();
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

    static constexpr std::size_t index(int n) { return static_cast<std::size_t>(n); }
    PairRig::Server& server(int n) { return n == 0 ? pair_.one : pair_.two; }
    static std::string called(int n) { return "server " + std::to_string(n + 1); }
    static std::string called(Stream s) {
        return std::to_string(s.acd.value) + ":" + std::to_string(s.epoch.value % 1'000'000'000'000'000);
    }
    [[nodiscard]] bool up(int n) const { return down_until_[index(n)] == 0; }

    LostNames missing_of(PairRig::Server& s) {
        LostNames all;
        std::map<Stream, RangeSet> sets;  // neighbours are one, however they came about
        for (const GapRecord& gap :
             s.rig.snapshot().gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing}))
            sets[stream_of(gap)].add(gap.range());
        for (const auto& [stream, set] : sets) all[stream].assign(set.ranges().begin(), set.ranges().end());
        return all;
    }
    template <class R>
    static Stream stream_of(const R& record) {
        return {Acd{record.acd}, Epoch{record.epoch}};
    }

    /// The gap table is full of what is lost, so that merged gaps stay merged: nobody knows which of their
    /// names are missing.
    bool full_for_good() {
        for (PairRig::Server* s : {&pair_.one, &pair_.two}) {
            std::map<Stream, std::pair<u32, bool>> tables;
            for (const GapRecord& gap :
                 s->rig.snapshot().gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing})) {
                auto& [gaps, merged] = tables[stream_of(gap)];
                ++gaps;
                merged = merged || gap.merged != 0;
            }
            for (const auto& [stream, table] : tables)
                if (table.second && table.first >= settings_.engine.gaps_max) return true;
        }
        return false;
    }

    static Ends lives_of(PairRig::Server& s) {
        Ends lives;
        for (const StreamRecord& stream : s.rig.snapshot().streams())
            lives[stream_of(stream)] = Seq{stream.next};
        return lives;
    }

    Dice dice_;
    Settings settings_;
    Outcome outcome_;
    PairRig pair_;
    std::deque<Switch> switches_;
    std::array<LinkTrouble, 4> links_;
    Troubles troubles_;
    u64 step_ = 0;
    std::array<u64, 2> down_until_{};  ///< step at which a server that is down starts again, 0 = it is up
    std::array<u64, 2> commit_paused_until_{};
    std::array<u64, 2> stalled_until_{};
    std::array<u64, 2> slow_until_{};
    /// The partner's connection, as of now or the latest one.
    struct Connection {
        u64 begun = 0;
        u64 ended = 0;  ///< 0 = it is up
    };
    std::deque<Connection> connections_;
};

}  // namespace twinlink::sim_test
