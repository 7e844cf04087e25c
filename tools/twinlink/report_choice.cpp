// See report_choice.hpp.
#include "tools/twinlink/report_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace twinlink::cli {

using tools::ExitCode;

namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

/// Adds the columns that `wanted` means; false when there is none.
bool add_columns(const Table& table, const std::string& wanted, std::vector<Column>& columns) {
    const bool all = wanted == "ALL";
    if (!all && !wanted.ends_with('*')) {
        const auto column = find_column(table, wanted);
        if (column) columns.push_back(*column);
        return column.has_value();
    }
    const std::string prefix = all ? "" : wanted.substr(0, wanted.size() - 1);
    bool any = false;
    for (u16 c = 0; c < table.columns; ++c) {
        const Column column = column_at(table, c);
        if (column.item->unit == ItemUnit::Text && column.number != 0) continue;  // read with the first
        if (!name_of(column).starts_with(prefix)) continue;
        columns.push_back(column);
        any = true;
    }
    return any;
}

Result<std::vector<Column>> columns_of(const Arguments& arguments, const Table& table) {
    std::vector<Column> columns;
    if (!arguments.has(OptionId::Items)) {
        for (const std::string_view name : report_kind(table.id).items)
            columns.push_back(find_column(table, name).value());
        return columns;
    }
    std::string rest = upper(arguments.text(OptionId::Items)) + ",";
    for (std::size_t comma; (comma = rest.find(',')) != std::string::npos; rest.erase(0, comma + 1)) {
        std::string wanted = rest.substr(0, comma);
        std::erase(wanted, ' ');
        if (!add_columns(table, wanted, columns))
            return refuse(ExitCode::Usage,
                          fmt::format("--items: {} has no item \"{}\"; twinlink items {} lists them.",
                                      table.name, wanted, table.name));
    }
    // INCOMPLETE is always there; a column named twice is shown once, where it was named first.
    std::vector<Column> once;
    for (const Column& column : columns)
        if (column.item->name != "INCOMPLETE" &&
            std::ranges::find(once, column.index, &Column::index) == once.end())
            once.push_back(column);
    return once;
}

}  // namespace

Names::Names(const StoreSnapshot& snapshot) {
    snapshot.names([&](const NameRecord& record) {
        names_[{record.acd, record.kind, record.number}] = text_of(record.text);
        return true;
    });
}

std::string Names::find(Acd acd, NameKind kind, u64 number) const {
    const auto at = names_.find({acd.value, kind, number});
    return at == names_.end() ? std::string() : at->second;
}

std::optional<u64> Names::number(Acd acd, NameKind kind, std::string_view name) const {
    for (const auto& [key, text] : names_)
        if (std::get<0>(key) == acd.value && std::get<1>(key) == kind && same_name(text, name))
            return std::get<2>(key);
    return std::nullopt;
}

std::string Names::some(NameKind kind) const {
    constexpr std::size_t kSome = 8;
    std::string some;
    std::size_t n = 0;
    for (const auto& [key, text] : names_) {
        if (std::get<1>(key) != kind) continue;
        if (++n > kSome) return some + ", ...";
        some += fmt::format("{}{} ({} on ACD {})", some.empty() ? "" : ", ", text, std::get<2>(key),
                            std::get<0>(key));
    }
    return some.empty() ? "none has a name" : some;
}

Result<ReportChoice> ReportChoice::of(const Arguments& arguments, const Table& table) {
    ReportChoice choice;
    choice.table = &table;
    choice.kind = &report_kind(table.id);
    const auto acd = arguments.number(OptionId::Acd, std::numeric_limits<u16>::max());
    if (!acd) return std::unexpected(acd.error());
    if (*acd) choice.acd = Acd{static_cast<u16>(**acd)};
    auto agent = arguments.number(OptionId::Agent, std::numeric_limits<u64>::max());
    if (!agent) return std::unexpected(agent.error());
    choice.agent = *agent;
    for (const auto& [id, into] : {std::pair{OptionId::From, &choice.from},
                                   {OptionId::To, &choice.to},
                                   {OptionId::Interval, &choice.interval}}) {
        auto time = time_option(arguments, id);
        if (!time) return std::unexpected(time.error());
        *into = *time;
    }
    if (choice.interval && (choice.from || choice.to))
        return refuse(ExitCode::Usage,
                      "--interval names one interval, --from and --to a span: give one or the other.");
    auto columns = columns_of(arguments, table);
    if (!columns) return std::unexpected(columns.error());
    choice.columns = std::move(*columns);
    choice.skill = arguments.text(OptionId::Skill);
    choice.only = arguments.text(OptionId::Only);
    choice.exact = arguments.has(OptionId::Exact);
    return choice;
}

}  // namespace twinlink::cli
