// The CSV and JSON forms: see document.hpp.
#include "tools/common/document.hpp"
#include "tools/common/time_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <set>

namespace twinlink::tools {
namespace {

using Json = nlohmann::json;

/// JSON as it is written, two blanks for each level: a report of a day has millions of values, of which
/// nothing need be kept.
class JsonText {
public:
    JsonText& key(std::string_view key) {
        begin();
        write_text(key);
        text_ += ": ";
        keyed_ = true;
        return *this;
    }
    void open(char bracket) {
        if (!keyed_) begin();
        keyed_ = false;
        text_ += bracket;
        ++depth_;
        empty_ = true;
    }
    void close(char bracket) {
        --depth_;
        if (!empty_) new_line();
        text_ += bracket;
        empty_ = false;
    }
    void value(const Value& value, Kind kind) {
        if (!keyed_) begin();
        keyed_ = false;
        if (const auto* flag = std::get_if<bool>(&value))
            text_ += *flag ? "true" : "false";
        else if (const auto* number = std::get_if<u64>(&value))
            write_number(*number, kind);
        else if (const auto* signed_number = std::get_if<i64>(&value))
            fmt::format_to(std::back_inserter(text_), "{}", *signed_number);
        else if (const auto* text = std::get_if<std::string>(&value))
            write_text(clean(*text));
        else
            text_ += "null";
    }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    void new_line() {
        text_ += '\n';
        text_.append(2 * depth_, ' ');
    }
    void begin() {
        if (depth_ == 0) return;
        if (!empty_) text_ += ',';
        empty_ = false;
        new_line();
    }
    void write_number(u64 number, Kind kind) {
        if (kind == Kind::Time)
            write_text(rfc3339(number));
        else if (kind == Kind::Hundredths)
            text_ += Json(static_cast<double>(number) / 100.0).dump();
        else
            fmt::format_to(std::back_inserter(text_), "{}", number);
    }
    void write_text(std::string_view text) {
        const bool plain =
            std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
        if (!plain) {
            text_ += Json(text).dump();
            return;
        }
        text_ += '"';
        text_ += text;
        text_ += '"';
    }

    std::string text_;
    std::size_t depth_ = 0;
    bool empty_ = true;
    bool keyed_ = false;
};

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
    JsonText all;
    all.open('{');
    all.key("schema").value(kOutputSchema, Kind::Count);
    all.key("command").value(document.command, Kind::Text);
    for (const auto& [key, value] : document.facts) all.key(key).value(value, Kind::Text);
    for (const Listing& table : document.tables) {
        if (table.seen_by == For::People) continue;
        assert(keys_differ(table));
        all.key(table.name).open('[');
        for (const Row& row : table.rows) {
            all.open('{');
            for (std::size_t c = 0; c < table.columns.size(); ++c)
                if (table.columns[c].seen_by != For::People)
                    all.key(table.columns[c].key).value(value_at(row, c), table.columns[c].kind);
            all.close('}');
        }
        all.close(']');
    }
    all.key("problems").open('[');
    for (const std::string& problem : document.problems) all.value(problem, Kind::Text);
    all.close(']');
    all.close('}');
    return all.text() + "\n";
}

}  // namespace twinlink::tools
