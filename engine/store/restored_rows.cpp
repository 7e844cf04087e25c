// See restored_rows.hpp. The writer thread.
#include "engine/store/restored_rows.hpp"

#include "engine/store/roll_up_writer.hpp"
#include "engine/store/row_codec.hpp"
#include "engine/store/row_retention.hpp"

#include <twinlink/items.hpp>

#include <algorithm>

namespace twinlink::store {
namespace {

ReplacedInterval place_of(const IntervalRecord& i) noexcept { return {Acd{i.acd}, i.start, i.instance}; }
bool lacks(const IntervalRecord& i) noexcept { return i.incomplete != 0 || i.in_doubt != 0; }

std::optional<IntervalRecord> interval_at(const Txn& txn, const ReplacedInterval& at) noexcept {
    const Key key = Key{}.put(at.acd.value).put(at.start).put(at.instance);
    Bytes value;
    return txn.get(Db::Intervals, key.bytes(), value) == 0 ? unseal<IntervalRecord>(key.bytes(), value)
                                                           : std::nullopt;
}

/// Start of the ACD's newest interval; 0 where it has none.
int newest_start(const Txn& txn, Acd acd, u64& start) noexcept {
    start = 0;
    Cursor c;
    bool found = false;
    const int rc = to_newest_interval(txn, acd, c, found);
    if (!found) return rc;
    KeyReader in(c.key);
    if (in.get<u16>() == acd.value) start = in.get<u64>();
    return 0;
}

}  // namespace

int RestoredRows::load(const Txn& txn) {
    Cursor c;
    int rc = c.open(txn, Db::Intervals);
    if (rc == 0) rc = c.move(MDB_FIRST);
    for (; rc == 0; rc = c.move(MDB_NEXT)) {
        const auto i = unseal<IntervalRecord>(c.key, c.value);
        if (i && i->restored != 0) known_.insert(place_of(*i));
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int RestoredRows::write(Txn& txn, const CommitBatch& batch, CommitResult& result) {
    if (!batch.restored_interval) return 0;
    const RestoredInterval& from = *batch.restored_interval;
    RestoreHere here;
    here.interval = interval_at(txn, place_of(from.record));
    if (const int rc = newest_start(txn, Acd{from.record.acd}, here.newest_start)) return rc;
    Cursor c;
    if (const int rc = c.open(txn, Db::Rows)) return rc;
    bool took = false;
    for (const RestoredRow& row : batch.restored) {
        const Key key = row_key(row.key);
        const Bytes theirs = Bytes(batch.arena).subspan(row.offset, row.bytes);
        Bytes ours;
        const int found = txn.get(Db::Rows, key.bytes(), ours);
        if (found != 0 && found != MDB_NOTFOUND) return found;
        // One that rotted here is as good as none.
        here.row = found == 0 && ours.size() >= sizeof(RowHead);
        here.complete = here.row && is_complete(ours) && read<u32>(ours.data()) == seal_of(key.bytes(), ours);
        if (const int rc =
                kept_from(txn, {kept_for_, batch.wall}, row.key.table, row.key.acd, here.kept_from))
            return rc;
        const RestoreVerdict verdict = judge(here, from.record.start, is_complete(theirs));
        result.restored.push_back(verdict);
        if (!takes(verdict)) continue;
        auto head = read<RowHead>(theirs.data());
        head.revision = here.row ? read<RowHead>(ours.data()).revision + 1 : 1;
        value_.assign(theirs.begin(), theirs.end());
        std::memcpy(value_.data(), &head, sizeof head);
        head.crc32c = seal_of(key.bytes(), value_);
        std::memcpy(value_.data(), &head.crc32c, sizeof head.crc32c);
        if (const int rc = c.put(key.bytes(), value_, 0)) return rc;
        result.bytes += key.bytes().size() + value_.size();
        counters_.add(StoreCounter::RowsRestored);
        took = true;
    }
    const bool past = here.interval ? here.interval->closed != 0 : from.record.start < here.newest_start;
    u64 kept = 0;
    if (const int rc = kept_from(txn, {kept_for_, batch.wall}, TableId::None, Acd{from.record.acd}, kept))
        return rc;
    return past && from.record.start >= kept
               ? write_interval(txn, from, batch.wall, here.interval, took, result)
               : 0;
}

/// The interval's record: the backup's where all of it is here now, else ours with a mark.
int RestoredRows::write_interval(Txn& txn, const RestoredInterval& from, u64 wall,
                                 const std::optional<IntervalRecord>& here, bool took, CommitResult& result) {
    bool whole = from.last && from.all_tables && from.record.closed != 0 && !lacks(from.record);
    if (whole && here && !lacks(*here) && !took) return 0;
    if (whole)
        if (const int rc = all_complete(txn, from.record, whole)) return rc;
    if (!whole && !took) return 0;
    IntervalRecord record = whole || !here ? from.record : *here;
    if (!whole && !here) record.incomplete = record.in_doubt = 1;
    record.restored = 1;
    known_.insert(place_of(record));
    result.interval = record;
    result.interval_whole = whole;
    const std::vector<IntervalRecord> one{record};
    if (const int rc = mark_due(txn, one, {kept_for_, wall}, counters_)) return rc;
    Cursor c;
    const Key key = key_of(record);
    const auto value = seal(key.bytes(), record);
    result.bytes += key.bytes().size() + value.size();
    if (const int rc = c.open(txn, Db::Intervals)) return rc;
    return c.put(key.bytes(), value, 0);
}

/// Whether no row that the interval has here is INCOMPLETE.
int RestoredRows::all_complete(const Txn& txn, const IntervalRecord& interval, bool& complete) const {
    Cursor c;
    if (const int rc = c.open(txn, Db::Rows)) return rc;
    for (const Table& table : kTables) {
        const Key prefix =
            Key{}.put(static_cast<u8>(table.id)).put(interval.acd).put(interval.start).put(interval.instance);
        const std::size_t bytes = prefix.bytes().size();
        int rc = c.move(MDB_SET_RANGE, prefix.bytes());
        for (; rc == 0 && c.key.size() > bytes && std::ranges::equal(c.key.first(bytes), prefix.bytes());
             rc = c.move(MDB_NEXT)) {
            if (is_complete(c.value)) continue;
            complete = false;
            return 0;
        }
        if (rc != 0 && rc != MDB_NOTFOUND) return rc;
    }
    return 0;
}

bool RestoredRows::keeps(const Txn& txn, const CommitBatch& batch, const RowImage& row, Bytes key) const {
    if (known_.empty() || row.items == 0 || (batch.row_words[row.at] & 1) == 0) return false;
    const ReplacedInterval interval{row.key.acd, row.key.interval_start, row.key.instance};
    if (!known_.contains(interval)) return false;
    Bytes there;
    bool kept = false;
    if (txn.get(Db::Rows, key, there) == 0) {
        kept = is_complete(there);
    } else {
        // Where all rows are complete, one that is not there never was.
        const auto record = interval_at(txn, interval);
        kept = record && record->closed != 0 && !lacks(*record);
    }
    if (kept) counters_.add(StoreCounter::RowsKept);
    return kept;
}

bool RestoredRows::keeps(const CommitBatch& batch, const RowKey& row, Bytes value) const {
    const ReplacedInterval interval{row.acd, row.interval_start, row.instance};
    if (!known_.contains(interval) || !is_complete(value)) return false;
    return std::ranges::any_of(batch.intervals,
                               [&](const IntervalRecord& i) { return place_of(i) == interval && lacks(i); });
}

const std::vector<IntervalRecord>& RestoredRows::keep_marks(const Txn& txn,
                                                            const std::vector<IntervalRecord>& intervals) {
    const auto marked = [&](const IntervalRecord& i) { return known_.contains(place_of(i)); };
    if (known_.empty() || std::ranges::none_of(intervals, marked)) return intervals;
    kept_ = intervals;
    for (IntervalRecord& i : kept_) {
        if (!marked(i) || !lacks(i)) continue;
        const auto there = interval_at(txn, place_of(i));
        if (there && there->closed != 0 && !lacks(*there))
            i = *there;
        else
            i.restored = 1;
    }
    return kept_;
}

}  // namespace twinlink::store
