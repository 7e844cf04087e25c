// What tests of archives share: archives in memory, made and read.
#pragma once

#include "tools/backup/archive_reader.hpp"
#include "tools/backup/archive_writer.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

namespace twinlink::backup {

inline Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// A source over bytes in memory, in pieces of at most `step`.
inline Source source_of(Bytes all, std::size_t step = ~std::size_t{0}) {
    return [all, step](std::span<std::byte> to) mutable -> Expected<std::size_t> {
        const std::size_t n = std::min({to.size(), all.size(), step});
        std::copy_n(all.begin(), n, to.begin());
        all = all.subspan(n);
        return n;
    };
}

/// The parts of an archive; an error where it is not whole.
using PartsRead = std::map<PartId, std::vector<std::byte>>;
inline Expected<PartsRead> read_parts(Bytes archive, std::size_t step = ~std::size_t{0}) {
    auto reader = ArchiveReader::begin(source_of(archive, step));
    if (!reader) return std::unexpected(reader.error());
    PartsRead parts;
    for (;;) {
        const auto part = reader->next_part();
        if (!part) return std::unexpected(part.error());
        if (!*part) return parts;
        auto bytes = reader->read_all(std::size_t{64} << 20);
        if (!bytes) return std::unexpected(bytes.error());
        parts[**part] = std::move(*bytes);
    }
}

inline ArchiveHead some_head(ArchiveKind kind = ArchiveKind::System) {
    ArchiveHead head{kArchiveMagic, kArchiveFormat, kind, 1'700'000'000'000'000'000, {7, 9}, {}, 2, 0, 0};
    head.store.fill(0xAB);
    return head;
}
inline Manifest some_manifest(ArchiveKind kind = ArchiveKind::System) {
    Manifest manifest;
    manifest.kind = kind;
    manifest.program = "1.2.3";
    manifest.store_format = 1;
    manifest.transaction = 4711;
    manifest.commit_wall = 1'700'000'000'000'000'001;
    manifest.streams.push_back({3, ~u64{0}, 40, 51, 45, 5});
    return manifest;
}

/// A whole archive of these parts.
inline std::vector<std::byte> archive_of(const PartsRead& parts, const ArchiveHead& head,
                                         const Manifest& manifest) {
    std::vector<std::byte> all;
    ArchiveWriter writer(
        [&](Bytes bytes) -> Expected<void> {
            all.insert(all.end(), bytes.begin(), bytes.end());
            return {};
        },
        1);
    bool good = writer.begin(head).has_value();
    for (const auto& [id, bytes] : parts) good = good && writer.put(id, bytes).has_value();
    good = good && writer.finish(manifest).has_value();
    return good ? all : std::vector<std::byte>{};
}
inline std::vector<std::byte> archive_of(const PartsRead& parts, const ArchiveHead& head = some_head()) {
    return archive_of(parts, head, some_manifest(head.kind));
}

}  // namespace twinlink::backup
