// Recorded calls as an ACD that lives: agents that log in, ring, talk and log out, trunks, boundaries and
// pump-ups.
//
// One thread. All that will happen is known when it is built and sorted by time; each step emits one thing.
// Invariant: the stream is as legal as that of a simulated call centre: an agent's or trunk's calls never
// overlap, because calls that do in the recording go to a second login of that agent, or to a spare trunk of
// that group.
#pragma once

#include "tools/acdsim/replay_centre.hpp"
#include "tools/acdsim/technion.hpp"

#include <map>

namespace twinlink::sim {

class Replay final : public Source {
public:
    /// Precondition: the recording has calls.
    Replay(const ReplayConfig& config, const Recording& recording);

    [[nodiscard]] Acd acd() const noexcept override { return config_.acd; }
    [[nodiscard]] bool over() const noexcept override { return over_; }
    [[nodiscard]] Nanos next_time() const noexcept override;
    void step(MessageSink& sink) override;
    void pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) override;
    void stop(MessageSink& sink) override;
    [[nodiscard]] Nanos begins() const noexcept override { return begins_; }
    [[nodiscard]] Nanos ends() const noexcept override { return ends_; }

    /// Calls that went to a second login, or to a spare trunk, because the recording has them overlap.
    [[nodiscard]] u64 moved_agents() const noexcept { return moved_agents_; }
    [[nodiscard]] u64 moved_trunks() const noexcept { return moved_trunks_; }

private:
    /// In the order in which they happen at one time: what frees agents and trunks comes before what takes
    /// them.
    enum class Kind : u8 {
        Boundary,
        PumpUp,
        Frees,
        Login,
        Seize,
        Queue,
        Answer,
        FreesAtOnce,
        Logout,
        Finish
    };
    struct Action {
        Nanos time;
        Kind kind;
        u32 index;
    };
    struct ReplayedCall {
        RecordedCall call;
        u64 id = 0;     ///< once it was seized
        u32 agent = 0;  ///< index
        u16 group = 0;
        u16 trunk = 0;
    };
    struct Session {
        u32 agent;
        Nanos from;
        Nanos to;
        std::vector<u16> skills;  ///< by level
    };
    void place_calls(const Recording& recording);
    void place_trunks();
    void place_agents();
    void make_sessions();
    void make_actions();
    u32 add_agent(const std::string& name, u64 login);
    void seize(ReplayedCall& c);
    void answer(const ReplayedCall& c);
    void free_call(const ReplayedCall& c);
    void log_in(const Session& session);

    ReplayConfig config_;
    Nanos begins_;
    Nanos ends_;
    Nanos now_;
    bool begun_ = false;
    bool over_ = false;
    ReplayCentre centre_;
    std::vector<ReplayedCall> calls_;
    std::vector<Session> sessions_;
    std::vector<Action> actions_;
    std::size_t next_ = 0;
    u64 moved_agents_ = 0;
    u64 moved_trunks_ = 0;
};

}  // namespace twinlink::sim
