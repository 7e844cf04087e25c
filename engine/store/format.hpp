// The store's bytes: which databases there are, how keys and values are laid out and sealed. README.md
// documents it.
//
// Pure; any thread. Keys are big-endian, so that LMDB's byte order is the order of the numbers; values are
// little-endian. Every value begins with a CRC-32C over its key and itself (its own field as 0), so that a
// value that rotted, or that stands under another key, is never believed.
#pragma once

#include <twinlink/frame.hpp>
#include <twinlink/records.hpp>
#include <twinlink/store_reader.hpp>

#include <array>
#include <cassert>
#include <optional>
#include <span>

namespace twinlink::store {

/// The named databases of the environment. All exist from creation on.
enum class Db : u8 {
    Meta,
    Journal,
    Pruned,
    Rows,
    Gaps,
    Streams,
    Links,
    Intervals,
    Names,
    Acds,
    Checkpoints,
    Rollups,
    Due,
    Traces,
    Linkex,
    Conflicts,
    Skips,
    Count_
};
inline constexpr std::size_t kDbs = static_cast<std::size_t>(Db::Count_);
/// From here on: databases that a store of an older program may lack. A writer makes them, a reader finds
/// them empty.
inline constexpr Db kFirstLaterDb = Db::Rollups;
/// Name in LMDB and in messages.
[[nodiscard]] const char* name(Db) noexcept;

/// A key: up to 32 bytes, built front to back.
class Key {
public:
    template <class T>
    Key& put(T value) noexcept {
        for (std::size_t i = sizeof(T); i-- != 0;) bytes_[size_++] = static_cast<std::byte>(value >> 8 * i);
        return *this;
    }
    [[nodiscard]] Bytes bytes() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<std::byte, 32> bytes_{};
    u8 size_ = 0;
};

/// Reads a key front to back. ok() is false when it was too short; finish with done().
class KeyReader {
public:
    explicit KeyReader(Bytes key) noexcept : key_(key) {}
    template <class T>
    [[nodiscard]] T get() noexcept {
        u64 v = 0;
        if (key_.size() - at_ < sizeof(T)) {
            ok_ = false;
            return T{};
        }
        for (std::size_t i = 0; i < sizeof(T); ++i) v = v << 8 | static_cast<u64>(key_[at_++]);
        return static_cast<T>(v);
    }
    /// All bytes were read, none was missing.
    [[nodiscard]] bool done() const noexcept { return ok_ && at_ == key_.size(); }

private:
    Bytes key_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

[[nodiscard]] inline Key stream_key(Stream s) noexcept { return Key{}.put(s.acd.value).put(s.epoch.value); }
/// Journal blocks, gaps and checkpoints: (acd, epoch, seq).
[[nodiscard]] inline Key seq_key(Stream s, Seq seq) noexcept { return stream_key(s).put(seq.value); }
/// Bytes as hexadecimal digits, for messages.
[[nodiscard]] std::string hex(Bytes bytes);
struct SeqKey {
    Stream stream;
    Seq seq;
};
[[nodiscard]] std::optional<SeqKey> parse_seq_key(Bytes key) noexcept;
[[nodiscard]] Key row_key(const RowKey& key) noexcept;

/// A row's key as four big-endian numbers, zeros behind it: they compare as its bytes do, and faster.
struct RowSortKey {
    std::array<u64, 4> words;
    // The default one calls memcmp, which a sort feels.
    [[nodiscard]] bool operator==(const RowSortKey& o) const noexcept {
        u64 differ = 0;
        for (std::size_t i = 0; i < words.size(); ++i) differ |= words[i] ^ o.words[i];
        return differ == 0;
    }
    [[nodiscard]] bool operator<(const RowSortKey& o) const noexcept {
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            if (words[i] != o.words[i]) return words[i] < o.words[i];
        }
        return words.back() < o.words.back();
    }
};
[[nodiscard]] constexpr RowSortKey sort_key(const RowKey& k) noexcept {
    const u64 table = static_cast<u64>(k.table);
    return {{table << 56 | u64{k.acd.value} << 40 | k.interval_start >> 24,
             k.interval_start << 40 | u64{k.instance} << 24 | k.entity >> 40,
             k.entity << 24 | k.entity2 >> 40, k.entity2 << 24}};
}
/// What the keys of all rows of one table in one interval begin with.
struct RowGroup {
    u64 front;
    u64 back;
    friend constexpr auto operator<=>(const RowGroup&, const RowGroup&) noexcept = default;
};
[[nodiscard]] constexpr RowGroup group_of(const RowSortKey& key) noexcept {
    return {key.words[0], key.words[1] >> 24};
}
using RowKeyBytes = std::array<std::byte, 29>;
/// The key's bytes, as row_key() makes them.
[[nodiscard]] inline RowKeyBytes bytes_of(const RowSortKey& key) noexcept {
    std::array<u64, 4> words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = __builtin_bswap64(key.words[i]);
    RowKeyBytes bytes;
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return bytes;
}
[[nodiscard]] std::optional<RowKey> parse_row_key(Bytes key) noexcept;

[[nodiscard]] inline Key key_of(const GapRecord& r) noexcept {
    return seq_key({Acd{r.acd}, Epoch{r.epoch}}, Seq{r.first});
}
[[nodiscard]] inline Key key_of(const StreamRecord& r) noexcept {
    return stream_key({Acd{r.acd}, Epoch{r.epoch}});
}
[[nodiscard]] inline Key key_of(const PrunedRecord& r) noexcept {
    return stream_key({Acd{r.acd}, Epoch{r.epoch}});
}
[[nodiscard]] inline Key key_of(const LinkRecord& r) noexcept {
    return stream_key({Acd{r.acd}, Epoch{r.epoch}}).put(r.link);
}
[[nodiscard]] inline Key key_of(const IntervalRecord& r) noexcept {
    return Key{}.put(r.acd).put(r.start).put(r.instance);
}
[[nodiscard]] inline Key key_of(const NameRecord& r) noexcept {
    return Key{}.put(r.acd).put(static_cast<u8>(r.kind)).put(r.number);
}
[[nodiscard]] inline Key key_of(const AcdRecord& r) noexcept { return Key{}.put(r.acd); }
[[nodiscard]] inline Key key_of(const TraceRecord& r) noexcept {
    return seq_key({Acd{r.acd}, Epoch{r.epoch}}, Seq{r.seq});
}
[[nodiscard]] inline Key key_of(const SkipRecord& r) noexcept {
    return seq_key({Acd{r.acd}, Epoch{r.epoch}}, Seq{r.seq});
}
[[nodiscard]] inline Key key_of(const ConflictRecord& r) noexcept {
    return seq_key({Acd{r.acd}, Epoch{r.epoch}}, Seq{r.seq});
}
[[nodiscard]] inline Key key_of(const LinkEventRecord& r) noexcept { return Key{}.put(r.acd).put(r.number); }

/// Days as they stand in keys: in order, also those before 1970.
[[nodiscard]] inline u64 key_of_day(LocalDay day) noexcept {
    return static_cast<u64>(i64{day.value}) ^ u64 { 1 } << 63;
}
/// Rolled rows of a period, without the entity. Table 0: the period's own record.
[[nodiscard]] inline Key period_key(TableId table, Span span, Acd acd, LocalDay first) noexcept {
    return Key{}.put(static_cast<u8>(table)).put(static_cast<u8>(span)).put(acd.value).put(key_of_day(first));
}
[[nodiscard]] inline Key rolled_key(const RolledKey& k) noexcept {
    return period_key(k.table, k.span, k.acd, k.first).put(k.entity).put(k.entity2);
}
[[nodiscard]] std::optional<RolledKey> parse_rolled_key(Bytes key) noexcept;
[[nodiscard]] inline Key key_of(const RollUpRecord& r) noexcept {
    return period_key(TableId::None, r.span, Acd{r.acd}, r.first());
}
[[nodiscard]] inline Key key_of(const DueRecord& r) noexcept {
    return Key{}.put(r.acd).put(static_cast<u8>(r.span)).put(key_of_day(LocalDay{r.first_day}));
}

// ---- records
// ------------------------------------------------------------------------------------------------

/// What stands in front of a record. `bytes` may exceed what we know: a newer program of the same format
/// added fields.
struct RecordHead {
    u32 crc32c;
    u16 version;
    u16 bytes;
};
static_assert(sizeof(RecordHead) == 8);

/// CRC-32C over key, then value with its first four bytes as 0.
[[nodiscard]] u32 seal_of(Bytes key, Bytes value) noexcept;

template <class R>
using Sealed = std::array<std::byte, sizeof(RecordHead) + sizeof(R)>;

template <Record R>
[[nodiscard]] Sealed<R> seal(Bytes key, const R& record) noexcept {
    Sealed<R> value;
    RecordHead head{0, 1, sizeof(R)};
    std::memcpy(value.data(), &head, sizeof head);
    std::memcpy(value.data() + sizeof head, &record, sizeof record);
    head.crc32c = seal_of(key, value);
    std::memcpy(value.data(), &head.crc32c, sizeof head.crc32c);
    return value;
}

/// Empty when the value is damaged. Fields that the writer did not know are 0.
template <Record R>
[[nodiscard]] std::optional<R> unseal(Bytes key, Bytes value) noexcept {
    if (value.size() < sizeof(RecordHead)) return {};
    const auto head = read<RecordHead>(value.data());
    if (head.bytes != value.size() - sizeof head || head.crc32c != seal_of(key, value)) return {};
    R record{};
    std::memcpy(&record, value.data() + sizeof head, std::min<std::size_t>(head.bytes, sizeof record));
    return record;
}

/// Meta, key "store": written once, at creation.
struct StoreRecord {
    u32 format;
    u32 reserved0;
    std::array<u8, 16> id;
    u64 created_wall;
};
/// Meta, key "commit": written by every commit. `transaction` and `entries` are what LMDB must agree with: a
/// root that points to an older tree, whole but outdated, shows here.
struct CommitRecord {
    u64 number;
    u64 wall;
    u64 commits;
    u64 transaction;
    std::array<u64, kDbs> entries;
};
static_assert(Record<StoreRecord> && Record<CommitRecord>);
inline const Key kStoreKey = Key{}.put(u8{'s'});
inline const Key kCommitKey = Key{}.put(u8{'c'});

// ---- journal blocks and checkpoints
// -------------------------------------------------------------------------

inline constexpr u32 kBlockMagic = 0x424A4C54;  // "TLJB" in memory
/// Stands in front of a block's messages.
struct BlockHead {
    u32 crc32c;  ///< over key, this (0 here) and the messages
    u32 magic;
    u32 count;  ///< messages
    u32 bytes;  ///< of messages
    u64 first_time;
    u64 last_time;
    u16 version;
    u16 reserved0;
    u32 reserved1;
};
static_assert(sizeof(BlockHead) == 40);

/// The block under `key`, or empty when it is damaged: CRC, lengths, or count against the messages
/// themselves.
[[nodiscard]] std::optional<BlockView> open_block(Bytes key, Bytes value) noexcept;
/// Head and place of a block whose CRC is not checked: for the retention, which only needs a size and a time,
/// and for places where open_block follows.
[[nodiscard]] std::optional<BlockHead> peek_block(Bytes value) noexcept;
/// Writes head and messages to `to` (sizeof(BlockHead) + messages.size() bytes) and seals them.
void write_block(std::byte* to, Bytes key, u32 count, u64 first_time, u64 last_time, Bytes messages) noexcept;

/// Stands in front of a checkpoint's state.
struct CheckpointHead {
    u32 crc32c;
    u16 version;
    u16 reserved0;
    u64 interval_start;
    u64 bytes;
};
static_assert(sizeof(CheckpointHead) == 24);

}  // namespace twinlink::store
