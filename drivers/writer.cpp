// The packet writer: a header made once, of which each packet changes lengths and checksums.
#include "drivers/writer.hpp"

#include "drivers/checksum.hpp"
#include "drivers/wire.hpp"

#include <algorithm>

namespace twinlink::drivers {
namespace {

constexpr u8 kHopLimit = 64;

void put_ipv4(std::byte* ip, const FlowConfig& flow) noexcept {
    put16(ip, 0x4500);
    put32(ip + 4, 0x4000);  // identification 0, do not fragment
    put8(ip + 8, kHopLimit);
    put8(ip + 9, kProtocolUdp);
    std::memcpy(ip + 12, flow.source.bytes.data(), 4);
    std::memcpy(ip + 16, flow.destination.bytes.data(), 4);
}

void put_ipv6(std::byte* ip, const FlowConfig& flow) noexcept {
    put32(ip, 0x6000'0000);
    put8(ip + 6, kProtocolUdp);
    put8(ip + 7, kHopLimit);
    std::memcpy(ip + 8, flow.source.bytes.data(), 16);
    std::memcpy(ip + 24, flow.destination.bytes.data(), 16);
}

}  // namespace

PacketWriter::PacketWriter(const FlowConfig& flow) noexcept : v6_(flow.source.v6) {
    std::byte* at = header_.data();
    if (flow.destination_mac == std::array<u8, 6>{})
        std::fill_n(at, 6, std::byte{0xFF});
    else
        std::memcpy(at, flow.destination_mac.data(), 6);
    std::memcpy(at + 6, flow.source_mac.data(), 6);
    at += 12;
    if (flow.vlan_outer != 0) {
        put16(at, flow.vlan_inner != 0 ? kEtherQinQ : kEtherVlan);
        put16(at + 2, flow.vlan_outer);
        at += kTagBytes;
    }
    if (flow.vlan_inner != 0) {
        put16(at, kEtherVlan);
        put16(at + 2, flow.vlan_inner);
        at += kTagBytes;
    }
    put16(at, v6_ ? kEtherIpv6 : kEtherIpv4);
    at += 2;
    network_at_ = static_cast<u32>(at - header_.data());
    if (v6_)
        put_ipv6(at, flow);
    else
        put_ipv4(at, flow);
    const Bytes addresses = v6_ ? Bytes{at + 8, 32} : Bytes{at + 12, 8};
    fixed_sum_ = ones_sum(addresses) + sum_of_number(kProtocolUdp);
    at += v6_ ? kIpv6Bytes : kIpv4Bytes;
    put16(at, flow.source_port);
    put16(at + 2, flow.destination_port);
    header_bytes_ = static_cast<u32>(at - header_.data()) + kUdpBytes;
}

u32 PacketWriter::write(std::byte* to, const TxFrame& frame, UdpChecksum by) const noexcept {
    std::memcpy(to, header_.data(), header_bytes_);
    std::byte* payload = to + header_bytes_;
    if (!frame.head.empty()) std::memcpy(payload, frame.head.data(), frame.head.size());
    if (!frame.body.empty()) std::memcpy(payload + frame.head.size(), frame.body.data(), frame.body.size());

    const u32 udp_bytes = kUdpBytes + static_cast<u32>(frame.head.size() + frame.body.size());
    std::byte* ip = to + network_at_;
    std::byte* udp = payload - kUdpBytes;
    if (v6_) {
        put16(ip + 4, static_cast<u16>(udp_bytes));
    } else {
        put16(ip + 2, static_cast<u16>(kIpv4Bytes + udp_bytes));
        put_raw16(ip + 10, static_cast<u16>(~fold_sum(ones_sum({ip, kIpv4Bytes}))));
    }
    put16(udp + 4, static_cast<u16>(udp_bytes));
    const u64 sum = fixed_sum_ + sum_of_number(udp_bytes);
    if (by == UdpChecksum::OfAddresses) {
        put_raw16(udp + 6, fold_sum(sum));
        return header_bytes_ + udp_bytes - kUdpBytes;
    }
    const u16 checksum = static_cast<u16>(~fold_sum(sum + ones_sum({udp, udp_bytes})));
    put_raw16(udp + 6, checksum == 0 ? 0xFFFF : checksum);  // 0 would say that there is none
    return header_bytes_ + udp_bytes - kUdpBytes;
}

}  // namespace twinlink::drivers
