// The centre that a recording plays in: who is staffed, which calls are in progress. Every change is told as
// messages, in the order that README.md gives, and a pump-up tells all of it again.
//
// One thread. Knows nothing of where the changes come from; whoever plays says the time first (at()). An
// agent is named by its index, a call by its id. Invariant: what a message tells is what the next pump-up
// says, so the stream is legal as long as the preconditions here hold. Times are ns of the ACD's clock.
#pragma once

#include "tools/acdsim/centre_config.hpp"
#include "tools/acdsim/source.hpp"

#include <map>
#include <string>
#include <vector>

namespace twinlink::sim {

struct ReplayConfig {
    Acd acd{1};
    u16 interval_minutes = 30;
    Nanos pump_up_every{kHour};
    i16 utc_offset_minutes = 0;
};

class ReplayCentre {
public:
    struct SkillOfAgent {
        u16 skill;
        u8 level;
    };
    /// The mode of an agent who has no call, and the reason where it is Aux.
    struct Rest {
        AgentMode mode = AgentMode::Avail;
        u8 reason = 0;
    };
    struct Agent {
        std::string name;
        u64 login = 0;
        u32 extension = 0;
        AgentMode mode = AgentMode::Unstaffed;
        u8 reason = 0;
        u16 skill = 0;  ///< of the call
        u64 call = 0;   ///< rings or is talked to; 0 = none
        Nanos since{};
        Nanos login_time{};
        std::vector<SkillOfAgent> skills{};  ///< oldest first

        [[nodiscard]] bool staffed() const noexcept { return mode != AgentMode::Unstaffed; }
    };
    /// A call in progress. The first block is given by who seizes.
    struct Call {
        u16 skill = 0;  ///< its queue, its vector, and with the base its VDN
        u16 group = 0;
        u16 trunk = 0;
        Priority priority = Priority::Low;
        u64 ucid = 0;  ///< 0 = made from the id
        std::string calling{};
        std::string dialled{};  ///< empty = the VDN

        u64 id = 0;
        CallPlace place = CallPlace::Vdn;  ///< Vdn, Queue, Ringing or Talking
        u32 agent = 0;                     ///< where Ringing or Talking
        Nanos seized{};
        Nanos queued{};  ///< 0 = never
        Nanos since{};
    };

    /// `vdn_base`: the VDN of a skill is its number more.
    ReplayCentre(const ReplayConfig& config, std::string release, u32 vdn_base)
        : config_(config), release_(std::move(release)), vdn_base_(vdn_base) {}

    // ---- what there is. New things are known to the other side after the next pump-up.
    void add_skill(u16 number, std::string name) { skills_[number] = std::move(name); }
    void set_group(u16 number, std::string name, u16 trunks) { groups_[number] = {std::move(name), trunks}; }
    u32 add_agent(std::string name, u64 login, u32 extension);
    [[nodiscard]] const Agent& agent(u32 index) const noexcept { return agents_[index]; }
    [[nodiscard]] u32 agents() const noexcept { return static_cast<u32>(agents_.size()); }
    /// Null when it is over.
    [[nodiscard]] const Call* call(u64 id) const noexcept;
    [[nodiscard]] bool rings_at(u64 id, u32 agent) const noexcept;

    // ---- the present
    void at(Nanos time, MessageSink& sink) noexcept { now_ = time, sink_ = &sink; }
    [[nodiscard]] Nanos now() const noexcept { return now_; }
    void boundary();
    void pump_up(PumpUpWhy why);

    // ---- agents
    void set_extension(u32 agent, u32 extension) noexcept { agents_[agent].extension = extension; }
    /// Precondition: not staffed.
    void log_in(u32 agent, std::vector<SkillOfAgent> skills, Rest rest);
    /// Precondition: staffed, without a call.
    void log_out(u32 agent, u8 reason);
    /// Gives a staffed agent a skill, or another level of it; level 0 takes it away.
    void set_skill(u32 agent, u16 skill, u8 level);
    void rest(u32 agent, Rest rest);
    /// The agent's telephone rings for a call that is not told as ringing there.
    void ring_beside(u32 agent, u64 call);

    // ---- calls; `rest`: what the agent of the call does then
    u64 seize(Call call);
    void queue(u64 call, QueuedBy by);
    /// Precondition: the call waits in its queue, the agent is Avail.
    void ring(u64 call, u32 agent);
    void answer(u64 call);
    /// Precondition: Talking.
    void release(u64 call, ReleasedBy by, Rest rest);
    /// Precondition: Talking. The caller goes on at an extension, and out of sight.
    void transfer(u64 call, u32 extension, Rest rest);
    /// Precondition: not Talking.
    void abandon(u64 call, Rest rest);
    /// Precondition: Ringing. With SameSkill it is to be queued again.
    void redirect(u64 call, RedirectTo to, Rest rest);
    /// Precondition: neither Ringing nor Talking. The caller leaves the ACD, and nothing more is heard of
    /// him.
    void outflow(u64 call);
    void disconnect(u64 call);
    /// Nobody knows how the call went on: tracking of it is aborted.
    void cut(u64 call, Rest rest);

private:
    struct Group {
        std::string name;
        u16 trunks;
    };
    void set_mode(Agent& agent, AgentMode mode, const Call* call, u8 reason);
    void place(Call& call, CallPlace place) noexcept;
    void idle(const Call& call);
    void tell_what_there_is(PumpUpEnd& count);
    void tell_staffed(PumpUpEnd& count);
    void tell_calls(PumpUpEnd& count);
    [[nodiscard]] Call& open(u64 id) { return calls_.find(id)->second; }
    [[nodiscard]] u32 vdn(u16 skill) const noexcept { return vdn_base_ + skill; }

    ReplayConfig config_;
    std::string release_;
    u32 vdn_base_;
    Nanos now_;
    MessageSink* sink_ = nullptr;
    u64 last_id_ = 0;
    std::map<u16, std::string> skills_;
    std::map<u16, Group> groups_;
    std::vector<Agent> agents_;
    std::map<u64, Call> calls_;  ///< in progress
};

/// As text() for names: a cut never goes through a character.
[[nodiscard]] Text<24> name_text(std::string_view name) noexcept;

}  // namespace twinlink::sim
