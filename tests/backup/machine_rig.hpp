// What tests of backups share: a server's files, and what the daemon's reading process says of a backup.
#pragma once

#include "tests/store/store_rig.hpp"
#include "tools/backup/data_backup.hpp"
#include "tools/backup/data_format.hpp"
#include "tools/backup/system_backup.hpp"
#include "tools/pairing/credentials.hpp"
#include "tools/twinlinkd/import_reader.hpp"

#include <fcntl.h>

#include <functional>
#include <map>

namespace twinlink::rig {

inline constexpr u64 kBatches = 12;

/// That of all rows of the model, over.
inline IntervalRecord the_interval() {
    IntervalRecord interval{};
    interval.acd = kStream.acd.value;
    interval.start = row_key(0).interval_start;
    interval.closed = 1;
    return interval;
}

/// A server's files: a store of some batches, a configuration, credentials.
struct Machine {
    TempFolder folder;
    std::filesystem::path store = folder / "store";
    std::filesystem::path configuration = folder / "toml";
    std::filesystem::path credentials = folder / "pair";

    Machine() {
        {
            Store made = open_store(store);
            for (u64 n = 1; n <= kBatches; ++n) {
                CommitBatch batch = model_batch(n);
                if (n == kBatches) batch.intervals.push_back(the_interval());
                commit(made, batch);
            }
        }
        write_file(configuration, "[server]\nid = 1\n");
        const auto member = pairing::init(credentials, 10);
        if (!member) FAIL(member.error().text);
    }
    [[nodiscard]] backup::SystemOrder system(const std::filesystem::path& file) const {
        return {.file = file,
                .configuration = configuration,
                .credentials = credentials,
                .store = store,
                .program = "1",
                .wall = 1};
    }
    [[nodiscard]] backup::DataOrder data(const std::filesystem::path& file) const {
        return {.file = file,
                .credentials = credentials,
                .store = store,
                .acd = {},
                .times = [](int) { return std::pair{u64{0}, ~u64{0}}; },
                .tables = backup::kAllTables | backup::kJournalBit | backup::kExceptionsBit,
                .since = {},
                .program = "1",
                .wall = 1};
    }
};

/// What read_import() says of the file, and whether it came to its end.
struct Said {
    std::map<daemon::ImportRecord::Kind, u64> records;
    std::string bytes;  ///< of all but the counts
    [[nodiscard]] bool has(daemon::ImportRecord::Kind kind) const { return records.contains(kind); }
};
inline Said said_in(const std::string& all) {
    Said said;
    for (std::size_t at = 0; at + sizeof(daemon::ImportRecord) <= all.size();) {
        daemon::ImportRecord record;
        std::memcpy(&record, all.data() + at, sizeof record);
        at += sizeof record;
        if (at + record.bytes > all.size()) break;
        ++said.records[record.kind];
        if (record.kind != daemon::ImportRecord::Kind::Counts) said.bytes += all.substr(at, record.bytes);
        at += record.bytes;
    }
    return said;
}

inline Said said_of(
    const std::filesystem::path& file, const std::filesystem::path& out,
    const std::function<void()>& before = [] {}, const std::function<void()>& behind = [] {}) {
    const int fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    REQUIRE(fd >= 0);
    before();
    daemon::read_import(file, fd);
    behind();
    ::close(fd);
    return said_in(content_of(out));
}

}  // namespace twinlink::rig
