// Which row of a backup is taken: the rule, for the commit that takes it and for whoever only asks.
//
// Pure; any thread.
#pragma once

#include <twinlink/records.hpp>

#include <optional>

namespace twinlink {

/// What becomes of a row of a backup. Each ends in exactly one of these.
enum class RestoreVerdict : u8 {
    TookAbsent,      // it was not here, is taken
    TookIncomplete,  // the one here was INCOMPLETE, it takes its place
    Complete,        // the one here is complete: stays
    NotComplete,     // the one in the backup is not complete, or its interval was not over
    NotMissed,       // not here, but its interval here is complete: here it never was
    NotYet,          // this server has yet to come to, or to close, its interval
    TooOld,          // older than this server keeps such rows
    Count_
};
[[nodiscard]] constexpr std::string_view name(RestoreVerdict verdict) noexcept {
    constexpr std::array<std::string_view, 7> kNames{"took_absent",      "took_incomplete", "complete_here",
                                                     "incomplete_there", "not_missed",      "not_yet",
                                                     "too_old"};
    return kNames[static_cast<std::size_t>(verdict)];
}
[[nodiscard]] constexpr bool takes(RestoreVerdict verdict) noexcept {
    return verdict <= RestoreVerdict::TookIncomplete;
}

/// What this server has of the row and its interval.
struct RestoreHere {
    std::optional<IntervalRecord> interval;
    u64 newest_start = 0;   ///< of the ACD's newest interval, 0 = none
    u64 kept_from = 0;      ///< where what this server keeps of the row's kind begins
    bool row = false;       ///< it is here ...
    bool complete = false;  ///< ... over, and not INCOMPLETE
};

[[nodiscard]] constexpr RestoreVerdict judge(const RestoreHere& here, u64 start,
                                             bool complete_there) noexcept {
    using enum RestoreVerdict;
    // An interval that the fold has yet to come to would be written over row by row.
    const bool past = here.interval ? here.interval->closed != 0 : start < here.newest_start;
    if (!past) return NotYet;
    if (start < here.kept_from) return TooOld;
    if (here.row && here.complete) return Complete;
    if (!complete_there) return NotComplete;
    if (here.row) return TookIncomplete;
    const bool lacks = !here.interval || here.interval->incomplete != 0 || here.interval->in_doubt != 0;
    return lacks ? TookAbsent : NotMissed;
}

}  // namespace twinlink
