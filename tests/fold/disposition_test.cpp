// Every line of the disposition matrix, and what else is counted about a call: what moves in the rows, and
// only that.
#include "tests/fold/script.hpp"

namespace twinlink::test {
namespace {

constexpr auto kStaff = R"(
    t=0 login 7 skills 1 2 3
    t=0 mode 7 avail)";
constexpr auto kThreeQueues = R"(
    t=100 seized 1
    t=100 queued 1 skill 1
    t=110 queued 1 skill 2 pos 2
    t=120 queued 1 skill 3 pos 3)";
constexpr auto kDequeued2 = "CALLSOFFERED=1 DEQUECALLS=1 DEQUETIME=20s OTHERCALLS=1 OTHERTIME=20s";
constexpr auto kDequeued3 = "CALLSOFFERED=1 DEQUECALLS=1 DEQUETIME=10s OTHERCALLS=1 OTHERTIME=10s";

}  // namespace

TEST_CASE("answered in the first-queued skill: ACDCALLS there, the other queues are dequeued") {
    Script s;
    s(kStaff)(kThreeQueues)(R"(
        t=125 ring 1 agent 7 skill 1
        t=130 answer 1
        t=160 release 1 acw
        t=160 idle 1
        t=175 done 7)");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=1 ACDCALLS=1 ANSTIME=30s ACDTIME=30s ACWTIME=15s RINGCALLS=1 RINGTIME=5s "
          "MAXOCWTIME=30s "
          "ACDCALLS3=1 MEDCALLS=1");
    CHECK(s.hsplit_row(2) == kDequeued2);
    CHECK(s.hsplit_row(3) == kDequeued3);
    CHECK(s.hagent_row(7, 1) == "ACDCALLS=1 ACDTIME=30s ACWTIME=15s ANSRINGTIME=5s RINGCALLS=1 RINGTIME=5s");
    CHECK(s.hagent_row(7, 2) == "");
}

TEST_CASE("answered in the second skill: outflow from the first, inflow and ACDCALLS in the second") {
    Script s;
    s(kStaff)(kThreeQueues)(R"(
        t=125 ring 1 agent 7 skill 2
        t=130 answer 1
        t=160 release 1 by agent avail)");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=1 MAXOCWTIME=30s OUTFLOWCALLS=1 OUTFLOWTIME=30s OTHERCALLS=1 OTHERTIME=30s");
    CHECK(s.hsplit_row(2) ==
          "CALLSOFFERED=1 ACDCALLS=1 ANSTIME=20s ACDTIME=30s RINGCALLS=1 RINGTIME=5s ACCEPTABLE=1 "
          "MAXOCWTIME=20s "
          "ACDCALLS2=1 INFLOWCALLS=1 MEDCALLS=1");
    CHECK(s.hsplit_row(3) == kDequeued3);
    CHECK(s.hagent_row(7, 2) ==
          "ACDCALLS=1 ACDTIME=30s ANSRINGTIME=5s RINGCALLS=1 RINGTIME=5s ACD_RELEASE=1");
}

TEST_CASE("abandon in queue: only the primary counts it") {
    Script s;
    s(kStaff)(kThreeQueues)("t=130 abandon 1 queue");
    CHECK(s.hsplit_row(1) == "CALLSOFFERED=1 MAXOCWTIME=30s ABNCALLS3=1 ABNCALLS=1 ABNTIME=30s");
    CHECK(s.hsplit_row(2) == kDequeued2);
    CHECK(s.hsplit_row(3) == kDequeued3);
}

