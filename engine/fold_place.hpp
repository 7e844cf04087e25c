// Places in an ACD's history, and sets of them: what came late, and what a refold passed as missing.
//
// Pure values. A place is the next name to be folded; places of older lives come first.
#pragma once

#include <twinlink/types.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace twinlink {

/// A place in an ACD's history: the next name to be folded.
struct FoldPlace {
    Epoch epoch;
    Seq next{1};
    friend constexpr auto operator<=>(const FoldPlace&, const FoldPlace&) noexcept = default;
};

/// The names from one place up to another, across lives.
struct FoldSpan {
    FoldPlace first;
    FoldPlace end;
    [[nodiscard]] constexpr bool meets(const FoldSpan& other) const noexcept {
        return first < other.end && other.first < end;
    }
};

/// Spans that are kept apart; of more the set is one that covers them all, so that it never says too little.
/// Chosen: a full gap table, each gap filled in four pieces.
inline constexpr std::size_t kFoldSpansMax = std::size_t{16} * 1'024;

/// A set of places that may hold too much, never too little.
class FoldSpans {
public:
    /// Neighbours that come one after the other become one.
    void add(const FoldSpan& span) {
        if (!(span.first < span.end)) return;
        if (!spans_.empty() && spans_.back().first <= span.first && span.first <= spans_.back().end) {
            spans_.back().end = std::max(spans_.back().end, span.end);
        } else if (spans_.size() < kFoldSpansMax) {
            spans_.push_back(span);
        } else {
            for (const FoldSpan& other : spans_) {
                spans_.front().first = std::min(spans_.front().first, other.first);
                spans_.front().end = std::max(spans_.front().end, other.end);
            }
            spans_.resize(1);
            spans_.front() = {std::min(spans_.front().first, span.first),
                              std::max(spans_.front().end, span.end)};
        }
    }
    void clear() noexcept { spans_.clear(); }
    [[nodiscard]] std::optional<FoldPlace> first() const {
        const auto at = std::ranges::min_element(spans_, {}, &FoldSpan::first);
        return at == spans_.end() ? std::nullopt : std::optional(at->first);
    }

    [[nodiscard]] bool meets(const FoldSpan& names) const {
        return std::ranges::any_of(spans_, [&](const FoldSpan& span) { return span.meets(names); });
    }
    /// From the first to the last of `names` that are in the set; nothing where none is.
    [[nodiscard]] std::optional<FoldSpan> common(const FoldSpan& names) const {
        std::optional<FoldSpan> all;
        for (const FoldSpan& span : spans_) {
            if (!span.meets(names)) continue;
            const FoldSpan part{std::max(span.first, names.first), std::min(span.end, names.end)};
            all = all ? FoldSpan{std::min(all->first, part.first), std::max(all->end, part.end)} : part;
        }
        return all;
    }
    /// The first place that both have in common; nothing where there is none. `ordered` was added to in
    /// ascending order.
    [[nodiscard]] std::optional<FoldPlace> first_common(const FoldSpans& ordered) const {
        std::optional<FoldPlace> first;
        for (const FoldSpan& span : spans_) {
            const auto at = std::ranges::upper_bound(ordered.spans_, span.first, {}, &FoldSpan::end);
            if (at == ordered.spans_.end() || !span.meets(*at)) continue;
            const FoldPlace common = std::max(span.first, at->first);
            if (!first || common < *first) first = common;
        }
        return first;
    }

private:
    std::vector<FoldSpan> spans_;
};

}  // namespace twinlink
