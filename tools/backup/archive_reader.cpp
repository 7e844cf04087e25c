// See archive_reader.hpp.
#include "tools/backup/archive_reader.hpp"

#include <zstd.h>

#include <cassert>

namespace twinlink::backup {
namespace {

template <class T>
std::span<std::byte> room_of(T& value) noexcept {
    return std::as_writable_bytes(std::span(&value, 1));
}

std::string name_of(PartId id) {
    const PartInfo* known = find_part(id);
    return known == nullptr ? "part " + std::to_string(static_cast<u16>(id)) : std::string(known->name);
}

}  // namespace

void ArchiveReader::Freer::operator()(ZSTD_DCtx_s* c) const noexcept { ZSTD_freeDCtx(c); }

ArchiveReader::ArchiveReader(Source source)
    : source_(std::move(source)), zstd_(ZSTD_createDCtx()), packed_(kPackedBytesMax), chunk_(kChunkBytes) {
    assert(zstd_ != nullptr);
}
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader::~ArchiveReader() = default;

Expected<ArchiveReader> ArchiveReader::begin(Source source) {
    ArchiveReader reader(std::move(source));
    ArchiveHead& head = reader.head_;
    if (auto done = reader.take(room_of(head)); !done) return std::unexpected(done.error());
    if (head.magic != kArchiveMagic) return failure("it is no Twinlink backup");
    if (head.format == 0 || head.format > kArchiveFormat)
        return failure("it has format " + std::to_string(head.format) + ", this program knows up to " +
                       std::to_string(kArchiveFormat) + ": use a newer program");
    if (head.kind != ArchiveKind::System && head.kind != ArchiveKind::Data)
        return failure("it is a backup of a kind that this program does not know");
    return reader;
}

Expected<void> ArchiveReader::take(std::span<std::byte> to) {
    while (!to.empty()) {
        const auto n = source_(to);
        if (!n) return std::unexpected(n.error());
        if (*n == 0) return failure("it is cut off after " + std::to_string(bytes_read_) + " bytes");
        assert(*n <= to.size());
        bytes_read_ += *n;
        to = to.subspan(*n);
    }
    return {};
}

Expected<Bytes> ArchiveReader::read() {
    if (!open_) return Bytes{};
    PartEntry& part = parts_.back();
    const PartInfo& known = *find_part(part.id);
    ChunkHead head{};
    if (auto done = take(room_of(head)); !done) return std::unexpected(done.error());
    if (head.packed == 0 && head.bytes == 0) {
        if (auto done = end_part(); !done) return std::unexpected(done.error());
        return Bytes{};
    }
    const std::string where = name_of(part.id) + " behind byte " + std::to_string(part.bytes);
    if (head.bytes == 0 || head.bytes > kChunkBytes || head.packed == 0 || head.packed > kPackedBytesMax)
        return failure(where + ": a length makes no sense");
    if (head.bytes > known.bytes_max - part.bytes)
        return failure(where + ": it is longer than the " + std::to_string(known.bytes_max) +
                       " bytes that it may have");
    const auto packed = std::span(packed_).first(head.packed);
    if (auto done = take(packed); !done) return std::unexpected(done.error());
    const std::size_t n =
        ZSTD_decompressDCtx(zstd_.get(), chunk_.data(), head.bytes, packed.data(), packed.size());
    if (ZSTD_isError(n) != 0 || n != head.bytes) return failure(where + ": it does not unpack");
    const Bytes piece = Bytes(chunk_).first(n);
    part.bytes += n;
    sha256_.add(piece);
    return piece;
}

Expected<void> ArchiveReader::end_part() {
    PartEntry& part = parts_.back();
    u64 bytes = 0;
    Digest256 digest{};
    if (auto done = take(room_of(bytes)); !done) return done;
    if (auto done = take(digest); !done) return done;
    open_ = false;
    part.sha256 = sha256_.finish();
    if (bytes != part.bytes || digest != part.sha256)
        return failure(name_of(part.id) + ": its SHA-256 or length is not that of what is there");
    return {};
}

Expected<std::optional<PartId>> ArchiveReader::next_part() {
    while (open_) {
        if (const auto piece = read(); !piece) return std::unexpected(piece.error());
    }
    PartHead head{};
    if (auto done = take(room_of(head)); !done) return std::unexpected(done.error());
    const auto id = static_cast<PartId>(head.id);
    const PartInfo* known = find_part(id);
    if (head.magic != kPartMagic || known == nullptr || head.reserved0 != 0)
        return failure("what follows " + (parts_.empty() ? "its head" : name_of(parts_.back().id)) +
                       " is no part that this program knows");
    if (known->kind != head_.kind && id != PartId::Manifest)
        return failure("it has a part that does not belong into it: " + name_of(id));
    if (!parts_.empty() && parts_.back().id >= id)
        return failure("its parts are not in order: " + name_of(id));
    parts_.push_back({id, 0, {}});
    open_ = true;
    if (id != PartId::Manifest) return id;
    if (auto done = take_manifest(); !done) return std::unexpected(done.error());
    return std::optional<PartId>{};
}

Expected<void> ArchiveReader::take_manifest() {
    const auto bytes = read_all(find_part(PartId::Manifest)->bytes_max);
    if (!bytes) return std::unexpected(bytes.error());
    std::string text(bytes->size(), ' ');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>((*bytes)[i]);
    auto manifest = read_manifest(text);
    if (!manifest) return std::unexpected(manifest.error());
    parts_.pop_back();  // the manifest does not tell of itself
    sha256_.add(room_of(head_));
    if (manifest->head != sha256_.finish())
        return failure("its head is not the one that its manifest tells of");
    if (manifest->kind != head_.kind || manifest->parts != parts_)
        return failure("its manifest does not tell of the parts that are there");
    std::byte more{};
    const auto n = source_({&more, 1});
    if (!n) return std::unexpected(n.error());
    if (*n != 0) return failure("something follows its manifest");
    manifest_ = std::move(*manifest);
    return {};
}

Expected<std::vector<std::byte>> ArchiveReader::read_all(std::size_t most) {
    std::vector<std::byte> all;
    for (;;) {
        const auto piece = read();
        if (!piece) return std::unexpected(piece.error());
        if (piece->empty()) return all;
        if (piece->size() > most - all.size()) return failure("a part is longer than it may be");
        all.insert(all.end(), piece->begin(), piece->end());
    }
}

}  // namespace twinlink::backup
