// Rows that the two servers hold differently, one by one: asked for through the appliance, table by table,
// and shown item by item.
//
// Cold; one thread. Bounded: kTablesAsked tables, kRowsNamed rows in all; what is more is counted and said.
#pragma once

#include "tools/common/rows_json.hpp"
#include "tools/twinlink/commands.hpp"

#include <twinlink/items.hpp>

namespace twinlink::cli {

/// Tables of intervals that are looked into. Chosen: each may take seconds where the partner says nothing.
inline constexpr std::size_t kTablesAsked = 32;
/// Rows that are named. Chosen: what people read; with --from and --to others come to be named.
inline constexpr u64 kRowsNamed = 200;

class PartnerRows {
public:
    PartnerRows();

    /// Looks into a table of an interval that differs. Refusals: the appliance does not answer, or not so.
    [[nodiscard]] Result<bool> look_into(const Arguments&, const Rim&, const RowsQuestion& question);
    /// Adds what was found to the document.
    void finish(tools::Document& document);

private:
    void add(const RowsQuestion& question, const tools::RowsTold& told);
    void add_row(const RowsQuestion& question, const tools::NamedRow& row);

    tools::Listing machines_;
    tools::Listing people_;
    std::vector<std::string> why_;  ///< sentences: what is not all
    std::size_t tables_ = 0;        ///< that were looked into
    u64 not_looked_into_ = 0;
    u64 differ_ = 0;  ///< rows
    u64 named_ = 0;
    bool gave_up_ = false;  ///< the partner tells no rows: the other tables are not asked for
};

}  // namespace twinlink::cli
