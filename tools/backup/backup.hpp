// What both kinds of backup are, and how one comes into its file.
//
// Cold; one thread. The file is there whole or as it was before, or the error says otherwise.
#pragma once

#include "tools/backup/archive_writer.hpp"
#include "tools/backup/pace.hpp"

#include <twinlink/store_reader.hpp>

#include <filesystem>
#include <functional>

namespace twinlink::backup {

struct Backup {
    ArchiveHead head{};
    Manifest manifest;
    u64 bytes = 0;  ///< of the file
    Nanos took;
};

/// Whose backup it is. Errors: credentials that cannot be read; without any it is nobody's.
[[nodiscard]] Expected<ArchiveHead> head_of(ArchiveKind kind, u64 wall, const StoreInfo& store,
                                            const std::filesystem::path& credentials);

/// Makes the file: `fill` writes the archive, fills in head and manifest, and finishes it. The processors and
/// the disk are the server's first. Errors, as whole sentences: no backup was made, why, and that the file is
/// as it was before; or that it is there, whole, and may not outlive a power cut.
[[nodiscard]] Expected<void> write_backup(const std::filesystem::path& path, int zstd_level, Backup& made,
                                          const std::function<Expected<void>(ArchiveWriter&)>& fill);

}  // namespace twinlink::backup
