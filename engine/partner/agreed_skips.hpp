// Messages that one server's fold crashed on again and again are left out of the rows of both: each tells the
// other the names that it skips, and takes over those that it is told.
//
// Part of the shim, its thread. The list only grows, so both come to the same one, in whatever order they
// hear of it; a name that is told is told again after each greeting, until the store here has it.
#pragma once

#include "engine/offer.hpp"
#include "engine/partner/frames.hpp"
#include "engine/partner/range_set.hpp"
#include "engine/partner/session.hpp"

#include <map>

namespace twinlink::partner {

class AgreedSkips {
public:
    AgreedSkips(OfferDesk& desk, ShimCounters& counters, std::vector<std::byte>& out)
        : desk_(desk), counters_(counters), out_(out) {}

    /// The store here is read anew.
    void reload(std::span<const SkipRecord> all);
    /// The store here has it from now on; `up`: tells.
    void add(const SkipRecord& name, bool up);
    /// A session is up: all is told.
    void begin();
    void on_skips(const Skips& message, const FrameIn& frame);
    /// Hands what was told and is not here yet to the fold stage.
    void work();

private:
    void tell(Stream stream, const RangeSet& names);

    OfferDesk& desk_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::map<Stream, RangeSet> own_;
    std::map<Stream, RangeSet> wanted_;  ///< told by the partner and not handed in yet
};

}  // namespace twinlink::partner
