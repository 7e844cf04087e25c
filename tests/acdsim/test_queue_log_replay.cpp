// A queue_log becomes a link stream: what each event means in the rows, and that the stream is legal whatever
// the file says.
#include "tests/acdsim/queue_log_writer.hpp"

#include <twinlink/items.hpp>

#include <random>

using namespace twinlink;
using namespace twinlink::sim;

namespace {

constexpr auto kSplit = TableId::Hsplit;
constexpr auto kAgent = TableId::Hagent;

}  // namespace

TEST_CASE("queue_log: a call that is answered, one that is abandoned, one that leaves by key") {
    const Log log(at(0, "1.1|400|NONE|DID|5551000") + at(0, "1.1|400|NONE|ENTERQUEUE||4165551212|1") +
                  at(20, "1.1|400|SIP/101|CONNECT|20|1.2|5") +
                  at(80, "1.1|400|SIP/101|COMPLETEAGENT|20|60|1") +
                  at(90, "1.3|400|NONE|ENTERQUEUE||anonymous|1") + at(97, "1.3|400|NONE|ABANDON|1|1|7") +
                  at(100, "1.4|400|NONE|ENTERQUEUE||1|1") + at(130, "1.4|400|NONE|EXITWITHKEY|2|1|1|30"));
    Played played;
    play(log.config(), played);
    played.check_legal();
    CHECK(played.incomplete() == 0);
    CHECK(played.sum(kSplit, hsplit("ACDCALLS"), 400) == 1);
    CHECK(played.sum(kSplit, hsplit("ANSTIME"), 400) == 20 * kSecond);
    CHECK(played.sum(kSplit, hsplit("RINGTIME"), 400) == 5 * kSecond);
    CHECK(played.sum(kSplit, hsplit("ACDTIME"), 400) == 60 * kSecond);
    CHECK(played.sum(kSplit, hsplit("ABNCALLS"), 400) == 1);
    CHECK(played.sum(kSplit, hsplit("ABNTIME"), 400) == 7 * kSecond);
    CHECK(played.sum(kSplit, hsplit("OUTFLOWCALLS"), 400) == 1);
    CHECK(played.sum(kSplit, hsplit("OUTFLOWTIME"), 400) == 30 * kSecond);
    CHECK(played.sum(kAgent, hagent("ACDCALLS"), 101) == 1);
    CHECK(played.sum(kAgent, hagent("ACDTIME"), 101) == 60 * kSecond);
    CHECK(played.sum(kAgent, hagent("ACD_RELEASE"), 101) == 1);
    // Logged in when it first rang, at 15 s, and out at the last line.
    CHECK(played.sum(kAgent, hagent("I_STAFFTIME"), 101) == 115 * kSecond);
    CHECK(played.sum(kAgent, hagent("I_RINGTIME"), 101) == 5 * kSecond);
}

