// Things that are being restored, beside their places until all of them are whole.
//
// One thread. Invariant: what was not placed goes with the object; a place that has something is left alone,
// and so is a folder in which another run works: it is locked (flock) from the first look to the rename.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/frame.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace twinlink::backup {

/// A folder that is made as PLACE.restore and renamed to PLACE, which is nothing or an empty folder.
class StagedFolder {
public:
    /// `files` it may have: those that an earlier attempt left are cleared away. Errors: another restore
    /// works there, something else has that name, other files are in it.
    [[nodiscard]] static Expected<StagedFolder> make(const std::filesystem::path& place,
                                                     std::vector<std::string> files);
    StagedFolder(StagedFolder&&) noexcept;
    StagedFolder& operator=(StagedFolder&&) = delete;
    ~StagedFolder();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    /// More of a file in it, mode 0600.
    [[nodiscard]] Expected<void> append(const std::string& file, Bytes bytes);
    /// Syncs all and renames it. Errors: the place is not free any more, somebody moved the folder.
    [[nodiscard]] Expected<void> place();

private:
    StagedFolder(std::filesystem::path place, std::filesystem::path path, std::vector<std::string> files,
                 int lock)
        : place_(std::move(place)), path_(std::move(path)), files_(std::move(files)), lock_(lock) {}
    void clear_files() const noexcept;
    /// The file that is being written.
    [[nodiscard]] Expected<void> close_synced();
    std::filesystem::path place_;
    std::filesystem::path path_;  ///< empty: placed
    std::vector<std::string> files_;
    std::vector<std::filesystem::path> parents_;  ///< folders that were made for it
    int lock_;                                    ///< the folder, open and locked
    int fd_ = -1;                                 ///< of the file that is being written
    std::string open_;
};

/// Something can be put there. Errors: no right to write in the folder that it lies in, or would lie in.
[[nodiscard]] Expected<void> may_place(const std::filesystem::path& place);
/// Nothing there, or an empty folder.
[[nodiscard]] bool is_free(const std::filesystem::path& place);
/// A new file of that content and mode; never over another one.
[[nodiscard]] Expected<void> place_file(const std::filesystem::path& place, Bytes bytes, unsigned mode);

}  // namespace twinlink::backup
