// What the stores of a pair must hold in the end: a plain fold of the truth, less what was lost by agreement.
#pragma once

#include "tests/pipeline/stream_rig.hpp"

namespace twinlink::sim_test {

/// Lost names by life: [first, last] of Seq, ascending.
using LostNames = std::map<Epoch, std::vector<Range>>;

/// Names known of each life: those behind were lost with both ends of it, and nobody knows that they existed.
using Ends = std::map<Epoch, Seq>;

/// A fold's rows and intervals as text; and a store's in the same words.
[[nodiscard]] std::string fold_of(const test::SimStream& truth, const LostNames& lost, const Ends& ends);
[[nodiscard]] std::string store_of(const StoreSnapshot& snapshot);

}  // namespace twinlink::sim_test
