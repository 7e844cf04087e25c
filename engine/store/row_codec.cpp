// Rows to bytes and back. Pure; any thread. Encoding touches each item once and never grows past the worst
// case that it reserves first; decoding believes nothing that the seal did not confirm and still checks every
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

void encode_row(std::vector<std::byte>& value, Bytes key, u32 revision, u16 fold_version, bool closed,
                std::span<const u64> items) {
    const std::size_t map_bytes = (items.size() + 7) / 8;
    value.resize(sizeof(RowHead) + map_bytes + items.size() * kLebBytesMax);
    RowHead head{0, revision, fold_version, static_cast<u16>(items.size()), static_cast<u8>(closed ? 1 : 0),
                 1, 0};
    std::memcpy(value.data(), &head, sizeof head);
    std::byte* const map = value.data() + sizeof head;
    std::byte* to = map + map_bytes;
    for (std::size_t base = 0, m = 0; base < items.size(); base += 8, ++m) {
        u8 bits = 0;
        for (std::size_t i = base; i < std::min(base + 8, items.size()); ++i) {
            if (items[i] == 0) continue;
            bits = static_cast<u8>(bits | 1U << (i - base));
            to = put_leb(to, items[i]);
        }
        map[m] = std::byte{bits};
    }
    value.resize(static_cast<std::size_t>(to - value.data()));
    head.crc32c = seal_of(key, value);
    std::memcpy(value.data(), &head.crc32c, sizeof head.crc32c);
}

std::optional<RowView> decode_row(Bytes key, Bytes value, std::vector<u64>& items) {
    const auto at = parse_row_key(key);
    if (!at || value.size() < sizeof(RowHead)) return {};
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
    return RowView{*at, head.revision, head.fold_version, (head.flags & 1) != 0, items};
}

}  // namespace twinlink::store
