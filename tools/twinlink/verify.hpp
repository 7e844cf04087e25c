// What `twinlink verify` finds: places where two accounts of the same thing differ.
//
// Plain values, one thread. Memory: one interval's sums and as many differences as are named.
#pragma once

#include "tools/twinlink/store_source.hpp"

#include <twinlink/items.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace twinlink::cli {

/// Two values that should be one.
struct Difference {
    RowKey key;              ///< table None: not a row
    std::string law;         ///< "CALLSOFFERED = ACDCALLS + ..."
    std::string where = {};  ///< of what is not a row
    std::optional<u64> left = {};
    std::optional<u64> right = {};
};

/// Differences that are named one by one; the rest is counted.
inline constexpr std::size_t kDifferencesNamed = 1'000;

class Findings {
public:
    void add(Difference difference) {
        if (named_.size() < kDifferencesNamed) named_.push_back(std::move(difference));
        ++count_;
    }
    /// Compares and counts the comparison.
    void compare(const RowKey& key, const std::string& law, u64 left, u64 right) {
        ++compared_;
        if (left != right) add({key, law, {}, left, right});
    }
    [[nodiscard]] const std::vector<Difference>& named() const noexcept { return named_; }
    [[nodiscard]] u64 count() const noexcept { return count_; }
    [[nodiscard]] u64 compared() const noexcept { return compared_; }

private:
    std::vector<Difference> named_;
    u64 count_ = 0;
    u64 compared_ = 0;
};

/// Laws of single rows, of an agent's rows, and of a group's trunks, in one closed interval. Returns how many
/// complete rows were looked at.
u64 verify_rows(const StoreSnapshot& snapshot, const IntervalRecord& interval, Findings& findings);
/// Call records of a closed interval added up again, against the rows of skills and agents.
u64 verify_calls(const StoreSnapshot& snapshot, const IntervalRecord& interval, Findings& findings);
/// The journal of a stream against its watermark, gaps and what the retention took. Returns messages.
u64 verify_journal(const StoreSnapshot& snapshot, const StreamRecord& stream, Findings& findings);

}  // namespace twinlink::cli
