// See gap_times.hpp.
#include "tools/twinlink/gap_times.hpp"

#include <algorithm>

namespace twinlink::cli {
namespace {

/// What takes longer to notice is no measurement: the two clocks are of different times. Chosen: hundreds of
/// times the longest reorder window that a configuration may have a use for.
constexpr u64 kDetectMost = 3'600'000'000'000;

}  // namespace

std::optional<u64> detect_ns(const GapRecord& gap) noexcept {
    if (gap.time_after == 0 || gap.opened_wall < gap.time_after) return {};
    const u64 took = gap.opened_wall - gap.time_after;
    return took <= kDetectMost ? std::optional(took) : std::nullopt;
}

std::optional<u64> heal_ns(const GapRecord& gap) noexcept {
    if (gap.state != GapState::Healed || gap.refold_ns == 0) return {};
    return (gap.closed_wall > gap.opened_wall ? gap.closed_wall - gap.opened_wall : 0) + gap.refold_ns;
}

Spread spread_of(std::vector<u64> values) {
    if (values.empty()) return {};
    std::ranges::sort(values);
    const auto at = [&](u64 percent) { return values[(values.size() * percent + 99) / 100 - 1]; };
    return {values.size(), at(50), at(99), values.back()};
}

void FigureSum::add(std::span<const GapRecord> gaps) {
    const GapSums sums = sum_of(gaps);
    for (u64 GapSums::* const member :
         {&GapSums::gaps, &GapSums::open_gaps, &GapSums::open, &GapSums::lost_gaps, &GapSums::lost,
          &GapSums::filled_gaps, &GapSums::filled, &GapSums::filled_elsewhere, &GapSums::rotten})
        sum_.sums.*member += sums.*member;
    for (const GapRecord& gap : gaps) {
        GapFigures::OfCause& cause = sum_.causes[static_cast<std::size_t>(gap.cause) % sum_.causes.size()];
        ++cause.gaps;
        cause.names += gap.missing;
        if (const auto ns = detect_ns(gap)) detect_.push_back(*ns);
        if (const auto ns = heal_ns(gap)) heal_.push_back(*ns);
    }
}

GapFigures FigureSum::figures() const {
    GapFigures figures = sum_;
    figures.detect = spread_of(detect_);
    figures.heal = spread_of(heal_);
    return figures;
}

}  // namespace twinlink::cli
