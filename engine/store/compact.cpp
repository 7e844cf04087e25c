// See compact.hpp. Cold path; LMDB is let near both files in child processes only.
#include "engine/store/compact.hpp"

#include "engine/store/file_check.hpp"
#include "engine/store/folder.hpp"
#include "engine/store/migration.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace twinlink {

using namespace store;

namespace {

/// A damaged tree can have circles: then nothing but time ends it. Chosen: a terabyte is copied in less.
constexpr int kCompactSeconds = 6 * 3'600;

std::unexpected<Error> os_failure(const std::string& doing) {
    return failure(fmt::format("{}: {}", doing, std::strerror(errno)));
}

/// An open file of this process.
class File {
public:
    File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

/// Makes the file its user's whom the store's data belongs to, as open to others as that: who compacts may be
/// another one, and who collects must be able to open it. It is on the disk then.
Expected<void> give_to_owner(const std::filesystem::path& file, const struct stat& data) {
    const File open(file, O_RDWR);
    struct stat s{};
    if (open.fd() < 0 || ::fstat(open.fd(), &s) != 0) return os_failure(file.string());
    const bool same_owner = s.st_uid == data.st_uid && s.st_gid == data.st_gid;
    if ((!same_owner && ::fchown(open.fd(), data.st_uid, data.st_gid) != 0) ||
        ::fchmod(open.fd(), data.st_mode & 07777) != 0)
        return os_failure(
            fmt::format("making {} its user's, {}:{}", file.string(), data.st_uid, data.st_gid));
    if (::fsync(open.fd()) != 0) return os_failure("syncing " + file.string());
    return {};
}

/// Those files that are not there, and that LMDB and the lock need, made as the owner's.
Expected<void> make_lock_files(const std::filesystem::path& path, const struct stat& data) {
    for (const char* name : {"lock.mdb", "writer.lock"}) {
        const auto file = path / name;
        {
            const File made(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
            if (made.fd() < 0 && errno == EEXIST) continue;
            if (made.fd() < 0) return os_failure(file.string());
        }
        if (auto ok = give_to_owner(file, data); !ok) {
            ::unlink(file.c_str());
            return ok;
        }
    }
    return {};
}

Expected<void> sync(const std::filesystem::path& path) {
    const File file(path, O_RDONLY);
    if (file.fd() < 0 || ::fsync(file.fd()) != 0) return os_failure("syncing " + path.string());
    return {};
}

/// What an interrupted attempt left. Nobody works on it: the store's writer lock is held.
Expected<void> clear(const std::filesystem::path& folder) {
    for (const char* file : {"data.mdb", "lock.mdb"})
        if (::unlink((folder / file).c_str()) != 0 && errno != ENOENT)
            return os_failure("clearing " + folder.string());
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) return os_failure("clearing " + folder.string());
    return {};
}

/// LMDB's lock file for this process alone: nobody reads the store while it is held. Must be let go before
/// LMDB opens the store here.
Expected<void> lock_out_readers(const File& lock) {
    struct flock all{};
    all.l_type = F_WRLCK;
    all.l_whence = SEEK_SET;
    all.l_len = 1;
    if (lock.fd() < 0) return os_failure("lock.mdb");
    if (::fcntl(lock.fd(), F_SETLK, &all) == 0) return {};
    return failure("somebody reads it: end reports, exports and checks of this store, and try again");
}

std::string copy_here(const std::filesystem::path& path, int to) {
    auto environment = StoreEnvironment::open_alone(path, OpenAs::ReaderWithoutLock, 0);
    if (!environment) return environment.error().text;
    if (auto format = check_format(**environment); !format) return format.error().text;
    const int rc = mdb_env_copyfd2((*environment)->env, to, MDB_CP_COMPACT);
    return rc == 0 ? "" : fmt::format("writing the copy: {}", mdb_strerror(rc));
}

/// LMDB numbers transactions anew in a copy: the record of the last commit follows.
std::string number_here(const std::filesystem::path& copy) {
    auto environment = StoreEnvironment::open_alone(copy, OpenAs::Writer, 0);
    if (!environment) return environment.error().text;
    Txn txn;
    int rc = txn.begin(**environment, true);
    if (rc == 0) rc = note_transaction(txn);
    if (rc == 0) rc = txn.commit();
    return rc == 0 ? "" : fmt::format("numbering the copy: {}", mdb_strerror(rc));
}

/// Walks one database of both side by side. Empty: they hold the same; `values` grows.
std::string compare(const Txn& before, const Txn& after, Db db, u64& values) {
    Cursor a;
    Cursor b;
    int ra = a.open(before, db);
    int rb = b.open(after, db);
    if (ra == 0) ra = a.move(MDB_FIRST);
    if (rb == 0) rb = b.move(MDB_FIRST);
    for (; ra == 0 && rb == 0; ra = a.move(MDB_NEXT), rb = b.move(MDB_NEXT)) {
        const bool commit = db == Db::Meta && std::ranges::equal(a.key, kCommitKey.bytes());
        if (!std::ranges::equal(a.key, b.key) || (!commit && !std::ranges::equal(a.value, b.value)))
            return fmt::format("the copy's '{}' differs at {}", name(db), hex(a.key));
        ++values;
    }
    if (ra != MDB_NOTFOUND || rb != MDB_NOTFOUND)
        return fmt::format("the copy's '{}' is not as long, or cannot be read: {}, {}", name(db),
                           mdb_strerror(ra), mdb_strerror(rb));
    return {};
}

/// "= VALUES" where both hold the same, else what differs.
std::string compare_here(const std::filesystem::path& path, const std::filesystem::path& copy) {
    auto before = StoreEnvironment::open_alone(path, OpenAs::ReaderWithoutLock, 0);
    if (!before) return before.error().text;
    auto after = StoreEnvironment::open_alone(copy, OpenAs::ReaderWithoutLock, 0);
    if (!after) return after.error().text;
    Txn a;
    Txn b;
    int rc = a.begin(**before, false);
    if (rc == 0) rc = b.begin(**after, false);
    if (rc != 0) return mdb_strerror(rc);
    u64 values = 0;
    for (std::size_t i = 0; i < kDbs; ++i)
        if (auto text = compare(a, b, static_cast<Db>(i), values); !text.empty()) return text;
    return fmt::format("= {}", values);
}

Expected<void> child(const std::function<std::string()>& work) {
    auto text = in_child(work, kCompactSeconds);
    if (!text) return std::unexpected(text.error());
    if (!text->empty()) return failure(*text);
    return {};
}

Expected<u64> size_of(const std::filesystem::path& file) {
    struct stat s{};
    if (::stat(file.c_str(), &s) != 0) return os_failure(file.string());
    return static_cast<u64>(s.st_blocks) * 512;
}

/// The copy, on the disk, in `copy`: made, numbered, compared value by value and probed.
Expected<u64> make_copy(const std::filesystem::path& path, const std::filesystem::path& copy,
                        const std::function<void(std::string_view)>& step) {
    step("copying what is in use");
    if (::mkdir(copy.c_str(), 0700) != 0) return os_failure("making " + copy.string());
    {
        const File to(copy / "data.mdb", O_RDWR | O_CREAT | O_EXCL);
        if (to.fd() < 0) return os_failure("making " + (copy / "data.mdb").string());
        if (auto ok = child([&] { return copy_here(path, to.fd()); }); !ok)
            return std::unexpected(ok.error());
        if (::fsync(to.fd()) != 0) return os_failure("syncing the copy");
    }
    if (auto ok = child([&] { return number_here(copy); }); !ok) return std::unexpected(ok.error());
    step("comparing the copy, value by value");
    auto text = in_child([&] { return compare_here(path, copy); }, kCompactSeconds);
    if (!text) return std::unexpected(text.error());
    u64 values = 0;
    if (!text->starts_with("= ") ||
        std::from_chars(text->data() + 2, text->data() + text->size(), values).ec != std::errc{})
        return failure(*text);
    if (auto ok = check_file(copy); !ok) return std::unexpected(ok.error());
    if (auto ok = probe(copy); !ok) return std::unexpected(ok.error());
    if (auto ok = sync(copy); !ok) return std::unexpected(ok.error());
    return values;
}

/// The copy takes the old file's place. LMDB's table of readers is of the old file's transactions: without
/// its first word whoever waits for it is refused, and the next one to open the store alone makes it anew.
Expected<void> take_its_place(const std::filesystem::path& path, const std::filesystem::path& copy) {
    const File lock(path / "lock.mdb", O_RDWR | O_CREAT);
    if (auto ok = lock_out_readers(lock); !ok) return ok;
    struct stat s{};
    const u32 nothing = 0;
    if (::fstat(lock.fd(), &s) != 0) return os_failure("lock.mdb");
    if (s.st_size != 0 && ::pwrite(lock.fd(), &nothing, sizeof nothing, 0) != sizeof nothing)
        return os_failure("lock.mdb");
    if (std::rename((copy / "data.mdb").c_str(), (path / "data.mdb").c_str()) != 0)
        return os_failure("renaming the copy");
    return sync(path);
}

Expected<void> room_for(const std::filesystem::path& path) {
    u64 used = 0;
    auto text = in_child(
        [&] {
            auto environment = StoreEnvironment::open_alone(path, OpenAs::ReaderWithoutLock, 0);
            if (!environment) return environment.error().text;
            auto snapshot = (*environment)->snapshot(*environment);
            const auto info = snapshot ? snapshot->info() : std::unexpected(snapshot.error());
            if (info && info->format != kStoreFormat)
                return fmt::format("it has the older format {}: start twinlinkd once, which brings it to {}",
                                   info->format, kStoreFormat);
            return info ? fmt::format("= {}", info->used_bytes) : info.error().text;
        },
        kCompactSeconds);
    if (!text) return std::unexpected(text.error());
    if (!text->starts_with("= ") ||
        std::from_chars(text->data() + 2, text->data() + text->size(), used).ec != std::errc{})
        return failure(*text);
    struct statvfs disk{};
    if (::statvfs(path.c_str(), &disk) != 0) return os_failure("asking for free space");
    const u64 free = disk.f_bavail * disk.f_frsize;
    if (free >= used) return {};
    return failure(fmt::format("{} bytes are in use and only {} are free on its disk, where the copy is made",
                               used, free));
}

}  // namespace

Expected<Compacted> compact(const std::filesystem::path& path,
                            const std::function<void(std::string_view)>& step) {
    const auto in = [&](Error e) {
        return std::unexpected(
            std::move(e).in(fmt::format("compacting the store {}, which is as it was", path.string())));
    };
    const std::filesystem::path copy = path / "compact.new";
    if (std::error_code none; std::filesystem::is_symlink(path / "data.mdb", none))
        return in(Error{"its data.mdb is a link to another place: compact the store in that place"});
    if (auto ok = check_file(path); !ok) return in(ok.error());
    struct stat data{};
    if (::stat((path / "data.mdb").c_str(), &data) != 0)
        return in(Error((path / "data.mdb").string() + ": " + std::strerror(errno)));
    if (auto ok = make_lock_files(path, data); !ok) return in(ok.error());
    auto lock = WriterLock::take(path);
    if (!lock) return in(lock.error());
    {
        const File readers(path / "lock.mdb", O_RDWR | O_CREAT);
        if (auto ok = lock_out_readers(readers); !ok) return in(ok.error());
    }
    if (auto ok = probe(path); !ok) return in(ok.error());
    if (auto ok = clear(copy); !ok) return in(ok.error());
    if (auto ok = room_for(path); !ok) return in(ok.error());
    Compacted result;
    const auto before = size_of(path / "data.mdb");
    if (!before) return in(before.error());
    const auto values = make_copy(path, copy, step);
    const auto given = values ? give_to_owner(copy / "data.mdb", data) : std::unexpected(values.error());
    const auto after = given ? size_of(copy / "data.mdb") : std::unexpected(given.error());
    auto done = after ? take_its_place(path, copy) : std::unexpected(after.error());
    const auto cleared = clear(copy);
    if (!done) return in(done.error());
    if (!cleared)
        return failure(
            fmt::format("the store {} is compacted, but: {}", path.string(), cleared.error().text));
    result.bytes_before = *before;
    result.bytes_after = *after;
    result.values = *values;
    return result;
}

}  // namespace twinlink
