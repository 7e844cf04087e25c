// Refolds beside live messages: what they cost the live ones, and how fast they are beside the fold alone.
//
// The appliance's own four threads over ports in memory that hand out a centre's day, on both links, at a
// rate. First a history is laid down at full speed, with holes near its beginning. Then live messages come at
// kRate, once by themselves and once while hole after hole is filled, so that nearly the whole history is
// folded again all the time. Ring depths are sampled every few ms. `refold` is the same without live
// messages; `plain_fold` folds the same journal blocks in one thread with nothing around it.
//
// Folder: TWINLINK_BENCH_DIR, else the working directory. TWINLINK_BENCH_RATE: live messages/s.
#include "engine/fold/fold.hpp"
#include "engine/importer.hpp"
#include "tools/acdsim/day_tape.hpp"
#include "tools/twinlinkd/loops.hpp"

#include <benchmark/benchmark.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <set>

namespace {

using namespace twinlink;

constexpr u32 kAgents = 1'000;
constexpr double kRate = 1e6;
constexpr u64 kHistory = 3'000'000;
constexpr u64 kHoles = 200;
constexpr u64 kHoleEvery = 20;  // frames: all holes lie in the first 150,000 messages
constexpr u32 kSlots = 4 * kRingFrames;
constexpr Nanos kMeasure = 5_s;

std::filesystem::path folder() {
    const char* const given = std::getenv("TWINLINK_BENCH_DIR");
    return std::filesystem::path(given != nullptr ? given : ".") / "refold_bench.tmp";
}

double rate() {
    const char* const given = std::getenv("TWINLINK_BENCH_RATE");
    double value = kRate;
    if (given != nullptr) std::from_chars(given, given + std::strlen(given), value);
    return value;
}

class Supply;

/// One link: hands out what the supply laid out for it, and counts what comes back. The receive thread's.
class MemoryPort final : public Port {
public:
    explicit MemoryPort(Supply& supply) : supply_(supply) {
        for (Frame& frame : frames_) free_.push_back(&frame);
    }
    [[nodiscard]] bool room() const noexcept { return !free_.empty(); }
    void lay_out(const TxFrame& frame) {
        Frame& to = *free_.back();
        free_.pop_back();
        std::memcpy(to.bytes.data(), frame.head.data(), frame.head.size());
        std::memcpy(to.bytes.data() + frame.head.size(), frame.body.data(), frame.body.size());
        to.size = static_cast<u32>(frame.head.size() + frame.body.size());
        waiting_.push_back(&to);
    }
    std::size_t receive(std::span<RxFrame> out) noexcept override;
    void release(std::span<void* const> tokens) noexcept override {
        for (void* token : tokens) free_.push_back(static_cast<Frame*>(token));
    }
    void read_device() noexcept override {}
    [[nodiscard]] bool link_up() const noexcept override { return true; }
    [[nodiscard]] const PortCounters& counters() const noexcept override { return counters_; }
    [[nodiscard]] std::string_view title() const noexcept override { return "memory"; }

private:
    struct Frame {
        alignas(64) std::array<std::byte, kFrameBytesDefault> bytes;
        u32 size = 0;
    };
    Supply& supply_;
    std::vector<Frame> frames_{kSlots};
    std::vector<Frame*> free_;
    std::deque<Frame*> waiting_;
    PortCounters counters_;
};

/// What the switch sends, when. The receive thread calls pump(); the main thread sets the pace.
class Supply {
public:
    explicit Supply(sim::DayTape tape) : tape_(std::move(tape)) {}

    /// Main thread: from now on so many messages a second, until `upto` in all were sent.
    void go(double messages_per_s, u64 upto) {
        per_s_.store(messages_per_s);
        upto_.store(upto);
        generation_.fetch_add(1, std::memory_order_release);
    }
    [[nodiscard]] u64 sent() const noexcept { return sent_.load(std::memory_order_acquire); }

    void pump() noexcept {
        if (const u64 g = generation_.load(std::memory_order_acquire); g != seen_) {
            seen_ = g;
            began_ = daemon::clocks().mono;
            base_ = sent_.load();
        }
        const u64 upto = upto_.load();
        const double due = static_cast<double>((daemon::clocks().mono - began_).value) * 1e-9 * per_s_.load();
        const u64 until = std::min(upto, base_ + static_cast<u64>(std::min(due, 1e15)));
        for (u32 n = 0; n < kBurstFrames && sent_.load() < until && ports[0].room() && ports[1].room(); ++n) {
            const auto heads = tape_.next();
            sent_.fetch_add(heads.messages, std::memory_order_release);
            if (const u64 f = frames_++; f % kHoleEvery == kHoleEvery - 1 && recorded.size() < kHoles) {
                auto& bytes = recorded.emplace_back(heads.link[0].head.begin(), heads.link[0].head.end());
                bytes.insert(bytes.end(), heads.link[0].body.begin(), heads.link[0].body.end());
                continue;
            }
            for (std::size_t l = 0; l < kLinks; ++l) ports[l].lay_out(heads.link[l]);
        }
    }

