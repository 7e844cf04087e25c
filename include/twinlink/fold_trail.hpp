// Where a fold stands: the name of the message that is being folded, for whoever looks at it after a crash.
//
// The rim gives one to each fold, in memory that outlives the process (a mapped file); the fold writes it
// before each message and clears it behind the last one of a call. One thread writes; it is read when the
// writer is gone.
#pragma once

#include <twinlink/types.hpp>

#include <atomic>

namespace twinlink {

/// The message being folded; seq 0: none.
struct FoldTrail {
    std::atomic<u64> seq{0};
    std::atomic<u64> epoch{0};
    std::atomic<u64> acd{0};
};
static_assert(std::atomic<u64>::is_always_lock_free && sizeof(FoldTrail) == 24, "its layout is a file's");

}  // namespace twinlink
