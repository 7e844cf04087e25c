// What a StoreSnapshot holds. Internal to engine/store.
#pragma once

#include "engine/store/environment.hpp"

namespace twinlink {

struct StoreSnapshot::State {
    std::shared_ptr<StoreEnvironment> environment;  // outlives txn: declared first
    store::Txn txn;
    DamageFn on_damage;
    mutable u64 damaged = 0;

    void report(Damage d) const {
        ++damaged;
        if (on_damage) on_damage(d);
    }
    /// Walks a database from `from` on; f(key, value) returns false to stop. LMDB's own errors are reported
    /// as damage.
    template <class F>
    void walk(store::Db db, Bytes from, F&& f) const {
        store::Cursor c;
        int rc = c.open(txn, db);
        if (rc == MDB_SUCCESS) rc = from.empty() ? c.move(MDB_FIRST) : c.move(MDB_SET_RANGE, from);
        for (; rc == MDB_SUCCESS; rc = c.move(MDB_NEXT))
            if (!f(c.key, c.value)) return;
        if (rc != MDB_NOTFOUND)
            report(
                {store::name(db), std::string("cannot be read on from here: ") + mdb_strerror(rc), {}, {}});
    }
    /// Walks records of one kind; damaged ones are reported and skipped.
    template <class R, class F>
    void records(store::Db db, Bytes from, F&& f) const {
        walk(db, from, [&](Bytes key, Bytes value) {
            const auto r = store::unseal<R>(key, value);
            // A record names itself; one that stands under another key was sealed there by a broken writer.
            if (r && std::ranges::equal(store::key_of(*r).bytes(), key)) return f(*r);
            report(
                {std::string(store::name(db)) + " " + store::hex(key), "checksum or key is wrong", {}, {}});
            return true;
        });
    }
};

}  // namespace twinlink
