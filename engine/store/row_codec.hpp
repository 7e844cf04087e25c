// A row's value: a head, a bitmap of the items that are not 0, and those items as LEB128 numbers.
//
// Most items of a row are 0 (an agent's row has some 230 items of which perhaps 30 say something), counts are
// small and times are below an interval in ns (41 bits): the row of 1,840 plain bytes becomes some 180. Pure;
// any thread.
#pragma once

#include "engine/store/commit_batch.hpp"
#include "engine/store/format.hpp"

#include <vector>

namespace twinlink::store {

struct RowHead {
    u32 crc32c;  ///< over key, this (0 here) and the body
    u32 revision;
    u16 fold_version;
    u16 items;      ///< of the table, zeros included
    u8 flags;       ///< bit 0: its interval is over
    u8 encoding;    ///< 1 = bitmap + LEB128
    u16 intervals;  ///< rolled rows: how many intervals' rows went in; else 0
};
static_assert(sizeof(RowHead) == 16);

/// Items of one row at most. Chosen: the widest table of the field has some 230.
inline constexpr u32 kRowItemsMax = 4'096;

/// The sealed row, at the front of `room`, which grows where it is too small. `words` are its map and values.
/// Precondition: the map has as many bits as there are values.
[[nodiscard]] Bytes encode_row(std::vector<std::byte>& room, Bytes key, const RowImage& row,
                               std::span<const u64> words);

/// The same for a rolled row whose revision, version and intervals are in `head`; the rest of it is filled
/// in.
void encode_rolled(std::vector<std::byte>& value, Bytes key, RowHead head, std::span<const u64> items);

/// Puts the items of a row or rolled row into `items` and returns its head; empty when it is damaged.
[[nodiscard]] std::optional<RowHead> decode_items(Bytes key, Bytes value, std::vector<u64>& items);
[[nodiscard]] std::optional<RolledRow> decode_rolled(Bytes key, Bytes value, std::vector<u64>& items);

/// Puts the row's items into `items` and returns the row; empty when it is damaged. The view points to
/// `items`.
[[nodiscard]] std::optional<RowView> decode_row(Bytes key, Bytes value, std::vector<u64>& items);

/// Whether the interval of the sealed row is over, and the row not INCOMPLETE. Its seal is not looked at.
[[nodiscard]] bool is_complete(Bytes value) noexcept;

}  // namespace twinlink::store
