// Collects what a fold hands on, as maps: the last word of each key counts, as in the store.
#pragma once

#include "engine/fold/fold.hpp"

#include <twinlink/items.hpp>

#include <map>
#include <tuple>

namespace twinlink::test {

struct KeptRow {
    std::vector<u64> items;
    bool closed = false;
    bool operator==(const KeptRow&) const = default;
    [[nodiscard]] bool incomplete() const { return items[0] != 0; }
};

class RowsSink : public FoldSink {
public:
    void row(const RowKey& key, std::span<const u64> items, bool closed) override {
        KeptRow& row = rows[key] = {{items.begin(), items.end()}, closed};
        row.items.resize(find_table(key.table)->columns);
    }
    void interval(const IntervalRecord& r) override { intervals[{r.start, r.instance}] = r; }
    void translation(const NameRecord& n) override { names.push_back(n); }
    void acd(const AcdRecord& a) override { acds.push_back(a); }
    void checkpoint(Epoch, Seq seq, u64) override {
        checkpoints.push_back(seq.value);
        if (saves != nullptr) {
            saved.emplace_back();
            saves->save(saved.back());
        }
    }

    std::map<RowKey, KeptRow> rows;
    std::map<std::pair<u64, u16>, IntervalRecord> intervals;
    std::vector<NameRecord> names;
    std::vector<AcdRecord> acds;
    std::vector<u64> checkpoints;
    const Fold* saves = nullptr;  ///< saved at each checkpoint, if set
    std::vector<std::vector<std::byte>> saved;
};

/// Small capacities, so that many folds fit a test.
inline constexpr FoldLimits kSmall{.calls = 4'096, .agents = 512, .skills = 64, .agent_skills = 2'048};

}  // namespace twinlink::test
