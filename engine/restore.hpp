// Rows of a backup on their way to the commit stage and back: what the journal cannot bring any more.
//
//     who restores ── RestorePiece, rows of one interval ──▶ CommitStage ── verdicts ──▶ who restores
//
// One piece, one thread that fills it. The commit that takes the rows decides of each (restore_rule.hpp), so
// nothing can come in between; live batches, refolds and roll-ups go first. Memory is bounded by whoever
// fills: kRestoredBytesMax.
#pragma once

#include "engine/store/store.hpp"

#include <boost/lockfree/spsc_queue.hpp>

namespace twinlink {

/// Bytes of rows that one commit takes; an interval with more goes down in parts, and is complete with the
/// last one. Chosen: an interval of 30,000 (agent, skill) pairs has 8 MiB.
inline constexpr std::size_t kRestoredBytesMax = std::size_t{16} << 20;

/// Rows of one interval: `batch` has restored_interval, restored and their bytes, and nothing else.
struct RestorePiece {
    CommitBatch batch;
    std::vector<RestoreVerdict> verdicts;  ///< on the way back: of each row; none = the store stopped
    bool interval_whole = false;           ///< the interval is complete here now
};
struct RestoreRings {
    boost::lockfree::spsc_queue<RestorePiece*, boost::lockfree::capacity<1>> full;
    boost::lockfree::spsc_queue<RestorePiece*, boost::lockfree::capacity<1>> empty;
};

}  // namespace twinlink
