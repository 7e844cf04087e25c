// DpdkPort: frames from one DPDK device, answers to its neighbours.
//
// One thread calls everything but counters(), link_up() and title(). Owns the device and its buffers.
// Invariant: held_ is the number of tokens that are out, never more than pool_frames; the pool has more
// buffers than that, so the device's own descriptors never starve while tokens are out.
#include "drivers/config.hpp"
#include "drivers/dpdk_device.hpp"
#include "drivers/packet.hpp"
#include "drivers/responder.hpp"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>

namespace twinlink::drivers {
namespace {

constexpr u32 kBurst = 64;
/// Buffers beyond pool_frames: for the device's descriptors (net_af_xdp fills two rings of 2,048 besides),
/// pool caches and a burst in hand. Chosen.
constexpr u32 kSpareBuffers = 8'192 - 1;
constexpr u32 kAnswerBuffers = 511;
/// How far ahead of the parser packets are fetched into the cache. Chosen, not measured.
constexpr u32 kPrefetchAhead = 4;

/// What the device says of checksums. Only "good" saves work: what a device calls bad or unknown is checked
/// again, because some call an absent UDP checksum bad. L4 "none" is a packet that never left this machine's
/// memory.
Verified verified_by_device(const rte_mbuf& m) noexcept {
    const u64 ip = m.ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
    const u64 l4 = m.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
    return {.ip = ip == RTE_MBUF_F_RX_IP_CKSUM_GOOD || ip == RTE_MBUF_F_RX_IP_CKSUM_NONE,
            .udp = l4 == RTE_MBUF_F_RX_L4_CKSUM_GOOD || l4 == RTE_MBUF_F_RX_L4_CKSUM_NONE};
}

Bytes bytes_of(rte_mbuf* m) noexcept { return {rte_pktmbuf_mtod(m, const std::byte*), m->data_len}; }

class DpdkPort final : public Port {
public:
    DpdkPort(const DpdkOptions& options, const PortConfig& config)
        : parser_(config), pool_frames_(config.pool_frames), title_("dpdk " + options.device) {}

    Expected<void> open(const DpdkOptions& options, const PortConfig& config) {
        const u32 packet_bytes = config.frame_bytes_max + kHeaderBytesMax;
        auto answers = make_dpdk_pool("answer", kAnswerBuffers, packet_bytes);
        if (!answers) return std::unexpected(std::move(answers.error()).in(title_));
        answers_ = std::move(*answers);
        const bool v6 = std::ranges::any_of(config.addresses, &IpAddress::v6);
        auto device = DpdkDevice::open({.options = options,
                                        .receive_buffers = config.pool_frames + kSpareBuffers,
                                        .frame_bytes_max = config.frame_bytes_max,
                                        .hardware_checksums = config.verify_checksums,
                                        .multicast = v6,
                                        .link_events = true});
        if (!device) return std::unexpected(std::move(device.error()));
        device_ = std::move(*device);
        link_up_.store(device_->link_up(), std::memory_order_relaxed);
        return {};
    }

    std::size_t receive(std::span<RxFrame> out) noexcept override {
        std::size_t filled = 0;
        while (filled < out.size()) {
            const u32 room =
                std::min<u32>({static_cast<u32>(out.size() - filled), kBurst, pool_frames_ - held_});
            if (room == 0) {
                note_exhaustion();
                break;
            }
            std::array<rte_mbuf*, kBurst> burst;
            const u16 n = rte_eth_rx_burst(device_->id(), 0, burst.data(), static_cast<u16>(room));
            if (n != 0) filled += take({burst.data(), n}, out.subspan(filled));
            if (n < room) break;
        }
        return filled;
    }

    void release(std::span<void* const> tokens) noexcept override {
        assert(tokens.size() <= held_);
        held_ -= static_cast<u32>(tokens.size());
        exhausted_ = false;
        std::array<rte_mbuf*, kBurst> batch;
        while (!tokens.empty()) {
            const std::size_t n = std::min<std::size_t>(tokens.size(), batch.size());
            std::ranges::transform(tokens.first(n), batch.begin(),
                                   [](void* t) { return static_cast<rte_mbuf*>(t); });
            rte_pktmbuf_free_bulk(batch.data(), static_cast<unsigned>(n));
            tokens = tokens.subspan(n);
        }
    }

