// Input that must not be: counted by kind, changes nothing it should not, marks the rows it touches; bounds;
// and noise.
#include "tests/fold/script.hpp"
#include "tests/fold/sim_stream.hpp"

namespace twinlink::test {
namespace {

constexpr auto kStaff = R"(
    t=0 login 7 skills 1
    t=0 mode 7 avail)";

struct Case {
    FoldCounter counter;
    const char* lines;
    bool marks = true;  ///< skill 1's row is INCOMPLETE afterwards
};

}  // namespace

TEST_CASE("each kind of illegal input is counted once as what it is, and marks the rows it touches") {
    using enum FoldCounter;
    const Case cases[] = {
        {UnknownCall, "t=10 ring 1 agent 7 skill 1"},
        {UnknownCall, "t=10 dequeue 1 skill 1"},
        {UnknownCall, "t=10 busy 9", false},
        {UnknownCall, "t=10 idle 9", false},
        {SeizedTwice, "t=10 seized 1\n t=10 queued 1 skill 1\n t=11 seized 1"},
        {QueuedTwice, "t=10 queued 1 skill 1\n t=11 queued 1 skill 1"},
        {TooManyQueues,
         "t=10 queued 1 skill 1\n t=10 queued 1 skill 2\n t=10 queued 1 skill 3\n t=10 queued 1 skill 4"},
        {UnknownSkill, "t=10 queued 1 skill 1\n t=10 queued 1 skill 9 pos 2"},
        {DequeuedUnqueued, "t=10 queued 1 skill 1\n t=11 dequeue 1 skill 2"},
        {RangUnqueued, "t=10 queued 1 skill 2\n t=11 ring 1 agent 7 skill 1"},
        {HeldUntalked, "t=10 queued 1 skill 1\n t=11 hold 1"},
        {RetrievedUnheld,
         "t=10 queued 1 skill 1\n t=10 ring 1 agent 7 skill 1\n t=11 answer 1\n t=12 retrieve 1"},
        {ReleasedUntalked, "t=10 queued 1 skill 1\n t=10 ring 1 agent 7 skill 1\n t=11 release 1 avail"},
        {RedirectedUnrung, "t=10 queued 1 skill 1\n t=11 redirect 1 same"},
        {AbandonedElsewhere, "t=10 queued 1 skill 1\n t=11 abandon 1 vector"},
        {EventWithoutCall, "t=10 queued 1 skill 1\n t=10 ring 1 agent 7 skill 1\n t=11 assist 1"},
        {SecondLogin, "t=10 login 7 skills 1"},
        {StateOfUnstaffed, "t=10 logout 7\n t=11 skill 7 1 1"},
        {PreviousModeDiffers, ""},
        {BadTransition, "t=10 mode 7 acd"},
        {SkillOfOthers, "t=10 skill 7 3 0"},
        {LogoutOnCall, "t=10 queued 1 skill 1\n t=10 ring 1 agent 7 skill 1\n t=11 answer 1\n t=12 logout 7"},
        {UnknownAgent, "t=10 logout 7\n t=10 queued 1 skill 1\n t=11 ring 1 agent 7 skill 1"},
    };
    for (const Case& c : cases) {
        CAPTURE(info(c.counter).name);
        CAPTURE(c.lines);
        Script s;
        s(kStaff)(c.lines);
        if (c.counter == PreviousModeDiffers)
            s.send(AgentState{s.t + 1'000'000'000, 7, 0, 0, AgentMode::Aux, AgentMode::Avail, 0,
                              Direction::None, 0});
        s("t=20 mode 7 avail");
        CHECK(s.count(c.counter) >= 1);
        CHECK(s.hsplit_row(1).starts_with("INCOMPLETE=1") == c.marks);
        s("t=1800 boundary\n t=3600 boundary");
    }
}

TEST_CASE("illegal input leaves what it does not concern as it was") {
    Script clean;
    Script noisy;
    const char* const life = R"(
        t=10 queued 1 skill 1
        t=20 abandon 1 queue
        t=30 queued 2 skill 2
        t=50 abandon 2 queue)";
    clean(kStaff)(life);
    noisy(kStaff);
    noisy.send(CallAnswered{noisy.t, 77, 99, 0, Offer::Skill, 0, 0});
    noisy.send(AgentState{noisy.t, 99, 0, 0, AgentMode::Avail, AgentMode::Aux, 0, Direction::None, 0});
    noisy.send(CallQueued{noisy.t, 0, 0, 2, Priority::Low, 1, QueuedBy::QueueTo, 0, 0});
    noisy(life);
    CHECK(noisy.hsplit_row(1) == clean.hsplit_row(1));
    CHECK(noisy.hsplit_row(2).substr(0, 13) == "INCOMPLETE=1 ");  // the call without a number named it
    CHECK(noisy.hsplit_row(2).substr(13) == clean.hsplit_row(2));
    CHECK(noisy.count(FoldCounter::BadValue) == 1);
}

