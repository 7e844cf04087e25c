// One ACD with its callers and agents, from one seed: a discrete event simulation that emits link messages.
//
// One thread. The rules of the model, and the order in which messages follow each other, are in README.md
// beside this file; the fold relies on that order. The same configuration gives the same messages, byte for
// byte.
//
// The implementation is split by subject: call_centre.cpp (life of the ACD), centre_calls.cpp (arrival to
// queue), centre_talk.cpp (ringing to release), centre_agents.cpp (shifts, breaks, dialling),
// centre_pump_up.cpp.
#pragma once

#include "tools/acdsim/centre_config.hpp"
#include "tools/acdsim/centre_state.hpp"
#include "tools/acdsim/random.hpp"
#include "tools/acdsim/source.hpp"

namespace twinlink::sim {

/// What happened, for tests and for a line at the end.
struct CentreTotals {
    u64 calls = 0;
    u64 all_trunks_busy = 0;  ///< callers lost before a trunk was seized: no message tells of them
    u64 answered = 0;
    u64 abandoned = 0;
};

class CallCentre final : public Source {
public:
    /// Precondition: the configuration went through checked().
    explicit CallCentre(const CentreConfig& config);

    [[nodiscard]] Acd acd() const noexcept override { return config_.acd; }
    [[nodiscard]] bool over() const noexcept override { return over_; }
    [[nodiscard]] Nanos next_time() const noexcept override { return Nanos{events_.next_time()}; }
    void step(MessageSink& sink) override;
    void pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) override;
    void stop(MessageSink& sink) override;
    [[nodiscard]] Nanos begins() const noexcept override { return config_.start; }
    [[nodiscard]] Nanos ends() const noexcept override { return config_.end; }

    [[nodiscard]] const CentreTotals& totals() const noexcept { return totals_; }
    /// Nobody staffed, no call, no trunk busy.
    [[nodiscard]] bool idle() const noexcept;

private:
    // call_centre.cpp: life of the ACD
    void build();
    void build_agents();
    void build_vdns();
    void build_trunks();
    void dispatch(const Event& event);
    void dispatch_call(const Event& event);
    void begin_epoch();
    void restart();
    void boundary();
    void day_begins();
    void clock_set();
    [[nodiscard]] u64 clock() const noexcept { return now_ + static_cast<u64>(clock_offset_); }
    [[nodiscard]] u64 of_clock(u64 t) const noexcept {
        return t == 0 ? 0 : t + static_cast<u64>(clock_offset_);
    }

    // centre_calls.cpp: VDNs, vectors, queues; centre_trunks.cpp: trunks
    u32 new_call(CallDirection direction);
    void free_call(u32 slot);
    void later(u32 slot, What what, u64 delay_ns);
    void stage(u32 slot, Stage to) noexcept;
    bool seize(u32 slot, u16 group, std::string_view calling, std::string_view dialled);
    void idle_trunk(u32 slot);
    void trunk_out();
    void trunk_back(u32 group, u32 trunk);
    void schedule_arrival();
    void arrival();
    void at_vdn(u32 slot, u16 vdn, VdnEntry how);
    void vector_step(u32 slot);
    void queue_call(u32 slot, u16 skill, QueuedBy by);
    void queue_direct(u32 slot, u32 agent);
    void wait_step(u32 slot);
    bool leave_queue(u32 slot);
    void go_to_extension(u32 slot);
    void off_switch(u32 slot);
    void force_disconnect(u32 slot, DisconnectBy by);
    void force_busy(u32 slot);
    void patience_ends(u32 slot);
    [[nodiscard]] bool still_waits(const Waiting& entry, u16 skill) const noexcept;
    [[nodiscard]] u32 idle_agent(u16 skill);
    [[nodiscard]] u32 waiting_call(u32 agent, u16& skill);

    // centre_talk.cpp: ringing to release
    void ring(u32 slot, u32 agent, u16 skill, Offer offer);
    void answer(u32 slot);
    void no_answer(u32 slot);
    void plan_talk(u32 slot);
    void talk_event(u32 slot);
    void hold(u32 slot, What then, u64 after_ns);
    void retrieve(u32 slot);
    void hung_up_on_hold(u32 slot);
    void consult(u32 slot);
    void consult_answered(u32 slot);
    void consult_done(u32 slot);
    void transfer(u32 slot, u32 to);
    void release(u32 slot, ReleasedBy by);
    void agent_leaves_call(u32 slot, AgentMode talked_as);
    void extension_answers(u32 slot);
    void extension_releases(u32 slot);

    // centre_agents.cpp: shifts, breaks, extension calls
    void set_mode(u32 agent, AgentMode mode, u32 call, u16 skill, u8 reason, Direction direction);
    void schedule_shift(u32 agent, u64 day_start);
    void shift_begins(u32 agent);
    void shift_ends(u32 agent);
    void log_out(u32 agent);
    void next_task(u32 agent);
    void offer_work(u32 agent);
    void go_aux(u32 agent, u8 reason);
    void break_due(u32 agent);
    void mode_ends(u32 agent);
    void dial_due(u32 agent);
    void dial_ends(u32 agent);
    void change_skill(u32 agent);
    [[nodiscard]] u64 login_of(u32 agent) const noexcept { return 10'001 + u64{agent}; }
    [[nodiscard]] u32 extension_of(u32 agent) const noexcept { return 20'001 + agent; }

    template <class M>
    void emit(const M& message) {
        sink_->send(message);
    }

    CentreConfig config_;
    Random random_;
    EventQueue events_;
    MessageSink* sink_ = nullptr;  ///< only inside step(), pump_up(), stop()
    u64 now_ = 0;
    i64 clock_offset_ = 0;
    u64 next_boundary_ = 0;
    bool over_ = false;
    bool down_ = false;  ///< between a crash and the start after it
    bool begun_ = false;

    std::vector<SimAgent> agents_;
    std::vector<SimSkill> skills_;  ///< skill n at n - 1
    std::vector<SimVdn> vdns_;
    std::vector<SimTrunkGroup> groups_;
    std::vector<SimCall> calls_;
    std::vector<u32> free_calls_;
    u64 next_call_ = 1;
    u64 vdn_weights_ = 0;
    u64 arrival_mean_ns_ = 0;  ///< at the busiest time
    CentreTotals totals_;
};

}  // namespace twinlink::sim
