// The moment as people see it: who is where, who waits, since when.
#include "tests/fold/script.hpp"
#include "tests/fold/sim_stream.hpp"

#include <twinlink/real_time.hpp>

#include <algorithm>

namespace twinlink::test {
namespace {

RealTime look(const Fold& fold) {
    RealTime now;
    fold.look(now);
    return now;
}
u64 after_nine(u64 time) { return (time - kNine) / 1'000'000'000; }
const SkillNow& skill(const RealTime& now, u16 number) {
    return *std::ranges::find(now.skills, number, &SkillNow::skill);
}
const AgentNow& agent(const RealTime& now, u64 id) {
    return *std::ranges::find(now.agents, id, &AgentNow::agent);
}

}  // namespace

TEST_CASE(
    "real time: calls in queues and the longest wait, agents in their modes since when, in each skill") {
    Script s;
    s(R"(
        t=0 login 7 skills 1 2
        t=5 mode 7 avail
        t=6 login 8 skills 1
        t=10 queued 1 skill 1
        t=12 queued 2 skill 1
        t=14 ring 1 agent 7 skill 1
        t=20 mode 8 aux 3)");
    const RealTime ringing = look(s.fold);
    CHECK(ringing.certain);
    CHECK(ringing.calls == 2);
    CHECK(after_nine(ringing.time) == 20);
    CHECK(ringing.interval_start == kNine);
    CHECK(skill(ringing, 1).in_queue == 2);
    CHECK(skill(ringing, 1).ringing_calls == 1);
    CHECK(after_nine(skill(ringing, 1).oldest_since) == 10);
    CHECK(skill(ringing, 1).staffed == 2);
    CHECK(skill(ringing, 1).ringing == 1);
    CHECK(skill(ringing, 1).in_aux == 1);
    CHECK(skill(ringing, 2).staffed == 1);
    CHECK(skill(ringing, 2).other == 1);  // rings for the other skill
    CHECK(agent(ringing, 7).mode == AgentMode::Ring);
    CHECK(after_nine(agent(ringing, 7).since) == 14);
    CHECK(agent(ringing, 7).call == 1);
    CHECK(agent(ringing, 7).skills == 2);
    CHECK(agent(ringing, 8).reason == 3);
    CHECK(after_nine(agent(ringing, 8).since) == 20);
    CHECK(after_nine(agent(ringing, 8).login) == 6);

    s("t=25 answer 1\nt=40 release 1 acw");
    const RealTime working = look(s.fold);
    CHECK(skill(working, 1).in_queue == 1);
    CHECK(after_nine(skill(working, 1).oldest_since) == 12);
    CHECK(skill(working, 1).in_work == 1);
    CHECK(after_nine(agent(working, 7).since) == 40);
    s("t=50 logout 8");
    CHECK(look(s.fold).agents.size() == 1);
    s.lose(3);
    CHECK_FALSE(look(s.fold).certain);
}

TEST_CASE("real time: a checkpoint keeps it, and looking changes nothing") {
    sim::CentreConfig centre;
    centre.agents = 40;
    centre.start = Nanos{kNine};
    centre.end = centre.start + 5'400_s;
    const SimStream stream(centre);
    Fold fold(Acd{1}, {});
    RowsSink sink;
    for (std::size_t from = 0; from < stream.size(); from += 997) {
        run(fold, sink, stream, from, std::min(from + 997, stream.size()), 64);
        std::vector<std::byte> before;
        fold.save(before);
        const RealTime now = look(fold);
        std::vector<std::byte> after;
        fold.save(after);
        CHECK(before == after);
        u64 staffed = 0;
        for (const SkillNow& s : now.skills) {
            CHECK(s.available + s.ringing + s.on_calls + s.in_work + s.in_aux + s.other == s.staffed);
            CHECK((s.oldest_since == 0) == (s.in_queue == 0));
            CHECK(s.oldest_since <= now.time);
            staffed += s.staffed;
        }
        u64 logged_in = 0;
        for (const AgentNow& a : now.agents) logged_in += a.skills;
        CHECK(staffed == logged_in);
        Fold other(Acd{1}, {});
        REQUIRE(other.load(before).has_value());
        const RealTime same = look(other);
        CHECK(std::ranges::equal(same.agents, now.agents, {}, &AgentNow::since, &AgentNow::since));
        CHECK(std::ranges::equal(same.skills, now.skills, {}, &SkillNow::oldest_since,
                                 &SkillNow::oldest_since));
    }
}

}  // namespace twinlink::test
