// How a server is, as it tells its partner: in maintenance, or not collecting some ACDs. For people; only
// the partner's status shows it, nothing is decided by it.
//
// Part of the shim, its thread. Plain values.
#pragma once

#include "engine/partner/frames.hpp"

#include <string>
#include <vector>

namespace twinlink::partner {

struct ServerCondition {
    u64 since = 0;         ///< in maintenance since then, the server's wall clock
    u8 flags = 0;          ///< ConditionFlag
    std::string text;      ///< what people said of it
    std::vector<Acd> off;  ///< ACDs that it was told not to collect
    friend bool operator==(const ServerCondition&, const ServerCondition&) = default;

    [[nodiscard]] bool maintenance() const noexcept { return (flags & kInMaintenance) != 0; }
};

/// Appends the frame that tells it.
void write_condition(std::vector<std::byte>& out, const ServerCondition& condition);
[[nodiscard]] ServerCondition read_condition(const FrameIn& frame);

}  // namespace twinlink::partner
