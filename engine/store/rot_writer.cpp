// See rot_writer.hpp.
#include "engine/store/rot_writer.hpp"

#include "engine/store/scrub_walk.hpp"

#include <algorithm>

namespace twinlink::store {
namespace {

/// Takes out the value under the key where it cannot be read.
int drop_if_damaged(Txn& txn, Db db, Bytes key, StoreCounter what, Counters<StoreCounter>& counters) {
    Bytes value;
    std::vector<u64> items;
    const int rc = txn.get(db, key, value);
    if (rc == MDB_NOTFOUND || (rc == 0 && value_is_whole(db, key, value, items))) return 0;
    if (rc != 0) return rc;
    counters.add(what);
    return txn.del(db, key);
}

int put_gap(Cursor& c, const GapRecord& gap, CommitResult& result) {
    const Key key = key_of(gap);
    const auto value = seal(key.bytes(), gap);
    result.bytes += key.bytes().size() + value.size();
    return c.put(key.bytes(), value, 0);
}

/// The part of a filled gap's record in front of `names` stays under its key, that behind them gets one.
int cut(Cursor& c, GapRecord gap, Range names, CommitResult& result) {
    GapRecord behind = gap;
    int rc = c.del();
    if (rc == 0 && gap.first < names.first.value) {
        gap.last = names.first.value - 1;
        gap.missing = gap.range().count();
        rc = put_gap(c, gap, result);
    }
    if (rc == 0 && behind.last > names.last.value) {
        behind.first = names.last.value + 1;
        behind.missing = behind.range().count();
        rc = put_gap(c, behind, result);
    }
    return rc;
}

/// Cuts `names` out of the records of gaps that were filled. Records of one stream never overlap, so one at
/// most begins in front of them.
int cut_filled(Txn& txn, const RottenNames& rotten, CommitResult& result) {
    Cursor c;
    int rc = c.open(txn, Db::Gaps);
    const Key from = seq_key(rotten.stream, rotten.names.first);
    if (rc == 0) rc = c.move(MDB_SET_RANGE, from.bytes());
    if (rc == MDB_NOTFOUND || (rc == 0 && !std::ranges::equal(c.key, from.bytes()))) {
        rc = c.move(rc == 0 ? MDB_PREV : MDB_LAST);
        if (rc == MDB_NOTFOUND) rc = c.move(MDB_FIRST);
    }
    std::vector<GapRecord> touched;
    for (; rc == 0; rc = c.move(MDB_NEXT)) {
        const auto at = parse_seq_key(c.key);
        if (!at || at->stream < rotten.stream) continue;
        if (at->stream != rotten.stream || at->seq > rotten.names.last) break;
        const auto gap = unseal<GapRecord>(c.key, c.value);
        const bool filled = gap && (gap->state == GapState::Filled || gap->state == GapState::Healed);
        if (filled && gap->last >= rotten.names.first.value) touched.push_back(*gap);
    }
    if (rc == MDB_NOTFOUND) rc = 0;
    for (std::size_t i = 0; rc == 0 && i < touched.size(); ++i) {
        rc = c.move(MDB_SET_RANGE, key_of(touched[i]).bytes());
        if (rc == 0) rc = cut(c, touched[i], rotten.names, result);
    }
    return rc;
}

}  // namespace

int drop_rotten(Txn& txn, const CommitBatch& batch, Counters<StoreCounter>& counters, CommitResult& result) {
    int rc = 0;
    for (const RottenNames& rotten : batch.rotten) {
        if (rc == 0) rc = cut_filled(txn, rotten, result);
        const Key key = seq_key(rotten.stream, rotten.block);
        if (rc == 0)
            rc = drop_if_damaged(txn, Db::Journal, key.bytes(), StoreCounter::RottenBlocks, counters);
    }
    for (const GapKey& state : batch.rotten_states) {
        const Key key = seq_key(state.stream, state.first);
        if (rc == 0)
            rc = drop_if_damaged(txn, Db::Checkpoints, key.bytes(), StoreCounter::RottenStates, counters);
    }
    return rc;
}

}  // namespace twinlink::store
