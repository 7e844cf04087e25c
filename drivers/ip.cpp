// Text and IP addresses, both families, by the C library's own rules.
#include <arpa/inet.h>

#include <algorithm>
#include <twinlink/port.hpp>

namespace twinlink {

Expected<IpAddress> parse_ip(std::string_view text) {
    const std::string copy(text);  // inet_pton wants a terminated string
    IpAddress address;
    address.v6 = text.find(':') != std::string_view::npos;
    // A NUL inside the text would hide what follows it from inet_pton.
    const bool whole = text.find('\0') == std::string_view::npos;
    if (whole && inet_pton(address.v6 ? AF_INET6 : AF_INET, copy.c_str(), address.bytes.data()) == 1)
        return address;
    return failure("\"" + copy + "\" is not an IPv4 or IPv6 address");
}

std::string to_string(const IpAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
    return text.data();
}

}  // namespace twinlink
