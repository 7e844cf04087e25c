// Room for the next commit, made sure of before it begins: a commit that finds the disk full in its middle
// has an unknown outcome and stops the store; one that was not begun costs nothing.
//
// The writer thread. Owns the disk space behind the file's end that it has reserved (fallocate: the file's
// size stays). Also knows who reads the store, and for how long. Sizes are bytes, ages ns of the caller's
// monotonic clock.
#pragma once

#include "engine/store/environment.hpp"

#include <twinlink/space.hpp>

#include <vector>

namespace twinlink::store {

/// Beside twice what a commit brings: pages of the trees that are written anew with it. Chosen.
inline constexpr u64 kCommitOverhead = u64{2} << 20;
/// What only commits that free something may use. Chosen: their trees' pages, twice.
inline constexpr u64 kShedReserve = u64{2} << 20;
/// Reserved at a time on a disk that is large enough.
inline constexpr u64 kReserveStep = u64{32} << 20;

class SpaceKeeper {
public:
    /// Disk and map as of now.
    [[nodiscard]] SpaceView look(StoreEnvironment& environment, SpaceView pages) const noexcept;
    /// The disk has `bytes` behind the file's end for us: reserved, where the file system can do that.
    [[nodiscard]] bool reserve(StoreEnvironment& environment, u64 bytes) noexcept;

    /// Who holds a snapshot, and since when. Call it about once a second.
    struct Reader {
        int pid = 0;
        u64 thread = 0;
        u64 transaction = 0;
        Nanos since;  ///< when it was seen first
    };
    void look_at_readers(StoreEnvironment& environment, Nanos mono);
    [[nodiscard]] const std::vector<Reader>& readers() const noexcept { return readers_; }
    /// The transaction of the oldest snapshot that is open now, also in this process; ~0: none is.
    [[nodiscard]] static u64 oldest_transaction(StoreEnvironment& environment);
    /// The one that holds the oldest snapshot; null = there is none.
    [[nodiscard]] const Reader* oldest() const noexcept;

private:
    u64 reserved_until_ = 0;  ///< the file's blocks are ours up to here
    std::vector<Reader> readers_;
};

}  // namespace twinlink::store
