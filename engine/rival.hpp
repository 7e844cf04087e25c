// Two copies of one message that differ: which of them counts. Pure; any thread.
//
// A switch sends one message under one name, so copies that differ mean a fault in it or on the way. Nothing
// here can tell which copy is the right one; what can be had is that both servers, whichever copy came first
// to each, end with the same one and keep the other for people to look at (ConflictRecord).
#pragma once

#include <twinlink/frame.hpp>
#include <twinlink/records.hpp>

namespace twinlink {

/// XXH3-64 of a message's bytes.
[[nodiscard]] u64 hash_of_message(Bytes message) noexcept;

/// Whether `rival` counts instead of `held`: the lower hash wins, and for equal hashes the lower bytes. An
/// order of all copies, so any number of them in any order leaves the same one.
[[nodiscard]] bool outranks(Bytes rival, Bytes held) noexcept;

/// A copy that differs from the one that is held, on its way into the store.
struct RivalCopy {
    Stream stream;
    Seq seq;
    u64 offset = 0;  ///< in the batch's arena
    u32 bytes = 0;
    FilledBy by = FilledBy::Nobody;
    FilledBy held_by = FilledBy::Nobody;  ///< who brought the one that is held, where that is known
};

}  // namespace twinlink
