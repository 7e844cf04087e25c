// Locking and creating the store's folder. Cold path; the writer thread.
//
// Creation: every step before the rename works in a folder that nobody opens as a store; the rename happens
// when data, folder and lock file are on the disk; after it the parent folder is synced. So at `path` there
// is nothing or a whole store.
#include "engine/store/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cstdio>

namespace twinlink::store {
namespace {

std::unexpected<Error> os_failure(const std::string& doing) {
    return failure(fmt::format("{}: {}", doing, std::strerror(errno)));
}

/// fsync of a file or folder by name.
Expected<void> sync(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool ok = fd >= 0 && ::fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    errno = error;
    if (!ok) return os_failure("syncing " + path.string());
    return {};
}

Expected<void> write_first_records(const std::filesystem::path& folder, const StoreConfig& config,
                                   Nanos wall) {
    auto environment = StoreEnvironment::open_alone(folder, OpenAs::Writer, config.map_bytes, true);
    if (!environment) return std::unexpected(environment.error());
    StoreRecord who{kStoreFormat, 0, {}, wall.value};
    if (::getrandom(who.id.data(), who.id.size(), 0) != static_cast<ssize_t>(who.id.size()))
        return os_failure("drawing the store's id");
    Txn txn;
    if (const int rc = txn.begin(**environment, true)) return fail(rc, "beginning the first transaction");
    CommitRecord last{};
    last.transaction = mdb_txn_id(txn.get());
    last.entries[static_cast<std::size_t>(Db::Meta)] = 2;
    {
        Cursor c;
        int rc = c.open(txn, Db::Meta);
        if (rc == 0) rc = c.put(kStoreKey.bytes(), seal(kStoreKey.bytes(), who), 0);
        if (rc == 0) rc = c.put(kCommitKey.bytes(), seal(kCommitKey.bytes(), last), 0);
        if (rc != 0) return fail(rc, "writing the first records");
    }
    if (const int rc = txn.commit()) return fail(rc, "committing the first records");
    return {};
}

/// The parent folder, also of a bare name.
std::filesystem::path parent_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

WriterLock::~WriterLock() {
    if (fd_ >= 0) ::close(fd_);
}

Expected<WriterLock> WriterLock::take(const std::filesystem::path& folder) {
    const auto file = folder / "writer.lock";
    WriterLock lock;
    lock.fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock.fd_ < 0) return os_failure(file.string());
    std::array<char, 32> text{};
    if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return os_failure("locking " + file.string());
        const ssize_t n = ::pread(lock.fd_, text.data(), text.size() - 1, 0);
        const std::string pid =
            n > 1 ? std::string(text.data(), std::string_view(text.data()).find('\n')) : "unknown";
        return failure(fmt::format("another process (pid {}) has it open for writing", pid));
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(lock.fd_, 0) != 0 ||
        ::pwrite(lock.fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        // The lock itself holds; only its text is missing, as on a full disk.
    }
    return lock;
}

bool WriterLock::is_in(const std::filesystem::path& folder) const noexcept {
    struct stat mine{};
    struct stat named{};
    return ::fstat(fd_, &mine) == 0 && ::stat((folder / "writer.lock").c_str(), &named) == 0 &&
           mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

Expected<void> create(const std::filesystem::path& path, const StoreConfig& config, Nanos wall) {
    auto temporary = path;
    temporary += ".new";
    if (::mkdir(temporary.c_str(), 0700) != 0 && errno != EEXIST)
        return os_failure("making " + temporary.string());
    auto lock = WriterLock::take(temporary);
    if (!lock) return std::unexpected(std::move(lock.error()).in("creating it in " + temporary.string()));
    if (!lock->is_in(temporary)) return failure("another process has just created it");
    // What an attempt that died left here is ours by name, and nobody has the lock.
    for (const char* file : {"data.mdb", "lock.mdb"})
        if (::unlink((temporary / file).c_str()) != 0 && errno != ENOENT)
            return os_failure("clearing " + temporary.string());
    if (auto done = write_first_records(temporary, config, wall); !done) return done;
    for (const auto& it : {temporary / "data.mdb", temporary / "writer.lock", temporary})
        if (auto done = sync(it); !done) return done;
    // rename() takes the place of nothing or of an empty folder, never of anything else.
    if (std::rename(temporary.c_str(), path.c_str()) != 0)
        return os_failure(fmt::format("renaming {} to {}", temporary.string(), path.string()));
    return sync(parent_of(path));
}

}  // namespace twinlink::store
