// `twinlink report outages`: what is or was missing, and the intervals that it touches.
//
// Cold; reads one snapshot. Gaps, causes and states are those of `twinlink gaps`; here they are told by time
// and by interval, for who reads reports.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/adds_up.hpp"
#include "tools/twinlink/report_period.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace twinlink::cli {
namespace {

using tools::Document;
using tools::ExitCode;
using tools::Field;
using tools::For;
using tools::Group;
using tools::Kind;
using tools::Listing;
using tools::Row;
using tools::Style;
using tools::Value;

const std::vector<Field>& outage_columns() {
    static const std::vector<Field> columns{{"acd", "", Kind::Number, For::Machines},
                                            {"epoch", "", Kind::Number, For::Machines},
                                            {"begin", "from", Kind::Time},
                                            {"end", "to", Kind::Time},
                                            {"lasted_ns", "lasted", Kind::Duration},
                                            {"cause", "cause"},
                                            {"state", "state"},
                                            {"missing", "messages", Kind::Count},
                                            {"first", "first", Kind::Number, For::Machines},
                                            {"last", "last", Kind::Number, For::Machines},
                                            {"interval_first", "first interval", Kind::Time},
                                            {"interval_last", "last interval", Kind::Time},
                                            {"intervals", "intervals", Kind::Count},
                                            {"incomplete", "not complete", Kind::Count}};
    return columns;
}

const std::vector<Field>& interval_columns() {
    static const std::vector<Field> columns{{"acd", "", Kind::Number, For::Machines},
                                            {"start", "interval", Kind::Time},
                                            {"instance", "", Kind::Number, For::Machines},
                                            {"minutes", "minutes", Kind::Count},
                                            {"messages", "messages here", Kind::Count},
                                            {"missing", "missing", Kind::Count},
                                            {"gaps", "gaps", Kind::Count},
                                            {"rows_may_be_missing", "rows may be missing", Kind::Flag},
                                            {"closed", "closed", Kind::Flag, For::Machines}};
    return columns;
}

const std::vector<Field>& silence_columns() {
    static const std::vector<Field> columns{{"acd", "", Kind::Number, For::Machines},
                                            {"epoch", "epoch", Kind::Number},
                                            {"link", "link"},
                                            {"silences", "silences", Kind::Count},
                                            {"silent_ns", "silent in all", Kind::Duration},
                                            {"silent", "silent now", Kind::Flag}};
    return columns;
}

GapFilter all_of(Acd acd) {
    GapFilter filter;
    filter.acd = acd;
    return filter;
}

/// One ACD's part of the report.
class OfAcd {
public:
    OfAcd(const TimeChoice& choice, const AcdContext& acd, const StoreSnapshot& snapshot)
        : choice_(choice),
          acd_(acd),
          gaps_(snapshot.gaps(all_of(acd.acd))),
          intervals_(snapshot.intervals(0, std::numeric_limits<u64>::max(), acd.acd)) {
        for (const LinkRecord& link : snapshot.links())
            if (link.acd == acd.acd.value) links_.push_back(link);
    }

    void add(Listing& outages, Listing& intervals, Listing& silences) {
        add_outages(outages);
        add_intervals(intervals);
        add_silences(silences);
    }
    [[nodiscard]] bool missing() const noexcept { return missing_; }

private:
    [[nodiscard]] bool takes(const GapRecord& gap) const noexcept {
        return choice_.touches(gap.time_before, gap.time_after, acd_.offset_minutes);
    }
    [[nodiscard]] static bool touches(const GapRecord& gap, const IntervalRecord& interval) noexcept {
        return gap.interval_first != 0 && interval.start >= gap.interval_first &&
               interval.start <= gap.interval_last;
    }
    Group group(std::string what) const {
        Group group;
        group.offset_minutes = acd_.offset_minutes;
        group.heading.push_back(
            {fmt::format("{}, {} (times in {})", acd_.title(), what, tools::offset_name(acd_.offset_minutes)),
             Style::Title});
        return group;
    }

