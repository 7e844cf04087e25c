// What the store keeps beside the journal, as plain values: streams, links, gaps, intervals, names, rows'
// keys.
//
// The same structs are built by the engine, written by the store and read by reports. All are trivially
// copyable, without padding, little-endian on disk; a format change raises kStoreFormat. Times called `wall`
// are the server's CLOCK_REALTIME in ns (reports only), all other times the ACD's clock in ns.
#pragma once

#include <twinlink/limits.hpp>

#include <array>
#include <span>
#include <string_view>
#include <type_traits>

namespace twinlink {

/// Store format. Nobody opens a greater one than it knows; a writer brings a smaller one to its own when it
/// opens the store. Raised with every database or meaning that an older program must not write beside.
inline constexpr u32 kStoreFormat = 2;

/// Why names are missing, as far as the engine can tell.
enum class GapCause : u8 {
    Unknown = 0,
    BothLinks = 1,      ///< both links delivered around it, neither delivered it
    LinkDown = 2,       ///< one or both links were silent beyond the limit while it happened
    LocalDrop = 3,      ///< ring full or the NIC missed packets here
    ServerDown = 4,     ///< the engine was not running
    RefusedFrames = 5,  ///< a frame at that place came but was refused (CRC, malformed)
    BeforePumpUp = 6,   ///< the stream was joined in the middle: names before the first one seen
    Tail = 7,           ///< the end of an epoch that a heartbeat or end-of-epoch frame announced
    BitRot = 8,         ///< they were here, and the store's copy of them cannot be read any more
    Count_
};
enum class GapState : u8 { Open = 0, Requested = 1, Filled = 2, Healed = 3, Lost = 4, Count_ };
/// Who delivered what was missing.
enum class FilledBy : u8 { Nobody = 0, LinkA = 1, LinkB = 2, Partner = 3, Backup = 4, Count_ };
/// Stable snake_case names for reports.
[[nodiscard]] std::string_view name(GapCause) noexcept;
[[nodiscard]] std::string_view name(GapState) noexcept;
[[nodiscard]] std::string_view name(FilledBy) noexcept;

/// A range of names that this server lacks or lacked. Key: (acd, epoch, first). Ranges of one stream never
/// overlap.
struct GapRecord {
    u64 epoch;
    u64 first;    ///< Seq
    u64 last;     ///< Seq, inclusive
    u64 missing;  ///< how many names of the range; less than its length only where `merged`
    u64 opened_wall;
    u64 closed_wall;     ///< 0 while open
    u64 time_before;     ///< time of the message before the range, 0 = none known
    u64 time_after;      ///< time of the message behind it, 0 = none yet
    u64 interval_first;  ///< start of the first interval touched, 0 = unknown
    u64 interval_last;   ///< start of the last interval touched
    u64 refold_ns;       ///< healed: from the fill until its rows had been folded again; 0 = not known
    u32 attempts;        ///< requests sent for it
    u16 acd;
    GapCause cause;
    GapState state;
    FilledBy filled_by;
    u8 merged;  ///< 1 = neighbours were merged into one for want of room: some of the range is held
    u16 reserved0;
    u32 reserved1;

