// Copies that differ between the two servers: told, found, and settled alike on both.
//
// Part of the shim, its thread. Where this server has seen differing copies of a message it tells the partner
// the one that counts here; each side takes the copy of the lower hash (engine/rival.hpp), so both end with
// the same one. Where digests say that an interval's rows differ though both hold all of its messages, the
// partner's copies of them are asked for and compared one by one, the oldest such interval first and each
// pair of digests once: what is found becomes a conflict, with its record, never a silent repair.
#pragma once

#include "engine/offer.hpp"
#include "engine/partner/frames.hpp"
#include "engine/partner/session.hpp"

#include <twinlink/store_reader.hpp>

#include <deque>
#include <set>

namespace twinlink::partner {

/// Requests from this number on compare what both hold; those below it are the fetcher's.
inline constexpr u32 kComparingRequests = 0x8000'0000;

class Rivals {
public:
    Rivals(const StoreReader& store, OfferDesk& desk, ShimCounters& counters, std::vector<std::byte>& out)
        : store_(store), desk_(desk), counters_(counters), out_(out) {}

    /// A session is up: all that is known is to be told.
    void begin();
    /// The session ended.
    void forget() noexcept;
    /// A commit has settled a name of which copies differ.
    void changed(Stream stream, Seq seq);
    /// Nothing is being compared.
    [[nodiscard]] bool idle() const noexcept { return jobs_.empty(); }
    /// Copies of the partner's that differed from ours, since start.
    [[nodiscard]] u64 found() const noexcept { return found_; }
    /// Compares what both hold of `range`, after what is to be compared already.
    void compare(Stream stream, Range range);
    /// Tells and asks what is due. Returns frames.
    std::size_t work(Now now, std::span<const Acd> acds);

    /// Precondition: the desk has room for a Block's pieces.
    void on_copy(const Copy& copy, Bytes message);
    /// Answers to comparing requests. Empty = fine, else what rule was broken. Precondition: as above.
    [[nodiscard]] std::string_view on_block(const Block& block, Bytes messages, Now now);
    void on_lack(const Lack& lack) noexcept;

private:
    struct Job {
        Stream stream;
        Range left;       ///< not asked for yet; empty when last < first
        Range asked;      ///< of the request under way
        u32 request = 0;  ///< 0 = none under way
        Nanos heard;
    };
    std::size_t tell(std::span<const Acd> acds);
    void meet(Stream stream, Seq first, Bytes theirs, u32 count);

    static constexpr std::size_t kToldPerSlice = 64;
    static constexpr u64 kNamesPerRequest = 16'384;
    static constexpr Nanos kTimeout = 5_s;

    const StoreReader& store_;
    OfferDesk& desk_;
    ShimCounters& counters_;
    std::vector<std::byte>& out_;
    std::set<std::pair<Stream, Seq>> to_tell_;
    u64 found_ = 0;
    bool begun_ = false;    ///< what the store has is to be read
    std::deque<Job> jobs_;  ///< the first is under way
    u32 last_id_ = kComparingRequests;
};

}  // namespace twinlink::partner
