// Is this file a store that LMDB can be let near? Answered by our own reading of the file, then by a child
// process.
//
// LMDB trusts its file: a foreign, cut-off or damaged one can end the process (SIGBUS, assertion). Nothing
// here writes to the store. Cold path; probe() forks.
#pragma once

#include "engine/store/environment.hpp"

namespace twinlink::store {

/// Reads the two meta pages of `folder`/data.mdb with pread and checks what LMDB will rely on: magic,
/// version, page size, that the trees' roots lie within the file. Cannot crash whatever the file holds.
[[nodiscard]] Expected<void> check_file(const std::filesystem::path& folder);

/// The number of the newest commit, from the front of such a file; nothing while both meta pages are not
/// there.
[[nodiscard]] Expected<std::optional<u64>> newest_transaction(Bytes front);

/// The store's own record: ours, undamaged, and of a format that we know.
[[nodiscard]] Expected<void> check_format(StoreEnvironment& environment);

/// In a child process: opens the store read-only, checks its records, the free list (every page number valid,
/// none twice, pages beyond the file's end all free), and that each tree has as many entries as the last
/// commit says, its first and last leaf readable. Whatever happens to the child is an Error here.
/// Precondition: no other process writes to it.
[[nodiscard]] Expected<void> probe(const std::filesystem::path& folder);

/// The free list and the trees of an open snapshot, as probe() checks them; empty = nothing is wrong. A
/// commit that came after the snapshot may have made the file longer, never shorter.
[[nodiscard]] std::string structure_error(const Txn& txn, const std::filesystem::path& folder);

/// Runs `work` in a child process; the text that it returns (empty = fine), or what became of the child.
/// `timeout_s`: then the child is killed: damaged trees can have circles.
/// `crashed`: whether it was a signal of its own that ended it.
[[nodiscard]] Expected<std::string> in_child(const std::function<std::string()>& work, int timeout_s,
                                             bool* crashed = nullptr);

/// What is wrong with the store in `folder`, whoever opens it and whenever. Empty: nothing, or it cannot be
/// told: a call failed, reading takes too long, another process writes it, a newer program made it, or the
/// folder was never a store's (it has no writer.lock). Asked after an opening that failed: what is not empty
/// may be put aside.
[[nodiscard]] std::string damage_of(const std::filesystem::path& folder);

}  // namespace twinlink::store
