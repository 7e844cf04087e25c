// What the fold keeps of calls, agents and skills: plain entries of its tables.
//
// Times are internal: the ACD's clock with its settings undone, so that they never step back and differences
// are durations. Entries that are saved as they are (Segment, Queue, CallEntry, SkillEntry) have no padding.
#pragma once

#include "engine/fold/pool.hpp"

#include <twinlink/limits.hpp>
#include <twinlink/messages.hpp>

#include <algorithm>
#include <span>

namespace twinlink::fold {

inline constexpr u32 kNoIndex = ~u32{0};

enum SegmentFlag : u16 {
    kHeldNow = 1,
    kWasHeld = 2,
    kTransferred = 4,
    kConferenced = 8,
    kAgentEnded = 16,  ///< the agent hung up first, or transferred
    kAbandonedHeld = 32,
    kByAdjunct = 64,
    kTainted = 128,  ///< part of its past may be unknown: every row it reaches is INCOMPLETE
    kInWork = 256,   ///< after-call work runs
    kMalicious = 512,
    kJoined = 1024,     ///< its call went on in another one, and the talk goes on
    kHadEvents = 2048,  ///< assists or events are not all 0
};

/// One conversation of one agent: from the answer until its after-call work ends, then booked whole.
struct Segment {
    u64 call;  ///< 0 = none
    u32 leg;   ///< what came before the answer: 1 + index in the legs, 0 = none
    u16 skill;
    u16 flags;  ///< SegmentFlag
    u64 agent;  ///< Agent
    u64 since;  ///< when the present talk, hold or after-call work began
    u64 talk;   ///< ns so far
    u64 hold;   ///< ns so far
    u64 wait;   ///< ns in the answering skill's queue, ringing included
    u64 ring;   ///< ns it rang at this agent
    u16 assists;
    Offer offer;
    Priority priority;
    u8 position;  ///< in which it was queued, 0 = was not
    QueuedBy by;
    std::array<u16, 9> events;

    [[nodiscard]] bool has(SegmentFlag f) const noexcept { return (flags & f) != 0; }
    void set(SegmentFlag f) noexcept { flags = static_cast<u16>(flags | f); }
    void clear(SegmentFlag f) noexcept { flags = static_cast<u16>(flags & ~f); }
};

/// A call's place in one skill's queue.
struct Queue {
    u64 at;       ///< since when
    u16 skill;    ///< 0 = not in use
    u8 position;  ///< 1 = primary
    Priority priority;
    QueuedBy by;
    std::array<u8, 3> reserved;
};

enum CallFlag : u8 {
    kOnTrunk = 1,
    kAdjunctCall = 2,
    kTaintedCall = 4,
    kDoubtful = 8,  ///< its queues may be others than we know
};

/// Its first line of the cache is what a call in a queue needs, the others are for ringing and talking.
struct alignas(64) CallEntry {
    u64 id;
    std::array<Queue, kQueuesPerCall> queue;
    u32 leg;      ///< its present segment: 1 + index in the legs, 0 = none
    u8 flags;     ///< CallFlag
    u8 segments;  ///< begun so far, or of the calls it was transferred from
    Offer ring_offer;
    u8 reserved;

    u64 ring_agent;    ///< 0 = not ringing
    u64 direct_agent;  ///< 0 = in nobody's own queue
    u64 ring_at;
    u64 direct_at;  ///< in the own queue of direct_agent since
    u16 direct_skill;
    u16 ring_skill;
    u32 pump_up;   ///< number of the pump-up that named it, or during which a message did
    Segment talk;  ///< call != 0: an agent talks to it or holds it

