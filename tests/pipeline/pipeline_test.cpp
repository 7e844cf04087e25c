// The whole data path in one thread: from packets on two wires to rows and gaps in a real store, and back
// after a stop.
#include "tests/pipeline/pipeline_rig.hpp"

#include <twinlink/items.hpp>

using namespace twinlink;
using namespace twinlink::test;

namespace {

constexpr u64 kMinute = u64{60} * 1'000'000'000;

u64 item(PipelineRig& rig, TableId table, u64 start, u64 entity, u64 entity2, std::string_view name) {
    u64 value = ~u64{0};
    const bool there = rig.snapshot().row(
        {table, Acd{1}, start, 0, entity, entity2},
        [&](const RowView& row) { value = row.items[find_column(*find_table(table), name).value().index]; });
    return there ? value : ~u64{0};
}

/// A day's worth of all rows as text, to compare runs; row revisions are left out, they tell of the way.
std::string all_rows(PipelineRig& rig) {
    std::string text;
    const StoreSnapshot snapshot = rig.snapshot();
    for (const TableId table : {TableId::Hsplit, TableId::Hagent}) {
        snapshot.rows(table, Acd{1}, 0, ~u64{0}, [&](const RowView& row) {
            text += std::to_string(static_cast<int>(table)) + " " + std::to_string(row.key.interval_start) +
                    " " + std::to_string(row.key.entity) + " " + std::to_string(row.key.entity2) +
                    (row.closed ? " closed" : " open");
            for (std::size_t i = 0; i < row.items.size(); ++i) {
                if (row.items[i] != 0) text += " " + std::to_string(i) + "=" + std::to_string(row.items[i]);
            }
            text += "\n";
            return true;
        });
    }
    return text;
}

}  // namespace

TEST_CASE("path: an answered call crosses both wires and becomes one row of the skill and one of the agent") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    answered_call(rig, 1, kEight + kMinute);
    boundary(rig, kEight + kHour / 2);
    rig.run(300_ms);
    rig.stop();
    CHECK(rig.gaps() == "");
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "ACDCALLS") == 1);
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "CALLSOFFERED") == 1);
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "ACDTIME") == kMinute);
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "ANSTIME") == kMinute / 12);
    CHECK(item(rig, TableId::Hagent, kEight, 1001, 1, "ACDCALLS") == 1);
    CHECK(item(rig, TableId::Hagent, kEight, 1001, 1, "I_ACDTIME") == kMinute);
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "INCOMPLETE") == 0);
    const auto streams = rig.snapshot().streams();
    REQUIRE(streams.size() == 1);
    CHECK(streams[0].watermark == rig.next() - 1);
    CHECK(streams[0].messages == rig.next() - 1);
}

TEST_CASE("path: loss on either link alone changes no row, and both links' accounts add up") {
    std::string whole;
    for (const bool lossy : {false, true}) {
        PipelineRig rig;
        rig.heartbeat();
        rig.heartbeat();
        rig.run(5_ms);
        pump_up(rig);
        for (u64 call = 1; call <= 20; ++call) {
            answered_call(rig, call, kEight + call * 2 * kMinute / 3 * 2,
                          !lossy          ? "AB"
                          : call % 2 == 0 ? "A"
                                          : "B");
            rig.run(2_ms);
        }
        boundary(rig, kEight + kHour / 2);
        rig.heartbeat();
        rig.run(300_ms);
        rig.stop();
        if (!lossy) {
            whole = all_rows(rig);
            CHECK(!whole.empty());
            continue;
        }
        CHECK(rig.gaps() == "");
        CHECK(all_rows(rig) == whole);
        for (const LinkRecord& l : rig.snapshot().links()) {
            CHECK(l.lost == 20 / 2 * 7);
            CHECK(l.lost_alone == l.lost);
            CHECK(l.distinct + l.lost + l.behind == rig.next() - 1);
        }
    }
}

TEST_CASE("gap: what both links lost is named, counted in its interval, and the rows say INCOMPLETE") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    answered_call(rig, 1, kEight + kMinute);
    const u64 lost = rig.next();
    answered_call(rig, 2, kEight + 4 * kMinute, "");
    answered_call(rig, 3, kEight + 8 * kMinute);
    boundary(rig, kEight + kHour / 2);
    rig.run(300_ms);
    CHECK(rig.gaps() == std::to_string(lost) + "-" + std::to_string(lost + 6) + ":both_links:open");
    const auto gaps = rig.snapshot().gaps();
    CHECK(gaps[0].interval_first == kEight);
    CHECK(gaps[0].interval_last == kEight);
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "INCOMPLETE") == 1);
    const auto intervals = rig.snapshot().intervals(kEight, kEight + 1);
    REQUIRE(intervals.size() == 1);
    CHECK(intervals[0].missing == 7);
    CHECK(intervals[0].incomplete == 1);
    rig.stop();
}

