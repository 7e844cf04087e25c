// Answers to ARP, neighbour solicitations and pings, byte by byte; and the questions that get none.
#include <doctest/doctest.h>

#include "drivers/responder.hpp"
#include "drivers/sim.hpp"
#include "tests/drivers/packets.hpp"

using namespace twinlink;
using namespace twinlink::drivers;
using namespace twinlink::drivers::test;

namespace {

constexpr MacAddress kOurs{2, 0, 0, 0, 0, 0xB};
const Packet kTheirMac = bytes_of({2, 0, 0, 0, 0, 0xA});
const Packet kOurMac = bytes_of({2, 0, 0, 0, 0, 0xB});
const Packet kTheir4 = bytes_of({10, 0, 0, 1});
const Packet kOur4 = bytes_of({10, 0, 0, 2});
const Packet kTheir6 = bytes_of({0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
const Packet kOur6 = bytes_of({0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2});
const Packet kSolicitedNode = bytes_of({0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0, 0, 2});

/// The answer to a question, empty when there is none; checks the verdict.
Packet answer_to(const Packet& question, PortCounter expected, const PortConfig& config = port_config()) {
    const Parsed parsed = parser(config).parse(question);
    CHECK(parsed.outcome == expected);
    if (parsed.outcome < PortCounter::AnsweredArp) return {};
    Packet reply(2'000);
    reply.resize(answer(question, parsed, kOurs, reply));
    return reply;
}

Packet arp(int kind, const Packet& sender, const Packet& target, const Packet& tags = {}) {
    return Packet(6, std::byte{0xFF}) + kTheirMac + tags + bytes_of({8, 6, 0, 1, 8, 0, 6, 4, 0, kind}) +
           kTheirMac + sender + Packet(6) + target;
}

/// An ICMPv6 packet with the right checksum.
Packet icmp6(const Packet& source, const Packet& destination, int hops, Packet message) {
    const Packet pseudo =
        source + destination + bytes_of({0, 0, 0, static_cast<int>(message.size()), 0, 0, 0, 58});
    put_raw16(message.data() + 2, static_cast<u16>(~fold_sum(ones_sum(pseudo + message))));
    return kOurMac + kTheirMac +
           bytes_of({0x86, 0xDD, 0x60, 0, 0, 0, 0, static_cast<int>(message.size()), 58, hops}) + source +
           destination + message;
}
Packet solicitation(const Packet& source, const Packet& destination, const Packet& target, int hops = 255) {
    return icmp6(source, destination, hops, bytes_of({135, 0, 0, 0, 0, 0, 0, 0}) + target);
}

Packet echo4(const Packet& source, const Packet& destination, int type = 8) {
    Packet message = bytes_of({type, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g', '!'});
    put_raw16(message.data() + 2, static_cast<u16>(~fold_sum(ones_sum(message))));
    return mend4(kOurMac + kTheirMac + bytes_of({8, 0, 0x45, 0, 0, 33, 0, 7, 0x40, 0, 9, 1, 0, 0}) + source +
                 destination + message);
}

}  // namespace

TEST_CASE("ARP: a request for our address is answered with our MAC, in the same VLANs") {
    const Packet body = bytes_of({8, 6, 0, 1, 8, 0, 6, 4, 0, 2}) + kOurMac + kOur4 + kTheirMac + kTheir4;
    CHECK(answer_to(arp(1, kTheir4, kOur4), PortCounter::AnsweredArp) == kTheirMac + kOurMac + body);
    PortConfig qinq = port_config();
    qinq.vlan_outer = 5;
    qinq.vlan_inner = 6;
    const Packet tags = bytes_of({0x88, 0xA8, 0xA0, 5, 0x81, 0, 0, 6});
    CHECK(answer_to(arp(1, kTheir4, kOur4, tags), PortCounter::AnsweredArp, qinq) ==
          kTheirMac + kOurMac + tags + body);
    CHECK(answer_to(arp(1, kTheir4, kOur4), PortCounter::RefusedVlan, qinq).empty());
}

TEST_CASE("ARP: replies, announcements and requests for others get no answer") {
    answer_to(arp(2, kTheir4, kOur4), PortCounter::RefusedOther);
    answer_to(arp(1, kOur4, kOur4), PortCounter::RefusedOther);
    answer_to(arp(1, kTheir4, kTheir4), PortCounter::RefusedOther);
    answer_to(with16(arp(1, kTheir4, kOur4), 14, 6), PortCounter::RefusedOther);
    Packet cut = arp(1, kTheir4, kOur4);
    cut.pop_back();
    answer_to(cut, PortCounter::RefusedMalformed);
}

TEST_CASE("NDP: a solicitation by multicast or unicast is answered with a solicited advertisement") {
    const Packet advertisement = bytes_of({136, 0, 0, 0, 0x60, 0, 0, 0}) + kOur6 + bytes_of({2, 1}) + kOurMac;
    Packet expected = icmp6(kOur6, kTheir6, 255, advertisement);
    std::copy(kTheirMac.begin(), kTheirMac.end(), expected.begin());
    std::copy(kOurMac.begin(), kOurMac.end(), expected.begin() + 6);
    for (const Packet& to : {kSolicitedNode, kOur6}) {
        CHECK(answer_to(solicitation(kTheir6, to, kOur6), PortCounter::AnsweredNdp, port_config(true)) ==
              expected);
    }
}

TEST_CASE("NDP: a probe from the unspecified address is answered to all nodes, not as solicited") {
    const Packet all_nodes = bytes_of({0xFF, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    Packet expected = icmp6(kOur6, all_nodes, 255,
                            bytes_of({136, 0, 0, 0, 0x20, 0, 0, 0}) + kOur6 + bytes_of({2, 1}) + kOurMac);
    const Packet link = bytes_of({0x33, 0x33, 0, 0, 0, 1}) + kOurMac;
    std::copy(link.begin(), link.end(), expected.begin());
    const Packet probe = solicitation(Packet(16), kSolicitedNode, kOur6);
    CHECK(answer_to(probe, PortCounter::AnsweredNdp, port_config(true)) == expected);
}

TEST_CASE("NDP: routed, foreign, damaged and unknown questions get no answer") {
    const PortConfig six = port_config(true);
    answer_to(solicitation(kTheir6, kSolicitedNode, kOur6, 254), PortCounter::RefusedOther, six);
    answer_to(solicitation(kTheir6, kSolicitedNode, kTheir6), PortCounter::RefusedOther, six);
    answer_to(icmp6(kTheir6, kOur6, 255, bytes_of({136, 0, 0, 0, 0, 0, 0, 0}) + kTheir6),
              PortCounter::RefusedOther, six);
    answer_to(icmp6(kTheir6, kOur6, 255, bytes_of({135, 0, 0, 0, 0, 0, 0, 0})), PortCounter::RefusedMalformed,
              six);
    Packet damaged = solicitation(kTheir6, kSolicitedNode, kOur6);
    damaged.back() ^= std::byte{1};
    answer_to(damaged, PortCounter::RefusedChecksum, six);
}

TEST_CASE("echo: ICMP is answered with the same content, options of the question dropped") {
    Packet expected = echo4(kOur4, kTheir4, 0);
    expected = mend4(with8(with16(expected, 18, 0), 22, 64));
    std::copy(kTheirMac.begin(), kTheirMac.end(), expected.begin());
    std::copy(kOurMac.begin(), kOurMac.end(), expected.begin() + 6);
    CHECK(answer_to(echo4(kTheir4, kOur4), PortCounter::AnsweredEcho) == expected);
    Packet optioned = insert(echo4(kTheir4, kOur4), 34, bytes_of({1, 1, 1, 0}));
    optioned = mend4(with16(with8(optioned, 14, 0x46), 16, 37));
    CHECK(answer_to(optioned, PortCounter::AnsweredEcho) == expected);
}

TEST_CASE("echo: ICMPv6 is answered with the same content") {
    const Packet tail = bytes_of({0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g', '!'});
    Packet expected = icmp6(kOur6, kTheir6, 64, bytes_of({129, 0, 0, 0}) + tail);
    std::copy(kTheirMac.begin(), kTheirMac.end(), expected.begin());
    std::copy(kOurMac.begin(), kOurMac.end(), expected.begin() + 6);
    const Packet question = icmp6(kTheir6, kOur6, 9, bytes_of({128, 0, 0, 0}) + tail);
    CHECK(answer_to(question, PortCounter::AnsweredEcho, port_config(true)) == expected);
}

TEST_CASE("echo: other ICMP, damaged ICMP and senders that cannot be get no answer") {
    answer_to(echo4(kTheir4, kOur4, 13), PortCounter::RefusedOther);
    answer_to(echo4(bytes_of({224, 0, 0, 1}), kOur4), PortCounter::RefusedOther);
    answer_to(echo4(bytes_of({0, 0, 0, 0}), kOur4), PortCounter::RefusedOther);
    answer_to(echo4(kTheir4, kTheir4), PortCounter::RefusedDestination);
    Packet damaged = echo4(kTheir4, kOur4);
    damaged.back() ^= std::byte{1};
    answer_to(damaged, PortCounter::RefusedChecksum);
}

TEST_CASE("answers: no room for one means none, at every size") {
    const Packet question = echo4(kTheir4, kOur4);
    const Parsed parsed = parser().parse(question);
    for (std::size_t bytes = 0; bytes < question.size(); ++bytes) {
        Packet room(bytes);
        CHECK(answer(question, parsed, kOurs, room) == 0);
    }
}

TEST_CASE("answers: a device that does not take one counts it, and the question still counts once") {
    SimPort port(port_config());
    port.take_answers(false);
    REQUIRE(port.push(arp(1, kTheir4, kOur4)));
    RxFrame none;
    CHECK(port.receive({&none, 1}) == 0);
    CHECK(port.counters().get(PortCounter::AnsweredArp) == 1);
    CHECK(port.counters().get(PortCounter::AnswersDropped) == 1);
    port.take_answers(true);
    REQUIRE(port.push(arp(1, kTheir4, kOur4)));
    CHECK(port.receive({&none, 1}) == 0);
    CHECK(port.answers().size() == 1);
    CHECK(port.counters().get(PortCounter::Packets) == 2);
}
