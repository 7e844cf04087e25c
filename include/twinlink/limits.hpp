// Every bound of the engine, in one place, with the reason for each and the relations between them checked.
//
// Units are last in the name. "measured", "specified" or "chosen" says where a number comes from.
#pragma once

#include <twinlink/types.hpp>

namespace twinlink {

/// Bytes of a frame (UDP payload). 1,472 is an Ethernet MTU less IPv4 and UDP headers; jumbo by
/// configuration.
inline constexpr u32 kFrameBytesDefault = 1'472;
inline constexpr u32 kFrameBytesMax = 8'972;

/// Switches that one server takes. Chosen: the field's largest servers take 8; replay and consolidation want
/// more.
inline constexpr u32 kAcdsMax = 64;

/// Frames in flight between rx and the arbiter, per port. Specified: rings hold 100 ms of peak traffic; at
/// 5 M messages/s in frames of about 38 messages one link brings 132,000 frames a second.
inline constexpr u32 kRingFrames = 16'384;
/// Frames that one slice of work takes at most: long enough to amortise, short enough to stay in L1/L2.
inline constexpr u32 kBurstFrames = 32;

/// Frames per ACD that wait for a hole in front of them to fill. Chosen: 20 ms of reorder window at peak rate
/// on both links is 5,300 frames. When full, the oldest hole is called a gap at once (counted).
inline constexpr u32 kParkedFramesMax = 8'192;
/// Frames per ACD kept after they were accepted, to compare the other link's copy. Chosen: 4 ms at peak rate.
inline constexpr u32 kHistoryFrames = 512;
static_assert(kParkedFramesMax + kHistoryFrames <= kRingFrames,
              "what the arbiter keeps of one ACD stays below what a port's buffer pool must hold anyway");

/// Names beyond the highest one seen that are believed without proof. Chosen: 1 M messages is 200 ms at peak
/// rate and more than three minutes of the largest site; a wild number hits it with probability 2^-44.
inline constexpr u64 kWindowSeqs = 1'048'576;
/// Names per link whose arrival is remembered one by one, for "lost alone". 64 Ki: 13 ms at peak, 13 s at
/// 5,000/s.
inline constexpr u64 kLinkMapSeqs = 65'536;
static_assert(kLinkMapSeqs <= kWindowSeqs);

/// Open gaps per ACD kept apart; more are merged with their neighbours. Specified (design of the pair).
inline constexpr u32 kGapsMax = 4'096;

/// Frames held back as wild until two links agree, per ACD and link: more are let go. Chosen: at the start of
/// an epoch one link may be 30 ms of peak traffic ahead of the other, and what is let go must come on that
/// other one.
inline constexpr u32 kWildFramesMax = 4'096;

/// Names of which differing copies are remembered, all ACDs together; of more the first copy stays. Chosen: a
/// switch that contradicts itself for good needs people, not a longer table.
inline constexpr u32 kConflictsMax = 16'384;

/// Messages of one ACD that are skipped because the fold crashes on them, at most; they are never forgotten.
/// Chosen: more than that is a fault of the program, not of messages.
inline constexpr u32 kSkipsMax = 64;

/// Journal block: messages are gathered up to this many bytes. Measured: 64 KiB to 1 MiB are equally fast in
/// LMDB, 4 KiB half as fast.
inline constexpr u32 kBlockBytes = 256 * 1024;
static_assert(kBlockBytes > kFrameBytesMax, "a frame's messages fit one block");

/// Fold capacities per ACD. Calls: 100,000 in progress is the largest site's day peak times ten.
inline constexpr u32 kCallsMax = 131'072;
inline constexpr u32 kAgentsMax = 16'384;
inline constexpr u32 kSkillsMax = 8'192;
/// Chosen after the field's largest switches: 30,000 VDNs, 8,000 vectors, 2,000 trunk groups; and a trunk for
/// every call. Work codes are of one interval.
inline constexpr u32 kVdnsMax = 32'768;
inline constexpr u32 kVectorsMax = 8'192;
inline constexpr u32 kTrunkGroupsMax = 2'048;
inline constexpr u32 kTrunksMax = 131'072;
inline constexpr u32 kCodesMax = 4'096;
static_assert(kTrunksMax >= kCallsMax);
/// Skills of one agent and queues of one call. Specified: 3 queue positions; the field allows 120 skills an
/// agent.
inline constexpr u32 kAgentSkillsMax = 120;
inline constexpr u32 kQueuesPerCall = 3;
/// Agents of one ACD whose activities are traced. Chosen: a team under watch; a traced agent's records are as
/// many as those of a small skill's calls, so all agents' would be most of the store.
inline constexpr u32 kTracedAgentsMax = 64;

}  // namespace twinlink
