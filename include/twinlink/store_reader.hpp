// Reading a store: reports, `twinlink`, exports and checks, in the daemon's process or any other, with or
// without a daemon running.
//
// A StoreReader is a handle on the store's folder; a StoreSnapshot is one short, stable view of it: what one
// commit left, whole, however many commits follow while it is read. Readers never block the writer and never
// wait for it; but a snapshot that stays open makes the store grow, so take one, read, drop it.
//
// Threads: a StoreReader may be used by any number of threads; a StoreSnapshot and everything that it hands
// out by one at a time. Open a folder as often as you like: handles in one process share what LMDB wants to
// exist once. Do not use a handle across fork().
//
// Every value read is checked by its own CRC-32C over key and value. One that fails is skipped, counted
// (damaged()) and named to the damage callback; it never comes out as data. What this cannot promise: where
// the rot is in a page that LMDB uses to find its way, LMDB itself may fail or end the process; who must
// survive that reads in a child process, as check() does (engine/store/check.hpp).
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/frame.hpp>
#include <twinlink/records.hpp>
#include <twinlink/roll_up.hpp>

#include <array>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace twinlink {

/// A value that exists but cannot be believed.
struct Damage {
    std::string where;  ///< which kind of value and its key, for a person: "journal acd 1 epoch 7 from 4711"
    std::string what;   ///< what is wrong with it
    Stream stream;      ///< journal only: which stream, else ACD 0
    Range range;  ///< journal only: the names that it may have held; an upper bound, since its count is not
                  ///< believed
};
using DamageFn = std::function<void(const Damage&)>;

/// What the store says of itself.
struct StoreInfo {
    u32 format = 0;           ///< kStoreFormat of who created or last converted it
    std::array<u8, 16> id{};  ///< random, given at creation: two stores with one id are copies
    u64 created_wall = 0;     ///< ns, server's wall clock
    u64 last_batch = 0;       ///< CommitBatch::number of the newest commit, 0 = none since creation
    u64 last_wall = 0;        ///< CommitBatch::wall of it, ns
    u64 commits = 0;          ///< since creation
    u64 transaction = 0;      ///< LMDB's number of the commit that this snapshot shows
    u64 map_bytes = 0;        ///< the size that the store may reach
    u64 used_bytes = 0;       ///< pages in use, free pages not counted
    u64 file_bytes = 0;       ///< pages ever used: how long the file is, free pages included
    u64 journal_bytes = 0;    ///< pages of journal and checkpoints: what the retention by size looks at
    u64 blocks = 0;           ///< journal blocks
    u64 rows = 0;
    u64 gaps = 0;  ///< gap records, healed and lost ones included
    u64 checkpoints = 0;
    u32 page_bytes = 0;
    bool locked = true;  ///< false: opened without LMDB's lock file, see StoreReader::open
};

/// Which gaps gaps() gives; everything by default.
struct GapFilter {
    std::optional<Acd> acd;
    std::optional<Epoch> epoch;
    u32 states = ~u32{0};                                       ///< bit n = GapState with value n
    Range range{Seq{1}, Seq{std::numeric_limits<u64>::max()}};  ///< gaps that touch it

    static constexpr u32 only(GapState s) noexcept { return u32{1} << static_cast<u32>(s); }
    /// Gaps whose messages are not here (yet).
    static constexpr u32 kMissing = (1U << static_cast<u32>(GapState::Open)) |
                                    (1U << static_cast<u32>(GapState::Requested)) |
                                    (1U << static_cast<u32>(GapState::Lost));
};

/// A journal block as readers see it. `messages` is valid during the callback and holds validated messages
/// one after the other.
struct BlockView {
    Stream stream;
    Range range;     ///< names, both inclusive
    u64 first_time;  ///< ns of the ACD's clock
    u64 last_time;
    Bytes messages;
};

/// Where a checkpoint of the fold stands, without its bytes.
struct CheckpointEntry {
    Stream stream;
    Seq seq;             ///< the last message that the state contains
    u64 interval_start;  ///< ns of the ACD's clock
    u64 bytes;
};

/// Names of one stream that the retention took out of the journal.
struct PrunedRecord {
    u64 epoch;
    u64 upto;      ///< Seq: names up to this one are not in the journal any more
    u64 messages;  ///< how many messages went
    u16 acd;
    u16 reserved0;
    u32 reserved1;
};
static_assert(Record<PrunedRecord>);

class StoreEnvironment;
struct SnapshotInside;
namespace store {
class RowMerge;
}

/// One stable view. Movable; ends when it goes out of scope. Functions with a callback call it in key order
/// and stop when it returns false. None of them throws but for want of memory; damage is reported, see above.
class StoreSnapshot {
public:
    StoreSnapshot(StoreSnapshot&&) noexcept;
    StoreSnapshot& operator=(StoreSnapshot&&) noexcept;
    ~StoreSnapshot();

    /// Who wants to hear of damage; called from within the reading functions.
    void on_damage(DamageFn fn);
    /// Damaged values met by this snapshot so far.
    [[nodiscard]] u64 damaged() const noexcept;
    /// False when this snapshot is not protected by LMDB's lock file and a writer may have reused its pages
    /// since: what was read must be thrown away. Always true for a reader that is locked().
    [[nodiscard]] bool still_valid() const noexcept;

