// Is everything in the store what it should be? What `twinlink store check` does.
//
// Runs in a child process of its own, since a damaged store can crash LMDB; works beside a daemon (one
// snapshot) and without. Reads only. Any thread, but it forks.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace twinlink {

enum class CheckLevel : u8 {
    Quick,  ///< structure, records and counts; journal and rows are not read
    Full,   ///< every value is read and its checksum compared, and all of it against each other
};

struct CheckFinding {
    std::string where;
    std::string what;
};

struct CheckReport {
    u64 blocks = 0;    ///< read and found whole
    u64 messages = 0;  ///< in them
    u64 rows = 0;
    u64 rolled = 0;   ///< rows of days, weeks and months
    u64 records = 0;  ///< streams, links, gaps, intervals, names, ACDs, periods, notes of what was pruned
    u64 checkpoints = 0;
    u64 damaged = 0;                     ///< values that exist but cannot be believed
    u64 problems = 0;                    ///< all findings, damaged values included
    std::vector<CheckFinding> findings;  ///< the first kCheckFindingsMax of them

    [[nodiscard]] bool healthy() const noexcept { return problems == 0; }
};
inline constexpr std::size_t kCheckFindingsMax = 1'000;

/// Checks the store in folder `path`:
/// - LMDB's structure (meta pages, free list) and the last commit's own account of it: its number, entries
/// per database;
/// - every value's checksum, and that it names itself as its key does;
/// - journal: blocks do not overlap; each name from the first one seen to below `next` is held, in a gap
/// whose messages are
///   missing, or pruned; nothing at or above `next` is held; no open gap at or below the watermark; names of
///   an unmerged missing gap are not held;
/// - gaps: they do not overlap, count what they span, and add up to their stream's `missing`;
/// - rows: their interval exists. Links and gaps: their stream exists;
/// - days, weeks and months: each row is the sum of the rows it is made of, where these are all kept and it
/// is not marked as due.
/// Errors: the store cannot be opened or read at all (crash of LMDB included): what, and nothing was changed.
[[nodiscard]] Expected<CheckReport> check(const std::filesystem::path& path, CheckLevel level);

}  // namespace twinlink
