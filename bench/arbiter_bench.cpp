// The arbiter alone: frames of 38 messages on two links, B some frames behind A, with loss on each link and
// with disorder; beside it the one thing that it cannot do without, a memcmp of the two copies' bodies.
//
// One thread. A schedule of arrivals is made once from a seed and repeated with higher numbers; buffers are
// used again when the arbiter has let go of them (checked), more of them than the caches hold, as a port's
// pool is. Figures are frames (both links) and messages (each name once) a second. Time is made up: 7.6 us a
// frame on each link, which is 5 M messages a second.
#include "engine/link/arbiter.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <random>

namespace {

using namespace twinlink;

constexpr u64 kPool = 16'384;                   // buffers per link, 24 MB
constexpr u64 kCycle = 16'384;                  // frames of the schedule on each link
constexpr u64 kBehind = 4;                      // frames that B is behind A
constexpr u64 kDisorder = 8;                    // frames among which the order is lost
constexpr u64 kSliceFrames = 2 * kBurstFrames;  // as the fold stage takes them, then time passes
constexpr u32 kMessagesPerFrame = 38;
constexpr u32 kEpoch = 7;
constexpr u64 kSeed = 3;

struct Buffer {
    alignas(64) std::array<std::byte, kFrameBytesDefault> bytes;
    u32 size = 0;
    bool held = false;
};

/// A frame of kMessagesPerFrame messages, the same on both links.
void fill(Buffer& buffer, Link link, u64 flavour) {
    FrameHeader h{};
    h.acd = 1;
    h.link = static_cast<u8>(link);
    h.epoch = kEpoch;
    h.first_seq = 1;
    FrameBuilder builder(buffer.bytes);
    builder.reset(h);
    for (u32 i = 0; i < kMessagesPerFrame; ++i) {
        const u64 time = 1'700'000'000'000'000'000 + flavour * kMessagesPerFrame + i;
        const bool added = i % 2 == 0 ? builder.add(CallHeld{time, flavour, i})
                                      : builder.add(CallAtVdn{time, flavour, 70'001, VdnEntry::First, 0, 0});
        if (!added) std::abort();
    }
    buffer.size = static_cast<u32>(builder.finish(Nanos{0}).size());
}

/// What arrives, in order: frame `at` of the cycle on `link`.
struct Arrival {
    u32 at;
    Link link;
};

std::vector<Arrival> schedule(u64 loss_ppm, bool disorder) {
    std::mt19937_64 random(kSeed);
    std::vector<Arrival> arrivals;
    for (u64 k = 0; k < kCycle; ++k) {
        arrivals.push_back({static_cast<u32>(k), Link::A});
        if (k >= kBehind) arrivals.push_back({static_cast<u32>(k - kBehind), Link::B});
    }
    for (u64 k = kCycle - kBehind; k < kCycle; ++k) arrivals.push_back({static_cast<u32>(k), Link::B});
    if (disorder) {
        for (std::size_t i = 0; i + 2 * kDisorder <= arrivals.size(); i += 2 * kDisorder) {
            const auto first = arrivals.begin() + static_cast<std::ptrdiff_t>(i);
            std::shuffle(first, first + 2 * kDisorder, random);
        }
    }
    std::erase_if(arrivals, [&](const Arrival&) { return random() % 1'000'000 < loss_ppm; });
    return arrivals;
}

/// Counts and takes buffers back.
class Sink final : public ArbiterSink {
public:
    void begin_epoch(Epoch) override {}
    void accept(Seq, Bytes, u32 count, u64) override { messages += count; }
    void missing(Range range) override { lost += range.count(); }
    void fill(Stream, Seq, Bytes, u32 count) override { messages += count; }
    void conflict(Stream, Seq, Link, Bytes, Link, Bytes) override { std::abort(); }
    void older_stream(const StreamRecord&) override {}
    void missing_in_older(Stream, Seq) override {}
    void older_link(const LinkRecord&) override {}
    void release(Link, void* token) override { static_cast<Buffer*>(token)->held = false; }
    void gap_changed(const GapRecord&) override { ++gap_changes; }
    void gap_gone(Stream, Seq) override {}
    void gap_apart(Stream, Range) override {}

    u64 messages = 0;
    u64 lost = 0;
    u64 gap_changes = 0;
};

class Wire {
public:
    Wire() : pool_(kPool * kLinks) {
        for (const Link link : {Link::A, Link::B}) {
            for (u64 k = 0; k < kPool; ++k) ::fill(buffer(link, k), link, k);
        }
    }
    Buffer& buffer(Link link, u64 k) { return pool_[index(link) * kPool + k % kPool]; }

    /// Frame `k` of the stream arrives. A buffer that is still held means that the pool is too small here.
    void arrive(Arbiter& arbiter, Link link, u64 k, Now now) {
        Buffer& b = buffer(link, k);
        if (b.held) std::abort();
        b.held = true;
        const u64 first = 1 + k * kMessagesPerFrame;
        std::memcpy(b.bytes.data() + sizeof(SbeHeader) + offsetof(FrameHeader, first_seq), &first,
                    sizeof first);
        arbiter.on_frame(FrameView(Bytes{b.bytes}.first(b.size)), &b, link, now);
    }

private:
    std::vector<Buffer> pool_;
};

/// The stream is proven: two heartbeats on A, one on B.
void begin(Arbiter& arbiter, Now now) {
    static std::array<Buffer, 3> heartbeats;
    for (std::size_t i = 0; i < heartbeats.size(); ++i) {
        Buffer& b = heartbeats[i];
        const Link link = i < 2 ? Link::A : Link::B;
        FrameHeader h{};
        h.acd = 1;
        h.flags = kFlagHeartbeat;
        h.link = static_cast<u8>(link);
        h.epoch = kEpoch;
        h.first_seq = 1;
        FrameBuilder builder(b.bytes);
        builder.reset(h);
        arbiter.on_frame(FrameView(builder.finish(Nanos{0})), &b, link, now);
    }
    if (!arbiter.active()) std::abort();
}

void arbiter(benchmark::State& state) {
    const auto arrivals = schedule(static_cast<u64>(state.range(0)), state.range(1) != 0);
    Wire wire;
    Sink sink;
    Arbiter arbiter(Acd{1}, {}, sink);
    Now now{1_s, 1'000'000_s};
    begin(arbiter, now);
    u64 cycle = 0;
    u64 frames = 0;
    for (auto _ : state) {
        for (const Arrival& a : arrivals) {
            if (++frames % kSliceFrames == 0) {
                now.mono = now.mono + Nanos{kSliceFrames / 2 * 7'600};
                now.wall = now.wall + Nanos{kSliceFrames / 2 * 7'600};
                arbiter.on_time(now);
            }
            wire.arrive(arbiter, a.link, cycle * kCycle + a.at, now);
        }
        ++cycle;
    }
    arbiter.finish(now);
    // Every name was handed on or is known to be missing; the last cycle's tail may not have been seen.
    if (sink.messages + sink.lost + kDisorder * kMessagesPerFrame < cycle * kCycle * kMessagesPerFrame) {
        return state.SkipWithError("names are neither accepted nor missing");
    }
    using C = benchmark::Counter;
    state.counters["frames"] = C(static_cast<double>(frames), C::kIsRate);
    state.counters["messages"] = C(static_cast<double>(sink.messages), C::kIsRate);
    state.counters["lost_ppm"] =
        static_cast<double>(sink.lost) * 1e6 / static_cast<double>(sink.messages + sink.lost);
}

/// What comparing costs where nothing else is done: the bodies of A and B, kBehind frames apart.
void memcmp_of_copies(benchmark::State& state) {
    Wire wire;
    u64 frames = 0;
    for (auto _ : state) {
        for (u64 k = 0; k < kCycle; ++k) {
            const Buffer& a = wire.buffer(Link::A, frames / 2);
            const Buffer& b = wire.buffer(Link::B, frames / 2);
            const bool same =
                std::memcmp(a.bytes.data() + kFrameOverheadBytes, b.bytes.data() + kFrameOverheadBytes,
                            a.size - kFrameOverheadBytes) == 0;
            if (!same) std::abort();
            frames += 2;
        }
    }
    using C = benchmark::Counter;
    state.counters["frames"] = C(static_cast<double>(frames), C::kIsRate);
    state.counters["messages"] = C(static_cast<double>(frames / 2 * kMessagesPerFrame), C::kIsRate);
}

}  // namespace

// Loss of each link in parts per million, and whether neighbours arrive in disorder.
BENCHMARK(arbiter)
    ->ArgNames({"loss_ppm", "disorder"})
    ->Args({0, 0})
    ->Args({10'000, 0})
    ->Args({100'000, 0})
    ->Args({0, 1})
    ->Args({10'000, 1})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(memcmp_of_copies)->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
