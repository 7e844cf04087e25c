// The layouts of external call history (ECHI) files, all versions in one table: a field is a line, with its
// bytes in each version.
//
// A file is a header (u32 version, u32 sequence number, little-endian), then records of one length without
// anything between them. Integers are little-endian; text is ASCII, NUL padded, with at least one NUL. Fields
// follow each other in the order of the table. Constant data, any thread.
#pragma once

#include <twinlink/types.hpp>

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace twinlink::echi {

enum class Type : u8 {
    Signed,    ///< 2 or 4 bytes; -1 is none
    Unsigned,  ///< 1 byte
    Text,
    Flags,  ///< bits from the first byte's lowest on
};

/// The versions, by the place of their bytes in a field's line.
inline constexpr std::array<u32, 8> kVersions{5, 11, 12, 16, 163, 170, 180, 181};
inline constexpr std::size_t kVersionCount = kVersions.size();

struct FieldLine {
    std::string_view name;
    Type type;
    std::array<u8, kVersionCount> bytes;  ///< 0: the version does not have it
};

/// Names of the bits of FLAGS, from the lowest.
inline constexpr std::array<std::string_view, 9> kFlagNames{"ASSIST",        "AUDIO",       "CONFERENCE",
                                                            "DA_QUEUED",     "HOLDABN",     "MALICIOUS",
                                                            "OBSERVINGCALL", "TRANSFERRED", "AGT_RELEASED"};

inline constexpr std::size_t kHeaderBytes = 8;

[[nodiscard]] std::span<const FieldLine> lines() noexcept;
/// Where that version's bytes stand; nothing for a version that there is not.
[[nodiscard]] std::optional<std::size_t> version_index(u64 version) noexcept;
[[nodiscard]] std::size_t record_bytes(std::size_t version_index) noexcept;

}  // namespace twinlink::echi
