// The command line that bench_receive and bench_receive_feed share, and the addresses between them. Cold.
#pragma once

#include "drivers/dpdk.hpp"

#include <time.h>

#include <charconv>
#include <cstdio>

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
    bool checksums = true;
    u32 seconds = 5;
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

/// A whole number; 0 where there is none, which no option allows.
[[nodiscard]] inline u32 number(std::string_view text) noexcept {
    u32 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : 0;
}

[[nodiscard]] inline Expected<void> read_udp(const std::string& text, Args& args) {
    const auto colon = text.rfind(':');
    auto address = parse_ip(text.substr(0, colon));
    if (!address) return std::unexpected(address.error());
    args.udp = true;
    args.address = *address;
    const u32 port = colon == std::string::npos ? 0 : number(std::string_view(text).substr(colon + 1));
    args.udp_port = static_cast<u16>(port);
    if (port == 0 || port > 65'535) return failure("--udp wants IP:PORT");
    return {};
}

[[nodiscard]] inline Expected<Args> read_args(std::span<char* const> words) {
    Args args;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string word = words[i];
        const bool flag = word == "--no-huge" || word == "--validate" || word == "--no-checksums";
        if (!flag && i + 1 == words.size()) return failure(word + ": unknown, or its value is missing");
        const std::string value = flag ? "" : words[++i];
        if (word == "--no-huge")
            args.huge = false;
        else if (word == "--validate")
            args.validate = true;
        else if (word == "--no-checksums")
            args.checksums = false;
        else if (word == "--device")
            args.device = value;
        else if (word == "--seconds")
            args.seconds = number(value);
        else if (word == "--frame-bytes")
            args.frame_bytes = number(value);
        else if (word != "--udp")
            return failure(word + " is not an option");
        else if (auto ok = read_udp(value, args); !ok)
            return std::unexpected(ok.error());
    }
    if (args.udp == !args.device.empty()) return failure("--device or --udp is wanted");
    if (args.seconds == 0) return failure("--seconds must be a number from 1");
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
