// What cannot be read any more leaves the store: journal blocks and saved states that rotted. The writer
// thread, inside the batch's transaction.
//
// Invariant: nothing that reads well goes, whatever the batch says; no record of a gap that was filled speaks
// of names that are missing again.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/store.hpp"

namespace twinlink::store {

/// Returns LMDB's code; after anything but 0 the transaction must be aborted. Call it before all else of the
/// batch is written.
int drop_rotten(Txn& txn, const CommitBatch& batch, Counters<StoreCounter>& counters, CommitResult& result);

}  // namespace twinlink::store
