// UdpPort: frames from kernel sockets, a batch for each system call.
//
// One thread calls everything but counters(), link_up() and title(). Owns sockets and buffers.
#include "drivers/buffer_pool.hpp"
#include "drivers/config.hpp"
#include "drivers/udp.hpp"
#include "drivers/udp_socket.hpp"

#include <algorithm>
#include <cerrno>

namespace twinlink::drivers {
namespace {

constexpr std::size_t kBatch = 64;

struct Bound {
    UdpSocket socket;
    u32 missed = 0;  // the kernel's count of datagrams it had no room for; wraps
};

class UdpPort final : public Port {
public:
    explicit UdpPort(const PortConfig& config)
        : config_(config),
          pool_(config.pool_frames, config.frame_bytes_max + 1),
          limit_(config.frame_bytes_max),
          title_("udp " + to_text(config.addresses.front(), config.udp_port)) {
        // A source with a port is more particular than one with any, and decides first.
        std::ranges::stable_partition(config_.sources, [](const SourceConfig& s) { return s.udp_port != 0; });
    }

    Expected<void> open(const UdpOptions& options) {
        for (const IpAddress& address : config_.addresses) {
            auto socket = bind_udp(address, config_.udp_port);
            if (!socket) return std::unexpected(std::move(socket.error()));
            set_buffer(*socket, SO_RCVBUF, SO_RCVBUFFORCE, options.receive_buffer_bytes);
            const int on = 1;
            setsockopt(socket->fd(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
            bound_.push_back({std::move(*socket)});
        }
        return {};
    }

    std::size_t receive(std::span<RxFrame> out) noexcept override {
        std::size_t filled = 0;
        for (std::size_t i = 0; i < bound_.size() && filled < out.size(); ++i) {
            filled += receive_from(bound_[next_], out.subspan(filled));
            next_ = (next_ + 1) % bound_.size();  // so that a busy address does not starve the others
        }
        return filled;
    }

    void release(std::span<void* const> tokens) noexcept override {
        for (void* token : tokens) pool_.give(token);
        if (!tokens.empty()) exhausted_ = false;
    }

    void read_device() noexcept override {}  // the kernel's drop count comes with each datagram
    [[nodiscard]] bool link_up() const noexcept override { return true; }
    [[nodiscard]] const PortCounters& counters() const noexcept override { return counters_; }
    [[nodiscard]] std::string_view title() const noexcept override { return title_; }

private:
    std::size_t receive_from(Bound& from, std::span<RxFrame> out) noexcept {
        const std::size_t room = std::min({out.size(), kBatch, pool_.available()});
        if (room == 0) {
            if (!exhausted_) counters_.add(PortCounter::NicNoBuffer);
            exhausted_ = true;
            return 0;
        }
        for (std::size_t i = 0; i < room; ++i) prepare(i);
        const int n =
            recvmmsg(from.socket.fd(), messages_.data(), static_cast<unsigned>(room), MSG_DONTWAIT, nullptr);
        const std::size_t got = n > 0 ? static_cast<std::size_t>(n) : 0;
        if (n < 0 && errno != EAGAIN && errno != EINTR) counters_.add(PortCounter::NicErrors);
        std::size_t frames = 0;
        for (std::size_t i = 0; i < got; ++i) frames += take(from, i, out[frames]) ? 1U : 0U;
        for (std::size_t i = room; i > got; --i) pool_.give(vectors_[i - 1].iov_base);
        counters_.add(PortCounter::Packets, got);
        counters_.add(PortCounter::Frames, frames);
        return frames;
    }

    void prepare(std::size_t i) noexcept {
        // One byte more than allowed, so that a datagram that is too long shows itself.
        vectors_[i] = {pool_.take(), limit_ + 1};
        msghdr& m = messages_[i].msg_hdr;
        m = {};
        m.msg_name = &names_[i];
        m.msg_namelen = sizeof names_[i];
        m.msg_iov = &vectors_[i];
        m.msg_iovlen = 1;
        m.msg_control = controls_[i].bytes.data();
        m.msg_controllen = controls_[i].bytes.size();
    }

    /// Message `i` of the batch: a frame into `out`, or counted and its buffer given back.
    bool take(Bound& from, std::size_t i, RxFrame& out) noexcept {
        const u32 bytes = messages_[i].msg_len;
        counters_.add(PortCounter::Bytes, bytes);
        note_missed(from, messages_[i].msg_hdr);
        Acd acd{};
        PortCounter outcome = PortCounter::Frames;
        if (bytes > limit_)
            outcome = PortCounter::RefusedMalformed;
        else if (!find_source(names_[i], acd))
            outcome = PortCounter::RefusedSource;
        std::byte* buffer = static_cast<std::byte*>(vectors_[i].iov_base);
        if (outcome == PortCounter::Frames) {
            out = {buffer, buffer, bytes, acd};
            return true;
        }
        counters_.add(outcome);
        pool_.give(buffer);
        return false;
    }

    void note_missed(Bound& from, const msghdr& m) noexcept {
        const cmsghdr* c = CMSG_FIRSTHDR(&m);
        if (c == nullptr || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL) return;
        u32 missed = 0;
        std::memcpy(&missed, CMSG_DATA(c), sizeof missed);
        counters_.add(PortCounter::NicMissed, missed - from.missed);
        from.missed = missed;
    }

    bool find_source(const sockaddr_storage& name, Acd& acd) const noexcept {
        if (config_.sources.empty()) return true;
        IpAddress address;
        u16 port = 0;
        from_kernel(name, address, port);
        for (const SourceConfig& s : config_.sources) {
            if (s.address != address || (s.udp_port != 0 && s.udp_port != port)) continue;
            acd = s.acd;
            return true;
        }
        return false;
    }

    struct Control {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(u32))> bytes;
    };

    PortConfig config_;
    BufferPool pool_;
    u32 limit_;
    std::vector<Bound> bound_;
    std::size_t next_ = 0;
    bool exhausted_ = false;
    PortCounters counters_;
    std::string title_;
    std::array<mmsghdr, kBatch> messages_{};
    std::array<iovec, kBatch> vectors_{};
    std::array<sockaddr_storage, kBatch> names_{};
    std::array<Control, kBatch> controls_{};
};

}  // namespace

Expected<std::unique_ptr<Port>> open_udp_port(const UdpOptions& options, const PortConfig& config) {
    if (auto good = check(config); !good) return std::unexpected(std::move(good.error()).in("udp"));
    if (config.vlan_outer != 0) {
        return failure("udp: a socket sees no VLAN; bind the address of the kernel's VLAN interface instead");
    }
    auto port = std::make_unique<UdpPort>(config);
    if (auto opened = port->open(options); !opened) return std::unexpected(std::move(opened.error()));
    return port;
}

}  // namespace twinlink::drivers
