// From the commit stage to the partner thread: what each commit made durable of streams, gaps and closed
// intervals.
//
// The commit stage tells after the commit, never waits and never fails: where the ring has no room, the rest
// is dropped and the partner thread told to read all anew from a snapshot. Invariant: whoever has taken a
// snapshot after reload() returned true and applies every later entry of a greater transaction knows exactly
// what is durable as of the last one.
#pragma once

#include "engine/partner/needs.hpp"
#include "engine/store/commit_batch.hpp"

#include <boost/lockfree/spsc_queue.hpp>

#include <atomic>
#include <variant>

namespace twinlink {

/// Changes that may wait for the partner thread. Chosen: two commits that fill a whole gap table.
inline constexpr u32 kMirrorEntries = 16'384;

class MirrorFeed {
public:
    /// A name of which copies differ has been settled.
    struct Rival {
        Stream stream;
        Seq seq;
    };
    struct Entry {
        u64 transaction = 0;
        std::variant<StreamRecord, GapRecord, IntervalRecord, Rival, CommitBatch::Apart> what;
    };

    PartnerNeeds needs;  ///< what the partner has not got yet

    /// Commit stage: `batch` is durable as `transaction`.
    void tell(const CommitBatch& batch, u64 transaction, bool pruned) {
        if (!wanted_.load(std::memory_order_acquire)) return;
        if (overflowed_.load(std::memory_order_acquire)) return;
        bool fits = true;
        // Gaps first: a stream's `next` must not run ahead of what is missing below it.
        for (const CommitBatch::Apart& apart : batch.apart)
            fits = fits && entries_.push({transaction, apart});
        for (const GapRecord& gap : batch.gaps) fits = fits && entries_.push({transaction, gap});
        for (const StreamRecord& stream : batch.streams) fits = fits && entries_.push({transaction, stream});
        for (const IntervalRecord& interval : batch.intervals)
            if (interval.closed != 0) fits = fits && entries_.push({transaction, interval});
        for (const RivalCopy& rival : batch.rivals)
            fits = fits && entries_.push({transaction, Rival{rival.stream, rival.seq}});
        if (!fits) overflowed_.store(true, std::memory_order_release);
        // Behind the entries: what was pruned may be of a life that they are the first to tell of.
        if (pruned) pruned_.store(true, std::memory_order_release);
    }

    /// Partner thread: from now on changes are kept. The first reload() after it is true.
    void want() noexcept {
        overflowed_.store(true, std::memory_order_relaxed);
        wanted_.store(true, std::memory_order_release);
    }
    /// Partner thread: entries were dropped. Takes out all that wait; take a snapshot now.
    [[nodiscard]] bool reload() {
        if (!overflowed_.load(std::memory_order_acquire)) return false;
        entries_.consume_all([](const Entry&) {});
        overflowed_.store(false, std::memory_order_release);
        return true;
    }
    /// Partner thread: the retention has taken something since the last call.
    [[nodiscard]] bool pruned() noexcept { return pruned_.exchange(false, std::memory_order_acq_rel); }
    template <class F>
    std::size_t consume(F&& f) {
        return entries_.consume_all(std::forward<F>(f));
    }

private:
    boost::lockfree::spsc_queue<Entry, boost::lockfree::capacity<kMirrorEntries>> entries_;
    std::atomic<bool> wanted_{false};
    std::atomic<bool> overflowed_{false};
    std::atomic<bool> pruned_{false};
};

}  // namespace twinlink
