// LMDB behind a small face: an environment with our databases, transactions and cursors that clean up after
// themselves.
//
// Internal to engine/store. LMDB wants an environment open at most once per process: open() therefore hands
// out shared handles, keyed by the file itself. Threads: an environment any; a Txn and its Cursors one at a
// time. Functions return LMDB's codes (0 = done); fail() makes an Error of one.
#pragma once

#include "engine/store/format.hpp"

#include <lmdb.h>

#include <filesystem>
#include <memory>
#include <mutex>

namespace twinlink {

/// Which way a folder is opened.
enum class OpenAs : u8 { Writer, Reader, ReaderWithoutLock };

class StoreEnvironment {
public:
    /// The environment in folder `path`, the one that this process has already where it has one.
    static Expected<std::shared_ptr<StoreEnvironment>> open(const std::filesystem::path& path, OpenAs as,
                                                            u64 map_bytes);
    /// One of our own, for the creation of a store (which makes all databases) and for child processes.
    /// `code`: LMDB's, of what failed.
    static Expected<std::shared_ptr<StoreEnvironment>> open_alone(const std::filesystem::path& path,
                                                                  OpenAs as, u64 map_bytes,
                                                                  bool create = false, int* code = nullptr);
    ~StoreEnvironment();
    StoreEnvironment(const StoreEnvironment&) = delete;
    StoreEnvironment& operator=(const StoreEnvironment&) = delete;

    Expected<StoreSnapshot> snapshot(std::shared_ptr<StoreEnvironment> self);

    MDB_env* env = nullptr;
    std::array<MDB_dbi, store::kDbs> dbis{};
    OpenAs as = OpenAs::Reader;
    std::filesystem::path path;
    u32 migrated_from = 0;  ///< of a writer: the older format that the store had; 0 = it had this program's

private:
    StoreEnvironment() = default;
    Expected<void> open_databases(bool create, int& rc);
};

namespace store {

/// Handle of a database that the store does not have: it reads as empty.
inline constexpr MDB_dbi kNoDb = ~MDB_dbi{0};

[[nodiscard]] std::unexpected<Error> fail(int rc, const std::string& doing);

inline MDB_val to_val(Bytes b) noexcept { return {b.size(), const_cast<std::byte*>(b.data())}; }
inline Bytes to_bytes(const MDB_val& v) noexcept {
    return {static_cast<const std::byte*>(v.mv_data), v.mv_size};
}

/// A transaction; aborted unless committed.
class Txn {
public:
    Txn() = default;
    Txn(const Txn&) = delete;
    Txn& operator=(const Txn&) = delete;
    ~Txn() { abort(); }
    int begin(StoreEnvironment& e, bool write) noexcept {
        env_ = &e;
        return mdb_txn_begin(e.env, nullptr, write ? 0U : static_cast<unsigned>(MDB_RDONLY), &txn_);
    }
    int commit() noexcept { return mdb_txn_commit(std::exchange(txn_, nullptr)); }
    void abort() noexcept {
        if (txn_ != nullptr) mdb_txn_abort(std::exchange(txn_, nullptr));
    }
    [[nodiscard]] MDB_txn* get() const noexcept { return txn_; }
    [[nodiscard]] StoreEnvironment& environment() const noexcept { return *env_; }
    [[nodiscard]] MDB_dbi dbi(Db db) const noexcept { return env_->dbis[static_cast<std::size_t>(db)]; }
    [[nodiscard]] MDB_stat stat(Db db) const noexcept {
        MDB_stat s{};
        if (dbi(db) != kNoDb) mdb_stat(txn_, dbi(db), &s);
        return s;
    }
    int get(Db db, Bytes key, Bytes& value) const noexcept {
        MDB_val k = to_val(key);
        MDB_val v{};
        if (dbi(db) == kNoDb) return MDB_NOTFOUND;
        const int rc = mdb_get(txn_, dbi(db), &k, &v);
        if (rc == MDB_SUCCESS) value = to_bytes(v);
        return rc;
    }
    int del(Db db, Bytes key) const noexcept {
        MDB_val k = to_val(key);
        return mdb_del(txn_, dbi(db), &k, nullptr);
    }

private:
    StoreEnvironment* env_ = nullptr;
    MDB_txn* txn_ = nullptr;
};

/// A cursor over one database. Must go before its transaction does.
class Cursor {
public:
    Cursor() = default;
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor() {
        if (cursor_ != nullptr) mdb_cursor_close(cursor_);
    }
    int open(const Txn& txn, Db db) noexcept {
        return txn.dbi(db) == kNoDb ? 0 : mdb_cursor_open(txn.get(), txn.dbi(db), &cursor_);
    }
    int open_free_list(const Txn& txn) noexcept { return mdb_cursor_open(txn.get(), 0, &cursor_); }
    /// Moves by `op` (with MDB_SET_RANGE: to the first key >= `from`); key and value are then where it
    /// stands.
    int move(MDB_cursor_op op, Bytes from = {}) noexcept {
        MDB_val k = to_val(from);
        MDB_val v{};
        const int rc = cursor_ == nullptr ? MDB_NOTFOUND : mdb_cursor_get(cursor_, &k, &v, op);
        key = rc == MDB_SUCCESS ? to_bytes(k) : Bytes{};
        value = rc == MDB_SUCCESS ? to_bytes(v) : Bytes{};
        return rc;
    }
    int put(Bytes key_bytes, Bytes value_bytes, unsigned flags) noexcept {
        MDB_val k = to_val(key_bytes);
        MDB_val v = to_val(value_bytes);
        return mdb_cursor_put(cursor_, &k, &v, flags);
    }
    /// Room for `bytes` under the key, to be filled before anything else is done in the transaction.
    int reserve(Bytes key_bytes, std::size_t bytes, unsigned flags, std::byte*& to) noexcept {
        MDB_val k = to_val(key_bytes);
        MDB_val v{bytes, nullptr};
        const int rc = mdb_cursor_put(cursor_, &k, &v, flags | MDB_RESERVE);
        to = static_cast<std::byte*>(v.mv_data);
        return rc;
    }
    int del() noexcept { return mdb_cursor_del(cursor_, 0); }

    Bytes key;
    Bytes value;

private:
    MDB_cursor* cursor_ = nullptr;
};

/// Pages on the free list.
struct FreePages {
    u64 all = 0;
    u64 held = 0;  ///< of them: a snapshot of that transaction, or an older one, still shows them
};
/// By walking the list; `oldest` = the transaction of the oldest snapshot that is open. Returns LMDB's code.
int free_pages(const Txn& txn, FreePages& pages, u64 oldest = ~u64{0}) noexcept;

}  // namespace store
}  // namespace twinlink
