// An appliance that a test plays: a control socket with answers that are known beforehand.
#pragma once

#include "tests/twinlink/cli_rig.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

namespace twinlink::cli_rig {

/// Answers as many questions as it is told to, each with the next answer; remembers what was asked.
class Appliance {
public:
    explicit Appliance(std::vector<std::string> answers) : answers_(std::move(answers)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path().c_str(), path().size());
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~Appliance() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    Appliance(const Appliance&) = delete;
    Appliance& operator=(const Appliance&) = delete;
    [[nodiscard]] std::string path() const { return (folder_ / "control.sock").string(); }
    /// All questions, in one line. Once the command has ended.
    [[nodiscard]] const std::string& asked() const { return asked_; }

private:
    void serve() {
        for (const std::string& answer : answers_) {
            const int client = ::accept(listener_, nullptr, nullptr);
            if (client < 0) return;
            for (char c = 0; c != '\n' && ::read(client, &c, 1) == 1;) asked_ += c;
            for (std::size_t sent = 0; sent < answer.size();) {
                const ssize_t n = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
                if (n <= 0) break;
                sent += static_cast<std::size_t>(n);
            }
            ::close(client);
        }
    }

    cli_rig::TempFolder folder_;
    std::vector<std::string> answers_;
    std::string asked_;
    int listener_ = -1;
    std::thread thread_;
};

}  // namespace twinlink::cli_rig
