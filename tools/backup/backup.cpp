// See backup.hpp.
#include "tools/backup/backup.hpp"

#include "tools/backup/backup_file.hpp"
#include "tools/pairing/credentials.hpp"

#include <sys/resource.h>

#include <cerrno>

namespace twinlink::backup {

Expected<ArchiveHead> head_of(ArchiveKind kind, u64 wall, const StoreInfo& store,
                              const std::filesystem::path& credentials) {
    ArchiveHead head{kArchiveMagic, kArchiveFormat, kind, wall, {}, store.id, 0, 0, 0};
    if (credentials.empty()) return head;
    const auto own = pairing::read_certificate(pairing::own_file(credentials));
    if (!own) return std::unexpected(own.error());
    head.pair = own->pair;
    head.server = own->server;
    return head;
}

Expected<void> write_backup(const std::filesystem::path& path, int zstd_level, Backup& made,
                            const std::function<Expected<void>(ArchiveWriter&)>& fill) {
    const auto in_vain = [&](const Error& why) {
        return failure("no backup was made: " + why.text + ". " + path.string() + " is as it was before");
    };
    const Watch nobody;
    const Pace pace(nobody);
    if (::setpriority(PRIO_PROCESS, 0, 10) != 0) errno = 0;  // then we are like the others
    auto file = BackupFile::create(path);
    if (!file) return in_vain(file.error());
    ArchiveWriter archive([&](Bytes bytes) { return file->write(bytes); }, zstd_level);
    auto done = fill(archive);
    if (done) done = file->publish();
    if (!done) return file->published() ? done : in_vain(done.error());
    made.manifest.parts = archive.parts();
    made.manifest.parts.pop_back();  // the manifest itself
    made.bytes = file->bytes();
    made.took = pace.took();
    return {};
}

}  // namespace twinlink::backup
