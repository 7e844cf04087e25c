// What rows the store lets go: intervals, days, weeks, months, call records, logins and traces, each kind
// when it has been kept for as long as is configured; a bounded number in each commit, in its transaction.
//
// The writer thread. Invariants: rows of an interval go only when its local day has been rolled up, days only
// when the weeks and months that they belong to have been; an interval's record goes last of all that it has;
// what goes is told by the ACD's clock (kept_for.hpp), so that both servers of a pair let the same go.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/store.hpp"

#include <map>

namespace twinlink::store {

/// Rows that go in one commit, at most: some 2 ms. Chosen: a day of 1.4 M rows is gone within 140,000 commits
/// that are spared, or two minutes of those of a quiet hour.
inline constexpr u32 kRowsGoAtATime = 1'024;

/// What is asked of rows that are brought: how long such are kept, and when they are brought.
struct Keeping {
    KeptFor kept;
    u64 wall = 0;  ///< this server's clock; 0 = not known, then nothing is too old
};
/// Where the rows of that table and ACD that are kept begin; 0 = with the first. Returns LMDB's code.
int kept_from(const Txn& txn, const Keeping& keeping, TableId table, Acd acd, u64& from) noexcept;

/// Puts a cursor that is not open yet on the record of the ACD's newest interval; not `found`: it has none.
/// Returns LMDB's code.
int to_newest_interval(const Txn& txn, Acd acd, Cursor& c, bool& found) noexcept;

class RowRetention {
public:
    RowRetention(const KeptFor& kept, Counters<StoreCounter>& counters) : kept_(kept), counters_(counters) {}

    /// After a commit's batches are written, at `wall`. Returns LMDB's code.
    int run(Txn& txn, u64 wall);

private:
    int run_acd(Txn& txn, Acd acd, const KeptNow& now);
    int drop_rows(Txn& txn, Acd acd, const KeptNow& now);
    int drop_rolled(Txn& txn, Acd acd, const KeptNow& now);
    int drop(Txn& txn, Db db, const Key& front, const Key& end, StoreCounter counter);

    KeptFor kept_;
    Counters<StoreCounter>& counters_;
    std::map<Acd, u64> done_;  ///< by ACD: the time for which all is gone that may go
    u32 left_ = 0;             ///< of kRowsGoAtATime
    bool held_ = false;        ///< something waits for a roll-up
};

}  // namespace twinlink::store
