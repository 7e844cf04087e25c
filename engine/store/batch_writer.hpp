// Writes one batch into one transaction. The writer thread.
//
// Owns scratch memory that is kept from commit to commit, so that nothing is allocated in steady state. Rows
// and blocks are put in key order, which is what a B-tree likes: each page is found once and appended to
// where keys ascend. Functions return LMDB's code; after anything but 0 the transaction must be aborted.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/restored_rows.hpp"
#include "engine/store/store.hpp"

namespace twinlink::store {

/// Blocks up to this size grow by what follows them instead of a new block beginning: an idle ACD's commits
/// of a few messages each would otherwise make a block apiece. Chosen: rewriting 16 KiB costs 4 pages of a
/// commit that writes some 10 anyway.
inline constexpr u32 kMergeBytes = 16 * 1024;

class BatchWriter {
public:
    BatchWriter(const KeptFor& kept, Counters<StoreCounter>& counters)
        : kept_(kept), counters_(counters), restored_(kept, counters) {}

    /// Once, when the store is opened.
    int load(const Txn& txn) { return restored_.load(txn); }

    /// What contradicts itself in the batch, or nullptr. Nothing has been written yet.
    [[nodiscard]] static const char* refuse(const CommitBatch& batch) noexcept;
    int write(Txn& txn, const CommitBatch& batch, CommitResult& result);

private:
    int write_blocks(Txn& txn, const CommitBatch& batch);
    int write_block(Cursor& c, const CommitBatch& batch, const JournalBlock& b);
    int insert_missing(Cursor& c, const JournalBlock& b, Bytes messages);
    bool skip_known(Cursor& c, const JournalBlock& b, Seq& at, Bytes& left);
    int grow_block(Cursor& c, const JournalBlock& b, Bytes messages);
    int put_new(Cursor& c, Bytes key, u32 count, u64 first_time, u64 last_time, Bytes messages,
                unsigned flags);
    void fetch_ahead(const CommitBatch& batch, std::size_t at) const noexcept;
    int find_replaced(Txn& txn, const CommitBatch& batch);
    int write_rows(Txn& txn, const CommitBatch& batch);
    bool keep_revision(Txn& txn, const CommitBatch& batch, const RowImage& row, Bytes key, Bytes& value);
    int drop_replaced(Txn& txn, const CommitBatch& batch);
    [[nodiscard]] static bool foldable(Txn& txn, const StaleCheckpoints& stale);
    int drop_stale(Txn& txn, const CommitBatch& batch);
    int write_checkpoints(Txn& txn, const CommitBatch& batch);
    template <class R>
    int write_records(Txn& txn, Db db, const std::vector<R>& records);

    KeptFor kept_;
    Counters<StoreCounter>& counters_;
    RestoredRows restored_;
    CommitResult* result_ = nullptr;
    std::vector<u32> order_;
    struct SortedRow {
        RowSortKey key;
        u32 index;
        [[nodiscard]] bool operator<(const SortedRow& o) const noexcept {
            return key == o.key ? index < o.index : key < o.key;
        }
    };
    std::vector<SortedRow> row_order_;
    std::vector<RowGroup> replaced_;  ///< rows that the store had, of intervals that were folded again
    std::vector<std::byte> scratch_;
    std::vector<u64> items_;
};

}  // namespace twinlink::store
