// A store written anew without its free pages: what `twinlink store compact` does. No server may have it
// open.
//
// The new file is made beside the old one, in a folder within the store's own, synced, opened and checked
// whole, and takes the old one's place by a rename; so at every moment, also of a crash or a full disk, the
// store's path holds a whole store with the same content. It stays its user's, whoever compacts it. What an
// interrupted attempt left goes with the next. Forks (the checks); call it from a process without threads.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <filesystem>
#include <functional>

namespace twinlink {

struct Compacted {
    u64 bytes_before = 0;
    u64 bytes_after = 0;
    u64 values = 0;  ///< in all databases, before and after
};

/// `step` hears what is done next, for people. Errors: the store is open somewhere, is damaged, the disk has
/// no room for a second copy of what is in use, the copy cannot be made its user's, or a call fails: what,
/// and the store is as it was.
[[nodiscard]] Expected<Compacted> compact(const std::filesystem::path& path,
                                          const std::function<void(std::string_view step)>& step);

}  // namespace twinlink