    [[nodiscard]] Range range() const noexcept { return {Seq{first}, Seq{last}}; }
};

/// One life of one ACD's numbering, as this server holds it. Key: (acd, epoch).
struct StreamRecord {
    u64 epoch;
    u64 first_seen;  ///< Seq of the first message accepted
    u64 watermark;   ///< Seq up to which nothing is missing
    u64 next;        ///< Seq after the highest accepted or announced; names below are held or in a gap
    u64 messages;    ///< accepted, fills included
    u64 missing;     ///< names in gaps that are open or lost
    u64 last_time;   ///< time of the latest message
    u64 begun_wall;
    u64 last_wall;  ///< when the latest message was accepted
    u16 acd;
    u8 ended;  ///< 1 = an end-of-epoch frame closed it, or a newer epoch took over
    u8 reserved0;
    u32 reserved1;
};

/// What one link brought of one stream. Key: (acd, epoch, link).
/// Sums: span = distinct + lost + behind, where span counts the names from the stream's first to its highest.
struct LinkRecord {
    u64 epoch;
    u64 frames;  ///< valid frames of this stream, heartbeats included
    u64 heartbeats;
    u64 messages;        ///< in those frames, copies included
    u64 first_arrivals;  ///< messages that this link delivered first
    u64 duplicates;      ///< messages that were here already, from the other link or this one
    u64 distinct;        ///< names seen on this link at least once (within the link map)
    u64 lost;            ///< names that this link passed over
    u64 lost_alone;      ///< part of lost that the other link delivered
    u64 behind;          ///< names that this link has yet to bring, as of now
    u64 late;            ///< messages that came after the link map had moved on; counted in lost before
    u64 wild_frames;     ///< frames set aside: outside the window or of an unproven epoch
    u64 stale_frames;    ///< frames of an older epoch
    u64 conflicts;       ///< messages whose bytes differ from the copy that counts
    u64 lag_ns_last;     ///< how long after the first copy this link's copy of a message came
    u64 lag_ns_max;
    u64 lag_ns_sum;  ///< over lag_count frames
    u64 lag_count;
    u64 silences;   ///< times the link was silent beyond the limit
    u64 silent_ns;  ///< total of those
    u64 last_wall;  ///< latest valid frame, 0 = never
    u16 acd;
    u8 link;
    u8 silent;  ///< 1 = silent now
    u32 reserved0;
};

/// One interval of one ACD. Key: (acd, start, instance). Instance > 0 when the ACD's clock was set back over
/// a boundary.
struct IntervalRecord {
    u64 epoch;       ///< of its first message
    u64 start;       ///< on the grid
    u64 first_time;  ///< when collecting in it began: start, or later where the server joined in the middle
    u64 last_time;   ///< latest message, or the boundary that closed it
    u64 first_seq;
    u64 last_seq;
    u64 messages;  ///< folded in it
    u64 missing;   ///< names that gaps took from it
    u16 acd;
    u16 instance;
    u16 minutes;             ///< 15, 30 or 60
    u8 closed;               ///< 1 = its boundary was passed
    u8 incomplete;           ///< 1 = some rows of it are INCOMPLETE
    i16 utc_offset_minutes;  ///< local time less UTC as the ACD last told when it began: gives its local day
    u8 in_doubt;             ///< 1 = rows of it may be missing altogether; those it has are INCOMPLETE
    u8 reserved0;
    u32 reserved1;
};

/// What a switch says of itself in its latest pump-up. Key: acd.
struct AcdRecord {
    u64 epoch;
    u64 pumped_up_at;
    i16 utc_offset_minutes;
    u16 interval_minutes;
    u16 phantom_abandon_s;
    u16 acd;
    std::array<char, 24> name;
    std::array<char, 16> release;
};

/// Kinds of translations (number -> name).
enum class NameKind : u8 { Skill = 1, Vdn = 2, Vector = 3, TrunkGroup = 4, Agent = 5 };
/// A translation. Key: (acd, kind, number).
struct NameRecord {
    u64 number;
    u16 acd;
    NameKind kind;
    u8 reserved0;
    u32 reserved1;
    std::array<char, 24> text;
};

/// What a link exception tells of.
enum class LinkEventKind : u8 {
    None = 0,
    Silent = 1,      ///< a link brought no frame for longer than the limit
    Refused = 2,     ///< frames came on a link that were not believed: damaged, malformed, foreign
    Dropped = 3,     ///< this server's device had no room for frames of a link
    SetAside = 4,    ///< frames beyond the window or of an epoch without proof: held back, or let go
    EpochBegun = 5,  ///< the switch began another life of its numbering
    PumpUp = 6,      ///< the switch told its whole state
    PumpUpTorn = 7,  ///< ... and messages of it were missing
    GapOpened = 8,   ///< names were called missing
    Conflict = 9,    ///< the copies of a message differ
    Count_
};
[[nodiscard]] std::string_view name(LinkEventKind) noexcept;
/// Of a LinkEventRecord that is not about one of the two.
inline constexpr u8 kNoLink = 0xFF;

/// What the links did: a fact of this server, not of the stream, so no row. One record is one episode: what
/// is of the same ACD, kind, link and cause belongs to it until a minute passed without more of it, so
/// records are few whatever comes over the links; until then it is written again as it grows. Key: (acd,
/// number); ACD 0: of no one ACD.
struct LinkEventRecord {
    u64 number;  ///< per ACD, from 1, never used again
    u64 begun_wall;
    u64 last_wall;    ///< the latest of it; of a silence its end so far
    u64 epoch;        ///< the ACD's at the latest of it; 0 = none
    u64 first;        ///< Seq: of the first name concerned, 0 = none
    u64 last;         ///< Seq: of the last one
    u64 count;        ///< silences, frames, epochs, pump-ups, gaps, messages that differ
    u64 names;        ///< missing: of gaps
    u64 duration_ns;  ///< of silences, in all
    u16 acd;
    LinkEventKind kind;
    u8 link;   ///< Link, or kNoLink
    u8 cause;  ///< GapOpened: GapCause; PumpUp: PumpUpWhy; Refused: FrameRefusal of the most of the latest
    u8 open;   ///< 1 = it may still grow
    u8 now;    ///< 1 = a silence that goes on
    u8 reserved0;
};

/// Whose activities are traced from a place in the ACD's history on: (epoch, seq) is the first name that is
/// folded with it. A setting of this server, kept so that folding again makes the same records. Key: (acd,
/// epoch, seq).
struct TraceRecord {
    u64 epoch;  ///< 0 = from the beginning
    u64 seq;
    u16 acd;
    u16 count;  ///< agents
    u32 reserved0;
    std::array<u64, kTracedAgentsMax> agents;  ///< login ids, ascending; 0 behind them

