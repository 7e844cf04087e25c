// The packet parser: what is a frame for us, and each reason why something is not.
#include <doctest/doctest.h>

#include "tests/drivers/packets.hpp"

using namespace twinlink;
using namespace twinlink::drivers;
using namespace twinlink::drivers::test;

namespace {

constexpr u32 kIp = kEthernetBytes;
constexpr u32 kUdp4 = kIp + kIpv4Bytes;
constexpr u32 kUdp6 = kIp + kIpv6Bytes;

PortCounter verdict(const Packet& p, const PortConfig& config = port_config()) {
    return parser(config).parse(p).outcome;
}

void check_delivers(const Packet& p, const PortConfig& config = port_config(),
                    std::string_view payload = kPayload) {
    const Parsed parsed = parser(config).parse(p);
    REQUIRE(parsed.outcome == PortCounter::Frames);
    REQUIRE(parsed.bytes == payload.size());
    CHECK(std::memcmp(p.data() + parsed.at, payload.data(), payload.size()) == 0);
    CHECK(parsed.source_acd == Acd{7});
}

}  // namespace

TEST_CASE("packet: plain IPv4 and IPv6 UDP are delivered with the source's ACD") {
    check_delivers(good());
    check_delivers(good(flow_config(true)), port_config(true));
    check_delivers(good(flow_config(), ""), port_config(), "");
}

TEST_CASE("packet: padding behind the IP packet is no part of the payload") {
    check_delivers(good() + Packet(20, std::byte{0xEE}));
    check_delivers(good(flow_config(true)) + Packet(3, std::byte{0xEE}), port_config(true));
}

TEST_CASE("packet: one tag and two tags are delivered where they are expected, and nowhere else") {
    PortConfig vlan = port_config();
    vlan.vlan_outer = 5;
    PortConfig qinq = vlan;
    qinq.vlan_inner = 6;
    FlowConfig in_vlan = flow_config();
    in_vlan.vlan_outer = 5;
    FlowConfig in_qinq = in_vlan;
    in_qinq.vlan_inner = 6;
    const std::array configs{port_config(), vlan, qinq};
    const std::array packets{good(), good(in_vlan), good(in_qinq)};
    for (std::size_t c = 0; c < configs.size(); ++c) {
        for (std::size_t p = 0; p < packets.size(); ++p) {
            if (c == p)
                check_delivers(packets[p], configs[c]);
            else
                CHECK(verdict(packets[p], configs[c]) == PortCounter::RefusedVlan);
        }
    }
    CHECK(verdict(with16(good(in_vlan), 14, 6), vlan) == PortCounter::RefusedVlan);
    CHECK(verdict(with16(good(in_qinq), 18, 7), qinq) == PortCounter::RefusedVlan);
    // Both tags may be 0x8100, as older switches do it; priority bits and id 0 are no VLAN; three tags are
    // too many.
    check_delivers(with16(good(in_qinq), 12, kEtherVlan), qinq);
    check_delivers(with16(good(in_vlan), 14, 0xE005), vlan);
    check_delivers(with16(good(in_vlan), 14, 0xE000));
    CHECK(verdict(insert(good(in_qinq), 12, bytes_of({0x88, 0xA8, 0, 1})), qinq) == PortCounter::RefusedVlan);
    CHECK(verdict(insert(good(in_qinq), 16, bytes_of({0x81, 0, 0, 1})), qinq) == PortCounter::RefusedVlan);
}

TEST_CASE("packet: IPv4 options are skipped") {
    Packet p = insert(good(), kUdp4, bytes_of({7, 7, 4, 0, 0, 0, 0, 0}));
    p = with16(with8(p, kIp, 0x47), kIp + 2, static_cast<u16>(p.size() - kIp));
    check_delivers(mend4(p));
}

