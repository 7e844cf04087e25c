// Test material: a port's configuration, the flow that fits it, and numbered frames of seeded bytes.
#pragma once

#include <twinlink/port.hpp>

#include <random>

namespace twinlink::drivers::test {

inline IpAddress ip(std::string_view text) { return parse_ip(text).value(); }

inline constexpr u16 kUdpPort = 5'501;

inline PortConfig port_config(bool v6 = false) {
    PortConfig c;
    c.addresses = {ip(v6 ? "fd00::2" : "10.0.0.2")};
    c.udp_port = kUdpPort;
    c.sources = {{ip(v6 ? "fd00::1" : "10.0.0.1"), 0, Acd{7}}};
    c.pool_frames = 256;
    return c;
}

inline FlowConfig flow_config(bool v6 = false) {
    FlowConfig f;
    f.source_mac = {2, 0, 0, 0, 0, 0xA};
    f.destination_mac = {2, 0, 0, 0, 0, 0xB};
    f.source = ip(v6 ? "fd00::1" : "10.0.0.1");
    f.destination = ip(v6 ? "fd00::2" : "10.0.0.2");
    f.source_port = 4'000;
    f.destination_port = kUdpPort;
    return f;
}

/// Frame number `n`: its number, then bytes and a length that follow from the seed. 8 to `longest` bytes.
inline std::vector<std::byte> numbered_frame(u64 seed, u64 n, u32 longest = kFrameBytesDefault) {
    std::mt19937_64 random(seed * 1'000'003 + n);
    std::vector<std::byte> frame(8 + random() % (longest - 7));
    for (std::size_t i = 0; i < frame.size(); i += 8) {
        const u64 word = i == 0 ? n : random();
        std::memcpy(frame.data() + i, &word, std::min<std::size_t>(8, frame.size() - i));
    }
    return frame;
}

}  // namespace twinlink::drivers::test
