// Fuzzes the reader of backups: any bytes come in; what is accepted must lie within the limits of its parts,
// be what the manifest tells, and be written again to an archive that reads the same.
//
// Built with clang as a libFuzzer target (TWINLINK_FUZZ), and with any compiler as a test over the corpus.
#include "tests/backup/archive_rig.hpp"

#include <zstd.h>

#include <cstdlib>

using namespace twinlink;
using namespace twinlink::backup;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const Bytes bytes = std::as_bytes(std::span{data, size});
    auto reader = ArchiveReader::begin(source_of(bytes));
    if (!reader) return 0;
    PartsRead parts;
    for (;;) {
        const auto part = reader->next_part();
        require(reader->bytes_read() <= size);
        if (!part) return 0;
        if (!*part) break;
        const PartInfo* const known = find_part(**part);
        require(known != nullptr && known->kind == reader->head().kind);
        auto all = reader->read_all(std::size_t{8} << 20);
        if (!all) return 0;
        require(all->size() <= known->bytes_max);
        parts[**part] = std::move(*all);
    }
    require(reader->bytes_read() == size);
    require(reader->manifest().parts.size() == parts.size());
    const auto again = read_parts(archive_of(parts, reader->head()));
    require(again.has_value() && *again == parts);
    return 0;
}

#if defined(TWINLINK_FUZZ)
extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t max_size);

/// Makes the length and SHA-256 of each part good, as far as its chunks can be walked: they would stop every
/// mutant at the end of its first part.
static void mend(std::span<std::byte> all) {
    if (all.size() < sizeof(ArchiveHead)) return;
    all = all.subspan(sizeof(ArchiveHead));
    while (all.size() >= sizeof(PartHead)) {
        all = all.subspan(sizeof(PartHead));
        Sha256 sha256;
        u64 bytes = 0;
        for (;;) {
            if (all.size() < sizeof(ChunkHead)) return;
            const auto head = read<ChunkHead>(all.data());
            all = all.subspan(sizeof head);
            if (head.packed == 0 && head.bytes == 0) break;
            if (head.packed > all.size() || head.bytes > kChunkBytes) return;
            std::vector<std::byte> chunk(head.bytes);
            if (ZSTD_decompress(chunk.data(), chunk.size(), all.data(), head.packed) != head.bytes) return;
            sha256.add(chunk);
            bytes += chunk.size();
            all = all.subspan(head.packed);
        }
        const Digest256 digest = sha256.finish();
        if (all.size() < sizeof bytes + digest.size()) return;
        std::memcpy(all.data(), &bytes, sizeof bytes);
        std::memcpy(all.data() + sizeof bytes, digest.data(), digest.size());
        all = all.subspan(sizeof bytes + digest.size());
    }
}

/// Mutates, then mends the ends of the parts, but for one mutant in sixteen.
extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 16 != 0) mend(std::as_writable_bytes(std::span{data, size}));
    return size;
}
#endif