TEST_CASE("packet: IPv6 extension headers are skipped, each kind and all together") {
    const PortConfig config = port_config(true);
    check_delivers(extended(0, bytes_of({17, 0, 1, 4, 0, 0, 0, 0})), config);
    check_delivers(extended(60, bytes_of({17, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})), config);
    check_delivers(extended(43, bytes_of({17, 0, 4, 0, 0, 0, 0, 0})), config);
    const Packet hop = bytes_of({60, 0, 1, 4, 0, 0, 0, 0});
    const Packet options = bytes_of({43, 0, 1, 4, 0, 0, 0, 0});
    const Packet routing = bytes_of({60, 0, 4, 0, 0, 0, 0, 0});
    const Packet last = bytes_of({17, 0, 1, 4, 0, 0, 0, 0});
    check_delivers(extended(0, hop + options + routing + last), config);

    CHECK(verdict(extended(0, hop + options + routing + routing + last), config) ==
          PortCounter::RefusedMalformed);
    const Packet hop_second = bytes_of({0, 0, 1, 4, 0, 0, 0, 0}) + last;
    CHECK(verdict(extended(60, hop_second), config) == PortCounter::RefusedMalformed);
    CHECK(verdict(extended(60, bytes_of({17, 255, 1, 4, 0, 0, 0, 0})), config) ==
          PortCounter::RefusedMalformed);
    CHECK(verdict(extended(43, bytes_of({17, 0, 4, 1, 0, 0, 0, 0})), config) ==
          PortCounter::RefusedDestination);
    CHECK(verdict(extended(44, bytes_of({17, 0, 0, 0, 0, 0, 0, 1})), config) == PortCounter::RefusedFragment);
    CHECK(verdict(extended(51, bytes_of({17, 0, 0, 0, 0, 0, 0, 1})), config) == PortCounter::RefusedNotUdp);
}

TEST_CASE("packet: cut off at any byte it is malformed") {
    FlowConfig qinq = flow_config();
    qinq.vlan_outer = 5;
    qinq.vlan_inner = 6;
    PortConfig in_qinq = port_config();
    in_qinq.vlan_outer = 5;
    in_qinq.vlan_inner = 6;
    const std::vector<std::pair<Packet, PortConfig>> cases{
        {good(), port_config()},
        {good(flow_config(true)), port_config(true)},
        {good(qinq), in_qinq},
        {extended(0, bytes_of({17, 0, 1, 4, 0, 0, 0, 0})), port_config(true)}};
    for (const auto& [packet, config] : cases) {
        REQUIRE(verdict(packet, config) == PortCounter::Frames);
        for (std::size_t bytes = 0; bytes < packet.size(); ++bytes) {
            // A copy of exactly that size, so that a sanitizer sees any step beyond it.
            const Packet cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(bytes));
            CHECK_MESSAGE(verdict(cut, config) == PortCounter::RefusedMalformed,
                          bytes << " of " << packet.size());
        }
    }
}

