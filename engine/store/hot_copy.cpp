// See hot_copy.hpp.
#include "engine/store/hot_copy.hpp"

#include "engine/store/file_check.hpp"

#include <fmt/format.h>

namespace twinlink {

Expected<void> hot_copy(const std::filesystem::path& store, int fd) {
    const auto doing = fmt::format("copying the store {}", store.string());
    const auto reader = StoreReader::open(store);
    if (!reader) return std::unexpected(reader.error());
    if (!reader->locked())
        return failure(doing +
                       ": its lock file cannot be written, so a server would write over what is "
                       "being copied; run this as the user of twinlinkd");
    // The handle that the reader has: LMDB wants a file open once in a process.
    const auto environment = StoreEnvironment::open(store, OpenAs::Reader, 0);
    if (!environment) return std::unexpected(Error(environment.error()).in(doing));
    if (const int rc = mdb_env_copyfd2((*environment)->env, fd, 0)) return store::fail(rc, doing);
    return {};
}

Expected<std::optional<u64>> transaction_of_copy(Bytes front) { return store::newest_transaction(front); }

}  // namespace twinlink
