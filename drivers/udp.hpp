// Kernel UDP: a port on sockets and a sender through one. No privileges, no setup.
//
// The kernel checks Ethernet, VLAN, IP and checksums before a socket sees anything, so most refusals stay
// zero here.
#pragma once

#include <twinlink/port.hpp>

#include <memory>

namespace twinlink::drivers {

struct UdpOptions {
    /// Asked of the kernel; it grants at most net.core.rmem_max unless the process may exceed it
    /// (CAP_NET_ADMIN).
    u32 receive_buffer_bytes = 8U << 20U;
    u32 send_buffer_bytes = 4U << 20U;
};

/// Binds one non-blocking socket to each of the port's addresses. VLANs are the kernel's business and refused
/// here.
[[nodiscard]] Expected<std::unique_ptr<Port>> open_udp_port(const UdpOptions&, const PortConfig&);

/// A connected socket. A source address of all zeros or port 0 leaves the choice to the kernel. A frame that
/// no packet can hold is taken and lost, as any network would lose it.
[[nodiscard]] Expected<std::unique_ptr<Sender>> open_udp_sender(const UdpOptions&, const FlowConfig&);

}  // namespace twinlink::drivers
