// Which names each of the two links brought, one bit per name and link over the latest kLinkMapSeqs names.
//
// Owned by the arbiter; one thread. A bit that leaves the map unset is a name that its link lost; set on the
// other link, it was lost on this one alone. Invariant: for each link, span == distinct + lost + behind (see
// totals()).
#pragma once

#include <twinlink/limits.hpp>

#include <array>
#include <vector>

namespace twinlink {

class LinkMaps {
public:
    /// What one link did with the names of the span.
    struct Totals {
        u64 span = 0;        ///< names from start() to the highest one
        u64 distinct = 0;    ///< brought at least once, in time for the map
        u64 lost = 0;        ///< passed over by this link, or left behind so far that the map moved on
        u64 lost_alone = 0;  ///< of those, brought by the other link
        u64 behind = 0;      ///< the link has not come to them yet
    };

    LinkMaps();
    /// Forgets everything; the span begins at `first`.
    void start(Seq first) noexcept;
    /// Names [first, end) came on `link`. Returns how many came too late for the map (they stay counted as
    /// lost).
    u64 mark(Link link, Seq first, Seq end) noexcept;
    /// Names up to (not with) `end` exist: somebody announced or delivered them.
    void announce(Seq end) noexcept;
    /// `link` itself is past all names before `end`: what it has not brought of them is lost, not behind.
    void passed(Link link, Seq end) noexcept;
    [[nodiscard]] Totals totals(Link link) const noexcept;

private:
    static constexpr u64 kWords = kLinkMapSeqs / 64;
    static_assert(kWords * 64 == kLinkMapSeqs);

    struct PerLink {
        std::vector<u64> words;  // kWords, a ring by word number
        u64 passed = 0;          // end of what the link itself has reached
        u64 distinct = 0;
        u64 slid_lost = 0;  // left the map unset
        u64 slid_lost_alone = 0;
    };
    void slide_to(u64 end) noexcept;
    void retire(u64 word) noexcept;

    std::array<PerLink, kLinks> links_;
    u64 base_ = 0;    // number of the first word in the map
    u64 start_ = 0;   // first name of the span now in the map; names before it count for nobody
    u64 end_ = 0;     // behind the highest name
    u64 span_ = 0;    // names of the span that left the map
    u64 origin_ = 0;  // where the span began
};

}  // namespace twinlink
