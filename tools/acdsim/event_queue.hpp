// What happens next: a heap of events by time. One thread. Events at one time come in the order of their
// urgency, then in the order they were added, so a run depends on nothing but its seed.
#pragma once

#include <twinlink/types.hpp>

#include <algorithm>
#include <vector>

namespace twinlink::sim {

/// Everything that can be due in a call centre. Those about a call or an agent carry its token; when the
/// token has moved on, what was due has been overtaken and nothing happens.
enum class What : u8 {
    Boundary,  // first, so that a boundary is in front of everything at its time
    End,
    Restart,
    DayBegins,
    OffsetChange,
    Audit,
    Arrival,
    TrunkOut,
    TrunkBack,
    ClockSet,
    // of a call
    VectorStep,
    WaitStep,
    Patience,
    Answer,
    NoAnswer,
    TalkEvent,
    Hold,
    Retrieve,
    HungUpOnHold,
    Consult,
    ConsultAnswered,
    ConsultDone,
    Release,
    ExtensionAnswers,
    ExtensionReleases,
    // of an agent
    ShiftBegins,
    ShiftEnds,
    BreakDue,
    ModeEnds,
    DialDue,
    DialEnds,
};

struct Event {
    u64 time;
    u64 order;
    u32 index;  ///< slot of the call, or number of the agent or trunk group
    u32 token;
    What what;
};

class EventQueue {
public:
    void add(u64 time, What what, u32 index = 0, u32 token = 0) {
        const u64 urgency = what == What::Boundary ? 0 : what == What::End ? 2 : 1;
        heap_.push_back({time, urgency << 60 | ++added_, index, token, what});
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    /// Precondition: !empty().
    Event take() {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        const Event first = heap_.back();
        heap_.pop_back();
        return first;
    }
    [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
    [[nodiscard]] u64 next_time() const noexcept { return heap_.front().time; }
    void clear() noexcept { heap_.clear(); }
    template <class P>
    void remove_if(P gone) {
        std::erase_if(heap_, gone);
        std::make_heap(heap_.begin(), heap_.end(), later);
    }

private:
    static bool later(const Event& a, const Event& b) noexcept {
        return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
    std::vector<Event> heap_;
    u64 added_ = 0;
};

}  // namespace twinlink::sim
