// The conformance test on the wires that need nothing: memory, capture files, kernel UDP. And what is special
// to each.
#include "drivers/drivers.hpp"
#include "drivers/pcap.hpp"
#include "drivers/sim.hpp"
#include "drivers/udp.hpp"
#include "tests/drivers/conformance.hpp"
#include "tests/drivers/frames.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

using namespace twinlink;
using namespace twinlink::drivers;
using namespace twinlink::drivers::test;

namespace {

FlowConfig to_other_port(FlowConfig flow) {
    flow.destination_port = kUdpPort + 1;
    return flow;
}
FlowConfig from_other_source(FlowConfig flow) {
    flow.source.bytes[flow.source.v6 ? 15 : 3] = 99;
    return flow;
}
FlowConfig in_vlan(FlowConfig flow) {
    flow.vlan_outer = 99;
    return flow;
}

std::string scratch_file(std::string_view name) {
    return std::filesystem::temp_directory_path() /
           ("twinlink-" + std::to_string(getpid()) + "-" + std::string(name));
}

void conform_sim(bool v6) {
    const PortConfig config = port_config(v6);
    const FlowConfig flow = flow_config(v6);
    SimPort port(config);
    conform({.port = port,
             .connect = [&](const FlowConfig& f) { return std::make_unique<SimSender>(f, port); },
             .flow = flow,
             .refused = {{to_other_port(flow), PortCounter::RefusedDestination},
                         {from_other_source(flow), PortCounter::RefusedSource},
                         {in_vlan(flow), PortCounter::RefusedVlan}},
             .pool_frames = config.pool_frames});
}

/// Loopback has one IPv6 address and a whole network of IPv4 ones.
void conform_udp(bool v6) {
    PortConfig config = port_config(v6);
    FlowConfig flow = flow_config(v6);
    config.addresses = {ip(v6 ? "::1" : "127.0.0.1")};
    flow.destination = flow.source = config.addresses.front();
    config.sources = {{flow.source, 4'000, Acd{7}}};
    config.udp_port = flow.destination_port = static_cast<u16>(20'000 + getpid() % 20'000);
    auto port = open_udp_port({}, config);
    REQUIRE_MESSAGE(port.has_value(), port.error().text);
    FlowConfig other = flow;
    other.source_port = 0;
    conform({.port = **port,
             .connect = [&](const FlowConfig& f) { return open_udp_sender({}, f).value(); },
             .flow = flow,
             .refused = {{other, PortCounter::RefusedSource}},
             .pool_frames = config.pool_frames});
}

}  // namespace

TEST_CASE("conformance: sim, IPv4") { conform_sim(false); }
TEST_CASE("conformance: sim, IPv6") { conform_sim(true); }
TEST_CASE("conformance: udp on loopback, IPv4") { conform_udp(false); }
TEST_CASE("conformance: udp on loopback, IPv6") {
    FlowConfig flow = flow_config(true);
    flow.source = flow.destination = ip("::1");
    if (!open_udp_sender({}, flow)) {
        MESSAGE("SKIPPED: no IPv6 on loopback here");
        return;
    }
    conform_udp(true);
}

TEST_CASE("conformance: pcap, written by its sender and read back") {
    const PortConfig config = port_config();
    const std::string path = scratch_file("conform.pcap");
    constexpr u64 kFrames = 1'000;
    auto sender = open_pcap_sender(path, flow_config());
    REQUIRE_MESSAGE(sender.has_value(), sender.error().text);
    for (u64 n = 0; n < kFrames; ++n) {
        const auto bytes = numbered_frame(3, n);
        const TxFrame frame{Bytes(bytes).first(4), Bytes(bytes).subspan(4)};
        (*sender)->set_time(Nanos{1'700'000'000'123'456'789 + n});
        REQUIRE((*sender)->send({&frame, 1}) == 1);
    }
    CHECK((*sender)->ready());
    sender->reset();

    auto port = open_pcap_port(path, config);
    REQUIRE_MESSAGE(port.has_value(), port.error().text);
    std::vector<void*> held;
    u64 next = 0;
    while (!(*port)->ended()) {
        RxFrame f;
        if ((*port)->receive({&f, 1}) == 0) {
            if ((*port)->ended()) break;
            // Out of buffers: the file waits.
            CHECK(held.size() == config.pool_frames);
            CHECK((*port)->receive({&f, 1}) == 0);
            (*port)->release(held);
            held.clear();
            continue;
        }
        const auto expected = numbered_frame(3, next);
        REQUIRE(f.bytes == expected.size());
        CHECK(std::memcmp(f.data, expected.data(), f.bytes) == 0);
        CHECK(f.source_acd == Acd{7});
        CHECK((*port)->last_time() == Nanos{1'700'000'000'123'456'789 + next});
        held.push_back(f.token);
        ++next;
    }
    CHECK(next == kFrames);
    (*port)->release(held);
    const PortCounters& c = (*port)->counters();
    CHECK(c.get(PortCounter::NicNoBuffer) == (kFrames - 1) / config.pool_frames);
    CHECK(c.get(PortCounter::Packets) == kFrames);
    CHECK(sum_of_outcomes(c) == kFrames);
    std::filesystem::remove(path);
}

TEST_CASE("pcap from elsewhere: any address, UDP port and VLAN is read; where a file breaks off is told") {
    const std::string path = scratch_file("elsewhere.pcap");
    for (FlowConfig flow : {to_other_port(flow_config()), in_vlan(flow_config()), flow_config(true)}) {
        flow.destination.bytes[3] = 77;
        auto sender = open_pcap_sender(path, flow);
        REQUIRE_MESSAGE(sender.has_value(), sender.error().text);
        for (u64 n = 0; n < 3; ++n) {
            const auto bytes = numbered_frame(3, n);
            const TxFrame frame{bytes, {}};
            REQUIRE((*sender)->send({&frame, 1}) == 1);
        }
        sender->reset();
        std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
        auto port = open_pcap_from_elsewhere(path, 8);
        REQUIRE_MESSAGE(port.has_value(), port.error().text);
        std::array<RxFrame, 8> frames;
        REQUIRE((*port)->receive(frames) == 2);
        const auto expected = numbered_frame(3, 1);
        CHECK(std::ranges::equal(Bytes(frames[1].data, frames[1].bytes), Bytes(expected)));
        CHECK(frames[1].source_acd == Acd{0});
        CHECK((*port)->ended());
        CHECK((*port)->error().find("truncated") != std::string_view::npos);
        CHECK((*port)->bytes_read() > 2 * expected.size());
        for (RxFrame& f : std::span(frames).first(2)) (*port)->release({&f.token, 1});
    }
    std::filesystem::remove(path);
    const auto nowhere = open_pcap_from_elsewhere(path, 8);
    REQUIRE(!nowhere.has_value());
    CHECK(nowhere.error().text.find("cannot read capture") != std::string::npos);
}
