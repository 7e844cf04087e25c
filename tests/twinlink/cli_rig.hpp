// What the command's tests share: a run of it with everything captured, a store with known content, golden
// files.
//
// The store holds ACD 1 "Lisbon" (UTC+01:00, two epochs, skills 5 and 6, agents, three intervals, gaps of
// every state) and ACD 2, which never said its name. All times and ids are fixed, so that what is printed is,
// too.
#pragma once

#include "engine/store/store.hpp"
#include "tools/twinlink/commands.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace twinlink::cli_rig {

inline constexpr u64 kMinute = 60'000'000'000;
/// 2026-03-01 09:00:00 UTC, which is 10:00 for ACD 1.
inline constexpr u64 kNine = 1'772'355'600'000'000'000;
inline constexpr u64 kHalf = 30 * kMinute;
inline constexpr u64 kOldEpoch = kNine - 86'400'000'000'000;
inline constexpr u64 kEpoch = kNine - kHalf;
inline constexpr u64 kHuge = ~u64{0};

class TempFolder {
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// One run of the command.
struct Run {
    int code = -1;
    std::string out;
    std::string err;
};
struct Outside {
    std::map<std::string, std::string> environment;
    bool terminal = false;
    bool full = false;         ///< standard output takes nothing
    bool interrupted = false;  ///< the user asks to stop, at once
    u32 listened = 0;          ///< how often the command looked whether the user asks to stop
    std::vector<u64> pauses;   ///< ns, as they were asked for
    u64 wall = kNine + 35 * kMinute;
};
Run run(const std::vector<std::string>& arguments, Outside& outside);
Run run(const std::vector<std::string>& arguments);

/// The batch that makes the content described above; a test may change it before it is written.
CommitBatch content();
/// Writes one batch into a new store.
void write_store(const std::filesystem::path& folder, const CommitBatch& batch);
/// A store with content(), made once for all tests that only read.
const std::string& shared_store();

/// Adds a row; `set` holds the items that are not 0.
void add_row(CommitBatch& batch, RowKey key, bool closed, const std::map<std::string, u64>& set);

void add_name(CommitBatch& batch, NameKind kind, u64 number, std::string_view text);

/// Compares with tests/twinlink/golden/NAME, with the store's folder written as STORE. With
/// TWINLINK_GOLDEN=write in the environment the file is written instead, and the test fails so that nobody
/// forgets.
void check_golden(const std::string& name, std::string text);

/// A CSV text as records of fields.
std::vector<std::vector<std::string>> parse_csv(const std::string& text);

}  // namespace twinlink::cli_rig
