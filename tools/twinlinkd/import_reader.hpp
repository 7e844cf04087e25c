// Reads a capture, a data backup or another server's store and writes what it holds to a pipe: the process
// `twinlinkd
// --read-import`, which the daemon starts for an import.
//
// A process of its own, because what it reads comes from elsewhere: rot in a store may make LMDB fail in ways
// that no check foresees, and the daemon must outlive that. One thread. Memory: a few hundred KiB, whatever
// the size of the file. A store is read in snapshots that last one journal block.
//
// What goes through the pipe: an ImportRecord, then its `bytes`, again and again, and End or Failed as the
// last one. The daemon believes nothing of it before it has checked it.
#pragma once

#include <twinlink/frame.hpp>
#include <twinlink/port.hpp>

#include <string>

namespace twinlink::daemon {

struct ImportRecord {
    enum class Kind : u32 {
        Messages = 1,  // names first .. first + count - 1 of a stream
        Counts = 2,    // SourceCounts, from time to time
        Remark = 3,    // a sentence: something could not be read, the rest was
        Failed = 4,    // a sentence: nothing (more) could be read
        End = 5,
        Head = 6,       // backup::ArchiveHead: whose backup it is, before all else of it
        Interval = 7,   // backup::IntervalEntry: rows of it follow
        Row = 8,        // a row's key and sealed value
        LinkEvent = 9,  // LinkEventRecord
    };
    Kind kind{};
    u32 bytes = 0;  // at most kBlockBytes
    u32 count = 0;
    u16 acd = 0;
    u16 reserved = 0;
    u64 epoch = 0;
    u64 first = 0;
};
static_assert(sizeof(ImportRecord) == 32);

/// How far the reading is, and what it met.
struct SourceCounts {
    u64 bytes = 0;                              ///< read
    u64 bytes_total = 0;                        ///< of the file; of a store, about
    u64 packets = 0;                            ///< of a capture
    u64 not_udp = 0;                            ///< packets that hold no whole UDP payload
    u64 frames = 0;                             ///< whole and valid, heartbeats too
    u64 blocks = 0;                             ///< of a store's journal
    u64 damaged = 0;                            ///< ... that could not be believed
    std::array<u64, kFrameRefusals> refused{};  ///< payloads that are no valid frame, by reason
};

/// Reads `path` and writes it to the file descriptor `out`. Returns when all is written or nobody reads any
/// more.
void read_import(const std::string& path, int out);

}  // namespace twinlink::daemon
