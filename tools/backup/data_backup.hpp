// A data backup: rows, call records, logins, exceptions and what is left of the journal, of a time, ACDs and
// tables; all of it, or what is new since an earlier one.
//
// Cold; one thread. The store is read in snapshots that last one journal block or one interval, so that it
// does not grow because of us: each interval is as of one commit, the whole is not.
#pragma once

#include "tools/backup/backup.hpp"

#include <filesystem>
#include <functional>
#include <optional>

namespace twinlink::backup {

struct DataOrder {
    std::filesystem::path file;
    std::filesystem::path credentials;  ///< says whose it is; empty: nobody's
    std::filesystem::path store;
    std::optional<Acd> acd;
    /// [from, to) of an ACD whose clocks show that many minutes more than UTC, ns UTC.
    std::function<std::pair<u64, u64>(int offset_minutes)> times;
    u32 tables = 0;               ///< bit n: the table with id n; kJournalBit, kExceptionsBit
    std::filesystem::path since;  ///< an earlier one; empty: all
    std::string program;
    u64 wall = 0;
    int zstd_level = 1;
};

struct DataBackup : Backup {
    u64 intervals_unchanged = 0;      ///< left out: the earlier one has them as they are
    std::vector<std::string> damage;  ///< what could not be read and was left out
};
/// Errors: as of write_backup(); an earlier backup of another server.
[[nodiscard]] Expected<DataBackup> back_up_data(const DataOrder& order, const Watch& watch);

}  // namespace twinlink::backup
