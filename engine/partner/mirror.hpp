// The mirror: tells the partner what is held here, and keeps the account of what the partner holds.
//
// Part of the shim, its thread. Out: at the beginning of a session all of each stream, then changes, a Have
// per stream at most every `have_every`; where only the tip moved, ten times less often, since nothing waits
// for it. In: each Have is applied as it came; the number of missing names in it must be what our account
// then comes to, so that the two cannot drift apart.
#pragma once

#include "engine/partner/frames.hpp"
#include "engine/partner/holdings.hpp"
#include "engine/partner/session.hpp"

#include <array>

namespace twinlink::partner {

/// Streams mirrored, at most: the newest lives of each ACD. Chosen: what the arbiter can fill, and as many
/// more again for a server that begins with an empty store.
inline constexpr std::size_t kLivesPerAcd = 8;
/// Missing ranges of one stream that a partner may tell of. Chosen: four full gap tables.
inline constexpr std::size_t kHeldRangesMax = std::size_t{4} * kGapsMax;

class Mirror {
public:
    Mirror(const Holdings& own, Holdings& theirs, Nanos have_every, ShimCounters& counters,
           std::vector<std::byte>& out)
        : own_(own), theirs_(theirs), have_every_(have_every), counters_(counters), out_(out) {}

    /// A session is up: all is to be told.
    void begin();
    /// Own names in `range` changed from or to missing; an empty range of first > last: the tip moved.
    void changed(Stream stream, Range range);
    void tip_moved(Stream stream);
    /// All is to be told again.
    void reload(Stream stream) { told_[stream].full = true; }
    /// Whether an ACD is heard on its links here.
    void links(Acd acd, bool a, bool b);
    /// Tells what is due. Returns frames.
    std::size_t tell(Now now, std::span<const Acd> acds);
    /// What the partner says of itself; empty = fine, else what rule it broke.
    [[nodiscard]] std::string_view on_have(const Have& have, const FrameIn& frame, std::span<const Acd> acds);
    /// The partner hears this ACD on both links.
    [[nodiscard]] bool their_links_up(Acd acd) const noexcept;
    [[nodiscard]] bool own_links_up(Acd acd) const noexcept;
    /// This server hears the ACD on neither.
    [[nodiscard]] bool deaf(Acd acd) const noexcept;

private:
    struct Told {
        bool full = true;  ///< nothing was told yet, or all is to be told again
        bool tip = false;
        RangeSet changed;
        Nanos at;
    };
    void tell(Stream stream, const Holding& holding, Told& told);

    static constexpr u64 kTipSlower = 10;

    const Holdings& own_;
    Holdings& theirs_;
    Nanos have_every_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::map<Stream, Told> told_;
    std::map<Acd, u8> own_links_;  ///< kHaveLinkA, kHaveLinkB
    std::map<Acd, u8> their_links_;
};

}  // namespace twinlink::partner
