// Sockets and kernel addresses.
#include "drivers/udp_socket.hpp"

#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace twinlink::drivers {

UdpSocket::~UdpSocket() {
    if (fd_ >= 0) close(fd_);
}

KernelAddress to_kernel(const IpAddress& address, u16 port) noexcept {
    KernelAddress to;
    if (address.v6) {
        sockaddr_in6 in6{};
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(port);
        std::memcpy(&in6.sin6_addr, address.bytes.data(), 16);
        std::memcpy(&to.storage, &in6, sizeof in6);
        to.bytes = sizeof in6;
    } else {
        sockaddr_in in4{};
        in4.sin_family = AF_INET;
        in4.sin_port = htons(port);
        std::memcpy(&in4.sin_addr, address.bytes.data(), 4);
        std::memcpy(&to.storage, &in4, sizeof in4);
        to.bytes = sizeof in4;
    }
    return to;
}

void from_kernel(const sockaddr_storage& storage, IpAddress& address, u16& port) noexcept {
    address = {};
    address.v6 = storage.ss_family == AF_INET6;
    if (address.v6) {
        sockaddr_in6 in6;
        std::memcpy(&in6, &storage, sizeof in6);
        std::memcpy(address.bytes.data(), &in6.sin6_addr, 16);
        port = ntohs(in6.sin6_port);
    } else {
        sockaddr_in in4;
        std::memcpy(&in4, &storage, sizeof in4);
        std::memcpy(address.bytes.data(), &in4.sin_addr, 4);
        port = ntohs(in4.sin_port);
    }
}

std::string to_text(const IpAddress& address, u16 port) {
    const std::string text = to_string(address);
    return (address.v6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

Expected<UdpSocket> bind_udp(const IpAddress& address, u16 port) {
    UdpSocket made(socket(address.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (made.fd() < 0) return failure("no UDP socket: " + std::string(std::strerror(errno)));
    const int on = 1;
    // Else an IPv6 socket would take IPv4 too, and binding both families to one port would fail.
    if (address.v6) setsockopt(made.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    const KernelAddress at = to_kernel(address, port);
    if (bind(made.fd(), at.get(), at.bytes) != 0) {
        return failure("cannot bind UDP " + to_text(address, port) + ": " + std::strerror(errno));
    }
    return made;
}

void set_buffer(const UdpSocket& socket, int option, int forced_option, u32 bytes) noexcept {
    const int wanted = static_cast<int>(bytes);
    if (setsockopt(socket.fd(), SOL_SOCKET, forced_option, &wanted, sizeof wanted) == 0) return;
    setsockopt(socket.fd(), SOL_SOCKET, option, &wanted, sizeof wanted);
}

}  // namespace twinlink::drivers
