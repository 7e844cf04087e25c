// What the commit stage leaves out of a batch because it is out of date by then, and rows of a backup, which
// it takes between batches. See pipeline.hpp. The commit thread.
#include "engine/pipeline.hpp"

#include <algorithm>

namespace twinlink {

/// A boundary that was missing closes an interval in the refold that the live fold still takes for open,
/// until it takes over: what it says of it meanwhile must not undo what the refold has put there.
void CommitStage::screen(CommitBatch& batch) {
    for (const CommitBatch::TookOver& took : batch.took_over)
        std::erase_if(replaced_,
                      [&](const auto& r) { return r.first.acd == took.acd && r.second <= took.refold; });
    if (replaced_.empty()) return;
    const auto stale = [&](Acd acd, u64 start, u16 instance) {
        return replaced_.contains({acd, start, instance});
    };
    std::erase_if(batch.rows, [&](const RowImage& row) {
        return stale(row.key.acd, row.key.interval_start, row.key.instance);
    });
    std::erase_if(batch.intervals,
                  [&](const IntervalRecord& i) { return stale(Acd{i.acd}, i.start, i.instance); });
    std::erase_if(batch.replaced,
                  [&](const ReplacedInterval& i) { return stale(i.acd, i.start, i.instance); });
}

/// Remembers where something came late while a refold was under way.
void CommitStage::note_late(const CommitBatch& batch) {
    for (const StaleCheckpoints& stale : batch.stale) {
        const FoldPlace place{stale.stream.epoch, stale.from};
        Late& late = late_[stale.stream.acd];
        if (stale.refold > late.refold) late = {stale.refold, place};
        late.from = std::min(late.from, place);
    }
}

/// A state that a refold saves may lack what came late behind its back: saved after the commit that dropped
/// such states, it would be taken for whole.
void CommitStage::screen_states(CommitBatch& batch) {
    std::erase_if(batch.checkpoints, [&](const CheckpointImage& image) {
        const auto late = late_.find(image.stream.acd);
        if (late == late_.end() || late->second.refold < batch.refold) return false;
        return FoldPlace{image.stream.epoch, image.seq} >= late->second.from;
    });
}

/// Rows of a backup; what became of each goes back with the piece. The partner is told of the interval as it
/// is now.
void CommitStage::restore(RestorePiece& piece) {
    CommitResult result;
    const bool written = write(piece.batch, &result);
    piece.verdicts = written ? std::move(result.restored) : std::vector<RestoreVerdict>{};
    piece.interval_whole = written && result.interval_whole;
    piece.batch.clear();
    if (!written || !result.interval) return;
    CommitBatch changed;
    changed.intervals.push_back(*result.interval);
    mirror_.tell(changed, result.transaction, false);
}

}  // namespace twinlink
