// The second accounting law: agents' time by skill, mode and reason, split at boundaries; and intervals
// themselves.
#include "tests/fold/script.hpp"

#include "engine/fold/modes.hpp"

namespace twinlink::test {

TEST_CASE(
    "interval-based time is split at the boundary, a call is booked whole where its after-call work ends") {
    Script s;
    s(R"(
        t=0 login 7 skills 1
        t=0 mode 7 avail
        t=1700 queued 1 skill 1
        t=1700 ring 1 agent 7 skill 1
        t=1705 answer 1
        t=1790 release 1 acw
        t=1800 boundary
        t=1830 done 7
        t=3600 boundary)");
    CHECK(s.hsplit_row(1) == "");
    CHECK(s.hsplit_row(1, 1800) ==
          "CALLSOFFERED=1 ACDCALLS=1 ANSTIME=5s ACDTIME=85s ACWTIME=40s RINGCALLS=1 RINGTIME=5s ACCEPTABLE=1 "
          "MAXOCWTIME=5s ACDCALLS1=1 MEDCALLS=1");
    CHECK(s.hagent_times(7, 1) ==
          "I_STAFFTIME=1800s I_AVAILTIME=1700s I_ACDTIME=85s I_ACWTIME=10s I_RINGTIME=5s TI_STAFFTIME=1800s "
          "TI_AVAILTIME=1700s");
    CHECK(s.hagent_times(7, 1, 1800) ==
          "I_STAFFTIME=1800s I_AVAILTIME=1770s I_ACWTIME=30s TI_STAFFTIME=1800s TI_AVAILTIME=1770s");
    CHECK(s.hsplit_times(1) ==
          "I_ARRIVED=1 MAXINQUEUE=1 MAXSTAFFED=1 MAXTOP=1 I_STAFFTIME=1800s I_AVAILTIME=1700s I_ACDTIME=85s "
          "I_ACWTIME=10s I_RINGTIME=5s");
    CHECK(s.hsplit_row(1, 3600) == "");  // open, with an agent staffed
}

TEST_CASE(
    "an answer's other queues are booked at the answer, the conversation when its after-call work ends") {
    Script s;
    s(R"(
        t=0 login 7 skills 1 2
        t=0 mode 7 avail
        t=1700 queued 1 skill 1
        t=1700 queued 1 skill 2 pos 2
        t=1700 ring 1 agent 7 skill 2
        t=1710 answer 1
        t=1800 boundary
        t=1810 release 1 avail)");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=1 MAXOCWTIME=10s SLVLOUTFLOWS=1 OUTFLOWCALLS=1 OUTFLOWTIME=10s OTHERCALLS=1 "
          "OTHERTIME=10s");
    CHECK(s.hsplit_row(2) == "");
    CHECK(s.hsplit_row(2, 1800).starts_with("CALLSOFFERED=1 ACDCALLS=1 ANSTIME=10s ACDTIME=100s"));
}

