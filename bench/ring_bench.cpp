// Rings: what shall cross from the receive thread to the fold thread, and what the ring itself costs.
//
// A frame of 38 messages crosses as (a) a 32-byte reference to bytes that stay in the port's buffer, (b) its
// bytes, (c) 38 decoded messages in slots of 64 bytes; beside it a plain memcpy of the same bytes, and the
// same references through DPDK's rte_ring. Two threads; figures are frames and messages a second of wall
// time.
#include "engine/pipeline.hpp"

#include <benchmark/benchmark.h>
#include <rte_ring.h>

#include <thread>

namespace {

using namespace twinlink;

constexpr std::size_t kPool = 32'768;  // frames, about 48 MB: more than the caches
constexpr std::size_t kMessagesPerFrame = 38;
constexpr std::size_t kFrameBytes = 1'408;
constexpr std::size_t kBatch = kBurstFrames;
constexpr u64 kFramesPerRun = 1 << 19;

struct Frame {
    std::array<std::byte, 1'472> bytes;
};
struct Slot64 {
    std::array<std::byte, 64> bytes;
};

std::vector<Frame>& pool() {
    static std::vector<Frame> frames(kPool);
    return frames;
}

/// One cache line of each frame is what the arbiter reads.
u64 look_at(const std::byte* data) { return read<u64>(data + 24) + read<u64>(data + 32); }

/// Runs a producer thread beside the consumer (this thread) until kFramesPerRun frames have crossed.
template <class Produce, class Consume>
void cross(benchmark::State& state, Produce produce, Consume consume) {
    for (auto _ : state) {
        std::thread producer([&] {
            for (u64 at = 0; at < kFramesPerRun;) {
                const std::size_t n = produce(at);
                if (n == 0) std::this_thread::yield();
                at += n;
            }
        });
        for (u64 at = 0; at < kFramesPerRun;) {
            const std::size_t n = consume();
            if (n == 0) std::this_thread::yield();
            at += n;
        }
        producer.join();
    }
    state.SetItemsProcessed(static_cast<i64>(kFramesPerRun) * state.iterations());
    state.counters["messages"] = benchmark::Counter(
        static_cast<double>(kFramesPerRun * kMessagesPerFrame) * static_cast<double>(state.iterations()),
        benchmark::Counter::kIsRate);
}

void references(benchmark::State& state) {
    boost::lockfree::spsc_queue<FrameRef, boost::lockfree::capacity<kRingFrames>> ring;
    u64 sum = 0;
    cross(
        state,
        [&](u64 at) {
            std::array<FrameRef, kBatch> refs;
            for (std::size_t i = 0; i < kBatch; ++i) {
                Frame& f = pool()[(at + i) % kPool];
                refs[i] = {f.bytes.data(), &f, Nanos{at}, kFrameBytes, 0};
            }
            return ring.push(refs.data(), kBatch);
        },
        [&] {
            std::array<FrameRef, kBatch> refs;
            const std::size_t n = ring.pop(refs.data(), kBatch);
            for (std::size_t i = 0; i < n; ++i) sum += look_at(refs[i].data);
            return n;
        });
    benchmark::DoNotOptimize(sum);
}
BENCHMARK(references)->UseRealTime()->Unit(benchmark::kMillisecond);

void references_rte_ring(benchmark::State& state) {
    const auto bytes = static_cast<std::size_t>(rte_ring_get_memsize(kRingFrames));
    auto* ring = static_cast<rte_ring*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    rte_ring_init(ring, "bench", kRingFrames, RING_F_SP_ENQ | RING_F_SC_DEQ);
    u64 sum = 0;
    cross(
        state,
        [&](u64 at) {
            std::array<void*, kBatch> refs;
            for (std::size_t i = 0; i < kBatch; ++i) refs[i] = &pool()[(at + i) % kPool];
            return rte_ring_sp_enqueue_burst(ring, refs.data(), kBatch, nullptr);
        },
        [&] {
            std::array<void*, kBatch> refs;
            const std::size_t n = rte_ring_sc_dequeue_burst(ring, refs.data(), kBatch, nullptr);
            for (std::size_t i = 0; i < n; ++i) sum += look_at(static_cast<Frame*>(refs[i])->bytes.data());
            return n;
        });
    benchmark::DoNotOptimize(sum);
    std::free(ring);
}
BENCHMARK(references_rte_ring)->UseRealTime()->Unit(benchmark::kMillisecond);

void whole_frames(benchmark::State& state) {
    auto ring = std::make_unique<boost::lockfree::spsc_queue<Frame, boost::lockfree::capacity<1'024>>>();
    u64 sum = 0;
    cross(
        state, [&](u64 at) { return ring->push(pool()[at % kPool]) ? std::size_t{1} : 0; },
        [&] { return ring->consume_all([&](const Frame& f) { sum += look_at(f.bytes.data()); }); });
    benchmark::DoNotOptimize(sum);
}
BENCHMARK(whole_frames)->UseRealTime()->Unit(benchmark::kMillisecond);

void decoded_messages(benchmark::State& state) {
    auto ring = std::make_unique<boost::lockfree::spsc_queue<Slot64, boost::lockfree::capacity<32'768>>>();
    u64 sum = 0;
    std::size_t pending = 0;
    cross(
        state,
        [&](u64 at) -> std::size_t {
            if (ring->write_available() < kMessagesPerFrame) return 0;
            const std::byte* from = pool()[at % kPool].bytes.data();
            std::array<Slot64, kMessagesPerFrame> slots;
            for (std::size_t i = 0; i < kMessagesPerFrame; ++i) std::memcpy(&slots[i], from + 36 * i, 36);
            ring->push(slots.data(), slots.size());
            return 1;
        },
        [&] {
            pending += ring->consume_all([&](const Slot64& s) { sum += look_at(s.bytes.data()); });
            const std::size_t frames = pending / kMessagesPerFrame;
            pending %= kMessagesPerFrame;
            return frames;
        });
    benchmark::DoNotOptimize(sum);
}
BENCHMARK(decoded_messages)->UseRealTime()->Unit(benchmark::kMillisecond);

void plain_memcpy(benchmark::State& state) {
    Frame to{};
    for (auto _ : state) {
        for (u64 at = 0; at < kFramesPerRun; ++at) {
            std::memcpy(to.bytes.data(), pool()[at % kPool].bytes.data(), kFrameBytes);
            benchmark::ClobberMemory();
        }
    }
    state.SetItemsProcessed(static_cast<i64>(kFramesPerRun) * state.iterations());
    state.counters["messages"] = benchmark::Counter(
        static_cast<double>(kFramesPerRun * kMessagesPerFrame) * static_cast<double>(state.iterations()),
        benchmark::Counter::kIsRate);
}
BENCHMARK(plain_memcpy)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
