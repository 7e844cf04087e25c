// Do the numbers agree with each other? Every total that a report shows is checked by a second way to count
// it.
//
// Pure functions. Each returns a sentence for every contradiction; none means that all adds up.
#pragma once

#include <twinlink/records.hpp>

#include <span>
#include <string>
#include <vector>

namespace twinlink::cli {

/// Names by what became of them, added up over one stream's gaps.
struct GapSums {
    u64 gaps = 0;
    u64 open_gaps = 0;  ///< open or requested
    u64 open = 0;       ///< names in those
    u64 lost_gaps = 0;
    u64 lost = 0;
    u64 filled_gaps = 0;  ///< filled or healed
    u64 filled = 0;
    u64 filled_elsewhere = 0;  ///< part of filled that no link brought: partner or backup
    u64 rotten = 0;            ///< names of all that were here before: the store's copy rotted

    [[nodiscard]] u64 missing() const noexcept { return open + lost; }
};

/// True for gaps whose messages are not here.
[[nodiscard]] constexpr bool is_missing(GapState state) noexcept {
    return state == GapState::Open || state == GapState::Requested || state == GapState::Lost;
}

/// Precondition: all gaps of one stream.
[[nodiscard]] GapSums sum_of(std::span<const GapRecord> gaps) noexcept;

/// A stream against all its gaps, ascending: names = messages + missing, gaps inside the stream and apart
/// from each other, the watermark right before the first missing name.
[[nodiscard]] std::vector<std::string> check_stream(const StreamRecord& stream,
                                                    std::span<const GapRecord> gaps);

/// The two links of one stream: both account for the same span, the parts are no larger than the whole.
/// `stream` and `filled_elsewhere` tie them to what was accepted; what was `rotten` may have come twice.
[[nodiscard]] std::vector<std::string> check_links(const StreamRecord& stream,
                                                   std::span<const LinkRecord> links, u64 filled_elsewhere,
                                                   u64 rotten = 0);

/// Names from the first to the highest that this link's account covers.
[[nodiscard]] constexpr u64 span_of(const LinkRecord& link) noexcept {
    return link.distinct + link.lost + link.behind;
}

}  // namespace twinlink::cli
