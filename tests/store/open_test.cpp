// What must not open does not, says why, and stays as it was, byte for byte.
#include "tests/store/store_rig.hpp"

#include "engine/store/environment.hpp"
#include "engine/store/file_check.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <random>

using namespace twinlink;
using namespace twinlink::rig;

namespace {

/// Opening `path` for writing and reading fails and changes no byte. Returns the writer's words.
std::string refused_untouched(const std::filesystem::path& path) {
    const std::string before = content_of(path / "data.mdb");
    const auto store = Store::open(path, {}, Nanos{1});
    REQUIRE(!store);
    CHECK(content_of(path / "data.mdb") == before);
    return store.error().text;
}

void make_store(const std::filesystem::path& path, u64 batches) {
    StoreConfig config;
    config.map_bytes = u64{64} << 20;
    Store store = open_store(path, config);
    for (u64 n = 1; n <= batches; ++n) commit(store, model_batch(n));
}

bool says(const std::string& text, const char* what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("store: garbage, emptiness and foreign files are refused and left alone") {
    TempFolder t;
    std::mt19937_64 random(1);
    for (const std::size_t bytes : {0, 1, 100, 4'096, 8'192, 100'000}) {
        const auto path = t / std::to_string(bytes).c_str();
        std::filesystem::create_directory(path);
        std::string content(bytes, '\0');
        for (char& c : content) c = static_cast<char>(random());
        write_file(path / "data.mdb", content);
        refused_untouched(path);
        CHECK(!StoreReader::open(path));
    }
    // A folder of something else entirely.
    std::filesystem::create_directory(t / "home");
    write_file(t / "home" / "letter.txt", "dear");
    CHECK(!Store::open(t / "home", {}, Nanos{1}));
    CHECK(std::distance(std::filesystem::directory_iterator(t / "home"), {}) == 1);
    // Somebody else's LMDB: whole, but not ours.
    std::filesystem::create_directory(t / "lmdb");
    MDB_env* env = nullptr;
    REQUIRE(mdb_env_create(&env) == 0);
    REQUIRE(mdb_env_open(env, (t / "lmdb").c_str(), 0, 0600) == 0);
    MDB_txn* txn = nullptr;
    REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn) == 0);
    MDB_dbi dbi = 0;
    REQUIRE(mdb_dbi_open(txn, nullptr, 0, &dbi) == 0);
    MDB_val key{3, const_cast<char*>("abc")};
    REQUIRE(mdb_put(txn, dbi, &key, &key, 0) == 0);
    REQUIRE(mdb_txn_commit(txn) == 0);
    mdb_env_close(env);
    refused_untouched(t / "lmdb");
    CHECK(!std::filesystem::exists(t / "lmdb" / "writer.lock"));
    CHECK(!StoreReader::open(t / "lmdb"));
}

TEST_CASE("store: a file cut off anywhere is refused and left alone") {
    TempFolder t;
    make_store(t / "s", 60);
    const std::string whole = content_of(t / "s" / "data.mdb");
    REQUIRE(whole.size() > 20 * 4'096);
    std::filesystem::create_directory(t / "c");
    write_file(t / "c" / "writer.lock", "");
    for (std::size_t pages = 0; pages * 4'096 < whole.size(); ++pages)
        for (const std::size_t extra : {0, 1'000}) {
            if (pages * 4'096 + extra >= whole.size()) continue;
            write_file(t / "c" / "data.mdb", whole.substr(0, pages * 4'096 + extra));
            const auto store = Store::open(t / "c", {}, Nanos{1});
            if (!store) {
                CHECK(content_of(t / "c" / "data.mdb").size() == pages * 4'096 + extra);
                CHECK(store::damage_of(t / "c") != "");
                continue;
            }
            // Pages at the end may be free: then nothing is lost.
            u64 k = 0;
            CHECK(model_error(snapshot_of(*store), k) == "");
            CHECK(k == 60);
            break;
        }
}

TEST_CASE("store: a newer format is refused in clear words, by writer and reader") {
    TempFolder t;
    make_store(t / "s", 1);
    {
        auto environment = StoreEnvironment::open_alone(t / "s", OpenAs::Writer, 0);
        REQUIRE(environment);
        store::Txn txn;
        REQUIRE(txn.begin(**environment, true) == 0);
        const store::StoreRecord newer{kStoreFormat + 1, 0, {}, 1};
        const auto value = store::seal(store::kStoreKey.bytes(), newer);
        {
            store::Cursor c;
            REQUIRE(c.open(txn, store::Db::Meta) == 0);
            REQUIRE(c.put(store::kStoreKey.bytes(), value, 0) == 0);
        }
        REQUIRE(txn.commit() == 0);
    }
    CHECK(says(refused_untouched(t / "s"), "use a newer program"));
    const auto reader = StoreReader::open(t / "s");
    REQUIRE(!reader);
    CHECK(says(reader.error().text, "use a newer program"));
    CHECK(store::damage_of(t / "s") == "");
}

TEST_CASE("store: a second writer is refused and told who the first one is") {
    TempFolder t;
    make_store(t / "s", 1);
    Store first = open_store(t / "s");
    const auto here = Store::open(t / "s", {}, Nanos{1});
    REQUIRE(!here);
    CHECK(says(here.error().text, "open for writing"));
    CHECK(says(here.error().text, std::to_string(::getpid()).c_str()));
    commit(first, model_batch(2));
}

TEST_CASE("store: without permission to lock, a reader goes without the lock and says so") {
    TempFolder t;
    make_store(t / "s", 5);
    std::filesystem::permissions(t.path(), std::filesystem::perms(0755));
    std::filesystem::permissions(t / "s", std::filesystem::perms(0555));
    for (const char* file : {"data.mdb", "lock.mdb"})
        std::filesystem::permissions(t / "s" / file, std::filesystem::perms(0444));
    const pid_t child = ::fork();
    if (child == 0) {
        // Permissions do not bind root.
        if (::getuid() == 0 && (::setgid(65'534) != 0 || ::setuid(65'534) != 0)) ::_exit(77);
        auto reader = StoreReader::open(t / "s");
        if (!reader || reader->locked()) ::_exit(1);
        u64 k = 0;
        auto snapshot = reader->snapshot();
        if (!snapshot || !model_error(*snapshot, k).empty() || k != 5 || !snapshot->still_valid()) ::_exit(2);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        MESSAGE("SKIPPED: cannot give up root");
    else
        CHECK(WEXITSTATUS(status) == 0);
    std::filesystem::permissions(t / "s", std::filesystem::perms(0700));
}

TEST_CASE("store: damage is what is wrong with the file itself, not what keeps it from being opened now") {
    TempFolder t;
    make_store(t / "s", 3);
    CHECK(store::damage_of(t / "s") == "");
    {
        Store open = open_store(t / "s");
        CHECK(store::damage_of(t / "s") == "");  // somebody writes it: who knows
    }
    const std::string whole = content_of(t / "s" / "data.mdb");
    // What a newer LMDB would have written says so on both pages; on one of them it is a bit that flipped.
    constexpr std::size_t kVersionAt = 20;
    std::string newer = whole;
    newer[kVersionAt] = 2;
    write_file(t / "s" / "data.mdb", newer);
    CHECK(store::damage_of(t / "s") != "");
    newer[4'096 + kVersionAt] = 2;
    write_file(t / "s" / "data.mdb", newer);
    CHECK(store::damage_of(t / "s") == "");
    CHECK(!Store::open(t / "s", {}, Nanos{1}));
    // A folder that was never a store's, and one that has lost its data.
    write_file(t / "s" / "data.mdb", "this is no store");
    CHECK(store::damage_of(t / "s") != "");
    std::filesystem::remove(t / "s" / "writer.lock");
    CHECK(store::damage_of(t / "s") == "");
    CHECK(!std::filesystem::exists(t / "s" / "writer.lock"));
    write_file(t / "s" / "writer.lock", "");
    std::filesystem::remove(t / "s" / "data.mdb");
    CHECK(store::damage_of(t / "s") != "");
}
