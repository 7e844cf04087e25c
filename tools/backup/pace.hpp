// How fast a backup may go, how long it may take, and who watches it.
//
// One thread. The clock is the steady one of this machine.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/types.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace twinlink::backup {

/// What the caller asks for, and his eyes and ears.
struct Watch {
    u64 bytes_per_s = 0;                     ///< 0 = as fast as it goes
    u64 seconds_max = 0;                     ///< 0 = as long as it takes
    std::function<void(u64, u64)> progress;  ///< bytes done, bytes in all; may be empty
    std::function<bool()> interrupted;       ///< may be empty
    /// Why backups are to stop now; no text: they are not. Asked once a second; may be empty.
    std::function<std::string()> why_stop;
    std::function<void(Nanos)> pause;  ///< waits that long
};

class Pace {
public:
    explicit Pace(const Watch& watch) : watch_(watch), began_(Clock::now()) {}

    /// Errors: it took too long, or is to stop.
    [[nodiscard]] Expected<void> check() {
        if (watch_.interrupted && watch_.interrupted()) return failure("interrupted");
        if (watch_.why_stop && Clock::now() >= ask_at_) {
            ask_at_ = Clock::now() + std::chrono::seconds(1);
            if (const std::string why = watch_.why_stop(); !why.empty())
                return failure("the appliance says that backups wait: " + why);
        }
        const auto limit = std::chrono::seconds(watch_.seconds_max);
        if (watch_.seconds_max != 0 && Clock::now() - began_ > limit)
            return failure(
                "it was not done within the time limit of " + std::to_string(watch_.seconds_max) +
                " s, and a store grows while it is being copied; allow it more with --time-limit, or "
                "a higher --rate");
        return {};
    }
    /// `bytes` more are done, of `total`: tells, and waits where that was too fast.
    [[nodiscard]] Expected<void> step(u64 bytes, u64 total) {
        done_ += bytes;
        const auto now = Clock::now();
        if (watch_.progress && now - told_ > std::chrono::milliseconds(100)) {
            told_ = now;
            watch_.progress(done_, total);
        }
        for (;;) {
            if (auto good = check(); !good) return good;
            if (watch_.bytes_per_s == 0) return {};
            const double due_s = static_cast<double>(done_) / static_cast<double>(watch_.bytes_per_s);
            const double over_s = due_s - std::chrono::duration<double>(Clock::now() - began_).count();
            if (over_s <= 0) return {};
            watch_.pause(Nanos{static_cast<u64>(std::min(over_s, 0.1) * 1e9)});
        }
    }
    [[nodiscard]] Nanos took() const {
        return Nanos{static_cast<u64>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count())};
    }

private:
    using Clock = std::chrono::steady_clock;
    const Watch& watch_;
    Clock::time_point began_;
    Clock::time_point told_{};
    Clock::time_point ask_at_{};
    u64 done_ = 0;
};

}  // namespace twinlink::backup
