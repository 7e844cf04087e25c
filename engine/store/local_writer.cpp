// See local_writer.hpp.
#include "engine/store/local_writer.hpp"

namespace twinlink::store {
namespace {

/// Old link exceptions that go for each one written: the store forgets faster than it learns.
constexpr u32 kGoAtATime = 8;

template <class R>
int put(Cursor& c, const R& record, Counters<StoreCounter>& counters, CommitResult& result) {
    const Key key = key_of(record);
    const auto value = seal(key.bytes(), record);
    result.bytes += key.bytes().size() + value.size();
    counters.add(StoreCounter::RecordsWritten);
    return c.put(key.bytes(), value, 0);
}

/// The oldest of the ACD that ended before `before`, but not its newest.
int drop_old(Cursor& c, const LinkEventRecord& newest, u64 before) {
    const Key first = Key{}.put(newest.acd).put(u64{0});
    for (u32 gone = 0; gone < kGoAtATime; ++gone) {
        const int rc = c.move(MDB_SET_RANGE, first.bytes());
        if (rc != 0) return rc == MDB_NOTFOUND ? 0 : rc;
        KeyReader in(c.key);
        if (in.get<u16>() != newest.acd || in.get<u64>() >= newest.number) return 0;
        // One that rotted tells no time: it goes with its neighbours. A condition that holds stays, and with
        // it what came after.
        const auto oldest = unseal<LinkEventRecord>(c.key, c.value);
        if (oldest && (oldest->now != 0 || oldest->last_wall >= before)) return 0;
        if (const int gone_rc = c.del()) return gone_rc;
    }
    return 0;
}

}  // namespace

int write_local(Txn& txn, const CommitBatch& batch, Nanos age, Counters<StoreCounter>& counters,
                CommitResult& result) {
    int rc = 0;
    if (!batch.traces.empty()) {
        Cursor c;
        rc = c.open(txn, Db::Traces);
        for (std::size_t i = 0; rc == 0 && i < batch.traces.size(); ++i)
            rc = put(c, batch.traces[i], counters, result);
    }
    if (rc == 0 && !batch.skips.empty()) {
        Cursor c;
        rc = c.open(txn, Db::Skips);
        for (std::size_t i = 0; rc == 0 && i < batch.skips.size(); ++i)
            rc = put(c, batch.skips[i], counters, result);
    }
    if (rc != 0 || batch.link_events.empty()) return rc;
    Cursor c;
    rc = c.open(txn, Db::Linkex);
    for (std::size_t i = 0; rc == 0 && i < batch.link_events.size(); ++i) {
        const LinkEventRecord& event = batch.link_events[i];
        rc = put(c, event, counters, result);
        if (rc == 0 && age.value != 0 && batch.wall > age.value)
            rc = drop_old(c, event, batch.wall - age.value);
    }
    return rc;
}

}  // namespace twinlink::store
