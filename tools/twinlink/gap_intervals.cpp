// The intervals that gaps touch, of a gap report. See gap_page.hpp.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/gap_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace twinlink::cli {
namespace {

using namespace tools;

/// Steps over the intervals of one gap: a year of half hours. One that says more is cut off.
constexpr u64 kStepsMax = 17'568;

struct Touched {
    struct OfServer {
        u64 gaps = 0;
        u64 missing_gaps = 0;
    };
    std::array<OfServer, 2> servers{};
};

u64 interval_ns(const GapReport& report, u16 acd) {
    const auto known = std::ranges::find(report.acds, acd, &AcdRecord::acd);
    const u64 minutes =
        known == report.acds.end() || known->interval_minutes == 0 ? 30 : known->interval_minutes;
    return minutes * tools::kMinuteNs;
}

/// What is known of this server's rows of an interval.
std::string rows_text(const GapReport& report, u16 acd, u64 start) {
    u64 missing = 0;
    bool incomplete = false;
    bool there = false;
    bool closed = true;
    bool restored = false;
    for (const IntervalRecord& i : report.intervals) {
        if (i.acd != acd || i.start != start) continue;
        there = true;
        restored = restored || i.restored != 0;
        missing += i.missing;
        incomplete = incomplete || i.incomplete != 0;
        closed = closed && i.closed != 0;
    }
    if (!there) return "not known";
    const char* const by = restored ? ", with rows of a backup" : "";
    if (!incomplete) return fmt::format("{}{}", closed ? "complete" : "complete so far", by);
    if (missing == 0) return fmt::format("INCOMPLETE{}", by);
    return fmt::format("INCOMPLETE, {} missing{}", plural(missing, "message"), by);
}

std::map<std::pair<u16, u64>, Touched> touched_of(const GapReport& report) {
    std::map<std::pair<u16, u64>, Touched> all;
    for (std::size_t n = 0; n < report.servers.size() && n < 2; ++n) {
        for (const GapRecord& gap : report.servers[n].records.gaps) {
            const AcdContext acd = context_of(Acd{gap.acd}, report.acds);
            if (gap.interval_first == 0 || !report.choice.takes(gap, acd.offset_minutes)) continue;
            const StreamFilter& filter = report.choice.streams;
            if ((filter.acd && filter.acd->value != gap.acd) ||
                (filter.epoch && filter.epoch->value != gap.epoch))
                continue;
            const u64 step = interval_ns(report, gap.acd);
            u64 at = gap.interval_first;
            for (u64 s = 0; s < kStepsMax && at <= std::max(gap.interval_last, gap.interval_first);
                 ++s, at += step) {
                Touched::OfServer& of = all[{gap.acd, at}].servers[n];
                ++of.gaps;
                of.missing_gaps += is_missing(gap.state) ? 1 : 0;
            }
        }
    }
    return all;
}

}  // namespace

Listing touched_intervals(const GapReport& report) {
    Listing listing{"intervals", {{"start", "interval", Kind::Text}}, {}, {}};
    for (const ServerHistory& server : report.servers) {
        listing.columns.push_back({"gaps", "gaps, " + server.title(), Kind::Count});
        listing.columns.push_back({"missing", "of them open or lost", Kind::Count});
    }
    listing.columns.push_back({"rows", "rows of this server", Kind::Text});
    u16 acd_now = 0;
    for (const auto& [place, touched] : touched_of(report)) {
        const auto& [acd, start] = place;
        const AcdContext context = context_of(Acd{acd}, report.acds);
        if (acd != acd_now) {
            Group group;
            group.offset_minutes = context.offset_minutes;
            group.heading.push_back(
                {fmt::format("{} (times in {})", context.title(), offset_name(context.offset_minutes)),
                 Style::Title});
            listing.groups.push_back(std::move(group));
            acd_now = acd;
        }
        Row row;
        row.values.emplace_back(local_time(start, context.offset_minutes, true).substr(0, 16));
        for (std::size_t n = 0; n < report.servers.size(); ++n) {
            const Touched::OfServer& of = touched.servers[n];
            row.values.emplace_back(of.gaps);
            row.values.emplace_back(of.missing_gaps);
            if (of.missing_gaps != 0) row.style = Style::Warning;
        }
        row.values.emplace_back(rows_text(report, acd, start));
        listing.rows.push_back(std::move(row));
        ++listing.groups.back().rows;
    }
    return listing;
}

}  // namespace twinlink::cli
