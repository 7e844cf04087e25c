// Everything that one LMDB transaction writes. The engine thread fills it, the commit thread writes it, then
// it is cleared and reused: in steady state nothing is allocated.
//
// One owner at a time; the hand-over through a queue is the only synchronisation. Order inside a batch does
// not matter but for rows and records with the same key: the last one counts.
#pragma once

#include "engine/fold_place.hpp"
#include "engine/rival.hpp"
#include "engine/store/roll_up_batch.hpp"

#include <twinlink/frame.hpp>
#include <twinlink/records.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace twinlink {

/// Messages that follow one another in one stream: bytes [offset, offset + bytes) of the batch's arena.
/// Key in the journal: (acd, epoch, first).
struct JournalBlock {
    Stream stream;
    Seq first;
    u32 count = 0;  ///< messages
    u32 bytes = 0;  ///< at most kBlockBytes
    u64 offset = 0;
    u64 first_time = 0;  ///< time of the first and the last message, ns of the ACD's clock
    u64 last_time = 0;
    bool fill = false;  ///< late: inserted where it is missing, what is there stays
};

/// A row to write, packed: words [at, at + row_map_words(items)) of the batch's row words are a map of the
/// items that are not 0 (bit i of word i / 64), and `values` words behind it are those items, in order.
struct RowImage {
    RowKey key;
    u32 revision = 0;
    u16 fold_version = 0;
    u16 items = 0;  ///< of the table, zeros included
    u16 values = 0;
    bool closed = false;
    u64 at = 0;
};
[[nodiscard]] constexpr std::size_t row_map_words(std::size_t items) noexcept { return (items + 63) / 64; }

/// The fold's state at an interval boundary: bytes [offset, offset + bytes) of the arena. Key: (acd, epoch,
/// seq).
struct CheckpointImage {
    Stream stream;
    Seq seq;  ///< the last message that the state contains
    u64 interval_start = 0;
    u64 offset = 0;
    u64 bytes = 0;
};

/// Names a gap record that must go: merged into a neighbour, or its start moved. Erased after `gaps` were
/// written, because a gap may be opened and go in the same batch; a number that went never comes back as a
/// start.
struct GapKey {
    Stream stream;
    Seq first;
};

/// An interval that was folded again: the batch has all of its rows, others that the store has of it go.
struct ReplacedInterval {
    Acd acd;
    u64 start = 0;
    u16 instance = 0;
    friend constexpr auto operator<=>(const ReplacedInterval&, const ReplacedInterval&) noexcept = default;
};

/// States saved behind a name that was missing and has come: they lack it, and go. They stay where no older
/// state and no whole journal would be left to fold from.
struct StaleCheckpoints {
    Stream stream;
    Seq from;        ///< those that contain it
    u64 count = 0;   ///< names from there on that came; 0 = the journal's copy of this one was replaced
    u64 refold = 0;  ///< the latest refold asked for: it may have passed the place. Not stored
};

/// A row of a backup: bytes [offset, offset + bytes) of the arena are its value, sealed under its key. Taken
/// where the one here is absent or INCOMPLETE (restore_rule.hpp).
struct RestoredRow {
    RowKey key;
    u64 offset = 0;
    u32 bytes = 0;
};
/// The interval, as the backup has it, to which all restored rows of a batch belong.
struct RestoredInterval {
    IntervalRecord record{};
    bool last = false;        ///< no more rows of it follow in another batch
    bool all_tables = false;  ///< rows of all tables come, and none was left out
};
/// Names that were in a journal block which cannot be read any more, and are missing from now on: the block
/// at `block` goes, and records of gaps that were filled are cut so that none speaks of `names`.
struct RottenNames {
    Stream stream;
    Seq block;
    Range names;
};

