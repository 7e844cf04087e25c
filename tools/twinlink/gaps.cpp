// `twinlink gaps`: every range of names that this server lacks or lacked, per ACD and epoch, with totals that
// add up.
//
// Cold; reads one snapshot of the store. The checks always see all gaps of a stream, also those that a filter
// hides.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/adds_up.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using namespace tools;

struct GapChoice {
    StreamFilter streams;
    u32 states = ~u32{0};
    TimeChoice time;

    /// A gap without a known end may reach up to now, one without a beginning from ever.
    [[nodiscard]] bool takes(const GapRecord& gap, int offset_minutes) const noexcept {
        return (states >> static_cast<u32>(gap.state) & 1U) != 0 &&
               time.touches(gap.time_before, gap.time_after, offset_minutes);
    }
};

Result<u32> states_of(const std::string& text) {
    if (text.empty()) return ~u32{0};
    if (text == "missing") return GapFilter::kMissing;
    std::string all = "missing";
    for (u32 s = 0; s < static_cast<u32>(GapState::Count_); ++s) {
        const auto state = static_cast<GapState>(s);
        if (name(state) == text) return GapFilter::only(state);
        all += ", " + std::string(name(state));
    }
    return refuse(ExitCode::Usage, "--state: \"" + text + "\" is none of " + all + ".");
}

Result<GapChoice> choice_of(const Arguments& arguments, const Rim& rim,
                            std::span<const StreamRecord> streams) {
    GapChoice choice;
    auto filter = StreamFilter::of(arguments, streams);
    if (!filter) return std::unexpected(filter.error());
    choice.streams = *filter;
    auto states = states_of(arguments.text(OptionId::State));
    if (!states) return std::unexpected(states.error());
    choice.states = *states;
    const auto time = TimeChoice::of(arguments, rim);
    if (!time) return std::unexpected(time.error());
    choice.time = *time;
    return choice;
}

const std::vector<Field>& gap_columns() {
    static const std::vector<Field> columns{
        {"acd", "acd", Kind::Number, For::Machines},
        {"epoch", "epoch", Kind::Number, For::Machines},
        {"first", "first", Kind::Number},
        {"last", "last", Kind::Number},
        {"missing", "missing", Kind::Count},
        {"cause", "cause"},
        {"state", "state"},
        {"filled_by", "filled by"},
        {"opened", "opened", Kind::Time},
        {"closed", "closed", Kind::Time, For::Machines},
        {"lasted_ns", "lasted", Kind::Duration},
        {"time_before", "before", Kind::Time, For::Machines},
        {"time_after", "after", Kind::Time, For::Machines},
        {"between", "between messages of", Kind::Text, For::People},
        {"interval_first", "first interval", Kind::Time, For::Machines},
        {"interval_last", "last interval", Kind::Time, For::Machines},
        {"intervals", "intervals", Kind::Text, For::People},
        {"attempts", "attempts", Kind::Count, For::Machines},
        {"refold_ns", "refold", Kind::Duration, For::Machines},
        {"healed_ns", "healed in", Kind::Duration, For::Machines},
        {"merged", "merged", Kind::Flag},
    };
    return columns;
}

const std::vector<Field>& stream_columns() {
    static const std::vector<Field> columns{
        {"acd", "", Kind::Number},       {"acd_name", "", Kind::Text},     {"epoch", "", Kind::Number},
        {"began", "", Kind::Time},       {"ended", "", Kind::Flag},        {"first_seen", "", Kind::Number},
        {"next", "", Kind::Number},      {"watermark", "", Kind::Number},  {"names", "", Kind::Count},
        {"messages", "", Kind::Count},   {"missing", "", Kind::Count},     {"gaps", "", Kind::Count},
        {"open_gaps", "", Kind::Count},  {"open_names", "", Kind::Count},  {"lost_gaps", "", Kind::Count},
        {"lost_names", "", Kind::Count}, {"filled_gaps", "", Kind::Count}, {"filled_names", "", Kind::Count},
        {"adds_up", "", Kind::Flag},
    };
    return columns;
}

/// "09:00" or "09:00 to 10:30", in the ACD's local time.
std::string intervals_text(const GapRecord& gap, int offset) {
    if (gap.interval_first == 0) return "";
    std::string text = local_clock(gap.interval_first, offset);
    if (gap.interval_last > gap.interval_first) text += " to " + local_clock(gap.interval_last, offset);
    return text;
}

/// "10:12:03.123 and 10:12:03.456"; the date only where it is not that of the gap's opening.
std::string between_text(const GapRecord& gap, int offset) {
    const auto one = [&](u64 time) -> std::string {
        if (time == 0) return "?";
        const std::string text = local_time(time, offset);
        return local_date(time, offset) == local_date(gap.opened_wall, offset) ? text.substr(11) : text;
    };
    if (gap.time_before == 0 && gap.time_after == 0) return "";
    return one(gap.time_before) + " and " + one(gap.time_after);
}

