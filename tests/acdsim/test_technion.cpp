// Recorded calls: counted straight from the file and from the stream, the numbers are the same; odd rows are
// survived.
#include "tests/acdsim/legality.hpp"
#include "tools/acdsim/replay.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace twinlink;
using namespace twinlink::sim;

namespace {

constexpr const char* kFile = "../shared/data/technion/calls_august_1_15.csv";
constexpr const char* kHeader =
    "vru+line,call_id,customer_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,q_time,"
    "outcome,ser_start,"
    "ser_exit,ser_time,server\r\n";

/// Plays a recording into a referee.
class Played final : public MessageSink {
public:
    explicit Played(const Recording& recording) {
        Replay replay({}, recording);
        while (!replay.over()) replay.step(*this);
    }
    void begin_epoch(Epoch e, Nanos t) override { referee.begin_epoch(e, t); }
    void end_epoch(Nanos t, bool o) override { referee.end_epoch(t, o); }
    void put(Bytes bytes) override {
        referee.put(bytes);
        const MessageView m = message_at(bytes.data());
        const u64 half_hour = m.time().value / (30 * kMinute);
        if (m.template_id == CallAnswered::kTemplate)
            skill_of[m.as<CallAnswered>().call] = m.as<CallAnswered>().skill;
        if (m.template_id == CallReleased::kTemplate)
            ++answered[{skill_of[m.as<CallReleased>().call], half_hour}];
        if (m.template_id == CallAbandoned::kTemplate && m.as<CallAbandoned>().in == AbandonedIn::Queue)
            ++abandoned[{m.as<CallAbandoned>().skill, half_hour}];
    }
    using Counts = std::map<std::pair<u16, u64>, u64>;  // by skill and half hour
    Referee referee;
    Counts answered;
    Counts abandoned;
    std::map<u64, u16> skill_of;
};

std::string row(std::string_view changes) { return std::string(kHeader) + std::string(changes) + "\r\n"; }

u64 seconds(const std::string& t) {
    unsigned h = 0;
    unsigned m = 0;
    unsigned s = 0;
    CHECK(std::sscanf(t.c_str(), "%u:%u:%u", &h, &m, &s) == 3);
    return h * 3'600 + m * 60 + s;
}

}  // namespace

