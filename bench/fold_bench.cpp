// The fold alone: messages a second over a legal synthetic stream, with given numbers of agents and calls in
// progress.
//
// Every call lives the same life: seized, at a VDN, queued, waits, rings, is answered, released, followed by
// after-call work: 12 messages that each find their call and agent cold, since calls and agents take turns.
// The stream repeats for ever: call ids and times go on. One thread.
#include "engine/fold/fold.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace twinlink {
namespace {

class NullSink final : public FoldSink {
public:
    void row(const RowKey&, std::span<const u64> items, bool) override {
        benchmark::DoNotOptimize(items.data());
    }
    void interval(const IntervalRecord&) override {}
    void translation(const NameRecord&) override {}
    void acd(const AcdRecord&) override {}
    void checkpoint(Epoch, Seq, u64) override {}
};

constexpr u64 kStart = 1'767'600'000ULL * 1'000'000'000;
constexpr u64 kAgentBase = 10'000;

class Stream {
public:
    Stream(u32 agents, u32 skills, u32 waiting)
        : agents_(agents), skills_(skills), waiting_(waiting), trunks_(1 + (waiting + agents) / kGroups) {}

    template <class M>
    void put(const M& m) {
        const std::size_t at = bytes.size();
        bytes.resize(at + sizeof(SbeHeader) + sizeof m);
        write_message(bytes.data() + at, m);
        ++count;
    }
    void clear() {
        bytes.clear();
        count = 0;
    }
    [[nodiscard]] u64 agent(u64 i) const { return kAgentBase + i % agents_; }
    [[nodiscard]] u16 skill(u64 i) const { return static_cast<u16>(1 + i % agents_ % skills_); }

