// The factory of ports and senders.
#include "drivers/drivers.hpp"

#include "drivers/dpdk.hpp"
#include "drivers/pcap.hpp"
#include "drivers/udp.hpp"

#include <algorithm>

namespace twinlink::drivers {
namespace {

template <class T>
Expected<T> unknown_driver(const std::string& driver) {
    return failure("\"" + driver + "\" is not a driver; there are dpdk, udp and pcap");
}

DpdkOptions dpdk_options(const DeviceSpec& spec) {
    return {spec.device, spec.descriptors, spec.promiscuous, spec.frame_bytes_max};
}

}  // namespace

Expected<DeviceSpec> parse_spec(std::string_view text) {
    const auto colon = text.find(':');
    DeviceSpec spec;
    spec.driver = text.substr(0, colon);
    if (colon != std::string_view::npos) spec.device = text.substr(colon + 1);
    if (spec.driver != "dpdk" && spec.driver != "udp" && spec.driver != "pcap") {
        return unknown_driver<DeviceSpec>(spec.driver);
    }
    if (spec.device.empty() && spec.driver != "udp")
        return failure(spec.driver + " needs a device: " + spec.driver + ":...");
    return spec;
}

Expected<std::unique_ptr<Port>> open_port(const DeviceSpec& spec, const PortConfig& config) {
    if (spec.driver == "dpdk") return open_dpdk_port(dpdk_options(spec), config);
    if (spec.driver == "udp")
        return open_udp_port({.receive_buffer_bytes = spec.socket_buffer_bytes}, config);
    if (spec.driver == "pcap") return open_pcap_port(spec.device, config);
    return unknown_driver<std::unique_ptr<Port>>(spec.driver);
}

Expected<std::unique_ptr<Sender>> open_sender(const DeviceSpec& spec, const FlowConfig& flow) {
    if (spec.driver == "dpdk") return open_dpdk_sender(dpdk_options(spec), flow);
    if (spec.driver == "udp") return open_udp_sender({.send_buffer_bytes = spec.socket_buffer_bytes}, flow);
    if (spec.driver == "pcap") return open_pcap_sender(spec.device, flow);
    return unknown_driver<std::unique_ptr<Sender>>(spec.driver);
}

bool is_pci_address(std::string_view device) noexcept {
    // [domain:]bus:device.function in hexadecimal, possibly with arguments behind a comma.
    const std::string_view name = device.substr(0, device.find(','));
    const auto colons = std::ranges::count(name, ':');
    const bool digits = std::ranges::all_of(name, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
               c == '.';
    });
    return digits && (colons == 1 || colons == 2) && std::ranges::count(name, '.') == 1;
}

}  // namespace twinlink::drivers
