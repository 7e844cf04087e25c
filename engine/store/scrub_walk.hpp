// A slice of reading everything that a store holds, value by value, for the scrubber and `store scrub`.
//
// Pure but for the snapshot that it reads; any thread. It owns nothing: where it stands is a value that its
// caller keeps between slices, so no snapshot is held for longer than one. Invariant: a walk from the
// beginning to the end sees every value that is there all the while exactly once. Sizes are bytes.
#pragma once

#include "engine/store/format.hpp"

#include <functional>

namespace twinlink::store {

/// Where a walk stands: in which database, behind which key.
struct ScrubPlace {
    std::size_t db = 0;
    std::vector<std::byte> key;  ///< the last one that was read; empty = none of this database

    [[nodiscard]] bool over() const noexcept { return db >= kDbs; }
};

/// A value that cannot be believed.
struct Rotten {
    Db db = Db::Meta;
    std::vector<std::byte> key;
    std::string what;

    [[nodiscard]] std::string where() const;
};

struct ScrubSlice {
    u64 bytes = 0;
    u64 values = 0;
};

/// Reads on from `place`, some `bytes` (at least one value where there is one), and moves it. Each value's
/// CRC over key and value is compared, and that it is what its key says; what fails is told to `fn`. Where
/// LMDB cannot go on in a database, that is told once and the next one is begun.
ScrubSlice scrub_slice(const StoreSnapshot& snapshot, ScrubPlace& place, u64 bytes,
                       const std::function<void(Rotten)>& fn);

enum class ValueState : u8 { Absent, Whole, Damaged };
/// How one value is now.
[[nodiscard]] ValueState look_at(const StoreSnapshot& snapshot, Db db, Bytes key);

/// The value under this key is what it should be: sealed, and what its key says.
[[nodiscard]] bool value_is_whole(Db db, Bytes key, Bytes value, std::vector<u64>& items);

}  // namespace twinlink::store
