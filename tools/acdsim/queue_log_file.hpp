// The lines of a file that may grow, be renamed away for a new one, or be cut off and begin again.
//
// One thread; the rim: reads and asks the file system, never waits. Memory is bounded by the longest line
// that is taken. Line numbers start at 1 in each file.
#pragma once

#include "tools/acdsim/queue_log.hpp"

#include <optional>
#include <vector>

namespace twinlink::sim {

class QueueLogFile {
public:
    struct Line {
        u64 number;
        std::string_view text;  ///< without its line feed; valid until the next call
        bool too_long;          ///< the rest of it was left out
    };
    /// `follow`: a last line without an end is not a line yet. Errors: cannot be read, or is a folder.
    [[nodiscard]] static Expected<QueueLogFile> open(std::string path, bool follow);
    QueueLogFile(QueueLogFile&& from) noexcept;
    QueueLogFile& operator=(QueueLogFile&& from) noexcept;
    QueueLogFile(const QueueLogFile&) = delete;
    QueueLogFile& operator=(const QueueLogFile&) = delete;
    ~QueueLogFile();

    /// Empty: there is no more now.
    [[nodiscard]] std::optional<Line> next();
    /// How often another file came in the place of this one, or this one began again.
    [[nodiscard]] u64 rotations() const noexcept { return rotations_; }
    /// An error of the disk ended the reading.
    [[nodiscard]] bool failed() const noexcept { return failed_; }

private:
    QueueLogFile(std::string path, int fd, bool follow);
    std::optional<Line> take(std::size_t bytes, bool ended);
    bool read_more();
    bool begins_again();
    bool replaced();
    void begin(int fd);

    std::string path_;
    int fd_ = -1;
    bool follow_ = false;
    bool failed_ = false;
    bool skipping_ = false;  ///< in a line that is too long
    bool leaving_ = false;   ///< another file is there: what is left here is read to its end
    std::vector<char> buffer_;
    std::size_t from_ = 0;  ///< not taken yet: [from_, to_)
    std::size_t to_ = 0;
    u64 read_ = 0;  ///< bytes of this file
    u64 number_ = 0;
    u64 rotations_ = 0;
};

}  // namespace twinlink::sim
