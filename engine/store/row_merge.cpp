// See row_merge.hpp.
#include "engine/store/row_merge.hpp"

#include "engine/store/snapshot_state.hpp"

#include <algorithm>

namespace twinlink::store {

RowMerge::RowMerge(const StoreSnapshot& snapshot, Db db, std::span<const Key> lists) {
    for (const Key& prefix : lists) {
        List& list = lists_.emplace_back();
        list.prefix = prefix;
        const int rc = list.cursor.open(snapshot.state_->txn, db);
        step(list, rc == 0 ? list.cursor.move(MDB_SET_RANGE, prefix.bytes()) : rc);
    }
}

const EntityKey* RowMerge::front() const noexcept {
    const EntityKey* least = nullptr;
    for (const List& list : lists_) {
        if (list.more && (least == nullptr || list.at < *least)) least = &list.at;
    }
    return least;
}

void RowMerge::step(List& list, int rc) noexcept {
    const Bytes prefix = list.prefix.bytes();
    const Bytes key = list.cursor.key;
    list.more = rc == 0 && key.size() == prefix.size() + list.at.size() &&
                std::ranges::equal(key.first(prefix.size()), prefix);
    if (list.more) std::ranges::copy(key.subspan(prefix.size()), list.at.begin());
    if (rc != 0 && rc != MDB_NOTFOUND) error_ = rc;
}

}  // namespace twinlink::store
