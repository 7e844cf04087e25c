// Opening a store for reading. Cold path; any thread.
#include <twinlink/store_reader.hpp>

#include "engine/store/environment.hpp"
#include "engine/store/file_check.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace twinlink {

Expected<StoreReader> StoreReader::open(const std::filesystem::path& path) {
    const auto doing = fmt::format("reading the store {}", path.string());
    if (auto checked = store::check_file(path); !checked)
        return std::unexpected(std::move(checked.error()).in(doing));
    // Readers write their slot into lock.mdb. Where they cannot, they go without.
    const auto lock = path / "lock.mdb";
    const bool lockable =
        ::access(lock.c_str(), R_OK | W_OK) == 0 || (errno == ENOENT && ::access(path.c_str(), W_OK) == 0);
    auto environment = StoreEnvironment::open(path, lockable ? OpenAs::Reader : OpenAs::ReaderWithoutLock, 0);
    if (!environment) return std::unexpected(std::move(environment.error()).in(doing));
    StoreReader reader(std::move(*environment));
    if (auto format = store::check_format(*reader.environment_); !format)
        return std::unexpected(std::move(format.error()).in(doing));
    return reader;
}

Expected<StoreSnapshot> StoreReader::snapshot() const { return environment_->snapshot(environment_); }

bool StoreReader::locked() const noexcept { return environment_->as != OpenAs::ReaderWithoutLock; }

}  // namespace twinlink
