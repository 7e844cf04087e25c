// The state of a simulated call centre: agents, calls, queues and trunks. Owned and changed by CallCentre
// alone.
//
// Times are ns of the model's own clock, which never steps; CallCentre adds what the ACD's clock was set by.
#pragma once

#include "tools/acdsim/event_queue.hpp"

#include <twinlink/messages.hpp>

#include <deque>
#include <vector>

namespace twinlink::sim {

inline constexpr u32 kNobody = 0xFFFF'FFFF;
inline constexpr u32 kNoCall = 0xFFFF'FFFF;

/// Where a call stands. Vector, Queued and Ringing are those in which patience runs out.
enum class Stage : u8 { Free, Trunk, Vector, Queued, Ringing, Talking, Held, Extension, AfterWork };

struct SimCall {
    u64 id = 0;
    u64 ucid = 0;
    u64 started = 0;
    u64 since = 0;       ///< of the present stage
    u64 queued_at = 0;   ///< first time, 0 = never
    u32 generation = 0;  ///< of the slot: counts the calls that lived in it
    u32 token = 0;       ///< of the one thing that is due next
    u32 agent = kNobody;
    u32 partner = kNoCall;  ///< consult call of a held call, and the other way round
    u32 extension = 0;
    u16 vdn = 0;  ///< 1 .. number of VDNs, 0 = none
    u16 vector = 0;
    u16 group = 0;
    u16 trunk = 0;
    std::array<u16, 3> skill{};  ///< queued to, in order; 0 = none
    u16 delivering = 0;          ///< the skill through which it rings or talks
    Stage stage = Stage::Free;
    Priority priority = Priority::Medium;
    Offer offer = Offer::Skill;
    CallDirection direction = CallDirection::In;
    u8 redirects = 0;
    u8 hops = 0;  ///< go-to and route-to steps so far
    bool backups_asked = false;
    bool connected = false;  ///< an extension or the far end has answered
};

struct SimAgent {
    u64 since = 0;
    u64 login_time = 0;
    u64 shift_end = 0;      ///< of the next or present shift
    u64 mode_ends = 0;      ///< when the present AUX or ACW ends by plan, 0 = not planned
    u32 token = 0;          ///< of the end of the mode
    u32 session = 0;        ///< counts logins
    u32 idle_stamp = 0;     ///< counts the times it became available
    u32 call = kNoCall;     ///< the ACD call it has, also in ACW
    u32 dialled = kNoCall;  ///< an outbound call beside it
    AgentMode mode = AgentMode::Unstaffed;
    Direction direction = Direction::None;
    u8 reason = 0;
    u8 pending_aux = 0;  ///< reason to go to AUX for as soon as possible, 0 = none
    bool pending_logout = false;
    bool lunched = false;
    u16 mode_skill = 0;
    std::vector<u16> skills;                    ///< the first is the home skill
    std::deque<std::pair<u32, u32>> own_queue;  ///< direct agent calls: slot, generation
};

/// An entry of a queue or an idle list; stale ones are skipped when they come to the front.
struct Waiting {
    u32 index;
    u32 stamp;
};

struct SimSkill {
    u64 talk_mean = 0;
    u64 acw_mean = 0;  ///< 0 = no after-call work
    u32 weight = 1;
    u16 service_level_s = 20;
    std::array<std::deque<Waiting>, 4> queue;  ///< calls by priority, Top first
    std::deque<Waiting> idle;                  ///< agents, longest idle first
};

struct SimVdn {
    std::array<u16, 3> skill{};
    Priority priority = Priority::Medium;
    u16 group = 1;
    u32 weight = 1;
};

struct SimTrunkGroup {
    u16 trunks = 0;
    std::vector<u16> idle;
    std::vector<u32> call;  ///< by trunk number; kNoCall = idle or out of service
    std::vector<bool> out;
};

}  // namespace twinlink::sim
