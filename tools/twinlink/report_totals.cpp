// What a report says after its periods: sums over all of them, and what its columns mean. See
// report_tables.hpp.
#include "tools/twinlink/report_tables.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::cli {

using tools::Style;
using tools::Value;

void ReportTables::end_acd() {
    if (choice_.kind->events) return;
    if (choice_.machines)
        end_acd_machines();
    else if (periods_with_rows_ > 1)
        end_acd_people();
}

void ReportTables::end_acd_machines() {
    RowSum agent(*choice_.table, choice_.columns, Over::Entities);
    const auto none = agent;
    for (auto at = sums_.begin(); at != sums_.end(); ++at) {
        const auto& [key, sum] = *at;
        std::vector<Value> values{u64{acd_.acd.value}};
        append_entity(values, key.first, key.second);
        values.insert(values.end(), {sum.rows(), sum.incomplete()});
        append_cells(values, sum, false);
        entities_.rows.push_back({std::move(values), Style::Plain});
        if (!of_agents()) continue;
        agent.add(sum);
        const auto next = std::next(at);
        if (next != sums_.end() && next->first.first == key.first) continue;
        std::vector<Value> all{u64{acd_.acd.value}, key.first,
                               names_.find(acd_.acd, NameKind::Agent, key.first), agent.rows(),
                               agent.incomplete()};
        append_cells(all, agent, true);
        agents_all_.rows.push_back({std::move(all), Style::Plain});
        agent = none;
    }
}

void ReportTables::end_acd_people() {
    tools::Group group;
    group.offset_minutes = acd_.offset_minutes;
    group.heading.push_back({fmt::format("{}, all {} {} above", acd_.title(), periods_with_rows_,
                                         std::string(name(choice_.by)) + "s"),
                             Style::Title});
    RowSum agent(*choice_.table, choice_.columns, Over::Entities);
    const auto none = agent;
    RowSum all = none;
    std::size_t skills = 0;
    for (auto at = sums_.begin(); at != sums_.end(); ++at) {
        const auto& [key, sum] = *at;
        std::vector<Value> values{sum.incomplete() != 0};
        append_entity(values, key.first, key.second);
        append_cells(values, sum, false);
        people_.rows.push_back({std::move(values), Style::Plain});
        ++group.rows;
        ++skills;
        agent.add(sum);
        const auto next = std::next(at);
        if (next != sums_.end() && next->first.first == key.first) continue;
        if (of_agents() && skills == 1) complete_agent(people_, agent);
        if (of_agents() && skills > 1) {
            people_.rows.push_back(people_sum("all skills", agent, true));
            ++group.rows;
        }
        all.add(agent);
        agent = none;
        skills = 0;
    }
    if (sums_.size() > 1) group.totals.push_back(people_sum("total", all, true));
    people_.groups.push_back(std::move(group));
}

/// Which of the columns shown are not in the totals, and why.
void ReportTables::explain(tools::Document& document) const {
    std::string left_out;
    bool queuings = false;
    bool whole_agent = false;
    for (const Shown& shown : choice_.shown) {
        if (shown.measure) {
            const Measure& measure = *shown.measure->measure;
            queuings = queuings || measure.below[0] == "CALLSOFFERED";
            whole_agent = whole_agent || measure.meaning == Meaning::WholeAgent;
            continue;
        }
        const Item& item = *shown.column.item;
        if (item.roll_up == RollUp::Sum && !adds_over_skills(choice_.table->id, item))
            left_out += (left_out.empty() ? "" : ", ") + name_of(shown.column);
    }
    const auto say = [&](std::string text) { document.closing.push_back({std::move(text), Style::Faint}); };
    if (!left_out.empty())
        say("Not added over skills, where one call or one agent counts several times: " + left_out);
    if (queuings)
        say("Percentages of a total over skills are of queuings: a call that queued to two skills was "
            "offered to "
            "both.");
    if (whole_agent) say("What only a whole agent has stands in the line of all his skills.");
    say(choice_.exact ? "Times are exact. Items and measures: twinlink items"
                      : "Times are h:mm:ss, each rounded once from ns, totals and averages too. Items and "
                        "measures: twinlink items");
}

Answer ReportTables::finish(const std::string& path) {
    Answer answer;
    tools::Document& document = answer.document;
    document.command = "report " + std::string(choice_.kind->name);
    document.fact("store", path);
    document.fact("item_table", std::string(choice_.table->name));
    document.fact("by", std::string(name(choice_.by)));
    document.fact("time_unit", std::string(choice_.exact ? "ns" : "s"));
    if (!any_rows_)
        document.opening.push_back({"There are no rows for that.", Style::Plain});
    else
        explain(document);
    document.tables.push_back(std::move(people_));
    document.tables.push_back(std::move(rows_));
    document.tables.push_back(std::move(totals_));
    if (choice_.kind->events) return answer;
    document.tables.push_back(std::move(entities_));
    if (!of_agents()) return answer;
    document.tables.push_back(std::move(agents_));
    document.tables.push_back(std::move(agents_all_));
    return answer;
}

}  // namespace twinlink::cli
