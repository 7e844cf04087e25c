// A copy of a store's data.mdb while it is written to: LMDB's hot copy, into a file descriptor.
//
// The copy shows one commit, whole, with LMDB's number of it, so that what opens it finds a store like any
// other. It holds that commit's pages for as long as it runs, and the store grows meanwhile: whoever reads
// the other end of a pipe bounds the time, and ends it by closing that end. Any thread; it blocks.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/frame.hpp>

#include <filesystem>
#include <optional>

namespace twinlink {

/// Writes the file to `fd`. The writer waits while the two meta pages are written, which a pipe has room for.
/// Precondition: SIGPIPE is blocked or ignored in this thread. Errors: not a store, one without a lock file
/// that we can write (its writer would not know of us), `fd` takes no more.
[[nodiscard]] Expected<void> hot_copy(const std::filesystem::path& store, int fd);

/// LMDB's number of the commit that a copy shows, from the front of it; nothing while that is too short.
/// Errors: not the front of a store's file.
[[nodiscard]] Expected<std::optional<u64>> transaction_of_copy(Bytes front);

}  // namespace twinlink
