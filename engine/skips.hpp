// Messages that the fold is not given, because it crashed on them again and again: each is as good as missing
// for the rows, on both servers of a pair alike, though the journal has it.
//
// A list per ACD. The fold stage adds to it, the refolder reads it at the same time: entries are only ever
// appended, and the count is what publishes them.
#pragma once

#include "engine/trace_history.hpp"

#include <twinlink/limits.hpp>

#include <array>
#include <atomic>

namespace twinlink {

class SkipList {
public:
    /// Fold stage. False: it is there already, or there is no room.
    bool add(FoldPlace name) noexcept {
        const u32 n = count_.load(std::memory_order_relaxed);
        if (n == kSkipsMax || next(name) == name.next) return false;
        names_[n] = name;
        count_.store(n + 1, std::memory_order_release);
        return true;
    }
    [[nodiscard]] bool empty() const noexcept { return count_.load(std::memory_order_acquire) == 0; }
    /// The first one of this epoch at `from` or behind it; TraceHistory::kEnd: none.
    [[nodiscard]] Seq next(FoldPlace from) const noexcept {
        Seq first = TraceHistory::kEnd;
        const u32 n = count_.load(std::memory_order_acquire);
        for (u32 i = 0; i < n; ++i)
            if (names_[i].epoch == from.epoch && names_[i].next >= from.next)
                first = std::min(first, names_[i].next);
        return first;
    }

private:
    std::array<FoldPlace, kSkipsMax> names_{};
    std::atomic<u32> count_{0};
};

/// Folds `count` messages, the first of which is named `at`, but for those on the list: these are missing.
void apply_but(const SkipList& skips, Fold& fold, FoldPlace at, Bytes messages, u32 count, FoldSink& sink);

}  // namespace twinlink
