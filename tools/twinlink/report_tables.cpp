// See report_tables.hpp.
#include "tools/twinlink/report_tables.hpp"

#include <twinlink/real_time.hpp>

#include <fmt/format.h>

#include <cstring>

namespace twinlink::cli {

using tools::Field;
using tools::For;
using tools::Group;
using tools::Kind;
using tools::Listing;
using tools::Row;
using tools::Style;
using tools::Value;

namespace {

/// What people read instead of the number; empty: the number.
std::string word_of(const Item& item, u64 value) {
    if (item.name == "WORKMODE") return std::string(name(static_cast<AgentMode>(value)));
    if (item.name == "DIRECTION") return value == 0 ? " " : value == 1 ? "in" : "out";
    return {};
}

Kind kind_of(const Shown& shown, bool exact, bool machines) {
    if (shown.measure)
        return shown.measure->measure->unit != MeasureUnit::MeanTime ? Kind::Hundredths
               : exact                                               ? Kind::Duration
                                                                     : Kind::Seconds;
    if (!machines && !word_of(*shown.column.item, 1).empty()) return Kind::Text;
    switch (shown.column.item->unit) {
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

/// An item of several columns: eight bytes of text in each.
Value text_cell(const Column& column, std::span<const u64> items) {
    std::string text(std::size_t{column.item->count} * 8, '\0');
    if (column.index + column.item->count > items.size()) return {};
    std::memcpy(text.data(), &items[column.index], text.size());
    return text.substr(0, text.find('\0'));
}

std::string name_key(const KeyPart& part) {
    return part.key == "LOGID" ? "AGENT_NAME" : std::string(part.key) + "_NAME";
}

}  // namespace

ReportTables::ReportTables(const ReportChoice& choice, const Names& names)
    : choice_(choice),
      names_(names),
      all_(*choice.table, choice.columns, Over::Entities),
      of_entity_(*choice.table, choice.columns, Over::Entities) {
    entity_fields_ = entity_fields().size();
    people_ = {"people", {{"", "*", Kind::Flag}}, {}, {}, For::People};
    for (Field& field : entity_fields()) people_.columns.push_back(field);
    append_items(people_.columns);
    set_up_machines();
}

void ReportTables::set_up_machines() {
    auto fields = period_fields();
    totals_ = {"totals", fields, {}, {}, For::Machines};
    agents_ = {"agents", fields, {}, {}, For::Machines};
    for (Field& field : entity_fields()) fields.push_back(field);
    for (const std::string_view key : {"REVISION", "FOLD_VERSION"})
        fields.push_back({std::string(key), "", Kind::Number});
    fields.push_back({"INCOMPLETE", "", Kind::Count});
    append_items(fields);
    rows_ = {"rows", fields, {}, {}, For::Machines};

    const auto counts = [&](Listing& listing, std::initializer_list<std::string_view> keys) {
        for (const std::string_view key : keys)
            listing.columns.push_back({std::string(key), "", Kind::Count});
        append_items(listing.columns);
    };
    counts(totals_, {"MISSING_MESSAGES", "ROWS", "INCOMPLETE"});
    agents_all_ = {"agents_all", {{"ACD", "", Kind::Number}}, {}, {}, For::Machines};
    for (Listing* listing : {&agents_, &agents_all_}) {
        listing->columns.push_back({"LOGID", "", Kind::Number});
        listing->columns.push_back({"AGENT_NAME", "", Kind::Text});
        counts(*listing, {"ROWS", "INCOMPLETE"});
    }
    entities_ = {"entities", {{"ACD", "", Kind::Number}}, {}, {}, For::Machines};
    for (Field& field : entity_fields()) entities_.columns.push_back(field);
    counts(entities_, {choice_.by == Span::Interval ? "INTERVALS" : "PERIODS", "INCOMPLETE"});
}

std::vector<Field> ReportTables::entity_fields() const {
    std::vector<Field> fields;
    for (const KeyPart* part : {&choice_.kind->entity, &choice_.kind->entity2}) {
        if (!part->used()) continue;
        fields.push_back({std::string(part->key), std::string(part->key), part->kind});
        if (part->named()) fields.push_back({name_key(*part), std::string(part->title), Kind::Text});
    }
    return fields;
}

void ReportTables::append_entity(std::vector<Value>& values, u64 entity, u64 entity2) const {
    for (const auto& [part, number] :
         {std::pair{&choice_.kind->entity, entity}, std::pair{&choice_.kind->entity2, entity2}}) {
        if (!part->used()) continue;
        values.emplace_back(number);
        if (part->named()) values.emplace_back(names_.find(acd_.acd, part->names, number));
    }
}

void ReportTables::append_items(std::vector<Field>& fields) const {
    for (const Shown& shown : choice_.shown)
        fields.push_back({shown.key(), shown.title(), kind_of(shown, choice_.exact, choice_.machines)});
}

std::vector<Field> ReportTables::period_fields() const {
    std::vector<Field> fields{{"ACD", "", Kind::Number},       {"ROW_DATE", ""},
                              {"STARTTIME", "", Kind::Number}, {"STARTTIME_UTC", "", Kind::Time},
                              {"INTRVL", "", Kind::Number},    {"INSTANCE", "", Kind::Number},
                              {"CLOSED", "", Kind::Flag}};
    if (choice_.by != Span::Interval) {
        fields[4] = {"INTERVALS", "", Kind::Count};
        fields[5] = {"INTERVALS_ABSENT", "", Kind::Count};
    }
    return fields;
}

std::vector<Value> ReportTables::period_values() const {
    const Period& p = period_;
    const bool interval = p.span == Span::Interval;
    return {u64{p.acd.value},
            tools::local_date(p.start, p.offset_minutes),
            tools::local_hhmm(p.start, p.offset_minutes),
            p.start,
            interval ? tools::unless_zero(p.minutes) : Value{p.intervals},
            interval ? Value{u64{p.instance}} : Value{p.absent},
            p.closed};
}

Value ReportTables::item_cell(const Column& column, std::optional<u64> value) const {
    if (!value) return {};
    if (column.item->unit == ItemUnit::Time) return tools::unless_zero(*value);
    if (column.item->unit == ItemUnit::Nanoseconds && !choice_.exact) return tools::rounded_seconds(*value);
    if (std::string word = word_of(*column.item, *value); !choice_.machines && !word.empty()) return word;
    return *value;
}

Value ReportTables::measure_cell(const MeasureColumns& of, const std::optional<Fraction>& fraction) const {
    if (!fraction) return {};
    std::optional<u64> value;
    switch (of.measure->unit) {
        case MeasureUnit::MeanTime:
            value = choice_.exact ? fraction->times(1) : fraction->times(1, tools::kSecondNs);
            break;
        case MeasureUnit::Percent: value = fraction->times(10'000); break;
        case MeasureUnit::Mean:
        case MeasureUnit::Hours: value = fraction->times(100); break;
    }
    return value ? Value{*value} : Value{};
}

void ReportTables::append_cells(std::vector<Value>& values, const PeriodRow& row) const {
    const auto known = [&](u16 index) {
        return index < row.items.size() ? std::optional(row.items[index]) : std::nullopt;
    };
    for (const Shown& shown : choice_.shown) {
        if (!shown.measure && shown.column.item->unit == ItemUnit::Text)
            values.push_back(text_cell(shown.column, row.items));
        else if (!shown.measure)
            values.push_back(item_cell(shown.column, known(shown.column.index)));
        else if (shown.measure->measure->meaning == Meaning::WholeAgent)
            values.emplace_back();
        else
            values.push_back(
                measure_cell(*shown.measure, fraction_of(*shown.measure, period_.covered_ns, known)));
    }
}

void ReportTables::append_cells(std::vector<Value>& values, const RowSum& sum, bool agent) const {
    const auto part = [&](u16 index) { return sum.part(choice_.slots[index]); };
    for (const Shown& shown : choice_.shown) {
        if (!shown.measure)
            values.push_back(item_cell(shown.column, sum.value(choice_.slots[shown.column.index])));
        else if (shown.measure->measure->meaning == Meaning::WholeAgent && !agent)
            values.emplace_back();
        else
            values.push_back(
                measure_cell(*shown.measure, fraction_of(*shown.measure, sum.covered_ns(), part)));
    }
}

Row ReportTables::people_sum(const std::string& label, const RowSum& sum, bool agent) const {
    std::vector<Value> values{sum.incomplete() != 0};
    // Cells without a meaning are empty text, not unknown numbers; the label stands in the last.
    values.insert(values.end(), entity_fields_ - 1, std::string());
    values.emplace_back(label);
    append_cells(values, sum, agent);
    return {std::move(values), Style::Title};
}

void ReportTables::complete_agent(Listing& listing, const RowSum& agent) const {
    std::vector<Value>& values = listing.rows.back().values;
    const auto part = [&](u16 index) { return agent.part(choice_.slots[index]); };
    for (std::size_t n = 0; n < choice_.shown.size(); ++n) {
        const auto& measure = choice_.shown[n].measure;
        if (measure && measure->measure->meaning == Meaning::WholeAgent)
            values[values.size() - choice_.shown.size() + n] =
                measure_cell(*measure, fraction_of(*measure, agent.covered_ns(), part));
    }
}

void ReportTables::begin_acd(const AcdContext& acd, std::size_t periods) {
    acd_ = acd;
    periods_ = periods;
    periods_with_rows_ = 0;
    sums_.clear();
}

void ReportTables::begin(const Period& period) {
    period_ = period;
    if (choice_.machines) period_values_ = period_values();
    group_ = {};
    group_.offset_minutes = period.offset_minutes;
    group_.heading.push_back(heading_of(period, acd_, choice_.kind->name));
    all_ = RowSum(*choice_.table, choice_.columns, Over::Entities);
    of_entity_ = all_;
    ++periods_with_rows_;
}

void ReportTables::add(const PeriodRow& row) {
    if (of_entity_.rows() != 0 && row.entity != entity_) end_entity();
    entity_ = row.entity;
    const u16 flag = find_column(*choice_.table, "INCOMPLETE")->index;
    const u64 incomplete = flag < row.items.size() ? row.items[flag] : 0;
    any_rows_ = true;
    std::vector<Value> values;
    if (choice_.machines && wanted("rows")) {
        values.reserve(rows_.columns.size());
        values = period_values_;
        append_entity(values, row.entity, row.entity2);
        values.insert(values.end(), {u64{row.revision}, u64{row.fold_version}, incomplete});
        append_cells(values, row);
        rows_.rows.push_back({std::move(values), Style::Plain});
    } else if (!choice_.machines) {
        values.emplace_back(incomplete != 0);
        append_entity(values, row.entity, row.entity2);
        append_cells(values, row);
        people_.rows.push_back({std::move(values), Style::Plain});
        ++group_.rows;
    }
    of_entity_.add(row.items, period_.covered_ns);
    // For people only where there is more than one period to add up.
    const bool over_all = choice_.machines ? wanted("entities") || wanted("agents_all") : periods_ > 1;
    if (choice_.kind->events || !over_all) return;
    sums_.try_emplace({row.entity, row.entity2}, *choice_.table, choice_.columns, Over::Intervals)
        .first->second.add(row.items, period_.covered_ns);
}

void ReportTables::end_entity() {
    all_.add(of_entity_);
    if (of_agents()) add_agent_sum();
    of_entity_ = RowSum(*choice_.table, choice_.columns, Over::Entities);
}

/// The sum over one agent's skills, for people where there are several, for machines always.
void ReportTables::add_agent_sum() {
    if (of_entity_.rows() == 1 && (!choice_.machines || wanted("rows")))
        complete_agent(choice_.machines ? rows_ : people_, of_entity_);
    if (choice_.machines) {
        if (!wanted("agents")) return;
        std::vector<Value> values = period_values_;
        values.insert(values.end(), {entity_, names_.find(acd_.acd, NameKind::Agent, entity_),
                                     of_entity_.rows(), of_entity_.incomplete()});
        append_cells(values, of_entity_, true);
        agents_.rows.push_back({std::move(values), Style::Plain});
    } else if (of_entity_.rows() > 1) {
        people_.rows.push_back(people_sum("all skills", of_entity_, true));
        ++group_.rows;
    }
}

void ReportTables::end() {
    if (of_entity_.rows() != 0) end_entity();
    if (choice_.machines) {
        std::vector<Value> values = period_values_;
        values.insert(values.end(), {period_.missing, all_.rows(), all_.incomplete()});
        append_cells(values, all_, true);
        totals_.rows.push_back({std::move(values), Style::Plain});
        return;
    }
    if (all_.rows() > 1 && !choice_.kind->events) group_.totals.push_back(people_sum("total", all_, true));
    group_.footer.push_back(footer_of(period_, all_.rows(), all_.incomplete()));
    people_.groups.push_back(std::move(group_));
}

}  // namespace twinlink::cli