TEST_CASE("abandon while ringing: the skill that delivered it counts it") {
    Script s;
    s(kStaff)(kThreeQueues)(R"(
        t=125 ring 1 agent 7 skill 1
        t=130 abandon 1 ringing)");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=1 RINGCALLS=1 RINGTIME=5s MAXOCWTIME=30s ABNCALLS3=1 ABNCALLS=1 ABNTIME=30s "
          "ABNRINGCALLS=1");
    CHECK(s.hsplit_row(2) == kDequeued2);
    CHECK(s.hagent_row(7, 1) == "RINGCALLS=1 RINGTIME=5s ABNCALLS=1 ABNTIME=5s");

    Script second;
    second(kStaff)(kThreeQueues)(R"(
        t=125 ring 1 agent 7 skill 2
        t=130 abandon 1 ringing)");
    CHECK(second.hsplit_row(1) ==
          "CALLSOFFERED=1 MAXOCWTIME=30s OUTFLOWCALLS=1 OUTFLOWTIME=30s OTHERCALLS=1 OTHERTIME=30s");
    CHECK(second.hsplit_row(2) ==
          "CALLSOFFERED=1 RINGCALLS=1 RINGTIME=5s MAXOCWTIME=20s ABNCALLS2=1 ABNCALLS=1 ABNTIME=20s "
          "ABNRINGCALLS=1 "
          "SLVLABNS=1 INFLOWCALLS=1");
    CHECK(second.hsplit_row(3) == kDequeued3);
}

TEST_CASE("abandon in a vector, not queued: nothing of skills and agents moves") {
    Script s;
    s(kStaff)("t=10 seized 1\n t=10 vdn 1\n t=30 abandon 1 vector\n t=30 idle 1");
    CHECK(s.hsplit_row(1) == "");
    CHECK(s.count(FoldCounter::UnknownCall) == 0);
}

TEST_CASE("abandon on hold: stays an ACD call, plus HOLDABNCALLS; hold is not talk") {
    Script s;
    s(kStaff)(R"(
        t=10 queued 1 skill 1
        t=12 ring 1 agent 7 skill 1
        t=15 answer 1
        t=25 hold 1
        t=40 retrieve 1
        t=50 hold 1
        t=57 abandon 1 hold acw
        t=60 done 7)");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=1 ACDCALLS=1 ANSTIME=5s ACDTIME=20s ACWTIME=3s RINGCALLS=1 RINGTIME=3s ACCEPTABLE=1 "
          "MAXOCWTIME=5s ACDCALLS1=1 HOLDCALLS=1 HOLDTIME=22s HOLDABNCALLS=1 MEDCALLS=1");
    CHECK(s.hagent_row(7, 1) ==
          "ACDCALLS=1 ACDTIME=20s ACWTIME=3s ANSRINGTIME=3s RINGCALLS=1 RINGTIME=3s HOLDCALLS=1 HOLDTIME=22s "
          "HOLDACDTIME=22s HOLDABNCALLS=1");
}

TEST_CASE("phantom abandon: ABNCALLS and PHANTOMABNS, not ACDCALLS; a talk as long as the timer is none") {
    Script s(kSmall, 5);
    s(kStaff)(R"(
        t=10 queued 1 skill 1
        t=12 ring 1 agent 7 skill 1
        t=15 answer 1
        t=19.9 release 1 avail
        t=30 queued 2 skill 1
        t=30 ring 2 agent 7 skill 1
        t=31 answer 2
        t=36 release 2 avail)");
    CHECK(
        s.hsplit_row(1) ==
        "CALLSOFFERED=2 ACDCALLS=1 ANSTIME=1s ACDTIME=5s RINGCALLS=2 RINGTIME=4s ACCEPTABLE=1 MAXOCWTIME=5s "
        "ACDCALLS1=1 ABNCALLS1=1 ABNCALLS=1 ABNTIME=5s PHANTOMABNS=1 SLVLABNS=1 MEDCALLS=1");
    CHECK(s.hagent_row(7, 1) ==
          "ACDCALLS=1 ACDTIME=5s ANSRINGTIME=1s RINGCALLS=2 RINGTIME=4s ABNCALLS=1 ABNTIME=3s PHANTOMABNS=1");
}

TEST_CASE("forced busy and forced disconnect: the primary counts it, the others are dequeued") {
    Script busy;
    busy(kStaff)(kThreeQueues)("t=130 busy 1");
    CHECK(busy.hsplit_row(1) ==
          "CALLSOFFERED=1 MAXOCWTIME=30s BUSYCALLS=1 BUSYTIME=30s OTHERCALLS=1 OTHERTIME=30s");
    CHECK(busy.hsplit_row(2) == kDequeued2);
    Script disc;
    disc(kStaff)(kThreeQueues)("t=130 disc 1");
    CHECK(disc.hsplit_row(1) ==
          "CALLSOFFERED=1 MAXOCWTIME=30s DISCCALLS=1 DISCTIME=30s OTHERCALLS=1 OTHERTIME=30s");
    CHECK(disc.hsplit_row(3) == kDequeued3);
}

