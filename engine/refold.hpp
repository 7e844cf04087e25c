// Folding again what a late fill touches, off the hot path, while live messages go on.
//
// One Refolder per engine, with a thread of its own; a desk per ACD is where it and the fold stage meet. Each
// state of a desk belongs to one side, so the state is all that they share at any moment:
//
//     Idle      fold stage   a name that was missing has come: `from` says where -> Wanted
//     Wanted    refolder     folds from the newest state before it, over the journal, to its end -> Meet
//     Meet      fold stage   from here on keeps what it accepts beside folding it -> Tailing
//     Tailing   refolder     folds to exactly that point -> Ready
//     Ready     fold stage   folds the tail, takes the new state for its own -> Idle
//
// Every interval that closes on the way is one commit that replaces all of its rows: readers see an interval
// as it was or as it is, never half. States (checkpoints) that lack the name are dropped with the commit that
// stores it, and none is saved until the new state is taken over: a crash at any moment is followed by a
// recovery that folds from before the hole.
//
// A refold follows a fill: at a hole that is being filled it waits, a bounded while, and goes on with what
// has come. What comes late while it is under way is in its result unless it had passed that place: it says
// which names it passed as missing, and the fold stage holds what came against them.
#pragma once

#include "engine/skips.hpp"
#include "engine/store/store.hpp"
#include "engine/trace_history.hpp"

#include <boost/lockfree/spsc_queue.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace twinlink {

/// What the fold stage and the refolder hand each other for one ACD.
struct RefoldDesk {
    enum class State : u32 { Idle, Wanted, Meet, Tailing, Ready, Failed };

    Acd acd;
    FoldLimits limits;
    TraceHistory traces;  ///< complete before the threads start
    SkipList skips;
    std::atomic<State> state{State::Idle};
    u64 number = 0;              ///< Wanted: of this refold, counted from 1
    FoldPlace from;              ///< Wanted: the first name that has come
    FoldPlace meet;              ///< Tailing: where the tail begins
    u64 meet_batch = 0;          ///< Tailing: all in front of it is in batches up to this number
    FoldSpans passed;            ///< Ready: names in front of `meet` that the state lacks
    std::unique_ptr<Fold> fold;  ///< Ready: the state at `meet`
    CommitBatch open;            ///< Ready: what of the open interval was handed on so far
    /// Set by the fold stage: there is room to take merged gaps apart. Taken back when that was looked into.
    std::atomic<bool> sift{false};
    /// Set by the fold stage: names that were missing came a moment ago, so more may be on their way.
    std::atomic<bool> coming{false};
};

/// The journal has let something go that follows `from`, so folding from there would take it for missing.
[[nodiscard]] inline bool pruned_behind(std::span<const PrunedRecord> pruned, Acd acd,
                                        const FoldPlace& from) {
    return std::ranges::any_of(pruned, [&](const PrunedRecord& p) {
        return p.acd == acd.value && FoldPlace{Epoch{p.epoch}, Seq{p.upto}} >= from;
    });
}

/// Batches of replaced intervals on their way to the commit stage and back.
inline constexpr u32 kRefoldBatches = 2;
struct RefoldRings {
    std::atomic<u64> committed{0};  ///< number of the fold stage's latest batch that is durable
    boost::lockfree::spsc_queue<CommitBatch*, boost::lockfree::capacity<kRefoldBatches>> full;
    boost::lockfree::spsc_queue<CommitBatch*, boost::lockfree::capacity<kRefoldBatches>> empty;
};

class Refolder final : FoldSink {
public:
    Refolder(const Store& store, std::deque<RefoldDesk>& desks, RefoldRings& rings, FoldTrail* trail)
        : store_(store), desks_(desks), rings_(rings), trail_(trail) {}

    /// A slice: about one journal block. Returns messages folded and states changed, 0 when there is nothing
    /// to do.
    std::size_t poll();
    /// A refold is under way.
    [[nodiscard]] bool busy() const noexcept { return desk_ != nullptr; }

    /// Any thread: since start.
    [[nodiscard]] u64 messages() const noexcept { return messages_.load(std::memory_order_relaxed); }
    [[nodiscard]] u64 refolds() const noexcept { return refolds_.load(std::memory_order_relaxed); }

private:
    // FoldSink
    void row(const RowKey& key, std::span<const u64> items, bool closed) override;
    void interval(const IntervalRecord& interval) override;
    void translation(const NameRecord& name) override { names_[{name.kind, name.number}] = name; }
    void acd(const AcdRecord& acd) override { acd_ = acd; }
    void checkpoint(Epoch epoch, Seq seq, u64 interval_start) override;

    [[nodiscard]] bool begin(RefoldDesk& desk);
    bool load_state(RefoldDesk& desk, const StoreSnapshot& snapshot);
    std::size_t go_on(RefoldDesk& desk);
    std::size_t fold_block(const StoreSnapshot& snapshot, Seq end);
    bool next_epoch(const StoreSnapshot& snapshot, const FoldPlace& limit);
    bool wait_at_hole();
    void pass_missing(Seq end);
    void hand_over_batch();

    const Store& store_;
    std::deque<RefoldDesk>& desks_;
    RefoldRings& rings_;
    FoldTrail* trail_;
    RefoldDesk* desk_ = nullptr;  ///< being worked for, null = none
    std::unique_ptr<Fold> fold_;
    FoldPlace at_;
    FoldSpans passed_;              ///< names in front of at_ that were missing when it passed them
    u32 patience_ = 0;              ///< looks that it may still wait at holes
    bool waiting_ = false;          ///< at a hole, as of the latest look
    CommitBatch* batch_ = nullptr;  ///< closed intervals go here; null = wait for an empty one
    CommitBatch open_;              ///< what was handed on of the interval that is still open
    // As of where the fold stands: handed on at the end, so that readers never see a name of the past.
    std::map<std::pair<NameKind, u64>, NameRecord> names_;
    std::optional<AcdRecord> acd_;
    std::atomic<u64> messages_{0};
    std::atomic<u64> refolds_{0};
};

}  // namespace twinlink
