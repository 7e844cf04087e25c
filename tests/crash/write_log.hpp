// The log of what a process did to its files: written by recorder.cpp in that process, read by Disk here.
//
// One record after the other, in the order in which the calls were made: an OpHead, `path_bytes` of path and,
// for a write, its `bytes`. A write is noted before it is made, because a crash may find any part of it done;
// a sync is noted when it has returned, because only then has it promised anything.
#pragma once

#include <twinlink/types.hpp>

namespace twinlink::crash {

enum class Op : u32 {
    Write = 1,    ///< `bytes` at `offset` of `file`
    RangeSynced,  ///< those bytes are on the disk: a write through an O_DSYNC descriptor returned
    Synced,       ///< fsync or fdatasync of `file` (which may be a folder) returned
    Cut,          ///< `file` now has `bytes`
    Made,         ///< `file` came to be at path
    MadeFolder,
    Moved,  ///< path: from, a 0 byte, to
    Gone,   ///< path was unlinked
};

/// Files are named by their inode number, so that a renamed one stays itself.
struct OpHead {
    Op op;
    u32 path_bytes;
    u64 file;
    u64 offset;
    u64 bytes;
};
static_assert(sizeof(OpHead) == 32);

/// The recorder finds here where its log goes, and the folder whose files it records.
inline constexpr const char* kLogVariable = "TWINLINK_WRITE_LOG";
inline constexpr const char* kRootVariable = "TWINLINK_WRITE_ROOT";
/// Set: the process draws the same random bytes each time, so that what is recorded is the same.
inline constexpr const char* kSameRandomVariable = "TWINLINK_SAME_RANDOM";

}  // namespace twinlink::crash
