// What the events of a queue_log mean, played in a ReplayCentre: callers wait, telephones ring, members come,
// pause and go. README.md says it in words.
//
// One thread. Calls are found by uniqueid and queue, members by name. Whatever the log leaves out or gets
// wrong, the stream stays legal: a call whose lines contradict each other is cut off, so that its rows are
// INCOMPLETE, and counted. queue_log_calls.cpp and queue_log_rings.cpp play calls,
// queue_log_members.cpp members.
#pragma once

#include "tools/acdsim/queue_log.hpp"
#include "tools/acdsim/queue_log_names.hpp"
#include "tools/acdsim/replay_centre.hpp"

#include <deque>
#include <optional>
#include <unordered_map>

namespace twinlink::sim {

struct QueueLogRules {
    /// A ring that nobody answers is a redirection as the field has it (NOANSREDIR counts, the wait starts
    /// anew); else the caller keeps place and wait, as in Asterisk, and only the agent's time says that it
    /// rang.
    bool redirect_unanswered = false;
    std::map<std::string, u8> reasons{};  ///< AUX codes of pause reasons
};

class QueueLogPlayer {
public:
    struct Counts {
        u64 entered = 0;
        u64 answered = 0;
        u64 abandoned = 0;
        u64 left = 0;           ///< by key or timeout, or since nobody was there
        u64 unanswered = 0;     ///< rings that nobody took
        u64 begun_unseen = 0;   ///< answered without a line that they came
        u64 strays = 0;         ///< lines of calls that are not there
        u64 cut = 0;            ///< calls whose lines contradict each other or never end
        u64 unfinished = 0;     ///< calls in progress at the end of the file
        u64 second_logins = 0;  ///< calls that overlap another one of the same member
        u64 refused = 0;        ///< lines with a name beyond the most that are taken
        std::map<std::string, u64> unknown{};
    };

    QueueLogPlayer(const ReplayConfig& config, QueueLogRules rules);

    /// Makes the names of the event known. True when there are new ones: a pump-up is wanted.
    bool introduce(const QueueLogEvent& event);
    /// For a first pass: also learns which members belong to which queues without ever being added.
    void learn(const QueueLogEvent& event);
    void learned();

    /// Precondition: introduced, and times do not go back.
    void play(const QueueLogEvent& event, Nanos now, MessageSink& sink);
    /// The file is over: calls in progress are cut off and everybody is logged out.
    void close(Nanos now, MessageSink& sink);

    [[nodiscard]] ReplayCentre& centre() noexcept { return centre_; }
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
    [[nodiscard]] const QueueLogNames& names() const noexcept { return names_; }

private:
    using Rest = ReplayCentre::Rest;
    struct OpenCall {
        u64 id;
        std::string queue;
        Nanos last;                  ///< line
        std::vector<u32> ringing{};  ///< agents, told as ringing or not
    };
    struct Membership {
        u8 level = 1;
        bool paused = false;
        u8 reason = 0;
    };
    struct Wanted {
        u64 call;
        QueueLogKind outcome;
    };
    struct Member {
        std::map<u16, Membership> queues{};
        std::vector<u16> left{};        ///< queues left during a call: taken away when it is over
        std::map<u16, bool> learned{};  ///< by skill: in it without having been added
        bool managed = false;           ///< lines say when this member comes and goes
        bool by_login = false;          ///< as an agent, and not by being in a queue
        bool paused_all = false;
        u8 all_reason = 0;
        bool gone = false;     ///< by its lines; works all the same as long as a call needs it
        bool leaving = false;  ///< when the call is over
        u8 leave_reason = 0;
        std::optional<Wanted> wanted{};  ///< begins to ring when the member is free
    };
    struct Cancelled {
        Nanos at;
        u64 call;
        u32 agent;
    };

    // ---- calls
    void play_call(const QueueLogEvent& e);
    OpenCall* find(const QueueLogEvent& e) noexcept;
    OpenCall* enter(const QueueLogEvent& e);
    void connect(const QueueLogEvent& e);
    void ring_start(const QueueLogEvent& e);
    void begin_ring(u32 agent, u64 call, QueueLogKind outcome);
    void unanswered(const QueueLogEvent& e);
    void ring_canceled(const QueueLogEvent& e);
    void settle_cancelled();
    void requeue(u64 call);
    void silence_others(u64 call, u32 but);
    void ends(const QueueLogEvent& e, u64 call);
    void over(u64 call, u16 trunk);
    void cut(u64 call);
    void cut_old();
    void cut_all();
    u16 take_trunk();
    OpenCall& open(u64 call);
    [[nodiscard]] CallPlace place(const OpenCall& c) const noexcept { return centre_.call(c.id)->place; }

    // ---- members
    void play_member(const QueueLogEvent& e);
    [[nodiscard]] std::optional<u32> agent_of(const std::string& member) const noexcept;
    void need(u32 agent, u16 skill);
    void log_in(u32 agent);
    void log_out(u32 agent, u8 reason);
    void join(u32 agent, u16 skill, const QueueLogEvent& e);
    void part(u32 agent, u16 skill);
    void pause(u32 agent, const QueueLogEvent& e, bool paused);
    void set_penalty(u32 agent, const QueueLogEvent& e);
    void settle(u32 agent);
    u32 spare_login(const std::string& member, u16 skill);
    [[nodiscard]] Rest rest_of(u32 agent) const noexcept;
    u32 add_member(const std::string& name);
    void silence(u32 agent);
    void make_free(u32 agent);

    QueueLogRules rules_;
    QueueLogNames names_;
    ReplayCentre centre_;
    Acd acd_;
    Counts counts_;
    std::vector<Member> members_;  ///< by index of the agent
    std::unordered_map<std::string, u32> by_name_;
    std::unordered_map<std::string, std::vector<OpenCall>> calls_;  ///< by uniqueid; one a queue
    std::map<u64, std::string> by_id_;                              ///< their uniqueids
    std::map<std::string, std::string> dialled_;  ///< by uniqueid: told before the call came
    std::deque<std::string> dialled_order_;
    std::vector<Cancelled> cancelled_;
    std::vector<bool> trunk_busy_;
    Nanos next_old_;
};

}  // namespace twinlink::sim
