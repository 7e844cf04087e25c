// A hot copy of a store as something to read from: a thread writes it into a pipe, we hold the other end.
//
// One thread reads. Whatever ends the reading - the end, a limit, an error - ends the copy: the pipe is
// closed, LMDB lets its snapshot go, the thread is joined.
#pragma once

#include "tools/backup/manifest.hpp"

#include <twinlink/store_reader.hpp>

#include <filesystem>
#include <memory>
#include <thread>

namespace twinlink::backup {

class StoreCopy {
public:
    /// Begins to copy, and tells what it will show. Errors: the store cannot be read; the server commits so
    /// fast that what it shows could not be found out.
    [[nodiscard]] static Expected<std::unique_ptr<StoreCopy>> begin(const std::filesystem::path& store);
    ~StoreCopy();
    StoreCopy(const StoreCopy&) = delete;
    StoreCopy& operator=(const StoreCopy&) = delete;

    /// The commit that is being copied.
    [[nodiscard]] const StoreInfo& info() const noexcept { return info_; }
    [[nodiscard]] const std::vector<StreamEntry>& streams() const noexcept { return streams_; }

    /// Fills the front of `to`: how much, 0 at the end, nothing when no more has come within `wait_ms`.
    /// Errors: the copy failed.
    [[nodiscard]] Expected<std::optional<std::size_t>> read(std::span<std::byte> to, int wait_ms);

private:
    StoreCopy() = default;
    Expected<void> start(const std::filesystem::path& store);
    Expected<u64> read_front();
    Expected<bool> look(const StoreReader& reader, u64 transaction);

    int fd_ = -1;
    std::thread thread_;
    std::string error_;             ///< the thread's; ours once it has ended
    std::vector<std::byte> front_;  ///< read, and not yet handed on
    StoreInfo info_;
    std::vector<StreamEntry> streams_;
};

}  // namespace twinlink::backup
