// The writing end of an import's pipe, in the reading process (import_reader.hpp).
//
// One thread. Every function is false when nobody reads any more.
#pragma once

#include "tools/twinlinkd/import_reader.hpp"

#include <unistd.h>

#include <cerrno>

namespace twinlink::daemon {

class ImportPipe {
public:
    explicit ImportPipe(int fd) : fd_(fd) {}
    /// False when nobody reads any more.
    bool write(ImportRecord record, Bytes payload) {
        record.bytes = static_cast<u32>(payload.size());
        return put(std::as_bytes(std::span(&record, 1))) && put(payload);
    }
    bool say(ImportRecord::Kind kind, const std::string& text) {
        return write({.kind = kind}, std::as_bytes(std::span(text.data(), text.size())));
    }
    /// The last record: false always.
    bool fail(const std::string& why) {
        say(ImportRecord::Kind::Failed, why);
        return false;
    }

private:
    bool put(Bytes bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        }
        return true;
    }
    int fd_;
};

inline bool write_counts(ImportPipe& pipe, const SourceCounts& counts) {
    return pipe.write({.kind = ImportRecord::Kind::Counts}, std::as_bytes(std::span(&counts, 1)));
}

}  // namespace twinlink::daemon
