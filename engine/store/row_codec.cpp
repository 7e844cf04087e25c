// Rows to bytes and back. Pure; any thread. Encoding never grows past the worst case that it reserves first;
// decoding believes nothing that the seal did not confirm and still checks every
// bound.
#include "engine/store/row_codec.hpp"

#include <bit>

namespace twinlink::store {
namespace {

constexpr std::size_t kLebBytesMax = 10;

std::byte* put_leb(std::byte* to, u64 v) noexcept {
    for (; v >= 0x80; v >>= 7) *to++ = static_cast<std::byte>(v | 0x80);
    *to++ = static_cast<std::byte>(v);
    return to;
}

/// Past the number's end, or nullptr when it is cut off or too long.
const std::byte* get_leb(const std::byte* p, const std::byte* end, u64& v) noexcept {
    v = 0;
    for (unsigned shift = 0; p != end && shift < 64; shift += 7) {
        const auto b = static_cast<u64>(*p++);
        v |= (b & 0x7F) << shift;
        if (b < 0x80) return p;
    }
    return nullptr;
}

}  // namespace

Bytes encode_row(std::vector<std::byte>& room, Bytes key, const RowImage& row, std::span<const u64> words) {
    const std::size_t map_bytes = (row.items + std::size_t{7}) / 8;
    const auto values = words.subspan(row_map_words(row.items), row.values);
    const std::size_t most = sizeof(RowHead) + map_bytes + values.size() * kLebBytesMax;
    if (room.size() < most) room.resize(most);
    RowHead head{0, row.revision, row.fold_version, row.items, static_cast<u8>(row.closed ? 1 : 0), 1, 0};
    std::memcpy(room.data(), &head, sizeof head);
    std::byte* const map = room.data() + sizeof head;
    // Little-endian: bit i of the words is in byte i / 8.
    if (map_bytes != 0) std::memcpy(map, words.data(), map_bytes);
    std::byte* to = map + map_bytes;
    for (const u64 v : values) to = put_leb(to, v);
    const Bytes value(room.data(), to);
    head.crc32c = seal_of(key, value);
    std::memcpy(room.data(), &head.crc32c, sizeof head.crc32c);
    return value;
}

void encode_rolled(std::vector<std::byte>& value, Bytes key, RowHead head, std::span<const u64> items) {
    const std::size_t map_bytes = (items.size() + 7) / 8;
    value.assign(sizeof head + map_bytes + items.size() * kLebBytesMax, std::byte{});
    head.items = static_cast<u16>(items.size());
    head.flags = 0;
    head.encoding = 1;
    head.crc32c = 0;
    std::memcpy(value.data(), &head, sizeof head);
    std::byte* const map = value.data() + sizeof head;
    std::byte* to = map + map_bytes;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i] == 0) continue;
        map[i / 8] |= std::byte{1} << static_cast<unsigned>(i % 8);
        to = put_leb(to, items[i]);
    }
    value.resize(static_cast<std::size_t>(to - value.data()));
    head.crc32c = seal_of(key, value);
    std::memcpy(value.data(), &head.crc32c, sizeof head.crc32c);
}

std::optional<RowHead> decode_items(Bytes key, Bytes value, std::vector<u64>& items) {
    if (value.size() < sizeof(RowHead)) return {};
    const auto head = read<RowHead>(value.data());
    if (head.encoding != 1 || head.items > kRowItemsMax || head.crc32c != seal_of(key, value)) return {};
    const std::size_t map_bytes = (head.items + std::size_t{7}) / 8;
    if (value.size() - sizeof head < map_bytes) return {};
    const std::byte* const map = value.data() + sizeof head;
    const std::byte* p = map + map_bytes;
    const std::byte* const end = value.data() + value.size();
    items.assign(head.items, 0);
    for (std::size_t m = 0; m < map_bytes; ++m) {
        for (auto bits = static_cast<u32>(map[m]); bits != 0; bits &= bits - 1) {
            const std::size_t i = m * 8 + static_cast<std::size_t>(std::countr_zero(bits));
            if (i >= items.size() || (p = get_leb(p, end, items[i])) == nullptr) return {};
        }
    }
    if (p != end) return {};
    return head;
}

bool is_complete(Bytes value) noexcept {
    if (value.size() <= sizeof(RowHead)) return false;
    // INCOMPLETE is the first item of every table: its bit in the map says whether it is 0.
    return (read<RowHead>(value.data()).flags & 1) != 0 &&
           (value[sizeof(RowHead)] & std::byte{1}) == std::byte{0};
}

std::optional<RowView> decode_row(Bytes key, Bytes value, std::vector<u64>& items) {
    const auto at = parse_row_key(key);
    const auto head = at ? decode_items(key, value, items) : std::nullopt;
    if (!head) return {};
    return RowView{*at, head->revision, head->fold_version, (head->flags & 1) != 0, items};
}

std::optional<RolledRow> decode_rolled(Bytes key, Bytes value, std::vector<u64>& items) {
    const auto at = parse_rolled_key(key);
    const auto head = at ? decode_items(key, value, items) : std::nullopt;
    if (!head) return {};
    return RolledRow{*at, head->revision, head->fold_version, head->intervals, items};
}

}  // namespace twinlink::store
