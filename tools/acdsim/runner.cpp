// The loop that lets ACD time pass. See runner.hpp.
#include "tools/acdsim/runner.hpp"

#include <algorithm>
#include <ctime>

namespace twinlink::sim {
namespace {

constexpr Nanos kNever{~u64{0}};
constexpr u64 kSecondNs = 1'000'000'000;
constexpr u64 kReportEvery = kSecondNs / 4;
constexpr u64 kSleepLongest = 50'000'000;  // so that a signal is noticed within 50 ms
constexpr std::size_t kDrainFrames = 256;  // of one lane, before the next has its turn
constexpr u64 kBackOffFirst = 20'000;
constexpr u64 kBackOffMax = 2'000'000;

/// a * b / c where a * b might not fit, b and c being small.
constexpr u64 scaled(u64 a, u64 b, u64 c) noexcept { return a / c * b + a % c * b / c; }

}  // namespace

u64 monotonic_ns() noexcept {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * kSecondNs + static_cast<u64>(t.tv_nsec);
}

Nanos wall_time() noexcept {
    timespec t{};
    clock_gettime(CLOCK_REALTIME, &t);
    return Nanos{static_cast<u64>(t.tv_sec) * kSecondNs + static_cast<u64>(t.tv_nsec)};
}

void sleep_ns(u64 ns) noexcept {
    const timespec t{static_cast<time_t>(ns / kSecondNs), static_cast<long>(ns % kSecondNs)};
    nanosleep(&t, nullptr);
}

Runner::Runner(std::vector<Acd>& acds, Transmitter& transmitter, const Pacing& pacing,
               const std::atomic<bool>& stop, std::function<void(const Progress&)> progress)
    : acds_(acds),
      transmitter_(transmitter),
      pacing_(pacing),
      stop_(stop),
      progress_(std::move(progress)),
      first_(kNever) {
    for (const auto& a : acds_) {
        first_ = std::min(first_, a.source->begins());
        last_ = std::max(last_, a.source->ends());
    }
    reached_ = first_;
}

Nanos Runner::next_due() const noexcept {
    Nanos due = kNever;
    bool live = false;
    for (const auto& a : acds_) {
        if (a.source->over()) continue;
        live = true;
        const Nanos next = a.source->next_time();
        due = std::min(due, next);
        // What lies before the beginning is history that is told at once: frames are filled, not timed.
        if (next >= first_) due = std::min(due, std::max(first_, a.encoder->deadline()));
    }
    return live ? std::min(due, transmitter_.deadline()) : kNever;
}

void Runner::happen(Nanos due) {
    reached_ = std::max(reached_, due);
    const auto came_up = transmitter_.advance(due);
    for (auto& a : acds_) {
        if (a.source->over()) continue;
        if (due >= first_) a.encoder->advance(due);
        for (const auto acd : came_up)
            if (acd.value == 0 || acd == a.source->acd()) {
                a.source->pump_up(reached_, PumpUpWhy::LinkUp, *a.encoder);
                break;
            }
        while (!a.source->over() && a.source->next_time() <= due) a.source->step(*a.encoder);
    }
}

void Runner::run() {
    wall_start_ = monotonic_ns();
    for (Nanos due = next_due(); due != kNever && !stop_; due = next_due()) {
        if (pacing_.speed_milli != 0)
            wait_until(due);
        else if (transmitter_.backlog_bytes() >= pacing_.ahead_bytes)
            drain(true);
        happen(due);
        if (pacing_.speed_milli != 0) drain(false);
    }
    for (auto& a : acds_)
        if (!a.source->over()) a.source->stop(*a.encoder);
    transmitter_.release_all();
    drain(true);
    flush();
    report();
}

void Runner::wait_until(Nanos due) {
    const u64 wall_due = wall_start_ + scaled((due - first_).value, 1'000, pacing_.speed_milli);
    while (!stop_) {
        const u64 now = monotonic_ns();
        if (now >= wall_due) return;
        report();
        if (!transmitter_.empty()) {
            drain(false);
            sleep_ns(std::min(wall_due - now, kBackOffFirst));
        } else {
            sleep_ns(std::min(wall_due - now, kSleepLongest));
        }
    }
}

/// Sends what waits. `all`: until nothing waits; a device that takes nothing is asked again, less and less
/// often.
void Runner::drain(bool all) {
    u64 idle_since = 0;
    u64 back_off = kBackOffFirst;
    while (!transmitter_.empty()) {
        const u64 now = monotonic_ns();
        u64 messages_max = ~u64{0};
        if (pacing_.rate != 0) messages_max = scaled(now - wall_start_, pacing_.rate, kSecondNs) + 64;
        if (transmitter_.send(kDrainFrames, messages_max) != 0) {
            idle_since = 0;
            back_off = kBackOffFirst;
            if (all) report();
            continue;
        }
        const bool held_by_rate =
            pacing_.rate != 0 &&
            std::any_of(transmitter_.lanes().begin(), transmitter_.lanes().end(),
                        [&](const auto& l) { return !l->empty() && l->messages_sent() >= messages_max; });
        if (!held_by_rate) {
            if (!pacing_.wait) return transmitter_.give_up(Fate::NotTaken);
            if (idle_since == 0) idle_since = now;
            transmitter_.give_up_without_peer();
            if (pacing_.give_up_after.value != 0 && now - idle_since > pacing_.give_up_after.value)
                return transmitter_.give_up(Fate::NotTaken);
        }
        if (!all && pacing_.speed_milli != 0) {
            // In paced runs time goes on for the other lanes; what a device did not take stays first in its
            // lane.
            if (transmitter_.backlog_bytes() < pacing_.ahead_bytes) return;
        }
        report();
        sleep_ns(back_off);
        back_off = std::min(back_off * 2, kBackOffMax);
    }
}

/// A shared ring goes with this process, so its reader must have come to the end: as patient as drain().
void Runner::flush() {
    const u64 since = monotonic_ns();
    u64 back_off = kBackOffFirst;
    while (!transmitter_.flush()) {
        if (!pacing_.wait) return;
        if (pacing_.give_up_after.value != 0 && monotonic_ns() - since > pacing_.give_up_after.value) return;
        report();
        sleep_ns(back_off);
        back_off = std::min(back_off * 2, kBackOffMax);
    }
}

Progress Runner::progress() const {
    Progress p;
    for (const auto& a : acds_) p.messages += a.encoder->messages();
    p.permille = last_ <= first_
                     ? 1'000
                     : static_cast<u32>(std::min<u64>(
                           1'000, (reached_ - first_).value / ((last_ - first_).value / 1'000 + 1)));
    p.seconds = static_cast<double>(monotonic_ns() - wall_start_) / 1e9;
    return p;
}

void Runner::report() {
    const u64 now = monotonic_ns();
    if (!progress_ || now - reported_ < kReportEvery) return;
    reported_ = now;
    progress_(progress());
}

}  // namespace twinlink::sim
