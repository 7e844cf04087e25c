// dpdk_peer DEVICE DESTINATION-MAC SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT VLAN: sends what comes on
// standard input (see remote_sender.cpp) out of a DPDK device, and leaves when the input ends. An empty batch
// means: flush.
#include "drivers/dpdk.hpp"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace twinlink;
using namespace twinlink::drivers;

namespace {

constexpr auto kPatience = std::chrono::seconds(15);

bool read_all(void* to, std::size_t bytes) {
    auto* at = static_cast<std::byte*>(to);
    while (bytes != 0) {
        const ssize_t n = read(STDIN_FILENO, at, bytes);
        if (n <= 0) return false;
        at += n;
        bytes -= static_cast<std::size_t>(n);
    }
    return true;
}

u16 number(std::string_view text) {
    u16 n = 0;
    std::from_chars(text.data(), text.data() + text.size(), n);
    return n;
}

FlowConfig flow_of(std::span<char*> args) {
    FlowConfig flow;
    for (std::size_t i = 0; i < flow.destination_mac.size(); ++i) {
        std::from_chars(args[2] + 2 * i, args[2] + 2 * i + 2, flow.destination_mac[i], 16);
    }
    flow.source = parse_ip(args[3]).value();
    flow.destination = parse_ip(args[4]).value();
    flow.source_port = number(args[5]);
    flow.destination_port = number(args[6]);
    flow.vlan_outer = number(args[7]);
    return flow;
}

/// One batch from the input to the device; false at the end of the input.
bool pass_on(Sender& sender) {
    u32 count = 0;
    if (!read_all(&count, sizeof count)) return false;
    std::vector<std::vector<std::byte>> bytes(count);
    std::vector<TxFrame> frames;
    for (auto& b : bytes) {
        u32 size = 0;
        if (!read_all(&size, sizeof size)) return false;
        b.resize(size);
        if (!read_all(b.data(), size)) return false;
        frames.push_back({b, {}});
    }
    std::span<const TxFrame> left = frames;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!left.empty() && std::chrono::steady_clock::now() < deadline) {
        if (sender.ready()) left = left.subspan(sender.send(left));
    }
    bool flushed = count != 0;
    while (!flushed && std::chrono::steady_clock::now() < deadline) flushed = sender.flush();
    const u32 sent = count == 0 ? u32{flushed} : count - static_cast<u32>(left.size());
    return write(STDIN_FILENO, &sent, sizeof sent) == sizeof sent;
}

int run(std::span<char*> args) {
    DpdkEalConfig config;
    config.hugepages = std::getenv("TWINLINK_TEST_HUGEPAGES") != nullptr ? Hugepages::Yes : Hugepages::No;
    config.memory_mb = 128;
    auto eal = DpdkEal::start(config);
    if (!eal) {
        std::fprintf(stderr, "dpdk_peer: %s\n", eal.error().text.c_str());
        return 1;
    }
    auto sender = open_dpdk_sender({.device = args[1]}, flow_of(args));
    if (!sender) {
        std::fprintf(stderr, "dpdk_peer: %s\n", sender.error().text.c_str());
        return 1;
    }
    while (pass_on(**sender)) {
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 8) return run({argv, static_cast<std::size_t>(argc)});
    std::fprintf(stderr,
                 "usage: dpdk_peer DEVICE MAC SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT VLAN\n");
    return 2;
}
