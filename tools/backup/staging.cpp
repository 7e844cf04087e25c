// See staging.hpp.
#include "tools/backup/staging.hpp"

#include "tools/backup/backup_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>

namespace twinlink::backup {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> os_failure(const fs::path& path) {
    return failure(path.string() + ": " + std::strerror(errno));
}

Expected<void> write_all(int fd, const fs::path& path, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return os_failure(path);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

/// In a folder that a restore has begun and not placed.
constexpr const char* kMark = ".being-restored";

struct Owner {
    uid_t user;
    gid_t group;
};
/// Whose the place is, or where there is none yet the folder that it lies in: what root restores there must
/// be theirs.
std::optional<Owner> owner_at(const fs::path& place) {
    if (::geteuid() != 0) return {};
    struct stat s{};
    if (::stat(place.c_str(), &s) != 0 && ::stat(folder_of(place).c_str(), &s) != 0) return {};
    return Owner{s.st_uid, s.st_gid};
}
Expected<void> give_to(const std::optional<Owner>& owner, const std::function<int(const Owner&)>& give,
                       const fs::path& what) {
    if (!owner || (owner->user == 0 && owner->group == 0) || give(*owner) == 0) return {};
    return failure(what.string() + " cannot be given to user " + std::to_string(owner->user) + ": " +
                   std::strerror(errno));
}

/// Folders, the outermost first, as far as nothing is in them.
void remove_empty(const std::vector<fs::path>& folders) noexcept {
    for (auto at = folders.rbegin(); at != folders.rend(); ++at) ::rmdir(at->c_str());
}

/// Makes the folders in which `place` lies; returns those that were not there, the outermost first.
Expected<std::vector<fs::path>> make_parents(const fs::path& place) {
    std::vector<fs::path> made;
    std::error_code error;
    for (fs::path folder = folder_of(place); !fs::exists(folder, error); folder = folder_of(folder)) {
        if (error) return failure(folder.string() + ": " + error.message());
        made.insert(made.begin(), folder);
    }
    for (auto folder = made.begin(); folder != made.end(); ++folder) {
        if (::mkdir(folder->c_str(), 0755) == 0 || errno == EEXIST) continue;
        auto failed = os_failure(*folder);
        while (folder != made.begin()) ::rmdir((--folder)->c_str());
        return failed;
    }
    return made;
}

}  // namespace

Expected<void> may_place(const fs::path& place) {
    std::error_code error;
    fs::path folder = folder_of(place);
    while (!fs::exists(folder, error) && !error && folder.has_parent_path() && folder != folder.parent_path())
        folder = folder.parent_path();
    if (folder.empty()) folder = ".";
    if (::access(folder.c_str(), W_OK | X_OK) != 0) return os_failure(folder);
    return {};
}

bool is_free(const fs::path& place) {
    std::error_code error;
    const auto status = fs::symlink_status(place, error);
    if (status.type() == fs::file_type::not_found) return true;
    return !error && fs::is_directory(status) && fs::is_empty(place, error) && !error;
}

Expected<void> place_file(const fs::path& place, Bytes bytes, unsigned mode) {
    if (auto made = make_parents(place); !made) return std::unexpected(made.error());
    // Without a name where the file system can do that; what has the other name is somebody's.
    const std::string part = place.string() + ".restore";
    int fd = ::open(folder_of(place).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    const bool named = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL);
    if (named) fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return os_failure(named ? fs::path(part) : folder_of(place));
    auto done = write_all(fd, place, bytes);
    if (done)
        done =
            give_to(owner_at(place), [&](const Owner& to) { return ::fchown(fd, to.user, to.group); }, place);
    if (done && (::fchmod(fd, mode) != 0 || ::fsync(fd) != 0)) done = os_failure(place);
    // It does not replace, which rename() would; and it is our file, whoever has the name by now.
    if (done && ::linkat(AT_FDCWD, link_of(fd).c_str(), AT_FDCWD, place.c_str(), AT_SYMLINK_FOLLOW) != 0)
        done = os_failure(place);
    ::close(fd);
    if (named) ::unlink(part.c_str());
    return done ? sync_name(place) : done;
}

Expected<StagedFolder> StagedFolder::make(const fs::path& place, std::vector<std::string> files) {
    auto parents = make_parents(place);
    if (!parents) return std::unexpected(parents.error());
    fs::path path = place;
    if (!path.has_filename()) path = path.parent_path();
    path += ".restore";
    const int lock = lock_name(path, [&] {
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return -1;
        return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    });
    std::error_code none;
    if (lock < 0) {
        auto failed = os_failure(path);
        if (errno == EWOULDBLOCK)
            failed = failure(path.string() + ": another restore works there");
        else if (errno == ENOTDIR && fs::exists(fs::symlink_status(path, none)))
            failed = failure(path.string() + " is in the way: it is no folder");
        remove_empty(*parents);
        return failed;
    }
    StagedFolder staged(place, path, std::move(files), lock);
    staged.parents_ = std::move(*parents);
    if (::fchmod(lock, 0700) != 0) return os_failure(path);
    // Only what a restore began is cleared: a store may have this very name.
    if (fs::exists(fs::symlink_status(path / kMark, none))) staged.clear_files();
    if (!is_free(path)) {
        staged.lock_ = -1;
        ::close(lock);
        remove_empty(staged.parents_);
        return failure(path.string() + " holds other files than a restore leaves there; move it aside");
    }
    const int mark = ::openat(lock, kMark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (mark < 0) return os_failure(path / kMark);
    ::close(mark);
    return staged;
}

StagedFolder::StagedFolder(StagedFolder&& from) noexcept
    : place_(std::move(from.place_)),
      path_(std::exchange(from.path_, fs::path())),
      files_(std::move(from.files_)),
      parents_(std::move(from.parents_)),
      lock_(std::exchange(from.lock_, -1)),
      fd_(std::exchange(from.fd_, -1)),
      open_(std::move(from.open_)) {}

/// Removes what a restore makes, and the folders that were made for it when that was all.
StagedFolder::~StagedFolder() {
    if (fd_ >= 0) ::close(fd_);
    if (!path_.empty() && has_name(lock_, path_)) {
        clear_files();
        ::rmdir(path_.c_str());
        remove_empty(parents_);
    }
    if (lock_ >= 0) ::close(lock_);
}

void StagedFolder::clear_files() const noexcept {
    for (const std::string& file : files_) ::unlink((path_ / file).c_str());
    ::unlink((path_ / kMark).c_str());
}

Expected<void> StagedFolder::close_synced() {
    if (fd_ < 0) return {};
    const bool synced = ::fsync(fd_) == 0;
    const int error = errno;
    const bool closed = ::close(std::exchange(fd_, -1)) == 0;
    if (synced && closed) return {};
    if (!synced) errno = error;
    return os_failure(path_ / open_);
}

Expected<void> StagedFolder::append(const std::string& file, Bytes bytes) {
    if (open_ != file) {
        if (auto closed = close_synced(); !closed) return closed;
        open_ = file;
        fd_ = ::open((path_ / file).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd_ < 0) return os_failure(path_ / file);
    }
    return write_all(fd_, path_ / file, bytes);
}

Expected<void> StagedFolder::place() {
    if (auto closed = close_synced(); !closed) return closed;
    const auto give = [&](const Owner& to) {
        for (const std::string& file : files_)
            if (::fchownat(lock_, file.c_str(), to.user, to.group, AT_SYMLINK_NOFOLLOW) != 0 &&
                errno != ENOENT)
                return -1;
        return ::fchown(lock_, to.user, to.group);
    };
    if (auto given = give_to(owner_at(place_), give, path_); !given) return given;
    if (auto synced = sync_folder(path_); !synced) return synced;
    fs::path place = place_;
    if (!place.has_filename()) place = place.parent_path();
    if (!has_name(lock_, path_)) return failure(path_.string() + " is not the folder that was filled");
    // rename() takes the place of nothing or of an empty folder, never of anything else.
    if (std::rename(path_.c_str(), place.c_str()) != 0) return os_failure(place);
    path_.clear();
    ::unlinkat(lock_, kMark, 0);  // where it stays it does no harm
    return sync_name(place);
}

}  // namespace twinlink::backup
