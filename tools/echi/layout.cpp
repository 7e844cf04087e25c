// The table: see layout.hpp. From public decoders of the format; lengths as the field's releases have them.
#include "tools/echi/layout.hpp"

namespace twinlink::echi {
namespace {

using Bytes = std::array<u8, kVersionCount>;

constexpr Bytes all(u8 bytes) { return {bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes}; }
constexpr Bytes from_11(u8 bytes) { return {0, bytes, bytes, bytes, bytes, bytes, bytes, bytes}; }
constexpr Bytes from_12(u8 bytes) { return {0, 0, bytes, bytes, bytes, bytes, bytes, bytes}; }
constexpr Bytes from_16(u8 bytes) { return {0, 0, 0, bytes, bytes, bytes, bytes, bytes}; }
constexpr Bytes from_163(u8 bytes) { return {0, 0, 0, 0, bytes, bytes, bytes, bytes}; }
constexpr Bytes only_170(u8 bytes) { return {0, 0, 0, 0, 0, bytes, 0, 0}; }
constexpr Bytes from_180(u8 bytes) { return {0, 0, 0, 0, 0, 0, bytes, bytes}; }
constexpr Bytes only_181(u8 bytes) { return {0, 0, 0, 0, 0, 0, 0, bytes}; }
constexpr Bytes upto_12(u8 bytes) { return {bytes, bytes, bytes, 0, 0, 0, 0, 0}; }

constexpr Bytes kVdn{6, 8, 8, 16, 16, 16, 17, 17};
constexpr Bytes kFurtherVdn{0, 0, 8, 16, 16, 16, 17, 17};
constexpr Bytes kLogin{10, 10, 10, 16, 16, 16, 17, 17};
constexpr Bytes kCalling{13, 13, 13, 25, 25, 25, 25, 25};

constexpr auto kLines = [] {
    return std::to_array<FieldLine>({
        {"CALLID", Type::Signed, all(4)},
        {"ACWTIME", Type::Signed, all(4)},
        {"ANSHOLDTIME", Type::Signed, all(4)},
        {"CONSULTTIME", Type::Signed, all(4)},
        {"DISPTIME", Type::Signed, all(4)},
        {"DURATION", Type::Signed, all(4)},
        {"SEGSTART", Type::Signed, all(4)},
        {"SEGSTART_UTC", Type::Signed, from_16(4)},
        {"SEGSTOP", Type::Signed, all(4)},
        {"SEGSTOP_UTC", Type::Signed, from_16(4)},
        {"TALKTIME", Type::Signed, all(4)},
        {"NETINTIME", Type::Signed, all(4)},
        {"ORIGHOLDTIME", Type::Signed, all(4)},
        {"QUEUETIME", Type::Signed, from_12(4)},
        {"RINGTIME", Type::Signed, from_12(4)},
        {"TENANT", Type::Signed, from_180(4)},
        {"ECD_NUM", Type::Signed, only_181(4)},
        {"ORIG_ATTRIB_ID", Type::Signed, only_170(4)},
        {"ANS_ATTRIB_ID", Type::Signed, only_170(4)},
        {"OBS_ATTRIB_ID", Type::Signed, only_170(4)},
        {"DISPIVECTOR", Type::Signed, all(2)},
        {"DISPSPLIT", Type::Signed, all(2)},
        {"FIRSTIVECTOR", Type::Signed, all(2)},
        {"SPLIT1", Type::Signed, all(2)},
        {"SPLIT2", Type::Signed, all(2)},
        {"SPLIT3", Type::Signed, all(2)},
        {"TKGRP", Type::Signed, all(2)},
        {"EQ_LOCID", Type::Signed, all(2)},
        {"ORIG_LOCID", Type::Signed, all(2)},
        {"ANS_LOCID", Type::Signed, all(2)},
        {"OBS_LOCID", Type::Signed, all(2)},
        {"UUI_LEN", Type::Signed, from_12(2)},
        {"FLAGS", Type::Flags, all(2)},
        {"ACD", Type::Unsigned, all(1)},
        {"DISPOSITION", Type::Unsigned, upto_12(1)},
        {"CALL_DISP", Type::Unsigned, from_16(1)},
        {"DISPPRIORITY", Type::Unsigned, all(1)},
        {"HELD", Type::Unsigned, all(1)},
        {"SEGMENT", Type::Unsigned, all(1)},
        {"ANSREASON", Type::Unsigned, all(1)},
        {"ORIGREASON", Type::Unsigned, all(1)},
        {"DISPSKLEVEL", Type::Unsigned, all(1)},
        {"EVENT1", Type::Unsigned, all(1)},
        {"EVENT2", Type::Unsigned, all(1)},
        {"EVENT3", Type::Unsigned, all(1)},
        {"EVENT4", Type::Unsigned, all(1)},
        {"EVENT5", Type::Unsigned, all(1)},
        {"EVENT6", Type::Unsigned, all(1)},
        {"EVENT7", Type::Unsigned, all(1)},
        {"EVENT8", Type::Unsigned, all(1)},
        {"EVENT9", Type::Unsigned, all(1)},
        {"ECD_CONTROL", Type::Unsigned, only_181(1)},
        {"ECD_INFO", Type::Unsigned, only_181(1)},
        {"UCID", Type::Text, all(21)},
        {"DISPVDN", Type::Text, kVdn},
        {"EQLOC", Type::Text, all(10)},
        {"FIRSTVDN", Type::Text, kVdn},
        {"ORIGLOGIN", Type::Text, kLogin},
        {"ANSLOGIN", Type::Text, kLogin},
        {"LASTOBSERVER", Type::Text, kLogin},
        {"DIALED_NUM", Type::Text, all(25)},
        {"CALLING_PTY", Type::Text, kCalling},
        {"LASTDIGITS", Type::Text, all(17)},
        {"LASTCWC", Type::Text, all(17)},
        {"CALLING_II", Type::Text, all(3)},
        {"CWC1", Type::Text, from_11(17)},
        {"CWC2", Type::Text, from_11(17)},
        {"CWC3", Type::Text, from_11(17)},
        {"CWC4", Type::Text, from_11(17)},
        {"CWC5", Type::Text, from_11(17)},
        {"VDN2", Type::Text, kFurtherVdn},
        {"VDN3", Type::Text, kFurtherVdn},
        {"VDN4", Type::Text, kFurtherVdn},
        {"VDN5", Type::Text, kFurtherVdn},
        {"VDN6", Type::Text, kFurtherVdn},
        {"VDN7", Type::Text, kFurtherVdn},
        {"VDN8", Type::Text, kFurtherVdn},
        {"VDN9", Type::Text, kFurtherVdn},
        {"ASAI_UUI", Type::Text, from_12(97)},
        {"INTERRUPTDEL", Type::Unsigned, from_16(1)},
        {"AGENTSURPLUS", Type::Unsigned, from_16(1)},
        {"AGENTSKILLLEVEL", Type::Unsigned, from_16(1)},
        {"PREFSKILLLEVEL", Type::Unsigned, from_16(1)},
        {"ICRRESENT", Type::Unsigned, from_163(1)},
        {"ICRPULLREASON", Type::Unsigned, from_163(1)},
        {"ORIG_ATTRIB_ID", Type::Text, from_180(21)},
        {"ANS_ATTRIB_ID", Type::Text, from_180(21)},
        {"OBS_ATTRIB_ID", Type::Text, from_180(21)},
        {"ECD_STR", Type::Text, only_181(17)},
    });
}();

constexpr std::size_t sum(std::size_t version) {
    std::size_t bytes = 0;
    for (const FieldLine& line : kLines) bytes += line.bytes[version];
    return bytes;
}
static_assert(sum(0) == 233 && sum(1) == 322 && sum(2) == 493 && sum(3) == 615 && sum(4) == 617 &&
                  sum(5) == 629 && sum(6) == 697 && sum(7) == 720,
              "the lengths of the field's records");

}  // namespace

std::span<const FieldLine> lines() noexcept { return kLines; }

std::optional<std::size_t> version_index(u64 version) noexcept {
    for (std::size_t i = 0; i < kVersions.size(); ++i)
        if (kVersions[i] == version) return i;
    return std::nullopt;
}

std::size_t record_bytes(std::size_t version_index) noexcept { return sum(version_index); }

}  // namespace twinlink::echi
