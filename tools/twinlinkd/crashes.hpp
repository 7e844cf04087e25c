// What earlier runs of the daemon ended in: how many crashed of late, and on which message. Main thread, at
// start and once a second.
//
// One page, STORE.state/crashes, mapped while the daemon runs: what is written there outlives the process,
// whatever ends it, and costs no call. It does not outlive the machine, nor does it have to: of starts, only
// those since the machine booted count, and a power cut is no crash of ours.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/fold_trail.hpp>
#include <twinlink/records.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace twinlink::daemon {

/// Which boot of the machine this is; empty where that is not known.
[[nodiscard]] std::string boot_id();

/// Crashes within this time are a loop where they are too many; a run that lasts longer was a healthy one.
/// Specified.
inline constexpr Nanos kLoopTime = 60_s;
/// A message is skipped when the fold has crashed on it so often.
inline constexpr u32 kTriesOfMessage = 3;

class Crashes {
public:
    /// Reads what was left and counts on: a run that left a trail crashed on that message. `boottime`:
    /// CLOCK_BOOTTIME. Errors: the file cannot be made or mapped; the daemon then runs without.
    static Expected<Crashes> open(const std::filesystem::path& folder, Nanos boottime, Nanos wall);

    /// Messages that the fold crashed on kTriesOfMessage times, of this or earlier runs.
    [[nodiscard]] const std::vector<SkipRecord>& skips() const noexcept { return skips_; }
    /// ... and those that reached that number just now.
    [[nodiscard]] bool found_one() const noexcept { return found_one_; }
    /// "message 4711 of ACD 1, epoch 7 (2 times by now)": what the latest run stood at when it died; empty:
    /// it was not folding.
    [[nodiscard]] const std::string& stood_at() const noexcept { return stood_at_; }
    /// Runs within kLoopTime that did not end in order.
    [[nodiscard]] u32 recent(Nanos boottime) const noexcept;

    /// This run begins.
    void begin(Nanos boottime) noexcept;
    /// It was none: it ends before it has begun.
    void withdraw() noexcept;
    /// The latest run ended for a reason that another store would not mend.
    void forget_latest() noexcept;
    /// It has lasted, or ends in order: the runs before it are forgiven.
    void forgive() noexcept;
    [[nodiscard]] FoldTrail* live_trail() noexcept;
    [[nodiscard]] FoldTrail* refold_trail() noexcept;

private:
    struct Page;
    struct Unmap {
        int lock = -1;  ///< file whose lock keeps others out
        void operator()(Page* page) const noexcept;
    };
    explicit Crashes(std::unique_ptr<Page, Unmap> page) : page_(std::move(page)) {}
    void read(Nanos wall);
    void count(const FoldTrail& trail, Nanos wall);

    std::unique_ptr<Page, Unmap> page_;
    std::vector<SkipRecord> skips_;
    std::string stood_at_;
    bool found_one_ = false;
    u64 begun_ = 0;
};

}  // namespace twinlink::daemon
