// See roll_up_writer.hpp.
#include "engine/store/roll_up_writer.hpp"

namespace twinlink::store {
namespace {

int mark(Txn& txn, Cursor& due, const Period& period) {
    const DueRecord record{mdb_txn_id(txn.get()), period.first.value, period.acd.value, period.span, 0};
    const Key key = key_of(record);
    return due.put(key.bytes(), seal(key.bytes(), record), 0);
}

LocalDay day_of_interval(const IntervalRecord& i) noexcept {
    return local_day(i.start, i.utc_offset_minutes);
}

int erase(Txn& txn, Db db, Bytes key, bool& was_there) {
    const int rc = txn.del(db, key);
    was_there = rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int take_away(Txn& txn, const DueRecord& done) {
    const Key key = key_of(done);
    Bytes value;
    if (const int rc = txn.get(Db::Due, key.bytes(), value)) return rc == MDB_NOTFOUND ? 0 : rc;
    const auto now = unseal<DueRecord>(key.bytes(), value);
    if (now && now->stamp != done.stamp) return 0;  // changed again since: it stays due
    return txn.del(Db::Due, key.bytes());
}

}  // namespace

int mark_due(Txn& txn, const std::vector<IntervalRecord>& intervals, const Keeping& keeping,
             Counters<StoreCounter>& counters) {
    std::optional<Cursor> due;
    const auto mark_day = [&](const IntervalRecord& i) {
        if (!due)
            if (const int rc = due.emplace().open(txn, Db::Due)) return rc;
        counters.add(StoreCounter::DueMarks);
        return mark(txn, *due, {Acd{i.acd}, Span::Day, day_of_interval(i)});
    };
    for (const IntervalRecord& i : intervals) {
        if (i.closed == 0) continue;
        u64 kept = 0;
        if (const int rc = kept_from(txn, keeping, TableId::Hsplit, Acd{i.acd}, kept)) return rc;
        if (i.start < kept) continue;
        if (const int rc = mark_day(i)) return rc;
        const Key key = key_of(i);
        Bytes value;
        const int rc = txn.get(Db::Intervals, key.bytes(), value);
        if (rc == MDB_NOTFOUND) continue;
        if (rc != 0) return rc;
        const auto before = unseal<IntervalRecord>(key.bytes(), value);
        if (!before || before->closed == 0 || day_of_interval(*before) == day_of_interval(i)) continue;
        if (const int marked = mark_day(*before)) return marked;
    }
    return 0;
}

int mark_all_due(Txn& txn) {
    Cursor intervals;
    Cursor due;
    int rc = intervals.open(txn, Db::Intervals);
    if (rc == 0) rc = due.open(txn, Db::Due);
    if (rc == 0) rc = intervals.move(MDB_FIRST);
    for (; rc == 0; rc = intervals.move(MDB_NEXT)) {
        const auto i = unseal<IntervalRecord>(intervals.key, intervals.value);
        if (!i || i->closed == 0) continue;
        if (const int marked = mark(txn, due, {Acd{i->acd}, Span::Day, day_of_interval(*i)})) return marked;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int write_roll_ups(Txn& txn, const RollUpBatch& batch, Counters<StoreCounter>& counters,
                   CommitResult& result) {
    if (batch.empty()) return 0;
    Cursor rolled;
    Cursor due;
    int rc = rolled.open(txn, Db::Rollups);
    if (rc == 0) rc = due.open(txn, Db::Due);
    for (std::size_t i = 0; rc == 0 && i < batch.rows.size(); ++i) {
        const RolledImage& row = batch.rows[i];
        const Key key = rolled_key(row.key);
        rc = rolled.put(key.bytes(), Bytes(batch.bytes).subspan(row.offset, row.bytes), 0);
        result.bytes += key.bytes().size() + row.bytes;
        counters.add(row.revised ? StoreCounter::RolledRevised : StoreCounter::RolledWritten);
    }
    for (std::size_t i = 0; rc == 0 && i < batch.gone.size(); ++i) {
        bool there = false;
        rc = erase(txn, Db::Rollups, rolled_key(batch.gone[i]).bytes(), there);
        if (there) counters.add(StoreCounter::RolledDropped);
    }
    for (std::size_t i = 0; rc == 0 && i < batch.periods.size(); ++i) {
        const Key key = key_of(batch.periods[i]);
        const auto value = seal(key.bytes(), batch.periods[i]);
        rc = rolled.put(key.bytes(), value, 0);
        result.bytes += key.bytes().size() + value.size();
    }
    for (std::size_t i = 0; rc == 0 && i < batch.periods_gone.size(); ++i) {
        const Period& p = batch.periods_gone[i];
        bool there = false;
        rc = erase(txn, Db::Rollups, period_key(TableId::None, p.span, p.acd, p.first).bytes(), there);
    }
    for (std::size_t i = 0; rc == 0 && i < batch.done.size(); ++i) rc = take_away(txn, batch.done[i]);
    for (std::size_t i = 0; rc == 0 && i < batch.due.size(); ++i) rc = mark(txn, due, batch.due[i]);
    return rc;
}

}  // namespace twinlink::store