    std::array<MemoryPort, kLinks> ports{MemoryPort(*this), MemoryPort(*this)};
    std::vector<std::vector<std::byte>>
        recorded;  ///< frames that both links lost; main thread, once all are there

private:
    sim::DayTape tape_;
    u64 frames_ = 0;
    u64 seen_ = 0;
    u64 base_ = 0;
    Nanos began_;
    std::atomic<u64> generation_{0};
    std::atomic<double> per_s_{0};
    std::atomic<u64> upto_{0};
    std::atomic<u64> sent_{0};
};

std::size_t MemoryPort::receive(std::span<RxFrame> out) noexcept {
    supply_.pump();
    std::size_t n = 0;
    for (; n < out.size() && !waiting_.empty(); ++n) {
        Frame& f = *waiting_.front();
        waiting_.pop_front();
        out[n] = {f.bytes.data(), &f, f.size, Acd{0}};
    }
    return n;
}

sim::DayTape record_day() {
    sim::CentreConfig centre;
    centre.agents = kAgents;
    centre.start = Nanos{u64{20'514} * 86'400 * 1'000'000'000};  // midnight of a Monday in 2026
    centre.end = centre.start + Nanos{sim::kDay};
    centre.whole_day = true;
    auto good = sim::checked(centre);
    if (!good) throw std::runtime_error(good.error().text);
    auto tape = sim::DayTape::record({*good}, kFrameBytesDefault);
    if (!tape) throw std::runtime_error(tape.error().text);
    return std::move(*tape);
}

void pause(Nanos time) { std::this_thread::sleep_for(std::chrono::nanoseconds(time.value)); }

class Bench {
public:
    Bench() : supply_(record_day()) {
        std::filesystem::remove_all(folder());
        EngineConfig config;
        config.store_path = folder().string();
        config.map_bytes = u64{8} << 30;
        config.acds.push_back({.acd = Acd{1}});
        auto engine = Engine::open(config, ports(), daemon::clocks());
        if (!engine) throw std::runtime_error(engine.error().text);
        engine_ = std::move(*engine);
        loops_ = std::make_unique<daemon::Loops>(*engine_, daemon::ThreadsConfig{}, ports(), false);
        if (auto ok = loops_->start(); !ok) throw std::runtime_error(ok.error().text);
        supply_.go(1e15, kHistory);
        wait_until_quiet();
        if (engine_->status().acds.front().open_gaps != kHoles)
            throw std::runtime_error("the holes are not there");
        auto own = StoreReader::open(folder());
        if (!own) throw std::runtime_error(own.error().text);
        own_ = std::make_unique<StoreReader>(std::move(*own));
    }
    ~Bench() {
        loops_->stop();
        loops_.reset();
        engine_.reset();
        own_.reset();
        std::error_code none;
        std::filesystem::remove_all(folder(), none);
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    /// Fills the next hole; false when there is none left.
    bool fill() {
        if (filled_ == supply_.recorded.size()) return false;
        // From the last hole to the first, so that no state in front of one is newer than the one before.
        const FrameView frame(supply_.recorded[supply_.recorded.size() - ++filled_]);
        const std::array acds{Acd{1}};
        Importer importer(engine_->offers(), *own_, acds, FilledBy::Backup);
        OfferRun run{frame.stream(), frame.first(), frame.count(), frame.body()};
        while (!importer.take(run, daemon::clocks().mono).value()) pause(1_ms);
        importer.flush();
        while (!engine_->offers_durable()) pause(1_ms);
        return true;
    }
    /// Until the whole history is durable and nothing is folded again.
    void wait_until_quiet() {
        for (;;) {
            pause(200_ms);
            const EngineStatus s = engine_->status();
            if (s.store_stopped) throw std::runtime_error(s.store_error);
            const u64 known = s.acds.empty() ? 0 : s.acds.front().stream.next;
            const bool taken = supply_.sent() >= kHistory && known > supply_.sent();
            if (taken && s.committed_messages == s.messages && !s.refolding) return;
        }
    }

    Supply& supply() { return supply_; }
    Engine& engine() { return *engine_; }
    StoreReader& own() { return *own_; }

private:
    std::array<Port*, kLinks> ports() { return {&supply_.ports[0], &supply_.ports[1]}; }

    Supply supply_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<daemon::Loops> loops_;
    std::unique_ptr<StoreReader> own_;
    std::size_t filled_ = 0;
};

/// What the live messages felt over a time.
struct Felt {
    u64 messages = 0;
    u64 refolded = 0;
    u64 refolds = 0;
    double seconds = 0;
    double ring_sum = 0;
    u64 ring_max = 0;
    u64 samples = 0;
};

/// Watches for kMeasure, filling holes meanwhile if asked to.
Felt watch(Bench& bench, bool refolding) {
    Felt felt;
    const EngineStatus before = bench.engine().status();
    const Nanos start = daemon::clocks().mono;
    EngineStatus now = before;
    for (Nanos at = start; at - start < kMeasure; at = daemon::clocks().mono) {
        now = bench.engine().status();
        const u64 depth = std::max(now.ring_frames[0], now.ring_frames[1]);
        felt.ring_sum += static_cast<double>(depth);
        felt.ring_max = std::max(felt.ring_max, depth);
        ++felt.samples;
        if (refolding && !now.refolding && !bench.fill()) break;
        pause(3_ms);
    }
    felt.seconds = static_cast<double>((daemon::clocks().mono - start).value) * 1e-9;
    now = bench.engine().status();
    felt.messages = now.messages - before.messages;
    felt.refolded = now.refolded_messages - before.refolded_messages;
    felt.refolds = now.refolds - before.refolds;
    return felt;
}

void live(benchmark::State& state) {
    try {
        Bench bench;
        Felt felt;
        for (auto _ : state) {
            bench.supply().go(rate(), ~u64{0});
            pause(500_ms);
            felt = watch(bench, state.range(0) != 0);
            state.SetIterationTime(felt.seconds);
        }
        state.counters["asked/s"] = rate();
        state.counters["messages/s"] = static_cast<double>(felt.messages) / felt.seconds;
        state.counters["refolded/s"] = static_cast<double>(felt.refolded) / felt.seconds;
        state.counters["refolds"] = static_cast<double>(felt.refolds);
        state.counters["ring_mean"] = felt.ring_sum / static_cast<double>(felt.samples);
        state.counters["ring_max"] = static_cast<double>(felt.ring_max);
    } catch (const std::exception& e) {
        state.SkipWithError(e.what());
    }
}

void refold(benchmark::State& state) {
    try {
        Bench bench;
        u64 messages = 0;
        for (auto _ : state) {
            const u64 before = bench.engine().status().refolded_messages;
            if (!bench.fill()) throw std::runtime_error("no hole is left");
            while (bench.engine().status().refolded_messages == before) pause(1_ms);
            const Nanos start = daemon::clocks().mono;  // without the settling before it
            while (bench.engine().status().refolding) pause(1_ms);
            state.SetIterationTime(static_cast<double>((daemon::clocks().mono - start).value) * 1e-9);
            messages += bench.engine().status().refolded_messages - before;
        }
        state.counters["messages/s"] =
            benchmark::Counter(static_cast<double>(messages), benchmark::Counter::kIsRate);
    } catch (const std::exception& e) {
        state.SkipWithError(e.what());
    }
}

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

void plain_fold(benchmark::State& state) {
    try {
        Bench bench;
        const auto snapshot = bench.own().snapshot();
        if (!snapshot) throw std::runtime_error(snapshot.error().text);
        const StreamRecord stream = snapshot->streams().front();
        std::vector<std::pair<Range, std::vector<std::byte>>> blocks;
        snapshot->blocks({Acd{1}, Epoch{stream.epoch}}, {Seq{1}, Seq{stream.next}}, [&](const BlockView& b) {
            blocks.emplace_back(b.range, std::vector(b.messages.begin(), b.messages.end()));
            return true;
        });
        u64 messages = 0;
        for (auto _ : state) {
            Fold fold(Acd{1}, {});
            NullSink sink;
            fold.begin_epoch(Epoch{stream.epoch}, sink);
            Seq at{1};
            const Nanos start = daemon::clocks().mono;
            for (const auto& [range, bytes] : blocks) {
                if (range.first > at) fold.missing(range.first - at);
                fold.apply(range.first, bytes, static_cast<u32>(range.count()), sink);
                messages += range.count();
                at = range.last + 1;
            }
            state.SetIterationTime(static_cast<double>((daemon::clocks().mono - start).value) * 1e-9);
        }
        state.counters["messages/s"] =
            benchmark::Counter(static_cast<double>(messages), benchmark::Counter::kIsRate);
    } catch (const std::exception& e) {
        state.SkipWithError(e.what());
    }
}

}  // namespace

BENCHMARK(live)
    ->ArgName("refolding")
    ->Arg(0)
    ->Arg(1)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(refold)->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK(plain_fold)->UseManualTime()->Iterations(5)->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
