// Answers to ARP requests, IPv6 neighbour solicitations and pings: what keeps a port alive in its neighbours'
// tables.
//
// Pure, noexcept, allocation-free; any thread. The parser has decided that the packet wants an answer.
#pragma once

#include "drivers/packet.hpp"

namespace twinlink::drivers {

using MacAddress = std::array<u8, 6>;

/// Builds the answer to `packet` in `to`, with the same VLAN tags; returns its bytes, 0 when there is no
/// room. Precondition: `parsed` is the parser's result for `packet`, an Ethernet packet, and one of the
/// Answered*.
[[nodiscard]] u32 answer(Bytes packet, const Parsed& parsed, const MacAddress& own,
                         std::span<std::byte> to) noexcept;

}  // namespace twinlink::drivers
