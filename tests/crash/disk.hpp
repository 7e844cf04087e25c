// A disk as a power cut finds it: what was synced is there; of what was written since, any part may be.
//
// Follows a write log record by record. Pure: bytes in, bytes out; one owner. The model, after the kernel's
// own promises: fsync and fdatasync of a file make its writes so far durable, of a folder its entries; a
// write through an O_DSYNC descriptor makes the pages that it touches durable. What is pending survives in
// pieces of a page (4 KiB) or of a sector (512 B): each may hold what it held at any moment since the sync,
// independently of all others; no sector is torn. The file may have got longer without its new pages. Entries
// of a folder come and go in order, those of different folders independently; a rename is one step.
#pragma once

#include "tests/crash/write_log.hpp"

#include <twinlink/frame.hpp>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace twinlink::crash {

/// splitmix64: a state's number makes its own sequence at no cost.
class Random {
public:
    explicit Random(u64 seed) noexcept : at_(seed) {}
    u64 operator()() noexcept {
        u64 z = at_ += 0x9E37'79B9'7F4A'7C15ULL;
        z = (z ^ z >> 30) * 0xBF58'476D'1CE4'E5B9ULL;
        z = (z ^ z >> 27) * 0x94D0'49BB'1331'11EBULL;
        return z ^ z >> 31;
    }
    u64 below(u64 end) noexcept { return (*this)() % end; }

private:
    u64 at_;
};

inline constexpr u64 kPageBytes = 4'096;
inline constexpr u64 kSectorBytes = 512;

/// What of a file's pending writes survives: `patches` over its durable bytes, then the size.
struct Survivors {
    struct Patch {
        u64 offset;
        Bytes bytes;
    };
    std::vector<Patch> patches;
    u64 size = 0;
    u64 hash = 0;  ///< the same for the same choice at the same place
};

class Disk {
public:
    /// `barriers` false: a disk that acknowledges flushes and ignores them, and writes in its own time.
    Disk(Bytes log, bool barriers) : log_(log), barriers_(barriers) {}

    /// Takes the next record; false at the end of the log.
    bool step();
    /// Records taken so far.
    [[nodiscard]] u64 steps() const noexcept { return steps_; }

    /// The record that step() took last.
    struct Last {
        OpHead head{};
        Bytes bytes;
        std::string path;
    };
    [[nodiscard]] const Last& last() const noexcept { return last_; }
    /// The file that is at `path` as the process sees it, 0 = none.
    [[nodiscard]] u64 file_at(const std::string& path) const;
    [[nodiscard]] const std::vector<std::byte>& durable(u64 file) const { return files_.at(file).durable; }
    [[nodiscard]] std::size_t pending(u64 file) const { return files_.at(file).pending.size(); }

    /// A crash now: what survives of `file`.
    [[nodiscard]] Survivors survivors(u64 file, Random& random) const;
    /// A crash now: the files and folders below `folder` by their path in it; a folder has no content.
    using Tree = std::map<std::string, std::optional<std::vector<std::byte>>>;
    [[nodiscard]] Tree tree(const std::string& folder, Random& random) const;

private:
    struct Pending {
        u64 offset;
        Bytes bytes;  // within one page
    };
    struct Entry {
        std::string name;
        u64 file;  // 0 = gone
    };
    struct File {
        bool folder = false;
        std::vector<std::byte> durable;
        std::vector<Pending> pending;
        u64 size = 0;  // as the process sees it
        std::map<std::string, u64> entries;
        std::vector<std::vector<Entry>> pending_entries;  // each one step
    };

    void write(File& file, u64 offset, Bytes bytes);
    static void settle(File& file, const Pending& piece);
    static void settle_entries(std::map<std::string, u64>& entries, const std::vector<Entry>& step);
    void sync(File& file);
    void sync_range(File& file, u64 offset, u64 bytes);
    void name(const std::string& path, u64 file);
    void move(const std::string& from, const std::string& to);
    File& folder_of(const std::string& path);
    void add_tree(Tree& tree, const std::string& prefix, u64 folder, Random& random) const;

    Bytes log_;
    bool barriers_;
    u64 steps_ = 0;
    std::size_t at_ = 0;
    Last last_;
    std::unordered_map<u64, File> files_;
    std::map<std::string, u64> live_;  // paths as the process sees them
};

}  // namespace twinlink::crash
