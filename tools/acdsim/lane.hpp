// Frames on their way into one Sender: copied, in order, with what their messages' fate will be once they are
// taken.
//
// One thread. Nothing is dropped silently: a frame leaves a lane by being taken by the device, or it is given
// up and its messages' fate says so. Bounded by who fills it (see Transmitter::backlog()).
#pragma once

#include "tools/acdsim/encoder.hpp"
#include "tools/acdsim/fate.hpp"

#include "drivers/pcap.hpp"

#include <twinlink/port.hpp>

#include <memory>

namespace twinlink::sim {

/// Learns the final fate of `count` messages from `first` on one link of server 1 or 2.
class FateLog {
public:
    virtual ~FateLog() = default;
    virtual void fate(u8 server, Link link, Stream stream, Seq first, u32 count, Fate fate) = 0;
    /// One frame was taken by the device (heartbeats and copies too).
    virtual void sent_frame(u8 server, Link link, Stream stream, bool heartbeat) = 0;
    /// A fault that is no message's fate: a link went down or came up, a wild frame was sent.
    virtual void event(u8 server, Link link, std::string_view what, Nanos time) = 0;
};

class Lane {
public:
    Lane(u8 server, Link link, std::unique_ptr<Sender> sender);

    /// Copies the frame. `known` = false: a second copy or a wild one, whose fate is nobody's.
    void push(const CutFrame& frame, Bytes bytes, Fate fate, bool known);
    /// Sends up to `frames_max` frames; returns how many the device took.
    std::size_t send(std::size_t frames_max, FateLog* log);
    /// Nothing of what waits will be sent.
    void give_up(Fate fate, FateLog* log);
    [[nodiscard]] bool flush() noexcept { return sender_->flush(); }

    [[nodiscard]] bool empty() const noexcept { return next_ == items_.size(); }
    [[nodiscard]] std::size_t backlog_bytes() const noexcept { return arena_.size(); }
    [[nodiscard]] Sender& sender() noexcept { return *sender_; }
    [[nodiscard]] u8 server() const noexcept { return server_; }
    [[nodiscard]] Link link() const noexcept { return link_; }
    [[nodiscard]] u64 messages_sent() const noexcept { return messages_sent_; }
    [[nodiscard]] u64 frames_sent() const noexcept { return frames_sent_; }
    [[nodiscard]] u64 bytes_sent() const noexcept { return bytes_sent_; }
    [[nodiscard]] u64 messages_given_up() const noexcept { return messages_given_up_; }

private:
    struct Item {
        std::size_t at;
        Stream stream;
        Seq first;
        Nanos time;
        u32 bytes;
        u32 count;
        Fate fate;
        bool known;
        bool heartbeat;
    };
    void settle(const Item& item, Fate fate, FateLog* log);
    void drop_sent();

    u8 server_;
    Link link_;
    std::unique_ptr<Sender> sender_;
    drivers::CaptureSender* capture_;  ///< sender_, when it writes a file whose frames want times; else null
    std::vector<std::byte> arena_;
    std::vector<Item> items_;
    std::size_t next_ = 0;
    u64 messages_sent_ = 0;
    u64 frames_sent_ = 0;
    u64 bytes_sent_ = 0;
    u64 messages_given_up_ = 0;
};

}  // namespace twinlink::sim
