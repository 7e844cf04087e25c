// See record.hpp.
#include "tools/echi/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace twinlink::echi {
namespace {

constexpr u64 kSecondNs = 1'000'000'000;

constexpr u64 rounded_seconds(u64 ns) noexcept {
    return ns / kSecondNs + (ns % kSecondNs >= kSecondNs / 2 ? 1 : 0);
}

void put_little(std::byte* to, u64 value, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<std::byte>(value >> (8 * i) & 0xFF);
}

/// "00001123451767225600": node, call number, unix seconds.
std::string ucid_text(u64 ucid) {
    if (ucid == 0) return "";
    return fmt::format("{:05}{:05}{:010}", ucid >> 48, ucid >> 32 & 0xFFFF, ucid & 0xFFFF'FFFF);
}

/// An item of several columns: eight bytes of text in each.
std::string item_text(const RowView& row, const Column& column) {
    std::string text(std::size_t{column.item->count} * 8, '\0');
    if (column.index + column.item->count > row.items.size()) return "";
    std::memcpy(text.data(), &row.items[column.index], text.size());
    text.resize(text.find('\0') == std::string::npos ? text.size() : text.find('\0'));
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

const Table& call_records() { return *find_table(TableId::CallRec); }

u64 flags_of(const RowView& row) {
    u64 flags = 0;
    for (std::size_t bit = 0; bit < kFlagNames.size(); ++bit) {
        const u16 column = find_column(call_records(), kFlagNames[bit])->index;
        if (column < row.items.size() && row.items[column] != 0) flags |= u64{1} << bit;
    }
    return flags;
}

}  // namespace

Encoder::Source Encoder::source_of(const FieldLine& line, const Column& column) {
    if (line.name == "CALLID") return Source::CallId;
    if (line.name == "SEGSTART" || line.name == "SEGSTART_UTC") return Source::Start;
    if (line.name == "SEGSTOP" || line.name == "SEGSTOP_UTC") return Source::Stop;
    if (line.name == "ACD") return Source::Acd;
    if (line.name == "UCID") return Source::Ucid;
    if (line.type == Type::Flags) return Source::Flags;
    if (column.item == nullptr) return Source::None;
    if (column.item->unit == ItemUnit::Text) return Source::Text;
    if (column.item->unit == ItemUnit::Nanoseconds) return Source::Time;
    // Text of a number that names something; a count; a number that names something, none of which is 0.
    if (line.type == Type::Text) return Source::Number;
    return line.type == Type::Signed ? Source::Skill : Source::Quantity;
}

Encoder::Encoder(std::size_t version_index)
    : record_bytes_(echi::record_bytes(version_index)), misfits_(lines().size()) {
    for (std::size_t n = 0; n < lines().size(); ++n) {
        const FieldLine& line = lines()[n];
        if (line.bytes[version_index] == 0) continue;
        const std::string_view item = line.name == "CALL_DISP" ? "DISPOSITION" : line.name;
        const Column column = find_column(call_records(), item).value_or(Column{});
        fields_.push_back({source_of(line, column), column.index, line.type, line.bytes[version_index],
                           static_cast<u16>(n)});
    }
}

void Encoder::put_number(std::byte* to, const Field& field, u64 value, bool quantity) {
    const u64 most = field.type == Type::Unsigned ? 0xFF : (u64{1} << (8 * field.bytes - 1)) - 1;
    if (value > most) {
        ++misfits_[field.line];
        value = quantity ? most : field.bytes == 2 ? ~u64{0} : 0;
    }
    put_little(to, value, field.bytes);
}

void Encoder::put_text(std::byte* to, const Field& field, std::string_view text, bool may_be_cut) {
    if (text.size() >= field.bytes) {  // a NUL must follow
        ++misfits_[field.line];
        text = may_be_cut ? text.substr(0, field.bytes - std::size_t{1}) : std::string_view{};
    }
    std::ranges::transform(text, to, [](char c) { return static_cast<std::byte>(c); });
}

void Encoder::put(std::byte* to, const Field& field, const RowView& row) {
    const u64 item = field.column < row.items.size() ? row.items[field.column] : 0;
    switch (field.source) {
        case Source::None:
            if (field.type == Type::Signed && field.bytes == 2) put_little(to, ~u64{0}, 2);
            return;
        case Source::CallId:
            if (row.key.entity2 > 0x7FFF'FFFF) ++misfits_[field.line];
            return put_little(to, row.key.entity2 & 0x7FFF'FFFF, 4);
        case Source::Start: return put_number(to, field, row.items[call_rec("SEGSTART")] / kSecondNs, true);
        case Source::Stop: return put_number(to, field, row.key.entity / kSecondNs, true);
        case Source::Acd: return put_number(to, field, row.key.acd.value, false);
        case Source::Ucid: return put_text(to, field, ucid_text(item), false);
        case Source::Flags: return put_little(to, flags_of(row), field.bytes);
        case Source::Time: return put_number(to, field, rounded_seconds(item), true);
        case Source::Quantity: return put_number(to, field, item, true);
        case Source::Skill:
            if (item == 0) return put_little(to, ~u64{0}, field.bytes);
            return put_number(to, field, item, false);
        case Source::Number: return put_text(to, field, item == 0 ? "" : std::to_string(item), false);
        case Source::Text:
            return put_text(to, field, item_text(row, column_at(call_records(), field.column)), true);
    }
}

void Encoder::append(std::vector<std::byte>& out, const RowView& row) {
    const std::size_t begin = out.size();
    out.resize(begin + record_bytes_);
    std::byte* to = out.data() + begin;
    for (const Field& field : fields_) {
        put(to, field, row);
        to += field.bytes;
    }
}

void append_header(std::vector<std::byte>& out, u32 version, u32 sequence) {
    const std::size_t begin = out.size();
    out.resize(begin + kHeaderBytes);
    put_little(out.data() + begin, version, 4);
    put_little(out.data() + begin + 4, sequence, 4);
}

}  // namespace twinlink::echi
