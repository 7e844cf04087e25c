// From an Ethernet packet to a verdict: is there a UDP payload for us in it, does it want an answer, or why
// not.
//
// Pure: no device, no clock, no allocation, noexcept; any thread, one parser for each PortConfig. Every byte
// is checked to be there before it is read; any bytes are welcome. Offsets and lengths are bytes.
#pragma once

#include <twinlink/port.hpp>

namespace twinlink::drivers {

/// Checksums that the device has found right already, so that software need not.
struct Verified {
    bool ip = false;   ///< of the IPv4 header
    bool udp = false;  ///< of UDP
};

/// What a packet is. `outcome` is Frames, one of the Refused*, or one of the Answered*: then `answer()`
/// builds the reply (responder.hpp), or a driver that cannot send counts RefusedOther.
struct Parsed {
    PortCounter outcome;
    u32 network_at = 0;  ///< offset of the IP or ARP header; for the answered ones
    u32 at = 0;          ///< offset of the UDP payload, or of the ICMP message
    u32 bytes = 0;       ///< length of what stands there
    Acd source_acd{};    ///< of a frame: the ACD that configuration ties to the source
};

/// Bytes of headers that a packet may have in front of a payload: Ethernet, two tags, IPv6 or IPv4 with
/// options, UDP, and room for extension headers (chosen: they are rare and short).
inline constexpr u32 kHeaderBytesMax = 14 + 8 + 60 + 8 + 70;

/// A PortConfig made ready for the hot path.
class PacketParser {
public:
    /// Precondition: check(config) passed.
    explicit PacketParser(const PortConfig& config);
    /// Takes payloads to any address and UDP port, in any VLAN: for captures from elsewhere.
    PacketParser() noexcept
        : frame_bytes_max_(kFrameBytesMax), verify_(true), anyone_(true), anywhere_(true) {}

    /// A packet that begins with an Ethernet header. Trailing padding is tolerated.
    [[nodiscard]] Parsed parse(Bytes packet, Verified verified = {}) const noexcept;
    /// A packet whose link header ended at `at` and named `ether_type`: tags, IP or ARP follow.
    [[nodiscard]] Parsed parse_tagged(Bytes packet, u32 at, u16 ether_type, Verified verified) const noexcept;

private:
    struct Source4 {
        u32 address;  // as it lies in memory
        u16 udp_port;
        Acd acd;
    };
    struct Source6 {
        std::array<u8, 16> address;
        u16 udp_port;
        Acd acd;
    };
    /// What UDP needs to know of the IP header in front of it.
    struct Network {
        const std::byte* source;
        bool v6;
        u64 pseudo_sum;  // both addresses and the protocol
    };

    [[nodiscard]] Parsed parse_arp(Bytes packet, u32 at) const noexcept;
    [[nodiscard]] Parsed parse_ipv4(Bytes packet, u32 at, Verified verified) const noexcept;
    [[nodiscard]] Parsed parse_ipv6(Bytes packet, u32 at, Verified verified) const noexcept;
    [[nodiscard]] Parsed parse_udp(Bytes datagram, u32 at, const Network& ip,
                                   Verified verified) const noexcept;
    [[nodiscard]] Parsed parse_icmp4(Bytes packet, u32 network_at, Bytes message, u32 at) const noexcept;
    [[nodiscard]] Parsed parse_icmp6(Bytes packet, u32 network_at, Bytes message, u32 at,
                                     u64 pseudo) const noexcept;
    [[nodiscard]] bool ours4(const std::byte* address) const noexcept;
    [[nodiscard]] bool ours6(const std::byte* address) const noexcept;
    [[nodiscard]] bool solicited_node_of_ours(const std::byte* address) const noexcept;
    /// The source's entry; false when sources are named and this is none of them.
    [[nodiscard]] bool find_source(const Network& ip, u16 udp_port, Acd& acd) const noexcept;

    std::vector<u32> own4_;
    std::vector<std::array<u8, 16>> own6_;
    std::vector<Source4> sources4_;  // entries that name a UDP port come first
    std::vector<Source6> sources6_;
    u32 frame_bytes_max_;
    u16 udp_port_ = 0;
    u16 vlan_outer_ = 0;
    u16 vlan_inner_ = 0;
    bool verify_;
    bool anyone_;
    bool anywhere_ = false;
};

/// Counts what became of one packet. Packets and Bytes are the caller's, who adds them up per burst.
inline void count(PortCounters& counters, const Parsed& parsed) noexcept { counters.add(parsed.outcome); }

}  // namespace twinlink::drivers
