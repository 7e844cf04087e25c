// The port contract: where frames come from, and where a switch sends them. Every driver keeps it, and one
// conformance test holds all of them to it.
//
// A Port delivers UDP payloads that passed every check below the frame (Ethernet, VLAN, IP, UDP, addresses,
// ports, checksums); what did not is counted by reason and gone. It knows nothing of frames.
#pragma once

#include <twinlink/counters.hpp>
#include <twinlink/error.hpp>
#include <twinlink/frame.hpp>

#include <array>
#include <span>
#include <string>
#include <vector>

namespace twinlink {

/// What a port counts. Every packet that the device delivered ends in exactly one of: frames, the refused_*
/// and the answered ones, so `packets` is their sum.
enum class PortCounter : u8 {
    Packets,  // from the device
    Bytes,
    Frames,            // handed on as UDP payloads for us
    RefusedNotIp,      // neither IPv4, IPv6 nor ARP
    RefusedMalformed,  // a header cut off or lengths that contradict each other
    RefusedVlan,       // another VLAN, tags where none are expected, or none where some are
    RefusedFragment,
    RefusedChecksum,  // IPv4 header or UDP checksum wrong
    RefusedNotUdp,
    RefusedDestination,  // another address or UDP port
    RefusedSource,       // a source that the configuration does not name
    RefusedOther,        // ICMP and NDP kinds that we do not answer
    AnsweredArp,
    AnsweredNdp,
    AnsweredEcho,    // ICMP and ICMPv6
    AnswersDropped,  // an answer that the device did not take
    NicMissed,       // the device's own count of packets it had no room for
    NicErrors,       // the device's own count of bad packets
    NicNoBuffer,     // receive buffers ran out
    LinkChanges,     // up or down
    Count_
};
/// Name and meaning, for counters, metrics and documents.
[[nodiscard]] CounterInfo info(PortCounter) noexcept;
using PortCounters = Counters<PortCounter>;

/// One UDP payload, still in the driver's buffer.
struct RxFrame {
    const std::byte* data;  ///< readable until `token` is released
    void* token;            ///< names the buffer for release()
    u32 bytes;
    Acd source_acd;  ///< the ACD that configuration ties to the sender's address; 0 = any
};

/// A source of frames: one NIC port, socket, capture file or test script; in Twinlink, one link.
///
/// Threads: all calls from one thread, except counters() and link_up(), which any thread may read.
/// Buffers: a token stays valid until it is released; tokens may be released in any order, in any batch. A
/// port that has no free buffer left receives nothing and counts NicNoBuffer or NicMissed; it never blocks.
class Port {
public:
    virtual ~Port() = default;
    Port() = default;
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    /// Takes what is there now, at most out.size() frames; 0 when idle. Never blocks, never allocates, never
    /// throws.
    virtual std::size_t receive(std::span<RxFrame> out) noexcept = 0;
    /// Gives buffers back. Every token must come from this port and be released exactly once.
    virtual void release(std::span<void* const> tokens) noexcept = 0;
    /// Reads device statistics and link state into the counters. Cheap enough for once a second, not for each
    /// burst.
    virtual void read_device() noexcept = 0;
    /// True when no more frames will ever come (the end of a capture). Live devices never end.
    [[nodiscard]] virtual bool ended() const noexcept { return false; }
    /// Carrier or peer present, as of the last read_device().
    [[nodiscard]] virtual bool link_up() const noexcept = 0;
    [[nodiscard]] virtual const PortCounters& counters() const noexcept = 0;
    /// What a person calls it: "dpdk net_vhost0", "udp 127.0.0.1:5501".
    [[nodiscard]] virtual std::string_view title() const noexcept = 0;
};

/// One frame to send, in two pieces so that two links can share a body: the bytes of both, one after the
/// other.
struct TxFrame {
    Bytes head;
    Bytes body;
};

/// Where a switch sends frames: the other end of a Port. All calls from one thread.
class Sender {
public:
    virtual ~Sender() = default;
    Sender() = default;
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    /// Sends from the front, copying; returns how many the device took. The rest may be tried again. Never
    /// blocks.
    virtual std::size_t send(std::span<const TxFrame> frames) noexcept = 0;
    /// Pushes out what the device still holds back: a file's buffer, a ring that goes when the sender does.
    /// Returns whether nothing is held back any more; if not, it is to be asked again. Never blocks.
    [[nodiscard]] virtual bool flush() noexcept { return true; }
    /// True when a receiver is there (a vhost peer connected, a carrier up). Files and sockets are always
    /// ready.
    [[nodiscard]] virtual bool ready() noexcept { return true; }
    [[nodiscard]] virtual std::string_view title() const noexcept = 0;
};

/// An IPv4 or IPv6 address. IPv4 uses the first 4 bytes.
struct IpAddress {
    std::array<u8, 16> bytes{};
    bool v6 = false;
    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;
};
/// "10.1.2.3" or "fd00::1". Errors: not an address.
[[nodiscard]] Expected<IpAddress> parse_ip(std::string_view text);
[[nodiscard]] std::string to_string(const IpAddress&);

/// A sender that configuration names.
struct SourceConfig {
    IpAddress address;
    u16 udp_port = 0;  ///< 0 = any
    Acd acd;           ///< 0 = any ACD may come from here
};

/// What a port accepts. VLAN ids 1..4094; 0 = untagged (inner 0 = not QinQ).
struct PortConfig {
    std::vector<IpAddress> addresses;  ///< our own, of either family; at least one
    u16 udp_port = 0;                  ///< 1..65535
    u16 vlan_outer = 0;
    u16 vlan_inner = 0;
    std::vector<SourceConfig> sources;  ///< empty = anyone
    u32 pool_frames = 4 * kRingFrames;  ///< receive buffers: ring, parked, history; a power of two
    u32 frame_bytes_max = kFrameBytesDefault;
    bool verify_checksums = true;  ///< by hardware where it can, else in software
};

/// How a Sender addresses its packets.
struct FlowConfig {
    std::array<u8, 6> source_mac{};
    std::array<u8, 6> destination_mac{};
    IpAddress source;
    IpAddress destination;
    u16 source_port = 0;
    u16 destination_port = 0;
    u16 vlan_outer = 0;
    u16 vlan_inner = 0;
};

}  // namespace twinlink
