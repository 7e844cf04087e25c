// Several lists of rows of one table, read side by side in the order of their entities: the intervals of a
// day, or the days of a week. One cursor each and one row in memory, however many agents there are.
//
// Internal to engine. Any one thread; the snapshot must outlive it and stay where it is. Values are unsealed
// by who takes them.
#pragma once

#include "engine/store/environment.hpp"

#include <deque>
#include <functional>
#include <vector>

namespace twinlink::store {

/// Entity and entity2 as they end a key.
using EntityKey = std::array<std::byte, 16>;

class RowMerge {
public:
    /// `lists`: the keys of `db` without entities, each a list.
    RowMerge(const StoreSnapshot& snapshot, Db db, std::span<const Key> lists);

    /// LMDB's code when a list could not be read on, else 0.
    [[nodiscard]] int error() const noexcept { return error_; }
    /// The least entity that any list stands on; empty when all are at their end.
    [[nodiscard]] const EntityKey* front() const noexcept;
    /// Calls fn(list, key, value) for each list that stands on `entity`, in order, and moves these on.
    template <class F>
    void take(const EntityKey& entity, F&& fn) {
        for (std::size_t i = 0; i < lists_.size(); ++i) {
            List& list = lists_[i];
            if (!list.more || list.at != entity) continue;
            fn(i, list.cursor.key, list.cursor.value);
            step(list, list.cursor.move(MDB_NEXT));
        }
    }

private:
    struct List {
        Key prefix;
        Cursor cursor;
        EntityKey at{};
        bool more = false;
    };
    void step(List& list, int rc) noexcept;

    std::deque<List> lists_;  // cursors do not move
    int error_ = 0;
};

}  // namespace twinlink::store
