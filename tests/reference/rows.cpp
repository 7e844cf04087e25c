// All rows of a store, every item, as JSON lines for the comparison with the reference: no rounding, no
// names, no choice. One thread; reads one snapshot.
//
// A line: [table, acd, interval start in ns, instance, minutes, closed, [entity, entity2], [values]]; the
// values in the order of the catalogue, a text as one value.
#include <twinlink/items.hpp>
#include <twinlink/store_reader.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <map>

namespace twinlink {
namespace {

std::string text_of(std::span<const u64> columns) {
    std::string text(columns.size() * sizeof(u64), '\0');
    std::memcpy(text.data(), columns.data(), text.size());
    text.resize(std::strlen(text.c_str()));
    std::string quoted = "\"";
    for (const char c : text) {
        const bool plain = c >= ' ' && c != '"' && c != '\\' && c <= '~';
        quoted += plain ? std::string(1, c) : fmt::format("\\u{:04x}", static_cast<u8>(c));
    }
    return quoted + '"';
}

std::string values_of(const Table& table, std::span<const u64> columns) {
    std::string values;
    std::size_t at = 0;
    for (const Item& item : table.items) {
        const auto part = columns.subspan(at, item.count);
        at += item.count;
        if (item.unit == ItemUnit::Text) {
            values += (values.empty() ? "" : ",") + text_of(part);
            continue;
        }
        for (const u64 value : part) values += fmt::format("{}{}", values.empty() ? "" : ",", value);
    }
    return values;
}

int print_rows(const char* path) {
    const auto reader = StoreReader::open(path);
    if (!reader) {
        fmt::print(stderr, "{}\n", reader.error().text);
        return 1;
    }
    const auto snapshot = reader->snapshot();
    if (!snapshot) {
        fmt::print(stderr, "{}\n", snapshot.error().text);
        return 1;
    }
    std::map<std::tuple<u16, u64, u16>, u16> minutes;
    for (const IntervalRecord& i : snapshot->intervals()) minutes[{i.acd, i.start, i.instance}] = i.minutes;
    snapshot->all_rows([&](const RowView& row) {
        const Table* table = find_table(row.key.table);
        if (table == nullptr) return true;
        fmt::print("[\"{}\",{},{},{},{},{},[{},{}],[{}]]\n", table->name, row.key.acd.value,
                   row.key.interval_start, row.key.instance,
                   minutes[{row.key.acd.value, row.key.interval_start, row.key.instance}], row.closed ? 1 : 0,
                   row.key.entity, row.key.entity2, values_of(*table, row.items));
        return true;
    });
    return snapshot->damaged() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace twinlink

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: reference_rows STORE\n");
        return 2;
    }
    return twinlink::print_rows(argv[1]);
}
