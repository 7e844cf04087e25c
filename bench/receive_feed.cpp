// What feeds the receive benchmarks: valid frames of a call centre's day, over and over, as fast as the other
// side takes them, until it is told to stop (TERM) or the other side is gone.
//
//   bench_receive_feed (--device net_virtio_user0,path=PATH [--no-huge] | --udp IP:PORT) [--frame-bytes 1400]
//
// Over DPDK the packets are made once and sent by reference, so that this side does nothing per byte and is
// not what is measured: that, and only that, is why it speaks to DPDK itself. Over UDP the kernel copies.
#include "bench/receive_args.hpp"
#include "drivers/dpdk_device.hpp"
#include "drivers/udp.hpp"
#include "drivers/writer.hpp"
#include "tools/acdsim/day_tape.hpp"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <csignal>

namespace {

using namespace twinlink;
using namespace twinlink::bench;

constexpr u32 kFrames = 512;
constexpr u16 kBurst = 64;

std::atomic<bool> stop_asked{false};
void on_signal(int) { stop_asked = true; }

/// Full frames of link A from the busy part of a day.
std::vector<std::vector<std::byte>> make_frames(u32 frame_bytes) {
    sim::CentreConfig centre;
    centre.start = Nanos{u64{20'514} * 86'400 * 1'000'000'000};  // midnight of a Monday in 2026
    centre.end = centre.start + Nanos{sim::kDay};
    centre.whole_day = true;
    auto good = sim::checked(centre);
    if (!good) std::abort();
    auto tape = sim::DayTape::record({*good}, frame_bytes);
    if (!tape) std::abort();
    std::vector<std::vector<std::byte>> frames;
    for (std::size_t i = 0; i < tape->frames() / 3; ++i) (void)tape->next();
    while (frames.size() < kFrames) {
        const TxFrame f = tape->next().link[0];
        std::vector<std::byte> bytes(f.head.begin(), f.head.end());
        bytes.insert(bytes.end(), f.body.begin(), f.body.end());
        if (bytes.size() + 60 >= frame_bytes) frames.push_back(std::move(bytes));
    }
    return frames;
}

int feed_udp(const Args& args, const std::vector<std::vector<std::byte>>& frames) {
    FlowConfig flow;
    flow.source.v6 = args.address.v6;
    flow.destination = args.address;
    flow.destination_port = args.udp_port;
    auto sender = drivers::open_udp_sender({}, flow);
    if (!sender) return complain(sender.error());
    std::vector<TxFrame> list;
    for (const auto& f : frames) list.push_back({f, {}});
    for (std::size_t at = 0; !stop_asked;)
        at = (at + (*sender)->send(std::span(list).subspan(at, kBurst))) % (kFrames - kBurst + 1);
    return 0;
}

/// The packets, each in a buffer that this side never gives up.
std::vector<rte_mbuf*> make_packets(rte_mempool* pool, const std::array<u8, 6>& mac,
                                    const std::vector<std::vector<std::byte>>& frames) {
    FlowConfig flow;
    flow.source_mac = mac;
    flow.source = kSwitch;
    flow.destination = kServer;
    flow.source_port = flow.destination_port = kUdpPort;
    const drivers::PacketWriter writer(flow);
    std::vector<rte_mbuf*> packets;
    for (const auto& frame : frames) {
        rte_mbuf* m = rte_pktmbuf_alloc(pool);
        if (m == nullptr) std::abort();
        const u32 bytes = writer.write(rte_pktmbuf_mtod(m, std::byte*), {frame, {}});
        m->data_len = static_cast<u16>(bytes);
        m->pkt_len = bytes;
        packets.push_back(m);
    }
    return packets;
}

int feed_dpdk(const Args& args, const std::vector<std::vector<std::byte>>& frames) {
    const auto eal = start_eal(args, 128);
    if (!eal) return complain(eal.error());
    auto pool = drivers::make_dpdk_pool("feed", 2 * kFrames - 1, kFrameBytesDefault + 100);
    if (!pool) return complain(pool.error());
    drivers::DpdkDeviceConfig config;
    config.options.device = args.device;
    config.receive_buffers = 4'095;
    auto device = drivers::DpdkDevice::open(config);
    if (!device) return complain(device.error());
    auto packets = make_packets(pool->get(), (*device)->mac(), frames);
    std::array<rte_mbuf*, kBurst> burst;
    for (std::size_t at = 0; !stop_asked; at = (at + kBurst) % kFrames) {
        for (std::size_t i = 0; i < kBurst; ++i) {
            burst[i] = packets[at + i];
            rte_mbuf_refcnt_update(burst[i], 1);
        }
        u16 sent = 0;
        while (sent < kBurst && !stop_asked)
            sent = static_cast<u16>(sent + rte_eth_tx_burst((*device)->id(), 0, burst.data() + sent,
                                                            static_cast<u16>(kBurst - sent)));
        for (; sent < kBurst; ++sent) rte_mbuf_refcnt_update(burst[sent], -1);
    }
    device->reset();
    rte_pktmbuf_free_bulk(packets.data(), kFrames);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto args = read_args({argv + 1, static_cast<std::size_t>(argc - 1)});
    if (!args) return complain(args.error());
    std::signal(SIGTERM, on_signal);
    std::signal(SIGINT, on_signal);
    const auto frames = make_frames(args->frame_bytes);
    return args->udp ? feed_udp(*args, frames) : feed_dpdk(*args, frames);
}
