// What a report is to show: which table, ACDs, time, skill, agent and items, read from the command line.
//
// Plain values, one thread.
#pragma once

#include "tools/twinlink/store_source.hpp"

#include <twinlink/items.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace twinlink::cli {

/// Names of skills and agents, read once.
class Names {
public:
    explicit Names(const StoreSnapshot& snapshot);
    /// Empty where the ACD never named it.
    [[nodiscard]] std::string find(Acd acd, NameKind kind, u64 number) const;
    /// Number of the skill of that name on that ACD; case does not matter.
    [[nodiscard]] std::optional<u64> skill(Acd acd, std::string_view name) const;
    /// Some names of skills, for a message.
    [[nodiscard]] std::string some_skills() const;

private:
    std::map<std::tuple<u16, NameKind, u64>, std::string> names_;
};

struct ReportChoice {
    const Table* table = nullptr;
    std::optional<Acd> acd;
    std::optional<tools::TypedTime> from;
    std::optional<tools::TypedTime> to;
    std::optional<tools::TypedTime> interval;
    std::string skill;  ///< number or name; empty: all
    std::optional<u64> agent;
    std::vector<Column> columns;  ///< without INCOMPLETE, which every report shows
    bool exact = false;

    /// Usage errors: what cannot be read, items that the table does not have, times that exclude each other.
    [[nodiscard]] static Result<ReportChoice> of(const Arguments&, const Table& table);
};

}  // namespace twinlink::cli
