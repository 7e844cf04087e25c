// What stands in the parts of a data backup: entries, one after the other, each whole within one chunk.
//
// Pure; any thread. Little-endian structs, keys and rows as the store has them (engine/store/README.md). An
// entry is hostile input until take_entry() and the checks of its kind have passed.
//
//     part      := entry*
//     journal   := entries of JournalEntry and messages
//     rows      := (IntervalEntry row*)*      a row: key:29 and its sealed value
//     others    := LinkEventRecord*, HeldEntry*, DigestEntry*
#pragma once

#include <twinlink/frame.hpp>
#include <twinlink/items.hpp>
#include <twinlink/records.hpp>

#include <optional>

namespace twinlink::backup {

enum class EntryKind : u32 { Messages = 1, Interval = 2, Row = 3, LinkEvent = 4, Held = 5, Digest = 6 };

struct EntryHead {
    EntryKind kind;
    u32 bytes;  ///< that follow
};
static_assert(sizeof(EntryHead) == 8);
/// A journal block is the longest.
inline constexpr u32 kEntryBytesMax = kBlockBytes + 64;

/// Messages `first` .. first + count - 1 of a stream follow.
struct JournalEntry {
    u64 epoch;
    u64 first;
    u32 count;
    u16 acd;
    u16 reserved0;
};
/// An interval, whose rows follow until the next one. Where some of them could not be read its record says
/// `in_doubt`.
struct IntervalEntry {
    IntervalRecord record;
    u32 tables;  ///< bit n: rows of the table with id n are there
    u32 reserved0;
};
inline constexpr std::size_t kRowKeyBytes = 29;
/// Names of a stream whose messages are in the backup, or in those that it goes on from.
struct HeldEntry {
    u64 epoch;
    u64 first;
    u64 last;
    u16 acd;
    u16 reserved0;
    u32 reserved1;
};
/// What the rows of one table in one interval came to; table None: what its record says.
struct DigestEntry {
    u64 start;
    std::array<u64, 2> digest;
    u16 acd;
    u16 instance;
    TableId table;
    std::array<u8, 3> reserved0;
};
static_assert(Record<JournalEntry> && Record<IntervalEntry> && Record<HeldEntry> && Record<DigestEntry>);

/// All tables that there are.
inline constexpr u32 kAllTables = [] {
    u32 all = 0;
    for (const Table& table : kTables)
        if (static_cast<u32>(table.id) < 32) all |= u32{1} << static_cast<u32>(table.id);
    return all;
}();

/// Beside them in a list of what a backup has: link exceptions, and the journal.
inline constexpr u32 kJournalBit = u32{1} << 30;
inline constexpr u32 kExceptionsBit = u32{1} << 31;
static_assert((kAllTables & (kJournalBit | kExceptionsBit)) == 0);

/// The front entry of `piece`, which moves on; nothing where that is cut off or too long.
struct Entry {
    EntryKind kind;
    Bytes bytes;
};
[[nodiscard]] inline std::optional<Entry> take_entry(Bytes& piece) noexcept {
    if (piece.size() < sizeof(EntryHead)) return {};
    const auto head = read<EntryHead>(piece.data());
    if (head.bytes > kEntryBytesMax || head.bytes > piece.size() - sizeof head) return {};
    const Entry entry{head.kind, piece.subspan(sizeof head, head.bytes)};
    piece = piece.subspan(sizeof head + head.bytes);
    return entry;
}
/// The entry's struct; nothing where it has another length.
template <Record R>
[[nodiscard]] std::optional<R> only(const Entry& entry) noexcept {
    if (entry.bytes.size() != sizeof(R)) return {};
    return read<R>(entry.bytes.data());
}

}  // namespace twinlink::backup
