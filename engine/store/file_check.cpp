// Meta pages, format, and the probe in a child process. Cold path.
#include "engine/store/file_check.hpp"

#include "engine/store/folder.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace twinlink::store {
namespace {

/// LMDB 0.9's page header and meta page, as far as we look at it (mdb.c: MDB_page, MDB_meta, MDB_db).
struct Tree {
    u32 pad;  ///< of tree 0: the page size
    u16 flags;
    u16 depth;
    u64 branch_pages;
    u64 leaf_pages;
    u64 overflow_pages;
    u64 entries;
    u64 root;
};
struct MetaPage {
    u64 page;
    u16 pad;
    u16 flags;
    u32 reserved;
    u32 magic;
    u32 version;
    u64 address;
    u64 map_bytes;
    std::array<Tree, 2> trees;  ///< free list, main
    u64 last_page;
    u64 transaction;
};
static_assert(sizeof(Tree) == 48 && sizeof(MetaPage) == 152);

constexpr u32 kLmdbMagic = 0xBEEFC0DE;
constexpr u32 kLmdbVersion = 1;
constexpr u16 kMetaFlag = 0x08;
constexpr u64 kNoPage = ~u64{0};
/// What a process can map, on machines of this kind.
constexpr u64 kMapBytesMax = u64{1} << 47;
/// Damaged trees can have circles. Chosen: a free list of a million pages takes a second.
constexpr int kProbeSeconds = 60;

struct File {
    int fd;
    explicit File(const char* path) noexcept : fd(::open(path, O_RDONLY | O_CLOEXEC)) {}
    ~File() {
        if (fd >= 0) ::close(fd);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
};

/// What LMDB relies on in both meta pages.
Expected<void> check_meta(const MetaPage& m, u64 number) {
    if (m.magic != kLmdbMagic || (m.flags & kMetaFlag) == 0) return failure("it is not an LMDB file");
    if (m.version != kLmdbVersion)
        return failure(fmt::format("LMDB data version {} is not known", m.version));
    const u64 page = m.trees[0].pad;
    if (page < 512 || page > 32'768 || (page & (page - 1)) != 0 || m.page != number)
        return failure("its meta pages are damaged");
    return {};
}

/// How often meta pages that change under our eyes are read again: more commits than fit in between.
constexpr int kMetaTries = 100;

/// They are written in turn: transaction n into page n % 2, where n - 2 was. A number that breaks this has
/// rotted, and LMDB would take the older page for the newer one, or a tree that is none.
Expected<void> check_turns(const MetaPage& first, const MetaPage& second) {
    const bool first_newer = first.transaction > second.transaction;
    const u64 newer = std::max(first.transaction, second.transaction);
    const u64 older = std::min(first.transaction, second.transaction);
    if (newer - older != 1 || (newer % 2 == 0) != first_newer)
        return failure(fmt::format("its meta pages contradict each other: they are of transactions {} and {}",
                                   first.transaction, second.transaction));
    return {};
}

/// What it relies on in the newer one. The older one may hold the roots of a commit that failed (LMDB then
/// takes back number and last page, not the roots): it is not used.
Expected<void> check_roots(const MetaPage& m, u64 file_bytes) {
    const u64 page = m.trees[0].pad;
    if (m.last_page < 1 || m.last_page >= m.map_bytes / page)
        return failure("its newer meta page is damaged");
    // Keys of the free list are numbers, ours are bytes; nothing else is ever set here.
    if (m.trees[0].flags != MDB_INTEGERKEY || m.trees[1].flags != 0)
        return failure("its newer meta page is damaged");
    for (const Tree& t : m.trees) {
        if (t.root == kNoPage) continue;
        if (t.root < 2 || t.root > m.last_page || t.depth > 64)
            return failure("its newer meta page is damaged");
        if (t.root >= file_bytes / page) return failure("it is cut off");
    }
    return {};
}

/// The free list against the file: what LMDB will take pages from.
std::string check_free_list(const Txn& txn, u64 file_pages) {
    MDB_envinfo env{};
    mdb_env_info(txn.environment().env, &env);
    std::vector<bool> free(env.me_last_pgno + 1);
    Cursor c;
    int rc = c.open_free_list(txn);
    if (rc == MDB_SUCCESS) rc = c.move(MDB_FIRST);
    for (; rc == MDB_SUCCESS; rc = c.move(MDB_NEXT)) {
        const std::size_t count = c.value.size() / sizeof(u64);
        if (c.key.size() != sizeof(u64) || count == 0 || read<u64>(c.value.data()) > count - 1)
            return "its free list is damaged";
        if (read<u64>(c.key.data()) > mdb_txn_id(txn.get()))
            return "its free list is newer than its meta page";
        for (u64 i = 1; i <= read<u64>(c.value.data()); ++i) {
            const auto page = read<u64>(c.value.data() + i * sizeof(u64));
            if (page < 2 || page >= free.size() || free[page]) return "its free list is damaged";
            free[page] = true;
        }
    }
    if (rc != MDB_NOTFOUND) return fmt::format("its free list cannot be read: {}", mdb_strerror(rc));
    const bool newest = env.me_last_txnid == mdb_txn_id(txn.get());
    for (u64 page = file_pages; newest && page < free.size(); ++page)
        if (!free[page]) return fmt::format("it is cut off: page {} is in use but beyond the end", page);
    return {};
}

std::string check_trees(const Txn& txn) {
    Bytes value;
    if (txn.get(Db::Meta, kCommitKey.bytes(), value) != MDB_SUCCESS)
        return "it has no record of its last commit";
    const auto last = unseal<CommitRecord>(kCommitKey.bytes(), value);
    if (!last) return "the record of its last commit is damaged";
    if (last->transaction != mdb_txn_id(txn.get())) return "its meta page and its last commit disagree";
    for (std::size_t i = 0; i < kDbs; ++i) {
        const auto db = static_cast<Db>(i);
        const u64 entries = txn.stat(db).ms_entries;
        if (entries != last->entries[i])
            return fmt::format("'{}' has {} entries, its last commit says {}", name(db), entries,
                               last->entries[i]);
        Cursor c;
        int rc = c.open(txn, db);
        if (rc == MDB_SUCCESS) rc = c.move(MDB_LAST);
        if (rc == MDB_SUCCESS) rc = c.move(MDB_FIRST);
        if (rc != (entries == 0 ? MDB_NOTFOUND : MDB_SUCCESS))
            return fmt::format("'{}' cannot be read: {}", name(db), mdb_strerror(rc));
    }
    return {};
}

std::string probe_here(const std::filesystem::path& folder) {
    auto environment = StoreEnvironment::open_alone(folder, OpenAs::ReaderWithoutLock, 0);
    if (!environment) return environment.error().text;
    if (auto format = check_format(**environment); !format) return format.error().text;
    Txn txn;
    if (const int rc = txn.begin(**environment, false)) return mdb_strerror(rc);
    return structure_error(txn, folder);
}

}  // namespace

std::string structure_error(const Txn& txn, const std::filesystem::path& folder) {
    struct stat s{};
    if (::stat((folder / "data.mdb").c_str(), &s) != 0) return std::strerror(errno);
    const u64 file_pages = static_cast<u64>(s.st_size) / txn.stat(Db::Meta).ms_psize;
    if (auto text = check_free_list(txn, file_pages); !text.empty()) return text;
    return check_trees(txn);
}

Expected<void> check_file(const std::filesystem::path& folder) {
    const auto path = folder / "data.mdb";
    const File file(path.c_str());
    struct stat s{};
    if (file.fd < 0 || ::fstat(file.fd, &s) != 0)
        return failure(fmt::format("{}: {}", path.string(), std::strerror(errno)));
    if (!S_ISREG(s.st_mode)) return failure(fmt::format("{} is not a file", path.string()));
    // A writer may commit meanwhile: both pages are of one moment when the first is the same before and
    // after, and the file is asked for its size after that, since it only grows.
    MetaPage first{};
    MetaPage second{};
    MetaPage again{};
    const auto at = [&](MetaPage& m, u64 offset) {
        return ::pread(file.fd, &m, sizeof m, static_cast<off_t>(offset)) == static_cast<ssize_t>(sizeof m);
    };
    Expected<void> ok;
    for (int tries = 0; tries < kMetaTries; ++tries) {
        if (!at(first, 0)) return failure(fmt::format("{} is too short for a store", path.string()));
        ok = check_meta(first, 0);
        if (ok && !at(second, first.trees[0].pad)) ok = failure("it is cut off");
        if (at(again, 0) && std::memcmp(&again, &first, sizeof first) == 0) break;
    }
    if (::fstat(file.fd, &s) != 0) return failure(fmt::format("{}: {}", path.string(), std::strerror(errno)));
    const auto bytes = static_cast<u64>(s.st_size);
    if (ok) ok = check_meta(second, 1);
    if (ok && second.trees[0].pad != first.trees[0].pad) ok = failure("its meta pages are damaged");
    if (ok) ok = check_turns(first, second);
    if (ok) ok = check_roots(first.transaction > second.transaction ? first : second, bytes);
    if (!ok) return failure(fmt::format("{}: {}", path.string(), ok.error().text));
    return {};
}

Expected<std::optional<u64>> newest_transaction(Bytes front) {
    if (front.size() < sizeof(MetaPage)) return std::optional<u64>{};
    const auto first = read<MetaPage>(front.data());
    if (auto ok = check_meta(first, 0); !ok) return std::unexpected(ok.error());
    const u64 page = first.trees[0].pad;
    if (front.size() < page + sizeof(MetaPage)) return std::optional<u64>{};
    const auto second = read<MetaPage>(front.data() + page);
    if (auto ok = check_meta(second, 1); !ok) return std::unexpected(ok.error());
    return std::optional{std::max(first.transaction, second.transaction)};
}

Expected<void> check_format(StoreEnvironment& environment) {
    Txn txn;
    if (const int rc = txn.begin(environment, false)) return fail(rc, "beginning a transaction");
    Bytes value;
    if (const int rc = txn.get(Db::Meta, kStoreKey.bytes(), value))
        return fail(rc, "it is not a Twinlink store: no record of its own");
    const auto who = unseal<StoreRecord>(kStoreKey.bytes(), value);
    if (!who) return failure("its own record is damaged");
    if (who->format > kStoreFormat)
        return failure(
            fmt::format("it has format {}, this program knows up to {}: use a newer program; nothing "
                        "was changed",
                        who->format, kStoreFormat));
    return {};
}

Expected<std::string> in_child(const std::function<std::string()>& work, int timeout_s, bool* crashed) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure(std::string("pipe: ") + std::strerror(errno));
    const pid_t child = ::fork();
    if (child < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        return failure(std::string("fork: ") + std::strerror(errno));
    }
    if (child == 0) {
        // The parent's handlers and buffers are not ours: die plainly on a fault, leave without clean-up.
        for (const int s : {SIGBUS, SIGSEGV, SIGABRT, SIGFPE, SIGILL}) ::signal(s, SIG_DFL);
        std::string text;
        try {
            text = work();
        } catch (const std::bad_alloc&) {
            ::_exit(3);  // a lack of memory says nothing of the store
        }
        for (std::size_t done = 0; done < text.size();) {
            const ssize_t n = ::write(ends[1], text.data() + done, text.size() - done);
            if (n <= 0) ::_exit(3);
            done += static_cast<std::size_t>(n);
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    std::array<char, 4096> part;
    bool late = false;
    int unread = 0;  // errno: half an answer is none, and an empty one would mean that all is fine
    for (;;) {
        pollfd p{ends[0], POLLIN, 0};
        const int ready = ::poll(&p, 1, timeout_s * 1000);
        if (ready < 0 && errno == EINTR) continue;
        late = ready == 0;
        const ssize_t n = ready > 0 ? ::read(ends[0], part.data(), part.size()) : ready;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) unread = errno;
        if (n <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(n));
    }
    if (late) ::kill(child, SIGKILL);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    // Who is killed from outside (for want of memory, say) did not die of what it read.
    constexpr std::array kOfWhatItRead{SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    if (crashed != nullptr)
        *crashed = !late && WIFSIGNALED(status) &&
                   std::ranges::find(kOfWhatItRead, WTERMSIG(status)) != kOfWhatItRead.end();
    if (late) return failure(fmt::format("reading it did not end within {} s", timeout_s));
    if (unread != 0)
        return failure(fmt::format("what the child process found cannot be read: {}", std::strerror(unread)));
    if (WIFSIGNALED(status))
        return failure(fmt::format("reading it crashed LMDB (signal {})", WTERMSIG(status)));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return failure("reading it failed in the child process");
    return text;
}

Expected<void> probe(const std::filesystem::path& folder) {
    auto text = in_child([&] { return probe_here(folder); }, kProbeSeconds);
    if (!text) return std::unexpected(text.error());
    if (!text->empty()) return failure(*text);
    return {};
}

// ---- damage
// ------------------------------------------------------------------------------------------------

namespace {

/// In front of what the child says of damage: all else is what it could not tell.
constexpr char kDamage = '!';

/// The child's part of damage_of().
std::string damage_here(const std::filesystem::path& folder) {
    int rc = 0;
    auto environment = StoreEnvironment::open_alone(folder, OpenAs::ReaderWithoutLock, 0, false, &rc);
    const auto told = [&](std::string text) { return rc < 0 ? kDamage + text : text; };  // LMDB's codes are
    if (!environment) return told(environment.error().text);
    Txn txn;
    Bytes value;
    rc = txn.begin(**environment, false);
    if (rc == 0) rc = txn.get(Db::Meta, kStoreKey.bytes(), value);
    if (rc != 0) return told("it is not a Twinlink store: no record of its own");
    const auto who = unseal<StoreRecord>(kStoreKey.bytes(), value);
    if (!who) return kDamage + std::string("its own record is damaged");
    if (who->format > kStoreFormat) return {};
    if (const auto text = structure_error(txn, folder); !text.empty()) return kDamage + text;
    return {};
}

/// The two meta pages as far as they are there; nothing: reading failed.
std::optional<std::array<MetaPage, 2>> read_metas(const File& file) {
    std::array<MetaPage, 2> metas{};
    for (MetaPage& m : metas) {
        const off_t at = &m == &metas[0] ? 0 : static_cast<off_t>(metas[0].trees[0].pad);
        if (::pread(file.fd, &m, sizeof m, at) < 0) return {};
    }
    return metas;
}

}  // namespace

std::string damage_of(const std::filesystem::path& folder) {
    struct stat s{};
    if (::stat((folder / "writer.lock").c_str(), &s) != 0) return {};
    const auto lock = WriterLock::take(folder);
    if (!lock) return {};
    {
        const File file((folder / "data.mdb").c_str());
        if (file.fd < 0) return errno == ENOENT ? "its data.mdb is gone" : "";
        const auto metas = read_metas(file);
        if (!metas) return {};
        const auto& [first, second] = *metas;
        if (first.magic == kLmdbMagic && first.version > kLmdbVersion && second.version == first.version)
            return {};
        // Else a lack of memory would be told from it.
        if (first.magic == kLmdbMagic && std::max(first.map_bytes, second.map_bytes) > kMapBytesMax)
            return "its meta pages claim a map that no machine has";
    }
    if (const auto checked = check_file(folder); !checked) return checked.error().text;
    bool crashed = false;
    const auto text = in_child([&] { return damage_here(folder); }, kProbeSeconds, &crashed);
    if (!text) return crashed ? text.error().text : std::string();
    return text->starts_with(kDamage) ? text->substr(1) : std::string();
}

}  // namespace twinlink::store
