// An independent referee of link streams: knows the rules of README.md of acdsim, nothing of its model.
//
// One thread. Takes messages one by one and lists every breach with the number of the message.
#pragma once

#include "tools/acdsim/source.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace twinlink::sim {

class Referee final : public MessageSink {
public:
    void begin_epoch(Epoch epoch, Nanos time) override;
    void put(Bytes encoded) override;
    void end_epoch(Nanos time, bool orderly) override;

    /// The first breaches, as sentences.
    [[nodiscard]] const std::vector<std::string>& breaches() const noexcept { return breaches_; }
    [[nodiscard]] const std::map<u16, u64>& templates() const noexcept { return templates_; }
    [[nodiscard]] u64 messages() const noexcept { return seq_; }
    [[nodiscard]] u64 boundaries() const noexcept { return boundaries_; }
    /// Calls that are still in progress, agents that are staffed, trunks that are busy.
    [[nodiscard]] std::size_t open_things() const noexcept;
    /// All bytes, for comparing two runs.
    [[nodiscard]] const std::vector<std::byte>& bytes() const noexcept { return bytes_; }
    u64 calls_answered = 0;
    u64 calls_abandoned = 0;

private:
    struct CallState {
        bool answered = false;
        bool rings = false;
        u64 agent = 0;
        bool held = false;
        std::set<u16> queued;
        bool over = false;  ///< waits for its agent to leave ACW at most
        bool has_trunk = false;
        bool connected = false;
    };
    struct AgentNow {
        AgentMode mode = AgentMode::Other;
        u64 call = 0;
    };
    void breach(const std::string& what);
    void on_call(const MessageView& m);
    void on_trunk(const MessageView& m);
    void on_agent(const MessageView& m);
    void on_pump_up(const MessageView& m);
    CallState& need(u64 call, const char* what);

    u64 seq_ = 0;
    u64 last_time_ = 0;
    u64 next_boundary_ = 0;
    u64 boundaries_ = 0;
    bool in_pump_up_ = false;
    PumpUpEnd counted_{};
    u64 out_of_service_ = 0;  ///< trunks, in this pump-up
    u64 promised_out_ = 0;
    std::map<u64, CallState> calls_;
    std::map<u64, AgentNow> agents_;
    std::map<std::pair<u16, u16>, u64> trunks_;
    std::map<u16, u64> templates_;
    std::vector<std::byte> bytes_;
    std::vector<std::string> breaches_;
};

}  // namespace twinlink::sim
