// Frames: validation of what came in, views of what is valid, and the builder of what goes out.
//
// Everything here is pure, allocation-free and noexcept; any thread may call it on its own data. A frame is
// validated completely - bounds, CRC, every message's header - before a single byte of it is believed; after
// validate() said Ok, walking it needs no check. Lengths are bytes.
#pragma once

#include <twinlink/limits.hpp>
#include <twinlink/messages.hpp>

#include <cstring>
#include <span>

namespace twinlink {

using Bytes = std::span<const std::byte>;

/// Copies a struct out of bytes of any alignment. Precondition: sizeof(M) bytes are there.
template <class M>
[[nodiscard]] M read(const std::byte* from) noexcept {
    M m;
    std::memcpy(&m, from, sizeof m);
    return m;
}

/// Why a frame was refused. Counted per port; a refused frame has no other effect.
enum class FrameRefusal : u8 {
    Ok = 0,
    TooShort,    ///< no room for the frame's headers
    TooLong,     ///< more than kFrameBytesMax
    BadMagic,    ///< not ours
    BadVersion,  ///< a major version that we do not know
    BadSchema,   ///< another schema in an SBE header, or a frame header that is none or shorter than ours
    BadLength,   ///< body_bytes is not what is there
    BadCrc,      ///< content does not match crc32c
    BadCount,  ///< message_count is not the number of messages in the body, or not 0 under the heartbeat flag
    BadMessage,  ///< a message's block is cut off, shorter than its template, or not a multiple of 8
    BadNumber,   ///< epoch 0, ACD 0, first_seq 0, first_seq + count past 2^63, or a link that does not exist
    UnknownAcd,  ///< an ACD that the configuration does not name (or not from this source)
    WrongLink,   ///< the frame names the other link than the port it came in on
    Count_
};
inline constexpr std::size_t kFrameRefusals = static_cast<std::size_t>(FrameRefusal::Count_);
/// Stable snake_case name of a refusal, for counters and documents.
[[nodiscard]] const char* name(FrameRefusal) noexcept;

/// Checks everything about a frame that can be checked without configuration or history.
/// `frame` is one UDP payload; any bytes are welcome. Returns Ok or the first reason found. What a newer ACD
/// may do is accepted: unknown flags and templates, another schema version, longer blocks (the frame header's
/// too).
[[nodiscard]] FrameRefusal validate(Bytes frame) noexcept;

/// The same for messages that come without a frame (another server's journal, a partner): Ok when `messages`
/// are exactly `count` whole ones, none of which is too long for a frame. Their CRC, if they have one, is
/// whoever's who brought them.
[[nodiscard]] FrameRefusal validate_messages(Bytes messages, u32 count) noexcept;

/// CRC-32C (Castagnoli, reflected, init and xorout 0xFFFFFFFF) of `data`, continuing from `crc` (0 to begin).
/// By instructions where the processor has them, else by table.
[[nodiscard]] u32 crc32c(Bytes data, u32 crc = 0) noexcept;

/// One message inside a valid frame or journal block. Does not own the bytes.
struct MessageView {
    u16 template_id;
    u16 block_length;
    const std::byte* block;

    /// The message as the struct M. Precondition: template_id == M::kTemplate and the bytes were validated.
    /// Bytes of a longer block from a newer ACD are ignored.
    template <class M>
    [[nodiscard]] M as() const noexcept {
        return read<M>(block);
    }
    /// ns of the ACD's clock: every message begins with it.
    [[nodiscard]] Nanos time() const noexcept { return Nanos{read<u64>(block)}; }
    /// Bytes on the wire, SBE header included.
    [[nodiscard]] u32 wire_bytes() const noexcept { return sizeof(SbeHeader) + block_length; }
};

/// The message at `from`. Precondition: validated bytes.
[[nodiscard]] inline MessageView message_at(const std::byte* from) noexcept {
    const auto h = read<SbeHeader>(from);
    return {h.template_id, h.block_length, from + sizeof(SbeHeader)};
}

/// A validated frame. Does not own the bytes.
class FrameView {
public:
    FrameView() noexcept = default;
    /// Precondition: validate(frame) == Ok, or at least the headers are there.
    explicit FrameView(Bytes frame) noexcept
        : header_(read<FrameHeader>(frame.data() + sizeof(SbeHeader))),
          body_(frame.data() + sizeof(SbeHeader) + read<SbeHeader>(frame.data()).block_length) {}

