// What is of this server alone, written with the batch it came in: whose activities are traced, and what the
// links did. The writer thread, inside a commit's transaction.
//
// Nothing of it is in a row, so two servers that hold the same messages hold the same rows whatever their
// links did. Invariant: the newest link exception of an ACD stays, so its number is never used again.
// Functions return LMDB's code.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/store.hpp"

namespace twinlink::store {

/// Link exceptions that ended longer ago than `age` (0: none) before the batch go, as far as the batch brings
/// others of their ACD.
int write_local(Txn& txn, const CommitBatch& batch, Nanos age, Counters<StoreCounter>& counters,
                CommitResult& result);

}  // namespace twinlink::store
