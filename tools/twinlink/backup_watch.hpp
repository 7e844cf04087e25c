// What the backup commands share: limits from the command line, the bar that people watch, and how an archive
// is told of.
//
// One thread; the bar goes to stderr, and only to a terminal.
#pragma once

#include "tools/backup/manifest.hpp"
#include "tools/backup/pace.hpp"
#include "tools/twinlink/commands.hpp"

namespace twinlink::cli {

/// --rate and --time-limit, the bar, and Ctrl-C, which is heeded from now on.
[[nodiscard]] Result<backup::Watch> watch_of(const Arguments&, const Rim&);
/// The same, for what reads a store that is being written: it stops where the appliance, if one answers on
/// `socket`, says that backups wait (on battery, or short of room).
[[nodiscard]] Result<backup::Watch> watch_beside_appliance(const Arguments&, const Rim&, std::string socket);
/// The bar goes away.
void end_bar(const Rim&);

/// An archive: facts, lines and tables of streams and parts.
void add_archive(tools::Document&, const backup::ArchiveHead&, const backup::Manifest&);

}  // namespace twinlink::cli
