// See control.hpp.
#include "tools/twinlinkd/control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace twinlink::daemon {
namespace {

std::string why() { return std::strerror(errno); }

/// True when something answers a connection at `address`.
bool somebody_listens(const sockaddr_un& address) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool yes = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return yes;
}

}  // namespace

Expected<ControlSocket> ControlSocket::open(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return failure("control socket " + path + ": the path is too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    if (somebody_listens(address)) {
        return failure("control socket " + path +
                       ": another twinlinkd answers there; stop it, or name another socket");
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failure("control socket " + path + ": " + why());
    struct stat there{};
    if (lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) unlink(path.c_str());
    const mode_t mask = umask(0117);
    const int bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    umask(mask);
    if (bound != 0 || listen(fd, kClientsMax) != 0) {
        const std::string reason = why();
        close(fd);
        return failure("control socket " + path + ": " + reason +
                       "; does its folder exist, and may we write there?");
    }
    return ControlSocket(fd, path);
}

ControlSocket::ControlSocket(ControlSocket&& from) noexcept
    : fd_(std::exchange(from.fd_, -1)), path_(std::move(from.path_)), clients_(std::move(from.clients_)) {}

ControlSocket::~ControlSocket() {
    for (const Client& c : clients_) close(c.fd);
    if (fd_ < 0) return;
    close(fd_);
    unlink(path_.c_str());
}

void ControlSocket::serve(int timeout_ms, int wake_fd, u64 now_s, const Answer& answer) {
    std::vector<pollfd> fds{{wake_fd, POLLIN, 0}, {fd_, POLLIN, 0}};
    for (const Client& c : clients_) {
        const bool waits = c.later != nullptr;
        fds.push_back({c.fd, static_cast<short>(waits ? 0 : c.out.empty() ? POLLIN : POLLOUT), 0});
        if (waits) timeout_ms = std::min(timeout_ms, kLaterMs);
    }
    if (poll(fds.data(), fds.size(), timeout_ms) <= 0 && clients_.empty()) return;
    for (std::size_t i = clients_.size(); i-- > 0;) {
        Client& c = clients_[i];
        const short seen = fds[i + 2].revents;
        const bool gone = c.later && (seen & (POLLHUP | POLLERR)) != 0;
        const bool idle = seen == 0 && !c.later;
        const bool keep = !gone && (idle || talk(c, answer)) && now_s - c.since_s <= kClientSeconds;
        if (keep) continue;
        close(c.fd);
        clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if ((fds[1].revents & POLLIN) != 0) accept_clients(now_s);
}

void ControlSocket::accept_clients(u64 now_s) {
    while (clients_.size() < kClientsMax) {
        const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        clients_.push_back({fd, now_s, {}, {}, {}});
    }
}

/// Reads the question; asks for the answer once it is whole. False when the client is done with.
bool ControlSocket::listen_to(Client& client, const Answer& answer) {
    char buffer[512];
    const ssize_t n = recv(client.fd, buffer, sizeof buffer, 0);
    if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
    client.in.append(buffer, static_cast<std::size_t>(n));
    const std::size_t end = client.in.find('\n');
    if (end == std::string::npos) return client.in.size() < kQuestionBytesMax;
    Reply reply = answer(client.in.substr(0, end));
    if (auto* const later = std::get_if<Later>(&reply)) client.later = std::move(*later);
    if (auto* const text = std::get_if<std::string>(&reply)) client.out = std::move(*text) + "\n";
    return true;
}

/// Reads the question or writes the answer; false when the client is done with.
bool ControlSocket::talk(Client& client, const Answer& answer) {
    if (client.out.empty() && !client.later && !listen_to(client, answer)) return false;
    if (client.later) {
        if (auto text = client.later()) {
            client.out = std::move(*text) + "\n";
            client.later = nullptr;
        }
    }
    if (client.out.empty()) return true;
    while (!client.out.empty()) {
        const ssize_t n = send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN || errno == EINTR;
        client.out.erase(0, static_cast<std::size_t>(n));
    }
    return false;
}

}  // namespace twinlink::daemon
