// The scrubber: reads everything that the store holds, slowly and again and again, finds what rotted by its
// CRC, and has it made good.
//
// Driven by the refolder's thread when that has nothing else to do; a slice is a piece of the store through a
// snapshot that ends with it, so the store does not grow because of it. It reads no clock: its pace follows
// from the time that is handed in. It never writes: what is to be done it tells the fold stage (offer.hpp),
// which writes it down with everything else.
//
//     a journal block     its names are missing again, with cause bit_rot: the partner has them. What was
//                         folded from them was right and stays
//     rows, interval      folded again from the newest state before the interval
//     days, weeks, months added up again, where all that they are made of is there
//     a saved state       goes; folding again begins at an older one
//     all else            cannot be made good here, and is told
//
// Invariant: a finding is counted once until it ends; it ends as mended only when it was read again and found
// whole, or gone with its names held.
#pragma once

#include "engine/offer.hpp"
#include "engine/store/scrub_walk.hpp"
#include "engine/store/store.hpp"

#include <twinlink/scrub.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace twinlink {

/// Bytes of one slice. Chosen: a millisecond of reading, and one block may be 256 KiB.
inline constexpr u64 kScrubSliceBytes = 256 * 1024;
/// Pace of a pass that somebody asked for and waits for. Chosen: what a disk gives beside live commits.
inline constexpr u64 kScrubAskedBytesPerS = u64{64} << 20;
/// Findings under way at a time; of more the next pass tells. Chosen: a device that loses more is replaced.
inline constexpr std::size_t kRotMendingMax = 256;
/// ... and that are known as rotten, whatever can be done about them.
inline constexpr std::size_t kRotKnownMax = 4'096;

class Scrubber {
public:
    /// `bytes_per_s` 0: only passes that are asked for.
    Scrubber(const Store& store, OfferDesk& desk, u64 bytes_per_s);
    ~Scrubber();
    Scrubber(const Scrubber&) = delete;
    Scrubber& operator=(const Scrubber&) = delete;

    /// A slice, if one is due. Returns values read and orders given, 0 when there is nothing to do now.
    std::size_t poll(Now now);

    /// Any thread: a whole pass from the beginning, at its own pace.
    void ask_pass() noexcept { wanted_.fetch_add(1, std::memory_order_relaxed); }
    /// Any thread.
    [[nodiscard]] ScrubStatus status() const;

private:
    struct Walk;
    struct Open;
    [[nodiscard]] bool due(Now now);
    [[nodiscard]] bool allowed(Now now) noexcept;
    void end_pass(Now now);
    void found(store::Rotten rotten, Now now);
    // What to do about a finding. Each gives its order, or says why there is none; with no piece free it is
    // tried again.
    void order(Open& open, Now now);
    void refill(Open& open);
    void fold_again(Open& open, Acd acd, u64 start);
    void roll_again(Open& open);
    void drop_state(Open& open);
    void look_after(Now now);
    void judge(Open& open, const StoreSnapshot& snapshot, Now now);
    void publish();

    const Store& store_;
    OfferDesk& desk_;
    u64 bytes_per_s_;
    std::unique_ptr<Walk> walk_;     ///< the pass under way, null = none
    std::vector<Open> open_;         ///< found, and not whole again
    std::vector<RotFinding> ended_;  ///< the latest that were mended
    u64 served_ = 0;                 ///< passes asked for that were begun
    Nanos begun_;                    ///< when the latest pass of its own began; 0 = none
    Nanos paced_;                    ///< when bytes were last allowed
    Nanos looked_;
    u64 credit_ = 0;
    std::atomic<u64> wanted_{0};
    ScrubStatus now_;  ///< this thread's
    mutable std::mutex mutex_;
    ScrubStatus told_;
};

}  // namespace twinlink
