// The tables of an interval report: rows with names, sums among them, what is missing; for people or for
// machines.
//
// Built row by row in the order of the store: per ACD begin_acd(), then per period begin(), add() for each
// row by (entity, entity2), end(), and end_acd(); finish() at last. Times stay undivided ns until they are
// put into a cell: each cell, sums and measures too, is rounded once. One thread. Memory: what is printed,
// and a sum per entity.
#pragma once

#include "tools/twinlink/report_choice.hpp"
#include "tools/twinlink/report_period.hpp"
#include "tools/twinlink/row_sum.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace twinlink::cli {

class ReportTables {
public:
    /// Both must outlive it.
    ReportTables(const ReportChoice& choice, const Names& names);

    /// `periods`: how many will come.
    void begin_acd(const AcdContext& acd, std::size_t periods);
    void begin(const Period& period);
    void add(const PeriodRow& row);
    void end();
    void end_acd();
    [[nodiscard]] Answer finish(const std::string& path);

private:
    /// Is that table of machines asked for?
    [[nodiscard]] bool wanted(std::string_view table) const noexcept {
        return choice_.only_table.empty() || choice_.only_table == table;
    }
    [[nodiscard]] bool of_agents() const noexcept { return choice_.table->id == TableId::Hagent; }
    [[nodiscard]] std::vector<tools::Field> entity_fields() const;
    void append_entity(std::vector<tools::Value>& values, u64 entity, u64 entity2) const;
    void append_items(std::vector<tools::Field>& fields) const;
    [[nodiscard]] std::vector<tools::Field> period_fields() const;
    [[nodiscard]] std::vector<tools::Value> period_values() const;
    void set_up_machines();

    [[nodiscard]] tools::Value item_cell(const Column& column, std::optional<u64> value) const;
    [[nodiscard]] tools::Value measure_cell(const MeasureColumns& of, const std::optional<Fraction>& f) const;
    void append_cells(std::vector<tools::Value>& values, const PeriodRow& row) const;
    /// `agent`: the sum is over all rows of one or more agents.
    void append_cells(std::vector<tools::Value>& values, const RowSum& sum, bool agent) const;
    void push(tools::Listing& listing, std::vector<tools::Value> values, tools::Style style) const;
    /// A sum as people see it: a label where the last name would stand.
    [[nodiscard]] tools::Row people_sum(const std::string& label, const RowSum& sum, bool agent) const;
    /// Puts what only a whole agent has into the newest row, which is the agent's only one.
    void complete_agent(tools::Listing& listing, const RowSum& agent) const;
    void end_entity();
    void add_agent_sum();
    void end_acd_machines();
    void end_acd_people();
    void explain(tools::Document& document) const;

    const ReportChoice& choice_;
    const Names& names_;
    tools::Listing people_;
    tools::Listing rows_;
    tools::Listing totals_;      ///< one record per ACD and period
    tools::Listing entities_;    ///< one record per skill, or agent and skill, over all periods shown
    tools::Listing agents_;      ///< one record per agent and period: the sum over the agent's skills
    tools::Listing agents_all_;  ///< the same over all periods shown

    AcdContext acd_;
    std::size_t periods_ = 0;
    u64 periods_with_rows_ = 0;
    std::map<std::pair<u64, u64>, RowSum> sums_;  ///< by entity, over the periods of this ACD

    Period period_;
    std::vector<tools::Value> period_values_;  ///< what machines read of it in each row
    tools::Group group_;
    RowSum all_;
    RowSum of_entity_;
    u64 entity_ = 0;
    std::size_t entity_fields_ = 0;
    bool any_rows_ = false;
};

}  // namespace twinlink::cli
