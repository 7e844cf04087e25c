// Validation beside a plain memcpy of the same frames, in one run: the floor is 0.35 of memcpy's bandwidth.
//
// Frames hold about 1,450 bytes of mixed messages in the proportions of a busy call centre. Two sets: 64 MiB
// (what a NIC writes: beyond every cache), visited in a scattered order as buffers of a pool come, and 64
// frames (hot in L2). Both jobs run in alternating slices so that a noisy neighbour hits both; `ratio` is
// memcpy time / validate time.
#include <twinlink/frame.hpp>

#include <benchmark/benchmark.h>

#include <time.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <vector>

namespace {

using namespace twinlink;

constexpr std::size_t kSlotBytes = 2048;  // a packet buffer's data room

struct Frames {
    std::vector<std::byte> memory;
    std::vector<Bytes> frames;
    std::size_t bytes = 0;
    std::size_t messages = 0;
};

/// One call of a busy site, message by message, with values that differ.
template <class F>
void call(std::mt19937_64& random, F&& add) {
    const u64 call = random();
    const u64 agent = 1'000 + random() % 9'000;
    const u64 time = 1'700'000'000'000'000'000 + random() % 1'000'000'000'000;
    if (random() % 2 == 0) {
        TrunkSeized seized{};
        seized.time = time;
        seized.call = call;
        add(seized);
    }
    add(CallAtVdn{time, call, 70'001, VdnEntry::First, 0, 0});
    add(CallAtVector{time, call, 17, VectorEntry::Vdn, 0, 0});
    add(CallQueued{time, call, 0, 5, Priority::Medium, 1, QueuedBy::QueueTo, 0, 0});
    add(CallRinging{time, call, agent, 5, Offer::Skill, 0, 0});
    add(AgentState{time, agent, call, 5, AgentMode::Avail, AgentMode::Ring, 0, Direction::None, 0});
    add(CallAnswered{time, call, agent, 5, Offer::Skill, 0, 0});
    add(AgentState{time, agent, call, 5, AgentMode::Ring, AgentMode::Acd, 0, Direction::None, 0});
    if (random() % 4 == 0) {
        add(CallHeld{time, call, agent});
        add(CallRetrieved{time, call, agent});
    }
    add(CallReleased{time, call, agent, ReleasedBy::Caller, 0, 0, 0});
    add(AgentState{time, agent, call, 5, AgentMode::Acd, AgentMode::Acw, 0, Direction::None, 0});
    add(TrunkIdle{time, call, 3, 44, 0});
    add(AgentState{time, agent, 0, 0, AgentMode::Acw, AgentMode::Avail, 0, Direction::None, 0});
}

Frames make_frames(std::size_t count) {
    Frames set;
    set.memory.resize(count * kSlotBytes);
    std::vector<std::size_t> slots(count);
    std::iota(slots.begin(), slots.end(), 0U);
    std::mt19937_64 random{1};
    std::shuffle(slots.begin(), slots.end(), random);
    FrameHeader header{};
    header.acd = 1;
    header.epoch = 1;
    header.first_seq = 1;
    std::size_t next = 0;
    FrameBuilder builder{{set.memory.data() + slots[0] * kSlotBytes, kFrameBytesDefault}};
    builder.reset(header);
    while (next < count) {
        call(random, [&](const auto& message) {
            if (next == count || builder.add(message)) return;
            set.frames.push_back(builder.finish(Nanos{1}));
            set.bytes += set.frames.back().size();
            set.messages += builder.count();
            header.first_seq += builder.count();
            if (++next == count) return;
            builder = FrameBuilder{{set.memory.data() + slots[next] * kSlotBytes, kFrameBytesDefault}};
            builder.reset(header);
            builder.add(message);
        });
    }
    return set;
}

/// Seconds of processor time of this thread: other people's load on the machine does not count.
double cpu_seconds() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Runs `job` on every frame, `passes` times; returns seconds.
template <class F>
double timed(const Frames& set, std::size_t passes, F&& job) {
    const double begin = cpu_seconds();
    for (std::size_t i = 0; i < passes; ++i)
        for (const Bytes frame : set.frames) job(frame);
    return cpu_seconds() - begin;
}

/// Both jobs in alternating slices; what is reported as time is validate's.
void validate_beside_memcpy(benchmark::State& state) {
    const Frames set = make_frames(static_cast<std::size_t>(state.range(0)));
    alignas(64) std::array<std::byte, kSlotBytes> to;
    const std::size_t passes = std::max<std::size_t>(1, 4'096 / set.frames.size());
    double copying = 0;
    double validating = 0;
    for (auto _ : state) {
        copying += timed(set, passes, [&](Bytes frame) {
            std::memcpy(to.data(), frame.data(), frame.size());
            benchmark::DoNotOptimize(to.data());
            benchmark::ClobberMemory();
        });
        const double slice = timed(set, passes, [&](Bytes frame) {
            if (validate(frame) != FrameRefusal::Ok) state.SkipWithError("a frame of ours was refused");
        });
        validating += slice;
        state.SetIterationTime(slice);
    }
    const double work = static_cast<double>(state.iterations() * static_cast<i64>(passes));
    const double bytes = work * static_cast<double>(set.bytes);
    state.counters["validate_GBps"] = bytes / validating / 1e9;
    state.counters["memcpy_GBps"] = bytes / copying / 1e9;
    state.counters["ratio"] = copying / validating;
    state.counters["Mmsg_per_s"] = work * static_cast<double>(set.messages) / validating / 1e6;
    state.counters["B_per_msg"] = static_cast<double>(set.bytes) / static_cast<double>(set.messages);
}
BENCHMARK(validate_beside_memcpy)->ArgName("frames")->Arg(64)->Arg(32'768)->UseManualTime();

void crc_alone(benchmark::State& state) {
    const std::vector<std::byte> data(static_cast<std::size_t>(state.range(0)), std::byte{0x5A});
    for (auto _ : state) benchmark::DoNotOptimize(crc32c(data));
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(crc_alone)->ArgName("bytes")->Arg(48)->Arg(256)->Arg(1'450)->Arg(8'972);

void build_frame(benchmark::State& state) {
    std::array<std::byte, kFrameBytesDefault> buffer;
    FrameBuilder builder{buffer};
    FrameHeader header{};
    header.acd = 1;
    header.epoch = 1;
    header.first_seq = 1;
    const AgentState message{1, 2, 3, 4, AgentMode::Acd, AgentMode::Acw, 0, Direction::None, 0};
    std::size_t bytes = 0;
    for (auto _ : state) {
        builder.reset(header);
        while (builder.add(message)) {
        }
        const Bytes frame = builder.finish(Nanos{1});
        benchmark::DoNotOptimize(frame.data());
        bytes += frame.size();
    }
    state.SetBytesProcessed(static_cast<i64>(bytes));
}
BENCHMARK(build_frame);

}  // namespace

BENCHMARK_MAIN();
