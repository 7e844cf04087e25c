// DpdkSender: frames out of one DPDK device, in bursts.
//
// One thread calls everything. Owns the device and its buffers. A virtio-user device is tied to its vhost
// peer: when the peer goes, the device is removed, and ready() makes it anew when a peer is there again. Its
// ring is this process's memory: what the peer has not read when the device goes is lost, and the driver does
// not tell how much that is. So flush() pushes: once as many further packets were taken as the ring holds,
// all before them was read.
#include "drivers/config.hpp"
#include "drivers/dpdk_device.hpp"
#include "drivers/packet.hpp"
#include "drivers/wire.hpp"
#include "drivers/writer.hpp"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <cassert>
#include <filesystem>

namespace twinlink::drivers {
namespace {

constexpr u32 kBurst = 64;
constexpr u32 kTransmitBuffers = 8'191;
constexpr u32 kReceiveBuffers = 8'191;
/// Tries to hand a burst to a full device before giving up; what is not taken was copied in vain. Chosen.
constexpr int kTries = 32;

/// An ARP announcement of the sender's own address: nobody answers it.
constexpr u16 kAnnouncementBytes = 60;
using Announcement = std::array<std::byte, kAnnouncementBytes>;

Announcement announcement(const FlowConfig& flow) noexcept {
    Announcement packet{};
    std::memset(packet.data(), 0xFF, 6);
    std::memcpy(packet.data() + 6, flow.source_mac.data(), 6);
    put16(packet.data() + 12, kEtherArp);
    std::byte* const arp = packet.data() + kEthernetBytes;
    put16(arp, 1);
    put16(arp + 2, kEtherIpv4);
    put16(arp + 4, 0x0604);
    put16(arp + 6, 1);
    std::memcpy(arp + 8, flow.source_mac.data(), 6);
    if (flow.source.v6) return packet;
    std::memcpy(arp + 14, flow.source.bytes.data(), 4);
    std::memcpy(arp + 24, flow.source.bytes.data(), 4);
    return packet;
}

class DpdkSender final : public Sender {
public:
    DpdkSender(const DpdkOptions& options, const FlowConfig& flow)
        : options_(options),
          flow_(flow),
          writer_(flow),
          comes_and_goes_(options.device.starts_with("net_virtio_user")),
          title_("dpdk " + options.device) {}

    Expected<void> open() {
        auto out = make_dpdk_pool("transmit", kTransmitBuffers, options_.frame_bytes_max + kHeaderBytesMax);
        if (!out) return std::unexpected(std::move(out.error()).in(title_));
        transmit_ = std::move(*out);
        auto opened = attach();
        if (!opened && !comes_and_goes_) return opened;
        return {};
    }

    std::size_t send(std::span<const TxFrame> frames) noexcept override {
        if (device_ == nullptr) return 0;
        drain();
        std::size_t sent = 0;
        while (sent < frames.size()) {
            const auto part = frames.subspan(sent, std::min<std::size_t>(kBurst, frames.size() - sent));
            const std::size_t taken = send_burst(part);
            sent += taken;
            if (taken < part.size()) break;
        }
        if (sent != 0) unread_ = device_->transmit_descriptors();
        return sent;
    }

    [[nodiscard]] bool flush() noexcept override {
        if (!comes_and_goes_ || device_ == nullptr) return true;
        drain();
        // Without a peer nobody will read.
        while (unread_ != 0 && device_->link_up()) {
            const u16 taken = announce(static_cast<u16>(std::min<u32>(unread_, kBurst)));
            if (taken == 0) return false;
            unread_ = static_cast<u16>(unread_ - taken);
        }
        return true;
    }

    [[nodiscard]] bool ready() noexcept override {
        if (device_ == nullptr)
            return comes_and_goes_ && peer_may_be_there() && attach().has_value() && device_->link_up();
        drain();
        if (device_->link_up()) return true;
        if (comes_and_goes_) device_.reset();
        return false;
    }

    [[nodiscard]] std::string_view title() const noexcept override { return title_; }

private:
    Expected<void> attach() {
        auto device = DpdkDevice::open({.options = options_,
                                        .receive_buffers = kReceiveBuffers,
                                        .frame_bytes_max = options_.frame_bytes_max,
                                        .sends_udp = true});
        if (!device) return std::unexpected(std::move(device.error()));
        device_ = std::move(*device);
        FlowConfig flow = flow_;
        if (flow.source_mac == std::array<u8, 6>{}) flow.source_mac = device_->mac();
        writer_ = PacketWriter(flow);
        announcement_ = announcement(flow);
        unread_ = 0;
        return {};
    }

