// The factory: from the words of a configuration file or command line to a Port or Sender.
//
// Cold. `dpdk` needs a running DpdkEal (dpdk.hpp).
#pragma once

#include <twinlink/port.hpp>

#include <memory>

namespace twinlink::drivers {

/// Which driver, and what it opens: dpdk "net_vhost0,iface=/run/twinlink/a.sock" or "0000:03:00.0", pcap
/// "a.pcapng", udp "" (the port's addresses say all).
struct DeviceSpec {
    std::string driver;
    std::string device;
    bool promiscuous = false;                  ///< dpdk only
    u16 descriptors = 1'024;                   ///< dpdk only
    u32 socket_buffer_bytes = 8U << 20U;       ///< udp only
    u32 frame_bytes_max = kFrameBytesDefault;  ///< of a dpdk sender
};

/// "dpdk:net_vhost0,iface=/tmp/a" -> driver and device, split at the first colon.
[[nodiscard]] Expected<DeviceSpec> parse_spec(std::string_view text);
[[nodiscard]] Expected<std::unique_ptr<Port>> open_port(const DeviceSpec&, const PortConfig&);
[[nodiscard]] Expected<std::unique_ptr<Sender>> open_sender(const DeviceSpec&, const FlowConfig&);
/// True for a PCI address ("0000:03:00.0", "03:00.0"): such a device belongs into DpdkEalConfig::allow.
[[nodiscard]] bool is_pci_address(std::string_view device) noexcept;

}  // namespace twinlink::drivers
