// Where a backup command finds things: options first, then twinlinkd's configuration. The environment says
// where other commands look, not what a backup is of.
#pragma once

#include "tools/twinlink/commands.hpp"

#include <filesystem>

namespace twinlink::cli {

struct BackupPlaces {
    std::filesystem::path configuration;
    std::filesystem::path store;
    std::filesystem::path credentials;  ///< empty: the server is in no pair
    std::string socket;                 ///< where the appliance is asked
};
/// Refuses where the configuration cannot be read.
[[nodiscard]] Result<BackupPlaces> backup_places(const Arguments&);

}  // namespace twinlink::cli
