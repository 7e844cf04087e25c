// From messages to frames: numbers the messages of one ACD and cuts them into frames for each link.
//
// One thread. Everything depends on the ACD's clock alone, never on the machine's, so the same messages give
// the same frames. Both links carry every number exactly once; where frames are cut may differ between them.
// Times are ns of the ACD's clock.
#pragma once

#include "tools/acdsim/random.hpp"
#include "tools/acdsim/source.hpp"

#include <vector>

namespace twinlink::sim {

/// A frame as it leaves the encoder, on its way to one link of every server. Bytes are valid during the call
/// only.
struct CutFrame {
    Stream stream;
    Link link;
    Seq first;
    u32 count;   ///< 0 = heartbeat
    Nanos time;  ///< sent_at
    Bytes bytes;
};

class FrameSink {
public:
    virtual ~FrameSink() = default;
    virtual void frame(const CutFrame& frame) = 0;
};

/// Is told of every message and epoch: the ground truth.
class MessageLog {
public:
    virtual ~MessageLog() = default;
    virtual void begin_epoch(Stream stream, Nanos time) = 0;
    virtual void message(Stream stream, Seq seq, MessageView message) = 0;
    /// `last` is the number of the last message, 0 = none.
    virtual void end_epoch(Stream stream, Nanos time, Seq last, bool orderly) = 0;
};

struct EncoderConfig {
    u32 frame_bytes = kFrameBytesDefault;
    bool cut_differently = false;  ///< link B takes frames of changing size
    Nanos flush_age;               ///< a frame waits at most so long for more messages; 0 = until it is full
    Nanos heartbeat_every;         ///< on an idle link; 0 = none but at the end
    std::vector<Range>
        alone;  ///< numbers that share no frame with others, so that a script can hit exactly them
    u64 seed = 1;
};

class StreamEncoder final : public MessageSink {
public:
    /// `log` may be null. Both outlive the encoder.
    StreamEncoder(Acd acd, const EncoderConfig& config, FrameSink& frames, MessageLog* log);

    void begin_epoch(Epoch epoch, Nanos time) override;
    void put(Bytes encoded) override;
    void end_epoch(Nanos time, bool orderly) override;

    /// Sends what has waited long enough at `now`, and heartbeats that are due.
    void advance(Nanos now);
    /// When advance() has something to do next; ~0 = never.
    [[nodiscard]] Nanos deadline() const noexcept;
    [[nodiscard]] Stream stream() const noexcept { return {acd_, epoch_}; }
    [[nodiscard]] u64 messages() const noexcept { return messages_; }

private:
    /// The frame being filled for one link.
    struct Cutter {
        std::vector<std::byte> buffer;
        FrameBuilder builder{std::span<std::byte>{}};
        Seq first;
        Nanos oldest;  ///< time of its first message
        Nanos last_sent;
        bool pump_up = false;
    };
    void open(Cutter& cutter, Link link);
    void cut(Link link, Nanos time);
    void heartbeat(Link link, Nanos time, u8 flags);
    [[nodiscard]] bool stands_alone(Seq seq) const noexcept;
    [[nodiscard]] FrameHeader header(Link link, u8 flags, Seq first) const noexcept;

    Acd acd_;
    EncoderConfig config_;
    FrameSink& frames_;
    MessageLog* log_;
    Random random_;
    Epoch epoch_;
    Seq next_{1};
    Nanos time_;
    u64 messages_ = 0;
    bool open_ = false;  ///< an epoch is running
    std::array<Cutter, kLinks> cutters_;
};

}  // namespace twinlink::sim
