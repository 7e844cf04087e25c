// A mini language for packets: start from a good one, change what the test is about, say what must come of
// it.
#pragma once

#include "drivers/checksum.hpp"
#include "drivers/packet.hpp"
#include "drivers/wire.hpp"
#include "drivers/writer.hpp"
#include "tests/drivers/frames.hpp"

namespace twinlink::drivers::test {

using Packet = std::vector<std::byte>;

inline Packet bytes_of(std::initializer_list<int> values) {
    Packet p;
    for (const int v : values) p.push_back(static_cast<std::byte>(v));
    return p;
}
inline Packet operator+(Packet a, const Packet& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

inline constexpr std::string_view kPayload = "twinlink carries";

/// A good packet of the flow with kPayload in it.
inline Packet good(const FlowConfig& flow = flow_config(), std::string_view payload = kPayload) {
    const PacketWriter writer(flow);
    const TxFrame frame{{}, std::as_bytes(std::span(payload))};
    Packet packet(writer.packet_bytes(frame));
    writer.write(packet.data(), frame);
    return packet;
}

/// The packet with one byte or one 16-bit number changed.
inline Packet with8(Packet p, std::size_t at, u8 value) {
    put8(p.data() + at, value);
    return p;
}
inline Packet with16(Packet p, std::size_t at, u16 value) {
    put16(p.data() + at, value);
    return p;
}
/// Makes the checksum of the IPv4 header at `at` right again.
inline Packet mend4(Packet p, std::size_t at = kEthernetBytes) {
    const std::size_t bytes = (get8(p.data() + at) & 15U) * 4U;
    put16(p.data() + at + 10, 0);
    put_raw16(p.data() + at + 10, static_cast<u16>(~fold_sum(ones_sum({p.data() + at, bytes}))));
    return p;
}
/// Bytes put in at `at`; lengths are the caller's to mend.
inline Packet insert(Packet p, std::size_t at, const Packet& what) {
    p.insert(p.begin() + static_cast<std::ptrdiff_t>(at), what.begin(), what.end());
    return p;
}
/// A good IPv6 packet with these extension headers, of which `first` is the kind of the first. The kind of
/// the last header's successor is in `headers` already; the IPv6 length is mended.
inline Packet extended(u8 first, const Packet& headers) {
    Packet p = insert(good(flow_config(true)), kEthernetBytes + kIpv6Bytes, headers);
    p = with8(p, kEthernetBytes + 6, first);
    return with16(p, kEthernetBytes + 4, static_cast<u16>(p.size() - kEthernetBytes - kIpv6Bytes));
}

inline PacketParser parser(const PortConfig& config = port_config()) { return PacketParser(config); }

}  // namespace twinlink::drivers::test

template <>
struct doctest::StringMaker<twinlink::PortCounter> {
    static doctest::String convert(twinlink::PortCounter c) { return twinlink::info(c).name.data(); }
};
