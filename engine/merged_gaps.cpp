// See merged_gaps.hpp. The refold thread.
#include "engine/merged_gaps.hpp"

#include <algorithm>

namespace twinlink {

std::size_t MergedGaps::poll() {
    const auto asks = std::ranges::find_if(
        desks_, [](const RefoldDesk& desk) { return desk.sift.load(std::memory_order_acquire); });
    if (asks == desks_.end()) return 0;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return 0;
    std::size_t told = 0;
    const GapFilter missing{.acd = asks->acd, .epoch = {}, .states = GapFilter::kMissing};
    for (const GapRecord& gap : snapshot->gaps(missing))
        if (gap.merged != 0 && sift(*snapshot, gap)) ++told;
    asks->sift.store(false, std::memory_order_release);
    return told;
}

/// Tells the missing ranges of one merged gap; where they are too many for a piece, the last one told is the
/// rest, as it is. False: the journal does not agree with the gap (its retention has taken some), or no piece
/// is free.
bool MergedGaps::sift(const StoreSnapshot& snapshot, const GapRecord& gap) {
    const Stream stream{Acd{gap.acd}, Epoch{gap.epoch}};
    parts_.assign(1, gap.range());
    u64 missing = 0;
    Seq at{gap.first};
    const auto hole = [&](Seq end) {
        if (end <= at) return;
        missing += end - at;
        if (parts_.size() < kOfferRanges) parts_.push_back({at, end - 1});
    };
    snapshot.blocks(stream, gap.range(), [&](const BlockView& block) {
        hole(block.range.first);
        at = block.range.last + 1;
        return at.value <= gap.last;
    });
    hole(Seq{gap.last} + 1);
    if (missing != gap.missing || parts_.size() == 1) return false;
    parts_.back().last = Seq{gap.last};
    return desk_.tell(OfferPiece::What::Apart, stream, parts_);
}

}  // namespace twinlink
