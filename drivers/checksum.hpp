// The Internet checksum (RFC 1071) of IPv4, UDP and ICMP, fast enough to stand in for the NIC.
//
// Pure; any thread. Sums are taken over 16-bit words as they lie in memory, so that nothing is byte-swapped:
// a sum is stored and compared in memory order as well. Lengths are bytes.
#pragma once

#include <twinlink/frame.hpp>

namespace twinlink::drivers {

/// The sum of the 16-bit words of `data`; an odd last byte counts as if a zero byte followed.
/// Precondition: at most 64 KiB. Sums of even-length pieces may be added.
[[nodiscard]] u64 ones_sum(Bytes data) noexcept;

/// A sum folded to 16 bits with end-around carry. Data that contains its own correct checksum folds to
/// 0xFFFF.
[[nodiscard]] constexpr u16 fold_sum(u64 sum) noexcept {
    sum = (sum & 0xFFFF'FFFFU) + (sum >> 32U);
    sum = (sum & 0xFFFFU) + (sum >> 16U);
    sum = (sum & 0xFFFFU) + (sum >> 16U);
    sum = (sum & 0xFFFFU) + (sum >> 16U);
    return static_cast<u16>(sum);
}
inline constexpr u16 kSumGood = 0xFFFF;

/// What the sum needs of a pseudo-header's number (protocol, length) in memory order.
[[nodiscard]] constexpr u64 sum_of_number(u32 number) noexcept {
    return __builtin_bswap16(static_cast<u16>(number)) + __builtin_bswap16(static_cast<u16>(number >> 16U));
}

}  // namespace twinlink::drivers
