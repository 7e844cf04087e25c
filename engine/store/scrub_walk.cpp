// See scrub_walk.hpp.
#include "engine/store/scrub_walk.hpp"

#include "engine/store/row_codec.hpp"
#include "engine/store/snapshot_state.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::store {
namespace {

/// A record that is sealed and names itself as its key does.
template <Record R>
bool names_itself(Bytes key, Bytes value) {
    const auto record = unseal<R>(key, value);
    return record && std::ranges::equal(key_of(*record).bytes(), key);
}

bool checkpoint_is_whole(Bytes key, Bytes value) {
    if (!parse_seq_key(key) || value.size() < sizeof(CheckpointHead)) return false;
    const auto head = read<CheckpointHead>(value.data());
    return head.bytes == value.size() - sizeof head && head.crc32c == seal_of(key, value);
}

bool rolled_is_whole(Bytes key, Bytes value, std::vector<u64>& items) {
    if (!key.empty() && key.front() == std::byte{0}) return names_itself<RollUpRecord>(key, value);
    return parse_rolled_key(key) && decode_rolled(key, value, items);
}

/// To the first key behind the place.
int move_on(Cursor& c, const ScrubPlace& place) {
    if (place.key.empty()) return c.move(MDB_FIRST);
    const int rc = c.move(MDB_SET_RANGE, place.key);
    return rc == 0 && std::ranges::equal(c.key, place.key) ? c.move(MDB_NEXT) : rc;
}

}  // namespace

std::string Rotten::where() const {
    if (const auto at = parse_seq_key(key); at && (db == Db::Journal || db == Db::Checkpoints))
        return fmt::format("{} acd {} epoch {} from {}", name(db), at->stream.acd.value,
                           at->stream.epoch.value, at->seq.value);
    if (const auto row = db == Db::Rows ? parse_row_key(key) : std::nullopt)
        return fmt::format("rows {} acd {} interval {} of {}", static_cast<u32>(row->table), row->acd.value,
                           row->interval_start, row->entity);
    return fmt::format("{} {}", name(db), hex(key));
}

bool value_is_whole(Db db, Bytes key, Bytes value, std::vector<u64>& items) {
    switch (db) {
        case Db::Meta:
            return std::ranges::equal(key, kStoreKey.bytes())
                       ? unseal<StoreRecord>(key, value).has_value()
                       : std::ranges::equal(key, kCommitKey.bytes()) &&
                             unseal<CommitRecord>(key, value).has_value();
        case Db::Journal: return open_block(key, value).has_value();
        case Db::Rows: return parse_row_key(key) && decode_row(key, value, items);
        case Db::Rollups: return rolled_is_whole(key, value, items);
        case Db::Checkpoints: return checkpoint_is_whole(key, value);
        case Db::Pruned: return names_itself<PrunedRecord>(key, value);
        case Db::Gaps: return names_itself<GapRecord>(key, value);
        case Db::Streams: return names_itself<StreamRecord>(key, value);
        case Db::Links: return names_itself<LinkRecord>(key, value);
        case Db::Intervals: return names_itself<IntervalRecord>(key, value);
        case Db::Names: return names_itself<NameRecord>(key, value);
        case Db::Acds: return names_itself<AcdRecord>(key, value);
        case Db::Due: return names_itself<DueRecord>(key, value);
        case Db::Traces: return names_itself<TraceRecord>(key, value);
        case Db::Skips: return names_itself<SkipRecord>(key, value);
        case Db::Linkex: return names_itself<LinkEventRecord>(key, value);
        case Db::Conflicts: return names_itself<ConflictRecord>(key, value);
        case Db::Count_: break;
    }
    return true;
}

}  // namespace twinlink::store

namespace twinlink {

/// The snapshot's inside, for the walk alone.
struct SnapshotInside {
    static const store::Txn& txn(const StoreSnapshot& snapshot) noexcept { return snapshot.state_->txn; }
};

namespace store {

ScrubSlice scrub_slice(const StoreSnapshot& snapshot, ScrubPlace& place, u64 bytes,
                       const std::function<void(Rotten)>& fn) {
    ScrubSlice slice;
    std::vector<u64> items;
    while (!place.over() && (slice.bytes < bytes || slice.values == 0)) {
        const auto db = static_cast<Db>(place.db);
        Cursor c;
        int rc = c.open(SnapshotInside::txn(snapshot), db);
        if (rc == 0) rc = move_on(c, place);
        for (; rc == 0 && (slice.bytes < bytes || slice.values == 0); rc = c.move(MDB_NEXT)) {
            ++slice.values;
            slice.bytes += c.key.size() + c.value.size();
            place.key.assign(c.key.begin(), c.key.end());
            if (!value_is_whole(db, c.key, c.value, items))
                fn({db, place.key, "checksum or layout is wrong"});
        }
        if (rc == 0) return slice;
        if (rc != MDB_NOTFOUND) fn({db, {}, std::string("cannot be read on: ") + mdb_strerror(rc)});
        place = {place.db + 1, {}};
    }
    return slice;
}

ValueState look_at(const StoreSnapshot& snapshot, Db db, Bytes key) {
    Bytes value;
    const int rc = SnapshotInside::txn(snapshot).get(db, key, value);
    if (rc == MDB_NOTFOUND) return ValueState::Absent;
    std::vector<u64> items;
    return rc == 0 && value_is_whole(db, key, value, items) ? ValueState::Whole : ValueState::Damaged;
}

}  // namespace store
}  // namespace twinlink
