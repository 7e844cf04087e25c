// See gap_rows.hpp.
#include "tools/twinlink/gap_rows.hpp"

#include "tools/common/time_text.hpp"

#include <fmt/format.h>

namespace twinlink::cli {

using namespace tools;

namespace {

/// Columns in front, where rows are of two servers.
void add_server_columns(std::vector<Field>& columns) {
    columns.push_back({"server", "server", Kind::Number});
    columns.push_back({"server_name", "", Kind::Text, For::Machines});
}
void put_server(std::vector<Value>& values, const ServerHistory& server) {
    values.emplace_back(u64{server.number});
    values.emplace_back(server.name);
}

std::vector<Field> gap_columns(bool pair) {
    // Of a pair people see who filled a gap and how long that took; of one server what lies around it.
    const For of_one = pair ? For::Machines : For::All;
    const For of_pair = pair ? For::All : For::Machines;
    std::vector<Field> columns;
    if (pair) add_server_columns(columns);
    const std::vector<Field> all{
        {"acd", "acd", Kind::Number, For::Machines},
        {"epoch", "epoch", Kind::Number, For::Machines},
        {"first", "first", Kind::Number},
        {"last", "last", Kind::Number},
        {"missing", "missing", Kind::Count},
        {"cause", "cause"},
        {"state", "state"},
        {"filled_by", "filled by", Kind::Text, of_one},
        {"giver", pair ? "filled by" : "", Kind::Text, For::People},
        {"opened", "opened", Kind::Time},
        {"closed", "closed", Kind::Time, For::Machines},
        {"lasted_ns", "lasted", Kind::Duration, of_one},
        {"detect_ns", "detected in", Kind::Duration, of_pair},
        {"healed_ns", "healed in", Kind::Duration, of_pair},
        {"time_before", "before", Kind::Time, For::Machines},
        {"time_after", "after", Kind::Time, For::Machines},
        {"between", pair ? "" : "between messages of", Kind::Text, For::People},
        {"interval_first", "first interval", Kind::Time, For::Machines},
        {"interval_last", "last interval", Kind::Time, For::Machines},
        {"intervals", "intervals", Kind::Text, For::People},
        {"attempts", "attempts", Kind::Count, For::Machines},
        {"refold_ns", "refold", Kind::Duration, For::Machines},
        {"merged", "merged", Kind::Flag},
    };
    for (const Field& field : all) {
        // What only people of the other kind of report would see is no column at all.
        if (field.seen_by == For::People && field.key == (pair ? "between" : "giver")) continue;
        columns.push_back(field);
    }
    return columns;
}

void add_sum_columns(std::vector<Field>& columns) {
    for (const char* key :
         {"gaps", "open_gaps", "open_names", "lost_gaps", "lost_names", "filled_gaps", "filled_names"})
        columns.push_back({key, "", Kind::Count});
}
void add_spread_columns(std::vector<Field>& columns) {
    for (const char* what : {"detect", "heal"}) {
        columns.push_back({fmt::format("{}_gaps", what), "", Kind::Count});
        for (const char* figure : {"p50", "p99", "max"})
            columns.push_back({fmt::format("{}_{}_ns", what, figure), "", Kind::Duration});
    }
}

std::vector<Field> server_columns() {
    std::vector<Field> columns{{"server", "", Kind::Number},
                               {"server_name", "", Kind::Text},
                               {"own", "", Kind::Flag},
                               {"known", "", Kind::Flag}};
    for (const char* key : {"messages", "missing"}) columns.push_back({key, "", Kind::Count});
    add_sum_columns(columns);
    add_spread_columns(columns);
    return columns;
}

std::vector<Field> stream_columns(bool pair) {
    std::vector<Field> columns;
    if (pair) add_server_columns(columns);
    columns.push_back({"acd", "", Kind::Number});
    columns.push_back({"acd_name", "", Kind::Text});
    columns.push_back({"epoch", "", Kind::Number});
    columns.push_back({"began", "", Kind::Time});
    columns.push_back({"ended", "", Kind::Flag});
    for (const char* key : {"first_seen", "next", "watermark"}) columns.push_back({key, "", Kind::Number});
    for (const char* key : {"names", "messages", "missing"}) columns.push_back({key, "", Kind::Count});
    add_sum_columns(columns);
    add_spread_columns(columns);
    columns.push_back({"adds_up", "", Kind::Flag});
    return columns;
}

std::vector<Field> cause_columns(bool pair) {
    std::vector<Field> columns;
    if (pair) add_server_columns(columns);
    columns.push_back({"acd", "", Kind::Number});
    columns.push_back({"epoch", "", Kind::Number});
    columns.push_back({"cause", ""});
    columns.push_back({"gaps", "", Kind::Count});
    columns.push_back({"names", "", Kind::Count});
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

/// Who filled it, as people of a pair call them.
std::string giver_of(const GapRecord& gap, const ServerHistory& server) {
    switch (gap.filled_by) {
        case FilledBy::LinkA: return "link A, late";
        case FilledBy::LinkB: return "link B, late";
        case FilledBy::Partner: return server.number == 1 ? "server 2" : "server 1";
        case FilledBy::Backup: return "backup";
        case FilledBy::Nobody:
        case FilledBy::Count_: break;
    }
    return "";
}

Value known(std::optional<u64> value) { return value ? Value{*value} : Value{}; }

void add_sums(std::vector<Value>& values, const GapSums& sums) {
    for (const u64 sum :
         {sums.gaps, sums.open_gaps, sums.open, sums.lost_gaps, sums.lost, sums.filled_gaps, sums.filled})
        values.emplace_back(sum);
}

void add_spread(std::vector<Value>& values, const Spread& spread) {
    values.emplace_back(spread.count);
    for (const u64 figure : {spread.p50, spread.p99, spread.max}) {
        Value& value = values.emplace_back();
        if (spread.count != 0) value = figure;
    }
}

std::string causes_text(const GapFigures& figures) {
    std::string text;
    for (std::size_t c = 0; c < figures.causes.size(); ++c) {
        const auto& of = figures.causes[c];
        if (of.gaps != 0)
            text += fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", with_separators(of.gaps),
                                name(static_cast<GapCause>(c)), plural(of.names, "name"));
    }
    return text;
}

}  // namespace

GapTables::GapTables(bool of_a_pair)
    : gaps{"gaps", gap_columns(of_a_pair), {}, {}},
      streams{"streams", stream_columns(of_a_pair), {}, {}, For::Machines},
      causes{"causes", cause_columns(of_a_pair), {}, {}, For::Machines},
      servers{"servers", server_columns(), {}, {}, For::Machines},
      pair(of_a_pair) {}

void GapTables::add_gap(const GapRecord& gap, int offset, const ServerHistory& server) {
    const u64 open_ns = gap.closed_wall > gap.opened_wall ? gap.closed_wall - gap.opened_wall : 0;
    const Value filled_by =
        gap.filled_by == FilledBy::Nobody ? Value{} : Value{std::string(name(gap.filled_by))};
    Row row;
    if (pair) put_server(row.values, server);
    const std::vector<Value> facts{u64{gap.acd},
                                   gap.epoch,
                                   gap.first,
                                   gap.last,
                                   gap.missing,
                                   std::string(name(gap.cause)),
                                   std::string(name(gap.state)),
                                   filled_by};
    row.values.insert(row.values.end(), facts.begin(), facts.end());
    if (pair) row.values.emplace_back(giver_of(gap, server));
    const std::vector<Value> times{unless_zero(gap.opened_wall), unless_zero(gap.closed_wall),
                                   unless_zero(open_ns),         known(detect_ns(gap)),
                                   known(heal_ns(gap)),          unless_zero(gap.time_before),
                                   unless_zero(gap.time_after)};
    row.values.insert(row.values.end(), times.begin(), times.end());
    if (!pair) row.values.emplace_back(between_text(gap, offset));
    const std::vector<Value> rest{unless_zero(gap.interval_first), unless_zero(gap.interval_last),
                                  intervals_text(gap, offset),     u64{gap.attempts},
                                  unless_zero(gap.refold_ns),      gap.merged != 0};
    row.values.insert(row.values.end(), rest.begin(), rest.end());
    row.style = gap.state == GapState::Lost ? Style::Bad
                : is_missing(gap.state)     ? Style::Warning
                                            : Style::Plain;
    gaps.rows.push_back(std::move(row));
}

void GapTables::add_server(const ServerHistory& server, u64 messages, u64 missing,
                           const GapFigures& figures) {
    Row row;
    row.values = {unless_zero(server.number), server.name, server.own, server.why.empty()};
    if (server.why.empty()) {
        row.values.emplace_back(messages);
        row.values.emplace_back(missing);
        add_sums(row.values, figures.sums);
        add_spread(row.values, figures.detect);
        add_spread(row.values, figures.heal);
    }
    servers.rows.push_back(std::move(row));
}

void GapTables::add_stream(const StreamRecord& s, const AcdContext& acd, const GapFigures& figures,
                           bool adds_up, const ServerHistory& server) {
    Row row;
    if (pair) put_server(row.values, server);
    const std::vector<Value> facts{
        u64{s.acd},   acd.name, s.epoch,     unless_zero(s.begun_wall),         s.ended != 0,
        s.first_seen, s.next,   s.watermark, s.next == 0 ? u64{0} : s.next - 1, s.messages,
        s.missing};
    row.values.insert(row.values.end(), facts.begin(), facts.end());
    add_sums(row.values, figures.sums);
    add_spread(row.values, figures.detect);
    add_spread(row.values, figures.heal);
    row.values.emplace_back(adds_up);
    streams.rows.push_back(std::move(row));
    for (std::size_t c = 0; c < figures.causes.size(); ++c) {
        const auto& of = figures.causes[c];
        if (of.gaps == 0) continue;
        Row cause;
        if (pair) put_server(cause.values, server);
        const std::vector<Value> values{u64{s.acd}, s.epoch, std::string(name(static_cast<GapCause>(c))),
                                        of.gaps, of.names};
        cause.values.insert(cause.values.end(), values.begin(), values.end());
        causes.rows.push_back(std::move(cause));
    }
}

std::string plural(u64 n, std::string_view one) {
    return fmt::format("{} {}{}", with_separators(n), one, n == 1 ? "" : "s");
}

std::string spread_text(const Spread& spread) {
    if (spread.count == 0) return "not known";
    return fmt::format("p50 {}, p99 {}, longest {} ({})", span_text(spread.p50), span_text(spread.p99),
                       span_text(spread.max), plural(spread.count, "gap"));
}

std::vector<Line> footer_of(const StreamRecord& stream, const GapFigures& figures, u64 hidden,
                            std::span<const std::string> wrong) {
    const GapSums& sums = figures.sums;
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
    lines.push_back({"  by cause: " + causes_text(figures), Style::Plain});
    lines.push_back({"  time to detect: " + spread_text(figures.detect), Style::Plain});
    if (sums.filled_gaps != 0)
        lines.push_back({"  time to heal: " + spread_text(figures.heal), Style::Plain});
    return lines;
}

Line heading_of(const StreamRecord& stream, const AcdContext& acd) {
    return {fmt::format("{}, epoch {}, since {}{} (times in {})", acd.title(), stream.epoch,
                        local_time(stream.begun_wall, acd.offset_minutes, true),
                        stream.ended != 0 ? ", ended" : "", offset_name(acd.offset_minutes)),
            Style::Title};
}

}  // namespace twinlink::cli
