// Reads a data backup for an import or a restore, in the reading process: its journal, then its rows.
//
// One thread. What it passes on is in its archive whole and as it was written; what that means is checked by
// the daemon.
#pragma once

#include "tools/twinlinkd/import_pipe.hpp"

#include <string>

namespace twinlink::daemon {

/// False when it failed, which was said, or nobody reads any more.
bool read_archive(const std::string& path, ImportPipe& pipe);

}  // namespace twinlink::daemon
