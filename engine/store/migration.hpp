// From the format of an older program to this program's. Cold: the writer, in the transaction in which it
// opens the databases, so a crash at any moment leaves the store as it was or as it is to be.
//
// What each format added, and which programs read which: README.md.
#pragma once

#include "engine/store/environment.hpp"

namespace twinlink::store {

/// What a writer finds when it opens a store.
struct Found {
    u32 format = kStoreFormat;
    bool added = false;   ///< databases that it lacked were made
    bool no_due = false;  ///< ... that of the due days among them
};

/// Brings the store to kStoreFormat, in `txn`; nothing is written where it has it already. Sets found.format
/// to what it had. Precondition: check_format() let it pass. Returns LMDB's code, MDB_CORRUPTED where its
/// records are damaged.
int migrate(Txn& txn, Found& found) noexcept;

/// What a transaction changed is no commit of its own: the record of the last one follows it. Returns LMDB's
/// code.
int note_transaction(const Txn& txn) noexcept;

}  // namespace twinlink::store
