// Link exceptions: which episodes the links' doings become, that they are few whatever comes, and that their
// numbers go on over restarts.
#include "engine/link_exceptions.hpp"
#include "tests/pipeline/pipeline_rig.hpp"

#include <map>

using namespace twinlink;
using namespace twinlink::test;

namespace {

using enum LinkEventKind;

Now at(u64 ms) { return {Nanos{ms * 1'000'000}, Nanos{kEight + ms * 1'000'000}}; }

/// The last word on each number, in order: "1 silent A x2 3000ms"; what is still open ends in "...".
std::string told(const std::vector<LinkEventRecord>& handed_on) {
    std::map<u64, LinkEventRecord> last;
    for (const LinkEventRecord& e : handed_on) last[e.number] = e;
    std::string text;
    for (const auto& [number, e] : last) {
        text += std::to_string(number) + " " + std::string(name(e.kind));
        if (e.link != kNoLink) text += std::string(" ") + letter(static_cast<Link>(e.link));
        if (e.cause != 0) text += " why " + std::to_string(e.cause);
        text += " x" + std::to_string(e.count);
        if (e.names != 0) text += " missing " + std::to_string(e.names);
        if (e.first != 0) text += " " + std::to_string(e.first) + "-" + std::to_string(e.last);
        if (e.duration_ns != 0) text += " " + std::to_string(e.duration_ns / 1'000'000) + "ms";
        text += e.now != 0 ? " now" : e.open != 0 ? " ..." : "";
        text += "\n";
    }
    return text;
}

LinkRecord account(u64 epoch = 1) {
    LinkRecord l{};
    l.epoch = epoch;
    l.acd = 1;
    l.last_wall = kEight;
    return l;
}

std::string told(PipelineRig& rig, u16 acd = 1) {
    std::vector<LinkEventRecord> events = rig.snapshot().link_events();
    std::erase_if(events, [&](const LinkEventRecord& e) { return e.acd != acd; });
    return told(events);
}

}  // namespace

