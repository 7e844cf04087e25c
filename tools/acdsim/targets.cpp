// Parses targets and opens their senders. Cold path. See targets.hpp for the form.
#include "tools/acdsim/targets.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace twinlink::sim {
namespace {

template <class N>
std::optional<N> number(std::string_view text, int base = 10) noexcept {
    N value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

Expected<void> parse_endpoint(std::string_view text, IpAddress& address, u16& port) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return failure(fmt::format("'{}': IP:PORT is wanted", text));
    std::string_view ip = text.substr(0, colon);
    if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
    const auto parsed = parse_ip(ip);
    if (!parsed) return std::unexpected(parsed.error());
    const auto n = number<u16>(text.substr(colon + 1));
    if (!n || *n == 0) return failure(fmt::format("'{}': the port must be 1 to 65535", text));
    address = *parsed;
    port = *n;
    return {};
}

Expected<std::array<u8, 6>> parse_mac(std::string_view text) {
    std::array<u8, 6> mac{};
    if (text.size() != 17) return failure(fmt::format("'{}' is no MAC address", text));
    for (std::size_t i = 0; i < mac.size(); ++i) {
        const auto byte = number<u8>(text.substr(3 * i, 2), 16);
        if (!byte || (i < 5 && text[3 * i + 2] != ':'))
            return failure(fmt::format("'{}' is no MAC address", text));
        mac[i] = *byte;
    }
    return mac;
}

Expected<void> parse_setting(std::string_view word, FlowConfig& flow) {
    const std::size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
    if (key == "to") return parse_endpoint(value, flow.destination, flow.destination_port);
    if (key == "from") return parse_endpoint(value, flow.source, flow.source_port);
    if (key == "mac" || key == "from-mac") {
        const auto mac = parse_mac(value);
        if (!mac) return std::unexpected(mac.error());
        (key == "mac" ? flow.destination_mac : flow.source_mac) = *mac;
        return {};
    }
    if (key == "vlan" || key == "inner") {
        const auto id = number<u16>(value);
        if (!id) return failure(fmt::format("'{}': a VLAN id is wanted", word));
        (key == "vlan" ? flow.vlan_outer : flow.vlan_inner) = *id;
        return {};
    }
    return failure(
        fmt::format("'{}' is not a setting: to=, from=, mac=, from-mac=, vlan=, inner= are", word));
}

Expected<TargetSpec> parse_target(std::string_view text, u8 server, Link link, u32 frame_bytes) {
    TargetSpec target;
    const auto subnet = static_cast<u8>(index(link) + 1);
    target.flow.source.bytes = {10, static_cast<u8>(100 + server), subnet, 1};
    target.flow.destination.bytes = {10, static_cast<u8>(100 + server), subnet, 2};
    target.flow.source_port = 5'500;
    target.flow.destination_port = 5'500;

    std::string_view rest = text;
    const std::string_view spec = rest.substr(0, rest.find(';'));
    rest.remove_prefix(spec.size());
    if (spec.starts_with("udp:")) {
        target.device.driver = "udp";
        target.flow.source_port = 0;
        if (auto e = parse_endpoint(spec.substr(4), target.flow.destination, target.flow.destination_port);
            !e)
            return std::unexpected(e.error());
        target.flow.source = IpAddress{.v6 = target.flow.destination.v6};
    } else {
        auto device = drivers::parse_spec(spec);
        if (!device) return std::unexpected(device.error());
        if (device->driver == "udp") return failure("udp:IP:PORT is wanted");
        target.device = std::move(*device);
    }
    target.device.frame_bytes_max = frame_bytes;
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view word = rest.substr(0, rest.find(';'));
        if (auto set = parse_setting(word, target.flow); !set) return std::unexpected(set.error());
        rest.remove_prefix(word.size());
    }
    return target;
}

}  // namespace

Expected<ServerSpec> parse_server(std::string_view text, u8 server, u32 frame_bytes) {
    const std::size_t b = text.find(",B=");
    if (!text.starts_with("A=") || b == std::string_view::npos)
        return failure(fmt::format("'{}': a server is 'A=SPEC,B=SPEC'", text));
    ServerSpec spec;
    const std::array<std::string_view, kLinks> parts{text.substr(2, b - 2), text.substr(b + 3)};
    for (const Link link : {Link::A, Link::B}) {
        auto target = parse_target(parts[index(link)], server, link, frame_bytes);
        if (!target)
            return std::unexpected(
                std::move(target.error()).in(fmt::format("server {} link {}", server, letter(link))));
        spec[index(link)] = std::move(*target);
    }
    return spec;
}

Expected<std::vector<ServerSenders>> open_servers(const std::vector<ServerSpec>& specs) {
    std::vector<ServerSenders> servers;
    for (const auto& spec : specs) {
        ServerSenders senders;
        for (const Link link : {Link::A, Link::B}) {
            const TargetSpec& target = spec[index(link)];
            auto opened = drivers::open_sender(target.device, target.flow);
            if (!opened)
                return std::unexpected(
                    std::move(opened.error())
                        .in(fmt::format("opening {}:{} for server {} link {}", target.device.driver,
                                        target.device.device, servers.size() + 1, letter(link))));
            senders[index(link)] = std::move(*opened);
        }
        servers.push_back(std::move(senders));
    }
    return servers;
}

}  // namespace twinlink::sim
