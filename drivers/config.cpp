// Checks of port and flow configurations.
#include "drivers/config.hpp"

#include <bit>

namespace twinlink::drivers {
namespace {

constexpr u16 kVlanMax = 4'094;

Expected<void> check_vlans(u16 outer, u16 inner) {
    if (outer > kVlanMax || inner > kVlanMax) {
        return failure("VLAN " + std::to_string(outer > kVlanMax ? outer : inner) +
                       ": ids are 1 to 4094, 0 is untagged");
    }
    if (inner != 0 && outer == 0) return failure("an inner VLAN needs an outer one");
    return {};
}

}  // namespace

Expected<void> check(const PortConfig& config) {
    if (config.addresses.empty()) return failure("a port needs at least one IP address of its own");
    if (config.udp_port == 0) return failure("a port needs a UDP port, 1 to 65535");
    if (!std::has_single_bit(config.pool_frames)) {
        return failure("pool_frames is " + std::to_string(config.pool_frames) +
                       ": it must be a power of two");
    }
    if (config.frame_bytes_max == 0 || config.frame_bytes_max > kFrameBytesMax) {
        return failure("frame_bytes_max is " + std::to_string(config.frame_bytes_max) + ": it must be 1 to " +
                       std::to_string(kFrameBytesMax));
    }
    return check_vlans(config.vlan_outer, config.vlan_inner);
}

Expected<void> check(const FlowConfig& flow) {
    if (flow.source.v6 != flow.destination.v6) {
        return failure("a flow from " + to_string(flow.source) + " to " + to_string(flow.destination) +
                       ": both must be IPv4 or both IPv6");
    }
    if (flow.destination == IpAddress{{}, flow.destination.v6})
        return failure("a flow needs a destination address");
    if (flow.destination_port == 0) return failure("a flow needs a destination UDP port, 1 to 65535");
    return check_vlans(flow.vlan_outer, flow.vlan_inner);
}

}  // namespace twinlink::drivers
