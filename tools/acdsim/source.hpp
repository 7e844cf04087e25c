// Where a link stream comes from, and where its messages go: the seam between a model (or a recording) and
// encoding.
//
// One thread. A source emits messages in the order of its ACD's clock, as soon as it is stepped; who steps it
// decides how fast time passes. Times are ns of the ACD's clock.
#pragma once

#include <twinlink/frame.hpp>

#include <string_view>

namespace twinlink::sim {

/// Takes the messages of one ACD in the order of their numbers.
class MessageSink {
public:
    virtual ~MessageSink() = default;
    MessageSink() = default;
    MessageSink(const MessageSink&) = delete;
    MessageSink& operator=(const MessageSink&) = delete;

    /// A new life of the numbering: the next message is number 1. Called before the first message.
    virtual void begin_epoch(Epoch epoch, Nanos time) = 0;
    /// One message with its SBE header.
    virtual void put(Bytes encoded) = 0;
    /// No number after the last one will be used. Not orderly: the ACD just stopped, and nobody is told.
    virtual void end_epoch(Nanos time, bool orderly) = 0;

    /// Encodes and puts.
    template <class M>
    void send(const M& message) {
        std::array<std::byte, sizeof(SbeHeader) + sizeof(M)> bytes;
        put({bytes.data(), write_message(bytes.data(), message)});
    }
};

/// One ACD that lives: a simulated call centre or a recording.
class Source {
public:
    virtual ~Source() = default;
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    [[nodiscard]] virtual Acd acd() const noexcept = 0;
    /// Nothing more will be emitted.
    [[nodiscard]] virtual bool over() const noexcept = 0;
    /// When the next thing happens. Precondition: !over().
    [[nodiscard]] virtual Nanos next_time() const noexcept = 0;
    /// Lets the next thing happen. Precondition: !over().
    virtual void step(MessageSink& sink) = 0;
    /// A link came back at `time` (not before the last step): the configuration and state go out again, in
    /// sequence.
    virtual void pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) = 0;
    /// Ends now instead of later: the epoch closes in an orderly way.
    virtual void stop(MessageSink& sink) = 0;
    /// When it begins and ends by plan, for the progress bar.
    [[nodiscard]] virtual Nanos begins() const noexcept = 0;
    [[nodiscard]] virtual Nanos ends() const noexcept = 0;
};

/// ASCII text, cut to fit and NUL padded.
template <std::size_t N>
[[nodiscard]] Text<N> text(std::string_view from) noexcept {
    Text<N> to{};
    for (std::size_t i = 0; i < N && i < from.size(); ++i) to[i] = from[i];
    return to;
}

}  // namespace twinlink::sim