    void read_device() noexcept override {
        rte_eth_stats stats{};
        if (rte_eth_stats_get(device_->id(), &stats) == 0) {
            counters_.set(PortCounter::NicMissed, stats.imissed);
            counters_.set(PortCounter::NicErrors, stats.ierrors);
            counters_.set(PortCounter::NicNoBuffer, stats.rx_nombuf + exhaustions_);
        }
        const bool up = device_->link_up();
        const u64 events = device_->link_events();
        // Some devices report every change, some none: take whichever tells more.
        const u64 seen = up != link_up_.load(std::memory_order_relaxed) ? 1 : 0;
        counters_.add(PortCounter::LinkChanges, std::max(events - link_events_, seen));
        link_events_ = events;
        link_up_.store(up, std::memory_order_relaxed);
    }

    [[nodiscard]] bool link_up() const noexcept override { return link_up_.load(std::memory_order_relaxed); }
    [[nodiscard]] const PortCounters& counters() const noexcept override { return counters_; }
    [[nodiscard]] std::string_view title() const noexcept override { return title_; }

private:
    /// Parses a burst: frames go to `out`, questions are answered, everything else goes back to the pool.
    std::size_t take(std::span<rte_mbuf* const> burst, std::span<RxFrame> out) noexcept {
        std::size_t frames = 0;
        u64 bytes = 0;
        for (std::size_t i = 0; i < std::min<std::size_t>(kPrefetchAhead, burst.size()); ++i)
            prefetch(burst[i]);
        for (std::size_t i = 0; i < burst.size(); ++i) {
            if (i + kPrefetchAhead < burst.size()) prefetch(burst[i + kPrefetchAhead]);
            rte_mbuf* m = burst[i];
            bytes += m->pkt_len;
            const Parsed parsed = parse(m);
            if (parsed.outcome == PortCounter::Frames) [[likely]] {
                out[frames++] = {bytes_of(m).data() + parsed.at, m, parsed.bytes, parsed.source_acd};
                continue;
            }
            counters_.add(parsed.outcome);
            if (parsed.outcome >= PortCounter::AnsweredArp) send_answer(bytes_of(m), parsed);
            rte_pktmbuf_free(m);
        }
        held_ += static_cast<u32>(frames);
        counters_.add(PortCounter::Packets, burst.size());
        counters_.add(PortCounter::Bytes, bytes);
        counters_.add(PortCounter::Frames, frames);
        return frames;
    }

    static void prefetch(rte_mbuf* m) noexcept { __builtin_prefetch(rte_pktmbuf_mtod(m, const void*)); }

    Parsed parse(rte_mbuf* m) const noexcept {
        // A packet in several buffers is joined in the first; one that does not fit is longer than any of
        // ours.
        if (m->nb_segs != 1 && rte_pktmbuf_linearize(m) != 0) [[unlikely]] {
            return {.outcome = PortCounter::RefusedMalformed};
        }
        return parser_.parse(bytes_of(m), verified_by_device(*m));
    }

    void send_answer(Bytes packet, const Parsed& parsed) noexcept {
        rte_mbuf* m = rte_pktmbuf_alloc(answers_.get());
        if (m != nullptr) {
            const u32 n = answer(packet, parsed, device_->mac(),
                                 {rte_pktmbuf_mtod(m, std::byte*), rte_pktmbuf_tailroom(m)});
            m->data_len = static_cast<u16>(n);
            m->pkt_len = n;
            if (n != 0 && rte_eth_tx_burst(device_->id(), 0, &m, 1) == 1) return;
            rte_pktmbuf_free(m);
        }
        counters_.add(PortCounter::AnswersDropped);
    }

    /// Counts once for each time that the tokens run out, however often receive() is called until one comes
    /// back.
    void note_exhaustion() noexcept {
        if (exhausted_) return;
        exhausted_ = true;
        ++exhaustions_;
        counters_.add(PortCounter::NicNoBuffer);
    }

    PacketParser parser_;
    PortCounters counters_;
    DpdkPool answers_;
    std::unique_ptr<DpdkDevice> device_;  // after the pool: closed before it goes
    u32 pool_frames_;
    u32 held_ = 0;
    u64 exhaustions_ = 0;
    u64 link_events_ = 0;
    bool exhausted_ = false;
    std::atomic<bool> link_up_{false};
    std::string title_;
};

}  // namespace

Expected<std::unique_ptr<Port>> open_dpdk_port(const DpdkOptions& options, const PortConfig& config) {
    if (auto good = check(config); !good)
        return std::unexpected(std::move(good.error()).in("dpdk " + options.device));
    auto port = std::make_unique<DpdkPort>(options, config);
    if (auto opened = port->open(options, config); !opened) return std::unexpected(std::move(opened.error()));
    return port;
}

}  // namespace twinlink::drivers
