// See backup_file.hpp.
#include "tools/backup/backup_file.hpp"

#include "tools/backup/archive.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace twinlink::backup {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> os_failure(const fs::path& path) {
    return failure(path.string() + ": " + std::strerror(errno));
}

/// Each one means that another run ended between two calls of ours.
constexpr int kLockTries = 10;

/// A file of that name that nobody else writes, emptied; -1 with errno.
int open_part(const std::string& part) {
    const int fd = lock_name(
        part, [&] { return ::open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); });
    if (fd < 0 || (::fchmod(fd, 0600) == 0 && ::ftruncate(fd, 0) == 0)) return fd;
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
}

}  // namespace

bool has_name(int fd, const fs::path& path) noexcept {
    struct stat open{};
    struct stat named{};
    return ::fstat(fd, &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
           open.st_ino == named.st_ino;
}

int lock_name(const fs::path& path, const std::function<int()>& open) {
    int error = 0;
    for (int tries = 0; tries < kLockTries; ++tries) {
        const int fd = open();
        error = errno;
        if (fd < 0 && error == ENOENT) continue;
        if (fd < 0) break;
        const bool locked = ::flock(fd, LOCK_EX | LOCK_NB) == 0;
        error = locked ? EWOULDBLOCK : errno;
        if (locked && has_name(fd, path)) return fd;
        ::close(fd);
        if (!locked) break;
    }
    errno = error;
    return -1;
}

std::string link_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

Expected<void> sync_folder(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    errno = error;
    if (!synced) return os_failure(folder);
    return {};
}

Expected<void> sync_name(const fs::path& path) {
    if (auto synced = sync_folder(folder_of(path)); !synced)
        return failure(path.string() +
                       " is in its place and whole, but a power cut may undo that: " + synced.error().text);
    return {};
}

Expected<bool> is_archive(const fs::path& path) {
    const auto file = OpenArchive::open(path);
    if (!file) return std::unexpected(file.error());
    std::array<std::byte, kArchiveMagic.size()> front{};
    const auto n = file->read(front);
    if (!n) return std::unexpected(Error(n.error()).in(path.string()));
    return *n == front.size() && std::memcmp(front.data(), kArchiveMagic.data(), front.size()) == 0;
}

Expected<BackupFile> BackupFile::create(const fs::path& path) {
    struct stat there{};
    const bool taken = ::lstat(path.c_str(), &there) == 0;
    if (taken && !S_ISREG(there.st_mode)) return failure(path.string() + " is there and is no plain file");
    if (taken && there.st_size != 0) {
        const auto ours = is_archive(path);
        if (!ours) return std::unexpected(ours.error());
        if (!*ours)
            return failure(path.string() +
                           " is there and is no Twinlink backup, and only such a one is replaced");
    }
    const fs::path folder = folder_of(path);
    const int nameless = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (nameless >= 0) return BackupFile(nameless, path, "");
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return os_failure(folder);
    const std::string part = path.string() + ".part";
    const int fd = open_part(part);
    if (fd < 0 && errno == EWOULDBLOCK) return failure(part + ": another backup is being written there");
    if (fd < 0) return os_failure(part);
    return BackupFile(fd, path, part);
}

BackupFile::BackupFile(BackupFile&& from) noexcept
    : fd_(std::exchange(from.fd_, -1)),
      path_(std::move(from.path_)),
      part_(std::exchange(from.part_, "")),
      published_(from.published_),
      bytes_(from.bytes_) {}

BackupFile::~BackupFile() {
    if (!part_.empty()) ::unlink(part_.c_str());
    if (fd_ >= 0) ::close(fd_);
}

Expected<void> BackupFile::write(Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return os_failure(path_);
        bytes_ += static_cast<u64>(n);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Expected<void> BackupFile::publish() {
    if (::fsync(fd_) != 0) return os_failure(path_);
    if (part_.empty()) {
        // A name of its own first: link() does not replace what is there, rename() does.
        std::string name = path_.string() + ".part" + std::to_string(::getpid());
        ::unlink(name.c_str());
        if (::linkat(AT_FDCWD, link_of(fd_).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
            return os_failure(name);
        part_ = std::move(name);
    }
    if (::rename(part_.c_str(), path_.c_str()) != 0) return os_failure(path_);
    part_.clear();
    published_ = true;
    return sync_name(path_);
}

Expected<std::vector<std::byte>> read_file(const fs::path& path, std::size_t most) {
    const auto file = OpenArchive::open(path);
    if (!file) return std::unexpected(file.error());
    std::vector<std::byte> all(most + 1);
    std::size_t size = 0;
    while (size < all.size()) {
        const auto n = file->read(std::span(all).subspan(size));
        if (!n) return std::unexpected(Error(n.error()).in(path.string()));
        if (*n == 0) break;
        size += *n;
    }
    if (size > most) return failure(path.string() + " is longer than " + std::to_string(most) + " bytes");
    all.resize(size);
    return all;
}

Expected<OpenArchive> OpenArchive::open(const fs::path& path) {
    // Not blocking: a pipe or device would hold us up before we know what it is.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return os_failure(path);
    OpenArchive file(fd, 0);
    struct stat s{};
    if (::fstat(fd, &s) != 0) return os_failure(path);
    if (!S_ISREG(s.st_mode)) return failure(path.string() + " is no plain file");
    file.bytes_ = static_cast<u64>(s.st_size);
    return file;
}

OpenArchive::OpenArchive(OpenArchive&& from) noexcept
    : fd_(std::exchange(from.fd_, -1)), bytes_(from.bytes_) {}
OpenArchive::~OpenArchive() {
    if (fd_ >= 0) ::close(fd_);
}

Expected<std::size_t> OpenArchive::read(std::span<std::byte> to) const {
    for (;;) {
        const ssize_t n = ::read(fd_, to.data(), to.size());
        if (n >= 0) return static_cast<std::size_t>(n);
        if (errno != EINTR) return failure(std::string("reading it: ") + std::strerror(errno));
    }
}

}  // namespace twinlink::backup
