// See import_archive.hpp.
#include "tools/twinlinkd/import_archive.hpp"

#include "tools/backup/archive_reader.hpp"
#include "tools/backup/backup_file.hpp"
#include "tools/backup/data_format.hpp"
#include "tools/backup/system_restore.hpp"

namespace twinlink::daemon {
namespace {

using namespace backup;
using Kind = ImportRecord::Kind;

/// Chunks between two counts.
constexpr u64 kCountsEvery = 16;

class ArchiveWalk {
public:
    ArchiveWalk(ImportPipe& pipe, u64 bytes) : pipe_(pipe) { counts_.bytes_total = bytes; }

    bool run(ArchiveReader& archive) {
        if (archive.head().kind != ArchiveKind::Data)
            return pipe_.fail(
                "it is a system backup: twinlink restore system takes that, on a machine "
                "without a store");
        if (!pipe_.write({.kind = Kind::Head}, std::as_bytes(std::span(&archive.head(), 1)))) return false;
        for (;;) {
            const auto part = archive.next_part();
            if (!part) return pipe_.fail(part.error().text);
            if (!*part) break;
            if (!read_part(archive, **part)) return false;
        }
        counts_.bytes = counts_.bytes_total;
        return write_counts(pipe_, counts_);
    }

private:
    bool read_part(ArchiveReader& archive, PartId part) {
        for (;;) {
            auto piece = archive.read();
            if (!piece) return pipe_.fail(piece.error().text);
            if (piece->empty()) return true;
            // What only the next backup needs to know.
            if (part == PartId::Held || part == PartId::Digests) continue;
            while (!piece->empty()) {
                const auto entry = take_entry(*piece);
                if (!entry) {
                    const std::string text = "an entry of its " + std::string(find_part(part)->name) +
                                             " makes no sense; the rest of it is not read";
                    return pipe_.fail(text);
                }
                if (!pass_on(*entry)) return false;
            }
            counts_.bytes = archive.bytes_read();
            if (++chunks_ % kCountsEvery == 0 && !write_counts(pipe_, counts_)) return false;
        }
    }

    bool pass_on(const Entry& entry) {
        switch (entry.kind) {
            case EntryKind::Messages: return pass_on_messages(entry);
            case EntryKind::Interval: return pipe_.write({.kind = Kind::Interval}, entry.bytes);
            case EntryKind::Row: return pipe_.write({.kind = Kind::Row}, entry.bytes);
            case EntryKind::LinkEvent: return pipe_.write({.kind = Kind::LinkEvent}, entry.bytes);
            case EntryKind::Held:
            case EntryKind::Digest: break;
        }
        ++counts_.damaged;
        return true;
    }

    bool pass_on_messages(const Entry& entry) {
        if (entry.bytes.size() < sizeof(JournalEntry) ||
            entry.bytes.size() - sizeof(JournalEntry) > kBlockBytes) {
            ++counts_.damaged;
            return true;
        }
        const auto block = read<JournalEntry>(entry.bytes.data());
        ++counts_.blocks;
        return pipe_.write({.kind = Kind::Messages,
                            .bytes = 0,
                            .count = block.count,
                            .acd = block.acd,
                            .reserved = 0,
                            .epoch = block.epoch,
                            .first = block.first},
                           entry.bytes.subspan(sizeof block));
    }

    ImportPipe& pipe_;
    SourceCounts counts_;
    u64 chunks_ = 0;
};

}  // namespace

bool read_archive(const std::string& path, ImportPipe& pipe) {
    // All of it is proven before any of it is passed on: a damaged backup changes nothing.
    if (const auto proven = prove_archive(path, Watch{}); !proven) return pipe.fail(proven.error().text);
    auto file = OpenArchive::open(path);
    if (!file) return pipe.fail(file.error().text);
    auto archive = ArchiveReader::begin([&](std::span<std::byte> to) { return file->read(to); });
    if (!archive) return pipe.fail(archive.error().text);
    return ArchiveWalk(pipe, file->bytes()).run(*archive);
}

}  // namespace twinlink::daemon
