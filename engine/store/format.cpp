// Keys, seals and journal blocks. Pure; any thread.
#include "engine/store/format.hpp"

#include <algorithm>

namespace twinlink::store {

const char* name(Db db) noexcept {
    static constexpr std::array<const char*, kDbs> kNames = {
        "meta", "journal",     "pruned",  "rows", "gaps",   "streams", "links",     "intervals", "names",
        "acds", "checkpoints", "rollups", "due",  "traces", "linkex",  "conflicts", "skips"};
    return kNames[static_cast<std::size_t>(db)];
}

std::string hex(Bytes bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const std::byte b : bytes) {
        text += kDigits[static_cast<u8>(b) >> 4];
        text += kDigits[static_cast<u8>(b) & 15];
    }
    return text;
}

std::optional<SeqKey> parse_seq_key(Bytes key) noexcept {
    KeyReader in(key);
    const Acd acd{in.get<u16>()};
    const Epoch epoch{in.get<u64>()};
    const Seq seq{in.get<u64>()};
    if (!in.done()) return {};
    return SeqKey{{acd, epoch}, seq};
}

Key row_key(const RowKey& k) noexcept {
    return Key{}
        .put(static_cast<u8>(k.table))
        .put(k.acd.value)
        .put(k.interval_start)
        .put(k.instance)
        .put(k.entity)
        .put(k.entity2);
}

std::optional<RowKey> parse_row_key(Bytes key) noexcept {
    KeyReader in(key);
    RowKey k;
    k.table = static_cast<TableId>(in.get<u8>());
    k.acd = Acd{in.get<u16>()};
    k.interval_start = in.get<u64>();
    k.instance = in.get<u16>();
    k.entity = in.get<u64>();
    k.entity2 = in.get<u64>();
    if (!in.done()) return {};
    return k;
}

std::optional<RolledKey> parse_rolled_key(Bytes key) noexcept {
    KeyReader in(key);
    RolledKey k;
    k.table = static_cast<TableId>(in.get<u8>());
    k.span = static_cast<Span>(in.get<u8>());
    k.acd = Acd{in.get<u16>()};
    k.first = LocalDay{static_cast<i32>(static_cast<i64>(in.get<u64>() ^ u64{1} << 63))};
    k.entity = in.get<u64>();
    k.entity2 = in.get<u64>();
    if (!in.done()) return {};
    return k;
}

u32 seal_of(Bytes key, Bytes value) noexcept {
    constexpr std::array<std::byte, sizeof(u32)> kZero{};
    return crc32c(value.subspan(kZero.size()), crc32c(kZero, crc32c(key)));
}

std::optional<BlockHead> peek_block(Bytes value) noexcept {
    if (value.size() < sizeof(BlockHead)) return {};
    const auto head = read<BlockHead>(value.data());
    if (head.magic != kBlockMagic || head.bytes != value.size() - sizeof head || head.count == 0) return {};
    return head;
}

std::optional<BlockView> open_block(Bytes key, Bytes value) noexcept {
    const auto at = parse_seq_key(key);
    const auto head = peek_block(value);
    if (!at || !head || head->crc32c != seal_of(key, value)) return {};
    const Bytes messages = value.subspan(sizeof(BlockHead));
    // The seal says that this is what was written; walking it says that what was written can be walked.
    u32 count = 0;
    for (std::size_t p = 0; p != messages.size(); ++count) {
        if (messages.size() - p < sizeof(SbeHeader) + sizeof(u64)) return {};
        const MessageView m = message_at(messages.data() + p);
        if (m.block_length < sizeof(u64) || m.wire_bytes() > messages.size() - p) return {};
        p += m.wire_bytes();
    }
    if (count != head->count || at->seq.value == 0) return {};
    return BlockView{
        at->stream, {at->seq, at->seq + (count - 1)}, head->first_time, head->last_time, messages};
}

void write_block(std::byte* to, Bytes key, u32 count, u64 first_time, u64 last_time,
                 Bytes messages) noexcept {
    BlockHead head{0, kBlockMagic, count, static_cast<u32>(messages.size()), first_time, last_time, 1, 0, 0};
    std::memcpy(to, &head, sizeof head);
    head.crc32c = seal_of(key, {to, sizeof head});
    // Copied and summed in pieces that stay in the first cache.
    constexpr std::size_t kPiece = 8 * 1024;
    std::byte* out = to + sizeof head;
    for (; !messages.empty(); messages = messages.subspan(std::min(kPiece, messages.size()))) {
        const Bytes piece = messages.first(std::min(kPiece, messages.size()));
        head.crc32c = crc32c(piece, head.crc32c);
        std::memcpy(out, piece.data(), piece.size());
        out += piece.size();
    }
    std::memcpy(to, &head.crc32c, sizeof head.crc32c);
}

}  // namespace twinlink::store