struct CommitBatch {
    std::vector<std::byte> arena;  ///< journal bytes, checkpoints, restored rows
    std::vector<u64> row_words;
    std::vector<JournalBlock> blocks;
    std::vector<RottenNames> rotten;    ///< carried out before all else
    std::vector<GapKey> rotten_states;  ///< checkpoints that cannot be read any more: they go
    std::vector<RivalCopy> rivals;      ///< carried out when `blocks` are written
    std::vector<RowImage> rows;
    std::vector<ReplacedInterval> replaced;
    std::vector<StaleCheckpoints> stale;  ///< carried out before `checkpoints` are written
    std::vector<CheckpointImage> checkpoints;
    std::vector<GapRecord> gaps;  ///< inserted or replaced
    std::vector<GapKey> gaps_gone;
    std::vector<StreamRecord> streams;
    std::vector<LinkRecord> links;
    std::vector<IntervalRecord> intervals;
    std::vector<NameRecord> names;
    std::vector<AcdRecord> acds;
    std::vector<TraceRecord> traces;
    std::vector<SkipRecord> skips;
    std::vector<LinkEventRecord> link_events;
    RollUpBatch rolled;
    std::optional<RestoredInterval> restored_interval;
    std::vector<RestoredRow> restored;
    /// Of a batch of replaced intervals: which refold they are of. Not stored.
    u64 refold = 0;
    /// ... and which names that refold has passed as missing so far, where there are states. Not stored.
    FoldSpans passed;
    /// Of a batch of the live fold: whose refolded state was taken over in it. Not stored.
    struct TookOver {
        Acd acd;
        u64 refold = 0;
    };
    std::vector<TookOver> took_over;
    /// Merged gaps that were taken apart: `gaps` has those of their names that are missing. Not stored.
    struct Apart {
        Stream stream;
        Range whole;
    };
    std::vector<Apart> apart;
    u64 number = 0;  ///< counts batches since start
    u64 wall = 0;    ///< when it was closed, server's wall clock

    /// Packs a row and adds it. Most items of a row are 0, so this writes a tenth of what a copy would. Where
    /// `row.items` says that the table has more, the rest is 0.
    void add_row(RowImage row, std::span<const u64> items) {
        row.at = row_words.size();
        row.items = std::max(row.items, static_cast<u16>(items.size()));
        row_words.resize(row.at + row_map_words(row.items));
        for (u64 word = row.at; !items.empty(); ++word) {
            const auto part = items.first(std::min<std::size_t>(64, items.size()));
            std::array<u64, 64> values;
            u32 n = 0;
            u64 map = 0;
            for (u32 line = 0; line < part.size(); line += 8) {
                const u32 end = std::min(line + 8, static_cast<u32>(part.size()));
                u64 any = 0;
                for (u32 i = line; i < end; ++i) any |= part[i];
                if (any == 0) continue;
                for (u32 i = line; i < end; ++i) {
                    values[n] = part[i];
                    n += part[i] != 0;
                    map |= u64{part[i] != 0} << i;
                }
            }
            row_words[word] = map;
            row_words.insert(row_words.end(), values.begin(), values.begin() + n);
            row.values = static_cast<u16>(row.values + n);
            items = items.subspan(part.size());
        }
        rows.push_back(row);
    }

    /// Adds the rows and interval records of `other`.
    void add_rows_of(const CommitBatch& other) {
        const u64 words = row_words.size();
        row_words.insert(row_words.end(), other.row_words.begin(), other.row_words.end());
        for (RowImage row : other.rows) {
            row.at += words;
            rows.push_back(row);
        }
        intervals.insert(intervals.end(), other.intervals.begin(), other.intervals.end());
    }

    [[nodiscard]] bool empty() const noexcept {
        return blocks.empty() && rotten.empty() && rotten_states.empty() && rivals.empty() && rows.empty() &&
               replaced.empty() && stale.empty() && checkpoints.empty() && gaps.empty() &&
               gaps_gone.empty() && streams.empty() && links.empty() && intervals.empty() && names.empty() &&
               acds.empty() && traces.empty() && skips.empty() && link_events.empty() && rolled.empty() &&
               !restored_interval;
    }
    /// Empties it but keeps the memory.
    void clear() noexcept {
        arena.clear();
        row_words.clear();
        blocks.clear();
        rotten.clear();
        rotten_states.clear();
        rivals.clear();
        rows.clear();
        replaced.clear();
        stale.clear();
        checkpoints.clear();
        gaps.clear();
        gaps_gone.clear();
        streams.clear();
        links.clear();
        intervals.clear();
        names.clear();
        acds.clear();
        traces.clear();
        skips.clear();
        link_events.clear();
        rolled.clear();
        restored_interval.reset();
        restored.clear();
        took_over.clear();
        apart.clear();
        passed.clear();
        refold = 0;
    }
};

}  // namespace twinlink
