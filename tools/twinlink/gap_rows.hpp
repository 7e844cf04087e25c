// Gaps, their streams and their causes as rows of tables: the same for one server and for a pair, as text,
// CSV, JSON and on the page.
//
// Pure functions; cold. In a pair each row begins with its server.
#pragma once

#include "tools/twinlink/gap_times.hpp"
#include "tools/twinlink/server_history.hpp"
#include "tools/twinlink/store_source.hpp"

#include <string>
#include <vector>

namespace twinlink::cli {

/// The tables of a report on gaps, with their columns and no rows.
struct GapTables {
    explicit GapTables(bool of_a_pair);

    tools::Listing gaps;
    tools::Listing streams;
    tools::Listing causes;
    tools::Listing servers;  ///< each over all streams that were chosen
    bool pair;

    void add_gap(const GapRecord& gap, int offset_minutes, const ServerHistory& server);
    /// `figures` and sums over all its streams.
    void add_server(const ServerHistory& server, u64 messages, u64 missing, const GapFigures& figures);
    /// The stream, and its causes. `adds_up`: its totals hold.
    void add_stream(const StreamRecord& stream, const AcdContext& acd, const GapFigures& figures,
                    bool adds_up, const ServerHistory& server);
};

/// "ACD 1 Lisbon, epoch 17, since ..., ended (times in UTC)".
[[nodiscard]] tools::Line heading_of(const StreamRecord& stream, const AcdContext& acd);
/// What people read below a stream's gaps: does it add up, what became of the gaps, how long that took.
[[nodiscard]] std::vector<tools::Line> footer_of(const StreamRecord& stream, const GapFigures& figures,
                                                 u64 hidden, std::span<const std::string> wrong);
/// "p50 20.0 ms, p99 1.20 s, longest 3.00 s (17 gaps)", or "not known".
[[nodiscard]] std::string spread_text(const Spread& spread);
/// "3 gaps".
[[nodiscard]] std::string plural(u64 n, std::string_view one);

}  // namespace twinlink::cli
