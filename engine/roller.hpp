// Rolling up: days, weeks and months whose intervals have changed, off the hot path.
//
// The commit that closes or replaces an interval leaves its local day marked as due in the store, so this
// needs no memory: it takes a snapshot, picks a due day whose end lies `summarize_after` back by the ACD's
// own clock, or a due week or month, adds it up, and hands the rows that differ from the stored ones to the
// commit stage, which takes the mark away in the same transaction, unless the period was marked anew since.
// A day that changed makes its week and month due; these show what days they have so far.
//
// Driven by the thread of the refolder, a slice of entities at a time; it owns a snapshot while a period is
// under way. No clock: what time it is by an ACD is what its stream says.
#pragma once

#include "engine/store/store.hpp"

#include <twinlink/engine.hpp>

#include <boost/lockfree/spsc_queue.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace twinlink {

/// The roller's batch on its way to the commit stage and back: one, so that the next snapshot has it.
struct RollRings {
    boost::lockfree::spsc_queue<CommitBatch*, boost::lockfree::capacity<1>> full;
    boost::lockfree::spsc_queue<CommitBatch*, boost::lockfree::capacity<1>> empty;
};

/// Bytes of changed rows that one commit takes of a period; the rest follows in the next one. Chosen: a day
/// of 30,000 (agent, skill) pairs has 10 MiB, and only beyond that may a reader see part of a day redone.
inline constexpr std::size_t kRolledBytesMax = std::size_t{32} << 20;
/// Entities of one slice.
inline constexpr std::size_t kRollSlice = 256;

class Roller {
public:
    Roller(const Store& store, std::span<const AcdConfig> acds, RollRings& rings,
           std::size_t bytes_max = kRolledBytesMax);
    ~Roller();
    Roller(const Roller&) = delete;
    Roller& operator=(const Roller&) = delete;

    /// A slice. Returns entities looked at and steps, 0 when there is nothing to do now.
    std::size_t poll();
    /// A period is under way.
    [[nodiscard]] bool busy() const noexcept { return job_ != nullptr; }

    /// Any thread: since start.
    [[nodiscard]] u64 days_rolled() const noexcept { return days_rolled_.load(std::memory_order_relaxed); }
    [[nodiscard]] u64 days_redone() const noexcept { return days_redone_.load(std::memory_order_relaxed); }
    /// Any thread: periods that are due, those that wait for their time included.
    [[nodiscard]] u64 due() const noexcept { return due_.load(std::memory_order_relaxed); }

private:
    struct Job;
    bool begin();
    bool realign_weeks(const StoreSnapshot& snapshot);
    [[nodiscard]] bool ready(const StoreSnapshot& snapshot, const DueRecord& due) const;
    std::size_t go_on();
    void finish();
    void hand_over();
    [[nodiscard]] const AcdConfig& config(Acd acd) const noexcept;

    const Store& store_;
    std::span<const AcdConfig> acds_;
    RollRings& rings_;
    std::size_t bytes_max_;
    CommitBatch* batch_ = nullptr;  ///< null = the one before is not down yet
    std::unique_ptr<Job> job_;
    std::optional<u64> looked_;  ///< commits when nothing was found to do
    bool aligned_ = false;       ///< weeks begin on the day that is configured
    std::atomic<u64> days_rolled_{0};
    std::atomic<u64> days_redone_{0};
    std::atomic<u64> due_{0};
};

}  // namespace twinlink
