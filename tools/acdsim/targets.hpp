// Where to send: reads --server 'A=SPEC,B=SPEC' and opens the devices.
//
// SPEC is DRIVER:DEVICE as the drivers know it, then flow settings behind semicolons:
//   udp:127.0.0.1:5501    dpdk:net_virtio_user0,path=/run/x.sock;to=10.1.1.2:5500    pcap:a.pcap;vlan=7
//   to=IP:PORT  from=IP:PORT  mac=xx:..  from-mac=xx:..  vlan=N  inner=N      ([IPv6]:PORT in brackets)
#pragma once

#include "drivers/drivers.hpp"
#include "tools/acdsim/transmitter.hpp"

namespace twinlink::sim {

struct TargetSpec {
    drivers::DeviceSpec device;
    FlowConfig flow;
};
using ServerSpec = std::array<TargetSpec, kLinks>;

/// `server` is 1 or 2: it gives the default addresses. Errors name what was not understood.
[[nodiscard]] Expected<ServerSpec> parse_server(std::string_view text, u8 server, u32 frame_bytes);
/// Opens both links of each server, in order.
[[nodiscard]] Expected<std::vector<ServerSenders>> open_servers(const std::vector<ServerSpec>& specs);

}  // namespace twinlink::sim
