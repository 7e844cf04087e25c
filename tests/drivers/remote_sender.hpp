// A sender in another process (dpdk_peer): what virtio-user needs, because a vhost port and its guest are two
// processes in life, and DPDK starts once in each.
#pragma once

#include <twinlink/port.hpp>

#include <sys/types.h>

namespace twinlink::drivers::test {

class RemoteSender final : public Sender {
public:
    /// Starts the peer on `device`; it sends as soon as its device is ready.
    RemoteSender(const std::string& device, const FlowConfig& flow);
    /// Ends the peer in order, or has ended already after kill().
    ~RemoteSender() override;

    /// Blocks until the peer's device took all of them or gave up; the frames are on the wire then.
    std::size_t send(std::span<const TxFrame> frames) noexcept override;
    [[nodiscard]] std::string_view title() const noexcept override { return "remote"; }
    /// Hands frames over without waiting for word that they were sent.
    void start_sending(std::span<const TxFrame> frames) noexcept;
    /// Has the peer flush; its word is 1 when nothing is held back any more.
    void start_flushing() noexcept { start_sending({}); }
    /// Whether that word has come, without waiting.
    [[nodiscard]] bool heard() const noexcept;
    /// Waits for that word: how many were sent.
    std::size_t confirm() noexcept;
    /// SIGKILL, and waits until the process is gone.
    void kill() noexcept;

private:
    void spawn(const std::string& device, const FlowConfig& flow, int their_end);
    pid_t pid_ = -1;
    int channel_ = -1;
};

}  // namespace twinlink::drivers::test