TEST_CASE("technion: calls answered and abandoned in queue, by skill and half hour, are those of the file") {
    std::ifstream file(kFile);
    if (!file) {
        MESSAGE("skipped: " << kFile << " is not there");
        return;
    }
    Played::Counts answered;
    Played::Counts abandoned;
    std::string line;
    std::getline(file, line);
    u64 rows = 0;
    while (std::getline(file, line)) {
        ++rows;
        std::vector<std::string> f;
        std::stringstream columns(line);
        for (std::string field; std::getline(columns, field, ',');) f.push_back(field);
        const u64 day = 14'822 + std::stoul(f[5].substr(8)) - 1;  // days from 1970 to 2010-08-01
        const std::string codes = "PSNENWINPETT";
        const auto skill = static_cast<u16>(codes.find(f[4]) / 2 + 1);
        const u64 entry = seconds(f[6]);
        const auto when = [&](const std::string& t) {
            const u64 s = seconds(t);
            return day * 86'400 + s + (s + 43'200 < entry ? 86'400 : 0);
        };
        if (f[12] == "AGENT") {
            const bool no_service = f[13] == "0:00:00" && f[14] == "0:00:00";
            u64 end = no_service ? when(std::stol(f[11]) != 0 ? f[10] : f[7]) : when(f[14]);
            ++answered[{skill, end / 1'800}];
        } else if (std::stol(f[11]) != 0) {
            ++abandoned[{skill, when(f[10]) / 1'800}];
        }
    }
    const auto recording = read_technion(kFile);
    REQUIRE(recording);
    CHECK(recording->calls.size() == rows);
    CHECK(recording->damaged.empty());
    const Played played(*recording);
    CHECK((played.referee.breaches().empty() ? "" : played.referee.breaches().front()) == std::string{});
    CHECK(played.referee.open_things() == 0);
    CHECK(played.answered == answered);
    CHECK(played.abandoned == abandoned);
    CHECK(rows == 23'668);
}

TEST_CASE("technion: overlapping calls of one agent and one line stay legal and are all there") {
    const std::string text = row(
        "AA0101,1,7,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI\r\n"
        "AA0101,2,8,1,PS,2010-08-01,9:01:00,9:01:10,10,0:00:00,0:00:00,0,AGENT,9:01:09,9:01:09,0,AVI\r\n"
        "AA0101,3,9,2,NE,2010-08-01,9:01:09,9:01:09,0,0:00:00,0:00:00,0,HANG,0:00:00,0:00:00,0,NO_SERVER\r\n"
        "AA0101,4,9,2,NE,2010-08-01,9:10:00,9:10:05,5,9:10:05,9:10:09,4,PHANTOM,9:10:09,9:10:09,0,NO_"
        "SERVER\r\n"
        "AA0102,5,9,2,TT,2010-08-01,23:59:00,23:59:30,30,23:59:30,0:00:30,-86340,AGENT,0:00:30,0:05:00,270,"
        "AVI");
    const auto recording = parse_technion(text);
    REQUIRE(recording);
    REQUIRE(recording->calls.size() == 5);
    CHECK(recording->damaged.empty());
    const Replay replay({}, *recording);
    CHECK(replay.moved_agents() == 1);
    CHECK(replay.moved_trunks() == 2);
    const Played played(*recording);
    CHECK((played.referee.breaches().empty() ? "" : played.referee.breaches().front()) == std::string{});
    CHECK(played.referee.open_things() == 0);
    CHECK(played.referee.calls_answered == 3);
    CHECK(played.referee.calls_abandoned == 2);
    const auto& late = recording->calls[4];
    CHECK(late.ended.value - late.seized.value == 360 * kSecond);
}

TEST_CASE(
    "technion: a queue that is entered before the menu is told keeps its time, and the call came with it") {
    const auto recording = parse_technion(row(
        "AA0207,1,7,1,PS,2010-08-01,12:04:42,12:03:15,-87,12:03:15,12:04:56,101,AGENT,12:04:55,12:05:56,61,"
        "AVI\r\n"
        "AA0204,2,8,1,PE,2010-08-02,23:19:01,23:14:22,-279,23:14:22,23:23:55,573,HANG,0:00:00,0:00:00,0,NO_"
        "SERVER"));
    REQUIRE(recording);
    REQUIRE(recording->calls.size() == 2);
    const auto& answered = recording->calls[0];
    CHECK(answered.seized == answered.queued);
    CHECK(answered.answered - answered.queued == 100_s);
    const auto& abandoned = recording->calls[1];
    CHECK(abandoned.seized == abandoned.queued);
    CHECK(abandoned.ended - abandoned.queued == 573_s);
}

TEST_CASE("technion: damaged lines are skipped and named by number") {
    const std::string good =
        "AA0101,1,7,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI";
    const char* bad[] = {
        "",
        "AA0101,1,7",
        "AA0101,1,7,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI,more",
        "AA0101,1,7,0,XX,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI",
        "AA0101,1,7,0,PS,2010-13-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI",
        "AA0101,1,7,0,PS,2010-08-01,9:60:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI",
        "AA0101,1,7,0,PS,2010-08-01,9:00:00,,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI",
        "AA0101,1,7,5,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI",
        "AA01xx,1,7,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:10:00,580,AVI",
        "AA0101,1,7,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,x,AGENT,9:00:20,9:10:00,580,AVI",
        "AA0101,1,7,0,PS,2010-08-01,9:00:00,9:00:10,10,9:00:10,9:00:20,10,VANISHED,9:00:20,9:10:00,580,AVI",
    };
    std::string text = kHeader + good + "\n";
    for (const char* line : bad) text += std::string(line) + "\n";
    text += good;
    const auto recording = parse_technion(text);
    REQUIRE(recording);
    CHECK(recording->calls.size() == 2);
    REQUIRE(recording->damaged.size() == std::size(bad));
    for (std::size_t i = 0; i < std::size(bad); ++i) CHECK(recording->damaged[i].number == i + 3);
    CHECK_FALSE(parse_technion(""));
    CHECK_FALSE(parse_technion("a,b,c\n"));
    CHECK_FALSE(read_technion("/nowhere/at/all.csv"));
}