TEST_CASE(
    "a full table: what does not fit is counted, and everything is uncertain until a pump-up makes it "
    "known") {
    Script s({.calls = 4, .agents = 2, .skills = 8, .agent_skills = 4});
    s("t=10 queued 1 skill 1\n t=10 queued 2 skill 1\n t=10 queued 3 skill 1\n t=10 queued 4 skill 1");
    CHECK(s.count(FoldCounter::CallsFull) == 0);
    s("t=11 queued 5 skill 1");
    CHECK(s.count(FoldCounter::CallsFull) == 1);
    s("t=20 queued 6 skill 2\n t=30 abandon 1 queue\n t=30 abandon 2 queue\n t=30 abandon 3 queue\n t=30 "
      "abandon 4 queue");
    CHECK(s.hsplit_row(1).starts_with("INCOMPLETE=1"));
    s.t = kNine + 40'000'000'000;
    s.pump_up();
    s("t=1800 boundary\n t=1810 queued 7 skill 1\n t=1820 abandon 7 queue");
    CHECK(s.hsplit_row(1, 1800) ==
          "CALLSOFFERED=1 MAXOCWTIME=10s ABNCALLS1=1 ABNCALLS=1 ABNTIME=10s SLVLABNS=1");

    Script agents({.calls = 4, .agents = 2, .skills = 8, .agent_skills = 4});
    agents("t=1 login 1 skills 1 2\n t=1 login 2 skills 1 2 3\n t=1 login 3 skills 1");
    CHECK(agents.count(FoldCounter::AgentsFull) >= 1);
    CHECK(agents.count(FoldCounter::AgentSkillsFull) >= 1);
    CHECK(agents.hsplit_row(1).starts_with("INCOMPLETE=1"));
}

TEST_CASE("time that steps back: a little waits, much is a clock set without notice and marks the interval") {
    Script s;
    s("t=100 queued 1 skill 1\n t=95 queued 2 skill 1\n t=110 abandon 1 queue\n t=110 abandon 2 queue");
    CHECK(s.count(FoldCounter::TimeBackwards) == 1);
    CHECK(s.hsplit_row(1).find("ABNTIME=20s") != std::string::npos);
    s("t=50 queued 3 skill 1\n t=60 abandon 3 queue");
    CHECK(s.count(FoldCounter::ClockStepped) == 1);
    CHECK(s.hsplit_row(1).starts_with("INCOMPLETE=1"));
    CHECK(s.hsplit_row(1).find("ABNTIME=30s") != std::string::npos);
}

TEST_CASE("a boundary that cannot be is counted and cuts nothing") {
    Script s;
    s.send(IntervalBoundary{kNine + 5, 0, 30, 0, 0});
    s.send(IntervalBoundary{kNine + 6, kNine + 6, 31, 0, 0});
    CHECK(s.count(FoldCounter::BadBoundary) == 2);
    CHECK(s.sink.intervals.size() == 1);
}

TEST_CASE("messages of a legal stream in any order, with any bytes in them, never harm: seeded noise") {
    for (u64 seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        const SimStream s(centre(seed, 15, 2));
        Fold fold(Acd{1}, {.calls = 64, .agents = 12, .skills = 4, .agent_skills = 24});
        RowsSink sink;
        run(fold, sink, s, 0, s.size() / 8, 500);
        for (u32 n = 0; n < 30'000; ++n) {
            const std::size_t i = random() % s.size();
            const Bytes one = s.range(i, i + 1);
            std::vector<std::byte> bytes(one.begin(), one.end());
            // Half of them with some bytes of the block changed; the header stays valid, as validation
            // guarantees.
            if (random() % 2 == 0) {
                for (u64 k = random() % 4; k != 0; --k)
                    bytes[sizeof(SbeHeader) + random() % (bytes.size() - sizeof(SbeHeader))] =
                        static_cast<std::byte>(random());
            }
            if (random() % 500 == 0) fold.missing(1 + random() % 9);
            if (random() % 3'000 == 0) fold.begin_epoch(Epoch{seed * 100'000 + n}, sink);
            fold.apply(Seq{1 + n}, bytes, 1, sink);
            if (random() % 1'000 == 0) fold.flush(sink);
        }
        CHECK(fold.counter(FoldCounter::IdentityBroken) == 0);
        std::vector<std::byte> bytes;
        fold.save(bytes);
        Fold again(Acd{1}, {.calls = 64, .agents = 12, .skills = 4, .agent_skills = 24});
        CHECK(again.load(bytes).has_value());
    }
}

}  // namespace twinlink::test
