// The packet parser, in the order of the headers. Plain untagged IPv4 without options falls through every
// branch.
//
// Order of verdicts: what a packet says of itself (lengths, header checksum) comes before whom it is for, and
// the UDP checksum before the UDP port, so that a damaged packet counts as damaged and not as somebody
// else's.
#include "drivers/packet.hpp"

#include "drivers/checksum.hpp"
#include "drivers/wire.hpp"

#include <algorithm>

namespace twinlink::drivers {
namespace {

/// Extension headers that a packet may carry: each kind once, destination options twice (RFC 8200).
constexpr int kExtensionsMax = 4;

constexpr Parsed refused(PortCounter why) noexcept { return {.outcome = why}; }
constexpr Parsed malformed() noexcept { return refused(PortCounter::RefusedMalformed); }

bool is_multicast6(const std::byte* address) noexcept { return get8(address) == 0xFF; }
/// Addresses that no host may send an echo from: unspecified, multicast, broadcast, loopback.
bool is_nobody4(const std::byte* address) noexcept {
    const u8 first = get8(address);
    return first == 0 || first == 127 || first >= 224;
}
bool is_unspecified6(const std::byte* address) noexcept {
    return std::all_of(address, address + 16, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

PacketParser::PacketParser(const PortConfig& config)
    : frame_bytes_max_(config.frame_bytes_max),
      udp_port_(config.udp_port),
      vlan_outer_(config.vlan_outer),
      vlan_inner_(config.vlan_inner),
      verify_(config.verify_checksums),
      anyone_(config.sources.empty()) {
    for (const IpAddress& a : config.addresses) {
        if (a.v6)
            own6_.push_back(a.bytes);
        else
            own4_.push_back(std::bit_cast<std::array<u32, 4>>(a.bytes)[0]);
    }
    std::vector<SourceConfig> sources = config.sources;
    std::ranges::stable_partition(sources, [](const SourceConfig& s) { return s.udp_port != 0; });
    for (const SourceConfig& s : sources) {
        if (s.address.v6)
            sources6_.push_back({s.address.bytes, s.udp_port, s.acd});
        else
            sources4_.push_back({std::bit_cast<std::array<u32, 4>>(s.address.bytes)[0], s.udp_port, s.acd});
    }
}

Parsed PacketParser::parse(Bytes packet, Verified verified) const noexcept {
    if (packet.size() < kEthernetBytes) return malformed();
    return parse_tagged(packet, kEthernetBytes, get16(packet.data() + 12), verified);
}

Parsed PacketParser::parse_tagged(Bytes packet, u32 at, u16 ether_type, Verified verified) const noexcept {
    u16 outer = 0;
    u16 inner = 0;
    // A tag with id 0 carries a priority only: it is no VLAN (IEEE 802.1Q).
    if (ether_type == kEtherVlan || ether_type == kEtherQinQ) [[unlikely]] {
        if (packet.size() < at + kTagBytes) return malformed();
        outer = get16(packet.data() + at) & 0x0FFFU;
        ether_type = get16(packet.data() + at + 2);
        at += kTagBytes;
        if (ether_type == kEtherVlan) {
            if (packet.size() < at + kTagBytes) return malformed();
            inner = get16(packet.data() + at) & 0x0FFFU;
            ether_type = get16(packet.data() + at + 2);
            at += kTagBytes;
        }
        if (ether_type == kEtherVlan || ether_type == kEtherQinQ) return refused(PortCounter::RefusedVlan);
    }
    if (outer != vlan_outer_ || inner != vlan_inner_) [[unlikely]] {
        if (!anywhere_) return refused(PortCounter::RefusedVlan);
    }
    if (ether_type == kEtherIpv4) [[likely]]
        return parse_ipv4(packet, at, verified);
    if (ether_type == kEtherIpv6) return parse_ipv6(packet, at, verified);
    if (ether_type == kEtherArp) return parse_arp(packet, at);
    return refused(PortCounter::RefusedNotIp);
}

Parsed PacketParser::parse_arp(Bytes packet, u32 at) const noexcept {
    if (packet.size() < at + kArpBytes) return malformed();
    const std::byte* arp = packet.data() + at;
    const bool ethernet_ipv4 = get16(arp) == 1 && get16(arp + 2) == kEtherIpv4 && get16(arp + 4) == 0x0604;
    const bool request = get16(arp + 6) == 1;
    // A sender that calls itself by one of our addresses is announcing itself or lying; it is not asking.
    if (!ethernet_ipv4 || !request || !ours4(arp + 24) || ours4(arp + 14))
        return refused(PortCounter::RefusedOther);
    return {.outcome = PortCounter::AnsweredArp, .network_at = at, .at = at, .bytes = kArpBytes};
}

Parsed PacketParser::parse_ipv4(Bytes packet, u32 at, Verified verified) const noexcept {
    const std::byte* ip = packet.data() + at;
    const std::size_t room = packet.size() - at;
    if (room < kIpv4Bytes) [[unlikely]]
        return malformed();
    const u32 header = (get8(ip) & 0x0FU) * 4U;
    const u32 total = get16(ip + 2);
    if ((get8(ip) >> 4U) != 4 || header < kIpv4Bytes || total < header || total > room) [[unlikely]]
        return malformed();
    if (verify_ && !verified.ip && fold_sum(ones_sum({ip, header})) != kSumGood) [[unlikely]] {
        return refused(PortCounter::RefusedChecksum);
    }
    constexpr u16 kOffsetOrMore = 0x3FFF;
    if ((get16(ip + 6) & kOffsetOrMore) != 0) [[unlikely]]
        return refused(PortCounter::RefusedFragment);
    if (!ours4(ip + 16)) [[unlikely]]
        return refused(PortCounter::RefusedDestination);

    const Bytes inside{ip + header, total - header};
    if (get8(ip + 9) == kProtocolUdp) [[likely]] {
        const u64 pseudo = u64{read<u32>(ip + 12)} + read<u32>(ip + 16) + sum_of_number(kProtocolUdp);
        return parse_udp(inside, at + header, {ip + 12, false, pseudo}, verified);
    }
    if (get8(ip + 9) == kProtocolIcmp) return parse_icmp4(packet, at, inside, at + header);
    return refused(PortCounter::RefusedNotUdp);
}

Parsed PacketParser::parse_ipv6(Bytes packet, u32 at, Verified verified) const noexcept {
    const std::byte* ip = packet.data() + at;
    const std::size_t room = packet.size() - at;
    if (room < kIpv6Bytes || (get8(ip) >> 4U) != 6) return malformed();
    Bytes inside{ip + kIpv6Bytes, get16(ip + 4)};
    if (inside.size() > room - kIpv6Bytes) return malformed();
    const bool for_us = ours6(ip + 24);
    if (!for_us && !solicited_node_of_ours(ip + 24)) return refused(PortCounter::RefusedDestination);

    u8 next = get8(ip + 6);
    for (int extensions = 0;; ++extensions) {
        if (next == kProtocolFragment) return refused(PortCounter::RefusedFragment);
        if (next != kProtocolHopByHop && next != kProtocolRouting && next != kProtocolDestination) break;
        if (extensions == kExtensionsMax || inside.size() < 8) return malformed();
        if (next == kProtocolHopByHop && extensions != 0) return malformed();
        // Segments left: we are a stop on the way and not where it ends; appliances do not forward.
        if (next == kProtocolRouting && get8(inside.data() + 3) != 0)
            return refused(PortCounter::RefusedDestination);
        const u32 bytes = 8U * (get8(inside.data() + 1) + 1U);
        if (bytes > inside.size()) return malformed();
        next = get8(inside.data());
        inside = inside.subspan(bytes);
    }
    const u32 inside_at = static_cast<u32>(inside.data() - packet.data());
    const u64 addresses = ones_sum({ip + 8, 32});
    if (next == kProtocolUdp) {
        if (!for_us) return refused(PortCounter::RefusedDestination);
        return parse_udp(inside, inside_at, {ip + 8, true, addresses + sum_of_number(kProtocolUdp)},
                         verified);
    }
    if (next == kProtocolIcmp6) {
        return parse_icmp6(packet, at, inside, inside_at, addresses + sum_of_number(kProtocolIcmp6));
    }
    return refused(PortCounter::RefusedNotUdp);
}

Parsed PacketParser::parse_udp(Bytes datagram, u32 at, const Network& ip, Verified verified) const noexcept {
    if (datagram.size() < kUdpBytes) [[unlikely]]
        return malformed();
    const std::byte* udp = datagram.data();
    if (get16(udp + 4) != datagram.size()) [[unlikely]]
        return malformed();
    const u32 payload = static_cast<u32>(datagram.size()) - kUdpBytes;
    if (payload > frame_bytes_max_) [[unlikely]]
        return malformed();
    if (verify_ && !verified.udp) {
        const bool absent = read<u16>(udp + 6) == 0;
        if (absent && ip.v6) return refused(PortCounter::RefusedChecksum);
        if (!absent) {
            const u64 sum =
                ip.pseudo_sum + sum_of_number(static_cast<u32>(datagram.size())) + ones_sum(datagram);
            if (fold_sum(sum) != kSumGood) [[unlikely]]
                return refused(PortCounter::RefusedChecksum);
        }
    }
    if (get16(udp + 2) != udp_port_ && !anywhere_) [[unlikely]]
        return refused(PortCounter::RefusedDestination);
    Acd acd{};
    if (!anyone_ && !find_source(ip, get16(udp), acd)) [[unlikely]]
        return refused(PortCounter::RefusedSource);
    return {.outcome = PortCounter::Frames, .at = at + kUdpBytes, .bytes = payload, .source_acd = acd};
}

Parsed PacketParser::parse_icmp4(Bytes packet, u32 network_at, Bytes message, u32 at) const noexcept {
    if (message.size() < kIcmpBytes) return malformed();
    if (verify_ && fold_sum(ones_sum(message)) != kSumGood) return refused(PortCounter::RefusedChecksum);
    const bool echo = get16(message.data()) == kEchoRequest4 << 8U;
    if (!echo || is_nobody4(packet.data() + network_at + 12)) return refused(PortCounter::RefusedOther);
    return {.outcome = PortCounter::AnsweredEcho,
            .network_at = network_at,
            .at = at,
            .bytes = static_cast<u32>(message.size())};
}

Parsed PacketParser::parse_icmp6(Bytes packet, u32 network_at, Bytes message, u32 at,
                                 u64 pseudo) const noexcept {
    if (message.size() < kIcmpBytes) return malformed();
    const u64 sum = pseudo + sum_of_number(static_cast<u32>(message.size())) + ones_sum(message);
    if (verify_ && fold_sum(sum) != kSumGood) return refused(PortCounter::RefusedChecksum);
    const std::byte* ip = packet.data() + network_at;
    Parsed parsed{.outcome = PortCounter::RefusedOther,
                  .network_at = network_at,
                  .at = at,
                  .bytes = static_cast<u32>(message.size())};
    const u16 type_code = get16(message.data());
    const std::byte* source = ip + 8;
    if (is_multicast6(source)) return parsed;
    if (type_code == kEchoRequest6 << 8U) {
        if (ours6(ip + 24) && !is_unspecified6(source)) parsed.outcome = PortCounter::AnsweredEcho;
    } else if (type_code == kNeighbourSolicitation << 8U) {
        // RFC 4861 7.1.1: the hop limit proves that the question comes from this very wire.
        if (message.size() < kSolicitationBytes) return malformed();
        if (get8(ip + 7) == 255 && ours6(message.data() + 8)) parsed.outcome = PortCounter::AnsweredNdp;
    }
    return parsed;
}

bool PacketParser::ours4(const std::byte* address) const noexcept {
    const u32 wanted = read<u32>(address);
    for (const u32 own : own4_) {
        if (own == wanted) return true;
    }
    return anywhere_;
}

bool PacketParser::ours6(const std::byte* address) const noexcept {
    for (const auto& own : own6_) {
        if (std::memcmp(own.data(), address, own.size()) == 0) return true;
    }
    return anywhere_;
}

bool PacketParser::solicited_node_of_ours(const std::byte* address) const noexcept {
    static constexpr std::array<u8, 13> kPrefix{0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF};
    if (std::memcmp(address, kPrefix.data(), kPrefix.size()) != 0) return false;
    for (const auto& own : own6_) {
        if (std::memcmp(own.data() + 13, address + 13, 3) == 0) return true;
    }
    return false;
}

bool PacketParser::find_source(const Network& ip, u16 udp_port, Acd& acd) const noexcept {
    if (!ip.v6) {
        const u32 address = read<u32>(ip.source);
        for (const Source4& s : sources4_) {
            if (s.address != address || (s.udp_port != 0 && s.udp_port != udp_port)) continue;
            acd = s.acd;
            return true;
        }
        return false;
    }
    for (const Source6& s : sources6_) {
        if (std::memcmp(s.address.data(), ip.source, 16) != 0 || (s.udp_port != 0 && s.udp_port != udp_port))
            continue;
        acd = s.acd;
        return true;
    }
    return false;
}

}  // namespace twinlink::drivers
