// The store's folder: who may write in it, and how a new one comes to be.
//
// Cold path; the writer thread. Both functions leave an existing store untouched whatever happens.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/store.hpp"

namespace twinlink::store {

/// Holds writer.lock (flock) while it lives; the file names the holder's pid.
class WriterLock {
public:
    WriterLock() = default;
    WriterLock(WriterLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    WriterLock& operator=(WriterLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~WriterLock();

    /// Takes it, making the file where it is missing. Errors: somebody else holds it (with pid), or the file
    /// cannot be made.
    static Expected<WriterLock> take(const std::filesystem::path& folder);
    /// The lock still is the file of that name in `folder`: false when the folder was moved meanwhile.
    [[nodiscard]] bool is_in(const std::filesystem::path& folder) const noexcept;

private:
    int fd_ = -1;
};

/// Makes a new store at `path`: all of it in `path`.new, on the disk, then renamed. A leftover of an earlier
/// attempt that nobody works on is replaced. Errors: `path` exists, another process is creating it, or the
/// disk says no.
[[nodiscard]] Expected<void> create(const std::filesystem::path& path, const StoreConfig& config, Nanos wall);

}  // namespace twinlink::store
