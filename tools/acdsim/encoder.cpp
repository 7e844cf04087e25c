// Numbers messages and cuts frames. See encoder.hpp.
#include "tools/acdsim/encoder.hpp"

#include <algorithm>

namespace twinlink::sim {
namespace {

constexpr Nanos kNever{~u64{0}};
constexpr Nanos kClosingStep = 10_ms;  // between the closing heartbeats of an epoch
constexpr Nanos kBridged =
    10_s;  // of an idle stretch that nobody watched: heartbeats of so long are made up for
constexpr u32 kClosingHeartbeats = 3;   // so that losing one or two does not hide the tail
constexpr u32 kSmallestCutBytes = 400;  // above the largest message with both headers

}  // namespace

StreamEncoder::StreamEncoder(Acd acd, const EncoderConfig& config, FrameSink& frames, MessageLog* log)
    : acd_(acd), config_(config), frames_(frames), log_(log), random_(derive_seed(config.seed, acd.value)) {
    for (auto& c : cutters_) c.buffer.resize(config_.frame_bytes);
}

FrameHeader StreamEncoder::header(Link link, u8 flags, Seq first) const noexcept {
    FrameHeader h{};
    h.acd = acd_.value;
    h.link = static_cast<u8>(link);
    h.flags = flags;
    h.epoch = epoch_.value;
    h.first_seq = first.value;
    return h;
}

void StreamEncoder::begin_epoch(Epoch epoch, Nanos time) {
    epoch_ = epoch;
    next_ = Seq{1};
    time_ = time;
    open_ = true;
    for (auto& c : cutters_) {
        c.builder = FrameBuilder{std::span<std::byte>{}};
        c.last_sent = time;
        c.pump_up = false;
    }
    if (log_ != nullptr) log_->begin_epoch(stream(), time);
}

void StreamEncoder::open(Cutter& cutter, Link link) {
    std::size_t limit = config_.frame_bytes;
    if (config_.cut_differently && link == Link::B)
        limit = random_.between(std::min<u64>(kSmallestCutBytes, limit), limit);
    cutter.builder = FrameBuilder{std::span(cutter.buffer).first(limit)};
    cutter.builder.reset(header(link, cutter.pump_up ? u8{kFlagPumpUp} : u8{0}, next_));
    cutter.first = next_;
    cutter.oldest = time_;
}

bool StreamEncoder::stands_alone(Seq seq) const noexcept {
    return std::any_of(config_.alone.begin(), config_.alone.end(),
                       [&](const Range& r) { return seq == r.first || seq == r.last + 1; });
}

void StreamEncoder::put(Bytes encoded) {
    const MessageView view = message_at(encoded.data());
    // Never back in time on the wire's own clock, whatever an ACD's clock setting does to message times.
    time_ = std::max(time_, view.time());
    const bool begins = view.template_id == PumpUpBegin::kTemplate;
    const bool edge = begins || stands_alone(next_);
    for (const Link link : {Link::A, Link::B}) {
        Cutter& c = cutters_[index(link)];
        if (edge) cut(link, time_);
        if (begins) c.pump_up = true;
        if (c.builder.count() == 0) open(c, link);
        if (!c.builder.add_encoded(encoded)) {
            cut(link, time_);
            open(c, link);
            c.builder.add_encoded(encoded);
        }
    }
    if (log_ != nullptr) log_->message(stream(), next_, view);
    next_ = next_ + 1;
    ++messages_;
    if (view.template_id != PumpUpEnd::kTemplate) return;
    for (const Link link : {Link::A, Link::B}) {
        cut(link, time_);
        cutters_[index(link)].pump_up = false;
    }
}

void StreamEncoder::cut(Link link, Nanos time) {
    Cutter& c = cutters_[index(link)];
    const u32 count = c.builder.count();
    if (count == 0) return;
    const Bytes bytes = c.builder.finish(time);
    c.last_sent = time;
    frames_.frame({stream(), link, c.first, count, time, bytes});
    c.builder = FrameBuilder{std::span<std::byte>{}};
}

void StreamEncoder::heartbeat(Link link, Nanos time, u8 flags) {
    std::array<std::byte, kFrameOverheadBytes> buffer;
    FrameBuilder builder{buffer};
    const Cutter& c = cutters_[index(link)];
    const Seq next = c.builder.count() == 0 ? next_ : c.first;
    builder.reset(header(link, static_cast<u8>(kFlagHeartbeat | flags), next));
    cutters_[index(link)].last_sent = time;
    frames_.frame({stream(), link, next, 0, time, builder.finish(time)});
}

void StreamEncoder::advance(Nanos now) {
    if (!open_) return;
    for (Nanos at = deadline(); at <= now; at = deadline()) {
        at = std::max(at, now - kBridged);
        time_ = std::max(time_, at);
        for (const Link link : {Link::A, Link::B}) {
            const Cutter& c = cutters_[index(link)];
            if (c.builder.count() != 0 && config_.flush_age.value != 0 && c.oldest + config_.flush_age <= at)
                cut(link, at);
            if (config_.heartbeat_every.value != 0 && c.last_sent + config_.heartbeat_every <= at)
                heartbeat(link, at, 0);
        }
    }
}

Nanos StreamEncoder::deadline() const noexcept {
    Nanos first = kNever;
    if (!open_) return first;
    for (const auto& c : cutters_) {
        if (c.builder.count() != 0 && config_.flush_age.value != 0)
            first = std::min(first, c.oldest + config_.flush_age);
        if (config_.heartbeat_every.value != 0)
            first = std::min(first, c.last_sent + config_.heartbeat_every);
    }
    return first;
}

void StreamEncoder::end_epoch(Nanos time, bool orderly) {
    time_ = std::max(time_, time);
    for (const Link link : {Link::A, Link::B}) cut(link, time_);
    if (orderly)
        for (u32 i = 0; i < kClosingHeartbeats; ++i, time_ = time_ + kClosingStep)
            for (const Link link : {Link::A, Link::B}) heartbeat(link, time_, kFlagEndOfEpoch);
    open_ = false;
    if (log_ != nullptr) log_->end_epoch(stream(), time_, next_ - 1, orderly);
}

}  // namespace twinlink::sim