    void add_outages(Listing& listing) {
        Group of_acd = group("gaps");
        for (const GapRecord& gap : gaps_) {
            if (!takes(gap)) continue;
            missing_ = missing_ || is_missing(gap.state);
            const auto touched = [&](const IntervalRecord& interval) { return touches(gap, interval); };
            const auto incomplete = [&](const IntervalRecord& interval) {
                return touches(gap, interval) && interval.incomplete != 0;
            };
            const bool known = gap.time_before != 0 && gap.time_after > gap.time_before;
            listing.rows.push_back(
                {{u64{gap.acd}, gap.epoch, tools::unless_zero(gap.time_before),
                  tools::unless_zero(gap.time_after),
                  tools::unless_zero(known ? gap.time_after - gap.time_before : 0),
                  std::string(name(gap.cause)), std::string(name(gap.state)), gap.missing, gap.first,
                  gap.last, tools::unless_zero(gap.interval_first), tools::unless_zero(gap.interval_last),
                  static_cast<u64>(std::ranges::count_if(intervals_, touched)),
                  static_cast<u64>(std::ranges::count_if(intervals_, incomplete))},
                 is_missing(gap.state) ? Style::Warning : Style::Plain});
            ++of_acd.rows;
        }
        if (of_acd.rows == 0) of_acd.footer.push_back({"  nothing is or was missing", Style::Good});
        listing.groups.push_back(std::move(of_acd));
    }

    void add_intervals(Listing& listing) {
        Group of_acd = group("intervals that are not complete");
        for (const IntervalRecord& interval : intervals_) {
            const u64 end = interval.start + interval.minutes * tools::kMinuteNs;
            if (interval.incomplete == 0 ||
                !choice_.touches(interval.start, end - 1, interval.utc_offset_minutes))
                continue;
            const auto of = std::ranges::count_if(
                gaps_, [&](const GapRecord& gap) { return is_missing(gap.state) && touches(gap, interval); });
            listing.rows.push_back({{u64{interval.acd}, interval.start, u64{interval.instance},
                                     u64{interval.minutes}, interval.messages, interval.missing,
                                     static_cast<u64>(of), interval.in_doubt != 0, interval.closed != 0},
                                    Style::Plain});
            ++of_acd.rows;
        }
        if (of_acd.rows != 0) listing.groups.push_back(std::move(of_acd));
    }

    void add_silences(Listing& listing) {
        Group of_acd = group("links that were silent beyond the limit");
        for (const LinkRecord& link : links_) {
            if (link.silences == 0 && link.silent == 0) continue;
            listing.rows.push_back(
                {{u64{link.acd}, link.epoch, std::string(1, letter(static_cast<Link>(link.link))),
                  link.silences, link.silent_ns, link.silent != 0},
                 link.silent != 0 ? Style::Warning : Style::Plain});
            ++of_acd.rows;
        }
        if (of_acd.rows != 0) listing.groups.push_back(std::move(of_acd));
    }

    const TimeChoice& choice_;
    const AcdContext& acd_;
    std::vector<GapRecord> gaps_;
    std::vector<IntervalRecord> intervals_;
    std::vector<LinkRecord> links_;
    bool missing_ = false;
};

}  // namespace

Result<Answer> run_report_outages(const Arguments& arguments, const Rim& rim) {
    const auto choice = TimeChoice::of(arguments, rim);
    if (!choice) return std::unexpected(choice.error());
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const StoreSnapshot& snapshot = store->snapshot();
    std::vector<Acd> acds;
    for (const StreamRecord& stream : snapshot.streams())
        if (acds.empty() || acds.back() != Acd{stream.acd}) acds.push_back(Acd{stream.acd});
    if (choice->acd && std::ranges::find(acds, *choice->acd) == acds.end())
        return refuse(ExitCode::Usage,
                      fmt::format("--acd: the store has no stream of ACD {}.", choice->acd->value));

    Answer answer;
    Document& document = answer.document;
    document.command = "report outages";
    document.fact("store", store->path());
    Listing outages{"outages", outage_columns(), {}, {}};
    Listing intervals{"intervals", interval_columns(), {}, {}};
    Listing silences{"silences", silence_columns(), {}, {}};
    const auto records = snapshot.acds();
    for (const Acd acd : acds) {
        if (!choice->takes(acd)) continue;
        const AcdContext context = context_of(acd, records);
        OfAcd one(*choice, context, snapshot);
        one.add(outages, intervals, silences);
        if (one.missing()) answer.code = ExitCode::Problem;
    }
    if (acds.empty())
        document.opening.push_back(
            {"The store holds no stream yet: no message was ever accepted.", Style::Plain});
    for (Listing* listing : {&intervals, &silences})
        if (listing->rows.empty()) listing->seen_by = For::Machines;
    for (Listing* listing : {&outages, &intervals, &silences}) document.tables.push_back(std::move(*listing));
    if (!choice->from && !choice->to) return store->finish(std::move(answer));
    document.closing.push_back(
        {"Silences of links are counted per epoch; twinlink report exceptions has them by time.",
         Style::Faint});
    return store->finish(std::move(answer));
}

}  // namespace twinlink::cli
