// Records a day and hands it out again and again. See day_tape.hpp.
#include "tools/acdsim/day_tape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::sim {
namespace {

/// Where in a message's block times and calls stand, besides its own time at offset 0. 0 = none.
struct Fields {
    std::array<u8, 3> times{};
    std::array<u8, 2> calls{};
    u8 ucid = 0;
};

constexpr std::array<Fields, kTemplateMax + 1> kFields = [] {
    std::array<Fields, kTemplateMax + 1> f{};
    f[IntervalBoundary::kTemplate].times = {offsetof(IntervalBoundary, interval_start)};
    f[ClockSet::kTemplate].times = {offsetof(ClockSet, old_time), offsetof(ClockSet, new_time)};
    f[AgentSnapshot::kTemplate] = {{offsetof(AgentSnapshot, since), offsetof(AgentSnapshot, login_time)},
                                   {offsetof(AgentSnapshot, call)},
                                   0};
    f[CallSnapshot::kTemplate] = {
        {offsetof(CallSnapshot, started), offsetof(CallSnapshot, since), offsetof(CallSnapshot, queued_at)},
        {offsetof(CallSnapshot, call)},
        offsetof(CallSnapshot, ucid)};
    f[TrunkSeized::kTemplate] = {{}, {offsetof(TrunkSeized, call)}, offsetof(TrunkSeized, ucid)};
    f[AgentState::kTemplate].calls = {offsetof(AgentState, call)};
    for (u16 t = TrunkIdle::kTemplate; t <= CallEvent::kTemplate; ++t)
        if (kBlockLengths[t] != 0) f[t].calls = {8};  // every trunk and call message carries its call there
    f[CallConferenced::kTemplate].calls = {8, offsetof(CallConferenced, other)};
    f[CallTransferred::kTemplate].calls = {8, offsetof(CallTransferred, to_call)};
    return f;
}();

/// Adds to a field that is not 0: 0 means none in all of them.
void add_to(std::byte* field, u64 more) noexcept {
    u64 value = read<u64>(field);
    if (value == 0) return;
    value += more;
    std::memcpy(field, &value, sizeof value);
}

}  // namespace

/// Takes one centre's day and cuts it into bodies.
class DayTape::Recorder final : public MessageSink {
public:
    Recorder(DayTape& tape, u16 centre, u32 body_max) : tape_(tape), centre_(centre), body_max_(body_max) {}

    void begin_epoch(Epoch epoch, Nanos) override { tape_.centres_[centre_].epoch = epoch; }
    void end_epoch(Nanos, bool) override { cut(); }
    void put(Bytes encoded) override {
        if (frame_.bytes + encoded.size() > body_max_) cut();
        if (frame_.count == 0) frame_.at = tape_.bytes_.size();
        tape_.bytes_.insert(tape_.bytes_.end(), encoded.begin(), encoded.end());
        frame_.bytes += static_cast<u32>(encoded.size());
        ++frame_.count;
        const MessageView m = message_at(encoded.data());
        frame_.time = m.time();
        ++tape_.messages_;
    }
    void cut() {
        if (frame_.count != 0) {
            frame_.centre = centre_;
            tape_.frames_.push_back(frame_);
        }
        frame_ = {};
    }

private:
    DayTape& tape_;
    u16 centre_;
    u32 body_max_;
    Frame frame_{};
};

Expected<DayTape> DayTape::record(const std::vector<CentreConfig>& centres, u32 frame_bytes) {
    DayTape tape;
    for (const auto& config : centres) {
        const auto i = static_cast<u16>(tape.centres_.size());
        tape.centres_.push_back({.acd = config.acd, .epoch = {}, .calls = 0, .next = Seq{1}, .last = {}});
        CallCentre centre(config);
        Recorder recorder(tape, i, frame_bytes - kFrameOverheadBytes);
        while (!centre.over()) {
            // The boundary at the end of the day is the one at the beginning of the next.
            if (centre.next_time() >= config.end) break;
            centre.step(recorder);
        }
        recorder.cut();
        if (!centre.idle())
            return failure(
                fmt::format("the day of ACD {} did not end idle: close earlier", config.acd.value));
        tape.centres_[i].calls = centre.totals().calls;
    }
    std::stable_sort(tape.frames_.begin(), tape.frames_.end(),
                     [](const Frame& a, const Frame& b) { return a.time < b.time; });
    return tape;
}