    [[nodiscard]] bool used() const noexcept { return id != 0; }
    [[nodiscard]] bool has(CallFlag f) const noexcept { return (flags & f) != 0; }
    void set(CallFlag f) noexcept { flags = static_cast<u8>(flags | f); }
    void clear(CallFlag f) noexcept { flags = static_cast<u8>(flags & ~f); }
    [[nodiscard]] bool queued() const noexcept {
        return (queue[0].skill | queue[1].skill | queue[2].skill) != 0 || direct_agent != 0;
    }
    [[nodiscard]] bool ringing() const noexcept { return ring_agent != 0; }
    [[nodiscard]] bool talking() const noexcept { return talk.call != 0; }
    [[nodiscard]] bool active() const noexcept { return queued() || ringing() || talking(); }
};

struct SkillEntry {
    u16 number;
    u16 service_level_s;
    std::array<u16, 9> period_s;
    u8 known;  ///< a pump-up named it
    u8 reserved;
    u32 in_queue;  ///< calls, derived from the calls' queues
    u32 staffed;   ///< agents, derived from the agents
    u32 top;       ///< agents whose top skill it is, derived
    u32 reserved1;
    [[nodiscard]] bool used() const noexcept { return number != 0; }
};
static_assert(std::has_unique_object_representations_v<CallEntry> &&
              std::has_unique_object_representations_v<SkillEntry>);

enum LegFlag : u16 {
    kVdnInflow = 1,
    kVectorInflow = 2,
    kWaitsInVdn = 4,     ///< in `vdn`, without a disposition
    kWaitsInVector = 8,  ///< in `vector`, without a disposition
    kVectorCall = 16,    ///< has ever entered a vector
    kLegTainted = 32,    ///< part of its past may be unknown
    kDirectAgent = 64,
    kOwesVdn = 128,  ///< answered or connected: to be booked to `vdn`, whose wait is fixed
    kOwesVector = 256,
};
/// How a call's way through a VDN or vector ended without an agent.
enum class Fate : u8 {
    Abandoned,
    AbandonedQueued,
    AbandonedRinging,
    Busy,
    Disconnected,
    TimedOut,
    Outflow,
    Interflow
};
/// DISPOSITION of a call record.
enum class Disposition : u8 {
    None = 0,
    Connected = 1,
    Answered = 2,
    Abandoned = 3,
    Interflow = 4,
    Busy = 5,
    Disconnected = 6,
    Other = 7
};

/// One segment of a call as its record tells it: from its first message to the end of its after-call work,
/// with its way through VDNs and vectors. It belongs to the call until an agent answers, then to the
/// conversation.
///
/// A line of the cache for what all of its messages need, one for queueing and disposition, one for what the
/// record alone tells, and the rest, of which only `further` and `codes` entries are ever written or read.
struct alignas(64) Leg {
    u64 call;       ///< 0 = not in use
    u64 vdn_at;     ///< entry to `vdn`; once it has a disposition there: the wait until then
    u64 vector_at;  ///< the same of `vector`
    u64 started;    ///< its first message
    u32 vdn;        ///< 0 = none
    u32 trunk;      ///< 1 + index in the trunks, 0 = none
    u32 first_vdn;
    u32 held_before;  ///< the leg that its agent held before this one, and still holds: 1 + index, 0 = none
    u16 vector;
    u16 first_vector;
    u16 flags;        ///< LegFlag
    u16 trunk_group;  ///< of the record: the last trunk it had
    u16 trunk_number;
    u8 further;  ///< VDNs beyond the first
    u8 segment;
    CallDirection direction;
    Disposition disposition;
    u8 codes;  ///< entered, at most 255
    u8 holds;

    u64 trunk_since;                        ///< it has `trunk` since
    u64 trunk_ns;                           ///< it had a trunk before
    u64 queued_at;                          ///< first queued; 0 = never
    u64 connected_at;                       ///< an extension or the far end answered; 0 = not
    u64 disposition_wait;                   ///< from `started` to the disposition
    u64 ring;                               ///< ns of the last ringing
    u64 consult;                            ///< ns
    std::array<u16, kQueuesPerCall> skill;  ///< queued to last, by position
    u16 disposition_skill;

    u64 ucid;
    Text<24> calling;
    Text<24> dialled;
    Priority disposition_priority;
    std::array<u8, 7> reserved;

    u64 last_code;
    std::array<u64, 5> code;
    std::array<u32, 8> further_vdn;
    std::array<u8, 48> reserved1;