    [[nodiscard]] std::span<const u64> list() const noexcept { return std::span(agents).first(count); }
};

/// Bytes that are kept of a copy that does not count. Chosen: four times the longest message.
inline constexpr std::size_t kConflictBytes = 512;

/// A message of which copies came that differ: on two links, or here and at the partner. The one that counts
/// is in the journal: that of the lower XXH3-64, so that both servers come to the same one. Key: (acd, epoch,
/// seq).
struct ConflictRecord {
    u64 epoch;
    u64 seq;
    u64 time;        ///< of the copy that counts, ns of the ACD's clock
    u64 found_wall;  ///< when the first difference was found
    u64 kept_hash;   ///< XXH3-64 of the copy that counts
    u64 other_hash;  ///< ... and of the latest other one
    u32 copies;      ///< other copies that came, each counted again when another one came in between
    u16 acd;
    u16 kept_template;    ///< kind of message: template id of the copy that counts
    u16 other_template;   ///< ... and of the latest other one
    u16 other_bytes;      ///< whole length of the latest other one
    FilledBy brought_by;  ///< who brought the latest copy
    u8 replaced;          ///< 1 = a copy that came later took the place of the first
    FilledBy kept_by;     ///< who brought the copy that counts; Nobody: not known, it was here
    FilledBy other_by;    ///< ... and the latest other one
    std::array<std::byte, kConflictBytes> other;  ///< the latest other copy, 0 behind its end
};

/// Table ids are part of the store format: never renumber. The item catalogue says which exist.
enum class TableId : u8 {
    None = 0,
    Hsplit = 1,
    Hagent = 2,
    Hvdn = 3,
    Hvector = 4,
    Htkgrp = 5,
    Htrunk = 6,
    Hcwc = 7,
    Haglog = 8,
    CallRec = 9,
    AgActv = 10
};

/// What identifies a row: table, ACD, interval and up to two entity numbers (hsplit: skill; hagent: agent,
/// skill; hvdn: VDN; hvector: vector; htkgrp: trunk group; htrunk: trunk group, trunk; hcwc: code; haglog:
/// agent, login in ns; call_rec: end of the segment in ns, call; ag_actv: agent, begin in ns).
struct RowKey {
    TableId table = TableId::None;
    Acd acd;
    u64 interval_start = 0;
    u16 instance = 0;
    u64 entity = 0;
    u64 entity2 = 0;
    friend constexpr auto operator<=>(const RowKey&, const RowKey&) noexcept = default;
};

/// A row as readers see it: all items of the table in catalogue order, each a u64.
struct RowView {
    RowKey key;
    u32 revision;  ///< 0 as first folded, +1 with each refold that changed it
    u16 fold_version;
    bool closed;  ///< its interval is over
    std::span<const u64> items;
};

template <class R>
concept Record = std::is_trivially_copyable_v<R> && std::has_unique_object_representations_v<R>;
static_assert(Record<GapRecord> && Record<StreamRecord> && Record<LinkRecord> && Record<IntervalRecord> &&
              Record<AcdRecord> && Record<NameRecord> && Record<TraceRecord> && Record<LinkEventRecord> &&
              Record<ConflictRecord>);

}  // namespace twinlink
