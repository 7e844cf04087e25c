// See archive_writer.hpp.
#include "tools/backup/archive_writer.hpp"

#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace twinlink::backup {
namespace {

template <class T>
Bytes bytes_of(const T& value) noexcept {
    return std::as_bytes(std::span(&value, 1));
}

}  // namespace

void ArchiveWriter::Freer::operator()(ZSTD_CCtx_s* c) const noexcept { ZSTD_freeCCtx(c); }

ArchiveWriter::ArchiveWriter(Sink sink, int zstd_level)
    : sink_(std::move(sink)),
      zstd_level_(zstd_level),
      zstd_(ZSTD_createCCtx()),
      packed_(sizeof(ChunkHead) + kPackedBytesMax) {
    assert(zstd_ != nullptr && ZSTD_compressBound(kChunkBytes) <= kPackedBytesMax);
    chunk_.reserve(kChunkBytes);
}
ArchiveWriter::~ArchiveWriter() = default;

Expected<void> ArchiveWriter::begin(const ArchiveHead& head) {
    sha256_.add(bytes_of(head));
    head_ = sha256_.finish();
    return sink_(bytes_of(head));
}

Expected<void> ArchiveWriter::begin_part(PartId id) {
    assert(!open_ && (parts_.empty() || parts_.back().id < id) && find_part(id) != nullptr);
    parts_.push_back({id, 0, {}});
    open_ = true;
    return sink_(bytes_of(PartHead{kPartMagic, static_cast<u16>(id), 0}));
}

Expected<void> ArchiveWriter::add(Bytes bytes) {
    assert(open_);
    PartEntry& part = parts_.back();
    const PartInfo& known = *find_part(part.id);
    if (bytes.size() > known.bytes_max - part.bytes)
        return failure(std::string(known.name) + " is longer than the " + std::to_string(known.bytes_max) +
                       " bytes that an archive may have of it");
    part.bytes += bytes.size();
    sha256_.add(bytes);
    while (!bytes.empty()) {
        const std::size_t n = std::min<std::size_t>(bytes.size(), kChunkBytes - chunk_.size());
        chunk_.insert(chunk_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
        bytes = bytes.subspan(n);
        if (chunk_.size() < kChunkBytes) continue;
        if (auto done = flush_chunk(); !done) return done;
    }
    return {};
}

Expected<void> ArchiveWriter::keep_together(std::size_t bytes) {
    return chunk_.size() + bytes > kChunkBytes ? flush_chunk() : Expected<void>{};
}

Expected<void> ArchiveWriter::flush_chunk() {
    if (chunk_.empty()) return {};
    const std::size_t packed = ZSTD_compressCCtx(zstd_.get(), packed_.data() + sizeof(ChunkHead),
                                                 kPackedBytesMax, chunk_.data(), chunk_.size(), zstd_level_);
    if (ZSTD_isError(packed) != 0) return failure(std::string("zstd: ") + ZSTD_getErrorName(packed));
    const ChunkHead head{static_cast<u32>(packed), static_cast<u32>(chunk_.size())};
    std::memcpy(packed_.data(), &head, sizeof head);
    chunk_.clear();
    return sink_(Bytes(packed_).first(sizeof head + packed));
}

Expected<void> ArchiveWriter::end_part() {
    assert(open_);
    if (auto done = flush_chunk(); !done) return done;
    open_ = false;
    PartEntry& part = parts_.back();
    part.sha256 = sha256_.finish();
    if (auto done = sink_(bytes_of(ChunkHead{0, 0})); !done) return done;
    if (auto done = sink_(bytes_of(part.bytes)); !done) return done;
    return sink_(part.sha256);
}

Expected<void> ArchiveWriter::put(PartId id, Bytes bytes) {
    auto done = begin_part(id);
    if (done) done = add(bytes);
    return done ? end_part() : done;
}

Expected<void> ArchiveWriter::finish(Manifest manifest) {
    manifest.head = head_;
    manifest.parts = parts_;
    const std::string text = to_text(manifest);
    return put(PartId::Manifest, std::as_bytes(std::span(text)));
}

}  // namespace twinlink::backup
