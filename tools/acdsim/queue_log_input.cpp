// Sorts a queue_log by time. See queue_log_input.hpp.
#include "tools/acdsim/queue_log_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace twinlink::sim {
namespace {

/// A time so far ahead of all before it is believed only when the next line confirms it: one wrong digit must
/// not carry the clock away. A night or a weekend without a line is no news, so the price is small.
constexpr Nanos kJump{86'400'000'000'000};
/// Events that wait at most. Chosen: 60 s of 10,000 lines a second; then the oldest go ahead.
constexpr std::size_t kWaitingMax = 600'000;
constexpr Nanos kEver{~u64{0}};

bool rings_before(QueueLogKind kind) noexcept {
    return kind == QueueLogKind::Connect || kind == QueueLogKind::RingNoAnswer ||
           kind == QueueLogKind::RingCanceled;
}

}  // namespace

QueueLogInput::QueueLogInput(QueueLogFile file, Nanos window, bool follow, Damaged damaged, Seen seen)
    : file_(std::move(file)),
      window_(window),
      follow_(follow),
      damaged_(std::move(damaged)),
      seen_(std::move(seen)) {}

void QueueLogInput::damage(u64 number, const std::string& why) {
    ++damaged_count_;
    if (damaged_) damaged_(number, why);
}

void QueueLogInput::believe(QueueLogEvent event) {
    any_ = true;
    newest_ = std::max(newest_, event.time);
    ++order_;
    if (seen_) seen_(event);
    if (rings_before(event.kind) && event.ring.value != 0) {
        QueueLogEvent start = event;
        start.kind = QueueLogKind::RingStart;
        start.outcome = event.kind;
        start.time = event.time - std::min(event.ring, window_);
        waiting_.emplace(Place{start.time, true, order_}, std::move(start));
    }
    waiting_.emplace(Place{event.time, false, order_}, std::move(event));
}

/// `time` is the time of the line after the one that is held, or how late it may be where no line follows.
void QueueLogInput::decide_held(Nanos time) {
    if (!held_) return;
    Held held = std::move(*held_);
    held_.reset();
    if (held.event.time <= time + kJump) return believe(std::move(held.event));
    damage(held.number, fmt::format("its time is {} s ahead of the lines around it",
                                    (held.event.time - (any_ ? newest_ : time)).value / 1'000'000'000));
}

void QueueLogInput::line(const QueueLogFile::Line& line, Nanos latest) {
    ++lines_;
    if (line.too_long) return damage(line.number, fmt::format("longer than {} bytes", kQueueLogLineBytes));
    auto event = parse_queue_log_line(line.text, latest);
    if (!event) return damage(line.number, event.error().text);
    decide_held(event->time);
    if (!any_ || event->time > newest_ + kJump)
        held_ = Held{std::move(*event), line.number};
    else
        believe(std::move(*event));
}

void QueueLogInput::read(Nanos clock, Nanos latest) {
    while (front() == nullptr && !ended_) {
        const auto next = file_.next();
        if (!next) {
            decide_held(latest);
            ahead_ = std::max(ahead_, newest_ - (clock + window_));
            ready_ = std::max(ready_, follow_ ? clock + ahead_ : kEver);
            ended_ = !follow_;
            return;
        }
        line(*next, latest);
        ready_ = std::max(ready_, newest_ - window_);
        if (waiting_.size() > kWaitingMax) ready_ = std::max(ready_, waiting_.begin()->first.time);
    }
}

void QueueLogInput::settle_all() {
    decide_held(kEver - kJump);
    ready_ = kEver;
}

const QueueLogEvent* QueueLogInput::front() const noexcept {
    return waiting_.empty() || waiting_.begin()->first.time > ready_ ? nullptr : &waiting_.begin()->second;
}

QueueLogEvent QueueLogInput::take() {
    assert(front() != nullptr);
    auto node = waiting_.extract(waiting_.begin());
    return std::move(node.mapped());
}

}  // namespace twinlink::sim
