// Seeded random damage to good packets of all kinds: nothing crashes, nothing is read beyond the end (under a
// sanitizer), and whatever is delivered or answered lies inside the packet.
#include <doctest/doctest.h>

#include "drivers/responder.hpp"
#include "tests/drivers/packets.hpp"

#include <cstdlib>

using namespace twinlink;
using namespace twinlink::drivers;
using namespace twinlink::drivers::test;

namespace {

/// A few changes of the kinds that parsers die of.
Packet damage(Packet p, std::mt19937_64& random) {
    for (u64 changes = 1 + random() % 4; changes != 0 && !p.empty(); --changes) {
        const std::size_t at = random() % p.size();
        switch (random() % 5) {
            case 0: p[at] ^= static_cast<std::byte>(1U << (random() % 8)); break;
            case 1: p[at] = static_cast<std::byte>(random()); break;
            case 2: p.resize(at); break;
            case 3: p.insert(p.begin() + static_cast<std::ptrdiff_t>(at), random() % 9, std::byte{0}); break;
            default: p[at] = random() % 2 == 0 ? std::byte{0} : std::byte{0xFF}; break;
        }
    }
    p.shrink_to_fit();
    return p;
}

}  // namespace

TEST_CASE("fuzz: damaged packets are refused or delivered, never more than what is there") {
    const char* wanted = std::getenv("TWINLINK_SEED");
    const u64 seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 4'711;
    MESSAGE("TWINLINK_SEED=" << seed);
    std::mt19937_64 random(seed);
    PortConfig config = port_config();
    config.addresses.push_back(ip("fd00::2"));
    config.sources.clear();
    FlowConfig vlan = flow_config();
    vlan.vlan_outer = 5;
    const Packet arp = Packet(12, std::byte{2}) + bytes_of({8, 6, 0, 1, 8, 0, 6, 4, 0, 1}) + Packet(14) +
                       bytes_of({10, 0, 0, 2});
    const std::vector<Packet> seeds{good(),
                                    good(flow_config(true)),
                                    good(vlan),
                                    arp,
                                    extended(0, bytes_of({60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0})),
                                    with8(good(), 23, 1),
                                    with8(good(flow_config(true)), 20, 58)};
    for (const bool verify : {true, false}) {
        config.verify_checksums = verify;
        const PacketParser parse = parser(config);
        for (int i = 0; i < 150'000; ++i) {
            const Packet p = damage(seeds[random() % seeds.size()], random);
            const Parsed parsed = parse.parse(p);
            REQUIRE(parsed.outcome >= PortCounter::Frames);
            REQUIRE(parsed.outcome <= PortCounter::AnsweredEcho);
            REQUIRE(u64{parsed.at} + parsed.bytes <= p.size());
            if (parsed.outcome == PortCounter::Frames) REQUIRE(parsed.bytes <= config.frame_bytes_max);
            if (parsed.outcome < PortCounter::AnsweredArp) continue;
            Packet reply(random() % 200);
            REQUIRE(answer(p, parsed, {2, 0, 0, 0, 0, 1}, reply) <= reply.size());
        }
    }
}
