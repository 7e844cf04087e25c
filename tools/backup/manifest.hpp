// What an archive says of itself, as its last part: JSON there and back.
//
// Pure; one thread. Who reads an archive holds the manifest against what it has seen of the file.
#pragma once

#include "tools/backup/archive.hpp"
#include "tools/backup/sha256.hpp"

#include <twinlink/error.hpp>
#include <twinlink/records.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace twinlink::backup {

/// One part as it was written: bytes before packing.
struct PartEntry {
    PartId id{};
    u64 bytes = 0;
    Digest256 sha256{};
    friend bool operator==(const PartEntry&, const PartEntry&) = default;
};

/// How far one stream had come.
struct StreamEntry {
    u16 acd = 0;
    u64 epoch = 0;
    u64 watermark = 0;
    u64 next = 0;
    u64 messages = 0;
    u64 missing = 0;
    friend bool operator==(const StreamEntry&, const StreamEntry&) = default;
};

/// What a data backup was asked for, and what went in.
struct DataEntry {
    u64 from = 0;  ///< ns UTC; of an ACD whose clocks show another time as that shows it
    u64 to = 0;
    u32 tables = 0;  ///< bit n: the table with id n; kJournalBit, kExceptionsBit
    u64 since = 0;   ///< when the backup was made that this one goes on from; 0 = it is whole
    u64 messages = 0;
    u64 intervals = 0;
    u64 rows = 0;
    u64 exceptions = 0;
    friend bool operator==(const DataEntry&, const DataEntry&) = default;
};

struct Manifest {
    ArchiveKind kind = ArchiveKind::System;
    std::string program;  ///< version of who wrote it
    Digest256 head{};     ///< of the ArchiveHead
    u32 store_format = 0;
    u64 transaction = 0;  ///< of the commit that it shows
    u64 commit_wall = 0;
    std::vector<StreamEntry> streams;  ///< by (acd, epoch)
    DataEntry data;                    ///< of a data backup
    std::vector<PartEntry> parts;      ///< in the order of the file, the manifest itself not among them
};

/// Streams and parts that are believed; a store of 64 ACDs with a restart a day has 24,000 streams a year.
inline constexpr std::size_t kManifestStreamsMax = 100'000;

[[nodiscard]] std::string to_text(const Manifest& manifest);
/// Errors: not JSON, a key that is missing or of another kind, a format (its own or the store's) that is not
/// known, a part that there is not.
[[nodiscard]] Expected<Manifest> read_manifest(std::string_view text);

}  // namespace twinlink::backup
