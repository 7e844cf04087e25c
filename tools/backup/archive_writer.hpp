// Writes an archive, front to back: head, parts, manifest. See archive.hpp for the layout.
//
// One thread. Owns its buffers and zstd's state; the bytes go to a sink. Invariant: what the sink got is a
// valid beginning of an archive, and after finish() a whole one.
#pragma once

#include "tools/backup/manifest.hpp"

#include <functional>
#include <memory>
#include <vector>

struct ZSTD_CCtx_s;

namespace twinlink::backup {

/// Takes all bytes, or says why not.
using Sink = std::function<Expected<void>(Bytes)>;

class ArchiveWriter {
public:
    ArchiveWriter(Sink sink, int zstd_level);
    ~ArchiveWriter();
    ArchiveWriter(const ArchiveWriter&) = delete;
    ArchiveWriter& operator=(const ArchiveWriter&) = delete;

    /// The first call.
    Expected<void> begin(const ArchiveHead& head);
    /// Begins a part. Precondition: its number is above that of the part before, which was ended.
    Expected<void> begin_part(PartId id);
    /// More of it. Errors: the sink takes no more, or the part grows beyond its limit.
    Expected<void> add(Bytes bytes);
    /// What follows stands in one chunk with nothing of what came before, where it fits one: up to `bytes`.
    Expected<void> keep_together(std::size_t bytes);
    Expected<void> end_part();
    /// A whole part.
    Expected<void> put(PartId id, Bytes bytes);
    /// The last call: fills in what the manifest tells of the file and writes it.
    Expected<void> finish(Manifest manifest);

    [[nodiscard]] const std::vector<PartEntry>& parts() const noexcept { return parts_; }

private:
    Expected<void> flush_chunk();

    struct Freer {
        void operator()(ZSTD_CCtx_s* c) const noexcept;
    };
    Sink sink_;
    int zstd_level_;
    std::unique_ptr<ZSTD_CCtx_s, Freer> zstd_;
    std::vector<std::byte> chunk_;
    std::vector<std::byte> packed_;
    Sha256 sha256_;
    Digest256 head_{};
    std::vector<PartEntry> parts_;  ///< the last one is open while open_
    bool open_ = false;
};

}  // namespace twinlink::backup
