// The store: one LMDB environment in one folder, written by one thread, one transaction per commit.
//
// Owns the folder: data.mdb and lock.mdb (LMDB's), writer.lock (ours, held while open: a second writer is
// refused). Invariant: what a reader or a restart sees is exactly the result of the commits 1..k, whole, for
// some k that is at least the last one that commit() reported as done.
//
// Thread: one writer thread calls everything but counters() and snapshot(), which any thread may call. Time
// comes in as a parameter; the store reads no clock. Sizes are bytes, times ns.
#pragma once

#include "engine/store/commit_batch.hpp"
#include "engine/store/restore_rule.hpp"

#include <twinlink/counters.hpp>
#include <twinlink/error.hpp>
#include <twinlink/kept_for.hpp>
#include <twinlink/space.hpp>
#include <twinlink/store_reader.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace twinlink {

struct StoreConfig {
    /// Size that the store may reach. The file is sparse and grows as needed; address space is taken at once.
    u64 map_bytes = u64{64} << 30;
    /// Journal and checkpoints are kept up to this many bytes (pages), 0 = without limit.
    u64 journal_bytes = u64{16} << 30;
    /// ... and this long, by the ACD's clock, against the newest block of that ACD; 0 = without limit.
    Nanos journal_age{u64{7} * 24 * 3600 * 1'000'000'000};
    /// Blocks and checkpoints that the retention deletes in one commit, at most; it also deletes at most 64
    /// MiB more than twice what the commit brings, so that no commit pays for the past.
    u32 deletions_max = 2'048;
    /// Rows, by kind.
    KeptFor kept_for{};
    /// False: a store that does not exist is an error.
    bool create = true;
};

/// Why a store stopped. After any of these the outcome of the last commit is unknown: close, open again, read
/// the watermark. Nothing is ever retried in place.
enum class StopReason : u8 {
    None = 0,
    MapFull,   ///< map_bytes reached: raise it, or lower the retention, and open again
    DiskFull,  ///< ENOSPC, EDQUOT or EFBIG
    Io,        ///< EIO and other errors of the file
    Damaged,   ///< LMDB found its own structure broken
    Other,     ///< no memory, too many readers ...
    Count_
};
[[nodiscard]] std::string_view name(StopReason) noexcept;

/// What the store did since it was opened. Names and help texts: info().
enum class StoreCounter : u8 {
    Commits,
    BytesJournal,
    BlocksWritten,
    BlocksMerged,
    Messages,
    RowsWritten,
    RowBytes,
    RowsRevised,
    RowsDropped,
    RowsRestored,
    RowsKept,
    RowsExpired,
    PeriodsExpired,
    RefoldsImpossible,
    DueMarks,
    RolledWritten,
    RolledRevised,
    RolledDropped,
    RecordsWritten,
    CheckpointsWritten,
    FillInserted,
    FillSkipped,
    FillConflicts,
    RivalsTaken,
    RivalsKept,
    RivalsUnknown,
    RivalsBeyond,
    Overlaps,
    RottenBlocks,
    RottenStates,
    PrunedBlocks,
    PrunedBytes,
    PrunedMessages,
    PrunedCheckpoints,
    PrunedUnfolded,
    RetentionHeld,
    BatchesRefused,
    Stopped,
    MapBytes,
    FileBytes,
    UsedBytes,
    HeldBytes,
    JournalBytes,
    DiskBytes,
    DiskFree,
    SpaceLevel,
    RoomRefused,
    ShedCommits,
    PrunedEarly,
    Readers,
    ReaderAgeMs,
    ReaderPid,
    ReadersCleared,
    MigratedFrom,
    CommitNsLast,
    CommitNsMax,
    CommitNsTotal,
    Count_
};
[[nodiscard]] CounterInfo info(StoreCounter) noexcept;

/// What one commit did beyond what the batch says.
struct CommitResult {
    u64 transaction = 0;     ///< LMDB's number of it
    u64 fill_inserted = 0;   ///< messages of fill blocks that were missing and are here now
    u64 fill_skipped = 0;    ///< ... that were here already, the same bytes
    u64 fill_conflicts = 0;  ///< ... that were here already with other bytes: what was here stays
    u64 pruned_blocks = 0;   ///< taken by the retention
    u64 bytes = 0;           ///< put into LMDB: keys and values
    std::vector<RestoreVerdict> restored;    ///< what became of each of `batch.restored`
    std::optional<IntervalRecord> interval;  ///< of them, as it was written, where it was
    bool interval_whole = false;             ///< ... and it is complete
};

/// What a restart begins with, read in one snapshot.
struct Recovered {
    StoreInfo info;
    std::vector<StreamRecord> streams;
    std::vector<GapRecord> gaps;  ///< those whose messages are not here: open, requested, lost
    std::vector<LinkRecord> links;
    std::vector<IntervalRecord> intervals;  ///< open ones
    std::vector<AcdRecord> acds;
    std::vector<TraceRecord> traces;  ///< by (acd, place)
    std::vector<SkipRecord> skips;
    std::vector<LinkEventRecord> link_events;  ///< those that might have grown, and the newest of each ACD
    struct Checkpoint {
        CheckpointEntry entry;
        std::vector<std::byte> state;
    };
    std::vector<Checkpoint> checkpoints;  ///< the newest undamaged one of each ACD
    std::vector<Damage> damage;           ///< what could not be read
};

class Store {
public:
    /// Opens the store in folder `path`, or creates it there: in a folder beside it that is renamed when all
    /// of it is on the disk, so that a half-made store is never seen. `wall` is the time of creation, ns.
    ///
    /// A store that does not open - foreign, cut off, damaged, newer than this program, in use by another
    /// process - is reported and left as it is, byte for byte. Before LMDB may touch the file here, its meta
    /// pages are checked by our own code and a child process opens it and reads its free list, roots and
    /// records: what would crash LMDB there crashes the child. Call it before starting threads where you can
    /// (it forks).
    [[nodiscard]] static Expected<Store> open(const std::filesystem::path& path, const StoreConfig& config,
                                              Nanos wall);
    ~Store();
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;

