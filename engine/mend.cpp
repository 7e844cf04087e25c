// What of the store rotted is made good: names are missing again, rows are folded or added up again, states
// go.
//
// Part of AcdPath, the fold stage's thread; engine/scrubber.hpp finds what is to be done. Invariant: all that
// follows from one finding goes down in one commit.
#include "engine/acd_path.hpp"

#include <algorithm>

namespace twinlink {

void AcdPath::mend(const OfferPiece& piece) {
    const OfferMend mend = offered_mend(piece);
    const Stream stream = piece.stream;
    switch (mend.how) {
        case OfferMend::How::Refill:
            for (u32 n = 0; n < piece.count; ++n) lose_hold(stream, mend, names_to_mend(piece, n));
            break;
        case OfferMend::How::FoldAgain:
            // No state lacks anything: they stay.
            note_fill({stream.epoch, Seq{mend.seq}}, 0);
            break;
        case OfferMend::How::Drop: batch_->rotten_states.push_back({stream, Seq{mend.seq}}); break;
        case OfferMend::How::RollAgain:
            batch_->rolled.due.push_back(
                {acd_, static_cast<Span>(mend.span), LocalDay{static_cast<i32>(mend.day)}});
            break;
    }
    dirty_ = true;
}

/// The names are missing from here on: what they gave to rows and states stays, since it was right; a copy of
/// them is taken like any late one.
void AcdPath::lose_hold(Stream stream, const OfferMend& mend, Range names) {
    GapRecord like{};
    like.cause = GapCause::BitRot;
    like.opened_wall = now_.wall.value;
    like.time_before = mend.time_before;
    like.time_after = mend.time_after;
    const u64 lost = arbiter_.lose_hold(stream.epoch, names, like);
    if (lost == 0) return;
    batch_->rotten.push_back({stream, Seq{mend.seq}, names});
    // What was said of earlier gaps there holds no more.
    const auto touched = [&](const GapRecord& gap) {
        return gap.epoch == stream.epoch.value && gap.acd == acd_.value && gap.first <= names.last.value &&
               gap.last >= names.first.value;
    };
    std::erase_if(filled_, [&](const FilledGap& gap) { return touched(gap.record); });
    std::erase_if(batch_->gaps, [&](const GapRecord& gap) {
        return touched(gap) && (gap.state == GapState::Filled || gap.state == GapState::Healed);
    });
}

}  // namespace twinlink
