// Is this crash state what the store promises? Asked of the store's own code, as a restart would.
//
// One thread; forks, as Store::open does. Each function returns what is wrong, empty = nothing.
#pragma once

#include "tests/crash/workload.hpp"

#include <filesystem>
#include <span>

namespace twinlink::crash {

/// Written to the file of this name beside the store when commit number `commits` was acknowledged.
struct Mark {
    u64 commits;
    u64 content;  ///< content_of() then
    u64 kinds;
};
inline constexpr const char* kMarksFile = "acknowledged";

/// What a state may hold: the commits 1..k with k from `first.commits` (acknowledged) to one more.
struct Allowed {
    Mark first;
    Mark next;  ///< of the commit that may have come to be; the same as `first` when none had begun
};

enum class Depth : u8 {
    Usual,  ///< opens; exactly k commits, all of their content; two more commits
    Deep,   ///< and afterwards all is still there
    Whole,  ///< and the full check; a server on it, whose rows must equal a fold of what was sent
};

/// The store at `path` after a crash.
[[nodiscard]] std::string judge(const std::filesystem::path& path, const Allowed& allowed, Depth depth,
                                const test::SimStream& truth);

/// The full check; then a server takes the store up, comes to rest and stops: its rows equal a fold of all
/// that was sent but what is missing, and its journal is what was sent.
[[nodiscard]] std::string whole_error(const std::filesystem::path& path, const test::SimStream& truth);

/// A crash while the store was created there for the first time: nothing, or a whole empty store; and it can
/// be made.
[[nodiscard]] std::string judge_creation(const std::filesystem::path& path);

}  // namespace twinlink::crash
