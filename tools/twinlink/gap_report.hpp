// The gap report of one server or of both: what was chosen, of whom, and the tables that come of it.
// `twinlink gaps` prints it, its page draws it.
//
// Cold; one thread. Invariant: the checks always see all gaps of a stream, also those that a filter hides.
#pragma once

#include "tools/twinlink/gap_rows.hpp"
#include "tools/twinlink/pair_source.hpp"

#include <limits>
#include <optional>

namespace twinlink::cli {

/// Which gaps are shown.
struct GapChoice {
    StreamFilter streams;
    u32 states = ~u32{0};
    TimeChoice time;

    [[nodiscard]] static Result<GapChoice> of(const Arguments&, const Rim&,
                                              std::span<const StreamRecord> streams);
    /// A gap without a known end may reach up to now, one without a beginning from ever.
    [[nodiscard]] bool takes(const GapRecord& gap, int offset_minutes) const noexcept {
        return (states >> static_cast<u32>(gap.state) & 1U) != 0 &&
               time.touches(gap.time_before, gap.time_after, offset_minutes);
    }
};

struct GapReport {
    std::vector<ServerHistory> servers;  ///< by number; one, or two of a pair
    std::vector<AcdRecord> acds;
    std::vector<IntervalRecord> intervals;  ///< this server's
    std::optional<DigestCounts> digests;    ///< of a pair that is connected
    std::string alone;                      ///< why there is one server only, where a pair was hoped for
    GapChoice choice;
    /// Gaps that the tables list: open and lost ones first, then the largest; the rest is only counted.
    std::size_t listed_max = std::numeric_limits<std::size_t>::max();

    [[nodiscard]] bool pair() const noexcept { return servers.size() == 2; }
    /// Streams of any server that were chosen, by (acd, epoch).
    [[nodiscard]] std::vector<Stream> streams() const;
};

/// Tables, footers, problems; Problem where a gap is open, something does not add up or is not known.
[[nodiscard]] Answer answer_of(const GapReport& report);

/// `gaps --html`: the page, into a file. Says what it wrote.
[[nodiscard]] Result<Answer> write_page(const GapReport& report, Answer answer, const Arguments&, const Rim&);

}  // namespace twinlink::cli
