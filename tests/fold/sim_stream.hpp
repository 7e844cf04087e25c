// The messages of a simulated call centre, kept in memory, and runs of a fold over them with holes and cuts.
#pragma once

#include "tests/fold/rows_sink.hpp"
#include "tools/acdsim/call_centre.hpp"

#include <doctest/doctest.h>

#include <random>

namespace twinlink::test {

/// All messages of all epochs in order.
class SimStream final : public sim::MessageSink {
public:
    struct Life {
        Epoch epoch;
        std::size_t first;  ///< index of its message number 1
    };
    explicit SimStream(sim::CentreConfig config) {
        const auto good = sim::checked(std::move(config));
        REQUIRE(good.has_value());
        sim::CallCentre centre(*good);
        while (!centre.over()) centre.step(*this);
    }
    void begin_epoch(Epoch epoch, Nanos) override { lives.push_back({epoch, at.size()}); }
    void put(Bytes encoded) override {
        at.push_back(bytes.size());
        bytes.insert(bytes.end(), encoded.begin(), encoded.end());
    }
    void end_epoch(Nanos, bool) override {}

    [[nodiscard]] std::size_t size() const { return at.size(); }
    [[nodiscard]] Bytes range(std::size_t from, std::size_t to) const {
        const std::size_t end = to == at.size() ? bytes.size() : at[to];
        return Bytes(bytes).subspan(at[from], end - at[from]);
    }
    [[nodiscard]] MessageView operator[](std::size_t i) const { return message_at(bytes.data() + at[i]); }

    std::vector<std::byte> bytes;
    std::vector<std::size_t> at;
    std::vector<Life> lives;
};

/// Some agents of every simulated centre, whose activities are traced.
inline constexpr std::array<u64, 5> kSomeAgents{10'001, 10'002, 10'003, 10'007, 10'011};

/// Which messages a run misses: [first, last) by index, ascending.
using Holes = std::vector<std::pair<std::size_t, std::size_t>>;

/// Folds messages [from, to) in batches of `batch`, with `holes`, telling epochs and losses as the arbiter
/// does.
inline void run(Fold& fold, RowsSink& sink, const SimStream& s, std::size_t from, std::size_t to,
                std::size_t batch, const Holes& holes = {}) {
    auto hole = holes.begin();
    u64 missing = 0;
    for (std::size_t i = from; i < to;) {
        std::size_t life = 0;
        while (life + 1 < s.lives.size() && s.lives[life + 1].first <= i) ++life;
        const std::size_t life_end = life + 1 < s.lives.size() ? s.lives[life + 1].first : s.size();
        if (s.lives[life].first == i) {
            if (missing != 0) fold.missing(std::exchange(missing, 0));  // the tail of the life before
            fold.begin_epoch(s.lives[life].epoch, sink);
        }
        while (hole != holes.end() && hole->second <= i) ++hole;
        std::size_t end = std::min({to, life_end, i + batch});
        if (hole != holes.end() && hole->first <= i) {
            end = std::min(end, hole->second);
            missing += end - i;
        } else {
            if (hole != holes.end()) end = std::min(end, hole->first);
            if (missing != 0) fold.missing(std::exchange(missing, 0));
            fold.apply(Seq{i - s.lives[life].first + 1}, s.range(i, end), static_cast<u32>(end - i), sink);
        }
        i = end;
    }
    if (missing != 0) fold.missing(missing);
}

inline sim::CentreConfig centre(u64 seed, u32 agents, u64 hours) {
    sim::CentreConfig c;
    c.seed = seed;
    c.agents = agents;
    c.start = Nanos{1'767'600'000ULL * sim::kSecond + 8 * sim::kHour};
    c.end = Nanos{c.start.value + hours * sim::kHour};
    c.pump_up_every = Nanos{17 * sim::kMinute};
    c.phantom_abandon_s = seed % 2 == 0 ? u16{5} : u16{0};
    c.clock_sets_per_day = seed % 3 == 0 ? 24 : 0;
    c.trunk_out_per_day = 60;
    if (seed % 5 == 0) c.restarts = {Nanos{c.start.value + hours * sim::kHour / 2}};
    return c;
}

}  // namespace twinlink::test
