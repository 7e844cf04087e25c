// See row_sum.hpp.
#include "tools/twinlink/row_sum.hpp"

#include <algorithm>
#include <array>

namespace twinlink::cli {
namespace {

using std::string_view;

// Counted once per queue.
constexpr std::array<string_view, 7> kQueuings{"CALLSOFFERED", "I_ARRIVED", "DEQUECALLS",  "DEQUETIME",
                                               "OTHERCALLS",   "OTHERTIME", "O_OTHERCALLS"};
// Timed once per skill that the agent is logged in with.
constexpr std::array<string_view, 7> kOncePerSkill{"I_STAFFTIME", "I_AVAILTIME", "I_AUXTIME", "I_OTHERTIME",
                                                   "I_NORMTIME",  "I_OL1TIME",   "I_OL2TIME"};

constexpr bool is_item(string_view name) {
    return std::ranges::any_of(kHsplitItems, [&](const Item& item) { return item.name == name; });
}
static_assert(std::ranges::all_of(kQueuings, is_item) && std::ranges::all_of(kOncePerSkill, is_item),
              "each of them is an item");

constexpr u16 incomplete_column(const Table& table) noexcept {
    return find_column(table, "INCOMPLETE")->index;
}

constexpr bool of_skills(TableId table) noexcept {
    return table == TableId::Hsplit || table == TableId::Hagent;
}

}  // namespace

bool counts_queuings(TableId table, const Item& item) noexcept {
    return of_skills(table) && std::ranges::find(kQueuings, item.name) != kQueuings.end();
}

bool adds_over_skills(TableId table, const Item& item) noexcept {
    if (!of_skills(table)) return true;
    return !counts_queuings(table, item) &&
           std::ranges::find(kOncePerSkill, item.name) == kOncePerSkill.end();
}

RowSum::RowSum(const Table& table, std::span<const Column> columns, Over over)
    : table_(&table), columns_(columns), over_(over), values_(columns.size()) {}

bool RowSum::adds(const Item& item) const noexcept {
    switch (item.roll_up) {
        case RollUp::Sum: return over_ == Over::Intervals || adds_over_skills(table_->id, item);
        // Trunks of several groups are so many trunks; of other settings there is one in each row.
        case RollUp::Last: return over_ == Over::Intervals || item.name == "TRUNKS";
        case RollUp::Maximum:
        case RollUp::Or:
        case RollUp::CountSet: return true;
        case RollUp::Key:
        case RollUp::None: break;
    }
    return false;
}

void RowSum::combine(std::size_t at, u64 value) {
    std::optional<u64>& sum = values_[at];
    const RollUp roll_up = columns_[at].item->roll_up;
    if (!sum || (roll_up == RollUp::Last && over_ == Over::Intervals)) {
        sum = value;
        return;
    }
    switch (roll_up) {
        case RollUp::Sum:
        case RollUp::CountSet:
        case RollUp::Last:
            if (__builtin_add_overflow(*sum, value, &*sum)) overflowed_.push_back(at);
            break;
        case RollUp::Maximum: sum = std::max(*sum, value); break;
        case RollUp::Or: sum = *sum | value; break;
        case RollUp::Key:
        case RollUp::None: break;
    }
}

void RowSum::add(std::span<const u64> items, u64 covered_ns) {
    for (std::size_t c = 0; c < columns_.size(); ++c)
        if (columns_[c].index < items.size()) combine(c, items[columns_[c].index]);
    const u16 flag = incomplete_column(*table_);
    if (flag < items.size() && items[flag] != 0) ++incomplete_;
    ++rows_;
    covered_ns_ = over_ == Over::Intervals ? covered_ns_ + covered_ns : std::max(covered_ns_, covered_ns);
}

void RowSum::add(const RowSum& other) {
    for (std::size_t c = 0; c < columns_.size(); ++c)
        if (other.values_[c]) combine(c, *other.values_[c]);
    overflowed_.insert(overflowed_.end(), other.overflowed_.begin(), other.overflowed_.end());
    incomplete_ += other.incomplete_;
    rows_ += other.rows_;
    covered_ns_ =
        over_ == Over::Intervals ? covered_ns_ + other.covered_ns_ : std::max(covered_ns_, other.covered_ns_);
}

std::optional<u64> RowSum::value(std::size_t at) const noexcept {
    return adds(*columns_[at].item) ? part(at) : std::nullopt;
}

std::optional<u64> RowSum::part(std::size_t at) const noexcept {
    const Item& item = *columns_[at].item;
    if (!adds(item) && !counts_queuings(table_->id, item)) return std::nullopt;
    if (std::ranges::find(overflowed_, at) != overflowed_.end()) return std::nullopt;
    return values_[at];
}

}  // namespace twinlink::cli
