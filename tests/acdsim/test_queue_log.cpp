// Lines of a queue_log: every event, and everything that can be wrong with a line; names and their numbers.
#include "tools/acdsim/queue_log.hpp"
#include "tools/acdsim/queue_log_names.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace twinlink;
using namespace twinlink::sim;
using K = QueueLogKind;

namespace {

constexpr Nanos kLatest{2'000'000'000'000'000'000ULL};

QueueLogEvent good(const std::string& line) {
    CAPTURE(line);
    auto event = parse_queue_log_line(line, kLatest);
    REQUIRE((event ? "" : event.error().text) == std::string{});
    return *event;
}

std::string why(const std::string& line) {
    const auto event = parse_queue_log_line(line, kLatest);
    return event ? "" : event.error().text;
}

}  // namespace

TEST_CASE("queue_log: every event is known by its name and gives what it tells") {
    struct Case {
        const char* rest;
        K kind;
        const char* text;
        u64 ring_ms;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"1.2|q|NONE|ABANDON|1|2|30", K::Abandon, "", 0},
             {"NONE|q|SIP/1|ADDMEMBER|PAUSED", K::AddMember, "PAUSED", 0},
             {"REALTIME|q|SIP/1|ADDMEMBER|", K::AddMember, "", 0},
             {"NONE|NONE|Agent/1|AGENTCALLBACKLOGIN|1002@default", K::AgentCallbackLogin, "1002@default", 0},
             {"NONE|NONE|Agent/1|AGENTCALLBACKLOGOFF|1002@default|43|Autologoff", K::AgentCallbackLogoff,
              "Autologoff", 0},
             {"1.2|q|SIP/1|AGENTDUMP|", K::AgentDump, "", 0},
             {"1.2|NONE|Agent/1|AGENTLOGIN|SIP/101-0a", K::AgentLogin, "SIP/101-0a", 0},
             {"1.2|NONE|Agent/1|AGENTLOGOFF|SIP/101-0a|3600", K::AgentLogoff, "", 0},
             {"1.2|q|SIP/1|ATTENDEDTRANSFER|BRIDGE|b7|2|10|1", K::AttendedTransfer, "b7", 0},
             {"1.2|q|SIP/1|BLINDTRANSFER|204|default|2|10|1", K::BlindTransfer, "204", 0},
             {"1.2|q|SIP/1|COMPLETEAGENT|2|10|1", K::CompleteAgent, "", 0},
             {"1.2|q|SIP/1|COMPLETECALLER|2|10|1", K::CompleteCaller, "", 0},
             {"NONE|NONE|NONE|CONFIGRELOAD|", K::ConfigReload, "", 0},
             {"1.2|q|SIP/1|CONNECT|7|1.3|4", K::Connect, "", 4'000},
             {"1.2|q|SIP/1|CONNECT|7", K::Connect, "", 0},
             {"1.2|q|NONE|DID|5551000", K::Did, "5551000", 0},
             {"1.2|q|NONE|ENTERQUEUE||4165551212|1", K::EnterQueue, "4165551212", 0},
             {"1.2|q|NONE|EXITEMPTY|1|1|9", K::ExitEmpty, "", 0},
             {"1.2|q|NONE|EXITWITHKEY|1|2|3|9", K::ExitWithKey, "", 0},
             {"1.2|q|NONE|EXITWITHTIMEOUT|1|2|9", K::ExitWithTimeout, "", 0},
             {"NONE|q|SIP/1|PAUSE|Lunch break", K::Pause, "Lunch break", 0},
             {"NONE|NONE|SIP/1|PAUSEALL|", K::PauseAll, "", 0},
             {"NONE|q|SIP/1|PENALTY|3", K::Penalty, "", 0},
             {"NONE|NONE|NONE|QUEUESTART|", K::QueueStart, "", 0},
             {"MANAGER|q|SIP/1|REMOVEMEMBER|", K::RemoveMember, "", 0},
             {"1.2|q|SIP/1|RINGCANCELED|2500", K::RingCanceled, "", 2'500},
             {"1.2|q|SIP/1|RINGNOANSWER|1000", K::RingNoAnswer, "", 1'000},
             {"1.2|q|SIP/1|SYSCOMPAT|", K::SysCompat, "", 0},
             {"1.2|q|SIP/1|TRANSFER|204|default|2|10", K::Transfer, "204", 0},
             {"NONE|q|SIP/1|UNPAUSE|", K::Unpause, "", 0},
             {"NONE|NONE|SIP/1|UNPAUSEALL|", K::UnpauseAll, "", 0},
             {"1.2|q|SIP/1|INFO|whatever", K::Unknown, "INFO", 0}}) {
        const auto e = good(std::string("1366720340|") + c.rest);
        CHECK(e.kind == c.kind);
        CHECK(e.text == c.text);
        CHECK(e.ring == Nanos{c.ring_ms * 1'000'000});
        CHECK(e.time == Nanos{1'366'720'340'000'000'000ULL});
        if (c.kind != K::Unknown)
            CHECK(std::string(c.rest).find("|" + std::string(name(c.kind))) != std::string::npos);
    }
    CHECK(good("1366720340|NONE|q|SIP/1|PENALTY|3").penalty == 3);
}

TEST_CASE("queue_log: names, and what stands for none") {
    const auto e = good("1366720340.25|psy1-1366720339.7|Sales West|Local/101@from-queue/n|CONNECT|1|x|2\r");
    CHECK(e.call == "psy1-1366720339.7");
    CHECK(e.queue == "Sales West");
    CHECK(e.member == "Local/101@from-queue/n");
    CHECK(e.ring == 2_s);
    CHECK(e.time == Nanos{1'366'720'340'250'000'000ULL});
    const auto none = good("1366720340|NONE|NONE|NONE|CONFIGRELOAD");
    CHECK((none.call + none.queue + none.member).empty());
    CHECK(good("1366720340.1234567899|NONE|NONE|NONE|QUEUESTART|").time.value % 1'000'000'000 == 123'456'789);
}

TEST_CASE("queue_log: a damaged line is refused with the reason") {
    for (const auto& [line, reason] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", "empty"},
             {"\r", "empty"},
             {"rubbish", "fewer than five"},
             {"1366720340|1.2|q|SIP/1", "fewer than five"},
             {"|1.2|q|SIP/1|CONNECT|1|2|3", "time ''"},
             {"yesterday|1.2|q|SIP/1|CONNECT|1|2|3", "time 'yesterday'"},
             {"-5|1.2|q|SIP/1|CONNECT|1|2|3", "time"},
             {"1366720340.5x|1.2|q|SIP/1|CONNECT|1|2|3", "time"},
             {"17|1.2|q|SIP/1|CONNECT|1|2|3", "time '17'"},
             {"99999999999999999999999|1.2|q|SIP/1|CONNECT|1|2|3", "time"},
             {"2000000001|1.2|q|SIP/1|CONNECT|1|2|3", "time"},
             {"1366720340|NONE|q|SIP/1|CONNECT|1|2|3", "CONNECT: no call"},
             {"1366720340|1.2|NONE|SIP/1|CONNECT|1|2|3", "CONNECT: no queue"},
             {"1366720340|1.2|q||CONNECT|1|2|3", "CONNECT: no member"},
             {"1366720340|1.2|q|SIP/1||1|2|3", "no event"},
             {"1366720340|1.2|q|SIP/1|CONNECT|1|2|soon", "ring time 'soon'"},
             {"1366720340|1.2|q|SIP/1|CONNECT|1|2|999999", "ring time"},
             {"1366720340|1.2|q|SIP/1|RINGNOANSWER|-1", "ring time"},
             {"1366720340|NONE|q|SIP/1|PENALTY|much", "penalty"},
             {std::string("1366720340|1.2|q|SIP/1|CON\0NECT|1", 34), "no text"},
             {"1366720340|1.2|q|" + std::string(300, 'x') + "|CONNECT|1|2|3", "longer than 256"}}) {
        CAPTURE(line);
        CHECK(why(line).find(reason) != std::string::npos);
    }
}

TEST_CASE("queue_log: random bytes and mangled lines never give an event without what it needs") {
    std::mt19937_64 random(20'260'302);
    const std::string line = "1366720340|1366720339.7|sales|SIP/101|CONNECT|1|1366720340.8|2";
    u64 refused = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = line;
        if (round % 2 == 0)
            for (std::size_t i = 0; i < 3; ++i)
                text[random() % text.size()] = static_cast<char>(random() & 0xFF);
        else
            for (char& c : text) c = static_cast<char>(random() & 0xFF);
        const auto e = parse_queue_log_line(text, kLatest);
        refused += !e;
        if (!e) continue;
        CHECK(e->time >= kQueueLogEarliest);
        CHECK(e->time <= kLatest);
        if (e->kind == K::Connect) CHECK(!(e->call.empty() || e->queue.empty() || e->member.empty()));
    }
    CHECK(refused > 10'000);
}

TEST_CASE("queue_log: the same name has the same number, whatever came before") {
    QueueLogNames one;
    QueueLogNames two;
    CHECK(one.skill("sales") != one.skill("support"));
    CHECK(two.skill("support") == one.skill("support"));
    CHECK(two.skill("sales") == one.skill("sales"));
    CHECK(one.skill("7100") == 7'100);
    CHECK(one.skill("0") >= 10'000);
    CHECK(one.skill("64000") != 64'000);
    CHECK(one.login("SIP/101") == 101);
    CHECK(one.login("Agent/1001") == 1'001);
    CHECK(one.login("Local/9990@from-queue/n") == 9'990);
    const u64 alice = one.login("Alice Smith");
    CHECK(alice >= 100'000'000);
    CHECK(alice <= 999'999'999);
    CHECK(two.login("Alice Smith") == alice);
    CHECK(one.login("PJSIP/101") >= 100'000'000);  // 101 is SIP/101
    CHECK(QueueLogNames::number_in("SIP/204-0000a1") == 204);
    CHECK(QueueLogNames::number_in("1002@default") == 1'002);
    CHECK(QueueLogNames::number_in("bridge-7f") == 0);
}

TEST_CASE("queue_log: reasons are AUX codes: none, a number, a chosen one, or made from the letters") {
    QueueLogNames names({{"Lunch", 3}});
    CHECK(names.reason("") == 0);
    CHECK(names.reason("42") == 42);
    CHECK(names.reason("Lunch") == 3);
    const u8 made = names.reason("Back office");
    CHECK(made >= 1);
    CHECK(made <= 99);
    CHECK(made != 3);
    CHECK(names.reason("Back office") == made);
    CHECK(names.reason("100") <= 99);
    for (int i = 0; i < 2'000; ++i) CHECK(names.reason("reason " + std::to_string(i)) <= 99);
    CHECK(names.reasons().size() <= 1'000);
}

TEST_CASE("queue_log: more queues than there are numbers get none") {
    QueueLogNames names;
    std::set<u16> seen;
    for (int i = 0; i < 50'000; ++i) seen.insert(names.skill("q" + std::to_string(i)));
    CHECK(seen.size() == 50'000);
    CHECK_FALSE(seen.contains(0));
    CHECK(names.skill("one more") == 0);
}
