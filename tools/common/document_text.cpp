// The text form: see document.hpp.
#include "tools/common/document.hpp"
#include "tools/common/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::tools {
namespace {

/// Columns that a text takes on a terminal: one per character.
std::size_t width(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool to_the_right(Kind kind) noexcept {
    return kind != Kind::Text && kind != Kind::Time && kind != Kind::Flag;
}

std::string number_text(const Field& column, u64 value, int offset_minutes) {
    switch (column.kind) {
        case Kind::Number: return std::to_string(value);
        case Kind::Time: return local_time(value, offset_minutes);
        case Kind::Duration: return span_text(value);
        case Kind::Seconds: return clock_span(value);
        case Kind::Hundredths: return fmt::format("{}.{:02}", with_separators(value / 100), value % 100);
        case Kind::Octal: return fmt::format("{:03o}", value);
        case Kind::Text:
        case Kind::Count:
        case Kind::Flag: break;
    }
    return with_separators(value);
}

}  // namespace

std::string cell_text(const Field& column, const Value& value, int offset_minutes) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? column.title : "";
    if (const auto* number = std::get_if<u64>(&value)) return number_text(column, *number, offset_minutes);
    if (const auto* number = std::get_if<i64>(&value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return clean(*text);
    return column.kind == Kind::Text || column.kind == Kind::Flag ? "" : "-";
}

namespace {

class TextListing {
public:
    TextListing(const Listing& table, const Group& group, std::span<const Row> rows, bool colours)
        : table_(table), group_(group), rows_(rows), colours_(colours) {
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const Field& column = table.columns[c];
            if (column.seen_by == For::Machines) continue;
            Shown shown{c, column.kind == Kind::Flag ? 0 : width(column.title), {}};
            shown.cells.reserve(rows.size() + group.totals.size());
            for (const Row& row : rows) shown.cells.push_back(text(row, c));
            for (const Row& row : group.totals) shown.cells.push_back(text(row, c));
            for (const std::string& cell : shown.cells) shown.width = std::max(shown.width, width(cell));
            if (column.kind == Kind::Flag && shown.width == 0) continue;  // nothing to flag
            shown_.push_back(std::move(shown));
        }
    }

    void write(std::string& out) const {
        for (const Line& line : group_.heading) out += styled(line.text, line.style, colours_) + "\n";
        if (!rows_.empty()) {
            const bool titled = std::ranges::any_of(shown_, [&](const Shown& s) {
                return !table_.columns[s.column].title.empty() && table_.columns[s.column].kind != Kind::Flag;
            });
            if (titled) write_titles(out);
            for (std::size_t n = 0; n < rows_.size(); ++n) write_row(out, n, rows_[n].style);
            for (std::size_t n = 0; n < group_.totals.size(); ++n)
                write_row(out, rows_.size() + n, group_.totals[n].style);
        }
        for (const Line& line : group_.footer) out += styled(line.text, line.style, colours_) + "\n";
    }

private:
    struct Shown {
        std::size_t column;
        std::size_t width;
        std::vector<std::string> cells;  ///< of the rows, then of the totals
    };

    [[nodiscard]] std::string text(const Row& row, std::size_t column) const {
        if (column >= row.values.size()) return "";
        return cell_text(table_.columns[column], row.values[column], group_.offset_minutes);
    }

    void put(std::string& line, std::string_view cell, const Shown& shown) const {
        const std::size_t blanks = shown.width - std::min(shown.width, width(cell));
        const bool right = to_the_right(table_.columns[shown.column].kind);
        if (!line.empty()) line += "  ";
        if (right) line.append(blanks, ' ');
        line += cell;
        if (!right) line.append(blanks, ' ');
    }

    void finish(std::string& out, std::string line, Style style) const {
        line.erase(line.find_last_not_of(' ') + 1);
        out += "  " + styled(line, style, colours_) + "\n";
    }

    void write_titles(std::string& out) const {
        std::string line;
        for (const Shown& s : shown_)
            put(line, table_.columns[s.column].kind == Kind::Flag ? "" : table_.columns[s.column].title, s);
        finish(out, std::move(line), Style::Faint);
    }

    void write_row(std::string& out, std::size_t row, Style style) const {
        std::string line;
        for (const Shown& s : shown_) put(line, s.cells[row], s);
        finish(out, std::move(line), style);
    }

    const Listing& table_;
    const Group& group_;
    std::span<const Row> rows_;
    bool colours_;
    std::vector<Shown> shown_;
};

/// Length of the valid UTF-8 character at the front, 0 where there is none.
std::size_t character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    const std::size_t bytes = lead < 0x80                    ? 1
                              : lead >= 0xC2 && lead <= 0xDF ? 2
                              : (lead & 0xF0) == 0xE0        ? 3
                              : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                             : 0;
    if (bytes == 0 || text.size() < bytes) return 0;
    for (std::size_t i = 1; i < bytes; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F))
        return 0;  // overlong, surrogates
    if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
    return bytes;
}

}  // namespace

std::string clean(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t bytes = character(text);
        const auto lead = static_cast<unsigned char>(text[0]);
        const bool control = bytes == 1
                                 ? lead < 0x20 || lead == 0x7F
                                 : bytes == 2 && lead == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
        if (bytes == 0 || control)
            out += "\xEF\xBF\xBD";  // the replacement character
        else
            out += text.substr(0, bytes);
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return out;
}

std::string with_separators(u64 value) {
    std::string text = std::to_string(value);
    for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
    return text;
}

std::string to_text(const Document& document, bool colours) {
    std::string out;
    const auto lines = [&](const std::vector<Line>& all) {
        for (const Line& line : all) out += styled(line.text, line.style, colours) + "\n";
    };
    lines(document.opening);
    for (const Listing& table : document.tables) {
        if (table.seen_by == For::Machines) continue;
        std::span<const Row> rows(table.rows);
        Group all;
        all.rows = rows.size();
        for (const Group& group : table.groups.empty() ? std::vector{all} : table.groups) {
            if (!out.empty()) out += "\n";
            TextListing(table, group, rows.first(group.rows), colours).write(out);
            rows = rows.subspan(group.rows);
        }
    }
    if (!document.closing.empty() && !out.empty()) out += "\n";
    lines(document.closing);
    return out;
}

}  // namespace twinlink::tools
