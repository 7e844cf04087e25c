// Where a backup command finds things: options first, then the environment, then twinlinkd's configuration.
#pragma once

#include "tools/twinlink/commands.hpp"

#include <filesystem>

namespace twinlink::cli {

struct BackupPlaces {
    std::filesystem::path configuration;
    std::filesystem::path store;
    std::filesystem::path credentials;  ///< empty: the server is in no pair
};
/// Refuses where the configuration cannot be read.
[[nodiscard]] Result<BackupPlaces> backup_places(const Arguments&, const Rim&);

}  // namespace twinlink::cli
