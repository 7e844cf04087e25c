// A store as an older program left it.
#pragma once

#include "engine/store/environment.hpp"
#include "engine/store/format.hpp"

#include <span>

namespace twinlink::rig {

/// Without the databases `away`, with a last commit that does not count them, and of `format`. False: it
/// failed.
inline bool make_older(const std::filesystem::path& path, std::span<const store::Db> away, u32 format) {
    using namespace store;
    const auto e = StoreEnvironment::open_alone(path, OpenAs::Writer, 0);
    Txn txn;
    if (!e || txn.begin(**e, true) != 0) return false;
    for (const Db db : away)
        if (mdb_drop(txn.get(), txn.dbi(db), 1) != 0) return false;
    Bytes value;
    if (txn.get(Db::Meta, kCommitKey.bytes(), value) != 0) return false;
    auto last = unseal<CommitRecord>(kCommitKey.bytes(), value);
    if (!last || txn.get(Db::Meta, kStoreKey.bytes(), value) != 0) return false;
    auto who = unseal<StoreRecord>(kStoreKey.bytes(), value);
    if (!who) return false;
    who->format = format;
    last->transaction = mdb_txn_id(txn.get());
    for (const Db db : away) last->entries[static_cast<std::size_t>(db)] = 0;
    {
        Cursor c;
        if (c.open(txn, Db::Meta) != 0) return false;
        if (c.put(kStoreKey.bytes(), seal(kStoreKey.bytes(), *who), 0) != 0) return false;
        if (c.put(kCommitKey.bytes(), seal(kCommitKey.bytes(), *last), 0) != 0) return false;
    }
    return txn.commit() == 0;
}

/// All that came after the first format but its last database: what format 1 is at most.
inline constexpr std::array kBeyondFormat1{store::Db::Traces, store::Db::Linkex, store::Db::Conflicts};

}  // namespace twinlink::rig
