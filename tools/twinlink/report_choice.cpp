// See report_choice.hpp.
#include "tools/twinlink/report_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace twinlink::cli {

using tools::ExitCode;

namespace {

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

/// The item or measure of that name.
std::optional<Shown> shown_of(const Table& table, std::string_view name) {
    if (const auto column = find_column(table, name)) return Shown{*column, {}};
    if (const Measure* measure = find_measure(table.id, name)) return Shown{{}, MeasureColumns(*measure)};
    return std::nullopt;
}

/// Adds the columns that `wanted` means; false when there is none.
bool add_columns(const Table& table, const std::string& wanted, std::vector<Shown>& shown) {
    const bool all = wanted == "ALL";
    if (!all && !wanted.ends_with('*')) {
        auto one = shown_of(table, wanted);
        if (one) shown.push_back(std::move(*one));
        return one.has_value();
    }
    const std::string prefix = all ? "" : wanted.substr(0, wanted.size() - 1);
    bool any = false;
    for (u16 c = 0; c < table.columns; ++c) {
        const Column column = column_at(table, c);
        if (column.item->unit == ItemUnit::Text && column.number != 0) continue;  // read with the first
        if (!name_of(column).starts_with(prefix)) continue;
        shown.push_back({column, {}});
        any = true;
    }
    for (const Measure& measure : measures()) {
        if (measure.table != table.id || !measure.name.starts_with(prefix)) continue;
        shown.push_back({{}, MeasureColumns(measure)});
        any = true;
    }
    return any;
}

bool same(const Shown& a, const Shown& b) noexcept {
    if (a.measure || b.measure) return a.measure && b.measure && a.measure->measure == b.measure->measure;
    return a.column.index == b.column.index;
}

Result<std::vector<Shown>> shown_of(const Arguments& arguments, const Table& table) {
    std::vector<Shown> shown;
    if (!arguments.has(OptionId::Items)) {
        for (const std::string_view name : report_kind(table.id).items)
            shown.push_back(shown_of(table, name).value());
        return shown;
    }
    std::string rest = upper(arguments.text(OptionId::Items)) + ",";
    for (std::size_t comma; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
        std::string wanted = rest.substr(0, comma);
        std::erase(wanted, ' ');
        if (!add_columns(table, wanted, shown))
            return refuse(
                ExitCode::Usage,
                fmt::format("--items: {} has no item or measure \"{}\"; twinlink items {} lists them.",
                            table.name, wanted, table.name));
    }
    // INCOMPLETE is always there; a column named twice is shown once, where it was named first.
    std::vector<Shown> once;
    for (const Shown& one : shown) {
        const bool known = std::ranges::any_of(once, [&](const Shown& other) { return same(one, other); });
        if (!known && (one.measure || one.column.item->name != "INCOMPLETE")) once.push_back(one);
    }
    return once;
}

/// Fills in `columns` and `slots`.
void find_columns(ReportChoice& choice) {
    constexpr u16 kNowhere = std::numeric_limits<u16>::max();
    const Table& table = *choice.table;
    choice.slots.assign(table.columns, kNowhere);
    const auto need = [&](u16 index) {
        if (choice.slots[index] != kNowhere) return;
        choice.slots[index] = static_cast<u16>(choice.columns.size());
        choice.columns.push_back(column_at(table, index));
    };
    for (const Shown& one : choice.shown)
        if (!one.measure) need(one.column.index);
    for (const Shown& one : choice.shown) {
        if (!one.measure) continue;
        for (std::size_t n = 0; n < one.measure->terms; ++n) need(one.measure->above[n]);
        for (std::size_t n = 0; n < one.measure->wholes; ++n) need(one.measure->below[n]);
        if (one.measure->needs) need(*one.measure->needs);
    }
}

Result<Span> span_of(const Arguments& arguments, const ReportKind& kind) {
    const std::string text = arguments.text(OptionId::By);
    if (text.empty() || text == name(Span::Interval)) return Span::Interval;
    for (const Span span : kRolledSpans) {
        if (text != name(span)) continue;
        if (!kind.events) return span;
        return refuse(ExitCode::Usage,
                      fmt::format("--by: {} are single events, nothing is added up.", kind.name));
    }
    return refuse(ExitCode::Usage, "--by: \"" + text + "\" is none of interval, day, week, month.");
}

}  // namespace

Result<ReportChoice> ReportChoice::of(const Arguments& arguments, const Rim& rim, const Table& table) {
    const auto time = TimeChoice::of(arguments, rim);
    if (!time) return std::unexpected(time.error());
    ReportChoice choice;
    static_cast<TimeChoice&>(choice) = *time;
    choice.table = &table;
    choice.kind = &report_kind(table.id);
    auto agent = arguments.number(OptionId::Agent, std::numeric_limits<u64>::max());
    if (!agent) return std::unexpected(agent.error());
    choice.agent = *agent;
    const std::string word = arguments.text(OptionId::Interval);
    if (word == "current") choice.back = 0;
    if (word == "previous") choice.back = 1;
    if (!choice.back) {
        auto interval = time_option(arguments, rim, OptionId::Interval);
        if (!interval) return std::unexpected(interval.error());
        choice.interval = *interval;
    }
    if ((choice.interval || choice.back) && (choice.from || choice.to))
        return refuse(ExitCode::Usage,
                      "--interval names one interval, --from and --to a span: give one or the other.");
    const auto by = span_of(arguments, *choice.kind);
    if (!by) return std::unexpected(by.error());
    choice.by = *by;
    if ((choice.interval || choice.back) && choice.by != Span::Interval)
        return refuse(ExitCode::Usage, "--interval names one interval: there is nothing to add up by " +
                                           std::string(name(choice.by)) + ".");
    auto shown = shown_of(arguments, table);
    if (!shown) return std::unexpected(shown.error());
    choice.shown = std::move(*shown);
    find_columns(choice);
    choice.skill = arguments.text(OptionId::Skill);
    choice.only = arguments.text(OptionId::Only);
    choice.exact = arguments.has(OptionId::Exact);
    if (arguments.has(OptionId::Csv))
        choice.only_table = arguments.has(OptionId::TableName) ? arguments.text(OptionId::TableName) : "rows";
    choice.machines = arguments.has(OptionId::Json) || arguments.has(OptionId::Csv);
    return choice;
}

}  // namespace twinlink::cli
