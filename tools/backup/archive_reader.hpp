// Reads an archive, front to back, and believes nothing of it that was not checked. See archive.hpp.
//
// One thread. Memory: two chunks and the manifest, whatever the file says. Each piece that read() gives lies
// in a chunk that unpacked to exactly the length it told; that the whole part is as it was written is known
// when next_part() has gone past it, and that the archive is whole when it has given nothing.
#pragma once

#include "tools/backup/manifest.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

struct ZSTD_DCtx_s;

namespace twinlink::backup {

/// Fills the front of the span and tells how much; 0 at the end of the file.
using Source = std::function<Expected<std::size_t>(std::span<std::byte>)>;

class ArchiveReader {
public:
    /// Reads the head. Errors: not an archive, or of a newer format.
    [[nodiscard]] static Expected<ArchiveReader> begin(Source source);
    ArchiveReader(ArchiveReader&&) noexcept;
    ArchiveReader& operator=(ArchiveReader&&) = delete;
    ~ArchiveReader();

    [[nodiscard]] const ArchiveHead& head() const noexcept { return head_; }
    /// The next part, after what is left of this one was read over and found as it was written. Nothing when
    /// the manifest was read, agrees with all of it, and the file ends there.
    [[nodiscard]] Expected<std::optional<PartId>> next_part();
    /// The next piece of the part, valid until the next call; empty at its end.
    [[nodiscard]] Expected<Bytes> read();
    /// The whole part, which must not be longer than `most`.
    [[nodiscard]] Expected<std::vector<std::byte>> read_all(std::size_t most);
    /// After next_part() gave nothing.
    [[nodiscard]] const Manifest& manifest() const noexcept { return manifest_; }
    /// Bytes of the file that were read.
    [[nodiscard]] u64 bytes_read() const noexcept { return bytes_read_; }

private:
    explicit ArchiveReader(Source source);
    /// Exactly that many bytes.
    Expected<void> take(std::span<std::byte> to);
    Expected<void> end_part();
    Expected<void> take_manifest();

    struct Freer {
        void operator()(ZSTD_DCtx_s* c) const noexcept;
    };
    Source source_;
    std::unique_ptr<ZSTD_DCtx_s, Freer> zstd_;
    ArchiveHead head_{};
    std::vector<std::byte> packed_;
    std::vector<std::byte> chunk_;
    Sha256 sha256_;
    std::vector<PartEntry> parts_;  ///< the last one is being read while open_
    bool open_ = false;
    Manifest manifest_;
    u64 bytes_read_ = 0;
};

}  // namespace twinlink::backup
