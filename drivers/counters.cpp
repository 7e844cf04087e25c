// The table of what a port counts: names and meanings, for `status`, metrics and documents.
#include <twinlink/port.hpp>

#include <cassert>

namespace twinlink {
namespace {

constexpr std::array<CounterInfo, PortCounters::kSize> kInfo{{
    {"packets", "Packets from the device; the sum of frames, refused_* and answered_*."},
    {"bytes", "Bytes of those packets, from the first header that the device shows."},
    {"frames", "UDP payloads for us, handed on."},
    {"refused_not_ip", "Packets that are neither IPv4, IPv6 nor ARP."},
    {"refused_malformed",
     "Packets with a header cut off, lengths that contradict each other, or a payload too long."},
    {"refused_vlan", "Packets of another VLAN, tagged where no tag is expected, or untagged where one is."},
    {"refused_fragment", "IP fragments; a link's frames always fit one packet."},
    {"refused_checksum", "Packets whose IPv4, UDP or ICMP checksum is wrong, or UDP over IPv6 without one."},
    {"refused_not_udp", "IP packets for us of another protocol."},
    {"refused_destination", "Packets for another address or UDP port."},
    {"refused_source", "Packets for us from a source that the configuration does not name."},
    {"refused_other", "ARP, ICMP and neighbour discovery kinds that are not answered."},
    {"answered_arp", "ARP requests for one of our addresses, answered."},
    {"answered_ndp", "IPv6 neighbour solicitations for one of our addresses, answered."},
    {"answered_echo", "ICMP and ICMPv6 echo requests (ping), answered."},
    {"answers_dropped", "Answers among the answered_* that the device did not take."},
    {"nic_missed", "Packets that the device had no room for, by its own count."},
    {"nic_errors", "Bad packets, by the device's own count."},
    {"nic_no_buffer", "Times that receive buffers ran out."},
    {"link_changes", "Times that the link went up or down."},
}};

}  // namespace

CounterInfo info(PortCounter which) noexcept {
    assert(which < PortCounter::Count_);
    return kInfo[static_cast<std::size_t>(which)];
}

}  // namespace twinlink
