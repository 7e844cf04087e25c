// The fetcher: asks the partner for what is missing here and held there, and hands on what comes.
//
// Part of the shim, its thread. Asked for is what our account lacks and theirs has, less what is on its way;
// one request in flight per name, and a bounded number of names. Newest gaps first, so that a fresh hole does
// not wait for a day's catch-up; a large range from its front. Names stay "on their way" until our own store
// says that they are durable here, or a limit has passed: then they are asked for again.
#pragma once

#include "engine/offer.hpp"
#include "engine/partner/frames.hpp"
#include "engine/partner/holdings.hpp"
#include "engine/partner/session.hpp"

#include <deque>

namespace twinlink::partner {

/// Names asked for and not durable yet, at most. Chosen: some 50 MB of messages, what comes while two commits
/// wait for the disk.
inline constexpr u64 kNamesInFlight = 1'048'576;
/// Names of one request: so that the answer to a fresh hole never waits long behind one.
inline constexpr u64 kNamesPerWant = 32'768;
inline constexpr std::size_t kRangesPerWant = 256;
inline constexpr std::size_t kRequestsMax = 64;
static_assert(kRangesPerWant <= kRangesPerMessage && kRangesPerWant <= kOfferRanges);

class Fetcher {
public:
    Fetcher(const Holdings& own, const Holdings& theirs, OfferDesk& desk, ShimCounters& counters,
            std::vector<std::byte>& out)
        : own_(own), theirs_(theirs), desk_(desk), counters_(counters), out_(out) {}

    /// The session ended: nothing is on its way any more.
    void forget();
    /// Own names are durable, or the accounts changed: what was on its way and is here is done with.
    void settle(Stream stream);
    /// Asks for what is due. `deaf`: ACDs that this server hears on no link, whose tail the partner knows.
    /// Returns frames.
    std::size_t ask(Now now, std::span<const Acd> acds, std::span<const Acd> deaf);
    /// There is room to hand on one more Block.
    [[nodiscard]] bool room() const noexcept;
    /// Empty = fine, else what rule was broken. Precondition: room().
    [[nodiscard]] std::string_view on_block(const Block& block, Bytes messages, Now now);
    [[nodiscard]] std::string_view on_lack(const Lack& lack, const FrameIn& frame, Now now);
    void on_time(Now now);

    /// Names that we lack and the partner has.
    [[nodiscard]] RangeSet wanted(Stream stream, bool tail) const;
    /// The same, less what the partner turned out not to be able to give.
    [[nodiscard]] RangeSet to_come(Stream stream, bool tail) const;
    [[nodiscard]] u64 in_flight() const noexcept;
    /// Names of `range` that the partner, too, has said not to have any more.
    [[nodiscard]] bool too_old(Stream stream, Range range) const;

private:
    struct Request {
        u32 id;
        Stream stream;
        RangeSet left;
        Nanos heard;
    };
    /// What is under way of one stream.
    struct Way {
        RangeSet asked;    ///< in a request
        RangeSet arrived;  ///< handed on, not durable yet
        Nanos arrived_at;
        RangeSet cooling;  ///< refused for now: not asked for again until ...
        Nanos cool_at;
        RangeSet gone;  ///< not in their journal any more
    };
    u64 ask_some(Stream stream, const RangeSet& wanted, Now now);
    void give_up(std::deque<Request>::iterator request, Now now);
    void hand_on(Stream stream, Seq first, Bytes messages, u32 count);

    static constexpr Nanos kRequestTimeout = 5_s;
    static constexpr Nanos kDurableTimeout = 10_s;
    static constexpr Nanos kCool = 1_s;

    const Holdings& own_;
    const Holdings& theirs_;
    OfferDesk& desk_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::deque<Request> requests_;
    std::map<Stream, Way> ways_;
    u32 last_id_ = 0;
};

}  // namespace twinlink::partner
