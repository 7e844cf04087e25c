// A system backup: configuration, credentials and the whole store of a server, as of one commit, into one
// archive, while the server collects.
//
// Cold; one thread, and one for the copy.
#pragma once

#include "tools/backup/backup.hpp"

#include <filesystem>

namespace twinlink::backup {

/// What is to be backed up, and where to.
struct SystemOrder {
    std::filesystem::path file;
    std::filesystem::path configuration;
    std::filesystem::path credentials;  ///< empty: none
    std::filesystem::path store;
    std::string program;  ///< our version
    u64 wall = 0;         ///< now
    int zstd_level = 1;
};

/// Errors: as of write_backup().
[[nodiscard]] Expected<Backup> back_up_system(const SystemOrder& order, const Watch& watch);

}  // namespace twinlink::backup
