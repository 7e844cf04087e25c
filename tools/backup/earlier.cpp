// See earlier.hpp.
#include "tools/backup/earlier.hpp"

#include "tools/backup/archive_reader.hpp"
#include "tools/backup/backup_file.hpp"

namespace twinlink::backup {
namespace {

/// Puts what `piece` tells into `to`; false where it makes no sense.
bool take_held(Bytes piece, Earlier& to) {
    while (!piece.empty()) {
        const auto entry = take_entry(piece);
        if (!entry || entry->kind != EntryKind::Held) return false;
        const auto held = only<HeldEntry>(*entry);
        if (!held || held->first == 0 || held->last < held->first || held->last >= u64{1} << 63) return false;
        to.held[{Acd{held->acd}, Epoch{held->epoch}}].add({Seq{held->first}, Seq{held->last}});
    }
    return true;
}

bool take_digests(Bytes piece, Earlier& to) {
    while (!piece.empty()) {
        const auto entry = take_entry(piece);
        if (!entry || entry->kind != EntryKind::Digest) return false;
        const auto digest = only<DigestEntry>(*entry);
        if (!digest) return false;
        to.digests[{digest->acd, digest->start, digest->instance, digest->table}] = digest->digest;
    }
    return true;
}

}  // namespace

Expected<Earlier> read_earlier(const std::filesystem::path& path, const Watch& watch) {
    const auto in = [&](Error e) { return std::unexpected(std::move(e).in(path.string())); };
    auto file = OpenArchive::open(path);
    if (!file) return std::unexpected(file.error());
    auto archive = ArchiveReader::begin([&](std::span<std::byte> to) { return file->read(to); });
    if (!archive) return in(archive.error());
    Earlier earlier;
    earlier.head = archive->head();
    if (earlier.head.kind != ArchiveKind::Data) return in(Error{"it is no data backup"});
    Pace pace(watch);
    for (;;) {
        const auto part = archive->next_part();
        if (!part) return in(part.error());
        if (!*part) break;
        for (;;) {
            if (auto good = pace.check(); !good) return in(good.error());
            const auto piece = archive->read();
            if (!piece) return in(piece.error());
            if (piece->empty()) break;
            const bool sense = (**part != PartId::Held || take_held(*piece, earlier)) &&
                               (**part != PartId::Digests || take_digests(*piece, earlier));
            if (!sense) return in(Error{"what it says of its contents makes no sense"});
        }
    }
    earlier.manifest = archive->manifest();
    return earlier;
}

}  // namespace twinlink::backup