TEST_CASE("a row that was handed on is handed on again when what completes it is learnt") {
    Script s;
    // The login was lost: the agent's calls are all that is known, and then their extension.
    s(R"(
        t=0 queued 1 skill 1
        t=5 ring 1 agent 7 skill 1
        t=10 answer 1
        t=60 release 1)");
    const RowKey key{TableId::Hagent, Acd{1}, kNine, 0, 7, 1};
    REQUIRE(s.sink.rows.contains(key));
    CHECK(s.sink.rows[key].items[hagent("EXTENSION")] == 0);
    s.send(AgentLogin{s.t, 7, 2'007, 0});
    s.fold.flush(s.sink);
    CHECK(s.sink.rows[key].items[hagent("EXTENSION")] == 2'007);
}

TEST_CASE(
    "one skill's work is other time for the agent's other skills, and TI_ stands in the oldest logon's row "
    "alone") {
    Script s;
    s(R"(
        t=0 login 7 skills 2 1
        t=10 mode 7 avail
        t=20 queued 1 skill 1
        t=20 ring 1 agent 7 skill 1
        t=25 answer 1
        t=55 hold 1
        t=60 mode 7 other out
        t=70 retrieve 1
        t=80 release 1 acw
        t=90 mode 7 aux 37
        t=100 mode 7 aux 5
        t=110 logout 7)");
    CHECK(
        s.hagent_times(7, 2) ==
        "I_STAFFTIME=110s I_AVAILTIME=10s I_OTHERTIME=70s TI_STAFFTIME=110s TI_AVAILTIME=10s TI_AUXTIME=30s "
        "TI_OTHERTIME=15s TI_AUXTIME0=10s TI_AUXTIME5=10s TI_AUXTIME37=10s");
    CHECK(s.hagent_times(7, 1) ==
          "I_STAFFTIME=110s I_AVAILTIME=10s I_ACDTIME=40s I_ACWTIME=10s I_RINGTIME=5s I_OTHERTIME=15s "
          "I_ACDAUX_OUTTIME=10s I_ACDOTHERTIME=5s");
    CHECK(
        s.hsplit_times(2) ==
        "MAXSTAFFED=1 MAXTOP=1 I_STAFFTIME=110s I_AVAILTIME=10s I_OTHERTIME=70s I_AUXTIME=30s I_AUXTIME0=10s "
        "I_AUXTIME5=10s I_AUXTIME37=10s");
}

TEST_CASE("extension calls count by the agent's mode, on the oldest logon skill or that of the work") {
    Script s;
    s(R"(
        t=0 login 7 skills 2 1
        t=10 mode 7 aux 0 out
        t=30 mode 7 aux 0 idle
        t=40 mode 7 avail
        t=50 mode 7 other in
        t=55 mode 7 avail
        t=60 queued 1 skill 1
        t=60 ring 1 agent 7 skill 1
        t=61 answer 1
        t=70 release 1 acw
        t=72 mode 7 acw in
        t=75 mode 7 acw out
        t=79 mode 7 acw idle
        t=80 done 7)");
    CHECK(s.hagent_row(7, 2) == "AUXINCALLS=1 AUXINTIME=5s AUXOUTCALLS=1 AUXOUTTIME=20s");
    CHECK(s.hsplit_row(2) == "AUXINCALLS=1 AUXINTIME=5s AUXOUTCALLS=1 AUXOUTTIME=20s");
    CHECK(
        s.hagent_row(7, 1) ==
        "ACDCALLS=1 ACDTIME=9s ACWTIME=10s ANSRINGTIME=1s RINGCALLS=1 RINGTIME=1s ACWINCALLS=1 ACWINTIME=3s "
        "ACWOUTCALLS=1 ACWOUTTIME=4s");
    CHECK(s.hsplit_times(1).find("I_ACWINTIME=3s I_ACWOUTTIME=4s") != std::string::npos);
    CHECK(s.hagent_times(7, 2).ends_with("I_AUXINTIME=5s I_AUXOUTTIME=20s TI_AUXTIME0=40s"));
}

TEST_CASE(
    "direct agent work is other time of the skill, and after-call work without a call is the oldest "
    "logon's") {
    Script s;
    s(R"(
        t=0 login 7 skills 1 2
        t=0 mode 7 avail
        t=10 queued 1 agent 7 skill 2
        t=10 ring 1 agent 7 skill 2 direct
        t=12 answer 1
        t=20 release 1 acw
        t=25 mode 7 avail
        t=30 mode 7 acw
        t=40 mode 7 avail)");
    CHECK(s.hagent_times(7, 2) ==
          "I_STAFFTIME=40s I_AVAILTIME=15s I_RINGTIME=2s I_OTHERTIME=23s I_DA_ACDTIME=8s I_DA_ACWTIME=5s");
    CHECK(s.hagent_times(7, 1) ==
          "I_STAFFTIME=40s I_AVAILTIME=15s I_ACWTIME=10s I_OTHERTIME=15s TI_STAFFTIME=40s TI_AVAILTIME=15s");
}

TEST_CASE(
    "skills given and taken while staffed: the next oldest takes TI_ over, work in progress keeps its "
    "skill") {
    Script s;
    s(R"(
        t=0 login 7 skills 1 2
        t=0 mode 7 avail
        t=10 skill 7 3 1
        t=20 queued 1 skill 1
        t=20 ring 1 agent 7 skill 1
        t=20 answer 1
        t=25 skill 7 1 0
        t=30 release 1 avail
        t=40 logout 7)");
    CHECK(s.hagent_times(7, 1) ==
          "I_STAFFTIME=30s I_AVAILTIME=20s I_ACDTIME=10s TI_STAFFTIME=30s TI_AVAILTIME=20s");
    CHECK(s.hagent_times(7, 2) ==
          "I_STAFFTIME=40s I_AVAILTIME=30s I_OTHERTIME=10s TI_STAFFTIME=10s TI_AVAILTIME=10s");
    CHECK(s.hagent_times(7, 3) == "I_STAFFTIME=30s I_AVAILTIME=20s I_OTHERTIME=10s");
    CHECK(s.count(FoldCounter::SkillOfOthers) == 0);
}

TEST_CASE("the next call may ring during after-call work, which ends there") {
    Script s;
    s(R"(
        t=0 login 7 skills 1
        t=0 mode 7 avail
        t=10 queued 1 skill 1
        t=10 ring 1 agent 7 skill 1
        t=10 answer 1
        t=20 release 1 acw
        t=25 queued 2 skill 1
        t=25 ring 2 agent 7 skill 1
        t=26 answer 2
        t=30 release 2 acw
        t=37 logout 7)");
    CHECK(s.hagent_row(7, 1) == "ACDCALLS=2 ACDTIME=14s ACWTIME=12s ANSRINGTIME=1s RINGCALLS=2 RINGTIME=1s");
}

TEST_CASE("rows with nothing to report are not handed on, and maxima start anew from what stands") {
    Script s;
    s(R"(
        t=0 login 7 skills 1
        t=5 login 8 skills 1
        t=10 logout 8
        t=20 queued 1 skill 2
        t=20 queued 2 skill 2
        t=30 abandon 2 queue
        t=1800 boundary
        t=1810 logout 7
        t=3600 boundary
        t=5400 boundary)");
    CHECK(s.hsplit_times(1).starts_with("MAXSTAFFED=2 MAXTOP=2"));
    CHECK(s.hsplit_times(1, 1800).starts_with("MAXSTAFFED=1 MAXTOP=1"));
    CHECK(s.hsplit_times(1, 3600) == "no row");
    CHECK(s.hsplit_times(2) == "I_ARRIVED=2 MAXINQUEUE=2");
    CHECK(s.hsplit_times(2, 3600) == "MAXINQUEUE=1");
    CHECK(s.hsplit_times(3) == "no row");
}

TEST_CASE("a clock set back over a boundary gives a second instance; durations do not see the setting") {
    Script s;
    s(R"(
        t=0 login 7 skills 1
        t=1800 boundary
        t=1830 clock 1740
        t=1800 boundary
        t=1860 logout 7
        t=3600 boundary)");
    REQUIRE(s.sink.intervals.size() == 4);
    CHECK(s.sink.intervals.contains({kNine + 1'800'000'000'000ULL, 1}));
    const auto staffed = [&](u16 instance) {
        const RowKey key{TableId::Hagent, Acd{1}, kNine + 1'800'000'000'000ULL, instance, 7, 1};
        return s.sink.rows.at(key).items[hagent("I_STAFFTIME")] / 1'000'000'000;
    };
    CHECK(staffed(0) == 90);  // 30 s, then a minute on the clock that was set back
    CHECK(staffed(1) == 60);
    CHECK(s.count(FoldCounter::ClockSets) == 1);
}

TEST_CASE("a clock set forward skips no time that passed and invents none") {
    Script s;
    s("t=0 login 7 skills 1\n t=100 clock 1000\n t=1050 logout 7");
    CHECK(s.hagent_times(7, 1).starts_with("I_STAFFTIME=150s"));
}

TEST_CASE("every pair of modes has the verdict that the table of design gives") {
    using enum AgentMode;
    using fold::Transition;
    for (std::size_t to = 0; to < fold::kModes; ++to)
        CHECK(fold::transition(Unstaffed, static_cast<AgentMode>(to), false) == Transition::NotStaffed);
    for (const AgentMode from : {Avail, Acd, Acw, Aux, DirectAcd, DirectAcw, Ring, Other, Unknown}) {
        CHECK(fold::transition(from, Unstaffed, false) == Transition::ByLogout);
        for (const AgentMode to : {Avail, Aux, Other, Unknown})
            CHECK(fold::transition(from, to, false) == Transition::Fine);
    }
    CHECK(fold::transition(Ring, Acd, true) == Transition::Fine);
    CHECK(fold::transition(Avail, Acd, true) == Transition::AnswerUnoffered);
    CHECK(fold::transition(Avail, Acw, true) == Transition::WorkWithoutCall);
    CHECK(fold::transition(Avail, Acw, false) == Transition::Fine);
    CHECK(fold::transition(Acd, DirectAcw, true) == Transition::WrongKind);
    CHECK(fold::transition(Acd, Ring, true) == Transition::RingWhileTalking);
    CHECK(fold::transition(static_cast<AgentMode>(77), Avail, false) == Transition::BadMode);
}

}  // namespace twinlink::test
