// Opening and sharing LMDB environments. Cold path; any thread (a mutex guards the table of open
// environments).
#include "engine/store/environment.hpp"

#include "engine/store/migration.hpp"
#include "engine/store/snapshot_state.hpp"

#include <sys/stat.h>

#include <fmt/format.h>

#include <cstring>
#include <map>

namespace twinlink {
namespace {

/// Device and inode of data.mdb: what LMDB must not have open twice, by whatever path it was named.
using FileId = std::pair<dev_t, ino_t>;
std::mutex open_mutex;
std::map<FileId, std::weak_ptr<StoreEnvironment>> open_environments;

Expected<FileId> file_id(const std::filesystem::path& folder) {
    struct stat s{};
    const auto file = folder / "data.mdb";
    if (::stat(file.c_str(), &s) != 0)
        return failure(fmt::format("{}: {}", file.string(), std::strerror(errno)));
    return FileId{s.st_dev, s.st_ino};
}

}  // namespace

namespace store {

std::unexpected<Error> fail(int rc, const std::string& doing) {
    return failure(fmt::format("{}: {}", doing, mdb_strerror(rc)));
}

int free_pages(const Txn& txn, FreePages& pages, u64 oldest) noexcept {
    pages = {};
    Cursor c;
    int rc = c.open_free_list(txn);
    if (rc == MDB_SUCCESS) rc = c.move(MDB_FIRST);
    for (; rc == MDB_SUCCESS; rc = c.move(MDB_NEXT))
        if (c.key.size() >= sizeof(u64) && c.value.size() >= sizeof(u64)) {
            const u64 freed = read<u64>(c.value.data());
            pages.all += freed;
            // LMDB takes what was freed by a transaction that all open snapshots are younger than.
            if (read<u64>(c.key.data()) >= oldest) pages.held += freed;
        }
    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

}  // namespace store

using store::fail;

StoreEnvironment::~StoreEnvironment() {
    if (env != nullptr) mdb_env_close(env);
}

Expected<void> StoreEnvironment::open_databases(bool create, int& rc) {
    const bool writer = as == OpenAs::Writer;
    store::Txn txn;
    if (rc = txn.begin(*this, create || writer); rc != 0) return fail(rc, "beginning a transaction");
    store::Found found;
    for (std::size_t i = 0; i < store::kDbs; ++i) {
        const char* const db = store::name(static_cast<store::Db>(i));
        rc = mdb_dbi_open(txn.get(), db, create ? static_cast<unsigned>(MDB_CREATE) : 0U, &dbis[i]);
        if (rc == MDB_NOTFOUND && static_cast<store::Db>(i) >= store::kFirstLaterDb) {
            dbis[i] = store::kNoDb;
            rc = writer ? mdb_dbi_open(txn.get(), db, MDB_CREATE, &dbis[i]) : 0;
            found.added = found.added || writer;
            found.no_due = found.no_due || static_cast<store::Db>(i) == store::Db::Due;
        }
        if (rc != 0) return fail(rc, fmt::format("opening its database '{}'", db));
    }
    if (writer && !create) {
        if (rc = store::migrate(txn, found); rc != 0) return fail(rc, "bringing it to this program's format");
        if (found.format != kStoreFormat) migrated_from = found.format;
    }
    // Committing keeps the handles, also where nothing was written.
    if (rc = txn.commit(); rc != 0) return fail(rc, "opening its databases");
    return {};
}

Expected<std::shared_ptr<StoreEnvironment>> StoreEnvironment::open(const std::filesystem::path& path,
                                                                   OpenAs as, u64 map_bytes) {
    const std::scoped_lock lock(open_mutex);
    std::erase_if(open_environments, [](const auto& e) { return e.second.expired(); });
    const auto id = file_id(path);
    if (!id) return std::unexpected(id.error());
    if (const auto at = open_environments.find(*id); at != open_environments.end()) {
        if (auto shared = at->second.lock()) {
            if (as != OpenAs::Writer) return shared;
            return failure("this process has the store open already; close its readers and writers first");
        }
    }
    auto e = open_alone(path, as, map_bytes);
    if (e) open_environments[*id] = *e;
    return e;
}

Expected<std::shared_ptr<StoreEnvironment>> StoreEnvironment::open_alone(const std::filesystem::path& path,
                                                                         OpenAs as, u64 map_bytes,
                                                                         bool create, int* code) {
    int ignored = 0;
    int& rc = code != nullptr ? *code : ignored;
    std::shared_ptr<StoreEnvironment> e(new StoreEnvironment);
    e->as = as;
    e->path = path;
    if (rc = mdb_env_create(&e->env); rc != 0) return fail(rc, "preparing LMDB");
    if (rc = mdb_env_set_maxdbs(e->env, store::kDbs); rc != 0) return fail(rc, "preparing LMDB");
    if (map_bytes != 0)
        if (rc = mdb_env_set_mapsize(e->env, map_bytes); rc != 0) return fail(rc, "setting the map size");
    // NOTLS: a snapshot belongs to its object, not to the thread that took it.
    unsigned flags = MDB_NOTLS;
    if (as != OpenAs::Writer) flags |= MDB_RDONLY;
    if (as == OpenAs::ReaderWithoutLock) flags |= MDB_NOLOCK;
    if (rc = mdb_env_open(e->env, path.c_str(), flags, 0600); rc != 0) {
        // LMDB says that an environment whose open failed must still be closed: the destructor does.
        return fail(rc, fmt::format("LMDB cannot open {}", path.string()));
    }
    if (auto done = e->open_databases(create, rc); !done) return std::unexpected(done.error());
    return e;
}

Expected<StoreSnapshot> StoreEnvironment::snapshot(std::shared_ptr<StoreEnvironment> self) {
    auto state = std::make_unique<StoreSnapshot::State>();
    state->environment = std::move(self);
    int rc = state->txn.begin(*this, false);
    if (rc == MDB_MAP_RESIZED && as != OpenAs::Writer)
        return failure("the store has been given a larger map since it was opened here; open it again");
    if (rc == MDB_READERS_FULL) {
        int cleared = 0;
        mdb_reader_check(env, &cleared);
        rc = state->txn.begin(*this, false);
    }
    if (rc != MDB_SUCCESS) return fail(rc, "beginning a snapshot");
    return StoreSnapshot(std::move(state));
}

}  // namespace twinlink
