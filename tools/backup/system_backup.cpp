// See system_backup.hpp.
#include "tools/backup/system_backup.hpp"

#include "tools/backup/backup_file.hpp"
#include "tools/backup/store_copy.hpp"
#include "tools/pairing/credentials.hpp"

namespace twinlink::backup {
namespace {

namespace fs = std::filesystem;

/// How long one look for more of the copy may take, so that limits and the user are heeded.
constexpr int kWaitMs = 100;
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

/// A part that is a small file.
Expected<void> put_file(ArchiveWriter& archive, PartId id, const fs::path& path) {
    const auto bytes = read_file(path, find_part(id)->bytes_max);
    if (!bytes) return std::unexpected(bytes.error());
    return archive.put(id, *bytes);
}

/// The three files of the pair's credentials, as far as they are there.
Expected<void> put_credentials(ArchiveWriter& archive, const fs::path& folder) {
    const std::array files{std::pair{PartId::OwnKey, pairing::key_file(folder)},
                           std::pair{PartId::OwnCertificate, pairing::own_file(folder)},
                           std::pair{PartId::PartnerCertificate, pairing::partner_file(folder)}};
    for (const auto& [id, path] : files) {
        std::error_code none;
        // A server that waits for its partner's certificate has none yet.
        if (id == PartId::PartnerCertificate && !fs::exists(path, none)) continue;
        if (auto done = put_file(archive, id, path); !done) return done;
    }
    return {};
}

Expected<void> put_store(ArchiveWriter& archive, StoreCopy& copy, const Watch& watch) {
    if (auto done = archive.begin_part(PartId::Store); !done) return done;
    Pace pace(watch);
    std::vector<std::byte> piece(kPieceBytes);
    for (;;) {
        const auto n = copy.read(piece, kWaitMs);
        if (!n) return std::unexpected(n.error());
        if (*n && **n == 0) break;
        if (*n)
            if (auto done = archive.add(Bytes(piece).first(**n)); !done) return done;
        if (auto good = pace.step(n->value_or(0), copy.info().file_bytes); !good) return good;
    }
    return archive.end_part();
}

Manifest manifest_of(const SystemOrder& order, const StoreCopy& copy) {
    Manifest manifest;
    manifest.kind = ArchiveKind::System;
    manifest.program = order.program;
    manifest.store_format = copy.info().format;
    manifest.transaction = copy.info().transaction;
    manifest.commit_wall = copy.info().last_wall;
    manifest.streams = copy.streams();
    return manifest;
}

/// The copy is begun first: what it shows is what the head and the manifest tell of.
Expected<void> fill(const SystemOrder& order, const Watch& watch, ArchiveWriter& archive, Backup& made) {
    auto copy = StoreCopy::begin(order.store);
    if (!copy) return std::unexpected(copy.error());
    const auto head = head_of(ArchiveKind::System, order.wall, (*copy)->info(), order.credentials);
    if (!head) return std::unexpected(head.error());
    made.head = *head;
    made.manifest = manifest_of(order, **copy);
    auto done = archive.begin(made.head);
    if (done) done = put_file(archive, PartId::Configuration, order.configuration);
    if (done && !order.credentials.empty()) done = put_credentials(archive, order.credentials);
    if (done) done = put_store(archive, **copy, watch);
    return done ? archive.finish(made.manifest) : done;
}

}  // namespace

Expected<Backup> back_up_system(const SystemOrder& order, const Watch& watch) {
    Backup made;
    auto done = write_backup(order.file, order.zstd_level, made,
                             [&](ArchiveWriter& archive) { return fill(order, watch, archive, made); });
    if (!done) return std::unexpected(std::move(done.error()));
    return made;
}

}  // namespace twinlink::backup