Row gap_row(const GapRecord& gap, int offset) {
    const bool missing = is_missing(gap.state);
    const u64 open_ns = gap.closed_wall > gap.opened_wall ? gap.closed_wall - gap.opened_wall : 0;
    const Value lasted = unless_zero(open_ns);
    // From the opening to rows that are right.
    const Value healed = unless_zero(gap.refold_ns == 0 ? 0 : open_ns + gap.refold_ns);
    const Value filled_by =
        gap.filled_by == FilledBy::Nobody ? Value{} : Value{std::string(name(gap.filled_by))};
    return {{u64{gap.acd},
             gap.epoch,
             gap.first,
             gap.last,
             gap.missing,
             std::string(name(gap.cause)),
             std::string(name(gap.state)),
             filled_by,
             unless_zero(gap.opened_wall),
             unless_zero(gap.closed_wall),
             lasted,
             unless_zero(gap.time_before),
             unless_zero(gap.time_after),
             between_text(gap, offset),
             unless_zero(gap.interval_first),
             unless_zero(gap.interval_last),
             intervals_text(gap, offset),
             u64{gap.attempts},
             unless_zero(gap.refold_ns),
             healed,
             gap.merged != 0},
            gap.state == GapState::Lost ? Style::Bad
            : missing                   ? Style::Warning
                                        : Style::Plain};
}

std::string plural(u64 n, std::string_view one) {
    return fmt::format("{} {}{}", with_separators(n), one, n == 1 ? "" : "s");
}

/// What people read below a stream's gaps.
std::vector<Line> footer_of(const StreamRecord& stream, const GapSums& sums, u64 hidden,
                            std::span<const std::string> wrong) {
    const std::string sum =
        fmt::format("  {} = {} here + {} missing: ", plural(stream.next == 0 ? 0 : stream.next - 1, "name"),
                    with_separators(stream.messages), with_separators(stream.missing));
    std::vector<Line> lines;
    if (wrong.empty()) {
        lines.push_back({sum + "adds up", Style::Plain});
    } else {
        lines.push_back({sum + "DOES NOT ADD UP", Style::Bad});
        for (const std::string& sentence : wrong) lines.push_back({"    " + sentence, Style::Bad});
    }
    if (sums.gaps == 0) {
        lines.push_back({"  no gaps", Style::Good});
        return lines;
    }
    std::string text = "  " + plural(sums.gaps, "gap") + ":";
    const auto part = [&](u64 gaps, u64 names, std::string_view state) {
        if (gaps != 0)
            text += fmt::format("{} {} {} ({})", text.ends_with(':') ? "" : ",", with_separators(gaps), state,
                                plural(names, "name"));
    };
    part(sums.open_gaps, sums.open, "open");
    part(sums.lost_gaps, sums.lost, "lost");
    part(sums.filled_gaps, sums.filled, "filled");
    if (hidden != 0) text += fmt::format("; {} not shown here", with_separators(hidden));
    lines.push_back({text, sums.open_gaps != 0 ? Style::Warning : Style::Plain});
    return lines;
}

Row stream_row(const StreamRecord& s, const AcdContext& acd, const GapSums& sums, bool adds_up) {
    return {{u64{s.acd}, acd.name, s.epoch, unless_zero(s.begun_wall), s.ended != 0, s.first_seen, s.next,
             s.watermark, s.next == 0 ? u64{0} : s.next - 1, s.messages, s.missing, sums.gaps, sums.open_gaps,
             sums.open, sums.lost_gaps, sums.lost, sums.filled_gaps, sums.filled, adds_up},
            Style::Plain};
}

Line heading_of(const StreamRecord& stream, const AcdContext& acd) {
    return {fmt::format("{}, epoch {}, since {}{} (times in {})", acd.title(), stream.epoch,
                        local_time(stream.begun_wall, acd.offset_minutes, true),
                        stream.ended != 0 ? ", ended" : "", offset_name(acd.offset_minutes)),
            Style::Title};
}

}  // namespace

Result<Answer> run_gaps(const Arguments& arguments, const Rim& rim) {
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const auto streams = store->snapshot().streams();
    const auto acds = store->snapshot().acds();
    const auto choice = choice_of(arguments, rim, streams);
    if (!choice) return std::unexpected(choice.error());

    Answer answer;
    Document& document = answer.document;
    document.command = "gaps";
    document.fact("store", store->path());
    Listing gaps_table{"gaps", gap_columns(), {}, {}};
    Listing streams_table{"streams", stream_columns(), {}, {}, For::Machines};
    for (const StreamRecord& stream : streams) {
        if (!choice->streams.takes(stream)) continue;
        const AcdContext acd = context_of(Acd{stream.acd}, acds);
        const auto gaps = store->snapshot().gaps({.acd = acd.acd, .epoch = Epoch{stream.epoch}});
        const GapSums sums = sum_of(gaps);
        const auto wrong = check_stream(stream, gaps);

        Group group;
        group.offset_minutes = acd.offset_minutes;
        group.heading.push_back(heading_of(stream, acd));
        for (const GapRecord& gap : gaps) {
            if (!choice->takes(gap, acd.offset_minutes)) continue;
            gaps_table.rows.push_back(gap_row(gap, acd.offset_minutes));
            ++group.rows;
        }
        group.footer = footer_of(stream, sums, sums.gaps - group.rows, wrong);
        gaps_table.groups.push_back(std::move(group));
        streams_table.rows.push_back(stream_row(stream, acd, sums, wrong.empty()));
        for (const std::string& sentence : wrong)
            document.problems.push_back(
                fmt::format("ACD {} epoch {}: {}", stream.acd, stream.epoch, sentence));
        if (sums.open_gaps != 0 || !wrong.empty()) answer.code = ExitCode::Problem;
    }
    if (streams.empty())
        document.opening.push_back(
            {"The store holds no stream yet: no message was ever accepted.", Style::Plain});
    document.tables.push_back(std::move(gaps_table));
    document.tables.push_back(std::move(streams_table));
    return store->finish(std::move(answer));
}

}  // namespace twinlink::cli
