// The daemon's end of an import's reading process (import_reader.hpp): starts it, takes what it writes, ends
// it.
//
// One thread. Whatever the process does - dies, hangs, writes nonsense - is an answer of next(), never more.
#pragma once

#include "tools/twinlinkd/import_reader.hpp"

#include <twinlink/error.hpp>

#include <sys/types.h>

#include <vector>

namespace twinlink::daemon {

class ImportSource {
public:
    /// Starts the process. Errors: no process or file left.
    static Expected<ImportSource> start(const std::string& path);
    ImportSource(ImportSource&& from) noexcept;
    ImportSource& operator=(ImportSource&&) = delete;
    /// Ends the process if it has not ended by itself.
    ~ImportSource();

    enum class Next : u8 {
        Nothing,   // nothing has come in that time
        Messages,  // record() and payload(): checked to be whole messages with a possible name
        Counts,    // counts()
        Remark,    // text()
        Failed,    // text()
        Head,      // payload(): of that length, as the next two
        Interval,
        LinkEvent,
        Row,  // payload(): a key and a value, neither of them checked
        End,
    };
    /// The next record; waits for it that long at most.
    Next next(int timeout_ms);

    [[nodiscard]] const ImportRecord& record() const noexcept { return record_; }
    [[nodiscard]] Bytes payload() const noexcept { return payload_; }
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const SourceCounts& counts() const noexcept { return counts_; }

private:
    ImportSource(pid_t process, int fd) : process_(process), fd_(fd) {}
    /// Reads until that many bytes are there behind head_; false when they are not, in time or for ever.
    bool fill(std::size_t bytes, int timeout_ms);
    Next take();
    Next broken();

    pid_t process_;
    int fd_;
    std::vector<std::byte> in_;
    std::size_t head_ = 0;  // of in_: what is in front was dealt with
    ImportRecord record_{};
    Bytes payload_;
    std::string why_;
    SourceCounts counts_;
    bool over_ = false;  // nobody writes any more
};

}  // namespace twinlink::daemon