    [[nodiscard]] bool used() const noexcept { return call != 0; }
    [[nodiscard]] bool has(LegFlag f) const noexcept { return (flags & f) != 0; }
    void set(LegFlag f) noexcept { flags = static_cast<u16>(flags | f); }
    void clear(LegFlag f) noexcept { flags = static_cast<u16>(flags & ~f); }
    [[nodiscard]] std::span<const u64> work_codes() const noexcept {
        return std::span(code).first(std::min<std::size_t>(codes, code.size()));
    }
    [[nodiscard]] std::span<const u32> further_vdns() const noexcept {
        return std::span(further_vdn).first(further);
    }
};

struct VdnState {
    u32 number;
    u32 waiting;  ///< calls in it without a disposition, derived from the legs
    u16 service_level_s;
    std::array<u16, 9> period_s;
    std::array<u16, 3> skill;
    u8 known;
    u8 reserved;
    [[nodiscard]] bool used() const noexcept { return number != 0; }
};

struct VectorState {
    u16 number;
    u16 reserved;
    [[nodiscard]] bool used() const noexcept { return number != 0; }
};

struct GroupState {
    u64 at;  ///< ALLINUSETIME is accounted up to here
    u16 number;
    u16 trunks;
    u32 busy;  ///< trunks in use or out of service, derived
    [[nodiscard]] bool used() const noexcept { return number != 0; }
};

/// First final fate of the call on a trunk.
enum class TrunkFate : u8 {
    None,
    Answered,
    Abandoned,
    AbandonedQueued,
    AbandonedRinging,
    Busy,
    Disconnected,
    Connected
};
enum TrunkFlag : u8 {
    kOutOfService = 1,
    kTrunkVectorCall = 2,
    kTrunkTransferred = 4,
    kTrunkTainted = 8,
};

constexpr u64 trunk_key(u16 group, u16 trunk) noexcept { return u64{1} << 32 | u64{group} << 16 | trunk; }

/// One trunk, and its row in htrunk, which has the same index.
struct TrunkState {
    u64 key;   ///< trunk_key(); 0 = not in use
    u64 call;  ///< on it, 0 = none
    u64 seized_at;
    u64 connected_at;  ///< the far end answered; 0 = not
    u64 at;            ///< occupancy is accounted up to here
    u32 group;         ///< index of its group
    u32 leg;           ///< the segment that has it: 1 + index, 0 = none
    CallDirection direction;
    TrunkFate fate;
    u8 flags;  ///< TrunkFlag
    u8 reserved;
    u32 pump_up;  ///< the latest that named it
    [[nodiscard]] bool used() const noexcept { return key != 0; }
    [[nodiscard]] u16 group_number() const noexcept { return static_cast<u16>(key >> 16); }
    [[nodiscard]] u16 number() const noexcept { return static_cast<u16>(key); }
    [[nodiscard]] bool has(TrunkFlag f) const noexcept { return (flags & f) != 0; }
    void set(TrunkFlag f) noexcept { flags = static_cast<u8>(flags | f); }
    void clear(TrunkFlag f) noexcept { flags = static_cast<u8>(flags & ~f); }
};

template <>
inline constexpr std::size_t kZeroed<Leg> = offsetof(Leg, last_code);

/// A work code that was entered in the open interval.
struct CodeState {
    u64 code;
    [[nodiscard]] bool used() const noexcept { return code != 0; }
};
static_assert(std::has_unique_object_representations_v<Leg> &&
              std::has_unique_object_representations_v<VdnState> &&
              std::has_unique_object_representations_v<GroupState> &&
              std::has_unique_object_representations_v<TrunkState>);

/// One skill of one agent, and its row in hagent, which has the same index. Clocks hold what was not yet
/// booked.
struct alignas(64) SkillOfAgent {
    u64 acd, acw, ring, direct_acd, direct_acw;
    u32 agent;  ///< index of the agent
    u32 next;   ///< index of the agent's next skill, in the order of logon
    u16 skill;
    u16 skill_slot;
    u8 level;
    u8 assigned;  ///< 0 = was removed or logged out; stays until the interval's rows are handed on
    u8 leaving;   ///< removed, but the work in progress belongs to it
    u8 reserved;
    u64 pump_up;
    [[nodiscard]] bool used() const noexcept { return skill != 0; }
};

enum AgentFlag : u8 {
    kAgentDirty = 1,     ///< clocks wait to be booked
    kAgentTainted = 2,   ///< some of its state is a guess: its rows are INCOMPLETE
    kExtTainted = 4,     ///< the extension call's begin is a guess
    kOrderUnknown = 8,   ///< the order of logon behind the oldest skill is a guess
    kSkillLeaving = 16,  ///< a skill of his is `leaving`
    kTraced = 32,        ///< his activities are handed on: trace.hpp
};
/// Which extension items a call counts in.
enum class ExtensionClass : u8 { None = 0, AcwIn, AcwOut, AuxIn, AuxOut, AcdAuxIn, AcdAuxOut };

/// Its first line of the cache is what accruing and a change of mode need.
struct alignas(64) AgentEntry {
    u64 id;
    u64 at;                        ///< accounted up to here
    u64 staff, avail, aux, other;  ///< ns not yet booked to the skills' rows
    u32 first;                     ///< first SkillOfAgent in the order of logon, kNoIndex = none
    u32 mode_link;                 ///< where the mode's time goes, kNoIndex = nowhere
    u16 skill;                     ///< of the present mode, as the ACD named it
    AgentMode mode;
    u8 reason;
    Direction direction;
    u8 aux_code;  ///< of the unbooked aux
    u8 held;      ///< ACD calls on hold
    u8 flags;

    u64 call;      ///< of the present mode
    Segment work;  ///< the conversation that ended last, until its after-call work ends
    u64 ext_at;    ///< begin of the extension call
    u64 pump_up;
    u64 login_at;   ///< begin of the session
    u64 mode_at;    ///< begin of the present mode, for people
    u32 held_link;  ///< of the last ACD call held
    u32 extension;
    u32 ext_link;
    u32 held_leg;  ///< of the ACD call held last: 1 + index, 0 = none
    u32 ext_leg;   ///< of the held call that the outbound extension call is a consult for
    u32 top_link;  ///< its top skill, kNoIndex = none
    ExtensionClass ext_class;
    u8 found;  ///< the session's login was not seen
    std::array<u8, 38> reserved;

    [[nodiscard]] bool used() const noexcept { return id != 0; }
    [[nodiscard]] bool staffed() const noexcept { return mode != AgentMode::Unstaffed; }
    [[nodiscard]] bool has(AgentFlag f) const noexcept { return (flags & f) != 0; }
    void set(AgentFlag f) noexcept { flags = static_cast<u8>(flags | f); }
    void clear(AgentFlag f) noexcept { flags = static_cast<u8>(flags & ~f); }
};

}  // namespace twinlink::fold
