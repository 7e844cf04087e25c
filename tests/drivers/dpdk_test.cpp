// The conformance test on DPDK's wires.
#include "drivers/dpdk.hpp"
#include "tests/drivers/conformance.hpp"
#include "tests/drivers/dpdk_rings.hpp"
#include "tests/drivers/eal.hpp"
#include "tests/drivers/frames.hpp"
#include "tests/drivers/remote_sender.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

using namespace twinlink;
using namespace twinlink::drivers;
using namespace twinlink::drivers::test;

namespace {

std::vector<std::pair<FlowConfig, PortCounter>> refused_flows(const FlowConfig& flow) {
    FlowConfig port = flow;
    port.destination_port = kUdpPort + 1;
    FlowConfig source = flow;
    source.source.bytes[3] = 99;
    FlowConfig vlan = flow;
    vlan.vlan_outer = 99;
    return {{port, PortCounter::RefusedDestination},
            {source, PortCounter::RefusedSource},
            {vlan, PortCounter::RefusedVlan}};
}

std::unique_ptr<Port> open(const std::string& device, const PortConfig& config) {
    auto port = open_dpdk_port({.device = device}, config);
    REQUIRE_MESSAGE(port.has_value(), port.error().text);
    return std::move(*port);
}

std::unique_ptr<Sender> open_sender(const std::string& device, const FlowConfig& flow) {
    auto sender = open_dpdk_sender({.device = device}, flow);
    REQUIRE_MESSAGE(sender.has_value(), sender.error().text);
    return std::move(*sender);
}

/// Two network interfaces plugged together, in the test's own network namespace.
class Veth {
public:
    // Without addresses of its own the kernel has nothing to say on them: every packet is the test's.
    Veth()
        : made_(std::system("ip link add tl0 type veth peer name tl1 2>/dev/null && "
                            "ip link set tl0 addrgenmode none && ip link set tl1 addrgenmode none && "
                            "ip link set tl0 up && ip link set tl1 up") == 0) {}
    ~Veth() {
        if (made_ && std::system("ip link del tl0") != 0) MESSAGE("the veth pair stays behind");
    }
    bool made() const { return made_; }

private:
    bool made_;
};

/// Runs the conformance test over a veth pair, with `driver` on both ends, each in its own process:
/// net_af_xdp never gives its socket back while its process lives, so it can be opened once in each.
void conform_veth(const std::string& driver) {
    if (!dpdk_here()) return;
    if (!own_network()) {
        MESSAGE("SKIPPED: " << driver << " needs root, to make network interfaces");
        return;
    }
    const Veth veth;
    if (!veth.made()) {
        MESSAGE("SKIPPED: " << driver << " needs `ip` and the kernel's veth");
        return;
    }
    const PortConfig config = port_config();
    auto port = open_dpdk_port({.device = driver + "0,iface=tl0"}, config);
    if (!port) {
        MESSAGE("SKIPPED: " << port.error().text);
        return;
    }
    conform(
        {.port = **port,
         .connect =
             [&](const FlowConfig& f) { return std::make_unique<RemoteSender>(driver + "1,iface=tl1", f); },
         .flow = flow_config(),
         .refused = refused_flows(flow_config()),
         .pool_frames = config.pool_frames,
         .frames = 5'000});
}

}  // namespace

TEST_CASE("conformance: dpdk over net_ring") {
    if (!dpdk_here()) return;
    const PortConfig config = port_config();
    DpdkRings rings;
    const auto port = open(rings.make_near(), config);
    conform({.port = *port,
             .connect = [&](const FlowConfig& f) { return open_sender(rings.make_far(), f); },
             .flow = flow_config(),
             .refused = refused_flows(flow_config()),
             .pool_frames = config.pool_frames});
}

TEST_CASE("conformance: dpdk over net_vhost, fed by net_virtio_user in another process") {
    if (!dpdk_here()) return;
    const PortConfig config = port_config();
    const std::string socket =
        std::filesystem::temp_directory_path() / ("twinlink-" + std::to_string(getpid()) + ".sock");
    const auto port = open("net_vhost0,iface=" + socket, config);
    conform({.port = *port,
             .connect =
                 [&](const FlowConfig& f) {
                     return std::make_unique<RemoteSender>("net_virtio_user0,path=" + socket, f);
                 },
             .flow = flow_config(),
             .refused = refused_flows(flow_config()),
             .pool_frames = config.pool_frames});
}

TEST_CASE("conformance: dpdk over net_af_packet on a veth pair") { conform_veth("net_af_packet"); }
TEST_CASE("conformance: dpdk over net_af_xdp on a veth pair") { conform_veth("net_af_xdp"); }
