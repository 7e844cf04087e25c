// Messages that did not come over a link, on their way into the fold stage: how a capture, another server's
// store or the partner fills what is missing here, while live messages go on.
//
//     Importer ── full pieces ──▶ FoldStage: one piece a slice, Arbiter::offer()
//        ▲                           │
//        └────── empty pieces ───────┘
//
// One thread offers at a time (an import, a session with the partner); the pieces are taken at construction,
// so memory is bounded and whoever offers waits when all of them are under way. Only whole, validated
// messages go in: the fold stage believes them as it believes what came through a ring.
#pragma once

#include <twinlink/counters.hpp>
#include <twinlink/frame.hpp>
#include <twinlink/records.hpp>

#include <boost/lockfree/spsc_queue.hpp>

#include <array>
#include <atomic>
#include <vector>

namespace twinlink {

/// Bytes of a piece. Chosen: 800 messages, which hold up live frames for some 20 us.
inline constexpr u32 kOfferBytes = 32 * 1024;
static_assert(kOfferBytes > kFrameBytesMax, "a frame's messages fit one piece");
/// Pieces under way: half a MiB.
inline constexpr u32 kOfferPieces = 16;

/// What became of a message that was offered; every one ends in exactly one of these.
enum class OfferCounter : u8 {
    Filled,        // was missing, is taken
    Duplicate,     // held already, the same bytes where they could be compared
    Conflict,      // held already with other bytes: the held copy stays
    OtherAcd,      // of an ACD that is not configured, or not asked for
    UnknownEpoch,  // of an epoch that this server never saw, or that ended too long ago
    Beyond,        // behind the highest name that this server knows of
    Pruned,        // not in the journal any more: this server had it, and its rows count it
    Merged,        // in gaps that were merged for want of room
    Unreadable,    // in a journal block of this server that is damaged
    Count_
};
[[nodiscard]] CounterInfo info(OfferCounter) noexcept;
using OfferCounters = Counters<OfferCounter>;

/// Messages `first` .. first + count - 1 of one stream.
struct OfferPiece {
    Stream stream;
    Seq first;
    u32 count = 0;
    u32 bytes = 0;
    FilledBy by = FilledBy::Nobody;
    std::array<std::byte, kOfferBytes> messages;
};

/// Where the offering thread and the fold stage meet.
struct OfferDesk {
    OfferDesk() {
        for (OfferPiece& piece : pieces) empty.push(&piece);
    }
    OfferDesk(const OfferDesk&) = delete;
    OfferDesk& operator=(const OfferDesk&) = delete;

    std::vector<OfferPiece> pieces{kOfferPieces};
    boost::lockfree::spsc_queue<OfferPiece*, boost::lockfree::capacity<kOfferPieces>> full;
    boost::lockfree::spsc_queue<OfferPiece*, boost::lockfree::capacity<kOfferPieces>> empty;
    OfferCounters counts;         ///< the fold stage's part, since start
    std::atomic<u64> offered{0};  ///< pieces handed in
    std::atomic<u64> taken{0};    ///< pieces that the fold stage is done with
    std::atomic<u64> batch{0};    ///< number of the commit that has the latest name filled from here

    /// Offering thread: the fold stage has dealt with all that was handed in.
    [[nodiscard]] bool idle() const noexcept {
        return taken.load(std::memory_order_acquire) == offered.load(std::memory_order_relaxed);
    }
};

}  // namespace twinlink