TEST_CASE(
    "exceptions: a silence is one episode from the last frame on, and grows while the link falls silent "
    "again") {
    LinkExceptions x(Acd{1});
    std::vector<LinkEventRecord> out;
    LinkRecord a = account();
    x.look(a, at(100));
    x.hand_on(at(100), out);
    CHECK(out.empty());
    a.silences = 1;
    a.silent = 1;
    x.look(a, at(500));
    x.hand_on(at(500), out);
    CHECK(told(out) == "1 silent A x1 now\n");
    CHECK(out.back().begun_wall == kEight);
    // It goes on for two minutes: the same episode, written once.
    for (u64 ms = 600; ms < 120'000; ms += 100) {
        x.look(a, at(ms));
        x.hand_on(at(ms), out);
    }
    CHECK(out.size() == 1);
    a.silent = 0;
    a.silent_ns = 120'000'000'000;
    x.look(a, at(120'000));
    a.silences = 2;  // and again, between two looks
    a.silent_ns += 400'000'000;
    x.look(a, at(120'500));
    x.hand_on(at(120'500), out);
    CHECK(told(out) == "1 silent A x2 120400ms ...\n");
    x.hand_on(at(181'000), out);
    CHECK(told(out) == "1 silent A x2 120400ms\n");
    a.silences = 3;
    a.silent = 1;
    x.look(a, at(200'000));
    x.hand_on(at(200'000), out);
    CHECK(told(out) == "1 silent A x2 120400ms\n2 silent A x1 now\n");
}

TEST_CASE("exceptions: garbage without end is one record, written once a second") {
    LinkExceptions x(Acd{1});
    std::vector<LinkEventRecord> out;
    LinkRecord a = account();
    LinkRecord b = account();
    b.link = 1;
    u64 written = 0;
    for (u64 ms = 0; ms <= 600'000; ms += 100) {
        a.wild_frames += 50'000;
        b.conflicts += 7;
        x.look(a, at(ms));
        x.look(b, at(ms));
        x.note({.kind = Refused, .link = 1, .cause = static_cast<u8>(1 + ms / 100 % 12)}, at(ms));
        x.note({.kind = GapOpened, .cause = 1, .epoch = 1, .first = ms + 1, .last = ms + 9, .names = 9},
               at(ms));
        out.clear();
        x.hand_on(at(ms), out);
        written += out.size();
    }
    CHECK(written <= 4 * 601);
    out.clear();
    x.finish(at(600'100), out);
    CHECK(told(out) ==
          "1 refused B why 1 x6001\n2 gap_opened why 1 x6001 missing 54009 1-600009\n3 set_aside A "
          "x300000000\n4 "
          "conflict B x42000\n");
}

TEST_CASE("exceptions: a new life begins the links' accounts anew, and a restart tells nothing twice") {
    LinkExceptions x(Acd{1});
    std::vector<LinkEventRecord> out;
    LinkRecord a = account();
    a.wild_frames = 1'000;  // of an earlier run
    a.silences = 3;
    a.silent_ns = 77;
    x.look(a, at(0));
    x.look(account(2), at(100));
    x.hand_on(at(100), out);
    CHECK(out.empty());

    LinkEventRecord open{};
    open.number = 40;
    open.count = 1;
    open.kind = Silent;
    open.open = open.now = 1;
    LinkEventRecord newest = open;
    newest.number = 41;
    newest.open = newest.now = 0;
    LinkExceptions next(Acd{1});
    next.restore(std::array{open, newest}, out);
    CHECK(told(out) == "40 silent A x1\n");
    next.note({.kind = EpochBegun, .epoch = 5}, at(200));
    next.hand_on(at(200), out);
    CHECK(told(out) == "40 silent A x1\n42 epoch_begun x1 ...\n");
}

TEST_CASE("exceptions: a server tells of lives, pump-ups, gaps, silences, garbage and copies that differ") {
    PipelineRig rig;
    pump_up(rig);
    rig.run(200_ms);
    const auto say = [&](u64 agent) { rig.say(AgentInfo{kEight + 200'000'000'000, agent, {'B'}}); };
    for (u64 agent = 1; agent <= 9; ++agent) say(agent);
    rig.send("");  // on no link
    say(10);
    rig.send();
    rig.run(200_ms);
    rig.run(1_s);  // both links silent
    const u64 first = rig.next();
    say(11);
    rig.send("A");
    say(12);
    rig.send("A");
    rig.run(30_ms);
    std::array<std::byte, 128> other;
    const u32 bytes = write_message(other.data(), AgentInfo{kEight + 200'000'000'000, 11, {'X'}});
    rig.transmit(Link::B, first, Bytes(other).first(bytes), 1);
    rig.transmit(Link::B, first + 100'000'000, Bytes(other).first(bytes), 1);  // far beyond the window
    const std::array<std::byte, 200> garbage{};
    for (int i = 0; i < 3; ++i) rig.datagram(Link::A, garbage);
    rig.run(1_s + 300_ms);
    CHECK(told(rig) ==
          "1 epoch_begun x1 ...\n"
          "2 pump_up why 1 x1 ...\n"
          "3 gap_opened why 1 x1 missing 9 10-18 ...\n"
          "4 silent A x2 1200ms now\n"
          "5 silent B x2 1230ms now\n"
          "6 set_aside B x1 ...\n"
          "7 conflict B x1 ...\n");
    CHECK(told(rig, 0) == "1 refused A why 3 x3 ...\n");

    rig.drop();  // as after kill -9: what was open is closed by the next run, whose numbers go on
    rig.open();
    rig.run(500_ms);
    rig.stop();
    CHECK(told(rig) ==
          "1 epoch_begun x1\n"
          "2 pump_up why 1 x1\n"
          "3 gap_opened why 1 x1 missing 9 10-18\n"
          "4 silent A x2 1200ms\n"
          "5 silent B x2 1230ms\n"
          "6 set_aside B x1\n"
          "7 conflict B x1\n"
          "8 silent A x1\n"
          "9 silent B x1\n");
    CHECK(told(rig, 0) == "1 refused A why 3 x3\n");
}

TEST_CASE("exceptions: what is folded again tells of no pump-up again, a torn one is told of") {
    PipelineRig rig;
    pump_up(rig);
    answered_call(rig, 1, kEight + 10'000'000'000);
    rig.run(50_ms);
    const u64 hole = rig.next();
    rig.say(AgentInfo{kEight + 200'000'000'000, 2, {'B'}});
    rig.send("");
    rig.say(PumpUpBegin{kEight + 300'000'000'000, PumpUpWhy::Audit, 0, 0, 0});
    rig.say(AcdInfo{kEight + 300'000'000'000, 60, 30, 0, 0, {'T', 'e', 's', 't'}, {}});
    rig.send();
    rig.run(50_ms);
    pump_up(rig, kEight + 301'000'000'000);
    rig.run(200_ms);
    std::array<std::byte, 128> late;
    const u32 bytes = write_message(late.data(), AgentInfo{kEight + 200'000'000'000, 2, {'B'}});
    rig.transmit(Link::A, hole, Bytes(late).first(bytes), 1);
    rig.run(1_s);
    CHECK(rig.engine().status().refolds == 1);
    rig.stop();
    rig.drop();
    rig.open();
    rig.run(50_ms);
    rig.stop();
    CHECK(told(rig).starts_with("1 epoch_begun x1\n2 pump_up why 1 x2\n3 gap_opened why 1 x1 missing 1 "));
    CHECK(told(rig).find("4 pump_up_torn x1\n") != std::string::npos);
}

TEST_CASE("exceptions: a condition is one episode over restarts, and lasts until somebody says otherwise") {
    LinkExceptions x(Acd{});
    std::vector<LinkEventRecord> out;
    for (u64 ms = 0; ms < 300'000; ms += 100) {
        x.hold(Maintenance, kEight, at(ms));
        x.hold(CollectionOff, 0, at(ms));
        x.hand_on(at(ms), out);
    }
    CHECK(out.size() == 1);
    x.finish(at(300'000), out);  // an orderly stop does not end it
    CHECK(told(out) == "1 maintenance x1 now\n");
    CHECK(out.back().begun_wall == kEight);

    LinkExceptions next(Acd{});
    std::vector<LinkEventRecord> closed;
    next.restore(std::array{out.back()}, closed);
    CHECK(closed.empty());
    next.hold(Maintenance, kEight, at(400'000));
    next.hand_on(at(400'000), out);
    next.hold(Maintenance, 0, at(500'000));
    next.hand_on(at(500'000), out);
    CHECK(told(out) == "1 maintenance x1 500000ms ...\n");
    next.hold(Maintenance, kEight + 510'000'000'000, at(510'000));  // again, within the minute
    next.hold(Maintenance, 0, at(511'000));
    next.hand_on(at(511'000), out);
    next.hand_on(at(600'000), out);
    CHECK(told(out) == "1 maintenance x2 501000ms\n");
}

TEST_CASE("exceptions: an ACD that is not collected lacks what it sent meanwhile, and says so") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    rig.run(200_ms);
    const u64 wall = rig.now.wall.value;
    rig.engine().set_collecting(Acd{1}, rig.now.wall);
    rig.engine().set_condition(Maintenance, rig.now.wall);
    rig.run(10_ms);
    for (u64 agent = 1; agent <= 9; ++agent) rig.say(AgentInfo{kEight + 200'000'000'000, agent, {'B'}});
    rig.send();
    rig.run(2_s);
    CHECK(rig.engine().status().acds[0].off);
    CHECK(rig.engine().status().acds[0].frames_left == 2);
    rig.drop();
    rig.open();
    rig.engine().set_collecting(Acd{1}, Nanos{wall});
    rig.engine().set_condition(Maintenance, Nanos{wall});
    rig.run(1_s);
    CHECK(told(rig) == "1 epoch_begun x1\n2 pump_up why 1 x1\n3 collection_off x1 now\n");
    CHECK(told(rig, 0) == "1 maintenance x1 now\n");
    rig.engine().set_collecting(Acd{1}, {});
    rig.engine().set_condition(Maintenance, {});
    rig.run(10_ms);
    rig.say(AgentInfo{kEight + 200'000'000'000, 10, {'B'}});
    rig.send();
    rig.run(300_ms);
    const auto events = rig.snapshot().link_events();
    const auto off = std::ranges::find(events, CollectionOff, &LinkEventRecord::kind);
    REQUIRE(off != events.end());
    CHECK((off->begun_wall == wall && off->now == 0 && off->duration_ns >= 3'000'000'000));
    const auto gaps = rig.snapshot().gaps();
    REQUIRE(gaps.size() == 1);
    CHECK((gaps[0].missing == 9 && gaps[0].cause == GapCause::CollectionOff));
    CHECK(rig.engine().status().acds[0].links[0].silences == 0);
    rig.stop();
    CHECK(rig.port(Link::A).counters().get(PortCounter::NicNoBuffer) == 0);
}
