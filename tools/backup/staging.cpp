// See staging.hpp.
#include "tools/backup/staging.hpp"

#include "tools/backup/backup_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

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

bool is_free(const fs::path& place) {
    std::error_code error;
    const auto status = fs::symlink_status(place, error);
    if (status.type() == fs::file_type::not_found) return true;
    return !error && fs::is_directory(status) && fs::is_empty(place, error) && !error;
}

Expected<void> place_file(const fs::path& place, Bytes bytes, unsigned mode) {
    if (auto made = make_parents(place); !made) return std::unexpected(made.error());
    const std::string part = place.string() + ".restore";
    ::unlink(part.c_str());
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return os_failure(part);
    auto done = write_all(fd, part, bytes);
    if (done && (::fchmod(fd, mode) != 0 || ::fsync(fd) != 0)) done = os_failure(part);
    // It does not replace, which rename() would; and it is our file, whoever has the name by now.
    if (done && ::linkat(AT_FDCWD, link_of(fd).c_str(), AT_FDCWD, place.c_str(), AT_SYMLINK_FOLLOW) != 0)
        done = os_failure(place);
    ::close(fd);
    ::unlink(part.c_str());
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
    if (lock < 0) {
        auto failed = os_failure(path);
        std::error_code none;
        if (errno == EWOULDBLOCK)
            failed = failure(path.string() + ": another restore works there");
        else if (errno == ENOTDIR && fs::exists(fs::symlink_status(path, none)))
            failed = failure(path.string() + " is in the way: it is no folder");
        remove_empty(*parents);
        return failed;
    }
    StagedFolder staged(place, path, std::move(files), lock);
    staged.parents_ = std::move(*parents);
    staged.clear_files();
    if (::fchmod(lock, 0700) != 0) return os_failure(path);
    if (!is_free(path))
        return failure(path.string() + " holds other files than a restore leaves there; move it aside");
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
    if (auto synced = sync_folder(path_); !synced) return synced;
    fs::path place = place_;
    if (!place.has_filename()) place = place.parent_path();
    if (!has_name(lock_, path_)) return failure(path_.string() + " is not the folder that was filled");
    // rename() takes the place of nothing or of an empty folder, never of anything else.
    if (std::rename(path_.c_str(), place.c_str()) != 0) return os_failure(place);
    path_.clear();
    return sync_name(place);
}

}  // namespace twinlink::backup