TEST_CASE("restart: after an orderly stop nothing is missing and the rows go on") {
    PipelineRig straight;
    PipelineRig stopped;
    for (PipelineRig* rig : {&straight, &stopped}) {
        rig->heartbeat();
        rig->heartbeat();
        rig->run(5_ms);
        pump_up(*rig);
        answered_call(*rig, 1, kEight + kMinute);
        rig->run(50_ms);
        if (rig == &stopped) {
            rig->stop();
            rig->drop();
            rig->open();
        }
        answered_call(*rig, 2, kEight + 5 * kMinute);
        boundary(*rig, kEight + kHour / 2);
        rig->run(300_ms);
        rig->stop();
        CHECK(rig->gaps() == "");
    }
    CHECK(all_rows(straight) == all_rows(stopped));
}

TEST_CASE(
    "restart: a stop in a hurry leaves what waits in the rings; what was taken is durable, the rest a gap") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    answered_call(rig, 1, kEight + kMinute);
    rig.run(5_ms);
    const u64 taken = rig.next();
    answered_call(rig, 2, kEight + 4 * kMinute);
    rig.receive_only();
    rig.engine().hurry();
    rig.stop();
    CHECK(rig.snapshot().streams().at(0).next == taken);
    rig.drop();
    rig.open();
    answered_call(rig, 3, kEight + 8 * kMinute);
    rig.run(300_ms);
    CHECK(rig.gaps() == std::to_string(taken) + "-" + std::to_string(taken + 6) + ":server_down:open");
    rig.stop();
}

TEST_CASE("restart: what came while the server was down is a gap with that cause") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    answered_call(rig, 1, kEight + kMinute);
    rig.run(300_ms);
    const u64 durable = rig.next();
    rig.drop();
    answered_call(rig, 2, kEight + 4 * kMinute, "");  // nobody listens
    rig.open();
    answered_call(rig, 3, kEight + 8 * kMinute);
    boundary(rig, kEight + kHour / 2);
    rig.run(300_ms);
    CHECK(rig.gaps() == std::to_string(durable) + "-" + std::to_string(durable + 6) + ":server_down:open");
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "ACDCALLS") == 2);
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "INCOMPLETE") == 1);
    rig.stop();
}

TEST_CASE("restart: a gap that link B filled late is whole again after the journal was folded anew") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    const u64 first = rig.next();
    std::vector<std::byte> late;
    const AgentState away{kEight + kMinute, 1001, 0, 0, AgentMode::Avail, AgentMode::Aux, 3,
                          Direction::None,  0};
    late.resize(sizeof(SbeHeader) + sizeof away);
    write_message(late.data(), away);
    rig.say(away);
    rig.send("");
    rig.say(AgentState{kEight + 2 * kMinute, 1001, 0, 0, AgentMode::Aux, AgentMode::Avail, 0, Direction::None,
                       0});
    rig.send();
    rig.run(300_ms);
    CHECK(rig.gaps() == std::to_string(first) + ":both_links:open");
    rig.transmit(Link::B, first, late, 1);
    rig.run(300_ms);
    CHECK(rig.gaps() == std::to_string(first) + ":both_links:healed");
    rig.stop();
    rig.drop();
    rig.open();
    rig.run(300_ms);
    boundary(rig, kEight + kHour / 2);
    rig.run(300_ms);
    rig.stop();
    CHECK(item(rig, TableId::Hagent, kEight, 1001, 1, "TI_AUXTIME3") == kMinute);
    CHECK(item(rig, TableId::Hagent, kEight, 1001, 1, "INCOMPLETE") == 0);
}

TEST_CASE("ring: while it is full frames wait in the device; what that misses is counted and becomes a gap") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    rig.run(5_ms);
    // The fold stands still while 500 frames more come than ring and device hold. A burst leaves the last
    // places free.
    const u64 before = rig.next();
    for (u32 i = 0; i < 2 * kRingFrames + 500; ++i) {
        rig.say(CallForcedBusy{kEight + kMinute, 7});
        rig.send();
        if (i % 1'000 == 0) rig.receive_only();
    }
    rig.receive_only();
    for (const Link link : {Link::A, Link::B}) {
        CHECK(rig.engine().receive_counters(link).get(ReceiveCounter::RingFull) > 0);
        const u64 missed = rig.port(link).counters().get(PortCounter::NicMissed);
        CHECK(missed >= 500);
        CHECK(missed < 500 + kBurstFrames);
    }
    rig.run(2_s);
    rig.say(CallForcedBusy{kEight + 2 * kMinute, 7});
    rig.send();
    rig.run(100_ms);
    const u64 end = before + 2 * kRingFrames + 500;
    const u64 missed = rig.port(Link::A).counters().get(PortCounter::NicMissed);
    CHECK(rig.gaps() == std::to_string(end - missed) + "-" + std::to_string(end - 1) + ":local_drop:open");
    rig.stop();
}