TEST_CASE("route-to: outflow, off the switch also interflow, within the service level also SLVLOUTFLOWS") {
    for (const char* to : {"vdn", "ext"}) {
        Script s;
        s(kStaff)(kThreeQueues)(std::string("t=130 outflow 1 ") + to + "\n t=131 connected 1");
        CHECK(s.hsplit_row(1) ==
              "CALLSOFFERED=1 MAXOCWTIME=30s OUTFLOWCALLS=1 OUTFLOWTIME=30s OTHERCALLS=1 OTHERTIME=30s");
        CHECK(s.hsplit_row(2) == kDequeued2);
    }
    Script off;
    off("t=10 queued 1 skill 1\n t=30 outflow 1 off");
    CHECK(off.hsplit_row(1) ==
          "CALLSOFFERED=1 MAXOCWTIME=20s SLVLOUTFLOWS=1 OUTFLOWCALLS=1 OUTFLOWTIME=20s INTERFLOWCALLS=1 "
          "OTHERCALLS=1 "
          "OTHERTIME=20s");
}

TEST_CASE("redirection to the same skill: NOANSREDIR, outflow and inflow, and it queues again") {
    Script s;
    s(kStaff)(R"(
        t=100 queued 1 skill 1
        t=101 queued 1 skill 2 pos 2
        t=110 ring 1 agent 7 skill 1
        t=122 redirect 1 same aux
        t=122 queued 1 skill 1 by redirect prio top
        t=140 mode 7 avail
        t=140 ring 1 agent 7 skill 1
        t=142 answer 1
        t=150 release 1 avail)");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=2 ACDCALLS=1 ANSTIME=20s ACDTIME=8s RINGCALLS=2 RINGTIME=14s ACCEPTABLE=1 "
          "MAXOCWTIME=22s "
          "ACDCALLS2=1 OUTFLOWCALLS=1 OUTFLOWTIME=22s INFLOWCALLS=1 OTHERCALLS=1 OTHERTIME=22s BACKUPCALLS=1 "
          "TOPCALLS=1 "
          "NOANSREDIR=1");
    CHECK(s.hsplit_row(2) == "CALLSOFFERED=1 DEQUECALLS=1 DEQUETIME=41s OTHERCALLS=1 OTHERTIME=41s");
    CHECK(s.hagent_row(7, 1) == "ACDCALLS=1 ACDTIME=8s ANSRINGTIME=2s RINGCALLS=2 RINGTIME=14s NOANSREDIR=1");
}

TEST_CASE(
    "redirection to a VDN: NOANSREDIR and outflow, all queues are left, and the next skill sees no inflow") {
    Script s;
    s(kStaff)(R"(
        t=100 queued 1 skill 1
        t=101 queued 1 skill 2 pos 2
        t=110 ring 1 agent 7 skill 1
        t=122 redirect 1 vdn
        t=125 queued 1 skill 3
        t=130 ring 1 agent 7 skill 3
        t=131 answer 1
        t=133 release 1 avail)");
    CHECK(
        s.hsplit_row(1) ==
        "CALLSOFFERED=1 RINGCALLS=1 RINGTIME=12s MAXOCWTIME=22s OUTFLOWCALLS=1 OUTFLOWTIME=22s OTHERCALLS=1 "
        "OTHERTIME=22s NOANSREDIR=1");
    CHECK(s.hsplit_row(2) == "CALLSOFFERED=1 DEQUECALLS=1 DEQUETIME=21s OTHERCALLS=1 OTHERTIME=21s");
    CHECK(
        s.hsplit_row(3) ==
        "CALLSOFFERED=1 ACDCALLS=1 ANSTIME=6s ACDTIME=2s RINGCALLS=1 RINGTIME=1s ACCEPTABLE=1 MAXOCWTIME=6s "
        "ACDCALLS1=1 MEDCALLS=1");
}

