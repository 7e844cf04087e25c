// A system backup put back on a machine that has none of it: configuration, credentials, store.
//
// Cold; one thread, and a process that checks the store. Everything is unpacked beside its place, proven to
// be what was backed up, and only then renamed to where it belongs. Nothing that is there is ever replaced.
#pragma once

#include "engine/store/check.hpp"
#include "tools/backup/configured.hpp"
#include "tools/backup/manifest.hpp"
#include "tools/backup/pace.hpp"

#include <filesystem>
#include <optional>

namespace twinlink::backup {

/// Where things go; an empty path: that is not asked for.
struct RestoreOrder {
    std::filesystem::path file;
    std::filesystem::path configuration;
    std::filesystem::path credentials;
    std::filesystem::path store;
    bool quick = false;    ///< of the store's values only the structure is checked
    bool dry_run = false;  ///< read and prove the archive, look at the places, write nothing
};

/// What became of one thing.
enum class Placed : u8 {
    NotAsked,
    NotThere,  ///< the archive has none
    Same,      ///< the very same is there already
    Done,      ///< placed; in a dry run: would be
};

struct SystemRestore {
    ArchiveHead head{};
    Manifest manifest;
    std::optional<Configured> says;  ///< where the configuration says that things are
    Placed configuration = Placed::NotAsked;
    Placed credentials = Placed::NotAsked;
    Placed store = Placed::NotAsked;
    std::optional<CheckReport> check;  ///< of the store
    Nanos took;
};
/// Errors: an archive that is not whole, or of another pair than the credentials that are there; something
/// that is in the way; no room. Says what was placed before that; without such a word nothing was changed.
[[nodiscard]] Expected<SystemRestore> restore_system(const RestoreOrder& order, const Watch& watch);

/// Reads an archive to its end: that every part is what was written.
struct ProvenArchive {
    ArchiveHead head{};
    Manifest manifest;
    u64 bytes = 0;
};
[[nodiscard]] Expected<ProvenArchive> prove_archive(const std::filesystem::path& file, const Watch& watch);

}  // namespace twinlink::backup
