// The three stages in one thread, wire to durable rows: what a message costs in each, and so which one
// limits.
//
// Frames are a call centre's day (the switch's own model, encoder and tape), laid out before they are timed;
// a port in memory hands them out where they lie, on both links. Each round: receive (validation, ring), fold
// (arbiter, journal block, fold), commit (LMDB on the disk), each until nothing is left, each timed. A commit
// is made when kCommitBytes have gathered, as under load; the journal is at its limit when measuring begins,
// so every commit also deletes what it brings. One iteration is one round.
//
// Folder: TWINLINK_BENCH_DIR, else the working directory; it should lie on the disk that is to be measured.
#include "engine/pipeline.hpp"
#include "tools/acdsim/day_tape.hpp"

#include <benchmark/benchmark.h>

#include <time.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace {

using namespace twinlink;

constexpr u64 kRoundFrames = 4'096;  // on each link: 12 MB, more than L2, as what a NIC writes
constexpr u64 kCommitBytes = u64{16} << 20;
constexpr u64 kJournalBytes = u64{1} << 30;

std::filesystem::path folder() {
    const char* const given = std::getenv("TWINLINK_BENCH_DIR");
    return std::filesystem::path(given != nullptr ? given : ".") / "pipeline_bench.tmp";
}

Nanos read_clock(clockid_t id) {
    timespec t{};
    clock_gettime(id, &t);
    return Nanos{static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec)};
}
Now clocks() { return {read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_REALTIME)}; }

/// Hands out what was laid out, and counts what comes back.
class MemoryPort final : public Port {
public:
    void lay_out(std::size_t slot, const TxFrame& frame) {
        auto& to = frames_[slot];
        std::memcpy(to.bytes.data(), frame.head.data(), frame.head.size());
        std::memcpy(to.bytes.data() + frame.head.size(), frame.body.data(), frame.body.size());
        to.size = static_cast<u32>(frame.head.size() + frame.body.size());
    }
    /// The round may begin: `count` frames arrive. The slots of the round before last must be back by now.
    void begin(std::size_t first, std::size_t count) { next_ = first, end_ = first + count; }
    [[nodiscard]] bool empty() const { return next_ == end_; }

    std::size_t receive(std::span<RxFrame> out) noexcept override {
        const std::size_t n = std::min(out.size(), end_ - next_);
        for (std::size_t i = 0; i < n; ++i) {
            Frame& f = frames_[next_++];
            out[i] = {f.bytes.data(), &f, f.size, Acd{0}};
        }
        held_ += n;
        return n;
    }
    void release(std::span<void* const> tokens) noexcept override { held_ -= tokens.size(); }
    void read_device() noexcept override {}
    [[nodiscard]] bool link_up() const noexcept override { return true; }
    [[nodiscard]] const PortCounters& counters() const noexcept override { return counters_; }
    [[nodiscard]] std::string_view title() const noexcept override { return "memory"; }
    [[nodiscard]] u64 held() const noexcept { return held_; }

private:
    struct Frame {
        alignas(64) std::array<std::byte, kFrameBytesDefault> bytes;
        u32 size = 0;
    };
    // Two rounds: the arbiter keeps the latest frames of a round while the next one is laid out.
    std::vector<Frame> frames_{2 * kRoundFrames};
    std::size_t next_ = 0;
    std::size_t end_ = 0;
    u64 held_ = 0;
    PortCounters counters_;
};

/// Wall time, and time of this thread: the second is what counts on a machine that others use too.
struct Time {
    u64 wall_ns = 0;
    u64 cpu_ns = 0;

    static Time now() {
        return {read_clock(CLOCK_MONOTONIC).value, read_clock(CLOCK_THREAD_CPUTIME_ID).value};
    }
    Time& operator+=(const Time& t) { return wall_ns += t.wall_ns, cpu_ns += t.cpu_ns, *this; }
    friend Time operator-(const Time& a, const Time& b) {
        return {a.wall_ns - b.wall_ns, a.cpu_ns - b.cpu_ns};
    }
};

struct Costs {
    Time receive;
    Time fold;
    Time commit;
    u64 messages = 0;
    u64 commits = 0;
};

