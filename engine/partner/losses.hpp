// What neither server can give the other: after both have waited long enough, with links that would have
// brought it, both call it lost, in the same words.
//
// Part of the shim, its thread. Server 1 proposes, server 2 answers; each side judges by its own account that
// both lack a range and have done so for `lost_after` while both heard the ACD on both links. Nothing a
// partner says makes lost what is here, and what is lost stays a gap that a late copy fills.
//
// What one has and has let go of (its journal's retention), it can give no more: that is lost for the other
// alone, by the same agreement. Its rows say INCOMPLETE; those of the one that had it are whole and stay so.
#pragma once

#include "engine/offer.hpp"
#include "engine/partner/frames.hpp"
#include "engine/partner/holdings.hpp"
#include "engine/partner/mirror.hpp"

#include <deque>

namespace twinlink::partner {

class Losses {
public:
    Losses(const Holdings& own, const Holdings& theirs, const Mirror& mirror, OfferDesk& desk,
           Nanos lost_after, ShimCounters& counters, std::vector<std::byte>& out)
        : own_(own),
          theirs_(theirs),
          mirror_(mirror),
          desk_(desk),
          lost_after_(lost_after),
          counters_(counters),
          out_(out) {}

    /// The session ended: the time begins anew.
    void forget() noexcept { watched_.clear(); }
    /// Looks, and proposes where `proposes`. Returns frames.
    std::size_t on_time(Now now, bool proposes);
    void on_propose(Stream stream, const FrameIn& frame, Now now);
    void on_agree(Stream stream, const FrameIn& frame, Now now);

    /// Names that one lacks and the other cannot give, as of now, lost ones not counted.
    [[nodiscard]] RangeSet both_missing(Stream stream) const;

private:
    /// What both lacked at some moments, oldest first.
    struct Watched {
        std::deque<std::pair<Nanos, RangeSet>> looks;
        Nanos proposed_at;
    };
    [[nodiscard]] RangeSet ripe(Stream stream, Now now) const;
    RangeSet record(Stream stream, const FrameIn& frame, Now now);

    static constexpr std::size_t kLooks = 6;
    static constexpr Nanos kProposeEvery = 1_s;

    const Holdings& own_;
    const Holdings& theirs_;
    const Mirror& mirror_;
    OfferDesk& desk_;
    Nanos lost_after_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::map<Stream, Watched> watched_;
};

}  // namespace twinlink::partner
