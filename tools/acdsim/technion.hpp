// Reads recorded calls of a bank's call centre (the form that the Technion published) as calls of one ACD.
//
// Cold, pure but for reading the file. Times are ns since 1970 of the file's local clock, taken as the ACD's.
// How odd rows are read is said in README.md; a line that cannot be understood is skipped and reported with
// its number.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/messages.hpp>

#include <string>
#include <vector>

namespace twinlink::sim {

/// The services asked for, in the order of their skill numbers 1..6.
struct RecordedSkill {
    const char* code;
    const char* name;
};
inline constexpr std::array<RecordedSkill, 6> kTechnionSkills{{{"PS", "PS regular"},
                                                               {"NE", "NE stock exchange"},
                                                               {"NW", "NW potential customer"},
                                                               {"IN", "IN internet"},
                                                               {"PE", "PE other language"},
                                                               {"TT", "TT outbound"}}};

/// One recorded call. Invariant: seized <= queued <= ended of wait <= released where present.
struct RecordedCall {
    Nanos seized;
    Nanos queued;    ///< 0 = never queued
    Nanos answered;  ///< 0 = abandoned
    Nanos ended;     ///< released by the agent, or hung up
    Nanos day;       ///< midnight of the row's date: sessions of agents are by this day
    Skill skill;
    Priority priority = Priority::Low;
    std::string trunk_group;  ///< name of the VRU: "AA01"
    u16 line = 0;             ///< as recorded: 1 = "AA0101"
    std::string agent;        ///< empty where abandoned
    u64 customer = 0;
};

struct DamagedLine {
    u64 number;  ///< from 1
    std::string why;
};

struct Recording {
    std::vector<RecordedCall> calls;  ///< in the order of the file
    std::vector<DamagedLine> damaged;
};

/// Errors: the file cannot be read, or its first line names other columns.
[[nodiscard]] Expected<Recording> read_technion(const std::string& path);
/// The same from text.
[[nodiscard]] Expected<Recording> parse_technion(std::string_view text);

}  // namespace twinlink::sim
