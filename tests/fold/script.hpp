// A mini language for tests of the fold: each line is one thing that happens in a small call centre, told as
// the ACD would tell it. The last lines of a case say what the rows must hold.
//
//     t=10 login 7 skills 1 2         AgentLogin, AgentSkill each (level 1, 2, ..), AgentState to AUX 0
//     t=20 mode 7 avail               AgentState; also aux [reason], acw, other; then in | out | idle
//     t=30 seized 1 [adjunct]         TrunkSeized
//     t=30 queued 1 skill 3 [pos 2] [by backup] [prio top] | queued 1 agent 7
//     t=40 ring 1 agent 7 skill 3 [direct]      CallRinging and AgentState to RING
//     t=45 answer 1                             CallAnswered and AgentState to ACD
//     t=60 hold 1 | retrieve 1 | release 1 [by agent] [acw | aux | avail] | abandon 1
//     vector|queue|ringing|hold [acw] t=60 transfer 1 to 2 [acw] | conference 1 with 2 | redirect 1 same|vdn
//     [aux] | dequeue 1 skill 2 t=60 busy 1 | disc 1 | outflow 1 vdn|off|ext | connected 1 | released 1 |
//     idle 1 | cut 1 | stroke 1 n | assist 1 t=70 done 7 | logout 7 | skill 7 3 level | boundary | clock
//     new_t | lose n | pump-up begin/end by Script::pump_up()
//
// Times are seconds after 09:00. Skills 1..5 exist: service level 20 s, wait buckets 10 20 30 40 50 60 70 80
// 90 s.
#pragma once

#include "tests/fold/rows_sink.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <sstream>

namespace twinlink::test {

inline constexpr u64 kNine = 1'767'600'000ULL * 1'000'000'000 + 9 * 3'600ULL * 1'000'000'000;

class Script {
public:
    explicit Script(const FoldLimits& limits = kSmall, u16 phantom_s = 0);

    /// Runs the lines.
    Script& operator()(std::string_view lines);
    /// Sends one message as it is.
    template <class M>
    void send(const M& m) {
        std::array<std::byte, sizeof(SbeHeader) + sizeof(M)> bytes;
        write_message(bytes.data(), m);
        fold.apply(Seq{++seq_}, bytes, 1, sink);
    }
    /// A whole pump-up of the settings and of the given snapshots.
    void pump_up(std::vector<AgentSkill> skills = {}, std::vector<AgentSnapshot> agents = {},
                 std::vector<CallSnapshot> calls = {}, u32 too_many = 0);

    /// The non-zero items of a row that are not settings, in catalogue order: "ACDCALLS=1 ACDTIME=30s".
    /// `start` is the interval's, in seconds after 09:00. Interval-based items only when `times`.
    std::string hsplit_row(u64 skill, u64 start = 0, u16 instance = 0);
    std::string hagent_row(u64 agent, u64 skill, u64 start = 0, u16 instance = 0);
    std::string hsplit_times(u64 skill, u64 start = 0);
    std::string hagent_times(u64 agent, u64 skill, u64 start = 0);
    [[nodiscard]] u64 count(FoldCounter c) const { return fold.counter(c); }
    void lose(u64 n) {
        fold.missing(n);
        seq_ += n;
    }

    Fold fold;
    RowsSink sink;
    u64 t = kNine;

private:
    struct AgentOf {
        AgentMode mode = AgentMode::Unstaffed;
        u64 call = 0;
        u16 skill = 0;
        u8 reason = 0;
    };
    struct CallOf {
        u64 agent = 0;
        u16 skill = 0;
        Offer offer = Offer::Skill;
    };
    void line(std::istringstream& words);
    void call_line(const std::string& verb, std::istringstream& words);
    void talk_line(const std::string& verb, u64 call, std::istringstream& words);
    void mode(u64 agent, AgentMode mode, u64 call = 0, u16 skill = 0, u8 reason = 0,
              Direction d = Direction::None);
    void leave(u64 call, const std::string& to);
    std::string text(TableId table, u64 entity, u64 entity2, u64 start, u16 instance, ItemBasis basis);

    u16 phantom_s_;
    u64 seq_ = 0;
    std::map<u64, AgentOf> agents_;
    std::map<u64, CallOf> calls_;
};

}  // namespace twinlink::test