void DayTape::patch(std::byte* p, u32 count, u64 calls) const noexcept {
    for (; count != 0; --count) {
        const auto h = read<SbeHeader>(p);
        p += sizeof h;
        const Fields& f = kFields[h.template_id];
        add_to(p, kDay);
        for (const u8 at : f.times)
            if (at != 0) add_to(p + at, kDay);
        for (const u8 at : f.calls)
            if (at != 0) add_to(p + at, calls);
        if (f.ucid != 0) add_to(p + f.ucid, kDay / kSecond);
        p += h.block_length;
    }
}

DayTape::Heads DayTape::next() noexcept {
    const Frame& frame = frames_[next_];
    Centre& centre = centres_[frame.centre];
    std::byte* const body = bytes_.data() + frame.at;
    if (day_ != 0) patch(body, frame.count, centre.calls);

    FrameHeader h{};
    h.magic = kFrameMagic;
    h.version = kFrameVersion;
    h.acd = centre.acd.value;
    h.message_count = frame.count;
    h.body_bytes = static_cast<u16>(frame.bytes);
    h.epoch = centre.epoch.value;
    h.first_seq = centre.next.value;
    h.sent_at = frame.time.value + day_ * kDay;
    const Bytes bytes{body, frame.bytes};
    Heads heads{{}, frame.count};
    const SbeHeader sbe{sizeof(FrameHeader), FrameHeader::kTemplate, kSchemaId, kSchemaVersion};
    u32 crc_of_a = 0;
    for (const Link link : {Link::A, Link::B}) {
        auto& head = heads_[slot_ * kLinks + index(link)];
        h.link = static_cast<u8>(link);
        h.crc32c = 0;
        std::memcpy(head.data(), &sbe, sizeof sbe);
        std::memcpy(head.data() + sizeof sbe, &h, sizeof h);
        u32& difference = link_crc_[frame.bytes];
        h.crc32c = link == Link::A || difference == 0 ? crc32c(bytes, crc32c(head)) : crc_of_a ^ difference;
        if (link == Link::A) {
            crc_of_a = h.crc32c;
        } else {
            difference = crc_of_a ^ h.crc32c;
        }
        std::memcpy(head.data() + sizeof sbe, &h, sizeof h);
        heads.link[index(link)] = {head, bytes};
    }
    centre.next = centre.next + frame.count;
    centre.last = Nanos{h.sent_at};
    slot_ = (slot_ + 1) % kInFlight;
    if (++next_ == frames_.size()) {
        next_ = 0;
        ++day_;
    }
    return heads;
}

std::vector<DayTape::StreamEnd> DayTape::streams() const {
    std::vector<StreamEnd> ends;
    for (const auto& c : centres_) ends.push_back({{c.acd, c.epoch}, c.next, c.last});
    return ends;
}

