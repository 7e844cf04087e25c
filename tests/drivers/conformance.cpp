// The conformance test. Sender and port take turns in one thread, at most kWindow frames on the wire, so that
// wires that drop when nobody listens (sockets, af_packet) deliver everything as well.
#include "tests/drivers/conformance.hpp"

#include "tests/drivers/frames.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace twinlink::drivers::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::seconds(20);
constexpr u64 kWindow = 64;
constexpr u64 kSeed = 20'261;

/// The receiving side of one run: takes frames, checks the number order at once and the bytes when it lets
/// go.
class Taker {
public:
    explicit Taker(const Wire& wire) : wire_(wire), random_(kSeed) {}

    u64 next() const { return next_; }
    std::size_t held() const { return held_.size(); }

    /// Receives until frame `end` - 1 came in; false when nothing came for too long.
    bool take_until(u64 end) {
        auto deadline = Clock::now() + kPatience;
        while (next_ < end && Clock::now() < deadline) {
            if (take() != 0) deadline = Clock::now() + kPatience;
        }
        return next_ == end;
    }
    std::size_t take() {
        std::array<RxFrame, 32> frames;
        const std::size_t n = wire_.port.receive(std::span(frames).first(1 + random_() % frames.size()));
        for (const RxFrame& f : std::span(frames).first(n)) {
            REQUIRE(f.bytes >= 8);
            CHECK(read<u64>(f.data) == next_);
            CHECK(f.source_acd == Acd{7});
            held_.push_back({f, next_++});
        }
        return n;
    }
    /// Lets go of about half of what is held, in random order, in one batch.
    void release_some() {
        std::ranges::shuffle(held_, random_);
        release(held_.size() / 2);
    }
    void release_all() { release(held_.size()); }

private:
    void release(std::size_t count) {
        std::vector<void*> tokens;
        for (std::size_t i = 0; i < count; ++i) {
            const auto [f, n] = held_.back();
            held_.pop_back();
            const auto expected = numbered_frame(kSeed, n, wire_.frame_bytes_max);
            const bool same =
                f.bytes == expected.size() && std::memcmp(f.data, expected.data(), f.bytes) == 0;
            CHECK_MESSAGE(same, "frame " << n << " arrived changed, or changed while it was held");
            tokens.push_back(f.token);
        }
        wire_.port.release(tokens);
    }

    const Wire& wire_;
    std::mt19937_64 random_;
    std::vector<std::pair<RxFrame, u64>> held_;
    u64 next_ = 0;
};

/// Sends frames first..end-1, each cut in head and body somewhere.
bool send_numbered(const Wire& wire, Sender& sender, u64 first, u64 end) {
    std::vector<std::vector<std::byte>> bytes;
    std::vector<TxFrame> frames;
    for (u64 n = first; n < end; ++n) {
        bytes.push_back(numbered_frame(kSeed, n, wire.frame_bytes_max));
        const Bytes all = bytes.back();
        const std::size_t cut = n % (all.size() + 1);
        frames.push_back({all.first(cut), all.subspan(cut)});
    }
    return send_all(sender, frames);
}

void everything_arrives_in_order(const Wire& wire, Sender& sender, Taker& taker) {
    for (u64 first = 0; first < wire.frames; first += kWindow) {
        const u64 end = std::min(first + kWindow, wire.frames);
        REQUIRE(send_numbered(wire, sender, first, end));
        REQUIRE_MESSAGE(taker.take_until(end),
                        "frame " << taker.next() << " of " << wire.frames << " did not arrive");
        while (taker.held() + kWindow > wire.pool_frames) taker.release_some();
    }
    taker.release_all();
}

/// Holds every buffer: the port must go quiet, count it, and go on when buffers come back.
void exhaustion_is_counted_and_recovers(const Wire& wire, Sender& sender, Taker& taker) {
    const u64 before = wire.port.counters().get(PortCounter::NicNoBuffer);
    const u64 full = taker.next() + wire.pool_frames;
    while (taker.next() < full) {
        const u64 end = std::min(taker.next() + kWindow, full);
        REQUIRE(send_numbered(wire, sender, taker.next(), end));
        REQUIRE(taker.take_until(end));
    }
    REQUIRE(send_numbered(wire, sender, full, full + 8));
    for (int i = 0; i < 100; ++i) CHECK(taker.take() == 0);
    wire.port.read_device();
    CHECK(wire.port.counters().get(PortCounter::NicNoBuffer) == before + 1);
    taker.release_all();
    // All wires here keep at least 8 packets for us while we are out of buffers.
    CHECK(taker.take_until(full + 8));
    taker.release_all();
}

void refusals_are_counted(const Wire& wire) {
    constexpr u64 kEach = 10;
    for (const auto& [flow, why] : wire.refused) {
        const u64 before = wire.port.counters().get(why);
        const u64 frames = wire.port.counters().get(PortCounter::Frames);
        const auto sender = wire.connect(flow);
        const std::vector<std::byte> bytes(kEach, std::byte{0x5A});
        const std::vector<TxFrame> packets(kEach, TxFrame{bytes, {}});
        REQUIRE(send_all(*sender, packets));
        const auto deadline = Clock::now() + kPatience;
        std::array<RxFrame, 8> none;
        while (wire.port.counters().get(why) < before + kEach && Clock::now() < deadline) {
            CHECK(wire.port.receive(none) == 0);
        }
        CHECK_MESSAGE(wire.port.counters().get(why) == before + kEach, info(why).name);
        CHECK(wire.port.counters().get(PortCounter::Frames) == frames);
    }
}

}  // namespace

u64 sum_of_outcomes(const PortCounters& c) {
    u64 sum = 0;
    for (auto i = static_cast<u8>(PortCounter::Frames); i <= static_cast<u8>(PortCounter::AnsweredEcho);
         ++i) {
        sum += c.get(static_cast<PortCounter>(i));
    }
    return sum;
}

bool send_all(Sender& sender, std::span<const TxFrame> frames) {
    auto deadline = Clock::now() + kPatience;
    while (!frames.empty() && Clock::now() < deadline) {
        const std::size_t n = sender.ready() ? sender.send(frames) : 0;
        frames = frames.subspan(n);
        if (n != 0) deadline = Clock::now() + kPatience;
    }
    return frames.empty();
}

void conform(const Wire& wire) {
    refusals_are_counted(wire);
    {
        Taker taker(wire);
        const auto sender = wire.connect(wire.flow);
        everything_arrives_in_order(wire, *sender, taker);
        exhaustion_is_counted_and_recovers(wire, *sender, taker);
        wire.port.read_device();
        CHECK(wire.port.link_up());
        CHECK(wire.port.counters().get(PortCounter::Frames) == taker.next());
        CHECK(taker.held() == 0);
    }
    CHECK(wire.port.counters().get(PortCounter::Packets) == sum_of_outcomes(wire.port.counters()));
    CHECK(wire.port.counters().get(PortCounter::NicMissed) == 0);
    CHECK(!wire.port.title().empty());
}

}  // namespace twinlink::drivers::test
