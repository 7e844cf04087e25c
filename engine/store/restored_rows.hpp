// Rows from a backup: which of them are taken, and that what was taken is not undone.
//
// Part of the batch writer, inside a commit's transaction. Invariant: a row that is complete here is never
// changed by a backup; and in an interval that has rows of a backup no row that is complete gives way to one
// that is INCOMPLETE, whoever brings it: a refold over a journal with holes would else undo the restore.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/store.hpp"

#include <set>

namespace twinlink::store {

class RestoredRows {
public:
    RestoredRows(const KeptFor& kept, Counters<StoreCounter>& counters)
        : kept_for_(kept), counters_(counters) {}

    /// Which intervals have rows of a backup: once, when the store is opened. Returns LMDB's code, as the
    /// others.
    int load(const Txn& txn);
    /// Carries out `batch.restored`.
    int write(Txn& txn, const CommitBatch& batch, CommitResult& result);

    /// True when `row` must not be written: it is INCOMPLETE, and the one that is there is complete, or all
    /// of its interval is and has no such row.
    [[nodiscard]] bool keeps(const Txn& txn, const CommitBatch& batch, const RowImage& row, Bytes key) const;
    /// True when a row that a refold does not have stays: the refold lacks messages of it.
    [[nodiscard]] bool keeps(const CommitBatch& batch, const RowKey& row, Bytes value) const;
    /// Interval records as they may be written: what a backup made complete stays so.
    [[nodiscard]] const std::vector<IntervalRecord>& keep_marks(const Txn& txn,
                                                                const std::vector<IntervalRecord>& intervals);

private:
    int write_interval(Txn& txn, const RestoredInterval& from, u64 wall,
                       const std::optional<IntervalRecord>& here, bool took, CommitResult& result);
    int all_complete(const Txn& txn, const IntervalRecord& interval, bool& complete) const;

    KeptFor kept_for_;
    Counters<StoreCounter>& counters_;
    std::set<ReplacedInterval> known_;
    std::vector<IntervalRecord> kept_;
    std::vector<std::byte> value_;
};

}  // namespace twinlink::store