    /// Writes all of `batch`, and after it all of `beside` where there is one, in one durable transaction;
    /// when it returns a result, that is on the disk. An empty batch is fine. Precondition of blocks: whole,
    /// validated messages; `count` and `bytes` say what is there.
    ///
    /// Errors: a batch that contradicts itself is refused and changes nothing (stopped() stays None,
    /// counted). Everything else stops the store: outcome unknown, stopped() says why, every later commit
    /// fails.
    [[nodiscard]] Expected<CommitResult> commit(const CommitBatch& batch,
                                                const CommitBatch* beside = nullptr);

    /// Whether a commit of so many bytes fits the map and the disk, which is made sure of where the file
    /// system can do that. False: nothing was begun, and nothing stops; ask again. Writing goes on when there
    /// is room. `live`: without it messages are lost in the end; else the level says Short at most.
    [[nodiscard]] bool room_for(u64 bytes, bool live = true);
    /// A commit that only lets go of what can be spared. Errors: there is no room even for that, or room is
    /// short because of a reader that stays, who would keep what goes (nothing was begun); or as commit().
    Expected<CommitResult> shed();
    /// About once a second: how much room there is, who reads, whose slots are of the dead.
    void look_after(Nanos mono);
    /// Names for which `needed` says yes do not go before their time.
    void keep_while(std::function<bool(Stream, Range)> needed);

    [[nodiscard]] StopReason stopped() const noexcept;
    /// How long the last commit took by the caller's clock: for the counters.
    void note_commit(Nanos took) noexcept;

    /// Everything that a restart needs but the journal. Errors: the store's own records cannot be read.
    [[nodiscard]] Expected<Recovered> load() const;
    /// Calls fn for each block of the stream that holds names >= from, in order, until it returns false.
    /// Blocks that are damaged are skipped and reported with the names that they may have held.
    Expected<void> for_each_block(Stream stream, Seq from, const std::function<bool(const BlockView&)>& fn,
                                  const DamageFn& on_damage = {}) const;

    [[nodiscard]] Expected<StoreSnapshot> snapshot() const;
    [[nodiscard]] const Counters<StoreCounter>& counters() const noexcept;
    [[nodiscard]] const std::filesystem::path& path() const noexcept;

private:
    struct State;
    explicit Store(std::unique_ptr<State>);
    std::unique_ptr<State> state_;
};

}  // namespace twinlink
