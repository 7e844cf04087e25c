// What a report is to show: which table, ACDs, time, period, skill, agent and columns, read from the command
// line.
//
// Plain values, one thread.
#pragma once

#include "tools/twinlink/report_kinds.hpp"
#include "tools/twinlink/report_measures.hpp"
#include "tools/twinlink/report_names.hpp"
#include "tools/twinlink/store_source.hpp"

#include <twinlink/items.hpp>
#include <twinlink/roll_up.hpp>

#include <optional>
#include <string>
#include <vector>

namespace twinlink::cli {

/// A column of the report: an item, or a measure made of items.
struct Shown {
    Column column;                          ///< where it is an item
    std::optional<MeasureColumns> measure;  ///< where it is a measure

    [[nodiscard]] std::string key() const {
        return measure ? std::string(measure->measure->name) : name_of(column);
    }
    [[nodiscard]] std::string title() const {
        return measure ? std::string(measure->measure->title) : name_of(column);
    }
};

struct ReportChoice : TimeChoice {
    const Table* table = nullptr;
    const ReportKind* kind = nullptr;
    std::optional<tools::TypedTime> interval;
    std::optional<std::size_t> back;  ///< the newest interval of each ACD (0), or the one before it (1)
    Span by = Span::Interval;
    std::string skill;  ///< number or name; empty: all
    std::string only;   ///< number or name of the first thing that names the rows; empty: all
    std::optional<u64> agent;
    std::vector<Shown> shown;  ///< without INCOMPLETE, which every report shows
    std::vector<Column>
        columns;             ///< the items that sums need: those shown, then those that measures are made of
    std::vector<u16> slots;  ///< by column of the table: where in `columns`
    bool exact = false;
    std::string only_table;  ///< of --csv: others need not be made; empty: all
    bool machines = false;   ///< --json or --csv: what only people see is not made, and the other way round

    /// Usage errors: what cannot be read, items that the table does not have, times that exclude each other.
    [[nodiscard]] static Result<ReportChoice> of(const Arguments&, const Rim&, const Table& table);
};

}  // namespace twinlink::cli
