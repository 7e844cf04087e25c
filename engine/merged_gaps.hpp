// Taking merged gaps apart again: which of their names are missing, the journal knows.
//
// Where more gaps are open than are kept apart, neighbours are merged, and the gap table forgets which names
// between them are here; nothing in a merged gap is filled. When there is room again the fold stage says so
// (RefoldDesk::sift), and this looks the holes up in a snapshot and tells them to the fold stage.
//
// Sound because a merged gap stands in the store as of its merging, in the same commit as all that was
// accepted before, and nothing inside it is taken since: so the journal's holes within a stored merged gap
// are its missing names, as long as the gap table still has that very gap. Driven by the refolder's thread; a
// slice is one ACD.
#pragma once

#include "engine/offer.hpp"
#include "engine/refold.hpp"

namespace twinlink {

class MergedGaps {
public:
    MergedGaps(const Store& store, std::deque<RefoldDesk>& desks, OfferDesk& desk)
        : store_(store), desks_(desks), desk_(desk) {}

    /// A slice. Returns gaps told of, 0 when there is nothing to do.
    std::size_t poll();

private:
    bool sift(const StoreSnapshot& snapshot, const GapRecord& gap);

    const Store& store_;
    std::deque<RefoldDesk>& desks_;
    OfferDesk& desk_;
    std::vector<Range> parts_;
};

}  // namespace twinlink