TEST_CASE("dequeue by command: the primary flows out, another is dequeued") {
    Script s;
    s(kThreeQueues)("t=130 dequeue 1 skill 3\n t=130 dequeue 1 skill 1\n t=140 abandon 1 queue");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=1 MAXOCWTIME=30s OUTFLOWCALLS=1 OUTFLOWTIME=30s OTHERCALLS=1 OTHERTIME=30s");
    CHECK(s.hsplit_row(2) == "CALLSOFFERED=1 MAXOCWTIME=30s ABNCALLS3=1 ABNCALLS=1 ABNTIME=30s");
    CHECK(s.hsplit_row(3) == kDequeued3);
}

TEST_CASE("transfer, conference, strokes and assists belong to the conversation and are booked with it") {
    Script s;
    s(kStaff)(R"(
        t=10 seized 1 adjunct
        t=10 queued 1 skill 1 prio low by backup
        t=10 ring 1 agent 7 skill 1
        t=11 answer 1
        t=12 stroke 1 3
        t=13 assist 1
        t=20 hold 1
        t=20 mode 7 other out
        t=25 connected 2
        t=30 conference 1 with 2
        t=40 hold 1
        t=40 mode 7 other out
        t=44 connected 3
        t=50 transfer 1 to 3 acw
        t=55 stroke 1 3
        t=60 done 7
        t=90 released 3
        t=90 idle 3)");
    CHECK(s.hsplit_row(1) ==
          "CALLSOFFERED=1 ACDCALLS=1 ANSTIME=1s ACDTIME=19s ACWTIME=10s RINGCALLS=1 RINGTIME=1s ACCEPTABLE=1 "
          "MAXOCWTIME=1s ACDCALLS1=1 HOLDCALLS=1 HOLDTIME=20s BACKUPCALLS=1 LOWCALLS=1 TRANSFERRED=1 "
          "CONFERENCE=1 "
          "O_ACDCALLS=1 O_ACDTIME=19s O_ACWTIME=10s ACDAUXOUTCALLS=2 ASSISTS=1 EVENT3=2");
    CHECK(
        s.hagent_row(7, 1) ==
        "ACDCALLS=1 ACDTIME=19s ACWTIME=10s ANSRINGTIME=1s RINGCALLS=1 RINGTIME=1s ACD_RELEASE=1 HOLDCALLS=1 "
        "HOLDTIME=20s HOLDACDTIME=20s TRANSFERRED=1 CONFERENCE=1 ASSISTS=1 EVENT3=2 O_ACDCALLS=1 "
        "O_ACDTIME=19s "
        "O_ACWTIME=10s ACDAUXOUTCALLS=2");
    CHECK(s.count(FoldCounter::UnknownCall) == 0);
}

TEST_CASE(
    "direct agent calls are the agent's own: answered, abandoned, redirected; the skill counts nothing") {
    Script s;
    s(kStaff)(R"(
        t=10 queued 1 agent 7 skill 1
        t=20 ring 1 agent 7 skill 1 direct
        t=22 answer 1
        t=30 release 1 by agent acw
        t=34 mode 7 avail
        t=40 queued 2 agent 7 skill 1
        t=50 abandon 2 queue
        t=60 queued 3 agent 7 skill 1
        t=60 ring 3 agent 7 skill 1 direct
        t=72 redirect 3 vdn)");
    CHECK(s.hsplit_row(1) == "");
    CHECK(s.hagent_row(7, 1) ==
          "NOANSREDIR=1 DA_ACDCALLS=1 DA_ACDTIME=8s DA_ACWTIME=4s DA_ANSTIME=12s DA_ABNCALLS=1 "
          "DA_ABNTIME=10s "
          "DA_OTHERCALLS=1 "
          "DA_OTHERTIME=12s DA_RELEASE=1");
}

TEST_CASE(
    "tracking aborted by trunk maintenance: nothing is counted, every row that waited for the call is "
    "INCOMPLETE") {
    Script s;
    s(kThreeQueues)("t=130 cut 1\n t=1800 boundary\n t=1900 queued 2 skill 1\n t=1901 abandon 2 queue");
    CHECK(s.hsplit_row(1) == "INCOMPLETE=1");
    CHECK(s.hsplit_row(3) == "INCOMPLETE=1");
    CHECK(s.hsplit_row(1, 1800) ==
          "CALLSOFFERED=1 MAXOCWTIME=1s ABNCALLS1=1 ABNCALLS=1 ABNTIME=1s SLVLABNS=1");
}

}  // namespace twinlink::test
