// The CSV and JSON forms: see document.hpp.
#include "tools/common/document.hpp"
#include "tools/common/time_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <set>

namespace twinlink::tools {
namespace {

using Json = nlohmann::json;

const Value& value_at(const Row& row, std::size_t column) {
    static const Value kUnknown;
    return column < row.values.size() ? row.values[column] : kUnknown;
}

/// Appends the digits of a number.
template <typename Number>
void append_number(std::string& text, Number number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.append(digits.data(), end);
}

/// A string of JSON, in quotes, made safe.
void append_quoted(std::string& text, std::string_view value) {
    const bool plain =
        std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (!plain) {
        text += Json(clean(value)).dump();
        return;
    }
    text += '"';
    text += value;
    text += '"';
}

/// 1234 is 12.34, without noughts at the end but for one.
void append_hundredths(std::string& text, u64 number) {
    append_number(text, number / 100);
    text += '.';
    text += static_cast<char>('0' + number / 10 % 10);
    if (number % 10 != 0) text += static_cast<char>('0' + number % 10);
}

void append_value(std::string& text, const Value& value, Kind kind) {
    if (const auto* number = std::get_if<u64>(&value)) {
        if (kind == Kind::Time)
            append_quoted(text, rfc3339(*number));
        else if (kind == Kind::Hundredths)
            append_hundredths(text, *number);
        else
            append_number(text, *number);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        text += *flag ? "true" : "false";
    } else if (const auto* signed_number = std::get_if<i64>(&value)) {
        append_number(text, *signed_number);
    } else if (const auto* words = std::get_if<std::string>(&value)) {
        append_quoted(text, *words);
    } else {
        text += "null";
    }
}

/// A table as an array of objects. A day's report has millions of values: all that is the same in every row
/// (blanks, key, colon) is put together once per column.
void append_rows(std::string& text, const Listing& table) {
    struct Member {
        std::size_t column;
        Kind kind;
        std::string before;
    };
    std::vector<Member> members;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (table.columns[c].seen_by == For::People) continue;
        std::string before = members.empty() ? "\n      " : ",\n      ";
        append_quoted(before, table.columns[c].key);
        members.push_back({c, table.columns[c].kind, before + ": "});
    }
    text += '[';
    const std::size_t begin = text.size();
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
        if (r == 1) text.reserve(begin + (text.size() - begin + 32) * table.rows.size());
        text += r == 0 ? "\n    {" : ",\n    {";
        for (const Member& member : members) {
            text += member.before;
            append_value(text, value_at(table.rows[r], member.column), member.kind);
        }
        text += members.empty() ? "}" : "\n    }";
    }
    text += table.rows.empty() ? "]" : "\n  ]";
}

/// Each key of an object stands in it once.
bool keys_differ(const Listing& table) {
    std::set<std::string_view> keys;
    for (const Field& column : table.columns)
        if (column.seen_by != For::People && !keys.insert(column.key).second) return false;
    return true;
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

}  // namespace

Value moment(u64 ns) { return ns == 0 ? Value{} : Value{rfc3339(ns)}; }

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
    std::string text = "{\n  \"schema\": ";
    append_number(text, kOutputSchema);
    const auto member = [&](std::string_view key) {
        text += ",\n  ";
        append_quoted(text, key);
        text += ": ";
    };
    member("command");
    append_quoted(text, document.command);
    for (const auto& [key, value] : document.facts) {
        member(key);
        append_value(text, value, Kind::Text);
    }
    for (const Listing& table : document.tables) {
        if (table.seen_by == For::People) continue;
        assert(keys_differ(table));
        member(table.name);
        append_rows(text, table);
    }
    member("problems");
    text += '[';
    for (std::size_t n = 0; n < document.problems.size(); ++n) {
        text += n == 0 ? "\n    " : ",\n    ";
        append_quoted(text, document.problems[n]);
    }
    text += document.problems.empty() ? "]" : "\n  ]";
    text += "\n}\n";
    return text;
}

}  // namespace twinlink::tools
