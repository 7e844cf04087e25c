// The interval reports there are: which table each shows, what names its rows, and what it shows unless
// asked.
//
// One table, many uses: the commands, the columns and the sums are made from it. Pure values, any thread.
#pragma once

#include "tools/common/document.hpp"

#include <twinlink/items.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace twinlink::cli {

/// What one part of a row's key names, and how it is shown.
struct KeyPart {
    std::string_view key;              ///< "SPLIT"; empty: there is no such part
    std::string_view title = {};       ///< of its name, for people; empty: it has no name
    NameKind names = NameKind::Skill;  ///< where that name comes from
    tools::Kind kind = tools::Kind::Number;

    [[nodiscard]] bool used() const noexcept { return !key.empty(); }
    [[nodiscard]] bool named() const noexcept { return !title.empty(); }
};

struct ReportKind {
    TableId table;
    std::string_view name;  ///< "skills": the command's second word, and what the rows are
    KeyPart entity;
    KeyPart entity2;
    bool events;                              ///< rows are single events: nothing is added up
    std::span<const std::string_view> items;  ///< and measures shown unless others are asked for
};

/// Precondition: the table has a report.
[[nodiscard]] const ReportKind& report_kind(TableId table) noexcept;

}  // namespace twinlink::cli