    /// Cheap answer for a peer that is not there at all, so that DPDK need not complain in its log.
    [[nodiscard]] bool peer_may_be_there() const {
        const auto at = options_.device.find("path=");
        if (at == std::string::npos) return true;
        const std::string path = options_.device.substr(at + 5, options_.device.find(',', at) - at - 5);
        std::error_code none;
        return std::filesystem::exists(path, none);
    }

    std::size_t send_burst(std::span<const TxFrame> frames) noexcept {
        std::array<rte_mbuf*, kBurst> burst;
        const auto n = static_cast<u16>(frames.size());
        if (rte_pktmbuf_alloc_bulk(transmit_.get(), burst.data(), n) != 0) return 0;
        for (u16 i = 0; i < n; ++i) {
            assert(frames[i].head.size() + frames[i].body.size() <= options_.frame_bytes_max);
            rte_mbuf& m = *burst[i];
            const u32 bytes = writer_.write(rte_pktmbuf_mtod(&m, std::byte*), frames[i],
                                            device_->sums_udp() ? PacketWriter::UdpChecksum::OfAddresses
                                                                : PacketWriter::UdpChecksum::Whole);
            m.data_len = static_cast<u16>(bytes);
            m.pkt_len = bytes;
            if (!device_->sums_udp()) continue;
            m.l2_len = writer_.network_at() & 0x7F;
            m.l3_len = (writer_.transport_at() - writer_.network_at()) & 0x1FF;
            m.ol_flags |= RTE_MBUF_F_TX_UDP_CKSUM | (writer_.v6() ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
        }
        u16 sent = 0;
        for (int tries = 0; sent < n && tries < kTries; ++tries) {
            sent = static_cast<u16>(
                sent + rte_eth_tx_burst(device_->id(), 0, burst.data() + sent, static_cast<u16>(n - sent)));
        }
        if (sent < n) rte_pktmbuf_free_bulk(burst.data() + sent, n - sent);
        return sent;
    }

    /// Returns how many of `n` announcements the device took.
    u16 announce(u16 n) noexcept {
        std::array<rte_mbuf*, kBurst> burst;
        if (rte_pktmbuf_alloc_bulk(transmit_.get(), burst.data(), n) != 0) return 0;
        for (u16 i = 0; i < n; ++i) {
            rte_mbuf& m = *burst[i];
            std::memcpy(rte_pktmbuf_mtod(&m, std::byte*), announcement_.data(), announcement_.size());
            m.data_len = kAnnouncementBytes;
            m.pkt_len = kAnnouncementBytes;
        }
        const u16 sent = rte_eth_tx_burst(device_->id(), 0, burst.data(), n);
        if (sent < n) rte_pktmbuf_free_bulk(burst.data() + sent, n - sent);
        return sent;
    }

    /// Throws away what the other side says (its ARP and NDP), so that it never runs into a full queue.
    void drain() noexcept {
        std::array<rte_mbuf*, kBurst> burst;
        const u16 n = rte_eth_rx_burst(device_->id(), 0, burst.data(), kBurst);
        if (n != 0) rte_pktmbuf_free_bulk(burst.data(), n);
    }

    DpdkOptions options_;
    FlowConfig flow_;
    PacketWriter writer_;
    DpdkPool transmit_;
    std::unique_ptr<DpdkDevice> device_;  // after the pool: closed before it goes
    bool comes_and_goes_;
    u16 unread_ = 0;  // packets that are to be pushed behind those of the ring until all of them were read
    Announcement announcement_{};
    std::string title_;
};

}  // namespace

Expected<std::unique_ptr<Sender>> open_dpdk_sender(const DpdkOptions& options, const FlowConfig& flow) {
    if (auto good = check(flow); !good)
        return std::unexpected(std::move(good.error()).in("dpdk " + options.device));
    auto sender = std::make_unique<DpdkSender>(options, flow);
    if (auto opened = sender->open(); !opened) return std::unexpected(std::move(opened.error()));
    return sender;
}

}  // namespace twinlink::drivers
