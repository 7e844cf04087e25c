// The events of a queue_log in the order of their time: lines that stand slightly out of order are sorted,
// the beginning of a ring is put where it was, and a time that the next line contradicts is damage.
//
// One thread. Memory is bounded by the lines of `window`, which is how far lines may be out of order and how
// far back a ring may begin. An event is ready once all lines that belong before it must have been read.
#pragma once

#include "tools/acdsim/queue_log_file.hpp"

#include <functional>
#include <map>

namespace twinlink::sim {

class QueueLogInput {
public:
    /// Is told of each damaged line: its number and why.
    using Damaged = std::function<void(u64 number, const std::string& why)>;
    /// Is told of each event as soon as it is read, long before it is ready.
    using Seen = std::function<void(const QueueLogEvent& event)>;
    /// `follow`: events become ready by the clock where the file ends; else its end makes all ready.
    QueueLogInput(QueueLogFile file, Nanos window, bool follow, Damaged damaged, Seen seen);

    /// Reads until an event is ready or there is nothing more to read. `clock`: how far time has come, when
    /// following. `latest`: later times are damage.
    void read(Nanos clock, Nanos latest);
    /// Makes everything ready that was read.
    void settle_all();
    /// Null where none is ready.
    [[nodiscard]] const QueueLogEvent* front() const noexcept;
    QueueLogEvent take();
    /// Nothing is waiting and nothing will come (never while following).
    [[nodiscard]] bool over() const noexcept { return ended_ && waiting_.empty(); }

    /// Up to here nothing will come any more, but what comes too late.
    [[nodiscard]] Nanos ready() const noexcept { return ready_; }
    [[nodiscard]] u64 lines() const noexcept { return lines_; }
    [[nodiscard]] u64 damaged() const noexcept { return damaged_count_; }
    [[nodiscard]] const QueueLogFile& file() const noexcept { return file_; }

private:
    /// Of one time: lines as they stand in the file, then the rings that begin.
    struct Place {
        Nanos time;
        bool ring_starts;
        u64 order;  ///< of arrival
        friend auto operator<=>(const Place&, const Place&) = default;
    };
    struct Held {
        QueueLogEvent event;
        u64 number;
    };
    void line(const QueueLogFile::Line& line, Nanos latest);
    void believe(QueueLogEvent event);
    void decide_held(Nanos time);
    void damage(u64 number, const std::string& why);

    QueueLogFile file_;
    Nanos window_;
    bool follow_;
    Damaged damaged_;
    Seen seen_;
    std::map<Place, QueueLogEvent> waiting_;
    std::optional<Held> held_;  ///< far ahead of all before it; the next line says whether time really jumped
    bool any_ = false;
    bool ended_ = false;
    Nanos newest_;
    Nanos ready_;  ///< events up to here are ready
    Nanos ahead_;  ///< how far the writer's clock goes before ours
    u64 order_ = 0;
    u64 lines_ = 0;
    u64 damaged_count_ = 0;
};

}  // namespace twinlink::sim
