// A socket that closes itself, and addresses between ours and the kernel's.
//
// Cold, but for from_kernel(); any thread on its own data.
#pragma once

#include <twinlink/port.hpp>

#include <sys/socket.h>

namespace twinlink::drivers {

class UdpSocket {
public:
    UdpSocket() noexcept = default;
    explicit UdpSocket(int fd) noexcept : fd_(fd) {}
    UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    UdpSocket& operator=(UdpSocket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UdpSocket();
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

struct KernelAddress {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
    [[nodiscard]] const sockaddr* get() const noexcept {
        return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
    }
};

[[nodiscard]] KernelAddress to_kernel(const IpAddress& address, u16 port) noexcept;
/// Precondition: the kernel filled `storage` with an IPv4 or IPv6 address.
void from_kernel(const sockaddr_storage& storage, IpAddress& address, u16& port) noexcept;

/// A non-blocking UDP socket bound to address and port.
[[nodiscard]] Expected<UdpSocket> bind_udp(const IpAddress& address, u16 port);
/// "127.0.0.1:5501", "[::1]:5501".
[[nodiscard]] std::string to_text(const IpAddress& address, u16 port);
/// Sets a buffer size by force where allowed, else as far as the system's limit goes.
void set_buffer(const UdpSocket&, int option, int forced_option, u32 bytes) noexcept;

}  // namespace twinlink::drivers