/// The engine with its ports and the tape that feeds them.
class Bench {
public:
    explicit Bench(u32 agents) {
        std::filesystem::remove_all(folder());
        sim::CentreConfig centre;
        centre.agents = agents;
        centre.start = Nanos{u64{20'514} * 86'400 * 1'000'000'000};  // midnight of a Monday in 2026
        centre.end = centre.start + Nanos{sim::kDay};
        centre.whole_day = true;
        auto good = sim::checked(centre);
        if (!good) throw std::runtime_error(good.error().text);
        auto tape = sim::DayTape::record({*good}, kFrameBytesDefault);
        if (!tape) throw std::runtime_error(tape.error().text);
        tape_ = std::make_unique<sim::DayTape>(std::move(*tape));

        EngineConfig config;
        config.store_path = (folder()).string();
        config.map_bytes = 4 * kJournalBytes;
        config.journal_bytes_max = kJournalBytes;
        config.acds.push_back({.acd = Acd{1}});
        auto engine = Engine::open(config, {&ports_[0], &ports_[1]}, clocks());
        if (!engine) throw std::runtime_error(engine.error().text);
        engine_ = std::move(*engine);
    }
    ~Bench() {
        engine_->stop();
        while (!engine_->stopped()) {
            engine_->poll_fold(clocks());
            engine_->poll_commit(clocks());
        }
        engine_->poll_receive(clocks());
        engine_.reset();
        std::error_code none;
        std::filesystem::remove_all(folder(), none);
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    /// One round; returns its time without that of laying out.
    u64 round(Costs& costs) {
        const std::size_t half = rounds_++ % 2 * kRoundFrames;
        u64 messages = 0;
        for (std::size_t i = 0; i < kRoundFrames; ++i) {
            const auto heads = tape_->next();
            for (std::size_t l = 0; l < kLinks; ++l) ports_[l].lay_out(half + i, heads.link[l]);
            messages += heads.messages;
        }
        for (MemoryPort& port : ports_) port.begin(half, kRoundFrames);
        const Time start = Time::now();
        while (!ports_[0].empty() || !ports_[1].empty()) engine_->poll_receive(clocks());
        const Time received = Time::now();
        while (engine_->poll_fold(clocks()) != 0) {
        }
        const Time folded = Time::now();
        if (gathered_ += messages; gathered_ * kAboutMessageBytes >= kCommitBytes) {
            gathered_ = 0;
            costs.commits += engine_->poll_commit(clocks());
            engine_->poll_fold(clocks());  // closes the next one
        }
        const Time end = Time::now();
        costs.receive += received - start;
        costs.fold += folded - received;
        costs.commit += end - folded;
        costs.messages += messages;
        return (end - start).wall_ns;
    }
    [[nodiscard]] bool journal_full() const {
        return engine_->status().store_counters[static_cast<std::size_t>(StoreCounter::PrunedBlocks)] != 0;
    }
    /// What must not have happened, in words; empty = nothing did.
    [[nodiscard]] std::string complaint() const {
        const EngineStatus s = engine_->status();
        if (s.store_stopped) return "the store stopped: " + s.store_error;
        for (const Link l : {Link::A, Link::B}) {
            if (engine_->receive_counters(l).get(ReceiveCounter::RingFull) != 0) return "the ring was full";
            for (std::size_t r = 1; r < kFrameRefusals; ++r) {
                const auto refusal = static_cast<FrameRefusal>(r);
                if (engine_->refusals(l).get(refusal) != 0) return std::string("refused: ") + name(refusal);
            }
        }
        return s.acds.front().open_gaps != 0 ? "there are gaps" : "";
    }

private:
    static constexpr u64 kAboutMessageBytes = 38;
    std::unique_ptr<sim::DayTape> tape_;
    std::array<MemoryPort, kLinks> ports_;
    std::unique_ptr<Engine> engine_;
    u64 rounds_ = 0;
    u64 gathered_ = 0;
};

void pipeline(benchmark::State& state) {
    try {
        Bench bench(static_cast<u32>(state.range(0)));
        Costs costs;
        while (!bench.journal_full()) bench.round(costs);
        costs = {};
        for (auto _ : state) state.SetIterationTime(static_cast<double>(bench.round(costs)) / 1e9);
        if (const std::string complaint = bench.complaint(); !complaint.empty())
            return state.SkipWithError(complaint.c_str());
        const auto messages = static_cast<double>(costs.messages);
        const auto show = [&](const std::string& stage, const Time& t) {
            state.counters[stage + "_ns"] = static_cast<double>(t.wall_ns) / messages;
            state.counters[stage + "_cpu_ns"] = static_cast<double>(t.cpu_ns) / messages;
        };
        state.counters["messages"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
        show("receive", costs.receive);
        show("fold", costs.fold);
        show("commit", costs.commit);
        state.counters["commits"] = static_cast<double>(costs.commits);
    } catch (const std::exception& e) {
        state.SkipWithError(e.what());
    }
}

}  // namespace

// Agents of the ACD: more of them touch more memory, and write more rows.
BENCHMARK(pipeline)->ArgName("agents")->Arg(100)->Arg(1'000)->Arg(10'000)->UseManualTime()->MinTime(5)->Unit(
    benchmark::kMillisecond);

BENCHMARK_MAIN();
