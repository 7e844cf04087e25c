// The tables of an interval report: rows with names, sums among them, what is missing; for people and for
// machines.
//
// Built interval by interval in the order of the store. Times stay undivided ns until they are put into a
// cell: each cell, sums too, is rounded once. One thread.
#pragma once

#include "tools/twinlink/report_choice.hpp"
#include "tools/twinlink/row_sum.hpp"

#include <span>
#include <string>
#include <vector>

namespace twinlink::cli {

/// A row of the store, copied out of the snapshot's callback.
struct StoredRow {
    RowKey key;
    u32 revision;
    u16 fold_version;
    bool closed;
    std::vector<u64> items;
};

/// What one ACD contributes.
struct AcdRows {
    AcdContext acd;
    std::vector<IntervalRecord> intervals;
    std::vector<StoredRow> rows;  ///< by (interval, instance, entity, entity2)
};

struct Report {
    const ReportChoice& choice;
    const Names& names;
    tools::Listing people;    ///< with sums among the rows
    tools::Listing rows;      ///< the rest for machines
    tools::Listing totals;    ///< one record per ACD and interval
    tools::Listing entities;  ///< one record per skill, or agent and skill, over all intervals shown
    tools::Listing agents;    ///< one record per agent and interval: the sum over the agent's skills
};

/// Gives the tables their columns. First.
void set_up(Report& report);
/// One interval of one ACD. Precondition: `rows` are all of it, in order.
void add_interval(Report& report, const AcdContext& acd, const IntervalRecord& interval,
                  std::span<const StoredRow> rows);
/// All rows of one ACD, added up per skill or agent and skill. After its intervals.
void add_entities(Report& report, const AcdRows& of_acd);
/// The report as a document. Last: empties the report.
[[nodiscard]] Answer answer_of(Report& report, const std::string& path);

}  // namespace twinlink::cli
