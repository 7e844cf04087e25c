// One link of one server, sending side. See lane.hpp.
#include "tools/acdsim/lane.hpp"

namespace twinlink::sim {
namespace {
constexpr std::size_t kBurst = 64;  // frames handed to a device at once
}

Lane::Lane(u8 server, Link link, std::unique_ptr<Sender> sender)
    : server_(server),
      link_(link),
      sender_(std::move(sender)),
      capture_(dynamic_cast<drivers::CaptureSender*>(sender_.get())) {}

void Lane::push(const CutFrame& frame, Bytes bytes, Fate fate, bool known) {
    items_.push_back({arena_.size(), frame.stream, frame.first, frame.time, static_cast<u32>(bytes.size()),
                      frame.count, fate, known, frame.count == 0});
    arena_.insert(arena_.end(), bytes.begin(), bytes.end());
}

void Lane::settle(const Item& item, Fate fate, FateLog* log) {
    if (log != nullptr && item.known && item.count != 0)
        log->fate(server_, link_, item.stream, item.first, item.count, fate);
}

std::size_t Lane::send(std::size_t frames_max, FateLog* log) {
    std::size_t sent = 0;
    while (sent < frames_max && !empty()) {
        std::array<TxFrame, kBurst> burst;
        // A capture file takes one at a time, each with its own time.
        const std::size_t burst_max = capture_ == nullptr ? kBurst : 1;
        if (capture_ != nullptr) capture_->set_time(items_[next_].time);
        const std::size_t n = std::min({burst_max, frames_max - sent, items_.size() - next_});
        for (std::size_t i = 0; i < n; ++i) {
            const Item& item = items_[next_ + i];
            burst[i] = {Bytes{arena_.data() + item.at, item.bytes}, {}};
        }
        const std::size_t taken = sender_->send(std::span(burst).first(n));
        for (std::size_t i = 0; i < taken; ++i) {
            const Item& item = items_[next_ + i];
            ++frames_sent_;
            bytes_sent_ += item.bytes;
            if (item.known) messages_sent_ += item.count;
            settle(item, item.fate, log);
            if (log != nullptr) log->sent_frame(server_, link_, item.stream, item.heartbeat);
        }
        next_ += taken;
        sent += taken;
        if (taken < n) break;
    }
    drop_sent();
    return sent;
}

void Lane::give_up(Fate fate, FateLog* log) {
    for (; !empty(); ++next_) {
        const Item& item = items_[next_];
        if (item.known) messages_given_up_ += item.count;
        // What a fault had destroyed already stays destroyed by that fault.
        settle(item, delivered(item.fate) ? fate : item.fate, log);
    }
    drop_sent();
}

void Lane::drop_sent() {
    if (!empty()) return;
    items_.clear();
    arena_.clear();
    next_ = 0;
}

}  // namespace twinlink::sim