    void begin() {
        put(PumpUpBegin{time_, PumpUpWhy::Start, 0, 0, 0});
        put(AcdInfo{time_, 0, 30, 0, 0, {}, {}});
        for (u16 s = 1; s <= skills_; ++s)
            put(SkillInfo{time_, s, 20, {5, 10, 20, 30, 45, 60, 90, 120, 300}, 0, {}});
        PumpUpEnd end{};
        end.time = time_;
        end.skills = skills_;
        put(end);
        for (u64 i = 0; i < agents_; ++i) {
            put(AgentLogin{time_, agent(i), 1, 0});
            for (u32 k = 0; k < 3; ++k)
                put(AgentSkill{time_, agent(i), static_cast<u16>(1 + (skill(i) - 1 + k) % skills_),
                               static_cast<u8>(k + 1), 0, 0, 0, 0});
            state(agent(i), 0, 0, AgentMode::Other, AgentMode::Avail);
        }
    }
    /// Calls enter the queue ahead; as many as are waiting are in progress at any time.
    void step() {
        time_ += 1'000'000;
        const u64 in = next_++;
        put(TrunkSeized{time_, in, in, group(in), trunk(in), CallDirection::In, 0, 0, {}, {}});
        put(CallAtVdn{time_, in, 5'000U + skill(in), VdnEntry::First, 0, 0});
        put(CallAtVector{time_, in, skill(in), VectorEntry::Vdn, 0, 0});
        put(CallQueued{time_, in, 0, skill(in), Priority::Medium, 1, QueuedBy::QueueTo, 0, 0});
        if (in < waiting_) return;
        const u64 c = in - waiting_ + 1;
        put(CallRinging{time_, c, agent(c), skill(c), Offer::Skill, 0, 0});
        state(agent(c), c, skill(c), AgentMode::Avail, AgentMode::Ring);
        // Agents take turns: each of these steps is for a call further on in its life.
        if (const u64 d = back(c, agents_ / 4)) {
            put(CallAnswered{time_, d, agent(d), skill(d), Offer::Skill, 0, 0});
            state(agent(d), d, skill(d), AgentMode::Ring, AgentMode::Acd);
        }
        if (const u64 d = back(c, agents_ / 2)) {
            put(CallReleased{time_, d, agent(d), ReleasedBy::Caller, 0, 0, 0});
            state(agent(d), d, skill(d), AgentMode::Acd, AgentMode::Acw);
            put(TrunkIdle{time_, d, group(d), trunk(d), 0});
        }
        if (const u64 d = back(c, agents_ * 3 / 4)) state(agent(d), 0, 0, AgentMode::Acw, AgentMode::Avail);
        if (time_ - boundary_ >= 1'800'000'000'000ULL) {
            boundary_ += 1'800'000'000'000ULL;
            put(IntervalBoundary{time_, boundary_, 30, 0, 0});
        }
    }

    std::vector<std::byte> bytes;
    u32 count = 0;

private:
    // A hundred groups take turns, each with as many trunks as are in use at once.
    static constexpr u32 kGroups = 100;
    static u16 group(u64 call) { return static_cast<u16>(1 + call % kGroups); }
    [[nodiscard]] u16 trunk(u64 call) const { return static_cast<u16>(1 + call / kGroups % trunks_); }
    static u64 back(u64 c, u64 by) { return c > by ? c - by : 0; }
    void state(u64 a, u64 call, u16 s, AgentMode before, AgentMode now) {
        put(AgentState{time_, a, call, s, before, now, 0, Direction::None, 0});
    }

    u32 agents_;
    u32 skills_;
    u64 waiting_;
    u32 trunks_;  ///< of a group
    u64 time_ = kStart;
    u64 boundary_ = kStart;
    u64 next_ = 1;
};

void fold_messages(benchmark::State& state) {
    const auto agents = static_cast<u32>(state.range(0));
    const auto waiting = static_cast<u32>(state.range(1));
    Stream s(agents, std::max(1U, agents / 25), waiting);
    Fold fold(Acd{1}, {});
    NullSink sink;
    fold.begin_epoch(Epoch{kStart}, sink);
    u64 seq = 1;
    const auto fold_all = [&] {
        fold.apply(Seq{seq}, s.bytes, s.count, sink);
        seq += s.count;
        s.clear();
    };
    s.begin();
    fold_all();
    for (u32 i = 0; i < 2 * (waiting + agents); ++i) s.step();  // until every trunk had a call
    fold_all();
    u64 messages = 0;
    for (auto _ : state) {
        for (u32 part = 0; part < 10; ++part) {
            state.PauseTiming();
            for (u32 i = 0; i < 2'000; ++i) s.step();
            messages += s.count;
            state.ResumeTiming();
            fold_all();
        }
        if (state.range(2) != 0) fold.flush(sink);  // as a commit would, every 240,000 messages
    }
    u64 illegal = 0;
    for (auto c = static_cast<u8>(FoldCounter::BadValue); c <= static_cast<u8>(FoldCounter::Missing); ++c)
        illegal += fold.counter(static_cast<FoldCounter>(c));
    if (illegal != 0) state.SkipWithError("the stream is not legal");
    state.counters["messages/s"] =
        benchmark::Counter(static_cast<double>(messages), benchmark::Counter::kIsRate);
}

void save_checkpoint(benchmark::State& state) {
    const auto agents = static_cast<u32>(state.range(0));
    Stream s(agents, std::max(1U, agents / 25), static_cast<u32>(state.range(1)));
    Fold fold(Acd{1}, {});
    NullSink sink;
    fold.begin_epoch(Epoch{kStart}, sink);
    s.begin();
    for (u32 i = 0; i < state.range(1) + 2 * agents; ++i) s.step();
    fold.apply(Seq{1}, s.bytes, s.count, sink);
    std::vector<std::byte> bytes;
    for (auto _ : state) {
        bytes.clear();
        fold.save(bytes);
    }
    state.counters["bytes"] = static_cast<double>(bytes.size());
}

BENCHMARK(fold_messages)
    ->ArgNames({"agents", "calls", "flush"})
    ->Args({100, 100, 0})
    ->Args({1'000, 10'000, 0})
    ->Args({10'000, 100'000, 0})
    ->Args({10'000, 100'000, 1})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(save_checkpoint)->Args({10'000, 100'000})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace twinlink
