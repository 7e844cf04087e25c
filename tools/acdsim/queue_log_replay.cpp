// Lets a queue_log happen: boundaries, pump-ups and events in the order of time. See queue_log_replay.hpp.
#include "tools/acdsim/queue_log_replay.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::sim {
namespace {

constexpr Nanos kLookEvery = 50_ms;  // at a file that is being written
constexpr Nanos kTomorrow{kDay};     // clocks of two machines differ by less

/// What happened before anybody listens.
class Nobody final : public MessageSink {
    void begin_epoch(Epoch, Nanos) override {}
    void put(Bytes) override {}
    void end_epoch(Nanos, bool) override {}
};

}  // namespace

Expected<std::unique_ptr<QueueLogReplay>> QueueLogReplay::open(QueueLogConfig config) {
    auto names = QueueLogFile::open(config.path, false);
    if (!names) return std::unexpected(names.error());
    auto file = QueueLogFile::open(config.path, config.follow);
    if (!file) return std::unexpected(file.error());
    const std::string path = config.path;
    std::unique_ptr<QueueLogReplay> replay(new QueueLogReplay(std::move(config), std::move(*file)));
    if (!replay->first_pass(std::move(*names)) && !replay->config_.follow)
        return failure(fmt::format("'{}' has no line that can be understood", path));
    if (replay->config_.from_end) replay->take_state();
    replay->read();
    return replay;
}

QueueLogReplay::QueueLogReplay(QueueLogConfig config, QueueLogFile file)
    : config_(std::move(config)),
      input_(std::move(file), config_.window, config_.follow, config_.damaged,
             [this](const QueueLogEvent& event) { new_names_ |= player_.introduce(event); }),
      player_(config_.replay, config_.rules),
      live_from_(config_.wall - config_.window),
      looked_(live_from_) {
    begin_at(live_from_);
}

/// The first thing in the epoch happens here. Boundaries stand on the grid.
void QueueLogReplay::begin_at(Nanos time) {
    const u64 step = config_.replay.interval_minutes * kMinute;
    const u64 every = config_.replay.pump_up_every.value;
    begins_ = time;
    next_boundary_ = Nanos{(time.value + step - 1) / step * step};
    next_pump_up_ = Nanos{every == 0 ? ~u64{0} : time.value + every};
}

/// Names, and from when to when. False where nothing can be understood.
bool QueueLogReplay::first_pass(QueueLogFile file) {
    QueueLogInput pass(std::move(file), config_.window, false, {},
                       [this](const QueueLogEvent& event) { player_.learn(event); });
    Nanos first{~u64{0}};
    Nanos last;
    for (pass.read({}, config_.wall + kTomorrow); pass.front() != nullptr;
         pass.read({}, config_.wall + kTomorrow)) {
        const Nanos time = pass.take().time;
        first = std::min(first, time);
        last = std::max(last, time);
    }
    player_.learned();
    if (last.value == 0) return false;
    const u64 step = config_.replay.interval_minutes * kMinute;
    history_ = !config_.from_end;
    if (history_) begin_at(Nanos{first.value / step * step});
    ends_ = Nanos{last.value / step * step + step};
    return true;
}

/// Plays what was in the file to nobody: who is there and which calls are in progress is in the first
/// pump-up.
void QueueLogReplay::take_state() {
    Nobody nobody;
    for (read(); input_.front() != nullptr; read()) {
        const QueueLogEvent event = input_.take();
        now_ = std::max(now_, event.time);
        player_.play(event, now_, nobody);
    }
    begin_at(std::max(live_from_, now_));
}

void QueueLogReplay::set_wall(Nanos wall) {
    if (!config_.follow || begun_) return;
    live_from_ = looked_ = wall - config_.window;
    if (!history_) begin_at(std::max(live_from_, now_));
    read();
}

void QueueLogReplay::read() {
    const Nanos wall = config_.follow ? looked_ + config_.window : config_.wall;
    input_.read(looked_, wall + kTomorrow);
}

QueueLogReplay::Next QueueLogReplay::next() const noexcept {
    if (input_.over() && !closed_) return {What::Close, now_};
    const QueueLogEvent* const event = input_.front();
    const Nanos reached = event != nullptr ? event->time : closed_ ? ends_ : input_.ready();
    if (next_boundary_ <= std::min(reached, next_pump_up_)) return {What::Boundary, next_boundary_};
    if (next_pump_up_ <= reached && (!closed_ || next_pump_up_ < ends_)) return {What::PumpUp, next_pump_up_};
    if (event != nullptr) return {What::Event, event->time};
    if (closed_) return {What::Finish, ends_};
    return {What::Look, looked_ + kLookEvery};
}

Nanos QueueLogReplay::next_time() const noexcept {
    if (!begun_) return begins_;
    const Next n = next();
    // What is ready is due, however far the clock of the file's writer is ahead of ours.
    return config_.follow && n.what != What::Look ? std::min(n.time, looked_) : n.time;
}

void QueueLogReplay::begin(MessageSink& sink) {
    begun_ = true;
    now_ = begins_;
    sink.begin_epoch(Epoch{begins_.value}, begins_);
    pump_up(begins_, PumpUpWhy::Start, sink);
}

void QueueLogReplay::step(MessageSink& sink) {
    if (!begun_) return begin(sink);
    const Next n = next();
    if (n.what == What::Event && new_names_) pump_up(now_, PumpUpWhy::Audit, sink);
    const bool late = n.time < now_;
    if (n.what != What::Look) now_ = std::max(now_, n.time);
    player_.centre().at(now_, sink);
    switch (n.what) {
        case What::Look:
            looked_ = n.time;
            read();
            break;
        case What::Boundary:
            player_.centre().boundary();
            next_boundary_ = next_boundary_ + Nanos{config_.replay.interval_minutes * kMinute};
            break;
        case What::PumpUp:
            player_.centre().pump_up(PumpUpWhy::Audit);
            next_pump_up_ = next_pump_up_ + config_.replay.pump_up_every;
            break;
        case What::Event:
            if (late && input_.front()->kind != QueueLogKind::RingStart) ++late_;
            player_.play(input_.take(), now_, sink);
            read();
            break;
        case What::Close: close(sink); break;
        case What::Finish:
            sink.end_epoch(now_, true);
            over_ = true;
            break;
    }
}

/// The file says nothing about what comes after its last line.
void QueueLogReplay::close(MessageSink& sink) {
    player_.close(now_, sink);
    closed_ = true;
    const u64 step = config_.replay.interval_minutes * kMinute;
    ends_ = std::max(ends_, Nanos{now_.value / step * step + step});
}

void QueueLogReplay::pump_up(Nanos time, PumpUpWhy why, MessageSink& sink) {
    if (over_ || !begun_) return;
    now_ = std::max(now_, time);
    player_.centre().at(now_, sink);
    player_.centre().pump_up(why);
    new_names_ = false;
}

void QueueLogReplay::stop(MessageSink& sink) {
    if (over_) return;
    over_ = true;
    if (!begun_) return;
    if (config_.follow) {
        over_ = false;
        read();
        input_.settle_all();
        while (input_.front() != nullptr) step(sink);
        over_ = true;
    }
    sink.end_epoch(now_, true);
}

}  // namespace twinlink::sim
