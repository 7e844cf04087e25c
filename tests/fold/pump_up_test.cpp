// Pump-ups and losses: what is corrected, what stays, which rows are INCOMPLETE, and boundaries lost in a
// gap.
#include "tests/fold/script.hpp"

namespace twinlink::test {
namespace {

AgentSnapshot agent(u64 id, AgentMode mode, u16 oldest, u64 call = 0, u16 skill = 0) {
    return {0, id,     kNine, call, kNine, static_cast<u32>(2'000 + id), skill, mode, 0, Direction::None,
            0, oldest, 0};
}
AgentSkill has(u64 id, u16 skill, u8 level = 1) { return {0, id, skill, level, 0, 0, 0, 0}; }
CallSnapshot in_queue(u64 call, u64 since, u16 skill) {
    CallSnapshot c{};
    c.call = call;
    c.started = c.since = c.queued_at = since;
    c.skill[0] = skill;
    c.place = CallPlace::Queue;
    c.priority = Priority::Medium;
    c.direction = CallDirection::In;
    return c;
}

}  // namespace

TEST_CASE("before its first whole pump-up the fold ignores everything, and then the interval is INCOMPLETE") {
    Fold fold(Acd{1}, kSmall);
    RowsSink sink;
    fold.begin_epoch(Epoch{1}, sink);
    std::array<std::byte, 64> bytes;
    const u32 n = write_message(bytes.data(), AgentLogin{kNine, 7, 1, 0});
    fold.apply(Seq{1}, Bytes(bytes).first(n), 1, sink);
    CHECK(fold.counter(FoldCounter::IgnoredBeforePumpUp) == 1);
    CHECK(sink.intervals.empty());
    CHECK(fold.interval_of(Nanos{kNine}) == 0);
}

TEST_CASE("a pump-up of what is known changes nothing, not one bit of the rows") {
    const char* const before = R"(
        t=0 login 7 skills 1 2
        t=0 mode 7 avail
        t=10 queued 1 skill 1
        t=10 queued 2 skill 1
        t=11 ring 1 agent 7 skill 1
        t=12 answer 1)";
    const char* const after = "t=50 release 1 acw\n t=60 done 7\n t=70 abandon 2 queue";
    Script without;
    without(before)(after);
    Script with;
    with(before);
    with.t = kNine + 30'000'000'000;
    CallSnapshot talking = in_queue(1, kNine + 12'000'000'000, 1);
    talking.place = CallPlace::Talking;
    talking.agent = 7;
    with.pump_up({has(7, 1), has(7, 2, 2)}, {agent(7, AgentMode::Acd, 1, 1, 1)},
                 {talking, in_queue(2, kNine + 10'000'000'000, 1)});
    with(after);
    CHECK(with.sink.rows == without.sink.rows);
    for (const FoldCounter c :
         {FoldCounter::AgentsCorrected, FoldCounter::AgentSkillsCorrected, FoldCounter::CallsCorrected,
          FoldCounter::CallsDropped, FoldCounter::AgentsDropped})
        CHECK(with.count(c) == 0);
}

TEST_CASE("after a loss the pump-up corrects agents, skills and calls; the next interval is exact again") {
    Script s;
    s(R"(
        t=0 login 7 skills 1
        t=0 login 8 skills 1
        t=10 queued 1 skill 1
        t=20 lose 5)");
    s.t = kNine + 30'000'000'000;
    s.pump_up({has(7, 1), has(7, 3, 2), has(9, 2)},
              {agent(7, AgentMode::Avail, 1), agent(9, AgentMode::Aux, 2)},
              {in_queue(3, kNine + 15'000'000'000, 2)});
    CHECK(s.count(FoldCounter::AgentsCorrected) >= 2);
    CHECK(s.count(FoldCounter::AgentsDropped) == 1);
    CHECK(s.count(FoldCounter::AgentSkillsCorrected) == 2);
    CHECK(s.count(FoldCounter::CallsCorrected) == 1);
    CHECK(s.count(FoldCounter::CallsDropped) == 1);
    s("t=1800 boundary\n t=1900 abandon 3 queue\n t=3600 boundary");
    CHECK(s.hsplit_times(1).starts_with("INCOMPLETE=1"));
    CHECK(s.hsplit_times(1, 1800) == "MAXSTAFFED=1 MAXTOP=1 I_STAFFTIME=1800s I_AVAILTIME=1800s");
    CHECK(s.hagent_times(9, 2, 1800) ==
          "I_STAFFTIME=1800s TI_STAFFTIME=1800s TI_AUXTIME=1800s TI_AUXTIME0=1800s");
    // The restored call reached skill 2's row in the second interval: its past is a guess.
    CHECK(s.hsplit_row(2, 1800).starts_with("INCOMPLETE=1 CALLSOFFERED=1"));
    const IntervalRecord& r = s.sink.intervals.at({kNine, 0});
    CHECK(r.missing == 5);
    CHECK(r.incomplete == 1);
    CHECK(s.sink.intervals.at({kNine + 1'800'000'000'000, 0}).missing == 0);
}

TEST_CASE("a torn pump-up corrects nothing and the uncertainty stays") {
    Script s;
    s("t=0 login 7 skills 1\n t=0 mode 7 avail\n t=10 lose 1");
    s.t = kNine + 30'000'000'000;
    s.pump_up({}, {}, {}, 1);
    CHECK(s.count(FoldCounter::PumpUpsTorn) == 1);
    CHECK(s.count(FoldCounter::AgentsDropped) == 0);
    s("t=1800 boundary\n t=3600 boundary");
    CHECK(s.hsplit_times(1, 1800).starts_with("INCOMPLETE=1"));
    s.t = kNine + 3'700'000'000'000;
    s.pump_up({has(7, 1)}, {agent(7, AgentMode::Avail, 1)});
    s("t=5400 boundary\n t=7200 boundary");
    CHECK(s.hsplit_times(1, 5400) == "MAXSTAFFED=1 MAXTOP=1 I_STAFFTIME=1800s I_AVAILTIME=1800s");
}

TEST_CASE("names missing inside a pump-up tear it") {
    Script s;
    s.send(PumpUpBegin{s.t, PumpUpWhy::Audit, 0, 0, 0});
    s.lose(1);
    s.send(PumpUpEnd{});
    CHECK(s.count(FoldCounter::PumpUpsTorn) == 1);
    CHECK(s.count(FoldCounter::PumpUpStray) == 1);
}

TEST_CASE("boundaries lost in a gap are cut by the fold, each interval INCOMPLETE, none cut twice") {
    Script s;
    s("t=0 login 7 skills 1\n t=100 lose 9\n t=5500 mode 7 avail\n t=7200 boundary");
    CHECK(s.count(FoldCounter::SelfCuts) == 3);
    REQUIRE(s.sink.intervals.size() == 5);
    for (const u64 start : {0, 1800, 3600, 5400})
        CHECK(s.sink.intervals.at({kNine + start * 1'000'000'000, 0}).incomplete == 1);
    CHECK(s.hagent_times(7, 1, 1800).starts_with("INCOMPLETE=1 I_STAFFTIME=1800s"));

    Script just;  // the gap ends with the boundary itself
    just("t=0 login 7 skills 1\n t=100 lose 9\n t=3600 boundary");
    CHECK(just.count(FoldCounter::SelfCuts) == 1);
    CHECK(just.sink.intervals.size() == 3);
}

TEST_CASE("a changed setting sets its flag and makes the row INCOMPLETE, the new value stands in it") {
    Script s;
    s("t=0 login 7 skills 1\n t=10 mode 7 avail");
    s.send(PumpUpBegin{s.t, PumpUpWhy::Audit, 0, 0, 0});
    s.send(SkillInfo{s.t, 1, 30, {10, 20, 30, 40, 50, 60, 70, 80, 95}, 0, {'s'}});
    s("t=20 mode 7 aux");
    const RowKey key{TableId::Hsplit, Acd{1}, kNine, 0, 1, 0};
    const KeptRow& row = s.sink.rows.at(key);
    CHECK(row.incomplete());
    CHECK(row.items[hsplit("SVCLEVELCHG")] == 1);
    CHECK(row.items[hsplit("PERIODCHG")] == 1);
    CHECK(row.items[hsplit("SERVICELEVEL")] == 30);
    CHECK(row.items[hsplit("PERIOD9")] == 95);
}

TEST_CASE("names go to the sink when new or changed, not with every pump-up") {
    Script s;
    const auto names = s.sink.names.size();
    CHECK(names == 5);
    s.pump_up();
    CHECK(s.sink.names.size() == names);
    s.send(AgentInfo{s.t, 7, {'A'}});
    s.send(AgentInfo{s.t, 7, {'B'}});
    s.send(AgentInfo{s.t, 7, {'B'}});
    CHECK(s.sink.names.size() == names + 2);
}

TEST_CASE(
    "a new epoch: calls of the old one are aborted, agents go on from the snapshot, the time between is "
    "INCOMPLETE") {
    Script s;
    s("t=0 login 7 skills 1\n t=0 mode 7 avail\n t=10 queued 1 skill 2");
    s.fold.begin_epoch(Epoch{kNine + 1}, s.sink);
    CHECK(s.count(FoldCounter::CallsAborted) == 1);
    s.t = kNine + 60'000'000'000;
    s.pump_up({has(7, 1)}, {agent(7, AgentMode::Avail, 1)});
    s("t=1800 boundary\n t=3600 boundary");
    CHECK(s.hsplit_times(2).starts_with("INCOMPLETE=1"));
    CHECK(s.hagent_times(7, 1).starts_with("INCOMPLETE=1"));
    CHECK(s.hagent_times(7, 1, 1800) ==
          "I_STAFFTIME=1800s I_AVAILTIME=1800s TI_STAFFTIME=1800s TI_AVAILTIME=1800s");
}

TEST_CASE("the catalogue finds columns by their full names, and every column has a text") {
    for (const Table& t : kTables) {
        for (u16 i = 0; i < t.columns; ++i) {
            const Column c = column_at(t, i);
            const auto found = find_column(t, name_of(c));
            REQUIRE(found.has_value());
            CHECK(found->index + (c.item->unit == ItemUnit::Text ? c.number : 0) == i);
            CHECK(c.item->help.ends_with("."));
        }
    }
    CHECK(hsplit("I_AUXTIME37") == hsplit("I_AUXTIME0") + 37);
    CHECK_FALSE(find_column(kTables[0], "ACDCALLS11").has_value());
    CHECK_FALSE(find_column(kTables[0], "ACDCALLS0").has_value());
    CHECK_FALSE(find_column(kTables[0], "I_AUXTIME007").has_value());
    CHECK_FALSE(find_column(kTables[0], "SPLIT").has_value());
}

}  // namespace twinlink::test