namespace {

/// Sends all of a batch on one link; returns messages that were given up.
u64 send_all(Sender& sender, std::span<const TxFrame> frames, std::span<const u32> messages,
             const Pacing& pacing, const std::atomic<bool>& stop) {
    std::size_t sent = sender.send(frames);
    u64 waited_since = 0;
    while (sent < frames.size() && !stop) {
        const std::size_t taken = sender.send(frames.subspan(sent));
        sent += taken;
        if (taken != 0) {
            waited_since = 0;
            continue;
        }
        if (!pacing.wait || !sender.ready()) break;
        const u64 now = monotonic_ns();
        if (waited_since == 0) waited_since = now;
        if (pacing.give_up_after.value != 0 && now - waited_since > pacing.give_up_after.value) break;
        // A queue that is full holds milliseconds' worth, and what it refuses was copied in vain.
        sleep_ns(100'000);
    }
    u64 lost = 0;
    for (; sent < frames.size(); ++sent) lost += messages[sent];
    return lost;
}

/// What a device holds back goes out, too: as patient as send_all().
void flush(Sender& sender, const Pacing& pacing, const std::atomic<bool>& stop) {
    const u64 since = monotonic_ns();
    while (!sender.flush() && pacing.wait && !stop) {
        if (pacing.give_up_after.value != 0 && monotonic_ns() - since > pacing.give_up_after.value) return;
        sleep_ns(20'000);
    }
}

/// Keeps to a rate, and from a number of messages on to another one.
class Pace {
public:
    Pace(const Pacing& pacing, u64 start_ns)
        : rate_(pacing.rate), changes_at_(pacing.rate_for), then_(pacing.rate_then), since_ns_(start_ns) {}

    /// Messages to send at once: at a low rate a link must not fall silent in between.
    [[nodiscard]] u64 burst() const noexcept {
        return rate_ == 0 ? ~u64{0} / 2 : std::max<u64>(rate_ / 50, 1);
    }
    /// Until `messages` may have been sent.
    void wait(u64 messages, const std::atomic<bool>& stop) {
        if (changes_at_ != 0 && messages >= changes_at_) {
            rate_ = then_;
            changes_at_ = 0;
            since_ = messages;
            since_ns_ = monotonic_ns();
        }
        if (rate_ == 0) return;
        const u64 more = messages - since_;
        const u64 due = since_ns_ + more / rate_ * kSecond + more % rate_ * kSecond / rate_;
        for (u64 now = monotonic_ns(); !stop && now < due; now = monotonic_ns())
            sleep_ns(std::min<u64>(due - now, 1'000'000));
    }

private:
    u64 rate_;
    u64 changes_at_;
    u64 then_;
    u64 since_ = 0;
    u64 since_ns_;
};

/// Says that no more will come, three times on every link.
void close_streams(const DayTape& tape, std::vector<ServerSenders>& servers) {
    for (int i = 0; i < 3; ++i)
        for (const auto& end : tape.streams())
            for (auto& server : servers)
                for (const Link link : {Link::A, Link::B}) {
                    std::array<std::byte, kFrameOverheadBytes> buffer;
                    FrameBuilder builder{buffer};
                    FrameHeader h{};
                    h.flags = kFlagHeartbeat | kFlagEndOfEpoch;
                    h.acd = end.stream.acd.value;
                    h.link = static_cast<u8>(link);
                    h.epoch = end.stream.epoch.value;
                    h.first_seq = end.next.value;
                    builder.reset(h);
                    const TxFrame frame{builder.finish(end.time), {}};
                    (void)server[index(link)]->send({&frame, 1});
                }
}

}  // namespace

LoopResult send_days(DayTape& tape, u32 days, std::vector<ServerSenders>& servers, const Pacing& pacing,
                     const std::atomic<bool>& stop) {
    LoopResult result;
    std::array<std::array<TxFrame, DayTape::kInFlight>, kLinks> batch;
    std::array<u32, DayTape::kInFlight> messages{};
    const u64 start = monotonic_ns();
    Pace pace(pacing, start);
    while (tape.day() < days && !stop) {
        std::size_t n = 0;
        // A batch stays within a day: in the next one the same bodies are patched again. Small days make
        // small ones.
        const u64 day = tape.day();
        const u64 burst = result.messages + pace.burst();
        for (; n < DayTape::kInFlight && tape.day() == day && result.messages < burst; ++n) {
            const DayTape::Heads heads = tape.next();
            for (std::size_t l = 0; l < kLinks; ++l) batch[l][n] = heads.link[l];
            messages[n] = heads.messages;
            result.messages += heads.messages;
        }
        for (auto& server : servers)
            for (std::size_t l = 0; l < kLinks; ++l)
                result.not_taken += send_all(*server[l], std::span(batch[l]).first(n),
                                             std::span(messages).first(n), pacing, stop);
        pace.wait(result.messages, stop);
    }
    close_streams(tape, servers);
    for (auto& server : servers)
        for (auto& sender : server) flush(*sender, pacing, stop);
    result.days = tape.day();
    result.seconds = static_cast<double>(monotonic_ns() - start) / 1e9;
    return result;
}

}  // namespace twinlink::sim
