// Messages that did not come over a link, on their way into the fold stage: how a capture, another server's
// store or the partner fills what is missing here, while live messages go on.
//
//     Importer ── full pieces ──▶ FoldStage: one piece a slice, Arbiter::offer()
//        ▲                           │
//        └────── empty pieces ───────┘
//
// Three desks, each with one thread that offers: for imports, for the partner, and for what this server's own
// journal knows. The pieces are taken at
// construction, so memory is bounded and whoever offers waits when all of them are under way. Only whole,
// validated messages go in: the fold stage believes them as it believes what came through a ring. By the same
// way the partner thread tells what it knows of ranges without their messages.
#pragma once

#include <twinlink/counters.hpp>
#include <twinlink/frame.hpp>
#include <twinlink/records.hpp>

#include <boost/lockfree/spsc_queue.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <span>
#include <vector>

namespace twinlink {

/// Bytes of a piece. Chosen: 800 messages, which hold up live frames for some 20 us.
inline constexpr u32 kOfferBytes = 32 * 1024;
static_assert(kOfferBytes > kFrameBytesMax, "a frame's messages fit one piece");
/// Pieces under way: 2 MiB, so that the largest block of the partner's protocol fits.
inline constexpr u32 kOfferPieces = 64;

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

/// Ranges that one piece tells of, at most.
inline constexpr u32 kOfferRanges = 1'024;
static_assert(kOfferRanges * sizeof(Range) <= kOfferBytes);
/// ... and of names to be mended. Chosen: holes of one block are few.
inline constexpr u32 kOfferMendRanges = 512;

/// Messages `first` .. first + count - 1 of one stream; or what is known of `count` ranges of its names.
struct OfferPiece {
    enum class What : u8 {
        Messages,
        Requested,  ///< the partner was asked for them
        Lost,       ///< both have agreed that neither will get them
        Apart,      ///< a merged gap, and behind it its missing ranges; the last one may be merged still
        Rival,      ///< one message that is held here with other bytes
        Life,       ///< the partner knows of this older life, or of more of it: names up to the last one
        Begin,      ///< the partner has a newer life, from the first name on, and no link was heard for long
        Mend,       ///< something in the store cannot be read any more: an OfferMend, and ranges of names
    };
    /// The bytes are left as they are: nobody reads more of them than was written, and three desks of 2 MiB
    /// are touched only as far as they are used.
    OfferPiece() noexcept {}

    What what = What::Messages;
    Stream stream;
    Seq first;
    u32 count = 0;
    u32 bytes = 0;
    FilledBy by = FilledBy::Nobody;
    bool wins = false;                            ///< Rival: it counts instead of the one that is held
    std::array<std::byte, kOfferBytes> messages;  ///< or ranges
};

/// What of the store is to be mended, and how. Stands in front of the ranges of a piece that tells of it.
struct OfferMend {
    enum class How : u64 {
        Refill,     ///< a journal block, from `seq` on: its names (the ranges) are missing, a copy is wanted
        FoldAgain,  ///< rows of an interval: what is behind `seq` is folded again
        Drop,       ///< the state saved at `seq`: it goes
        RollAgain,  ///< rows of the day, week or month `day`: they are added up again
    };
    How how = How::Refill;
    u64 seq = 0;
    u64 time_before = 0;  ///< Refill: of the messages around the block, 0 = not known
    u64 time_after = 0;
    i64 day = 0;
    u64 span = 0;
};

/// The ranges that a piece tells of. Precondition: it has no messages.
[[nodiscard]] inline Range offered_range(const OfferPiece& piece, u32 n) noexcept {
    return read<Range>(piece.messages.data() + n * sizeof(Range));
}

[[nodiscard]] inline OfferMend offered_mend(const OfferPiece& piece) noexcept {
    return read<OfferMend>(piece.messages.data());
}
[[nodiscard]] inline Range names_to_mend(const OfferPiece& piece, u32 n) noexcept {
    return read<Range>(piece.messages.data() + sizeof(OfferMend) + n * sizeof(Range));
}

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

    /// Offering thread: a filled piece goes on its way.
    void hand_in(OfferPiece* piece) {
        offered.fetch_add(1, std::memory_order_relaxed);
        full.push(piece);
    }
    /// Offering thread: something about ranges of names. False, and nothing done, when all pieces are under
    /// way. Precondition: at most kOfferRanges.
    [[nodiscard]] bool tell(OfferPiece::What what, Stream stream, std::span<const Range> ranges) {
        OfferPiece* piece = nullptr;
        if (!empty.pop(piece)) return false;
        piece->what = what;
        piece->stream = stream;
        piece->count = static_cast<u32>(ranges.size());
        piece->bytes = static_cast<u32>(ranges.size_bytes());
        std::memcpy(piece->messages.data(), ranges.data(), ranges.size_bytes());
        hand_in(piece);
        return true;
    }
    /// Offering thread: what is to be mended. False, and nothing done, when all pieces are under way.
    /// Precondition: at most kOfferMendRanges.
    [[nodiscard]] bool mend(Stream stream, const OfferMend& mend, std::span<const Range> names) {
        OfferPiece* piece = nullptr;
        if (!empty.pop(piece)) return false;
        piece->what = OfferPiece::What::Mend;
        piece->stream = stream;
        piece->count = static_cast<u32>(names.size());
        piece->bytes = static_cast<u32>(sizeof mend + names.size_bytes());
        std::memcpy(piece->messages.data(), &mend, sizeof mend);
        if (!names.empty())
            std::memcpy(piece->messages.data() + sizeof mend, names.data(), names.size_bytes());
        hand_in(piece);
        return true;
    }
    /// Offering thread: a copy that differs from the one that is held. False where all pieces are under way.
    [[nodiscard]] bool rival(Stream stream, Seq seq, Bytes copy, FilledBy by, bool wins) {
        OfferPiece* piece = nullptr;
        if (copy.size() > kOfferBytes || !empty.pop(piece)) return false;
        piece->what = OfferPiece::What::Rival;
        piece->stream = stream;
        piece->first = seq;
        piece->count = 1;
        piece->bytes = static_cast<u32>(copy.size());
        piece->by = by;
        piece->wins = wins;
        std::memcpy(piece->messages.data(), copy.data(), copy.size());
        hand_in(piece);
        return true;
    }
    /// Offering thread: the fold stage has dealt with all that was handed in.
    [[nodiscard]] bool idle() const noexcept {
        return taken.load(std::memory_order_acquire) == offered.load(std::memory_order_relaxed);
    }
};

/// Who offers: each has a desk of its own.
enum class Offering : u8 { Import, Partner, Own, Count_ };
using OfferDesks = std::array<OfferDesk, static_cast<std::size_t>(Offering::Count_)>;

}  // namespace twinlink
