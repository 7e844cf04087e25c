// What a commit writes of days, weeks and months: part of a CommitBatch, filled by the roller alone.
//
// Rows come encoded and are only those that changed, so that the commit stage has little to do. Invariant:
// what a batch says of a period follows from one snapshot, and the mark that made the period due goes only
// while it is still the one of that snapshot.
#pragma once

#include <twinlink/roll_up.hpp>

#include <vector>

namespace twinlink {

/// One day, week or month of one ACD.
struct Period {
    Acd acd;
    Span span = Span::Day;
    LocalDay first;
    friend constexpr auto operator<=>(const Period&, const Period&) noexcept = default;
};

/// A rolled row, sealed: bytes [offset, offset + bytes) of the batch's rolled bytes.
struct RolledImage {
    RolledKey key;
    u64 offset = 0;
    u32 bytes = 0;
    bool revised = false;  ///< another one stands there
};

struct RollUpBatch {
    std::vector<std::byte> bytes;
    std::vector<RolledImage> rows;  ///< inserted or replaced
    std::vector<RolledKey> gone;
    std::vector<RollUpRecord> periods;  ///< inserted or replaced
    std::vector<Period> periods_gone;
    std::vector<DueRecord> done;  ///< marks that go if their stamp is still the same
    std::vector<Period> due;      ///< marks that are set, after the above

    [[nodiscard]] bool empty() const noexcept {
        return rows.empty() && gone.empty() && periods.empty() && periods_gone.empty() && done.empty() &&
               due.empty();
    }
    void clear() noexcept {
        bytes.clear();
        rows.clear();
        gone.clear();
        periods.clear();
        periods_gone.clear();
        done.clear();
        due.clear();
    }
};

}  // namespace twinlink
