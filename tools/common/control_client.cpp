// See control_client.hpp.
#include "tools/common/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

namespace twinlink::tools {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
public:
    explicit Socket(int fd) noexcept : fd_(fd) {}
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

std::string reason(int error) { return std::generic_category().message(error); }

/// Waits for `events`; an error when the deadline passes first.
Expected<void> wait_for(int fd, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return failure("no answer in time");
        pollfd one{fd, events, 0};
        const int ready = ::poll(&one, 1, static_cast<int>(left));
        if (ready > 0) return {};
        if (ready < 0 && errno != EINTR) return failure(reason(errno));
    }
}

Expected<void> send_all(int fd, std::string_view text, Clock::time_point deadline) {
    while (!text.empty()) {
        if (auto ready = wait_for(fd, POLLOUT, deadline); !ready) return ready;
        const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            text.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno != EINTR && errno != EAGAIN)
            return failure(reason(errno));
    }
    return {};
}

Expected<std::string> receive_all(int fd, Clock::time_point deadline) {
    std::string answer;
    std::array<char, 65'536> part;
    for (;;) {
        if (auto ready = wait_for(fd, POLLIN, deadline); !ready) return std::unexpected(ready.error());
        const ssize_t got = ::recv(fd, part.data(), part.size(), MSG_DONTWAIT);
        if (got == 0) return answer;
        if (got > 0)
            answer.append(part.data(), static_cast<std::size_t>(got));
        else if (errno != EINTR && errno != EAGAIN)
            return failure(reason(errno));
        if (answer.size() > kAnswerBytesMax) return failure("the answer is too long to be one of ours");
    }
}

}  // namespace

Expected<std::string> ask(const std::string& path, std::string_view line, Nanos timeout) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path))
        return failure("the path is longer than the " + std::to_string(sizeof(address.sun_path) - 1) +
                       " bytes that a socket's name may have");
    std::memcpy(address.sun_path, path.data(), path.size());

    const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.fd() < 0) return failure(reason(errno));
    // A Unix socket connects at once, or its queue of waiting clients is full (EAGAIN): somebody is there,
    // but stuck.
    if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        return failure(errno == EAGAIN ? "too many others wait for an answer" : reason(errno));

    const auto deadline = Clock::now() + std::chrono::nanoseconds(timeout.value);
    if (auto sent = send_all(socket.fd(), std::string(line) + "\n", deadline); !sent)
        return std::unexpected(sent.error());
    return receive_all(socket.fd(), deadline);
}

}  // namespace twinlink::tools
