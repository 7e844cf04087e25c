// A server's times as the switch's clock showed them: where what a server noticed belongs on the switch's
// time.
//
// Plain values. Mostly the two clocks agree, and a time stays what it is. In a replay they do not: then times
// are placed between moments of which both are known (gaps, first and last messages), in proportion.
#pragma once

#include <twinlink/records.hpp>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace twinlink::cli {

class SwitchClock {
public:
    SwitchClock(std::span<const StreamRecord> streams, std::span<const GapRecord> gaps, Acd acd) {
        for (const StreamRecord& s : streams) {
            if (s.acd != acd.value) continue;
            if (s.first_seen == 1) add(s.begun_wall, s.epoch);
            add(s.last_wall, s.last_time);
        }
        const std::size_t step = gaps.size() / kAnchors + 1;
        for (std::size_t n = 0; n < gaps.size(); n += step)
            if (gaps[n].acd == acd.value && gaps[n].time_after != 0)
                add(gaps[n].opened_wall, gaps[n].time_after);
        std::ranges::sort(anchors_);
        // A moment that would turn time back is none.
        std::vector<std::pair<u64, u64>> rising;
        for (const auto& anchor : anchors_) {
            const u64 apart = std::max(anchor.first, anchor.second) - std::min(anchor.first, anchor.second);
            same_ = same_ && apart <= kSame;
            if (rising.empty() || anchor.second >= rising.back().second) rising.push_back(anchor);
        }
        anchors_ = std::move(rising);
    }

    /// The two clocks agree to a minute.
    [[nodiscard]] bool same() const noexcept { return same_; }
    /// What the switch's clock showed, as near as it is known.
    [[nodiscard]] u64 at(u64 wall) const noexcept {
        if (same_ || anchors_.empty()) return wall;
        const auto behind = std::ranges::lower_bound(anchors_, wall, {}, &std::pair<u64, u64>::first);
        if (behind == anchors_.begin()) return behind->second;
        const auto before = behind - 1;
        if (behind == anchors_.end()) return before->second;
        const auto part = static_cast<double>(wall - before->first) /
                          static_cast<double>(std::max<u64>(behind->first - before->first, 1));
        return before->second + static_cast<u64>(part * static_cast<double>(behind->second - before->second));
    }

private:
    void add(u64 wall, u64 time) {
        if (wall != 0 && time != 0) anchors_.emplace_back(wall, time);
    }

    static constexpr std::size_t kAnchors = 4'096;
    static constexpr u64 kSame = 60'000'000'000;

    std::vector<std::pair<u64, u64>> anchors_;  ///< wall, the switch's; both ascending
    bool same_ = true;
};

}  // namespace twinlink::cli
