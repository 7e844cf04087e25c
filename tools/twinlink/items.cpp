// `twinlink items`: every column of the tables, from the catalogue; and the measures of reports. Reads
// nothing.
#include "tools/twinlink/commands.hpp"
#include "tools/twinlink/report_measures.hpp"

#include <twinlink/items.hpp>

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using tools::Field;
using tools::For;
using tools::Kind;
using tools::Listing;
using tools::Style;

std::string_view unit_name(ItemUnit unit) noexcept {
    switch (unit) {
        case ItemUnit::Count: return "count";
        case ItemUnit::Nanoseconds: return "ns";
        case ItemUnit::Seconds: return "s";
        case ItemUnit::Flag: return "flag";
        case ItemUnit::Number: return "number";
        case ItemUnit::Time: return "time";
        case ItemUnit::Text: return "text";
    }
    return "?";
}

std::string_view roll_up_name(RollUp roll_up) noexcept {
    switch (roll_up) {
        case RollUp::Sum: return "sum";
        case RollUp::Maximum: return "maximum";
        case RollUp::Last: return "last";
        case RollUp::Or: return "or";
        case RollUp::CountSet: return "count_set";
        case RollUp::Key: return "key";
        case RollUp::None: return "none";
    }
    return "?";
}

/// "ACDCALLS1..10" for a family.
std::string item_name(const Item& item) {
    std::string name(item.name);
    if (item.family) name += fmt::format("{}..{}", item.first, item.first + item.count - 1);
    return name;
}

std::string explained(const Item& item) {
    std::string text(item.help);
    if (!item.why_zero.empty()) text += fmt::format(" Always 0: {}.", item.why_zero);
    return text;
}

std::string explained(const Measure& measure) {
    return fmt::format("{} = {}. Shown as {}.", measure.help, formula_of(measure), measure.title);
}

Listing table_of(const Table& table, Listing listing) {
    tools::Group group;
    group.heading.push_back({fmt::format("{} - {}", table.name, table.help), Style::Title});
    group.rows = table.items.size();
    listing.groups.push_back(group);
    for (const Item& item : table.items)
        listing.rows.push_back(
            {{std::string(table.name), item_name(item), std::string(1, static_cast<char>(item.kind)),
              std::string(item.basis == ItemBasis::Call ? "call" : "interval"),
              std::string(unit_name(item.unit)), std::string(roll_up_name(item.roll_up)), u64{item.count},
              explained(item)},
             Style::Plain});
    for (const Measure& measure : measures()) {
        if (measure.table != table.id) continue;
        listing.rows.push_back(
            {{std::string(table.name), std::string(measure.name), std::string("="), std::string("-"),
              std::string(unit_name(measure.unit)), std::string("again"), u64{1}, explained(measure)},
             Style::Plain});
        ++listing.groups.back().rows;
    }
    return listing;
}

}  // namespace

Result<Answer> run_items(const Arguments& arguments, const Rim&) {
    const std::string only = arguments.text(OptionId::ItemTable);
    if (!only.empty() && only != kLinkexTable.name && find_table(std::string_view(only)) == nullptr) {
        std::string all;
        for (const Table& table : kTables) all += (all.empty() ? "" : ", ") + std::string(table.name);
        all += ", " + std::string(kLinkexTable.name);
        return refuse(tools::ExitCode::Usage, "there is no table \"" + only + "\"; there are " + all + ".");
    }
    Listing listing{"items",
                    {{"table", "", Kind::Text, For::Machines},
                     {"item", "item"},
                     {"kind", "kind"},
                     {"basis", "booked by"},
                     {"unit", "unit"},
                     {"roll_up", "over intervals"},
                     {"columns", "columns", Kind::Count, For::Machines},
                     {"help", "meaning"}},
                    {},
                    {}};
    for (const Table& table : kTables)
        if (only.empty() || table.name == only) listing = table_of(table, std::move(listing));
    if (only.empty() || only == kLinkexTable.name) listing = table_of(kLinkexTable, std::move(listing));
    Answer answer;
    answer.document.command = "items";
    answer.document.tables.push_back(std::move(listing));
    answer.document.closing.push_back(
        {"Kinds: C cumulative, A setting in force, M maximum, B of a day's busy hour, I names the row, "
         "= measure: made of items when a report is, in each sum again, and given in seconds, percent or a "
         "number with two decimals. Booked by call: whole, when the call and its after-call work end; by "
         "interval: split at every boundary.",
         Style::Faint});
    return answer;
}

}  // namespace twinlink::cli