TEST_CASE(
    "refusals: a frame of an unknown ACD, of the other link, or damaged has no effect but its counter") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    rig.run(20_ms);
    const u64 messages = rig.engine().status().messages;
    // Link A's frame on link B's port: the first of the pair is right, the second is refused.
    drivers::SimSender crossed(FlowConfig{.source_mac = {2, 0, 0, 0, 0, 1},
                                          .destination_mac = {2, 0, 0, 0, 0, 2},
                                          .source = *parse_ip("192.0.2.1"),
                                          .destination = *parse_ip("192.0.2.10"),
                                          .source_port = 5500,
                                          .destination_port = 5500,
                                          .vlan_outer = 0,
                                          .vlan_inner = 0},
                               rig.port(Link::B));
    std::array<std::byte, kFrameBytesDefault> buffer;
    FrameBuilder builder(buffer);
    FrameHeader h{};
    h.acd = 1;
    h.epoch = rig.epoch;
    h.first_seq = rig.next();
    const auto push = [&](u16 acd, Link link, bool damage) {
        h.acd = acd;
        h.link = static_cast<u8>(link);
        builder.reset(h);
        builder.add(CallForcedBusy{kEight, 1});
        const Bytes whole = builder.finish(Nanos{0});
        if (damage) buffer[whole.size() - 1] ^= std::byte{1};
        const TxFrame frame{whole, {}};
        REQUIRE(crossed.send({&frame, 1}) == 1);
    };
    push(1, Link::A, false);
    push(9, Link::B, false);
    push(1, Link::B, true);
    rig.run(100_ms);
    CHECK(rig.engine().refusals(Link::B).get(FrameRefusal::WrongLink) == 1);
    CHECK(rig.engine().refusals(Link::B).get(FrameRefusal::UnknownAcd) == 1);
    CHECK(rig.engine().refusals(Link::B).get(FrameRefusal::BadCrc) == 1);
    CHECK(rig.engine().status().messages == messages);
    CHECK(rig.gaps() == "");
    rig.stop();
}

TEST_CASE("links: both alive, one dead, both dead, flapping - no row changes unless both lost the same") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    const auto call_every_100_ms = [&](u64 first, int calls, const std::string& links) {
        for (int i = 0; i < calls; ++i) {
            answered_call(rig, first + static_cast<u64>(i),
                          kEight + (first + static_cast<u64>(i)) * kMinute / 4, links);
            rig.run(100_ms);
        }
    };
    call_every_100_ms(1, 10, "AB");
    CHECK(rig.gaps() == "");
    call_every_100_ms(11, 10, "B");
    CHECK(rig.gaps() == "");
    const auto links = rig.engine().status().acds.at(0).links;
    CHECK(links[0].silent == 1);
    CHECK(links[1].silent == 0);
    for (int i = 0; i < 10; ++i) call_every_100_ms(21 + static_cast<u64>(i), 1, i % 2 == 0 ? "A" : "B");
    CHECK(rig.gaps() == "");
    const u64 first = rig.next();
    call_every_100_ms(31, 10, "");
    CHECK(rig.gaps() == "");  // nothing tells yet that there was anything
    const u64 last = rig.next() - 1;
    call_every_100_ms(41, 1, "AB");
    CHECK(rig.gaps() == std::to_string(first) + "-" + std::to_string(last) + ":link_down:open");
    rig.stop();
}

TEST_CASE("gap: one that is opened and filled piece by piece within one commit leaves one filled record") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    rig.run(50_ms);
    const u64 first = rig.next();
    std::vector<std::byte> one(sizeof(SbeHeader) + sizeof(CallForcedBusy));
    for (u64 i = 0; i < 5; ++i) {
        rig.say(CallForcedBusy{kEight, i});
        rig.send("");
    }
    rig.say(CallForcedBusy{kEight + 1, 9});
    rig.send();
    // Everything but the commit: the hole becomes a gap and is filled, all in the batch that gathers.
    const auto fold_for = [&](Nanos span) {
        for (u64 t = 0; t < span.value; t += 1'000'000) {
            rig.now.mono = rig.now.mono + 1_ms;
            rig.receive_only();
            rig.engine().poll_fold(rig.now);
        }
    };
    fold_for(40_ms);
    for (u64 i = 0; i < 5; ++i) {
        write_message(one.data(), CallForcedBusy{kEight, i});
        rig.transmit(Link::B, first + i, one, 1);
        fold_for(1_ms);
    }
    rig.run(50_ms);
    CHECK(rig.gaps() == std::to_string(first) + "-" + std::to_string(first + 4) + ":both_links:filled");
    rig.stop();
}

TEST_CASE("interval: the boundary right behind a pump-up on the grid opens no second instance") {
    PipelineRig rig;
    rig.heartbeat();
    rig.heartbeat();
    rig.run(5_ms);
    pump_up(rig);
    boundary(rig, kEight);
    answered_call(rig, 1, kEight + kMinute);
    boundary(rig, kEight + kHour / 2);
    rig.run(300_ms);
    rig.stop();
    const auto intervals = rig.snapshot().intervals();
    REQUIRE(intervals.size() == 2);
    CHECK(intervals[0].start == kEight);
    CHECK(intervals[0].instance == 0);
    CHECK(intervals[0].closed == 1);
    CHECK(item(rig, TableId::Hsplit, kEight, 1, 0, "ACDCALLS") == 1);
}