TEST_CASE("queue_log: names of agents and queues are in the pump-up, and the UCID is the uniqueid's") {
    const Log log(at(0, "psy-1292281041.87|Sales|NONE|ENTERQUEUE||1|1") +
                  at(5, "psy-1292281041.87|Sales|Alice Smith|CONNECT|5|1.2|0") +
                  at(6, "psy-1292281041.87|Sales|Alice Smith|COMPLETECALLER|5|1|1"));
    Played played;
    const auto replay = play(log.config(), played);
    played.check_legal();
    std::set<std::string> names;
    for (const auto& n : played.rows.names)
        names.insert(std::string(n.text.data(), ::strnlen(n.text.data(), 24)));
    CHECK(names.contains("Sales"));
    CHECK(names.contains("Alice Smith"));
    CHECK(played.sum(kSplit, hsplit("ACDCALLS"), replay->names().skills().at("Sales")) == 1);
    u64 ucid = 0;
    for (const auto& [key, row] : played.rows.rows)
        if (key.table == TableId::CallRec) ucid = row.items[call_rec("UCID")];
    CHECK(ucid == (u64{1} << 48 | u64{87} << 32 | 1'292'281'041));
}

TEST_CASE("queue_log: rings that nobody answers keep the wait, and are the agent's ringing time") {
    const std::string text =
        at(0, "NONE|400|SIP/1|ADDMEMBER|") + at(0, "NONE|400|SIP/2|ADDMEMBER|") +
        at(0, "1.1|400|NONE|ENTERQUEUE||1|1") + at(15, "1.1|400|SIP/1|RINGNOANSWER|15000") +
        at(15, "1.1|400|SIP/2|RINGNOANSWER|15000") + at(30, "1.1|400|SIP/1|RINGNOANSWER|10000") +
        at(40, "1.1|400|SIP/2|CONNECT|40|1.2|8") + at(50, "1.1|400|SIP/2|COMPLETECALLER|40|10|1");
    const Log log(text);
    Played kept;
    CHECK(play(log.config(), kept)->counts().unanswered == 3);
    kept.check_legal();
    CHECK(kept.sum(kSplit, hsplit("CALLSOFFERED")) == 1);
    CHECK(kept.sum(kSplit, hsplit("ANSTIME")) == 40 * kSecond);
    CHECK(kept.sum(kSplit, hsplit("NOANSREDIR")) == 0);
    CHECK(kept.sum(kAgent, hagent("I_RINGTIME"), 1) == 25 * kSecond);
    CHECK(kept.sum(kAgent, hagent("I_RINGTIME"), 2) == 23 * kSecond);
    CHECK(kept.sum(kAgent, hagent("ANSRINGTIME"), 2) == 8 * kSecond);

    QueueLogConfig config = log.config();
    config.rules.redirect_unanswered = true;
    Played redirected;
    play(config, redirected);
    redirected.check_legal();
    CHECK(redirected.sum(kSplit, hsplit("NOANSREDIR")) == 3);
    CHECK(redirected.sum(kAgent, hagent("NOANSREDIR"), 1) == 2);
    CHECK(redirected.sum(kAgent, hagent("NOANSREDIR"), 2) == 1);
    CHECK(redirected.sum(kSplit, hsplit("ACDCALLS")) == 1);
    CHECK(redirected.sum(kSplit, hsplit("OUTFLOWCALLS")) == 3);
    CHECK(redirected.sum(kSplit, hsplit("INFLOWCALLS")) == 3);
    CHECK(redirected.sum(kSplit, hsplit("ANSTIME")) + redirected.sum(kSplit, hsplit("OUTFLOWTIME")) ==
          40 * kSecond);
    CHECK(redirected.sum(kAgent, hagent("I_RINGTIME"), 1) == 25 * kSecond);
}

TEST_CASE("queue_log: a caller who gives up while it rings") {
    const Log log(at(0, "1.1|400|NONE|ENTERQUEUE||1|1") + at(12, "1.1|400|SIP/1|RINGCANCELED|9000") +
                  at(12, "1.1|400|SIP/2|RINGCANCELED|4000") + at(12, "1.1|400|NONE|ABANDON|1|1|12"));
    Played played;
    play(log.config(), played);
    played.check_legal();
    CHECK(played.sum(kSplit, hsplit("ABNCALLS")) == 1);
    CHECK(played.sum(kSplit, hsplit("ABNRINGCALLS")) == 1);
    CHECK(played.sum(kSplit, hsplit("ABNTIME")) == 12 * kSecond);
    CHECK(played.sum(kAgent, hagent("ABNCALLS"), 1) == 1);
    CHECK(played.sum(kAgent, hagent("I_RINGTIME"), 1) == 9 * kSecond);
    CHECK(played.sum(kAgent, hagent("I_RINGTIME"), 2) == 4 * kSecond);
}

TEST_CASE("queue_log: a cancelled ring without an end of the call is given up, and the call goes on") {
    const Log log(at(0, "1.1|400|NONE|ENTERQUEUE||1|1") + at(12, "1.1|400|SIP/1|RINGCANCELED|9000") +
                  at(20, "1.1|400|SIP/1|CONNECT|20|1.2|2") + at(25, "1.1|400|SIP/1|COMPLETEAGENT|20|5|1") +
                  at(30, "1.5|400|NONE|ENTERQUEUE||1|1") + at(42, "1.5|400|SIP/1|RINGCANCELED|9000") +
                  at(42, "1.5|400|NONE|EXITWITHTIMEOUT|1|1|12"));
    Played played;
    play(log.config(), played);
    played.check_legal();
    CHECK(played.sum(kSplit, hsplit("ACDCALLS")) == 1);
    CHECK(played.sum(kSplit, hsplit("OUTFLOWCALLS")) == 2);  // one of them to the same queue
    CHECK(played.sum(kSplit, hsplit("ABNCALLS")) == 0);
}

TEST_CASE(
    "queue_log: pauses are AUX when they hold in every queue, by reason, and wait for the end of a call") {
    const Log log(at(0, "NONE|400|SIP/1|ADDMEMBER|") + at(0, "NONE|500|SIP/1|ADDMEMBER|") +
                  at(100, "NONE|400|SIP/1|PAUSE|7") + at(200, "NONE|500|SIP/1|PAUSE|7") +
                  at(260, "NONE|400|SIP/1|UNPAUSE|") + at(300, "NONE|500|SIP/1|UNPAUSE|") +
                  at(300, "1.1|500|NONE|ENTERQUEUE||1|1") + at(300, "1.1|500|SIP/1|CONNECT|0|1.2|0") +
                  at(310, "NONE|NONE|SIP/1|PAUSEALL|") + at(320, "1.1|500|SIP/1|COMPLETECALLER|0|20|1") +
                  at(400, "NONE|NONE|SIP/1|UNPAUSEALL|") + at(450, "NONE|500|SIP/1|REMOVEMEMBER|") +
                  at(500, "NONE|400|SIP/1|REMOVEMEMBER|"));
    Played played;
    play(log.config(), played);
    played.check_legal();
    CHECK(played.sum(kAgent, hagent("TI_STAFFTIME"), 1) == 500 * kSecond);
    CHECK(played.sum(kAgent, hagent("TI_AUXTIME"), 1) == 140 * kSecond);
    CHECK(played.sum(kAgent, hagent("TI_AUXTIME7"), 1) == 60 * kSecond);
    CHECK(played.sum(kAgent, hagent("TI_AUXTIME0"), 1) == 80 * kSecond);
    CHECK(played.sum(kAgent, hagent("I_ACDTIME"), 1) == 20 * kSecond);
    CHECK(played.sum(kAgent, hagent("I_STAFFTIME"), 1) == 950 * kSecond);  // 450 s in 500, 500 s in 400
}

TEST_CASE("queue_log: agents who log in are in the queues that they work for; leaving waits for the call") {
    const Log log(at(10, "2.1|NONE|Agent/1001|AGENTLOGIN|SIP/204-01") +
                  at(20, "1.1|400|NONE|ENTERQUEUE||1|1") + at(30, "1.1|400|Agent/1001|CONNECT|10|1.2|0") +
                  at(40, "2.1|NONE|Agent/1001|AGENTLOGOFF|SIP/204-01|30") +
                  at(60, "1.1|400|Agent/1001|COMPLETECALLER|10|30|1") +
                  at(100, "NONE|NONE|Agent/1002|AGENTCALLBACKLOGIN|205@default") +
                  at(130, "NONE|NONE|Agent/1002|AGENTCALLBACKLOGOFF|205@default|30|Autologoff") +
                  at(130, "NONE|NONE|Agent/1002|UNPAUSEALL|") + at(140, "NONE|400|Agent/1002|UNPAUSE|") +
                  at(150, "NONE|400|Agent/1002|PENALTY|3"));
    Played played;
    play(log.config(), played);
    played.check_legal();
    CHECK(played.sum(kAgent, hagent("I_STAFFTIME"), 1'001) == 50 * kSecond);
    CHECK(played.sum(kAgent, hagent("ACDTIME"), 1'001) == 30 * kSecond);
    u64 sessions = 0;
    for (const auto& [key, row] : played.rows.rows)
        if (key.table == TableId::Haglog) ++sessions;
    CHECK(sessions == 2);
}

TEST_CASE("queue_log: one uniqueid in several queues: left by timeout, then transferred to another queue") {
    const Log log(
        at(0, "1.1|400|NONE|ENTERQUEUE||1|1") + at(30, "1.1|400|NONE|EXITWITHTIMEOUT|1|1|30") +
        at(31, "1.1|500|NONE|ENTERQUEUE||1|1") + at(41, "1.1|500|SIP/1|CONNECT|10|1.2|0") +
        at(60, "1.1|600|NONE|ENTERQUEUE||1|1") +  // before the line of its transfer
        at(60, "1.1|500|SIP/1|BLINDTRANSFER|600|default|10|19|1") + at(70, "1.1|600|SIP/2|CONNECT|10|1.3|0") +
        at(75, "1.1|600|SIP/2|ATTENDEDTRANSFER|BRIDGE|x|10|5|1") + at(80, "1.2|400|NONE|ENTERQUEUE||1|1") +
        at(85, "1.2|500|NONE|ENTERQUEUE||1|1") +  // no exit line
        at(90, "1.2|500|NONE|EXITEMPTY|1|1|5"));
    Played played;
    const auto replay = play(log.config(), played);
    played.check_legal();
    CHECK(replay->counts().cut == 1);
    CHECK(replay->counts().entered == 5);
    CHECK(played.sum(kSplit, hsplit("OUTFLOWCALLS"), 400) == 1);
    CHECK(played.sum(kSplit, hsplit("OUTFLOWCALLS"), 500) == 1);
    CHECK(played.sum(kSplit, hsplit("TRANSFERRED"), 500) == 1);
    CHECK(played.sum(kSplit, hsplit("TRANSFERRED"), 600) == 1);
    CHECK(played.sum(kAgent, hagent("ACDTIME"), 1) == 19 * kSecond);
    CHECK(played.incomplete() > 0);  // the call whose exit is missing
}

TEST_CASE("queue_log: two calls of a member at once are told by two logins") {
    const Log log(at(0, "1.1|400|NONE|ENTERQUEUE||1|1") + at(0, "1.2|400|NONE|ENTERQUEUE||1|1") +
                  at(10, "1.1|400|SIP/1|CONNECT|10|1.3|2") + at(20, "1.2|400|SIP/1|CONNECT|20|1.4|2") +
                  at(50, "1.1|400|SIP/1|COMPLETEAGENT|10|40|1") +
                  at(80, "1.2|400|SIP/1|COMPLETEAGENT|20|60|1"));
    Played played;
    CHECK(play(log.config(), played)->counts().second_logins == 1);
    played.check_legal();
    CHECK(played.incomplete() == 0);
    CHECK(played.sum(kSplit, hsplit("ACDTIME")) == 100 * kSecond);
    CHECK(played.sum(kAgent, hagent("ACDTIME"), 1) == 40 * kSecond);
}

TEST_CASE("queue_log: what is missing or contradicts itself is counted, and cuts off only its call") {
    const Log log(at(0, "9.9|400|SIP/9|COMPLETEAGENT|1|1|1") +    // talked before the file began
                  at(1, "9.8|400|SIP/8|CONNECT|5|1.2|0") +        // came before the file began
                  at(9, "9.8|400|SIP/8|COMPLETEAGENT|5|8|1") +    //
                  at(10, "1.1|400|NONE|ENTERQUEUE||1|1") +        //
                  at(20, "1.1|400|SIP/1|COMPLETECALLER|1|1|1") +  // no CONNECT
                  at(30, "1.2|400|NONE|ENTERQUEUE||1|1") +        //
                  at(31, "1.2|400|SIP/1|CONNECT|1|x|1") +         //
                  at(32, "1.2|400|NONE|ABANDON|1|1|2") +          // though it talked
                  at(33, "1.3|400|NONE|ENTERQUEUE||1|1") +        //
                  at(34, "1.3|400|SIP/1|AGENTDUMP|") +            // stays in the queue
                  at(35, "1.3|400|SIP/1|SYSCOMPAT|") +            //
                  at(36, "1.4|400|NONE|ENTERQUEUE||1|1") +        //
                  at(37, "1.4|400|SIP/1|CONNECT|1|x|1") +         //
                  at(40, "NONE|NONE|NONE|QUEUESTART|") +          // Asterisk died
                  at(41, "NONE|NONE|NONE|CONFIGRELOAD|") +        //
                  at(42, "1.5|400|NONE|SOMETHINGNEW|1") +         //
                  at(43, "1.6|400|NONE|ENTERQUEUE||1|1"));        // and there the file ends
    Played played;
    const auto replay = play(log.config(), played);
    played.check_legal();
    const auto& c = replay->counts();
    CHECK(c.strays == 1);
    CHECK(c.begun_unseen == 1);
    CHECK(c.cut == 3);
    CHECK(c.unfinished == 1);
    CHECK(c.unknown.at("SOMETHINGNEW") == 1);
    CHECK(played.sum(kSplit, hsplit("DISCCALLS")) == 1);
    CHECK(played.sum(kSplit, hsplit("ACDCALLS")) == 1);
}

TEST_CASE("queue_log: a call without a line for a day is cut off, and its agent is free") {
    const Log log(at(0, "1.1|400|NONE|ENTERQUEUE||1|1") + at(10, "1.1|400|SIP/1|CONNECT|10|x|1") +
                  at(80'000, "1.2|400|NONE|ENTERQUEUE||1|1") + at(80'009, "1.2|400|NONE|ABANDON|1|1|9") +
                  at(90'100, "1.3|400|NONE|ENTERQUEUE||1|1") + at(90'110, "1.3|400|SIP/1|CONNECT|10|x|1") +
                  at(90'120, "1.3|400|SIP/1|COMPLETEAGENT|10|10|1"));
    Played played;
    const auto replay = play(log.config(), played);
    played.check_legal();
    CHECK(replay->counts().cut == 1);
    CHECK(replay->counts().second_logins == 0);
    CHECK(played.sum(kSplit, hsplit("ACDTIME")) == 10 * kSecond);
}

TEST_CASE("queue_log: calls and agents' time are split at the boundaries that the file crosses") {
    const Log log(at(1'700, "1.1|400|NONE|ENTERQUEUE||1|1") + at(1'750, "1.1|400|SIP/1|CONNECT|50|x|0") +
                  at(1'950, "1.1|400|SIP/1|COMPLETEAGENT|50|200|1"));
    Played played;
    play(log.config(), played);
    played.check_legal();
    const u64 second = clock(1'800).value;
    for (const auto& [key, row] : played.rows.rows) {
        if (key.table != kSplit) continue;
        const bool late = key.interval_start == second;
        CHECK(row.items[hsplit("ACDCALLS")] == (late ? 1 : 0));
        CHECK(row.items[hsplit("I_ACDTIME")] == (late ? 150 : 50) * kSecond);
        CHECK(row.closed);
    }
    CHECK(played.referee.boundaries() == 3);
}

TEST_CASE("queue_log: a file without a line that can be understood is refused") {
    CHECK_FALSE(QueueLogReplay::open(Log("").config()));
    CHECK_FALSE(QueueLogReplay::open(Log("rubbish\nmore rubbish\n").config()));
    QueueLogConfig nowhere;
    nowhere.path = "/nowhere/at/all";
    CHECK_FALSE(QueueLogReplay::open(nowhere));
}

TEST_CASE(
    "queue_log: whatever lines come in whatever order, the stream is legal, with and without redirection") {
    static constexpr const char* kEvents[] = {"ABANDON|1|1|5",
                                              "ADDMEMBER|",
                                              "ADDMEMBER|PAUSED",
                                              "AGENTCALLBACKLOGIN|204@x",
                                              "AGENTCALLBACKLOGOFF|204@x|9|Autologoff",
                                              "AGENTDUMP|",
                                              "AGENTLOGIN|SIP/204-1",
                                              "AGENTLOGOFF|SIP/204-1|9",
                                              "ATTENDEDTRANSFER|BRIDGE|x|1|1|1",
                                              "BLINDTRANSFER|204|x|1|1|1",
                                              "COMPLETEAGENT|1|1|1",
                                              "COMPLETECALLER|1|1|1",
                                              "CONFIGRELOAD|",
                                              "CONNECT|1|x|0",
                                              "CONNECT|1|x|3",
                                              "CONNECT|1|x|20",
                                              "CONNECT|1|x|2",
                                              "DID|555",
                                              "ENTERQUEUE||1|1",
                                              "ENTERQUEUE||1|1",
                                              "ENTERQUEUE||1|1",
                                              "EXITEMPTY|1|1|1",
                                              "EXITWITHKEY|1|1|1|1",
                                              "EXITWITHTIMEOUT|1|1|1",
                                              "PAUSE|Lunch",
                                              "PAUSEALL|",
                                              "PENALTY|4",
                                              "REMOVEMEMBER|",
                                              "RINGCANCELED|2000",
                                              "RINGCANCELED|9000",
                                              "RINGNOANSWER|0",
                                              "RINGNOANSWER|4000",
                                              "RINGNOANSWER|15000",
                                              "SYSCOMPAT|",
                                              "TRANSFER|204|x|1|1",
                                              "UNPAUSE|",
                                              "UNPAUSEALL|",
                                              "WHATEVER|1"};
    const u64 seeds = [] {
        const char* const wanted = std::getenv("TWINLINK_SEEDS");
        return wanted == nullptr ? 60 : std::stoull(wanted);
    }();
    for (u64 seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        const auto pick = [&](u64 n) { return random() % n; };
        std::string text;
        u64 now = 0;
        for (u64 i = 0; i < 1'500; ++i) {
            now += pick(4) == 0 ? pick(60) : pick(2);
            const u64 when = now - std::min<u64>(now, pick(20) == 0 ? pick(10) : 0);
            std::string event = kEvents[pick(std::size(kEvents))];
            if (pick(300) == 0) event = "QUEUESTART|";
            text += at(when, "1." + std::to_string(pick(8)) + "|" + std::to_string(400 + pick(3)) + "|SIP/" +
                                 std::to_string(1 + pick(5)) + "|" + event);
        }
        const Log log(text);
        QueueLogConfig config = log.config();
        config.rules.redirect_unanswered = seed % 2 == 0;
        config.replay.pump_up_every = Nanos{5 * kMinute};
        config.window = seed % 3 == 0 ? 2_s : 60_s;
        Played played;
        const auto replay = play(config, played);
        played.check_legal();
        CHECK(replay->input().damaged() == 0);
        CHECK(replay->counts().answered > 20);
        CHECK(played.referee.calls_answered == replay->counts().answered);
        CHECK(played.referee.calls_abandoned == replay->counts().abandoned);
        REQUIRE(played.referee.breaches().empty());
    }
}

TEST_CASE("queue_log: the same file gives the same bytes") {
    const Log log(at(0, "1.1|400|NONE|ENTERQUEUE||1|1") + at(12, "1.1|400|SIP/1|RINGCANCELED|9000") +
                  at(20, "1.1|400|SIP/1|CONNECT|20|1.2|2") + at(25, "1.1|400|SIP/1|COMPLETEAGENT|20|5|1"));
    Played one;
    Played two;
    play(log.config(), one);
    play(log.config(), two);
    CHECK(one.referee.bytes() == two.referee.bytes());
}
