// The test's end of the channel to dpdk_peer. On it: u32 count, then for each frame u32 bytes and the bytes;
// the answer is u32, how many were sent. No frames: flush, and the answer is whether it was done.
#include "tests/drivers/remote_sender.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace twinlink::drivers::test {
namespace {

std::string hex_mac(const std::array<u8, 6>& mac) {
    std::string text;
    for (const u8 b : mac) {
        text += "0123456789abcdef"[b >> 4U];
        text += "0123456789abcdef"[b & 15U];
    }
    return text;
}

bool write_all(int fd, const void* data, std::size_t bytes) noexcept {
    const auto* at = static_cast<const std::byte*>(data);
    while (bytes != 0) {
        const ssize_t n = ::send(fd, at, bytes, MSG_NOSIGNAL);
        if (n <= 0) return false;
        at += n;
        bytes -= static_cast<std::size_t>(n);
    }
    return true;
}

}  // namespace

RemoteSender::RemoteSender(const std::string& device, const FlowConfig& flow) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
    channel_ = ends[0];
    spawn(device, flow, ends[1]);
    close(ends[1]);
}

void RemoteSender::spawn(const std::string& device, const FlowConfig& flow, int their_end) {
    std::vector<std::string> args{DPDK_PEER,
                                  device,
                                  hex_mac(flow.destination_mac),
                                  to_string(flow.source),
                                  to_string(flow.destination),
                                  std::to_string(flow.source_port),
                                  std::to_string(flow.destination_port),
                                  std::to_string(flow.vlan_outer)};
    std::vector<char*> argv;
    for (std::string& a : args) argv.push_back(a.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    dup2(their_end, STDIN_FILENO);
    execv(DPDK_PEER, argv.data());
    _exit(127);
}

RemoteSender::~RemoteSender() {
    close(channel_);  // the peer leaves when its input ends
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

void RemoteSender::kill() noexcept {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void RemoteSender::start_sending(std::span<const TxFrame> frames) noexcept {
    const auto count = static_cast<u32>(frames.size());
    if (!write_all(channel_, &count, sizeof count)) return;
    for (const TxFrame& f : frames) {
        const auto bytes = static_cast<u32>(f.head.size() + f.body.size());
        if (!write_all(channel_, &bytes, sizeof bytes) ||
            !write_all(channel_, f.head.data(), f.head.size()) ||
            !write_all(channel_, f.body.data(), f.body.size())) {
            return;
        }
    }
}

std::size_t RemoteSender::confirm() noexcept {
    u32 sent = 0;
    return recv(channel_, &sent, sizeof sent, MSG_WAITALL) == sizeof sent ? sent : 0;
}

bool RemoteSender::heard() const noexcept {
    u32 word = 0;
    return recv(channel_, &word, sizeof word, MSG_PEEK | MSG_DONTWAIT) == sizeof word;
}

std::size_t RemoteSender::send(std::span<const TxFrame> frames) noexcept {
    start_sending(frames);
    return confirm();
}

}  // namespace twinlink::drivers::test
