// Derived measures: what supervisors read that no row holds, as an average wait or a percentage, each a
// fraction of items.
//
// One table, many uses: columns of reports, their sums, and `twinlink items` are made from it. A measure is
// never added up or averaged: in every sum it is computed again from the summed items. Pure values, any
// thread.
#pragma once

#include <twinlink/items.hpp>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace twinlink::cli {

enum class MeasureUnit : u8 {
    MeanTime,  ///< ns for each
    Percent,   ///< hundredths
    Mean,      ///< how many on average, hundredths
    Hours,     ///< hundredths
};

/// What a fraction is divided by.
enum class Below : u8 {
    Items,          ///< the items of `below`
    Covered,        ///< the time that the rows cover
    TrunksCovered,  ///< TRUNKS times the time that the rows cover
    Hour,
};

/// Where a measure has a meaning.
enum class Meaning : u8 {
    Everywhere,
    WholeAgent,  ///< only over all rows of an agent: TI_ items stand in one row for all his skills
};

struct Measure {
    TableId table;
    std::string_view
        name;  ///< key of CSV and JSON, and what --items takes; the field's name where it has one
    std::string_view title;  ///< header of text; --items takes it, too
    MeasureUnit unit;
    std::array<std::string_view, 5> above;  ///< items added up
    Below divided_by;
    std::array<std::string_view, 2> below;  ///< the first, less the second where there is one
    std::string_view help;
    Meaning meaning = Meaning::Everywhere;
    std::string_view needs = {};  ///< a setting without which there is no value
};

inline constexpr u64 kHourNs = u64{3'600} * 1'000'000'000;

[[nodiscard]] std::span<const Measure> measures() noexcept;
/// By name or title; null where the table has none such.
[[nodiscard]] const Measure* find_measure(TableId table, std::string_view name) noexcept;
/// "100 * ACCEPTABLE / CALLSOFFERED".
[[nodiscard]] std::string formula_of(const Measure& measure);
/// How its unit is called.
[[nodiscard]] std::string_view unit_name(MeasureUnit unit) noexcept;

/// A measure not yet divided. No value where `below` is 0.
struct Fraction {
    u64 above = 0;
    u64 below = 0;

    /// above * scale / (below * unit), rounded once, half up. Nothing where there is nothing to divide by, or
    /// the result is beyond 64 bits.
    [[nodiscard]] std::optional<u64> times(u64 scale, u64 unit = 1) const noexcept;
};

/// A measure with its items as columns of its table.
struct MeasureColumns {
    const Measure* measure = nullptr;
    std::array<u16, 5> above{};
    std::size_t terms = 0;
    std::array<u16, 2> below{};
    std::size_t wholes = 0;  ///< of `below`: the item that is divided by, then what it is lessened by
    std::optional<u16> needs;

    explicit MeasureColumns(const Measure& of);
};

/// `value` gives what a column of the table holds, or nothing. Nothing where an item is not known, or the
/// part is greater than the whole.
template <class ValueFn>
[[nodiscard]] std::optional<Fraction> fraction_of(const MeasureColumns& of, u64 covered_ns,
                                                  const ValueFn& value) {
    Fraction fraction;
    for (std::size_t n = 0; n < of.terms; ++n) {
        const std::optional<u64> one = value(of.above[n]);
        if (!one || __builtin_add_overflow(fraction.above, *one, &fraction.above)) return std::nullopt;
    }
    // Of a sum, the setting is that of its last row: where something came before, it was there.
    if (of.needs && fraction.above == 0 && value(*of.needs) == std::optional<u64>(0)) return std::nullopt;
    std::array<u64, 2> below{1, 0};
    for (std::size_t n = 0; n < of.wholes; ++n) {
        const std::optional<u64> one = value(of.below[n]);
        if (!one) return std::nullopt;
        below[n] = *one;
    }
    if (below[1] > below[0]) return std::nullopt;
    const bool by_time =
        of.measure->divided_by == Below::Covered || of.measure->divided_by == Below::TrunksCovered;
    const u64 unit = by_time ? covered_ns : of.measure->divided_by == Below::Hour ? kHourNs : 1;
    if (__builtin_mul_overflow(below[0] - below[1], unit, &fraction.below)) return std::nullopt;
    return fraction;
}

}  // namespace twinlink::cli
