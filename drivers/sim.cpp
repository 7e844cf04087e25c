// The wire in memory.
#include "drivers/sim.hpp"

#include <cassert>

namespace twinlink::drivers {
namespace {

constexpr std::size_t kAnswersMax = 64;
constexpr MacAddress kMac{2, 0, 0, 0, 0, 1};

}  // namespace

SimPort::SimPort(const PortConfig& config, std::size_t queue_packets, std::string name)
    : parser_(config),
      pool_frames_(config.pool_frames),
      queue_packets_(queue_packets),
      name_(std::move(name)) {}

bool SimPort::push(Bytes packet) {
    if (!carrier_) return false;
    if (room() == 0) {
        counters_.add(PortCounter::NicMissed);
        return false;
    }
    if (free_.empty()) {
        free_.reserve(buffers_.size() + 1);  // so that release() never allocates
        free_.push_back(buffers_.emplace_back(std::make_unique<Buffer>()).get());
    }
    free_.back()->assign(packet.begin(), packet.end());
    queue_.push_back(free_.back());
    free_.pop_back();
    return true;
}

void SimPort::set_carrier(bool up) noexcept {
    if (up != carrier_) ++carrier_changes_;
    carrier_ = up;
}

std::size_t SimPort::receive(std::span<RxFrame> out) noexcept {
    std::size_t filled = 0;
    while (filled < out.size() && !queue_.empty()) {
        if (held_ == pool_frames_) {
            if (!exhausted_) counters_.add(PortCounter::NicNoBuffer);
            exhausted_ = true;
            break;
        }
        Buffer* buffer = queue_.front();
        queue_.pop_front();
        counters_.add(PortCounter::Packets);
        counters_.add(PortCounter::Bytes, buffer->size());
        const Parsed parsed = parser_.parse(*buffer);
        counters_.add(parsed.outcome);
        if (parsed.outcome == PortCounter::Frames) {
            out[filled++] = {buffer->data() + parsed.at, buffer, parsed.bytes, parsed.source_acd};
            ++held_;
            continue;
        }
        if (parsed.outcome >= PortCounter::AnsweredArp) keep_answer(*buffer, parsed);
        free_.push_back(buffer);
    }
    return filled;
}

void SimPort::keep_answer(const Buffer& packet, const Parsed& parsed) noexcept {
    Buffer reply(packet.size() + kHeaderBytesMax);
    const u32 bytes =
        take_answers_ && answers_.size() < kAnswersMax ? answer(packet, parsed, kMac, reply) : 0;
    if (bytes == 0) {
        counters_.add(PortCounter::AnswersDropped);
        return;
    }
    reply.resize(bytes);
    answers_.push_back(std::move(reply));
}

void SimPort::release(std::span<void* const> tokens) noexcept {
    assert(tokens.size() <= held_);
    held_ -= static_cast<u32>(tokens.size());
    for (void* token : tokens) free_.push_back(static_cast<Buffer*>(token));
    if (!tokens.empty()) exhausted_ = false;
}

void SimPort::read_device() noexcept {
    counters_.add(PortCounter::LinkChanges, carrier_changes_);
    carrier_changes_ = 0;
    link_up_.store(carrier_, std::memory_order_relaxed);
}

std::size_t SimSender::send(std::span<const TxFrame> frames) noexcept {
    std::size_t sent = 0;
    for (; sent < frames.size() && to_.room() != 0; ++sent) {
        assert(writer_.packet_bytes(frames[sent]) <= packet_.size());
        const u32 bytes = writer_.write(packet_.data(), frames[sent]);
        to_.push({packet_.data(), bytes});
    }
    return sent;
}

}  // namespace twinlink::drivers
