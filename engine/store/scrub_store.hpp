// Every value of a store read once and compared with its checksum, without a server: what `twinlink store
// scrub --store` does. Reports only.
//
// In a child process of its own, since a damaged store can crash LMDB. Any thread, but it forks.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/scrub.hpp>

#include <filesystem>

namespace twinlink {

struct StoreScrub {
    u64 values = 0;
    u64 bytes = 0;
    u64 damaged = 0;
    std::vector<RotFinding> findings;  ///< the first kScrubFindingsMax
};
inline constexpr std::size_t kScrubFindingsMax = 1'000;

/// Errors: the store cannot be opened or read at all (crash of LMDB included): what, and nothing was changed.
[[nodiscard]] Expected<StoreScrub> scrub_store(const std::filesystem::path& path);

}  // namespace twinlink
