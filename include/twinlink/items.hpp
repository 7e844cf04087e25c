// The item catalogue: every column of every table, described once. Row layout, index constants, CSV headers,
// JSON keys, roll-ups and documents are all made from it.
//
// A table is a constexpr list of items; an item is one column, a numbered family of columns (ACDCALLS1..10),
// or part of the row's key (no column). Columns follow the order of the list: the order is part of the store
// format, so items are only ever appended. Every column is a u64; times are ns. Names are those of the field
// (Avaya CMS); what no source at hand confirms says "(unverified)" in its help. Pure values, any thread.
#pragma once

#include <twinlink/records.hpp>

#include <optional>
#include <string>

namespace twinlink {

/// The field's data type codes.
enum class ItemKind : char {
    Cumulative = 'C',      ///< adds up in the interval
    Administrative = 'A',  ///< a setting in force
    Status = 'S',          ///< a snapshot, real time only
    Maximum = 'M',         ///< the greatest of the interval
    BusyHour = 'B',
    Identifier = 'I',
    Special = 'N',
};
/// Which accounting law an item follows.
enum class ItemBasis : u8 {
    Call,      ///< booked whole when the call's tracking ends, after-call work included
    Interval,  ///< split at every boundary
};
enum class ItemUnit : u8 {
    Count,
    Nanoseconds,
    Seconds,
    Flag,
    Number,
    Time,  ///< a moment: ns of the ACD's clock since 1970 UTC
    Text,  ///< NUL padded, eight bytes a column: an item of several columns that is read as one
};
/// How a column of several intervals becomes one of a day, week or month.
enum class RollUp : u8 {
    Sum,
    Maximum,
    Last,
    Or,
    CountSet,  ///< in how many intervals it was set; counts themselves add up
    Key,       ///< names the row
    None,      ///< nothing is added up: rows are single events, or only a day has it (BusyHour)
};

/// One item. `count` columns named `name`, or `name` followed by first, first + 1, ... for a family; 0
/// columns when it comes from the row's key.
struct Item {
    std::string_view name;
    ItemKind kind;
    ItemBasis basis;
    ItemUnit unit;
    RollUp roll_up;
    std::string_view help;           ///< one sentence, our own words
    std::string_view why_zero = {};  ///< not empty: the link protocol cannot tell it, and this is why
    u16 count = 1;
    u16 first = 0;
    bool family = false;
};

/// A table of the catalogue.
struct Table {
    TableId id;
    std::string_view name;
    std::string_view help;
    std::span<const Item> items;
    u16 columns;  ///< u64s of a row
};

/// Columns that a list of items takes.
constexpr u16 columns_of(std::span<const Item> items) noexcept {
    u16 n = 0;
    for (const Item& item : items) n = static_cast<u16>(n + item.count);
    return n;
}

/// A column: the item it belongs to and its place in a family.
struct Column {
    u16 index = 0;
    const Item* item = nullptr;
    u16 number = 0;  ///< of a family: first, first + 1, ...
};

namespace item_kinds {
// Short forms for the tables below, so that an item is one or two lines.
using enum ItemKind;
using enum ItemUnit;
constexpr Item calls(std::string_view name, std::string_view help, std::string_view why_zero = {}) {
    return {name, Cumulative, ItemBasis::Call, Count, RollUp::Sum, help, why_zero};
}
constexpr Item time(std::string_view name, std::string_view help, std::string_view why_zero = {}) {
    return {name, Cumulative, ItemBasis::Call, Nanoseconds, RollUp::Sum, help, why_zero};
}
constexpr Item i_count(std::string_view name, std::string_view help) {
    return {name, Cumulative, ItemBasis::Interval, Count, RollUp::Sum, help};
}
constexpr Item i_time(std::string_view name, std::string_view help, std::string_view why_zero = {}) {
    return {name, Cumulative, ItemBasis::Interval, Nanoseconds, RollUp::Sum, help, why_zero};
}
constexpr Item max_count(std::string_view name, std::string_view help) {
    return {name, Maximum, ItemBasis::Interval, Count, RollUp::Maximum, help};
}
/// Of the busiest hour of a day.
constexpr Item busy_hour(std::string_view name, ItemUnit unit, std::string_view help) {
    return {name,
            BusyHour,
            ItemBasis::Interval,
            unit,
            RollUp::None,
            help,
            "in intervals, weeks and months; a day has its busy hour"};
}
constexpr Item setting(std::string_view name, ItemUnit unit, RollUp roll_up, std::string_view help) {
    return {name, Administrative, ItemBasis::Interval, unit, roll_up, help};
}
constexpr Item key(std::string_view name, std::string_view help) {
    return {name, Identifier, ItemBasis::Interval, Number, RollUp::Key, help, {}, 0};
}
/// For rows that are single events: a value of it, a text of `columns` * 8 bytes.
constexpr Item fact(std::string_view name, ItemUnit unit, std::string_view help,
                    std::string_view why_zero = {}) {
    return {name, Special, ItemBasis::Call, unit, RollUp::None, help, why_zero};
}
constexpr Item text(std::string_view name, u16 columns, std::string_view help) {
    return {name, Special, ItemBasis::Call, Text, RollUp::None, help, {}, columns};
}
constexpr Item family(Item item, u16 first, u16 count) {
    item.first = first;
    item.count = count;
    item.family = true;
    return item;
}
constexpr Item kIncomplete{
    "INCOMPLETE",
    Cumulative,
    ItemBasis::Interval,
    Flag,
    RollUp::CountSet,
    "1 if messages were missing, tracking was aborted, the protocol was violated or a setting "
    "changed while collecting; 0 means that the row is exact."};
}  // namespace item_kinds

}  // namespace twinlink

