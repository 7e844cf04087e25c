// From a flow and a frame to a whole packet: Ethernet, tags, IPv4 or IPv6, UDP with checksums, payload.
//
// Pure, noexcept on the hot path, allocation-free; one writer for each flow. Lengths are bytes.
#pragma once

#include <twinlink/port.hpp>

namespace twinlink::drivers {

class PacketWriter {
public:
    /// Precondition: check(flow) passed. A destination MAC of all zeros means broadcast.
    explicit PacketWriter(const FlowConfig& flow) noexcept;

    /// Bytes in front of every payload of this flow.
    [[nodiscard]] u32 header_bytes() const noexcept { return header_bytes_; }
    [[nodiscard]] u32 packet_bytes(const TxFrame& frame) const noexcept {
        return header_bytes_ + static_cast<u32>(frame.head.size() + frame.body.size());
    }
    /// Where the IP and the UDP header begin.
    [[nodiscard]] u32 network_at() const noexcept { return network_at_; }
    [[nodiscard]] u32 transport_at() const noexcept { return header_bytes_ - kUdpHeaderBytes; }
    [[nodiscard]] bool v6() const noexcept { return v6_; }

    enum class UdpChecksum : u8 {
        Whole,
        OfAddresses  ///< the pseudo-header's alone: a device adds the rest
    };
    /// Writes the whole packet; returns its bytes. Precondition: packet_bytes(frame) bytes of room, and a
    /// payload of at most 65,507 - 20 bytes.
    u32 write(std::byte* to, const TxFrame& frame, UdpChecksum udp = UdpChecksum::Whole) const noexcept;

private:
    static constexpr u32 kUdpHeaderBytes = 8;
    std::array<std::byte, 14 + 8 + 40 + 8> header_{};
    u32 header_bytes_ = 0;
    u32 network_at_ = 0;
    bool v6_;
    u64 fixed_sum_ = 0;  ///< what of the UDP checksum is the same for every packet: addresses and protocol
};

}  // namespace twinlink::drivers
