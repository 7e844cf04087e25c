// What the fold keeps of an agent whose activities are traced: the activity in progress.
//
// Beside the agents, not in them: a table of at most kTracedAgentsMax entries, looked into only for agents
// who have kTraced (one bit of the line that a change of mode touches anyway), so that tracing costs nobody
// else anything. Saved as it is: no padding.
#pragma once

#include <twinlink/messages.hpp>

namespace twinlink::fold {

/// What happened in an activity.
enum TraceFlag : u16 {
    kDidHold = 1,
    kDidReconnect = 2,
    kHoldAbandoned = 4,
    kRingAbandoned = 8,
    kRingRedirected = 16,
    kDidTransfer = 32,
    kDidConference = 64,
    kDidAssist = 128,
    kDidMalicious = 256,
    kDidRelease = 512,
};

/// A traced agent, and the activity in progress where he is staffed.
struct Trace {
    u64 agent;
    u64 key;    ///< of his latest record in the open interval, so that no two share one; 0 = none
    u64 began;  ///< internal time
    u64 call;   ///< of the mode, 0 = none
    u64 ucid;
    u64 code;  ///< entered last, 0 = none
    Text<24> calling;
    Text<24> dialled;
    u16 skill;
    u16 flags;  ///< TraceFlag
    AgentMode mode;
    u8 reason;            ///< of AUX
    Direction extension;  ///< of the extension call
    Direction direction;  ///< of that, else of the ACD call
    u8 active;            ///< he is staffed: what is above holds
    u8 doubtful;          ///< its begin, or something in it, may not have been seen
    std::array<u8, 6> reserved;
};
static_assert(std::has_unique_object_representations_v<Trace>);

}  // namespace twinlink::fold
