// How long gaps take, and what they come to: per gap, and as figures over many.
//
// Pure functions. Two definitions, which the help and the README repeat:
// - time to detect: from the moment when the switch sent the message behind the hole (time_after, by the
//   switch's clock) until this server called the names missing (opened, by this server's clock). Not known
//   where no message came behind it, where the two clocks contradict each other (detected before it was
//   sent), and where it comes to more than an hour: then the switch's clock is another one, as in a replay.
// - time to heal: from opened until the messages were here and their rows folded again.
// p50 and p99 are values that occurred: of n sorted ones, the one at place ceil(n * p).
#pragma once

#include "tools/twinlink/adds_up.hpp"

#include <array>
#include <optional>

namespace twinlink::cli {

[[nodiscard]] std::optional<u64> detect_ns(const GapRecord& gap) noexcept;
[[nodiscard]] std::optional<u64> heal_ns(const GapRecord& gap) noexcept;

struct Spread {
    u64 count = 0;
    u64 p50 = 0;
    u64 p99 = 0;
    u64 max = 0;
};
[[nodiscard]] Spread spread_of(std::vector<u64> values);

struct GapFigures {
    struct OfCause {
        u64 gaps = 0;
        u64 names = 0;  ///< of the gaps, also those that were filled
    };
    GapSums sums;
    std::array<OfCause, static_cast<std::size_t>(GapCause::Count_)> causes{};
    Spread detect;
    Spread heal;
};

/// Adds gaps up, piece by piece.
class FigureSum {
public:
    void add(std::span<const GapRecord> gaps);
    [[nodiscard]] GapFigures figures() const;

private:
    GapFigures sum_;
    std::vector<u64> detect_;
    std::vector<u64> heal_;
};
[[nodiscard]] inline GapFigures figures_of(std::span<const GapRecord> gaps) {
    FigureSum sum;
    sum.add(gaps);
    return sum.figures();
}

}  // namespace twinlink::cli