    [[nodiscard]] const FrameHeader& header() const noexcept { return header_; }
    [[nodiscard]] Stream stream() const noexcept { return {Acd{header_.acd}, Epoch{header_.epoch}}; }
    [[nodiscard]] Link link() const noexcept { return static_cast<Link>(header_.link); }
    [[nodiscard]] Seq first() const noexcept { return Seq{header_.first_seq}; }
    /// The number after the last message; for a heartbeat, first() itself.
    [[nodiscard]] Seq end() const noexcept { return Seq{header_.first_seq + header_.message_count}; }
    [[nodiscard]] u32 count() const noexcept { return header_.message_count; }
    [[nodiscard]] bool heartbeat() const noexcept { return header_.message_count == 0; }
    /// All messages, one after the other.
    [[nodiscard]] Bytes body() const noexcept { return {body_, header_.body_bytes}; }

private:
    FrameHeader header_{};
    const std::byte* body_{};
};

/// Calls f(MessageView) for each message in validated bytes.
template <class F>
void for_each_message_in(Bytes messages, F&& f) {
    for (const std::byte *p = messages.data(), *end = p + messages.size(); p != end;) {
        const MessageView m = message_at(p);
        f(m);
        p += m.wire_bytes();
    }
}

/// Bytes of the first `n` of the messages in validated bytes. Precondition: they hold at least n.
[[nodiscard]] inline u32 bytes_of_messages(Bytes messages, u32 n) noexcept {
    u32 at = 0;
    while (n-- != 0) at += message_at(messages.data() + at).wire_bytes();
    return at;
}

/// Appends `message` with its SBE header at `to`; returns the bytes written (8 + sizeof(M)).
/// Precondition: there is room.
template <class M>
u32 write_message(std::byte* to, const M& message) noexcept {
    const SbeHeader h{sizeof(M), M::kTemplate, kSchemaId, kSchemaVersion};
    std::memcpy(to, &h, sizeof h);
    std::memcpy(to + sizeof h, &message, sizeof message);
    return sizeof h + sizeof message;
}

/// Builds one frame in place: reset, add messages while they fit, finish. One thread; reusable.
class FrameBuilder {
public:
    /// `buffer` holds the frame; its size is the frame limit (kFrameOverheadBytes .. kFrameBytesMax).
    explicit FrameBuilder(std::span<std::byte> buffer) noexcept : buffer_(buffer) {}

    /// Starts a frame: `header` gives acd, link, flags, epoch, first_seq; counts, sizes, CRC and the
    /// heartbeat flag (set in a frame without messages, only there) are computed.
    void reset(const FrameHeader& header) noexcept {
        header_ = header;
        used_ = kFrameOverheadBytes;
        count_ = 0;
    }
    /// False, and nothing changed, when the message does not fit any more.
    template <class M>
    bool add(const M& message) noexcept {
        if (used_ + sizeof(SbeHeader) + sizeof(M) > buffer_.size()) return false;
        used_ += write_message(buffer_.data() + used_, message);
        ++count_;
        return true;
    }
    /// The same for a message that is encoded already (SBE header included).
    bool add_encoded(Bytes message) noexcept {
        if (used_ + message.size() > buffer_.size()) return false;
        std::memcpy(buffer_.data() + used_, message.data(), message.size());
        used_ += static_cast<u32>(message.size());
        ++count_;
        return true;
    }
    [[nodiscard]] u32 count() const noexcept { return count_; }
    /// Writes header and CRC; returns the whole frame, valid until the next reset.
    Bytes finish(Nanos sent_at) noexcept;

private:
    std::span<std::byte> buffer_;
    FrameHeader header_{};
    u32 used_ = kFrameOverheadBytes;
    u32 count_ = 0;
};

}  // namespace twinlink
