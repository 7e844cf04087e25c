// Whose activities were traced at which place of an ACD's history: so that folding it again makes the same
// records whatever the configuration says today.
//
// Filled at start, before any other thread runs, then only read. Pure.
#pragma once

#include "engine/fold/fold.hpp"
#include "engine/fold_place.hpp"

#include <twinlink/records.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace twinlink {

class TraceHistory {
public:
    /// From the store, by place.
    explicit TraceHistory(std::vector<TraceRecord> changes = {}) : changes_(std::move(changes)) {}

    /// A change is in force before the name at its place is folded: gives the fold the list for `at`.
    void set(Fold& fold, FoldPlace at) const {
        const auto next = std::ranges::upper_bound(changes_, at, {}, place_of);
        if (next == changes_.begin()) return;
        const auto list = std::prev(next)->list();
        if (!std::ranges::equal(fold.traced(), list)) fold.trace(list);
    }
    /// Messages from `at` on may be folded up to here before set() is due again.
    [[nodiscard]] Seq next_change(FoldPlace at) const noexcept {
        const auto next = std::ranges::upper_bound(changes_, at, {}, place_of);
        const bool same = next != changes_.end() && next->epoch == at.epoch.value;
        return same ? Seq{next->seq} : kEnd;
    }
    void add(const TraceRecord& change) {
        std::erase_if(changes_, [&](const TraceRecord& c) { return place_of(c) == place_of(change); });
        changes_.push_back(change);
    }
    /// Behind every name of its epoch.
    static constexpr Seq kEnd{std::numeric_limits<u64>::max()};

private:
    static constexpr FoldPlace place_of(const TraceRecord& c) noexcept {
        return {Epoch{c.epoch}, Seq{c.seq}};
    }
    std::vector<TraceRecord> changes_;
};

}  // namespace twinlink
