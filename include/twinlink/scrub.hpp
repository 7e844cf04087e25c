// What the scrubber has read, found and mended: plain values, for status and reports.
#pragma once

#include <twinlink/types.hpp>

#include <string>
#include <vector>

namespace twinlink {

/// What became of a value that could not be read.
enum class RotState : u8 {
    Mending,   ///< it is being made good: fetched, folded or added up again
    Mended,    ///< it reads well again, or is not needed any more
    Hopeless,  ///< nothing here can make it good: a person must know
};
[[nodiscard]] constexpr std::string_view name(RotState state) noexcept {
    return state == RotState::Mending ? "mending" : state == RotState::Mended ? "mended" : "hopeless";
}
/// One value that could not be read.
struct RotFinding {
    std::string where;
    std::string what;
    std::string mending;  ///< what is done about it
    RotState state = RotState::Mending;
    u64 found_wall = 0;
    u64 ended_wall = 0;  ///< when it was mended, 0 = not yet
};
/// The scrubber at one moment.
struct ScrubStatus {
    u64 passes = 0;                    ///< ended since start
    u64 begun_wall = 0;                ///< of the pass under way, 0 = none yet
    u64 last_pass_wall = 0;            ///< when the latest whole pass ended, 0 = none since start
    u64 bytes_per_s = 0;               ///< its pace; 0 = it reads on demand only
    u64 bytes = 0;                     ///< read in the pass under way
    u64 bytes_expected = 0;            ///< in use when it began
    u64 values = 0;                    ///< read since start
    u64 errors = 0;                    ///< values found damaged since start, each once
    u64 mended = 0;                    ///< ... of which were made good
    u64 mending = 0;                   ///< ... are being made good
    u64 hopeless = 0;                  ///< ... cannot be
    bool asked = false;                ///< a pass that somebody asked for is under way
    u64 asked_passes = 0;              ///< of those, ended
    std::vector<RotFinding> findings;  ///< the latest kRotFindingsKept
};
inline constexpr std::size_t kRotFindingsKept = 64;

}  // namespace twinlink
