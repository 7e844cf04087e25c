// The responder: each answer is the question's own headers, turned around.
#include "drivers/responder.hpp"

#include "drivers/checksum.hpp"
#include "drivers/wire.hpp"

#include <cassert>

namespace twinlink::drivers {
namespace {

constexpr u32 kAdvertisementBytes = 32;  // with the option that names our MAC address
constexpr u8 kHopLimit = 64;

/// Ethernet header and tags of the question, turned around. Returns where the network header goes.
std::byte* turn_link(Bytes packet, const Parsed& parsed, const MacAddress& own, std::byte* to) noexcept {
    std::memcpy(to, packet.data() + 6, 6);
    std::memcpy(to + 6, own.data(), 6);
    std::memcpy(to + 12, packet.data() + 12, parsed.network_at - 12);
    return to + parsed.network_at;
}

u32 answer_arp(const std::byte* question, const MacAddress& own, std::byte* arp) noexcept {
    std::memcpy(arp, question, 6);
    put16(arp + 6, 2);
    std::memcpy(arp + 8, own.data(), 6);
    std::memcpy(arp + 14, question + 24, 4);
    std::memcpy(arp + 18, question + 8, 10);
    return kArpBytes;
}

/// IPv4 header without the question's options, then the echo with its type turned.
u32 answer_echo4(const std::byte* question, Bytes echo, std::byte* ip) noexcept {
    const u32 total = kIpv4Bytes + static_cast<u32>(echo.size());
    put16(ip, 0x4500);
    put16(ip + 2, static_cast<u16>(total));
    put32(ip + 4, 0x4000);  // identification 0, do not fragment
    put8(ip + 8, kHopLimit);
    put8(ip + 9, kProtocolIcmp);
    put16(ip + 10, 0);
    std::memcpy(ip + 12, question + 16, 4);
    std::memcpy(ip + 16, question + 12, 4);
    put_raw16(ip + 10, static_cast<u16>(~fold_sum(ones_sum({ip, kIpv4Bytes}))));

    std::byte* icmp = ip + kIpv4Bytes;
    std::memcpy(icmp, echo.data(), echo.size());
    put8(icmp, kEchoReply4);
    put16(icmp + 2, 0);
    put_raw16(icmp + 2, static_cast<u16>(~fold_sum(ones_sum({icmp, echo.size()}))));
    return total;
}

/// The IPv6 header in front of `bytes` of ICMPv6 that stand there already, and their checksum.
u32 finish_icmp6(std::byte* ip, const std::byte* source, const std::byte* destination, u8 hops,
                 u32 bytes) noexcept {
    put32(ip, 0x6000'0000);
    put16(ip + 4, static_cast<u16>(bytes));
    put8(ip + 6, kProtocolIcmp6);
    put8(ip + 7, hops);
    std::memcpy(ip + 8, source, 16);
    std::memcpy(ip + 24, destination, 16);
    std::byte* icmp = ip + kIpv6Bytes;
    put16(icmp + 2, 0);
    const u64 sum = ones_sum({ip + 8, 32}) + sum_of_number(kProtocolIcmp6) + sum_of_number(bytes);
    put_raw16(icmp + 2, static_cast<u16>(~fold_sum(sum + ones_sum({icmp, bytes}))));
    return kIpv6Bytes + bytes;
}

u32 answer_echo6(const std::byte* question, Bytes echo, std::byte* ip) noexcept {
    std::byte* icmp = ip + kIpv6Bytes;
    std::memcpy(icmp, echo.data(), echo.size());
    put8(icmp, kEchoReply6);
    return finish_icmp6(ip, question + 24, question + 8, kHopLimit, static_cast<u32>(echo.size()));
}

/// RFC 4861 7.2.4. A question from the unspecified address is somebody checking that the address is free: all
/// nodes get the answer, and it is not called solicited.
u32 answer_solicitation(const std::byte* question, const std::byte* solicitation, const MacAddress& own,
                        std::byte* ethernet, std::byte* ip) noexcept {
    static constexpr std::array<u8, 16> kAllNodes{0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static constexpr MacAddress kAllNodesMac{0x33, 0x33, 0, 0, 0, 1};
    static constexpr std::array<u8, 16> kUnspecified{};
    constexpr u32 kSolicited = 0x4000'0000;
    constexpr u32 kOverride = 0x2000'0000;

    std::array<std::byte, 16> destination{};
    std::memcpy(destination.data(), question + 8, 16);
    const bool probe = std::memcmp(destination.data(), kUnspecified.data(), 16) == 0;
    if (probe) {
        std::memcpy(destination.data(), kAllNodes.data(), 16);
        std::memcpy(ethernet, kAllNodesMac.data(), 6);
    }
    std::byte* icmp = ip + kIpv6Bytes;
    put16(icmp, kNeighbourAdvertisement << 8U);
    put32(icmp + 4, probe ? kOverride : kSolicited | kOverride);
    std::memcpy(icmp + 8, solicitation + 8, 16);
    put16(icmp + 24, 0x0201);  // option: target link-layer address, 8 bytes
    std::memcpy(icmp + 26, own.data(), 6);
    return finish_icmp6(ip, icmp + 8, destination.data(), 255, kAdvertisementBytes);
}

}  // namespace

u32 answer(Bytes packet, const Parsed& parsed, const MacAddress& own, std::span<std::byte> to) noexcept {
    const u32 network_bytes = kIpv6Bytes + std::max(parsed.bytes, kAdvertisementBytes);
    if (to.size() < parsed.network_at + network_bytes) return 0;
    std::byte* network = turn_link(packet, parsed, own, to.data());
    const std::byte* question = packet.data() + parsed.network_at;
    const Bytes inside = packet.subspan(parsed.at, parsed.bytes);
    u32 bytes = 0;
    if (parsed.outcome == PortCounter::AnsweredArp) {
        bytes = answer_arp(question, own, network);
    } else if (parsed.outcome == PortCounter::AnsweredNdp) {
        bytes = answer_solicitation(question, inside.data(), own, to.data(), network);
    } else {
        assert(parsed.outcome == PortCounter::AnsweredEcho);
        const bool v6 = (get8(question) >> 4U) == 6;
        bytes = v6 ? answer_echo6(question, inside, network) : answer_echo4(question, inside, network);
    }
    return parsed.network_at + bytes;
}

}  // namespace twinlink::drivers
