// See migration.hpp.
#include "engine/store/migration.hpp"

#include "engine/store/roll_up_writer.hpp"

namespace twinlink::store {
namespace {

int put(const Txn& txn, Bytes key, Bytes value) noexcept {
    Cursor c;
    if (const int rc = c.open(txn, Db::Meta)) return rc;
    return c.put(key, value, 0);
}

template <Record R>
int get(const Txn& txn, Bytes key, R& record) noexcept {
    Bytes value;
    if (const int rc = txn.get(Db::Meta, key, value)) return rc;
    const auto known = unseal<R>(key, value);
    if (!known) return MDB_CORRUPTED;
    record = *known;
    return MDB_SUCCESS;
}

}  // namespace

int note_transaction(const Txn& txn) noexcept {
    CommitRecord last{};
    if (const int rc = get(txn, kCommitKey.bytes(), last)) return rc;
    last.transaction = mdb_txn_id(txn.get());
    for (std::size_t i = 0; i < kDbs; ++i) last.entries[i] = txn.stat(static_cast<Db>(i)).ms_entries;
    return put(txn, kCommitKey.bytes(), seal(kCommitKey.bytes(), last));
}

int migrate(Txn& txn, Found& found) noexcept {
    StoreRecord who{};
    if (const int rc = get(txn, kStoreKey.bytes(), who)) return rc;
    found.format = who.format;
    if (who.format > kStoreFormat) return MDB_VERSION_MISMATCH;
    if (!found.added && who.format == kStoreFormat) return MDB_SUCCESS;
    int rc = found.no_due ? mark_all_due(txn) : 0;
    who.format = kStoreFormat;
    if (rc == 0) rc = put(txn, kStoreKey.bytes(), seal(kStoreKey.bytes(), who));
    if (rc == 0) rc = note_transaction(txn);
    return rc;
}

}  // namespace twinlink::store