#include <twinlink/items_events.hpp>
#include <twinlink/items_hagent.hpp>
#include <twinlink/items_hsplit.hpp>
#include <twinlink/items_hvdn.hpp>
#include <twinlink/items_hvector.hpp>
#include <twinlink/items_linkex.hpp>
#include <twinlink/items_trunks.hpp>

namespace twinlink {

/// All tables, by TableId.
inline constexpr std::array<Table, 10> kTables{
    Table{TableId::Hsplit, "hsplit", "One row per skill and interval.", kHsplitItems,
          columns_of(kHsplitItems)},
    Table{TableId::Hagent, "hagent", "One row per agent, skill and interval.", kHagentItems,
          columns_of(kHagentItems)},
    Table{TableId::Hvdn, "hvdn", "One row per VDN and interval.", kHvdnItems, columns_of(kHvdnItems)},
    Table{TableId::Hvector, "hvector", "One row per vector and interval.", kHvectorItems,
          columns_of(kHvectorItems)},
    Table{TableId::Htkgrp, "htkgrp", "One row per trunk group and interval.", kHtkgrpItems,
          columns_of(kHtkgrpItems)},
    Table{TableId::Htrunk, "htrunk", "One row per trunk and interval.", kHtrunkItems,
          columns_of(kHtrunkItems)},
    Table{TableId::Hcwc, "hcwc", "One row per call work code and interval.", kHcwcItems,
          columns_of(kHcwcItems)},
    Table{TableId::Haglog, "haglog", "One row per login session of an agent, when it ends.", kHaglogItems,
          columns_of(kHaglogItems)},
    Table{TableId::CallRec, "call_rec", "One row per call segment, when it ends.", kCallRecItems,
          columns_of(kCallRecItems)},
    Table{TableId::AgActv, "ag_actv",
          "One row per activity of a traced agent, when it ends; none of agents who are not traced.",
          kAgActvItems, columns_of(kAgActvItems)},
};

/// Link exceptions: explained like a table, but no rows (LinkEventRecord).
inline constexpr Table kLinkexTable{TableId::None, "linkex",
                                    "One record per episode of what the links did; of this server alone.",
                                    kLinkexItems, columns_of(kLinkexItems)};

/// The table of that id, or null for an id that the catalogue does not have.
[[nodiscard]] constexpr const Table* find_table(TableId id) noexcept {
    for (const Table& t : kTables) {
        if (t.id == id) return &t;
    }
    return nullptr;
}
/// The table of that name ("hsplit"), or null.
[[nodiscard]] constexpr const Table* find_table(std::string_view name) noexcept {
    for (const Table& t : kTables) {
        if (t.name == name) return &t;
    }
    return nullptr;
}

/// The column called `name` ("ACDCALLS", "I_AUXTIME37"), if the table has it.
[[nodiscard]] constexpr std::optional<Column> find_column(const Table& table,
                                                          std::string_view name) noexcept {
    u16 at = 0;
    for (const Item& item : table.items) {
        if (name.starts_with(item.name)) {
            const std::string_view rest = name.substr(item.name.size());
            if (!item.family && rest.empty() && item.count != 0) return Column{at, &item, 0};
            if (item.family && !rest.empty() && rest.size() <= 3 && (rest[0] != '0' || rest.size() == 1)) {
                u32 number = 0;
                bool digits = true;
                for (char c : rest) {
                    digits = digits && c >= '0' && c <= '9';
                    number = number * 10 + static_cast<u32>(c - '0');
                }
                if (digits && number >= item.first && number < u32{item.first} + item.count) {
                    return Column{static_cast<u16>(at + number - item.first), &item,
                                  static_cast<u16>(number)};
                }
            }
        }
        at = static_cast<u16>(at + item.count);
    }
    return std::nullopt;
}

/// What column `index` is. Precondition: index < table.columns.
[[nodiscard]] constexpr Column column_at(const Table& table, u16 index) noexcept {
    u16 at = 0;
    for (const Item& item : table.items) {
        if (index < at + item.count) return {index, &item, static_cast<u16>(item.first + index - at)};
        at = static_cast<u16>(at + item.count);
    }
    return {};
}

/// Its full name, as in headers and keys.
[[nodiscard]] inline std::string name_of(const Column& column) {
    std::string name(column.item->name);
    if (column.item->family) name += std::to_string(column.number);
    return name;
}

/// Index of a column that must exist: a wrong name does not compile.
consteval u16 column_of(TableId table, std::string_view name) {
    return find_column(*find_table(table), name).value().index;
}
consteval u16 hsplit(std::string_view name) { return column_of(TableId::Hsplit, name); }
consteval u16 hagent(std::string_view name) { return column_of(TableId::Hagent, name); }
consteval u16 hvdn(std::string_view name) { return column_of(TableId::Hvdn, name); }
consteval u16 hvector(std::string_view name) { return column_of(TableId::Hvector, name); }
consteval u16 htkgrp(std::string_view name) { return column_of(TableId::Htkgrp, name); }
consteval u16 htrunk(std::string_view name) { return column_of(TableId::Htrunk, name); }
consteval u16 hcwc(std::string_view name) { return column_of(TableId::Hcwc, name); }
consteval u16 haglog(std::string_view name) { return column_of(TableId::Haglog, name); }
consteval u16 call_rec(std::string_view name) { return column_of(TableId::CallRec, name); }
consteval u16 ag_actv(std::string_view name) { return column_of(TableId::AgActv, name); }

}  // namespace twinlink
