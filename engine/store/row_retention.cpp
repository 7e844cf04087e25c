// See row_retention.hpp.
#include "engine/store/row_retention.hpp"

#include <twinlink/items.hpp>

#include <cstring>
#include <limits>

namespace twinlink::store {
namespace {

constexpr LocalDay kFirstDay{std::numeric_limits<i32>::min()};

bool below(Bytes key, Bytes end) noexcept {
    const int order = std::memcmp(key.data(), end.data(), std::min(key.size(), end.size()));
    return order < 0 || (order == 0 && key.size() < end.size());
}

/// The ACD's earliest period of that span that has yet to be rolled up; `none` where there is none.
int first_due(const Txn& txn, Acd acd, Span span, LocalDay none, LocalDay& first) noexcept {
    first = none;
    Cursor c;
    if (const int rc = c.open(txn, Db::Due)) return rc;
    const int rc = c.move(MDB_SET_RANGE, Key{}.put(acd.value).put(static_cast<u8>(span)).bytes());
    if (rc != 0) return rc == MDB_NOTFOUND ? 0 : rc;
    const auto due = unseal<DueRecord>(c.key, c.value);
    if (!due) {
        // One that rotted tells no day: nothing goes until it is made again.
        KeyReader in(c.key);
        if (in.get<u16>() == acd.value && in.get<u8>() == static_cast<u8>(span)) first = kFirstDay;
        return 0;
    }
    if (due->acd == acd.value && due->span == span) first = LocalDay{due->first_day};
    return 0;
}

/// Where the ACD has come to.
int now_of(const Txn& txn, Acd acd, u64 wall, KeptNow& now) noexcept {
    now = {};
    Cursor c;
    bool found = false;
    const int rc = to_newest_interval(txn, acd, c, found);
    if (!found) return rc;
    if (const auto newest = unseal<IntervalRecord>(c.key, c.value))
        now = kept_now(newest->start, newest->utc_offset_minutes, wall);
    return 0;
}

}  // namespace

int to_newest_interval(const Txn& txn, Acd acd, Cursor& c, bool& found) noexcept {
    found = false;
    if (const int rc = c.open(txn, Db::Intervals)) return rc;
    int rc = c.move(MDB_SET_RANGE, Key{}.put(acd.value).put(~u64{0}).put(u16{0xFFFF}).bytes());
    rc = c.move(rc == 0 ? MDB_PREV : MDB_LAST);
    if (rc != 0) return rc == MDB_NOTFOUND ? 0 : rc;
    found = KeyReader(c.key).get<u16>() == acd.value;
    return 0;
}

int kept_from(const Txn& txn, const Keeping& keeping, TableId table, Acd acd, u64& from) noexcept {
    from = 0;
    const u32 days = days_kept(keeping.kept, table);
    if (days == 0 || keeping.wall == 0) return 0;
    KeptNow now;
    const int rc = now_of(txn, acd, keeping.wall, now);
    from = twinlink::kept_from(days, now);
    return rc;
}

int RowRetention::run(Txn& txn, u64 wall) {
    if (!limited(kept_) || wall == 0) return 0;
    left_ = kRowsGoAtATime;
    Cursor c;
    int rc = c.open(txn, Db::Intervals);
    for (u32 acd = 0; rc == 0 && left_ != 0; ++acd) {
        rc = c.move(MDB_SET_RANGE, Key{}.put(static_cast<u16>(acd)).bytes());
        if (rc != 0) break;
        acd = KeyReader(c.key).get<u16>();
        KeptNow now;
        rc = now_of(txn, Acd{static_cast<u16>(acd)}, wall, now);
        const u64 done = done_[Acd{static_cast<u16>(acd)}];
        if (rc == 0 && now.time != done) rc = run_acd(txn, Acd{static_cast<u16>(acd)}, now);
        if (acd == 0xFFFF) break;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int RowRetention::run_acd(Txn& txn, Acd acd, const KeptNow& now) {
    held_ = false;
    int rc = drop_rows(txn, acd, now);
    if (rc == 0) rc = drop_rolled(txn, acd, now);
    if (rc == 0 && !held_ && left_ != 0) done_[acd] = now.time;
    return rc;
}

/// The record before the rows: what has no record any more is not taken for a day that could be made again.
int RowRetention::drop_rows(Txn& txn, Acd acd, const KeptNow& now) {
    LocalDay due{};
    if (const int rc = first_due(txn, acd, Span::Day, now.today(), due)) return rc;
    // Whose offset is another one begins up to a day earlier.
    const u64 undone = begin_of(due + -1, now.utc_offset_minutes);
    const auto from = [&](u32 days) {
        const u64 wanted = twinlink::kept_from(days, now);
        held_ = held_ || wanted > undone;
        return std::min(wanted, undone);
    };
    int rc = drop(txn, Db::Intervals, Key{}.put(acd.value),
                  Key{}.put(acd.value).put(from(kept_.interval_days)), StoreCounter::PeriodsExpired);
    for (const Table& table : kTables) {
        const Key front = Key{}.put(static_cast<u8>(table.id)).put(acd.value);
        Key end = front;
        if (rc == 0)
            rc = drop(txn, Db::Rows, front, end.put(from(days_kept(kept_, table.id))),
                      StoreCounter::RowsExpired);
    }
    return rc;
}

int RowRetention::drop_rolled(Txn& txn, Acd acd, const KeptNow& now) {
    int rc = 0;
    LocalDay undone = now.today();
    for (const Span span : {Span::Week, Span::Month}) {
        LocalDay due{};
        if (rc == 0) rc = first_due(txn, acd, span, now.today(), due);
        undone = std::min(undone, due);
    }
    for (const Span span : kRolledSpans) {
        LocalDay from = twinlink::kept_from(kept_, span, now);
        if (span == Span::Day) {
            held_ = held_ || from > undone;
            from = std::min(from, undone);
        }
        if (rc == 0)
            rc = drop(txn, Db::Rollups, period_key(TableId::None, span, acd, kFirstDay),
                      period_key(TableId::None, span, acd, from), StoreCounter::PeriodsExpired);
        for (const Table& table : kTables)
            if (rc == 0)
                rc = drop(txn, Db::Rollups, period_key(table.id, span, acd, kFirstDay),
                          period_key(table.id, span, acd, from), StoreCounter::RowsExpired);
    }
    return rc;
}

/// Keys from `front` on and below `end`, as many as may go.
int RowRetention::drop(Txn& txn, Db db, const Key& front, const Key& end, StoreCounter counter) {
    Cursor c;
    int rc = c.open(txn, db);
    while (rc == 0 && left_ != 0) {
        rc = c.move(MDB_SET_RANGE, front.bytes());
        if (rc != 0 || !below(c.key, end.bytes())) break;
        rc = c.del();
        counters_.add(counter);
        --left_;
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

}  // namespace twinlink::store
