// The receive path alone: one port, drained as the receive stage drains it - burst, validation, release - and
// nothing behind it. Started by `bench/run`, which sets dpdk-testpmd beside it.
//
//   bench_receive (--device net_vhost0,iface=PATH [--no-huge] | --udp IP:PORT) --seconds S [--validate]
//                 [--no-checksums]
//
// Waits for the first frame (20 s), lets a second pass, then counts for S seconds. Prints one line of JSON.
#include "bench/receive_args.hpp"
#include "drivers/dpdk.hpp"
#include "drivers/udp.hpp"

#include <immintrin.h>

#include <cinttypes>
#include <cstdio>

namespace {

using namespace twinlink;
using namespace twinlink::bench;

/// Pauses after a burst of nothing. A loop that asks without them takes the ring's cache lines away from the
/// generator, which then is what is measured (5.6 M frames/s with none, 7.2 with 40).
constexpr int kIdlePauses = 40;

struct Count {
    u64 cycles = 0;  ///< of the slices that brought something, as testpmd counts them
    u64 frames = 0;
    u64 bytes = 0;
    u64 messages = 0;
    u64 refused = 0;
};

/// One burst, as the receive stage takes it.
void slice(Port& port, bool check, Count& count) {
    static std::array<RxFrame, kBurstFrames> burst;  // made once: its elements have a constructor
    std::array<void*, kBurstFrames> tokens;
    const u64 begin = __rdtsc();
    const std::size_t n = port.receive(burst);
    if (n == 0) {
        for (int i = 0; i < kIdlePauses; ++i) _mm_pause();
        return;
    }
    for (std::size_t i = 0; i < n; ++i) {
        const RxFrame& frame = burst[i];
        count.bytes += frame.bytes;
        tokens[i] = frame.token;
        if (!check) continue;
        const Bytes bytes{frame.data, frame.bytes};
        if (validate(bytes) == FrameRefusal::Ok)
            count.messages += read<FrameHeader>(frame.data + sizeof(SbeHeader)).message_count;
        else
            ++count.refused;
    }
    count.frames += n;
    port.release(std::span(tokens).first(n));
    count.cycles += __rdtsc() - begin;
}

/// Drains the port for so long; returns what came.
Count drain(Port& port, bool check, u64 for_ns) {
    Count count;
    const u64 end = monotonic_ns() + for_ns;
    while (monotonic_ns() < end) {
        for (int i = 0; i < 64; ++i) slice(port, check, count);
    }
    return count;
}

PortConfig port_config(const Args& args) {
    PortConfig config;
    config.addresses = {args.udp ? args.address : kServer};
    config.verify_checksums = args.checksums;
    config.udp_port = args.udp ? args.udp_port : kUdpPort;
    return config;
}

Expected<std::unique_ptr<Port>> open(const Args& args) {
    if (args.udp) return drivers::open_udp_port({}, port_config(args));
    drivers::DpdkOptions options;
    options.device = args.device;
    return drivers::open_dpdk_port(options, port_config(args));
}

int run(const Args& args) {
    auto port = open(args);
    if (!port) return complain(port.error());
    const u64 give_up = monotonic_ns() + 20'000'000'000;
    while (drain(**port, false, 1'000'000).frames == 0) {
        (*port)->read_device();
        if (monotonic_ns() > give_up) return complain(Error{"no frame came within 20 s"});
    }
    drain(**port, args.validate, 1'000'000'000);
    (*port)->read_device();
    const u64 missed = (*port)->counters().get(PortCounter::NicMissed);
    const u64 start = monotonic_ns();
    const Count c = drain(**port, args.validate, args.seconds * u64{1'000'000'000});
    const double seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
    (*port)->read_device();
    std::printf("{\"seconds\": %.3f, \"frames\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"messages\": %" PRIu64
                ", \"refused\": %" PRIu64 ", \"cycles\": %" PRIu64 ", \"missed\": %" PRIu64 "}\n",
                seconds, c.frames, c.bytes, c.messages, c.refused, c.cycles,
                (*port)->counters().get(PortCounter::NicMissed) - missed);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto args = read_args({argv + 1, static_cast<std::size_t>(argc - 1)});
    if (!args) return complain(args.error());
    if (args->udp) return run(*args);
    const auto eal = start_eal(*args, drivers::dpdk_memory_mb(port_config(*args)) + 64);
    if (!eal) return complain(eal.error());
    return run(*args);
}
