// The ground truth: every message sent and what became of each copy of it, and what a perfect gap report
// would say.
//
// One thread. Messages are kept only until the fate of all their copies is known, then written (when asked)
// and added to the summary, in the order of their numbers. Memory grows with what is held back, not with the
// run.
#pragma once

#include "tools/acdsim/encoder.hpp"
#include "tools/acdsim/lane.hpp"
#include "tools/common/message_names.hpp"

#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>

namespace twinlink::sim {

using tools::template_name;

struct LinkTruth {
    u64 frames = 0;
    u64 heartbeats = 0;
    u64 lost_alone = 0;  ///< not delivered here, but on the other link of the same server
    std::array<u64, kFates> messages{};
};

/// Servers of one switch: a pair, and a recording of what they were sent.
inline constexpr std::size_t kServersMax = 3;

struct ServerTruth {
    std::vector<Range> lost;  ///< delivered on neither link, neighbours joined
    u64 lost_both = 0;
    u64 duplicates = 0;  ///< delivered on both
    std::array<LinkTruth, kLinks> links;
};

struct StreamTruth {
    Nanos begins;
    Nanos ends;
    u64 messages = 0;
    bool ended = false;
    bool orderly = false;
    std::vector<ServerTruth> servers;
};

class Ledger final : public MessageLog, public FateLog {
public:
    /// `file` may be null: summary only. The caller closes it.
    Ledger(u8 servers, std::FILE* file) : servers_(servers), file_(file) {}

    void begin_epoch(Stream stream, Nanos time) override;
    void message(Stream stream, Seq seq, MessageView message) override;
    void end_epoch(Stream stream, Nanos time, Seq last, bool orderly) override;
    void fate(u8 server, Link link, Stream stream, Seq first, u32 count, Fate fate) override;
    void sent_frame(u8 server, Link link, Stream stream, bool heartbeat) override;
    void event(u8 server, Link link, std::string_view what, Nanos time) override;

    /// Writes what is buffered. Errors: the file did not take it.
    Expected<void> flush();
    [[nodiscard]] const std::map<Stream, StreamTruth>& streams() const noexcept { return truths_; }
    /// As JSON, schema 1.
    [[nodiscard]] std::string summary() const;

private:
    using Fates = std::array<std::array<Fate, kLinks>, kServersMax>;  // [server][link]
    struct Record {
        u64 time;
        Fates fates;
        u16 template_id;
        u8 pending;
    };
    struct Open {
        StreamTruth* truth;
        std::deque<Record> records;
        Seq front{1};  ///< the number of the first record
    };
    Open& open(Stream stream);
    void settle(Stream stream, Open& open);
    void add_up(StreamTruth& truth, Seq seq, const Record& record) const;
    void write(Stream stream, Seq seq, const Record& record);

    u8 servers_;
    std::FILE* file_;
    bool failed_ = false;
    std::string buffer_;
    std::map<Stream, StreamTruth> truths_;
    std::map<Stream, Open> open_;
    Stream last_stream_{};  ///< of the last lookup: most follow each other
    Open* last_open_ = nullptr;
};

}  // namespace twinlink::sim
