// The messages of the ACD link protocol: one plain struct per template, laid out exactly as on the wire.
//
// The source of truth is acd_link.xml beside this file (SBE 1.0, little-endian); a test reads it and holds
// every struct here to it, offset by offset. All structs are trivially copyable, naturally aligned, a
// multiple of 8 bytes long and begin with `time` (ns of the ACD's clock, UTC since 1970). Call messages carry
// `call` at offset 8, agent messages `agent` at offset 8. Padding is named `reserved` and sent as 0.
//
// On the wire each struct follows an 8-byte SbeHeader and may stand at any address: use read() and write() of
// frame.hpp, never a cast. Enum fields come from outside: any value is possible; `known()` tells.
#pragma once

#include <twinlink/types.hpp>

#include <array>
#include <bit>
#include <type_traits>

namespace twinlink {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian and read in place");

/// Schema of the link protocol. Receivers refuse another schema id and skip unknown templates.
inline constexpr u16 kSchemaId = 0x5457;
inline constexpr u16 kSchemaVersion = 0;

/// The standard SBE header in front of the frame header and of each message.
struct SbeHeader {
    u16 block_length;  ///< bytes of the block that follows; a multiple of 8; longer than ours = a newer ACD
    u16 template_id;
    u16 schema_id;
    u16 version;
};
static_assert(sizeof(SbeHeader) == 8);

/// Flags of a frame, advisory but for Heartbeat.
enum FrameFlag : u8 {
    kFlagHeartbeat = 1,   ///< no messages; first_seq is the next number to be sent
    kFlagEndOfEpoch = 2,  ///< orderly end: no number from first_seq + message_count on will be used
    kFlagPumpUp = 4,      ///< a pump-up is in progress
};

/// What a frame begins with, after its SbeHeader (template 1).
struct FrameHeader {
    static constexpr u16 kTemplate = 1;
    u16 magic;          ///< kFrameMagic
    u8 version;         ///< major version of the framing; another one is refused
    u8 flags;           ///< FrameFlag
    u16 acd;            ///< Acd
    u8 link;            ///< Link: the sender's word, checked against configuration
    u8 reserved;        ///< 0
    u16 message_count;  ///< 0 in a heartbeat
    u16 body_bytes;     ///< exactly what follows this block
    u32 crc32c;         ///< Castagnoli, over SbeHeader, this block with crc32c = 0, and the body
    u64 epoch;          ///< Epoch
    u64 first_seq;      ///< Seq of the first message, the rest follow by one
    u64 sent_at;        ///< ns of the ACD's clock
};
static_assert(sizeof(FrameHeader) == 40);
inline constexpr u16 kFrameMagic = 0x4C54;  ///< "TL" in memory
inline constexpr u8 kFrameVersion = 1;
/// Bytes in front of the first message of a frame.
inline constexpr u32 kFrameOverheadBytes = sizeof(SbeHeader) + sizeof(FrameHeader);

// ---- words of the field -------------------------------------------------------------------------

/// Work modes of an agent (design of the items, 4.1).
enum class AgentMode : u8 {
    Unstaffed = 0,
    Avail = 1,
    Acd = 2,
    Acw = 3,
    Aux = 4,
    DirectAcd = 5,
    DirectAcw = 6,
    Ring = 7,
    Other = 8,
    Unknown = 9,
};
/// Direction of an extension call that the agent is on beside (or instead of) an ACD call.
enum class Direction : u8 { None = 0, In = 1, Out = 2 };
enum class Priority : u8 { Low = 1, Medium = 2, High = 3, Top = 4 };
/// Which step queued a call: everything but QueueTo counts as backup.
enum class QueuedBy : u8 {
    QueueTo = 1,
    CheckBackup = 2,
    Messaging = 3,
    RouteTo = 4,
    Redirect = 5,
    DirectAgent = 6
};
enum class VdnEntry : u8 { First = 1, RouteTo = 2, Redirected = 3 };
enum class VectorEntry : u8 { Vdn = 1, GoTo = 2 };
/// What rings at an agent: a call of a skill, one to the agent's own queue, or a plain extension call.
enum class Offer : u8 { Skill = 1, Direct = 2, Extension = 3 };
enum class AbandonedIn : u8 { Vector = 1, Queue = 2, Ringing = 3, Hold = 4 };
enum class RedirectTo : u8 { SameSkill = 1, Vdn = 2, Other = 3 };
enum class DequeueWhy : u8 { Command = 1, AnsweredElsewhere = 2, Ended = 3 };
enum class DisconnectBy : u8 { Step = 1, Timer = 2, EndOfVector = 3, StepLimit = 4 };
enum class OutflowTo : u8 { Vdn = 1, OffSwitch = 2, Extension = 3 };
enum class ReleasedBy : u8 { Caller = 1, Agent = 2, Switch = 3 };
enum class CallDirection : u8 { In = 1, Out = 2, Adjunct = 3, Internal = 4 };
enum class CallEventKind : u8 { Stroke = 1, Assist = 2, Malicious = 3 };
enum class PumpUpWhy : u8 { Start = 1, LinkUp = 2, Audit = 3 };
/// Where a call stands, in a snapshot.
enum class CallPlace : u8 {
    Trunk = 1,
    Vdn = 2,
    Queue = 3,
    Ringing = 4,
    Talking = 5,
    Held = 6,
    AfterWork = 7,
    Extension = 8
};

/// Whether the value that came in is one of the enumerators above. All enums are contiguous (a test checks).
constexpr bool known(AgentMode v) noexcept { return v <= AgentMode::Unknown; }
constexpr bool known(Direction v) noexcept { return v <= Direction::Out; }
constexpr bool known(Priority v) noexcept { return v >= Priority::Low && v <= Priority::Top; }
constexpr bool known(QueuedBy v) noexcept { return v >= QueuedBy::QueueTo && v <= QueuedBy::DirectAgent; }
constexpr bool known(VdnEntry v) noexcept { return v >= VdnEntry::First && v <= VdnEntry::Redirected; }
constexpr bool known(VectorEntry v) noexcept { return v >= VectorEntry::Vdn && v <= VectorEntry::GoTo; }
constexpr bool known(Offer v) noexcept { return v >= Offer::Skill && v <= Offer::Extension; }
constexpr bool known(AbandonedIn v) noexcept { return v >= AbandonedIn::Vector && v <= AbandonedIn::Hold; }
constexpr bool known(RedirectTo v) noexcept { return v >= RedirectTo::SameSkill && v <= RedirectTo::Other; }
constexpr bool known(DequeueWhy v) noexcept { return v >= DequeueWhy::Command && v <= DequeueWhy::Ended; }
constexpr bool known(DisconnectBy v) noexcept {
    return v >= DisconnectBy::Step && v <= DisconnectBy::StepLimit;
}
constexpr bool known(OutflowTo v) noexcept { return v >= OutflowTo::Vdn && v <= OutflowTo::Extension; }
constexpr bool known(ReleasedBy v) noexcept { return v >= ReleasedBy::Caller && v <= ReleasedBy::Switch; }
constexpr bool known(CallDirection v) noexcept {
    return v >= CallDirection::In && v <= CallDirection::Internal;
}
constexpr bool known(CallEventKind v) noexcept {
    return v >= CallEventKind::Stroke && v <= CallEventKind::Malicious;
}
constexpr bool known(PumpUpWhy v) noexcept { return v >= PumpUpWhy::Start && v <= PumpUpWhy::Audit; }
constexpr bool known(CallPlace v) noexcept { return v >= CallPlace::Trunk && v <= CallPlace::Extension; }

/// Fixed text: ASCII or UTF-8, NUL padded; a full array has no NUL.
template <std::size_t N>
using Text = std::array<char, N>;

// ---- stream -------------------------------------------------------------------------------------

/// The start of a new interval; all before it belongs to the old one.
struct IntervalBoundary {
    static constexpr u16 kTemplate = 2;
    u64 time;
    u64 interval_start;    ///< ns of the ACD's clock, on the grid of interval_minutes
    u16 interval_minutes;  ///< 15, 30 or 60
    u16 reserved0;
    u32 reserved1;
};
/// The ACD's clock was set; `time` is in the new clock.
struct ClockSet {
    static constexpr u16 kTemplate = 3;
    u64 time;
    u64 old_time;
    u64 new_time;
};

// ---- pump-up ------------------------------------------------------------------------------------

struct PumpUpBegin {
    static constexpr u16 kTemplate = 10;
    u64 time;
    PumpUpWhy why;
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
};
struct AcdInfo {
    static constexpr u16 kTemplate = 11;
    u64 time;
    i16 utc_offset_minutes;  ///< local time of the ACD less UTC, for reports
    u16 interval_minutes;    ///< 15, 30 or 60
    u16 phantom_abandon_s;   ///< an answered call shorter than this is an abandon; 0 = off
    u16 reserved0;
    Text<24> name;
    Text<16> release;
};
struct SkillInfo {
    static constexpr u16 kTemplate = 12;
    u64 time;
    u16 skill;
    u16 service_level_s;          ///< acceptable wait; 0 = none set
    std::array<u16, 9> period_s;  ///< PERIOD1..9, ascending; 0 = no profile
    u16 reserved0;
    Text<24> name;
};
struct VdnInfo {
    static constexpr u16 kTemplate = 13;
    u64 time;
    u32 vdn;
    u16 vector;
    u16 service_level_s;
    std::array<u16, 3> skill;  ///< 1st, 2nd, 3rd skill preference; 0 = none
    std::array<u16, 9> period_s;
    Text<24> name;
};
struct VectorInfo {
    static constexpr u16 kTemplate = 14;
    u64 time;
    u16 vector;
    u16 reserved0;
    u32 reserved1;
    Text<24> name;
};
struct TrunkGroupInfo {
    static constexpr u16 kTemplate = 15;
    u64 time;
    u16 trunk_group;
    u16 trunks;          ///< number of trunks in the group
    u16 out_of_service;  ///< a TrunkMaintenance for each of these follows in the pump-up
    u16 reserved0;
    Text<24> name;
};
/// Sent for every administered agent, logged in or not.
struct AgentInfo {
    static constexpr u16 kTemplate = 16;
    u64 time;
    u64 agent;
    Text<24> name;
};
/// One skill of one agent; in the pump-up for staffed agents, after AgentLogin, and on change.
struct AgentSkill {
    static constexpr u16 kTemplate = 17;
    u64 time;
    u64 agent;
    u16 skill;
    u8 level;       ///< 1 (best) .. 16; 0 = the skill is removed
    u8 preference;  ///< 0 level, 1 need, 2 percent
    u8 percent;     ///< share of time, 0..100
    u8 reserved0;
    u16 reserved1;
};
/// A staffed agent as of `time`. Agents that the pump-up does not name are not staffed.
struct AgentSnapshot {
    static constexpr u16 kTemplate = 18;
    u64 time;
    u64 agent;
    u64 since;  ///< when the present mode began
    u64 call;   ///< call of the present mode, 0 = none
    u64 login_time;
    u32 extension;
    u16 skill;  ///< skill of the present mode, 0 = none
    AgentMode mode;
    u8 reason;  ///< of AUX, 0..99
    Direction direction;
    u8 held_calls;     ///< ACD calls on hold at this agent
    u16 oldest_skill;  ///< the skill logged into longest (OLDEST_LOGON)
    u32 reserved0;
};
/// A call in progress as of `time`. Calls that the pump-up does not name are over.
struct CallSnapshot {
    static constexpr u16 kTemplate = 19;
    u64 time;
    u64 call;
    u64 ucid;
    u64 started;    ///< first message of the call
    u64 since;      ///< when the present place began
    u64 queued_at;  ///< when it was first queued, 0 = never
    u64 agent;      ///< agent it rings at, talks to or is held by, or in whose own queue it waits
    u32 vdn;
    u16 vector;
    u16 trunk_group;
    u16 trunk;
    std::array<u16, 3> skill;  ///< queued to (present queues), or [0] the skill that delivered it
    Priority priority;
    CallPlace place;
    CallDirection direction;
    u8 connected;  ///< 1 = an extension or the far end has answered
    u32 reserved1;
};
/// Closes a pump-up with what it must have contained; another count means it is torn and corrects nothing.
struct PumpUpEnd {
    static constexpr u16 kTemplate = 20;
    u64 time;
    u32 skills;
    u32 vdns;
    u32 vectors;
    u32 trunk_groups;
    u32 agents;
    u32 agent_skills;
    u32 agent_snapshots;
    u32 call_snapshots;
};

// ---- trunk --------------------------------------------------------------------------------------

struct TrunkSeized {
    static constexpr u16 kTemplate = 30;
    u64 time;
    u64 call;
    u64 ucid;  ///< node (16 bit) · call number (16 bit) · unix seconds (32 bit), most significant first
    u16 trunk_group;
    u16 trunk;  ///< 1 .. trunks of the group
    CallDirection direction;
    u8 reserved0;
    u16 reserved1;
    Text<24> calling;
    Text<24> dialled;
};
struct TrunkIdle {
    static constexpr u16 kTemplate = 31;
    u64 time;
    u64 call;
    u16 trunk_group;
    u16 trunk;
    u32 reserved0;
};
struct TrunkMaintenance {
    static constexpr u16 kTemplate = 32;
    u64 time;
    u64 call;  ///< the call it cut off, 0 = none: tracking of that call is aborted
    u16 trunk_group;
    u16 trunk;
    u8 busy;  ///< 1 = taken out of service (in a pump-up: is out of service), 0 = back
    u8 reserved0;
    u16 reserved1;
};

// ---- call ---------------------------------------------------------------------------------------

struct CallAtVdn {
    static constexpr u16 kTemplate = 40;
    u64 time;
    u64 call;
    u32 vdn;
    VdnEntry how;
    u8 reserved0;
    u16 reserved1;
};
struct CallAtVector {
    static constexpr u16 kTemplate = 41;
    u64 time;
    u64 call;
    u16 vector;
    VectorEntry how;
    u8 reserved0;
    u32 reserved1;
};
struct CallQueued {
    static constexpr u16 kTemplate = 42;
    u64 time;
    u64 call;
    u64 agent;  ///< the agent whose own queue it is (by = DirectAgent), else 0
    u16 skill;
    Priority priority;
    u8 position;  ///< 1 = first-queued (primary) .. 3
    QueuedBy by;
    u8 reserved0;
    u16 reserved1;
};
struct CallDequeued {
    static constexpr u16 kTemplate = 43;
    u64 time;
    u64 call;
    u16 skill;
    DequeueWhy why;
    u8 reserved0;
    u32 reserved1;
};
/// The call stays in its queues while it rings; `skill` is the one that delivered it.
struct CallRinging {
    static constexpr u16 kTemplate = 44;
    u64 time;
    u64 call;
    u64 agent;
    u16 skill;
    Offer offer;
    u8 reserved0;
    u32 reserved1;
};
/// Ends all queuing of the call.
struct CallAnswered {
    static constexpr u16 kTemplate = 45;
    u64 time;
    u64 call;
    u64 agent;
    u16 skill;
    Offer offer;
    u8 reserved0;
    u32 reserved1;
};
struct CallHeld {
    static constexpr u16 kTemplate = 46;
    u64 time;
    u64 call;
    u64 agent;
};
struct CallRetrieved {
    static constexpr u16 kTemplate = 47;
    u64 time;
    u64 call;
    u64 agent;
};
/// `other` (the agent's consult call) joins `call`; both go on as one.
struct CallConferenced {
    static constexpr u16 kTemplate = 48;
    u64 time;
    u64 call;
    u64 agent;
    u64 other;
};
/// The agent leaves: the caller goes on in `to_call` (a new segment) with whoever that call reached.
struct CallTransferred {
    static constexpr u16 kTemplate = 49;
    u64 time;
    u64 call;
    u64 agent;
    u64 to_call;
};
/// Rang, was not answered, and goes elsewhere (RONA).
struct CallRedirected {
    static constexpr u16 kTemplate = 50;
    u64 time;
    u64 call;
    u64 agent;
    u16 skill;
    RedirectTo to;
    u8 reserved0;
    u32 reserved1;
};
struct CallAbandoned {
    static constexpr u16 kTemplate = 51;
    u64 time;
    u64 call;
    u64 agent;  ///< the agent it rang at or that held it, else 0
    u16 skill;  ///< the primary skill in queue, the delivering skill when ringing, else 0
    AbandonedIn in;
    u8 reserved0;
    u32 reserved1;
};
struct CallForcedBusy {
    static constexpr u16 kTemplate = 52;
    u64 time;
    u64 call;
};
struct CallForcedDisconnect {
    static constexpr u16 kTemplate = 53;
    u64 time;
    u64 call;
    DisconnectBy by;
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
};
struct CallOutflowed {
    static constexpr u16 kTemplate = 54;
    u64 time;
    u64 call;
    u32 vdn;  ///< where to, if a VDN
    OutflowTo to;
    u8 reserved0;
    u16 reserved1;
};
struct CallConnected {
    static constexpr u16 kTemplate = 55;
    u64 time;
    u64 call;
    u32 extension;
    u32 reserved0;
};
/// The conversation with `agent` (0 = with an extension) is over. After-call work, if any, follows as
/// AgentState.
struct CallReleased {
    static constexpr u16 kTemplate = 56;
    u64 time;
    u64 call;
    u64 agent;
    ReleasedBy by;
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
};
struct CallWorkCode {
    static constexpr u16 kTemplate = 57;
    u64 time;
    u64 call;
    u64 agent;
    u64 code;  ///< up to 16 decimal digits
};
struct CallEvent {
    static constexpr u16 kTemplate = 58;
    u64 time;
    u64 call;
    u64 agent;
    CallEventKind kind;
    u8 number;  ///< stroke 1..9, else 0
    u16 reserved0;
    u32 reserved1;
};

// ---- agent --------------------------------------------------------------------------------------

/// Followed by one AgentSkill per skill and an AgentState that leaves Other.
struct AgentLogin {
    static constexpr u16 kTemplate = 70;
    u64 time;
    u64 agent;
    u32 extension;
    u32 reserved0;
};
struct AgentLogout {
    static constexpr u16 kTemplate = 71;
    u64 time;
    u64 agent;
    u8 reason;  ///< 0..99
    u8 reserved0;
    u16 reserved1;
    u32 reserved2;
};
/// The agent's mode changed. `previous` makes a loss visible per agent even where numbers look whole.
struct AgentState {
    static constexpr u16 kTemplate = 72;
    u64 time;
    u64 agent;
    u64 call;   ///< the ACD call of the new mode (Acd, Acw of a call, Ring, Direct*), else 0
    u16 skill;  ///< its skill, else 0
    AgentMode previous;
    AgentMode mode;
    u8 reason;            ///< of Aux, 0..99
    Direction direction;  ///< an extension call in progress, in any mode
    u16 reserved0;
};

// ---- the list -----------------------------------------------------------------------------------

/// Calls f.template operator()<M>() for every message type, in the order of their template ids.
template <class F>
constexpr void for_each_message(F&& f) {
    auto each = [&]<class... M>() { (f.template operator()<M>(), ...); };
    each.template
    operator()<IntervalBoundary, ClockSet, PumpUpBegin, AcdInfo, SkillInfo, VdnInfo, VectorInfo,
               TrunkGroupInfo, AgentInfo, AgentSkill, AgentSnapshot, CallSnapshot, PumpUpEnd, TrunkSeized,
               TrunkIdle, TrunkMaintenance, CallAtVdn, CallAtVector, CallQueued, CallDequeued, CallRinging,
               CallAnswered, CallHeld, CallRetrieved, CallConferenced, CallTransferred, CallRedirected,
               CallAbandoned, CallForcedBusy, CallForcedDisconnect, CallOutflowed, CallConnected,
               CallReleased, CallWorkCode, CallEvent, AgentLogin, AgentLogout, AgentState>();
}

/// Largest template id; tables are indexed by template id.
inline constexpr u16 kTemplateMax = AgentState::kTemplate;

/// Block length that this version knows, by template id; 0 = unknown template.
inline constexpr std::array<u16, kTemplateMax + 1> kBlockLengths = [] {
    std::array<u16, kTemplateMax + 1> lengths{};
    for_each_message([&]<class M>() {
        static_assert(std::is_trivially_copyable_v<M> && std::has_unique_object_representations_v<M>);
        static_assert(sizeof(M) % 8 == 0 && alignof(M) == 8);
        lengths[M::kTemplate] = sizeof(M);
    });
    return lengths;
}();

}  // namespace twinlink
