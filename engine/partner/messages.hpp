// The messages of the partner protocol: one plain struct per template and group entry, laid out as on the
// wire.
//
// The source of truth is partner_link.xml beside this file; a test holds every struct here to it. All are
// trivially copyable, naturally aligned, multiples of 8 bytes; padding is named `reserved` and sent as 0.
// They may stand at any address on the wire: frames.hpp copies them out. Enum fields come from outside:
// known() tells.
#pragma once

#include <twinlink/limits.hpp>
#include <twinlink/messages.hpp>
#include <twinlink/records.hpp>

#include <array>

namespace twinlink::partner {

inline constexpr u16 kPartnerSchema = 0x5054;
inline constexpr u16 kPartnerSchemaVersion = 0;
/// Versions of the protocol that this program speaks. A session uses the highest that both do.
inline constexpr u16 kVersionMin = 1;
inline constexpr u16 kVersionMax = 1;

/// In front of each message: bytes of the whole frame, and CRC-32C over what follows this struct.
struct FrameHead {
    u32 bytes;
    u32 crc32c;
};
static_assert(sizeof(FrameHead) == 8);
struct GroupHead {
    u16 entry_bytes;
    u16 entries;
};
static_assert(sizeof(GroupHead) == 4);

enum class Held : u8 { Here = 0, Missing = 1, Lost = 2 };
enum class LackWhy : u8 { Missing = 1, TooOld = 2, Unknown = 3, Busy = 4, Unreadable = 5 };
enum class ByeWhy : u8 {
    Stop = 1,
    Maintenance = 2,
    Upgrade = 3,
    Power = 4,
    Refused = 5,
    Protocol = 6,
    Replaced = 7
};
/// Records of which kind are asked for.
enum class AccountKind : u8 { Streams = 1, Gaps = 2, Links = 3, Events = 4 };
constexpr bool known(AccountKind v) noexcept { return v >= AccountKind::Streams && v <= AccountKind::Events; }
constexpr bool known(Held v) noexcept { return v <= Held::Lost; }
constexpr bool known(LackWhy v) noexcept { return v >= LackWhy::Missing && v <= LackWhy::Unreadable; }
constexpr bool known(ByeWhy v) noexcept { return v >= ByeWhy::Stop && v <= ByeWhy::Replaced; }

enum HaveFlag : u8 {
    kHaveFull = 1,
    kHaveEnded = 2,
    kHaveMore = 4,
    kHaveLinkA = 8,
    kHaveLinkB = 16,
};
enum BlockFlag : u16 { kBlockLast = 1 };
enum PageFlag : u8 { kPageLast = 1, kPageMore = 2, kPageUnreadable = 4 };
enum DigestFlag : u8 { kDigestIncomplete = 1 };
enum ConditionFlag : u8 { kInMaintenance = 1, kInSafeMode = 2, kOnBattery = 4, kLowBattery = 8 };

/// Of a message without a group.
struct NoEntry {};

[[nodiscard]] std::string_view name(ByeWhy) noexcept;

struct AcdEntry {
    u16 acd;
    u16 reserved0;
    u32 reserved1;
};
struct RangeEntry {
    u64 first;
    u64 last;
};
struct HeldEntry {
    u64 first;
    u64 last;
    Held held;
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
};
/// A row of the table and interval that a message is about.
struct RowEntry {
    u64 entity;
    u64 entity2;
};
struct RowHashEntry {
    u64 entity;
    u64 entity2;
    u64 hash;
};
struct ItemEntry {
    u64 value;
};
static_assert(sizeof(AcdEntry) == 8 && sizeof(RangeEntry) == 16 && sizeof(HeldEntry) == 24);
static_assert(sizeof(RowEntry) == 16 && sizeof(RowHashEntry) == 24 && sizeof(ItemEntry) == 8);

struct Hello {
    static constexpr u16 kTemplate = 1;
    using Entry = AcdEntry;
    std::array<u64, 2> pair;
    u64 life;
    u64 config_digest;
    u64 wall;
    u16 server;
    u16 version_min;
    u16 version_max;
    u16 fold_version;
    std::array<char, 32> name;
};
struct Have {
    static constexpr u16 kTemplate = 2;
    using Entry = HeldEntry;
    u64 epoch;
    u64 first_seen;
    u64 next;
    u64 pruned;
    u64 missing;
    u16 acd;
    u8 flags;
    u8 reserved0;
    u32 reserved1;
};
struct Want {
    static constexpr u16 kTemplate = 3;
    using Entry = RangeEntry;
    u64 epoch;
    u32 request;
    u16 acd;
    u16 reserved0;
};
struct Block {
    static constexpr u16 kTemplate = 4;
    using Entry = NoEntry;
    u64 epoch;
    u64 first;
    u32 request;
    u32 count;
    u16 acd;
    u16 flags;
    u32 reserved0;
};
struct Lack {
    static constexpr u16 kTemplate = 5;
    using Entry = RangeEntry;
    u64 epoch;
    u32 request;
    u16 acd;
    LackWhy why;
    u8 reserved0;
};
struct LostPropose {
    static constexpr u16 kTemplate = 6;
    using Entry = RangeEntry;
    u64 epoch;
    u16 acd;
    u16 reserved0;
    u32 reserved1;
};
struct LostAgree {
    static constexpr u16 kTemplate = 7;
    using Entry = RangeEntry;
    u64 epoch;
    u16 acd;
    u16 reserved0;
    u32 reserved1;
};
struct Digest {
    static constexpr u16 kTemplate = 8;
    using Entry = NoEntry;
    u64 start;
    std::array<u64, 2> digest;
    u64 rows;
    u64 missing;
    u16 acd;
    u16 instance;
    u16 fold_version;
    u8 table;
    u8 flags;
};
struct Heartbeat {
    static constexpr u16 kTemplate = 9;
    using Entry = NoEntry;
    u64 sent;
    u64 echo;
    u64 echo_age;
    u64 wall;
    u64 refilling;
};
struct Bye {
    static constexpr u16 kTemplate = 10;
    using Entry = NoEntry;
    ByeWhy why;
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
    std::array<char, 96> text;
};
struct AccountAsk {
    static constexpr u16 kTemplate = 11;
    using Entry = NoEntry;
    u64 from;
    u64 to;
    u64 next_epoch;
    u64 next_number;
    u32 request;
    u32 most;
    u16 acd;
    u16 next_acd;
    AccountKind kind;
    u8 reserved0;
    u16 reserved1;
};
/// Records as the store keeps them: what one server has of itself is told field by field.
template <u16 id, class R>
struct AccountPage {
    static constexpr u16 kTemplate = id;
    using Entry = R;
    u64 next_epoch;
    u64 next_number;
    u32 request;
    u16 next_acd;
    u8 flags;
    u8 reserved0;
};
using AccountStreams = AccountPage<12, StreamRecord>;
using AccountGaps = AccountPage<13, GapRecord>;
using AccountLinks = AccountPage<14, LinkRecord>;
using AccountEvents = AccountPage<15, LinkEventRecord>;

struct Copy {
    static constexpr u16 kTemplate = 16;
    using Entry = NoEntry;
    u64 epoch;
    u64 seq;
    u16 acd;
    u16 reserved0;
    u32 reserved1;
};
struct RowsAsk {
    static constexpr u16 kTemplate = 17;
    using Entry = RowEntry;
    u64 start;
    u64 next_entity;
    u64 next_entity2;
    u32 request;
    u16 acd;
    u16 instance;
    u8 table;
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
};
struct RowHashes {
    static constexpr u16 kTemplate = 18;
    using Entry = RowHashEntry;
    u64 next_entity;
    u64 next_entity2;
    u32 request;
    u8 flags;
    u8 reserved0;
    u16 reserved1;
};
struct RowItems {
    static constexpr u16 kTemplate = 19;
    using Entry = ItemEntry;
    u64 entity;
    u64 entity2;
    u32 request;
    u8 flags;
    u8 reserved0;
    u16 reserved1;
};
struct Condition {
    static constexpr u16 kTemplate = 20;
    using Entry = AcdEntry;
    u64 since;
    u8 flags;
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
    std::array<char, 96> text;
};
struct Skips {
    static constexpr u16 kTemplate = 21;
    using Entry = RangeEntry;
    u64 epoch;
    u16 acd;
    u16 reserved0;
    u32 reserved1;
};
/// Whether variable data stands behind a message's block.
template <class M>
inline constexpr bool kHasData = std::is_same_v<M, Block> || std::is_same_v<M, Copy>;

/// Calls f.operator()<M>() for each message of the protocol.
template <class F>
constexpr void for_each_partner_message(F&& f) {
    f.template operator()<Hello>();
    f.template operator()<Have>();
    f.template operator()<Want>();
    f.template operator()<Block>();
    f.template operator()<Lack>();
    f.template operator()<LostPropose>();
    f.template operator()<LostAgree>();
    f.template operator()<Digest>();
    f.template operator()<Heartbeat>();
    f.template operator()<Bye>();
    f.template operator()<AccountAsk>();
    f.template operator()<AccountStreams>();
    f.template operator()<AccountGaps>();
    f.template operator()<AccountLinks>();
    f.template operator()<AccountEvents>();
    f.template operator()<Copy>();
    f.template operator()<RowsAsk>();
    f.template operator()<RowHashes>();
    f.template operator()<RowItems>();
    f.template operator()<Condition>();
    f.template operator()<Skips>();
}

// ---- bounds --------------------------------------------------------------------------------------

/// Messages and bytes of a Block, at most. Specified (design of the pair).
inline constexpr u32 kBlockMessagesMax = 2'000;
inline constexpr u32 kBlockBytesMax = 1'048'576;
static_assert(kBlockBytesMax > kFrameBytesMax, "any one message fits a Block");
/// Ranges in a Have or Want: 96 KiB of them. What a server holds may take several Haves.
inline constexpr u32 kRangesPerMessage = 4'096;
/// Bytes of a frame, with all around it.
inline constexpr u32 kPartnerFrameMax = kBlockBytesMax + 4'096;
static_assert(kPartnerFrameMax > kRangesPerMessage * sizeof(HeldEntry) + 1'024);
/// Records of a page of an account: 48 KiB of the largest.
inline constexpr u32 kAccountPage = 256;
/// Records that one AccountAsk may ask for. Chosen: 2 MiB of gaps, told in a third of a second.
inline constexpr u32 kAccountMost = 16'384;
static_assert(kAccountPage <= kRangesPerMessage);
/// Rows of a page of hashes: 24 KiB of them, some 2 ms of reading.
inline constexpr u32 kRowsPage = 1'024;
/// Rows whose items one RowsAsk may ask for. Chosen: what people read through; 110 KiB of the widest table.
inline constexpr u32 kRowsAsked = 64;
static_assert(kRowsPage <= kRangesPerMessage && kRowsAsked <= kRangesPerMessage);

}  // namespace twinlink::partner
