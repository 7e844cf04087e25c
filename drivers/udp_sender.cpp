// UdpSender: frames through a connected kernel socket, a batch for each system call.
//
// One thread calls everything. Owns the socket.
#include "drivers/config.hpp"
#include "drivers/udp.hpp"
#include "drivers/udp_socket.hpp"

#include <algorithm>
#include <cerrno>

namespace twinlink::drivers {
namespace {

constexpr std::size_t kBatch = 64;

iovec piece(Bytes bytes) noexcept {
    // The kernel only reads through it; its struct has no const form.
    return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

class UdpSender final : public Sender {
public:
    UdpSender(UdpSocket socket, std::string title) : socket_(std::move(socket)), title_(std::move(title)) {}

    std::size_t send(std::span<const TxFrame> frames) noexcept override {
        std::size_t sent = 0;
        // A receiver that is not there shows as an error of a later call, once: then the call is worth
        // repeating.
        for (int refusals = 0; sent < frames.size() && refusals < 2;) {
            const int n = send_batch(frames.subspan(sent, std::min(kBatch, frames.size() - sent)));
            if (n > 0)
                sent += static_cast<std::size_t>(n);
            else if (n < 0 && errno == EMSGSIZE)
                ++sent;
            else if (n < 0 && (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH))
                ++refusals;
            else
                break;
        }
        return sent;
    }

    [[nodiscard]] std::string_view title() const noexcept override { return title_; }

private:
    int send_batch(std::span<const TxFrame> frames) noexcept {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            pieces_[i] = {piece(frames[i].head), piece(frames[i].body)};
            messages_[i].msg_hdr.msg_iov = pieces_[i].data();
            messages_[i].msg_hdr.msg_iovlen = pieces_[i].size();
        }
        return sendmmsg(socket_.fd(), messages_.data(), static_cast<unsigned>(frames.size()), MSG_DONTWAIT);
    }

    UdpSocket socket_;
    std::string title_;
    std::array<mmsghdr, kBatch> messages_{};
    std::array<std::array<iovec, 2>, kBatch> pieces_{};
};

}  // namespace

Expected<std::unique_ptr<Sender>> open_udp_sender(const UdpOptions& options, const FlowConfig& flow) {
    const std::string title = "udp " + to_text(flow.destination, flow.destination_port);
    if (auto good = check(flow); !good) return std::unexpected(std::move(good.error()).in(title));
    if (flow.vlan_outer != 0)
        return failure(title + ": VLANs are made by the kernel's interface, not by a socket");
    auto socket = bind_udp(flow.source, flow.source_port);
    if (!socket) return std::unexpected(std::move(socket.error()).in(title));
    set_buffer(*socket, SO_SNDBUF, SO_SNDBUFFORCE, options.send_buffer_bytes);
    const KernelAddress to = to_kernel(flow.destination, flow.destination_port);
    if (connect(socket->fd(), to.get(), to.bytes) != 0) return failure(title + ": " + std::strerror(errno));
    return std::make_unique<UdpSender>(std::move(*socket), title);
}

}  // namespace twinlink::drivers
