// Numbers of the Internet protocols, and big-endian reads and writes, for the parser, the responder and the
// writer.
//
// Pure; offsets are bytes from the start of the header that a name begins with.
#pragma once

#include <twinlink/frame.hpp>

namespace twinlink::drivers {

inline constexpr u32 kEthernetBytes = 14;
inline constexpr u32 kTagBytes = 4;
inline constexpr u32 kArpBytes = 28;
inline constexpr u32 kIpv4Bytes = 20;
inline constexpr u32 kIpv6Bytes = 40;
inline constexpr u32 kUdpBytes = 8;
inline constexpr u32 kIcmpBytes = 8;  ///< an echo's type, code, checksum, identifier and number
inline constexpr u32 kSolicitationBytes = 24;

inline constexpr u16 kEtherIpv4 = 0x0800;
inline constexpr u16 kEtherArp = 0x0806;
inline constexpr u16 kEtherVlan = 0x8100;
inline constexpr u16 kEtherIpv6 = 0x86DD;
inline constexpr u16 kEtherQinQ = 0x88A8;

inline constexpr u8 kProtocolHopByHop = 0;
inline constexpr u8 kProtocolIcmp = 1;
inline constexpr u8 kProtocolUdp = 17;
inline constexpr u8 kProtocolRouting = 43;
inline constexpr u8 kProtocolFragment = 44;
inline constexpr u8 kProtocolIcmp6 = 58;
inline constexpr u8 kProtocolDestination = 60;

inline constexpr u8 kEchoRequest4 = 8;
inline constexpr u8 kEchoReply4 = 0;
inline constexpr u8 kEchoRequest6 = 128;
inline constexpr u8 kEchoReply6 = 129;
inline constexpr u8 kNeighbourSolicitation = 135;
inline constexpr u8 kNeighbourAdvertisement = 136;

[[nodiscard]] inline u8 get8(const std::byte* at) noexcept { return static_cast<u8>(*at); }
[[nodiscard]] inline u16 get16(const std::byte* at) noexcept { return __builtin_bswap16(read<u16>(at)); }
[[nodiscard]] inline u32 get32(const std::byte* at) noexcept { return __builtin_bswap32(read<u32>(at)); }
inline void put8(std::byte* at, u8 value) noexcept { *at = static_cast<std::byte>(value); }
inline void put16(std::byte* at, u16 value) noexcept {
    value = __builtin_bswap16(value);
    std::memcpy(at, &value, sizeof value);
}
inline void put32(std::byte* at, u32 value) noexcept {
    value = __builtin_bswap32(value);
    std::memcpy(at, &value, sizeof value);
}
/// Stores a 16-bit number that is in memory order already: a checksum.
inline void put_raw16(std::byte* at, u16 value) noexcept { std::memcpy(at, &value, sizeof value); }

}  // namespace twinlink::drivers
