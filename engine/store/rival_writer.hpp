// Copies that differ from the one that is in the journal: the one that counts stays or takes its place, the
// other is kept. The writer thread, inside the batch's transaction.
//
// Invariant: of all copies of a name that came here, the one that outranks the others is in the journal, and
// the store knows of each such name that there were others, as far as there is room for kConflictsMax.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/store.hpp"

namespace twinlink::store {

/// Returns LMDB's code; after anything but 0 the transaction must be aborted. Call it when the batch's blocks
/// are written.
int write_rivals(Txn& txn, const CommitBatch& batch, Counters<StoreCounter>& counters, CommitResult& result);

}  // namespace twinlink::store