    /// Errors: the store's own record is missing or damaged.
    [[nodiscard]] Expected<StoreInfo> info() const;
    /// By (acd, epoch).
    [[nodiscard]] std::vector<StreamRecord> streams() const;
    [[nodiscard]] std::optional<StreamRecord> stream(Stream) const;
    /// By (acd, epoch, link).
    [[nodiscard]] std::vector<LinkRecord> links() const;
    /// By (acd, epoch, first).
    [[nodiscard]] std::vector<GapRecord> gaps(const GapFilter& = {}) const;
    /// At most `most` of them, from that stream and `first` on, in the same order.
    [[nodiscard]] std::vector<GapRecord> gaps_from(Stream, Seq first, std::size_t most) const;
    /// Messages of which copies came that differ, by (acd, epoch, seq); of one ACD where given.
    [[nodiscard]] std::vector<ConflictRecord> conflicts(std::optional<Acd> acd = {}) const;
    /// Intervals whose start lies in [from, to), ns of the ACD's clock, by (acd, start, instance).
    [[nodiscard]] std::vector<IntervalRecord> intervals(u64 from = 0,
                                                        u64 to = std::numeric_limits<u64>::max(),
                                                        std::optional<Acd> acd = {}) const;
    [[nodiscard]] std::vector<AcdRecord> acds() const;
    [[nodiscard]] std::vector<PrunedRecord> pruned() const;
    /// By (acd, epoch, seq).
    [[nodiscard]] std::vector<TraceRecord> traces() const;
    /// By (acd, number).
    [[nodiscard]] std::vector<LinkEventRecord> link_events() const;
    /// At most `most` of them, from that one on, in the same order.
    [[nodiscard]] std::vector<LinkEventRecord> link_events_from(Acd, u64 number, std::size_t most) const;
    /// The text for a number, without padding; empty optional where the ACD never named it.
    [[nodiscard]] std::optional<std::string> name(Acd, NameKind, u64 number) const;
    void names(const std::function<bool(const NameRecord&)>&) const;

    /// Rows of one table and ACD whose interval starts in [from, to), by (interval, instance, entity,
    /// entity2).
    void rows(TableId, Acd, u64 from, u64 to, const std::function<bool(const RowView&)>&) const;
    /// Rows of that key's table, ACD and interval, from that key on, in the same order.
    void rows_from(const RowKey& first, const std::function<bool(const RowView&)>&) const;
    /// All rows of all tables and ACDs, by key.
    void all_rows(const std::function<bool(const RowView&)>&) const;
    /// One row; false when there is none (or it is damaged). `items` of the view is valid during the call.
    bool row(const RowKey&, const std::function<void(const RowView&)>&) const;

    /// Days, weeks or months that were rolled up and whose first day lies in [from, to), by (acd, first day).
    [[nodiscard]] std::vector<RollUpRecord> roll_ups(Span, LocalDay from, LocalDay to,
                                                     std::optional<Acd> acd = {}) const;
    /// Rows of one table and ACD added up to such periods, by (first day, entity, entity2). Not for
    /// Span::Interval.
    void rolled(TableId, Acd, Span, LocalDay from, LocalDay to,
                const std::function<bool(const RolledRow&)>&) const;
    /// All of them, of all tables, spans and ACDs, by key.
    void all_rolled(const std::function<bool(const RolledRow&)>&) const;
    /// Periods whose rows have changed since they were rolled up, by (acd, span, first day).
    [[nodiscard]] std::vector<DueRecord> due() const;

    /// Blocks that hold any name of `range`, whole, in order. A damaged one is reported with the names it may
    /// have held.
    void blocks(Stream, Range range, const std::function<bool(const BlockView&)>&) const;

    /// By (acd, epoch, seq); sizes are as stored, contents not checked.
    [[nodiscard]] std::vector<CheckpointEntry> checkpoints() const;
    /// The state saved at `seq`; false when there is none or it is damaged. Bytes are valid during the call.
    bool checkpoint(Stream, Seq seq, const std::function<void(const CheckpointEntry&, Bytes)>&) const;

    /// What is wrong with LMDB's own structure, as far as it can be told without reading every value: the
    /// free list, and the entries and transaction that the last commit noted. Empty = nothing. For a snapshot
    /// that is the newest.
    [[nodiscard]] std::string structure_error() const;

private:
    friend class StoreEnvironment;
    friend class store::RowMerge;
    friend struct SnapshotInside;
    struct State;
    explicit StoreSnapshot(std::unique_ptr<State>);
    std::unique_ptr<State> state_;
};

/// A handle on a store's folder, from which snapshots are taken. Copyable; any thread.
class StoreReader {
public:
    /// Opens the store in folder `path` for reading. Never writes to it, but for LMDB's table of readers
    /// (lock.mdb).
    ///
    /// Where that file cannot be written (a read-only medium or folder), the store is opened without it:
    /// locked() is then false, a writer does not know of us and may reuse pages that a snapshot reads. That
    /// is right for copies, snapshots of file systems and stores without a daemon; ask
    /// StoreSnapshot::still_valid() after reading.
    ///
    /// Errors (nothing changed): no store there, not ours, cut off, newer than this program, no permission,
    /// this process has no room for the map.
    [[nodiscard]] static Expected<StoreReader> open(const std::filesystem::path& path);

    /// Begins a snapshot of the newest commit. Errors: too many readers (126 at once), or LMDB fails.
    [[nodiscard]] Expected<StoreSnapshot> snapshot() const;
    [[nodiscard]] bool locked() const noexcept;

private:
    explicit StoreReader(std::shared_ptr<StoreEnvironment> environment)
        : environment_(std::move(environment)) {}
    std::shared_ptr<StoreEnvironment> environment_;
};

}  // namespace twinlink
