// What a report is to show: which table, ACDs, time, skill, agent and items, read from the command line.
//
// Plain values, one thread.
#pragma once

#include "tools/twinlink/report_kinds.hpp"
#include "tools/twinlink/store_source.hpp"

#include <twinlink/items.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace twinlink::cli {

/// Names of skills, agents, VDNs, vectors and trunk groups, read once.
class Names {
public:
    explicit Names(const StoreSnapshot& snapshot);
    /// Empty where the ACD never named it.
    [[nodiscard]] std::string find(Acd acd, NameKind kind, u64 number) const;
    /// Number of what has that name on that ACD; case does not matter.
    [[nodiscard]] std::optional<u64> number(Acd acd, NameKind kind, std::string_view name) const;
    /// Some names, for a message.
    [[nodiscard]] std::string some(NameKind kind) const;

private:
    std::map<std::tuple<u16, NameKind, u64>, std::string> names_;
};

struct ReportChoice {
    const Table* table = nullptr;
    const ReportKind* kind = nullptr;
    std::optional<Acd> acd;
    std::optional<tools::TypedTime> from;
    std::optional<tools::TypedTime> to;
    std::optional<tools::TypedTime> interval;
    std::string skill;  ///< number or name; empty: all
    std::string only;   ///< number or name of the first thing that names the rows; empty: all
    std::optional<u64> agent;
    std::vector<Column> columns;  ///< without INCOMPLETE, which every report shows
    bool exact = false;

    /// Usage errors: what cannot be read, items that the table does not have, times that exclude each other.
    [[nodiscard]] static Result<ReportChoice> of(const Arguments&, const Table& table);
};

}  // namespace twinlink::cli
