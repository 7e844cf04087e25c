// The command line that bench_receive and bench_receive_feed share, and the addresses between them. Cold.
#pragma once

#include "drivers/dpdk.hpp"

#include <time.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace twinlink::bench {

inline constexpr u16 kUdpPort = 5'500;
inline constexpr IpAddress kSwitch{.bytes = {10, 101, 1, 1}};
inline constexpr IpAddress kServer{.bytes = {10, 101, 1, 2}};

struct Args {
    std::string device;  ///< of DPDK, unless udp
    bool udp = false;
    IpAddress address;  ///< udp: where the receiver is
    u16 udp_port = 0;
    bool huge = true;
    bool validate = false;
    double seconds = 5;
    u32 frame_bytes = 1'400;
};

[[nodiscard]] inline u64 monotonic_ns() noexcept {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec);
}

[[nodiscard]] inline int complain(const Error& error) {
    std::fprintf(stderr, "%s\n", error.text.c_str());
    return 2;
}

[[nodiscard]] inline Expected<void> read_udp(const std::string& text, Args& args) {
    const auto colon = text.rfind(':');
    auto address = parse_ip(text.substr(0, colon));
    if (!address) return std::unexpected(address.error());
    args.udp = true;
    args.address = *address;
    if (colon != std::string::npos)
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), args.udp_port);
    if (args.udp_port == 0) return failure("--udp wants IP:PORT");
    return {};
}

[[nodiscard]] inline Expected<Args> read_args(std::span<char* const> words) {
    Args args;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string word = words[i];
        const bool flag = word == "--no-huge" || word == "--validate";
        if (!flag && i + 1 == words.size()) return failure(word + ": unknown, or its value is missing");
        const std::string value = flag ? "" : words[++i];
        if (word == "--no-huge")
            args.huge = false;
        else if (word == "--validate")
            args.validate = true;
        else if (word == "--device")
            args.device = value;
        else if (word == "--seconds")
            args.seconds = std::strtod(value.c_str(), nullptr);
        else if (word == "--frame-bytes")
            args.frame_bytes = static_cast<u32>(std::strtoul(value.c_str(), nullptr, 10));
        else if (word != "--udp")
            return failure(word + " is not an option");
        else if (auto ok = read_udp(value, args); !ok)
            return std::unexpected(ok.error());
    }
    if (args.udp == !args.device.empty()) return failure("--device or --udp is wanted");
    if (args.frame_bytes < 400 || args.frame_bytes > kFrameBytesDefault)
        return failure("--frame-bytes must be 400 to 1472");
    return args;
}

[[nodiscard]] inline Expected<std::unique_ptr<drivers::DpdkEal>> start_eal(const Args& args, u32 memory_mb) {
    drivers::DpdkEalConfig config;
    config.hugepages = args.huge ? drivers::Hugepages::Yes : drivers::Hugepages::No;
    config.memory_mb = memory_mb;
    return drivers::DpdkEal::start(config);
}

}  // namespace twinlink::bench
