// The writer's part of roll-ups: marking periods as due in the commit that changes them, and writing what the
// roller made of them. The writer thread, inside a commit's transaction.
//
// Invariant: a commit that closes or replaces an interval leaves its local day marked, so no crash between
// that and the roll-up can forget it. Stamps are LMDB's transaction numbers: unique and ascending. Functions
// return LMDB's code.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/row_retention.hpp"
#include "engine/store/store.hpp"

namespace twinlink::store {

/// Marks the local days of closed intervals, before their records are written: an interval whose offset is
/// known better now leaves its former day, which is then due, too.
/// What is older than is kept at `keeping.wall` is left as it was rolled up: its intervals are not whole any
/// more.
int mark_due(Txn& txn, const std::vector<IntervalRecord>& intervals, const Keeping& keeping,
             Counters<StoreCounter>& counters);

/// Marks the days of all closed intervals: in a store that had no roll-ups until now.
int mark_all_due(Txn& txn);

int write_roll_ups(Txn& txn, const RollUpBatch& batch, Counters<StoreCounter>& counters,
                   CommitResult& result);

}  // namespace twinlink::store
