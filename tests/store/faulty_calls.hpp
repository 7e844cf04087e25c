// Calls into the kernel that fail on request, or before which somebody else does something: the n-th one from
// now on, once or for ever.
//
// What is linked with faulty_calls.cpp (or loads it by LD_PRELOAD) makes its calls for files through it:
// open, read, write, sync, map, lock, rename and what else LMDB and the store use. The fault may come before
// or after the call did its work, or be the end of the process. Counted over all threads; a forked child goes
// on from the count that it began with.
#pragma once

#include <cerrno>
#include <functional>

namespace twinlink::faults {

struct Fault {
    long call = 0;          ///< 0 = the next one
    int error = EIO;        ///< what errno becomes
    bool for_ever = false;  ///< all calls after it fail, too
    bool writing = false;   ///< only calls that change or sync something count
    bool after = false;     ///< the call does its work first
    bool kills = false;     ///< SIGKILL instead of an error
    bool syncs = false;     ///< only fdatasync and fsync count
    bool metas = false;     ///< only writes of LMDB's meta pages count: short, and not the shortest
    bool nameless = true;   ///< false: the file system has no files without a name
    /// What somebody else does just before the call, which then does its work: instead of an error.
    std::function<void()> meanwhile = {};
};

void arm(const Fault& fault);
/// No more faults; true when one had struck.
bool disarm() noexcept;

}  // namespace twinlink::faults
