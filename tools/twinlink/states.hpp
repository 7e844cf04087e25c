// What the appliance's state means and what to do about it: one table.
//
// Constant data.
#pragma once

#include "tools/common/terminal.hpp"

#include <array>
#include <string_view>

namespace twinlink::cli {

struct StateInfo {
    std::string_view name;
    tools::Style style;
    std::string_view meaning;
    std::string_view action;
};

inline constexpr std::string_view kNotReachable = "not_reachable";

inline constexpr std::array<StateInfo, 7> kStates{{
    {"collecting", tools::Style::Good, "Messages arrive on both links, are folded into rows and are durable.",
     "Nothing."},
    {"degraded", tools::Style::Warning,
     "It collects and what arrives is durable, but something is missing: a link, an ACD, or messages.",
     "Look at the reasons above, then at: twinlink links, twinlink gaps."},
    {"safe_mode", tools::Style::Bad,
     "Its store was damaged, or it crashed again and again: it put the store aside, as it is, and collects "
     "into a fresh one, which the partner fills.",
     "Keep the store that was put aside, find out why (journalctl -u twinlinkd, coredumpctl); when you have "
     "seen this: twinlink safe-mode off."},
    {"maintenance", tools::Style::Warning,
     "People work on this server and have said so. It collects as always; what is wrong is told, and is no "
     "alarm.",
     "When the work is done: twinlink maintenance off."},
    {"stopping", tools::Style::Warning,
     "It was told to stop: it takes what has arrived, commits it and leaves.",
     "Wait two seconds. What the ACDs send meanwhile will be a gap with cause server_down."},
    {"store_stopped", tools::Style::Bad,
     "A commit failed, its outcome is not known, and nothing is written any more. All before it is safe.",
     "Look at the disk (space, errors), then restart twinlinkd: it goes on at the watermark, and what it "
     "missed is a "
     "gap."},
    {kNotReachable, tools::Style::Bad,
     "No appliance answers. Below is what the store holds; what the ACDs send now will be a gap.",
     "Look whether twinlinkd runs and what its log says, then start it."},
}};

/// The state of that name; one that says so when this program does not know it.
[[nodiscard]] constexpr StateInfo state_info(std::string_view name) noexcept {
    for (const StateInfo& state : kStates)
        if (state.name == name) return state;
    return {name, tools::Style::Warning,
            "This program does not know that state: it is older than the appliance.",
            "Update the command twinlink."};
}

}  // namespace twinlink::cli