TEST_CASE("packet: lengths that contradict each other are malformed") {
    const Packet p = good();
    CHECK(verdict(mend4(with8(p, kIp, 0x44))) == PortCounter::RefusedMalformed);
    CHECK(verdict(with8(p, kIp, 0x65)) == PortCounter::RefusedMalformed);
    CHECK(verdict(with8(p, kIp, 0x4F)) == PortCounter::RefusedMalformed);
    CHECK(verdict(mend4(with16(p, kIp + 2, 19))) == PortCounter::RefusedMalformed);
    CHECK(verdict(mend4(with16(p, kIp + 2, 27))) == PortCounter::RefusedMalformed);
    for (const u16 udp_bytes : std::initializer_list<u16>{0, 7, 8, 23, 25, 65'535}) {
        CHECK(verdict(with16(p, kUdp4 + 4, udp_bytes)) == PortCounter::RefusedMalformed);
    }
    const Packet six = good(flow_config(true));
    CHECK(verdict(with16(six, kIp + 4, 0), port_config(true)) == PortCounter::RefusedMalformed);
    CHECK(verdict(with8(six, kIp, 0x40), port_config(true)) == PortCounter::RefusedMalformed);
}

TEST_CASE("packet: a payload as long as allowed is delivered, one byte more is malformed") {
    PortConfig config = port_config();
    config.frame_bytes_max = 100;
    const std::string longest(100, 'x');
    check_delivers(good(flow_config(), longest), config, longest);
    CHECK(verdict(good(flow_config(), longest + "x"), config) == PortCounter::RefusedMalformed);
}

TEST_CASE("packet: fragments are refused, first, middle and last; do-not-fragment is none") {
    for (const u16 fragment : std::initializer_list<u16>{0x2000, 0x2001, 0x0001, 0x1FFF}) {
        CHECK(verdict(mend4(with16(good(), kIp + 6, fragment))) == PortCounter::RefusedFragment);
    }
    check_delivers(mend4(with16(good(), kIp + 6, 0x4000)));
}

TEST_CASE("packet: any wrong bit under a checksum is seen") {
    const Packet p = good();
    for (std::size_t at = kUdp4; at < p.size(); ++at) {
        if (at == kUdp4 + 4 || at == kUdp4 + 5) continue;  // the length, which contradicts first
        for (u32 bit = 0; bit < 8; ++bit) {
            const Packet wrong = with8(p, at, static_cast<u8>(get8(p.data() + at) ^ (1U << bit)));
            CHECK(verdict(wrong) == PortCounter::RefusedChecksum);
        }
    }
    CHECK(verdict(with8(p, kIp + 8, 1)) == PortCounter::RefusedChecksum);
    CHECK(verdict(with8(good(flow_config(true)), kUdp6 + 9, 1), port_config(true)) ==
          PortCounter::RefusedChecksum);
}

TEST_CASE("packet: an absent UDP checksum is fine over IPv4 and refused over IPv6") {
    check_delivers(with16(good(), kUdp4 + 6, 0));
    CHECK(verdict(with16(good(flow_config(true)), kUdp6 + 6, 0), port_config(true)) ==
          PortCounter::RefusedChecksum);
}

TEST_CASE("packet: what the device verified, and what nobody is to verify, is believed") {
    const Packet wrong = with16(with16(good(), kUdp4 + 6, 1), kIp + 10, 1);
    CHECK(verdict(wrong) == PortCounter::RefusedChecksum);
    CHECK(parser().parse(wrong, {.ip = true, .udp = true}).outcome == PortCounter::Frames);
    CHECK(parser().parse(wrong, {.ip = true, .udp = false}).outcome == PortCounter::RefusedChecksum);
    CHECK(parser().parse(wrong, {.ip = false, .udp = true}).outcome == PortCounter::RefusedChecksum);
    PortConfig trusting = port_config();
    trusting.verify_checksums = false;
    check_delivers(wrong, trusting);
}

TEST_CASE("packet: other protocols, addresses, ports and sources are refused by their name") {
    CHECK(verdict(with16(good(), 12, 0x88CC)) == PortCounter::RefusedNotIp);
    CHECK(verdict(with16(good(), 12, 60)) == PortCounter::RefusedNotIp);
    CHECK(verdict(mend4(with8(good(), kIp + 9, 6))) == PortCounter::RefusedNotUdp);
    CHECK(verdict(with8(good(flow_config(true)), kIp + 6, 6), port_config(true)) ==
          PortCounter::RefusedNotUdp);
    for (const bool v6 : {false, true}) {
        FlowConfig address = flow_config(v6);
        address.destination.bytes[v6 ? 15 : 3] = 9;
        CHECK(verdict(good(address), port_config(v6)) == PortCounter::RefusedDestination);
        FlowConfig port = flow_config(v6);
        port.destination_port = kUdpPort + 1;
        CHECK(verdict(good(port), port_config(v6)) == PortCounter::RefusedDestination);
        FlowConfig source = flow_config(v6);
        source.source.bytes[v6 ? 15 : 3] = 9;
        CHECK(verdict(good(source), port_config(v6)) == PortCounter::RefusedSource);
        CHECK(verdict(good(flow_config(!v6)), port_config(v6)) == PortCounter::RefusedDestination);
    }
}

TEST_CASE(
    "packet: a source that names its port goes before one that takes any, and no sources means anyone") {
    PortConfig config = port_config();
    config.sources = {
        {ip("10.0.0.1"), 0, Acd{1}}, {ip("10.0.0.1"), 4'000, Acd{2}}, {ip("10.0.0.8"), 5, Acd{3}}};
    FlowConfig flow = flow_config();
    CHECK(parser(config).parse(good(flow)).source_acd == Acd{2});
    flow.source_port = 4'001;
    CHECK(parser(config).parse(good(flow)).source_acd == Acd{1});
    flow.source = ip("10.0.0.8");
    CHECK(verdict(good(flow), config) == PortCounter::RefusedSource);
    config.sources.clear();
    CHECK(verdict(good(flow), config) == PortCounter::Frames);
    CHECK(parser(config).parse(good(flow)).source_acd == Acd{});
}

TEST_CASE("addresses: text and back, and what is none") {
    for (const std::string text : {"10.1.2.3", "fd00::1", "::", "0.0.0.0", "2001:db8::ff00:42:8329"}) {
        CHECK(to_string(parse_ip(text).value()) == text);
    }
    for (const std::string text :
         {"", "10.1.2", "10.1.2.256", "host", "fd00:::1", "10.0.0.1 ", "1::2::3", "fe80::1%eth0"}) {
        CHECK_MESSAGE(!parse_ip(text).has_value(), text);
    }
    CHECK(!parse_ip(std::string_view("10.0.0.1\0x", 10)).has_value());
}
