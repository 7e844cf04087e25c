// A system backup: configuration, credentials and the whole store of a server, as of one commit, into one
// archive, while the server collects.
//
// Cold; one thread, and one for the copy. The file is there whole or as it was before.
#pragma once

#include "tools/backup/manifest.hpp"
#include "tools/backup/pace.hpp"

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
    int zstd_level = 1;   ///< the processors are the server's first
};

struct SystemBackup {
    ArchiveHead head{};
    Manifest manifest;
    u64 bytes = 0;  ///< of the file
    Nanos took;
};
/// Errors: what could not be read or written; the file is then as it was before, or absent.
[[nodiscard]] Expected<SystemBackup> back_up_system(const SystemOrder& order, const Watch& watch);

}  // namespace twinlink::backup
