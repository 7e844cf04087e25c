// The CSV and JSON forms: see document.hpp.
#include "tools/common/document.hpp"
#include "tools/common/time_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace twinlink::tools {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value, Kind kind) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag;
    if (const auto* number = std::get_if<u64>(&value))
        return kind == Kind::Time         ? Json(rfc3339(*number))
               : kind == Kind::Hundredths ? Json(static_cast<double>(*number) / 100.0)
                                          : Json(*number);
    if (const auto* number = std::get_if<i64>(&value)) return *number;
    if (const auto* text = std::get_if<std::string>(&value)) return clean(*text);
    return nullptr;
}

/// A field as RFC 4180 wants it: in quotes where it holds what separates.
std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos && !text.starts_with(' ') &&
        !text.ends_with(' '))
        return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

std::string csv_of(const Value& value, Kind kind) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<u64>(&value))
        return kind == Kind::Time         ? rfc3339(*number)
               : kind == Kind::Hundredths ? fmt::format("{}.{:02}", *number / 100, *number % 100)
                                          : std::to_string(*number);
    if (const auto* number = std::get_if<i64>(&value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return csv_field(clean(*text));
    return "";
}

const Value& value_at(const Row& row, std::size_t column) {
    static const Value kUnknown;
    return column < row.values.size() ? row.values[column] : kUnknown;
}

}  // namespace

std::string to_csv(const Listing& table) {
    std::string out = "schema";
    for (const Field& column : table.columns)
        if (column.seen_by != For::People) out += "," + csv_field(column.key);
    out += "\n";
    for (const Row& row : table.rows) {
        out += std::to_string(kOutputSchema);
        for (std::size_t c = 0; c < table.columns.size(); ++c)
            if (table.columns[c].seen_by != For::People)
                out += "," + csv_of(value_at(row, c), table.columns[c].kind);
        out += "\n";
    }
    return out;
}

std::string to_json(const Document& document) {
    Json all;
    all["schema"] = kOutputSchema;
    all["command"] = document.command;
    for (const auto& [key, value] : document.facts) all[key] = json_of(value, Kind::Text);
    for (const Listing& table : document.tables) {
        if (table.seen_by == For::People) continue;
        Json rows = Json::array();
        for (const Row& row : table.rows) {
            Json object = Json::object();
            for (std::size_t c = 0; c < table.columns.size(); ++c)
                if (table.columns[c].seen_by != For::People)
                    object[table.columns[c].key] = json_of(value_at(row, c), table.columns[c].kind);
            rows.push_back(std::move(object));
        }
        all[table.name] = std::move(rows);
    }
    Json problems = Json::array();
    for (const std::string& problem : document.problems) problems.push_back(clean(problem));
    all["problems"] = std::move(problems);
    return all.dump(2) + "\n";
}

}  // namespace twinlink::tools
