// See row_sum.hpp.
#include "tools/twinlink/row_sum.hpp"

#include <algorithm>
#include <array>

namespace twinlink::cli {
namespace {

// Counted once per queue, or timed once per skill that the agent is logged in with.
constexpr std::array<std::string_view, 14> kOncePerSkill{
    "CALLSOFFERED", "I_ARRIVED",   "DEQUECALLS", "DEQUETIME",   "OTHERCALLS", "OTHERTIME", "O_OTHERCALLS",
    "I_STAFFTIME",  "I_AVAILTIME", "I_AUXTIME",  "I_OTHERTIME", "I_NORMTIME", "I_OL1TIME", "I_OL2TIME"};
static_assert(std::ranges::all_of(kOncePerSkill,
                                  [](std::string_view name) {
                                      return std::ranges::any_of(
                                          kHsplitItems, [&](const Item& item) { return item.name == name; });
                                  }),
              "each of them is an item");

constexpr u16 incomplete_column(const Table& table) noexcept {
    return find_column(table, "INCOMPLETE")->index;
}

}  // namespace

bool adds_over_skills(TableId table, const Item& item) noexcept {
    if (table != TableId::Hsplit && table != TableId::Hagent) return true;
    return std::ranges::find(kOncePerSkill, item.name) == kOncePerSkill.end();
}

RowSum::RowSum(const Table& table, std::span<const Column> columns, Over over)
    : table_(&table), columns_(columns.begin(), columns.end()), over_(over), values_(columns.size()) {}

bool RowSum::adds(const Column& column) const noexcept {
    switch (column.item->roll_up) {
        case RollUp::Sum: return over_ == Over::Intervals || adds_over_skills(table_->id, *column.item);
        case RollUp::Last: return over_ == Over::Intervals;
        case RollUp::Maximum:
        case RollUp::Or:
        case RollUp::CountSet: return true;
        case RollUp::Key:
        case RollUp::None: break;
    }
    return false;
}

void RowSum::combine(std::size_t at, u64 value, bool first) {
    const u64 before = first ? 0 : values_[at].value_or(0);
    switch (columns_[at].item->roll_up) {
        case RollUp::Sum:
        case RollUp::CountSet: values_[at] = before + value; break;
        case RollUp::Maximum: values_[at] = std::max(before, value); break;
        case RollUp::Or: values_[at] = before | value; break;
        case RollUp::Last: values_[at] = value; break;
        case RollUp::Key:
        case RollUp::None: break;
    }
}

void RowSum::add(std::span<const u64> items) {
    for (std::size_t c = 0; c < columns_.size(); ++c)
        if (adds(columns_[c]) && columns_[c].index < items.size())
            combine(c, items[columns_[c].index], rows_ == 0);
    const u16 flag = incomplete_column(*table_);
    if (flag < items.size() && items[flag] != 0) ++incomplete_;
    ++rows_;
}

void RowSum::add(const RowSum& other) {
    for (std::size_t c = 0; c < columns_.size(); ++c)
        if (adds(columns_[c]) && other.values_[c]) combine(c, *other.values_[c], rows_ == 0);
    incomplete_ += other.incomplete_;
    rows_ += other.rows_;
}

}  // namespace twinlink::cli
