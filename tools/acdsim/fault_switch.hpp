// The faults of one link of one server: takes each frame as the ACD sent it and decides what the wire makes
// of it.
//
// One thread, seeded, driven by the ACD's clock only. It stands in front of the Sender because faults set up
// behind a device would not reach a receiver that bypasses the kernel. Invariant: every frame offered is
// pushed to the lane exactly once with its fate, or its messages' fate is logged as destroyed.
#pragma once

#include "tools/acdsim/fault_rule.hpp"
#include "tools/acdsim/lane.hpp"

#include <deque>

namespace twinlink::sim {

/// What was destroyed on each link of one server, for never-both. Ranges are in the order they were sent.
class LossBook {
public:
    void add(Link link, Stream stream, Range range) { lost_[index(link)].push_back({stream, range}); }
    /// A message of `range` was destroyed on `link`.
    [[nodiscard]] bool touches(Link link, Stream stream, Range range) const noexcept;

private:
    struct Lost {
        Stream stream;
        Range range;
    };
    std::array<std::vector<Lost>, kLinks> lost_;
};

class FaultSwitch {
public:
    /// All references outlive the switch; `log` may be null. Rules that are not for this server and link are
    /// ignored.
    FaultSwitch(const std::vector<FaultRule>& rules, u64 seed, Lane& lane, LossBook& book, FateLog* log);

    void offer(const CutFrame& frame);
    /// Sends what was held back until `now`. Adds to `came_up` the ACDs (0 = all) of links that came up
    /// meanwhile.
    void advance(Nanos now, std::vector<Acd>& came_up);
    /// When advance() has something to do next; ~0 = never.
    [[nodiscard]] Nanos deadline() const noexcept;
    /// The run is over: everything that is held back goes out.
    void release_all();

private:
    struct Active {
        FaultRule rule;
        u32 burst_left = 0;
        bool down = false;      ///< a Down rule in force
        Nanos until{~u64{0}};   ///< its end
        bool was_down = false;  ///< it has been in force and is over
    };
    struct Held {
        CutFrame frame;
        std::vector<std::byte> bytes;
        Fate fate;
        Nanos release;  ///< of delayed ones
        u32 behind;     ///< of reordered ones: frames that still pass
    };
    [[nodiscard]] bool applies(const Active& a, const CutFrame& frame) const noexcept;
    [[nodiscard]] bool happens(Active& a);
    [[nodiscard]] bool is_down(const CutFrame& frame);
    [[nodiscard]] bool may_destroy(const CutFrame& frame) const noexcept;
    void watch_windows(Nanos now, std::vector<Acd>* came_up);
    void destroy(const CutFrame& frame, Fate fate);
    void damage(const CutFrame& frame, Fate fate);
    void send_wild(const CutFrame& frame);
    void hold(const CutFrame& frame, Bytes bytes, Fate fate, Nanos release, u32 behind);
    void pass(const CutFrame& frame, Bytes bytes, Fate fate);
    void push(const CutFrame& frame, Bytes bytes, Fate fate);

    std::vector<Active> rules_;
    std::vector<Acd> came_up_;  ///< noticed while offering, handed over by advance()
    Random random_;
    Lane& lane_;
    LossBook& book_;
    FateLog* log_;
    bool never_both_ = false;
    std::deque<Held> delayed_;  ///< by release time
    std::vector<Held> behind_;  ///< reordered frames
    std::vector<std::byte> scratch_;
};

}  // namespace twinlink::sim
