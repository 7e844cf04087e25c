// What a command says, once: facts, tables and remarks, which become text for people, CSV or JSON.
//
// A column is described once (Field) and yields the text header, the CSV header and the JSON key. Values are
// kept as they are; only the text form rounds and abbreviates. Machine forms: u64 as integers, times as RFC
// 3339, durations as integer ns (their keys end in _ns), what is not known as null (JSON) or nothing (CSV).
// Plain values, one thread.
#pragma once

#include "tools/common/terminal.hpp"

#include <twinlink/types.hpp>

#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace twinlink::tools {

/// The version of our machine-readable output: raised when a key changes its meaning or goes away.
inline constexpr u64 kOutputSchema = 1;

/// A value; std::monostate is "not known".
using Value = std::variant<std::monostate, bool, u64, i64, std::string>;

/// How a column's values are meant.
enum class Kind : u8 {
    Text,
    Number,      ///< names a thing: no thousands separators
    Count,       ///< how many
    Time,        ///< u64 ns since 1970
    Duration,    ///< u64 ns
    Seconds,     ///< u64 s
    Hundredths,  ///< u64: 1234 is 12.34
    Octal,       ///< u64; text shows three octal digits
    Flag,        ///< bool; text shows the column's title or nothing
};

/// Who gets to see a column or a table.
enum class For : u8 { All, People, Machines };

struct Field {
    std::string key;    ///< stable: CSV header and JSON key
    std::string title;  ///< text header
    Kind kind = Kind::Text;
    For seen_by = For::All;
};

struct Row {
    std::vector<Value> values;  ///< as many as there are columns; missing ones at the end are not known
    Style style = Style::Plain;
};

struct Line {
    std::string text;
    Style style = Style::Plain;
};

/// Consecutive rows of a table with what people read around them.
struct Group {
    std::vector<Line> heading;
    std::size_t rows = 0;  ///< how many
    std::vector<Row> totals;
    std::vector<Line> footer;
    int offset_minutes = 0;  ///< people see times at this offset
};

/// Invariant: the groups' row counts add up to rows.size() where there are groups; without any, all is one.
struct Listing {
    std::string name;  ///< JSON key, and what --table takes
    std::vector<Field> columns;
    std::vector<Row> rows;
    std::vector<Group> groups;
    For seen_by = For::All;
};

struct Document {
    std::string command;
    std::vector<std::pair<std::string, Value>> facts;  ///< machines only; in this order
    std::vector<Line> opening;                         ///< people only
    std::vector<Listing> tables;
    std::vector<Line> closing;          ///< people only
    std::vector<std::string> problems;  ///< sentences; people get them from stderr, machines as "problems"

    void fact(std::string key, Value value) { facts.emplace_back(std::move(key), std::move(value)); }
};

/// A u64 that is 0 when not known.
[[nodiscard]] inline Value unless_zero(u64 value) { return value == 0 ? Value{} : Value{value}; }
/// A moment as a fact: RFC 3339 as in columns of Kind::Time; ns since 1970, 0 when not known.
[[nodiscard]] Value moment(u64 ns);
/// Text from outside made safe: valid UTF-8, nothing that drives a terminal.
[[nodiscard]] std::string clean(std::string_view text);
/// "1,234,567".
[[nodiscard]] std::string with_separators(u64 value);

/// A value as people read it in that column: rounded, abbreviated, times at that offset.
[[nodiscard]] std::string cell_text(const Field& column, const Value& value, int offset_minutes);

/// For people. Columns are as wide as they need; tables have no frames.
[[nodiscard]] std::string to_text(const Document&, bool colours);
/// RFC 4180 with LF: one table, `schema` first in every record. Precondition: the table belongs to the
/// document.
[[nodiscard]] std::string to_csv(const Listing&);
/// One object: schema, command, facts, then each table as an array of objects, then problems.
[[nodiscard]] std::string to_json(const Document&);

}  // namespace twinlink::tools
