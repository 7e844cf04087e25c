// Agent trace: which activities a traced agent has, what they tell, when they are INCOMPLETE; and that nobody
// else has any.
#include "tests/fold/script.hpp"

namespace twinlink::test {
namespace {

/// The agent's activities in order, a line each: begin, duration and what is not 0, times in seconds after
/// 09:00.
std::string activities(const RowsSink& sink, u64 agent) {
    std::map<std::tuple<u64, u16, u64>, std::string> lines;
    for (const auto& [key, row] : sink.rows) {
        if (key.table != TableId::AgActv || key.entity != agent) continue;
        CHECK(row.closed);
        const auto at = [&](u16 column) { return row.items[column]; };
        std::string text =
            std::to_string((static_cast<i64>(key.entity2) - static_cast<i64>(kNine)) / 1'000'000'000) + "+" +
            std::to_string(at(ag_actv("DURATION")) / 1'000'000'000);
        for (u16 c = 0; c < row.items.size(); ++c) {
            const std::string name = name_of(column_at(*find_table(TableId::AgActv), c));
            const bool said =
                name == "DURATION" || name == "EXTN" || name == "CALLING_PTY" || name == "DIALED_NUM";
            if (row.items[c] != 0 && !said) text += " " + name + "=" + std::to_string(row.items[c]);
        }
        lines[{key.interval_start, key.instance, key.entity2}] = text + "\n";
    }
    std::string all;
    for (const auto& [at, line] : lines) all += line;
    return all;
}

Script traced(std::initializer_list<u64> agents, u16 phantom_s = 0) {
    Script s(kSmall, phantom_s);
    s.fold.trace(agents);
    return s;
}

constexpr u64 at(u64 second) { return kNine + second * 1'000'000'000; }

AgentSnapshot agent(u64 id, AgentMode mode, u64 since, u64 call = 0, u16 skill = 0) {
    return {0, id, since, call, kNine, static_cast<u32>(2'000 + id), skill, mode, 0, Direction::None,
            0, 1,  0};
}

constexpr const char* kDay = R"(
        t=0 login 7 skills 1 2
        t=60 mode 7 aux 3
        t=100 mode 7 avail
        t=110 seized 1
        t=110 queued 1 skill 1
        t=120 ring 1 agent 7 skill 1
        t=125 answer 1
        t=140 assist 1
        t=150 hold 1
        t=150 mode 7 other out
        t=170 mode 7 other idle
        t=175 retrieve 1
        t=190 release 1 by agent acw
        t=200 done 7
        t=300 logout 7)";

}  // namespace

TEST_CASE("trace: a day of an agent is exactly these activities") {
    Script s = traced({7});
    s(kDay);
    CHECK(activities(s.sink, 7) ==
          "0+60 WORKMODE=4\n"
          "60+40 WORKMODE=4 AUXREASON=3\n"
          "100+20 WORKMODE=1\n"
          "120+5 WORKMODE=7 DIRECTION=1 SPLIT=1 CALLID=1 UCID=1\n"
          "125+25 WORKMODE=2 DIRECTION=1 SPLIT=1 CALLID=1 UCID=1 CALLER_HOLD=1 ASSIST_ACTV=1\n"
          "150+20 WORKMODE=8 DIRECTION=2\n"
          "170+5 WORKMODE=8 RECONNECT=1\n"
          "175+15 WORKMODE=2 DIRECTION=1 SPLIT=1 CALLID=1 UCID=1 AGT_RELEASED=1\n"
          "190+10 WORKMODE=3 DIRECTION=1 SPLIT=1 CALLID=1 UCID=1\n"
          "200+100 WORKMODE=1\n"
          "300+0\n");
}

TEST_CASE("trace: who is not traced has no activities, and is folded as ever") {
    Script none = traced({});
    none(kDay);
    Script other = traced({8, 9});
    other(kDay);
    CHECK(other.sink.rows == none.sink.rows);
    Script seven = traced({7});
    seven(kDay);
    std::erase_if(seven.sink.rows, [](const auto& row) { return row.first.table == TableId::AgActv; });
    CHECK(seven.sink.rows == none.sink.rows);
}

TEST_CASE("trace: how ringings, holds and calls end") {
    Script s = traced({7});
    s(R"(
        t=0 login 7 skills 1
        t=0 mode 7 avail
        t=10 seized 1 adjunct
        t=10 queued 1 skill 1
        t=10 ring 1 agent 7 skill 1
        t=15 redirect 1 same aux
        t=20 mode 7 avail
        t=20 queued 1 skill 1 by redirect
        t=20 ring 1 agent 7 skill 1
        t=25 abandon 1 ringing
        t=25 mode 7 avail
        t=30 queued 2 skill 1
        t=30 ring 2 agent 7 skill 1
        t=31 answer 2
        t=40 hold 2
        t=40 mode 7 other
        t=45 abandon 2 hold
        t=45 mode 7 avail
        t=50 queued 3 skill 1
        t=50 ring 3 agent 7 skill 1
        t=51 answer 3
        t=60 transfer 3 to 4
        t=60 done 7
        t=70 logout 7)");
    CHECK(activities(s.sink, 7) ==
          "0+10 WORKMODE=1\n"
          "10+5 WORKMODE=7 DIRECTION=2 SPLIT=1 CALLID=1 UCID=1 NOANSREDIR=1\n"
          "15+5 WORKMODE=4\n"
          "20+5 WORKMODE=7 DIRECTION=2 SPLIT=1 CALLID=1 UCID=1 ABNRING=1\n"
          "25+5 WORKMODE=1\n"
          "30+1 WORKMODE=7 DIRECTION=1 SPLIT=1 CALLID=2\n"
          "31+9 WORKMODE=2 DIRECTION=1 SPLIT=1 CALLID=2 CALLER_HOLD=1\n"
          "40+5 WORKMODE=8 HOLDABN=1\n"
          "45+5 WORKMODE=1\n"
          "50+1 WORKMODE=7 DIRECTION=1 SPLIT=1 CALLID=3\n"
          "51+9 WORKMODE=2 DIRECTION=1 SPLIT=1 CALLID=3 TRANSFERRED=1 AGT_RELEASED=1\n"
          "60+10 WORKMODE=1\n"
          "70+0\n");
}

TEST_CASE("trace: an activity is not split at boundaries, and lies in the interval of its end") {
    Script s = traced({7});
    s(R"(
        t=0 login 7 skills 1
        t=100 mode 7 avail
        t=1800 boundary
        t=3600 boundary
        t=3700 mode 7 aux 5
        t=3800 logout 7)");
    CHECK(activities(s.sink, 7) ==
          "0+100 WORKMODE=4\n100+3600 WORKMODE=1\n3700+100 WORKMODE=4 AUXREASON=5\n3800+0\n");
    CHECK(s.sink.rows.contains({TableId::AgActv, Acd{1}, at(3'600), 0, 7, at(100)}));
}

TEST_CASE("trace: durations are not moved by a clock that is set, and no two records share a key") {
    Script s = traced({7});
    s(R"(
        t=0 login 7 skills 1
        t=100 mode 7 avail
        t=200 clock 50
        t=100 mode 7 aux 1
        t=150 mode 7 avail)");
    // Both began at 100 by the clock at their end.
    CHECK(activities(s.sink, 7) == "-50+150 WORKMODE=1\n0+100 WORKMODE=4\n100+50 WORKMODE=4 AUXREASON=1\n");
    CHECK(s.sink.rows.contains({TableId::AgActv, Acd{1}, kNine, 0, 7, kNine}));
}

TEST_CASE("trace: a pump-up that finds an agent begins an INCOMPLETE activity; the next one is exact") {
    Script s = traced({7});
    s.t = at(100);
    AgentSnapshot found = agent(7, AgentMode::Aux, at(40));
    found.reason = 6;
    s.pump_up({{0, 7, 1, 1, 0, 0, 0, 0}}, {found});
    s("t=130 logout 7\n t=140 login 7 skills 1\n t=150 logout 7");
    CHECK(activities(s.sink, 7) ==
          "40+90 INCOMPLETE=1 WORKMODE=4 AUXREASON=6\n130+0\n140+10 WORKMODE=4\n150+0\n");
}

TEST_CASE(
    "trace: what goes on while messages are missing is INCOMPLETE, what begins after the pump-up is not") {
    Script s = traced({7, 8, 9});
    s(R"(
        t=0 login 7 skills 1
        t=0 login 8 skills 1
        t=0 login 9 skills 1
        t=10 mode 7 avail
        t=20 lose 3
        t=30 mode 8 avail)");
    s.t = at(40);
    s.pump_up({{0, 7, 1, 1, 0, 0, 0, 0}, {0, 8, 1, 1, 0, 0, 0, 0}},
              {agent(7, AgentMode::Avail, at(10)), agent(8, AgentMode::Other, at(35))});
    s("t=50 mode 7 aux 2\n t=60 mode 7 avail");
    CHECK(activities(s.sink, 7) ==
          "0+10 WORKMODE=4\n10+40 INCOMPLETE=1 WORKMODE=1\n50+10 WORKMODE=4 AUXREASON=2\n");
    // Found in a mode since 35: what was known ended then. Agent 9 was found gone.
    CHECK(activities(s.sink, 8) == "0+30 INCOMPLETE=1 WORKMODE=4\n30+5 INCOMPLETE=1 WORKMODE=1\n");
    CHECK(activities(s.sink, 9) == "0+40 INCOMPLETE=1 WORKMODE=4\n40+0 INCOMPLETE=1\n");
    CHECK(s.sink.intervals.at({kNine, 0}).incomplete == 1);
}

TEST_CASE("trace: an activity in which a message contradicted what is known is INCOMPLETE") {
    Script s = traced({7});
    s(R"(
        t=0 login 7 skills 1
        t=10 mode 7 avail)");
    s.t = at(20);
    s.send(AgentLogin{s.t, 7, 2'007, 0});
    s("t=30 mode 7 aux 1\n t=40 mode 7 avail");
    s.t = at(50);
    s.send(AgentState{s.t, 7, 0, 0, AgentMode::Ring, AgentMode::Aux, 1, Direction::None, 0});
    s.send(AgentState{at(60), 7, 0, 0, AgentMode::Aux, AgentMode::Avail, 0, Direction::None, 0});
    CHECK(activities(s.sink, 7) ==
          "0+10 WORKMODE=4\n10+20 INCOMPLETE=1 WORKMODE=1\n30+10 WORKMODE=4 AUXREASON=1\n40+10 INCOMPLETE=1 "
          "WORKMODE=1\n50+10 WORKMODE=4 AUXREASON=1\n");
}

TEST_CASE("trace: another list begins with INCOMPLETE activities and ends without records") {
    Script s = traced({7});
    s("t=0 login 7 skills 1\n t=0 login 8 skills 1\n t=10 mode 8 avail\n t=10 mode 7 avail");
    const std::array<u64, 2> next{9, 8};
    s.fold.trace(next);
    CHECK(s.fold.traced() == std::vector<u64>{8, 9});
    s("t=20 mode 7 aux 1\n t=30 mode 8 aux 1\n t=40 mode 8 avail\n t=50 login 9 skills 1\n t=60 mode 9 "
      "avail");
    CHECK(activities(s.sink, 7) == "0+10 WORKMODE=4\n");
    CHECK(activities(s.sink, 8) == "10+20 INCOMPLETE=1 WORKMODE=1\n30+10 WORKMODE=4 AUXREASON=1\n");
    CHECK(activities(s.sink, 9) == "50+10 WORKMODE=4\n");
    s.fold.trace({});
    s("t=70 mode 8 aux 1\n t=80 mode 8 avail");
    CHECK(activities(s.sink, 8).find("40+") == std::string::npos);
}

TEST_CASE(
    "trace: a fold that was saved in the middle of activities tells the same ones; one saved without is "
    "read") {
    Script whole = traced({7, 8});
    Script cut = traced({7, 8});
    const char* const first =
        "t=0 login 7 skills 1\n t=60 mode 7 avail\n t=61 seized 1\n t=62 queued 1 skill 1\n t=63 ring 1 "
        "agent 7 skill 1";
    const char* const then = "t=70 answer 1\n t=90 release 1 acw\n t=95 done 7\n t=99 logout 7";
    whole(first)(then);
    cut(first);
    std::vector<std::byte> state;
    cut.fold.save(state);
    Fold loaded(Acd{1}, kSmall);
    REQUIRE(loaded.load(state).has_value());
    CHECK(loaded.traced() == std::vector<u64>{7, 8});
    cut.fold = std::move(loaded);
    cut(then);
    CHECK(cut.sink.rows == whole.sink.rows);

    Script without = traced({});
    without(first);
    state.clear();
    without.fold.save(state);
    Fold old(Acd{1}, kSmall);
    REQUIRE(old.load(state).has_value());
    CHECK(old.traced().empty());
}

}  // namespace twinlink::test
