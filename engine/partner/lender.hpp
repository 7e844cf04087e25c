// The lender: serves the partner's requests from this server's journal.
//
// Part of the shim, its thread. Requests wait in a bounded queue (a full one answers "busy"); each slice
// sends a few Blocks, as long as the connection takes them and the rate allows: ingest comes first. Snapshots
// of the store last one slice.
#pragma once

#include "engine/partner/frames.hpp"
#include "engine/partner/holdings.hpp"
#include "engine/partner/session.hpp"

#include <twinlink/store_reader.hpp>

#include <deque>

namespace twinlink::partner {

/// Requests that wait. Chosen: as many as a partner of ours has in flight.
inline constexpr std::size_t kWantsMax = 64;
/// Bytes that may wait for the connection before lending pauses.
inline constexpr std::size_t kLendAhead = std::size_t{4} << 20;

class Lender {
public:
    Lender(const Holdings& own, const StoreReader& store, u64 bytes_per_s, ShimCounters& counters,
           std::vector<std::byte>& out)
        : own_(own), store_(store), bytes_per_s_(bytes_per_s), counters_(counters), out_(out) {}

    void forget() noexcept { wants_.clear(); }
    void on_want(const Want& want, const FrameIn& frame);
    /// Sends some Blocks. Returns frames.
    std::size_t lend(Now now);
    [[nodiscard]] u64 waiting() const noexcept { return wants_.size(); }

private:
    struct Waiting {
        Want want;
        std::vector<Range> ranges;
        std::size_t at = 0;  ///< range being served, from its first name on
    };
    bool lend_range(Waiting& waiting, const StoreSnapshot& snapshot);
    void send_block(const Want& want, Seq first, Bytes messages, u32 count);
    void send_last(const Want& want);
    void lack(const Want& want, Range range, LackWhy why);
    [[nodiscard]] LackWhy why_not(Stream stream, Range range) const;

    static constexpr std::size_t kBlocksPerSlice = 8;

    const Holdings& own_;
    const StoreReader& store_;
    u64 bytes_per_s_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::deque<Waiting> wants_;
    double tokens_ = 0;  ///< bytes that may go out
    Nanos filled_at_;
};

}  // namespace twinlink::partner
