// The archive: one file that holds a backup, as a row of parts with fixed names. Its layout, and the limits
// that a reader holds it to.
//
// Plain values; any thread. Little-endian. An archive is hostile input: it names no files, only parts by
// number; every length has a limit that is checked before anything is taken for it.
//
//     archive  := ArchiveHead part* manifest       the file ends there
//     part     := PartHead chunk* PartEnd          parts in ascending order of their numbers, each once
//     manifest := the part of that number, JSON: what the archive is, and of each part bytes and SHA-256
//     chunk    := ChunkHead zstd-frame             at most kChunkBytes when unpacked, never empty
//     PartEnd  := ChunkHead of two zeros, bytes:8, sha256:32
#pragma once

#include <twinlink/types.hpp>

#include <array>
#include <span>
#include <string_view>

namespace twinlink::backup {

/// A reader refuses a greater one.
inline constexpr u32 kArchiveFormat = 1;
inline constexpr std::array<char, 8> kArchiveMagic{'T', 'L', 'B', 'A', 'C', 'K', 'U', 'P'};
inline constexpr u32 kPartMagic = 0x54524150;  // "PART" in memory

/// Bytes of a chunk before packing. Chosen: zstd gains little from more, and a reader holds two of them.
inline constexpr u32 kChunkBytes = u32{1} << 20;
/// ... and packed: zstd's own bound for what cannot be made smaller.
inline constexpr u32 kPackedBytesMax = kChunkBytes + (kChunkBytes >> 8) + 64;

enum class ArchiveKind : u32 { System = 1, Data = 2 };
/// "system", "data".
[[nodiscard]] constexpr std::string_view name(ArchiveKind kind) noexcept {
    return kind == ArchiveKind::System ? "system" : "data";
}

/// Numbers are part of the format: never renumber.
enum class PartId : u16 {
    Configuration = 1,
    OwnKey = 2,
    OwnCertificate = 3,
    PartnerCertificate = 4,
    Store = 5,
    Journal = 16,
    Rows = 17,
    Exceptions = 18,
    Held = 19,
    Digests = 20,
    Manifest = 0xFFFF,
};

/// What is known of a part before it is read.
struct PartInfo {
    PartId id;
    std::string_view name;  ///< in the manifest and for people
    ArchiveKind kind;       ///< which archives may have it; the manifest is in both
    u64 bytes_max;
};
/// A store's map has at most 16 TiB; a configuration of 64 ACDs is under 20 KiB, a certificate under 2 KiB; a
/// manifest tells 200 bytes a stream.
/// What `held` and `digests` have is kept in memory by the next backup: 40 bytes a range and a table of an
/// interval, so 64 ACDs of a year fit.
inline constexpr std::array kParts{
    PartInfo{PartId::Configuration, "configuration", ArchiveKind::System, u64{1} << 20},
    PartInfo{PartId::OwnKey, "own_key", ArchiveKind::System, u64{1} << 16},
    PartInfo{PartId::OwnCertificate, "own_certificate", ArchiveKind::System, u64{1} << 16},
    PartInfo{PartId::PartnerCertificate, "partner_certificate", ArchiveKind::System, u64{1} << 16},
    PartInfo{PartId::Store, "store", ArchiveKind::System, u64{1} << 44},
    PartInfo{PartId::Journal, "journal", ArchiveKind::Data, u64{1} << 44},
    PartInfo{PartId::Rows, "rows", ArchiveKind::Data, u64{1} << 44},
    PartInfo{PartId::Exceptions, "exceptions", ArchiveKind::Data, u64{1} << 32},
    PartInfo{PartId::Held, "held", ArchiveKind::Data, u64{1} << 28},
    PartInfo{PartId::Digests, "digests", ArchiveKind::Data, u64{1} << 30},
    PartInfo{PartId::Manifest, "manifest", ArchiveKind::System, u64{16} << 20},
};
/// nullptr where there is no such part.
[[nodiscard]] constexpr const PartInfo* find_part(PartId id) noexcept {
    for (const PartInfo& part : kParts)
        if (part.id == id) return &part;
    return nullptr;
}

/// Whose backup it is: known before anything is unpacked. Zeros of a server that is in no pair.
struct ArchiveHead {
    std::array<char, 8> magic;
    u32 format;
    ArchiveKind kind;
    u64 created_wall;
    std::array<u64, 2> pair;
    std::array<u8, 16> store;  ///< the store's id
    u16 server;
    u16 reserved0;
    u32 reserved1;
};
static_assert(sizeof(ArchiveHead) == 64);
struct PartHead {
    u32 magic;
    u16 id;
    u16 reserved0;
};
static_assert(sizeof(PartHead) == 8);
struct ChunkHead {
    u32 packed;
    u32 bytes;
};
static_assert(sizeof(ChunkHead) == 8);

}  // namespace twinlink::backup
