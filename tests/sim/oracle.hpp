// What stores must hold: plain folds, of the truth less what was lost by agreement, and of a store's own
// journal.
#pragma once

#include "tests/pipeline/stream_rig.hpp"

namespace twinlink::sim_test {

/// Lost names by life: [first, last] of Seq, ascending.
using LostNames = std::map<Stream, std::vector<Range>>;

/// Names known of each life: those behind were lost with both ends of it, and nobody knows that they existed.
using Ends = std::map<Stream, Seq>;

/// Of which intervals text is wanted.
enum class Of : u8 { All, Closed };

/// Rows and intervals of one ACD as text: of a fold of the truth, and a store's own in the same words.
[[nodiscard]] std::string fold_of(const test::SimStream& truth, Acd acd, const LostNames& lost,
                                  const Ends& ends);
[[nodiscard]] std::string store_of(const StoreSnapshot& snapshot, Acd acd, Of what = Of::All);

/// Where a store's rows are not those of a fold of what its journal has: the first of them, or nothing.
[[nodiscard]] std::string unexplained(const StoreSnapshot& snapshot, Acd acd, Of what);

/// Rows of closed intervals that call themselves complete and are not those of a fold that missed nothing:
/// the first of them, or nothing.
[[nodiscard]] std::string false_promise(const StoreSnapshot& snapshot, const test::SimStream& truth, Acd acd);

}  // namespace twinlink::sim_test
