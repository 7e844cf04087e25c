// The gap report as one page: what is drawn, apart from how.
//
// Data first (timeline_of), then pictures and markup of it (svg_of, page_of); pure functions, cold, one
// thread. Bounds: whatever a store holds, a lane has at most kMarksMax marks or kBins bins and a table
// kRowsMax rows, so a million gaps make a page as long as ten thousand do. Everything that is text from
// outside is escaped where it is put in. The markup is well-formed XML too, so that a test can read it.
#pragma once

#include "tools/twinlink/gap_report.hpp"

namespace twinlink::cli {

/// What a mark on a lane means; its colour follows from it.
enum class MarkKind : u8 {
    Silent,      ///< a link brought nothing
    Down,        ///< the server was not running
    Trouble,     ///< frames refused, dropped or set aside
    LostOnBoth,  ///< names that no link of this server brought in time
    Open,
    Filled,
    Healed,
    Lost,
    ByLink,
    ByPartner,
    ByBackup,
    Complete,  ///< rows of an interval
    Incomplete,
    Count_
};

/// Something that lasted, by the switch's clock. `low` and `high`: where it stands in its lane, 0 to 1.
struct Mark {
    u64 begin = 0;
    u64 end = 0;
    MarkKind kind = MarkKind::Open;
    double low = 0;
    double high = 1;
    std::string text;                   ///< what it is, in a sentence
    GapCause cause = GapCause::Count_;  ///< of a gap, where one mark is one gap
};
struct Lane {
    std::string label;
    std::string remark;  ///< at its end: the figure that it comes to
    std::vector<Mark> marks;
};
struct LaneGroup {
    std::string title;
    std::vector<Lane> lanes;
};
/// One ACD's time, with what happened to whom.
struct Timeline {
    AcdContext acd;
    u64 begin = 0;
    u64 end = 0;  ///< begin == end: there is nothing to draw
    u64 interval_ns = 0;
    std::vector<LaneGroup> groups;
    bool other_clock = false;  ///< the servers' clocks and the switch's are of different times
};

inline constexpr std::size_t kMarksMax = 400;
inline constexpr std::size_t kBins = 300;
inline constexpr std::size_t kRowsMax = 2'000;
inline constexpr std::size_t kIntervalsMax = 200;

[[nodiscard]] Timeline timeline_of(const GapReport& report, const AcdContext& acd);
/// Intervals that gaps of either server touch, with what is missing in them.
[[nodiscard]] tools::Listing touched_intervals(const GapReport& report);
[[nodiscard]] std::string svg_of(const Timeline& timeline);
/// The whole page. `document`: what `twinlink gaps` prints of the same report; `written`: ns, wall clock.
[[nodiscard]] std::string page_of(const GapReport& report, const tools::Document& document,
                                  const std::string& store, u64 written);

/// Text fit for markup and attributes.
[[nodiscard]] std::string escaped(std::string_view text);
/// What the colour of a mark means, and its class in the style sheet.
struct MarkInfo {
    std::string_view style;
    std::string_view meaning;
};
[[nodiscard]] MarkInfo info(MarkKind kind) noexcept;

}  // namespace twinlink::cli
