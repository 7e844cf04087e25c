// See report_tables.hpp.
#include "tools/twinlink/report_tables.hpp"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <utility>

namespace twinlink::cli {

using tools::Field;
using tools::For;
using tools::Group;
using tools::Kind;
using tools::Line;
using tools::Listing;
using tools::Row;
using tools::Style;
using tools::Value;

namespace {

Kind kind_of(const Column& column, bool exact) {
    switch (column.item->unit) {
        case ItemUnit::Nanoseconds: return exact ? Kind::Duration : Kind::Seconds;
        case ItemUnit::Seconds: return Kind::Seconds;
        case ItemUnit::Number: return Kind::Number;
        case ItemUnit::Time: return Kind::Time;
        case ItemUnit::Text: return Kind::Text;
        case ItemUnit::Count:
        case ItemUnit::Flag: break;
    }
    return Kind::Count;
}

Value cell(const Column& column, std::optional<u64> value, bool exact) {
    if (!value) return {};
    if (column.item->unit == ItemUnit::Time) return tools::unless_zero(*value);
    if (column.item->unit == ItemUnit::Nanoseconds && !exact) return tools::rounded_seconds(*value);
    return *value;
}

/// An item of several columns: eight bytes of text in each.
Value text_cell(const Column& column, std::span<const u64> items) {
    std::string text(std::size_t{column.item->count} * 8, '\0');
    if (column.index + column.item->count > items.size()) return {};
    std::memcpy(text.data(), &items[column.index], text.size());
    return text.substr(0, text.find('\0'));
}

bool of_agents(const Report& report) noexcept { return report.choice.table->id == TableId::Hagent; }

std::string name_key(const KeyPart& part) {
    return part.key == "LOGID" ? "AGENT_NAME" : std::string(part.key) + "_NAME";
}

/// What names a row, with its name where it has one.
std::vector<Field> entity_fields(const Report& report) {
    std::vector<Field> fields;
    for (const KeyPart* part : {&report.choice.kind->entity, &report.choice.kind->entity2}) {
        if (!part->used()) continue;
        fields.push_back({std::string(part->key), std::string(part->key), part->kind});
        if (part->named()) fields.push_back({name_key(*part), std::string(part->title), Kind::Text});
    }
    return fields;
}

std::vector<Value> entity_values(const Report& report, const RowKey& key) {
    std::vector<Value> values;
    for (const auto& [part, number] : {std::pair{&report.choice.kind->entity, key.entity},
                                       std::pair{&report.choice.kind->entity2, key.entity2}}) {
        if (!part->used()) continue;
        values.emplace_back(number);
        if (part->named()) values.emplace_back(report.names.find(key.acd, part->names, number));
    }
    return values;
}

void append_items(const Report& report, std::vector<Field>& fields) {
    for (const Column& column : report.choice.columns)
        fields.push_back({name_of(column), name_of(column), kind_of(column, report.choice.exact)});
}

std::vector<Field> interval_fields() {
    return {{"ACD", "", Kind::Number},       {"ROW_DATE", ""},
            {"STARTTIME", "", Kind::Number}, {"STARTTIME_UTC", "", Kind::Time},
            {"INTRVL", "", Kind::Number},    {"INSTANCE", "", Kind::Number},
            {"CLOSED", "", Kind::Flag}};
}

std::vector<Value> interval_values(const IntervalRecord& interval, int offset) {
    return {u64{interval.acd},
            tools::local_date(interval.start, offset),
            tools::local_hhmm(interval.start, offset),
            interval.start,
            tools::unless_zero(interval.minutes),
            u64{interval.instance},
            interval.closed != 0};
}

/// Puts a sum's cells behind `values`.
Row sum_row(const Report& report, std::vector<Value> values, const RowSum& sum, Style style) {
    for (std::size_t c = 0; c < report.choice.columns.size(); ++c)
        values.push_back(cell(report.choice.columns[c], sum.values()[c], report.choice.exact));
    return {std::move(values), style};
}

/// A sum as people see it: a label where the last name would stand.
Row people_sum(const Report& report, const std::string& label, const RowSum& sum) {
    std::vector<Value> values{sum.incomplete() != 0};
    // Cells without a meaning are empty text, not unknown numbers; the label stands in the last.
    const std::size_t cells = entity_fields(report).size();
    values.insert(values.end(), cells - 1, std::string());
    values.emplace_back(label);
    return sum_row(report, std::move(values), sum, Style::Title);
}

void add_row(Report& report, const IntervalRecord& interval, int offset, const StoredRow& row) {
    const ReportChoice& choice = report.choice;
    const u16 flag = find_column(*choice.table, "INCOMPLETE")->index;
    const bool incomplete = flag < row.items.size() && row.items[flag] != 0;
    std::vector<Value> cells;
    for (const Column& column : choice.columns) {
        const auto value =
            column.index < row.items.size() ? std::optional(row.items[column.index]) : std::nullopt;
        cells.push_back(column.item->unit == ItemUnit::Text ? text_cell(column, row.items)
                                                            : cell(column, value, choice.exact));
    }
    const auto entity = entity_values(report, row.key);

    std::vector<Value> seen{incomplete};
    seen.insert(seen.end(), entity.begin(), entity.end());
    seen.insert(seen.end(), cells.begin(), cells.end());
    report.people.rows.push_back({std::move(seen), Style::Plain});

    std::vector<Value> stored = interval_values(interval, offset);
    stored.insert(stored.end(), entity.begin(), entity.end());
    stored.insert(stored.end(), {u64{row.revision}, u64{row.fold_version}, u64{incomplete ? 1U : 0U}});
    stored.insert(stored.end(), cells.begin(), cells.end());
    report.rows.rows.push_back({std::move(stored), Style::Plain});
}

Line interval_heading(const IntervalRecord& interval, const AcdContext& acd, std::string_view what) {
    const u64 end = interval.start + interval.minutes * tools::kMinuteNs;
    std::string text =
        fmt::format("{}, {} {} to {}", acd.title(), tools::local_date(interval.start, acd.offset_minutes),
                    tools::local_clock(interval.start, acd.offset_minutes),
                    interval.minutes == 0 ? "?" : tools::local_clock(end, acd.offset_minutes));
    text += fmt::format(" {}, {}", tools::offset_name(acd.offset_minutes), what);
    if (interval.instance != 0) text += fmt::format(" (number {} that began then)", interval.instance + 1);
    if (interval.closed == 0) text += " - open, still collecting";
    return {text, Style::Title};
}

Line interval_footer(const IntervalRecord& interval, const RowSum& sum) {
    if (interval.missing != 0)
        return {fmt::format("  * {} of this interval's messages {} missing: {} of {} rows are not complete",
                            tools::with_separators(interval.missing), interval.missing == 1 ? "is" : "are",
                            sum.incomplete(), sum.rows()),
                Style::Warning};
    if (sum.incomplete() != 0)
        return {
            fmt::format("  * no message is missing in this interval, but {} of {} rows are not complete: an "
                        "earlier gap reaches into them, or tracking was broken",
                        sum.incomplete(), sum.rows()),
            Style::Warning};
    const std::string messages = tools::with_separators(interval.messages);
    return {interval.closed != 0 ? "  complete: all " + messages + " messages of this interval are here"
                                 : "  complete so far: all " + messages + " messages up to now are here",
            Style::Plain};
}

/// The sum over one agent's skills, for people where there are several, for machines always.
void add_agent_sum(Report& report, Group& group, const IntervalRecord& interval, int offset,
                   const RowKey& key, const RowSum& sum) {
    std::vector<Value> values = interval_values(interval, offset);
    values.insert(values.end(), {key.entity, report.names.find(key.acd, NameKind::Agent, key.entity),
                                 sum.rows(), sum.incomplete()});
    report.agents.rows.push_back(sum_row(report, std::move(values), sum, Style::Plain));
    if (sum.rows() < 2) return;
    report.people.rows.push_back(people_sum(report, "all skills", sum));
    ++group.rows;
}

/// Which of the columns shown are not in the totals, and why.
void explain_sums(const Report& report, tools::Document& document) {
    std::string left_out;
    for (const Column& column : report.choice.columns)
        if (column.item->roll_up == RollUp::Sum && !adds_over_skills(report.choice.table->id, *column.item))
            left_out += (left_out.empty() ? "" : ", ") + name_of(column);
    if (!left_out.empty())
        document.closing.push_back(
            {"Not added over skills, where one call or one agent counts several times: " + left_out,
             Style::Faint});
    document.closing.push_back({report.choice.exact
                                    ? "Times are exact. Items: twinlink items"
                                    : "Times are h:mm:ss, each rounded once from ns, totals too. "
                                      "Items: twinlink items",
                                Style::Faint});
}

}  // namespace

void set_up(Report& report) {
    report.people = {"people", {{"", "*", Kind::Flag}}, {}, {}, For::People};
    for (Field& field : entity_fields(report)) report.people.columns.push_back(field);
    append_items(report, report.people.columns);

    auto fields = interval_fields();
    report.totals = {"totals", fields, {}, {}, For::Machines};
    report.agents = {"agents", fields, {}, {}, For::Machines};
    for (Field& field : entity_fields(report)) fields.push_back(field);
    fields.push_back({"REVISION", "", Kind::Number});
    fields.push_back({"FOLD_VERSION", "", Kind::Number});
    fields.push_back({"INCOMPLETE", "", Kind::Count});
    append_items(report, fields);
    report.rows = {"rows", fields, {}, {}, For::Machines};

    for (const std::string_view key : {"MISSING_MESSAGES", "ROWS", "INCOMPLETE"})
        report.totals.columns.push_back({std::string(key), "", Kind::Count});
    append_items(report, report.totals.columns);
    report.agents.columns.push_back({"LOGID", "", Kind::Number});
    report.agents.columns.push_back({"AGENT_NAME", "", Kind::Text});
    for (const std::string_view key : {"ROWS", "INCOMPLETE"})
        report.agents.columns.push_back({std::string(key), "", Kind::Count});
    append_items(report, report.agents.columns);

    report.entities = {"entities", {{"ACD", "", Kind::Number}}, {}, {}, For::Machines};
    for (Field& field : entity_fields(report)) report.entities.columns.push_back(field);
    for (const std::string_view key : {"INTERVALS", "INCOMPLETE"})
        report.entities.columns.push_back({std::string(key), "", Kind::Count});
    append_items(report, report.entities.columns);
}

void add_interval(Report& report, const AcdContext& acd, const IntervalRecord& interval,
                  std::span<const StoredRow> rows) {
    Group group;
    group.offset_minutes = acd.offset_minutes;
    group.heading.push_back(interval_heading(interval, acd, report.choice.kind->name));
    RowSum all(*report.choice.table, report.choice.columns, Over::Entities);
    while (!rows.empty()) {
        const u64 entity = rows.front().key.entity;
        RowSum of_entity(*report.choice.table, report.choice.columns, Over::Entities);
        const RowKey key = rows.front().key;
        for (; !rows.empty() && rows.front().key.entity == entity; rows = rows.subspan(1)) {
            add_row(report, interval, acd.offset_minutes, rows.front());
            of_entity.add(rows.front().items);
            ++group.rows;
        }
        all.add(of_entity);
        if (of_agents(report)) add_agent_sum(report, group, interval, acd.offset_minutes, key, of_entity);
    }
    if (all.rows() > 1 && !report.choice.kind->events)
        group.totals.push_back(people_sum(report, "total", all));
    group.footer.push_back(interval_footer(interval, all));
    std::vector<Value> values = interval_values(interval, acd.offset_minutes);
    values.insert(values.end(), {interval.missing, all.rows(), all.incomplete()});
    report.totals.rows.push_back(sum_row(report, std::move(values), all, Style::Plain));
    report.people.groups.push_back(std::move(group));
}

/// All intervals shown, per skill or agent and skill. People get it where there were several.
void add_entities(Report& report, const AcdRows& of_acd) {
    if (report.choice.kind->events) return;
    std::map<std::pair<u64, u64>, std::pair<RowKey, RowSum>> sums;
    for (const StoredRow& row : of_acd.rows) {
        const RowSum none(*report.choice.table, report.choice.columns, Over::Intervals);
        sums.try_emplace({row.key.entity, row.key.entity2}, row.key, none)
            .first->second.second.add(row.items);
    }
    std::size_t intervals = 0;
    const StoredRow* last = nullptr;
    for (const StoredRow& row : of_acd.rows) {
        const bool same = last != nullptr && last->key.interval_start == row.key.interval_start &&
                          last->key.instance == row.key.instance;
        if (!same) ++intervals;
        last = &row;
    }
    const bool several = intervals > 1;
    Group group;
    group.offset_minutes = of_acd.acd.offset_minutes;
    group.heading.push_back(
        {fmt::format("{}, all {} intervals above", of_acd.acd.title(), intervals), Style::Title});
    for (const auto& [_, sum] : sums) {
        const auto entity = entity_values(report, sum.first);
        std::vector<Value> values{u64{sum.first.acd.value}};
        values.insert(values.end(), entity.begin(), entity.end());
        values.insert(values.end(), {sum.second.rows(), sum.second.incomplete()});
        report.entities.rows.push_back(sum_row(report, std::move(values), sum.second, Style::Plain));
        if (!several) continue;
        std::vector<Value> seen{sum.second.incomplete() != 0};
        seen.insert(seen.end(), entity.begin(), entity.end());
        report.people.rows.push_back(sum_row(report, std::move(seen), sum.second, Style::Plain));
        ++group.rows;
    }
    if (several) report.people.groups.push_back(std::move(group));
}

Answer answer_of(Report& report, const std::string& path) {
    Answer answer;
    tools::Document& document = answer.document;
    document.command = "report " + std::string(report.choice.kind->name);
    document.fact("store", path);
    document.fact("item_table", std::string(report.choice.table->name));
    document.fact("time_unit", std::string(report.choice.exact ? "ns" : "s"));
    if (report.rows.rows.empty())
        document.opening.push_back({"There are no rows for that.", Style::Plain});
    else
        explain_sums(report, document);
    document.tables.push_back(std::move(report.people));
    document.tables.push_back(std::move(report.rows));
    document.tables.push_back(std::move(report.totals));
    if (!report.choice.kind->events) document.tables.push_back(std::move(report.entities));
    if (report.choice.table->id == TableId::Hagent) document.tables.push_back(std::move(report.agents));
    return answer;
}

}  // namespace twinlink::cli
