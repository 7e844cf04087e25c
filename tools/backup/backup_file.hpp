// The file of a backup while it is made: it has no name until it is whole, so whatever ends the program
// leaves the previous backup as it was and nothing else behind.
//
// One thread. Where the file system cannot have a file without a name, it stands beside its place, as
// NAME.part, and goes with the object; what a killed run left of it the next one clears away.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/frame.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace twinlink::backup {

class BackupFile {
public:
    /// Mode 0600. Errors: what has the name is no backup and not empty, the folder is not there or takes
    /// nothing, another run works on the same file.
    [[nodiscard]] static Expected<BackupFile> create(const std::filesystem::path& path);
    BackupFile(BackupFile&& from) noexcept;
    BackupFile& operator=(BackupFile&&) = delete;
    ~BackupFile();

    [[nodiscard]] Expected<void> write(Bytes bytes);
    /// Syncs it and gives it its name, in place of what had it; then the folder is synced.
    [[nodiscard]] Expected<void> publish();
    /// It has its name, whatever publish() says.
    [[nodiscard]] bool published() const noexcept { return published_; }
    [[nodiscard]] u64 bytes() const noexcept { return bytes_; }

private:
    BackupFile(int fd, std::filesystem::path path, std::string part)
        : fd_(fd), path_(std::move(path)), part_(std::move(part)) {}
    int fd_;
    std::filesystem::path path_;
    std::string part_;  ///< its name so far; empty = none
    bool published_ = false;
    u64 bytes_ = 0;
};

/// The open file or folder is what has that name.
[[nodiscard]] bool has_name(int fd, const std::filesystem::path& path) noexcept;
/// What `open` opens at `path`, locked; -1 with errno, EWOULDBLOCK: another run has the lock. Who held it
/// before may have given what was opened another name or none: then it is opened anew.
[[nodiscard]] int lock_name(const std::filesystem::path& path, const std::function<int()>& open);
/// A name by which an open file can be linked.
[[nodiscard]] std::string link_of(int fd);

/// fsync of a folder.
[[nodiscard]] Expected<void> sync_folder(const std::filesystem::path& folder);
/// ... after the name `path` in it is new. Errors: says that it is there all the same.
[[nodiscard]] Expected<void> sync_name(const std::filesystem::path& path);
/// The folder in which a path lies, also of a bare name.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& path);
/// A plain file, read whole. Errors: no such file, not a plain one, longer than `most`.
[[nodiscard]] Expected<std::vector<std::byte>> read_file(const std::filesystem::path& path, std::size_t most);

/// Begins like a backup. Errors: it cannot be read.
[[nodiscard]] Expected<bool> is_archive(const std::filesystem::path& path);

/// A backup's file, opened for reading. Errors: no such file, not a plain one.
class OpenArchive {
public:
    [[nodiscard]] static Expected<OpenArchive> open(const std::filesystem::path& path);
    OpenArchive(OpenArchive&& from) noexcept;
    OpenArchive& operator=(OpenArchive&&) = delete;
    ~OpenArchive();
    [[nodiscard]] u64 bytes() const noexcept { return bytes_; }
    [[nodiscard]] Expected<std::size_t> read(std::span<std::byte> to) const;

private:
    OpenArchive(int fd, u64 bytes) : fd_(fd), bytes_(bytes) {}
    int fd_;
    u64 bytes_;
};

}  // namespace twinlink::backup
