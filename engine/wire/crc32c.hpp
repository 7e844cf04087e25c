// The two ways of computing CRC-32C, side by side so that a test can hold each to the other. Users call
// crc32c().
//
// Any thread; pure. `crc` continues from an earlier result, 0 begins.
#pragma once

#include <twinlink/frame.hpp>

namespace twinlink::wire {

/// Whether this processor has the crc32 and carry-less multiplication instructions (x86 since 2010).
[[nodiscard]] bool crc32c_has_instructions() noexcept;
/// By instructions. Precondition: crc32c_has_instructions().
[[nodiscard]] u32 crc32c_by_instructions(Bytes data, u32 crc) noexcept;
/// By table, eight bytes at a time: any processor, a tenth of the speed.
[[nodiscard]] u32 crc32c_by_table(Bytes data, u32 crc) noexcept;

}  // namespace twinlink::wire
