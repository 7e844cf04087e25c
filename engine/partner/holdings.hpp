// What a server holds durably, stream by stream: one account for this server, kept up from its own commits,
// and one for the partner, kept up from what it says.
//
// Plain values of the partner thread. A stream's names are those below `next`; less `missing` (and `lost`,
// which is a part of it), less what the journal's retention took. Comparing two accounts is all there is to
// gap detection across servers.
#pragma once

#include "engine/partner/range_set.hpp"

#include <twinlink/records.hpp>

#include <map>
#include <optional>

namespace twinlink::partner {

struct Holding {
    Seq first_seen;
    Seq next{1};
    Seq pruned;  ///< names up to this one are not in the journal any more
    bool ended = false;
    RangeSet missing;  ///< lost ones included
    RangeSet lost;
    RangeSet merged;  ///< part of missing: gaps of which some names are here, not known which

    /// Names of [1, next) that are here and in the journal.
    [[nodiscard]] bool has(Range range) const noexcept {
        return range.first > pruned && range.last < next && !missing.touches(range);
    }
    /// Takes over what a gap record says.
    void set(Range range, GapState state, bool some_are_here) {
        const bool here = state == GapState::Filled || state == GapState::Healed;
        missing.remove(range);
        lost.remove(range);
        merged.remove(range);
        if (here) return;
        missing.add(range);
        if (state == GapState::Lost) lost.add(range);
        if (some_are_here) merged.add(range);
    }
};

using Holdings = std::map<Stream, Holding>;

}  // namespace twinlink::partner
