// Opening, committing, stopping, recovering. The writer thread but where the header says otherwise.
#include "engine/store/store.hpp"

#include "engine/store/batch_writer.hpp"
#include "engine/store/file_check.hpp"
#include "engine/store/folder.hpp"
#include "engine/store/local_writer.hpp"
#include "engine/store/retention.hpp"
#include "engine/store/row_retention.hpp"
#include "engine/store/space_keeper.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fmt/format.h>

#include <algorithm>

namespace twinlink {

using namespace store;

namespace {

constexpr u64 kHousekeepingCommits = 64;
/// Above this part of the map the retention may go beyond the newest checkpoint. Measured: a map of 16 MiB
/// overflowed at 85 % in use, because a block needs contiguous pages and free ones are scattered.
constexpr u64 kTightPercent = 75;
/// Above this part of the map the free pages are counted after every commit.
constexpr u64 kNearEndPercent = 65;
/// Of the map, for commits that only let go of something. Chosen.
constexpr u64 kMapPartKept = 16;
/// As kShortMapPercentUsed: beyond that a map overflows because a block needs contiguous pages.
constexpr u64 kMapPartInPieces = 5;

StopReason reason_of(int rc, const std::filesystem::path& path) noexcept {
    switch (rc) {
        case MDB_MAP_FULL: return StopReason::MapFull;
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return StopReason::DiskFull;
        case MDB_PAGE_NOTFOUND:
        case MDB_CORRUPTED:
        case MDB_PANIC:
        case MDB_BAD_TXN:
        case MDB_INVALID: return StopReason::Damaged;
        case EIO: {
            // LMDB calls a write that was cut short EIO, which a full disk and a limit on file sizes also do.
            struct statvfs s{};
            struct stat file{};
            rlimit limit{};
            if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && ::stat((path / "data.mdb").c_str(), &file) == 0 &&
                static_cast<u64>(file.st_size) + (u64{1} << 20) > limit.rlim_cur)
                return StopReason::DiskFull;
            if (::statvfs(path.c_str(), &s) == 0 && s.f_bavail * s.f_frsize < (u64{1} << 20))
                return StopReason::DiskFull;
            return StopReason::Io;
        }
        case EROFS:
        case ENODEV:
        case ENXIO:
        case EBADF:
        case ESTALE: return StopReason::Io;
        default: return StopReason::Other;
    }
}

/// A disk that has room for all that the map may still take is no reason to say anything; and where the store
/// is small beside what its disk has left, letting go of journal would gain nothing.
SpaceLevel level_for(SpaceView view) noexcept {
    if (view.disk_free >= view.map_bytes - std::min(view.map_bytes, view.file_bytes)) view.disk_bytes = 0;
    const SpaceLevel level = level_of(view);
    if (level != SpaceLevel::Short || view.disk_room() < view.file_bytes) return level;
    view.disk_bytes = 0;
    return std::max(SpaceLevel::Tight, level_of(view));
}

/// Nothing, or an empty folder. That it cannot be told is not that nothing is there.
Expected<bool> is_absent(const std::filesystem::path& path) {
    std::error_code why;
    const auto status = std::filesystem::status(path, why);
    if (status.type() == std::filesystem::file_type::not_found) return true;
    if (status.type() == std::filesystem::file_type::none)
        return failure(fmt::format("whether it is there cannot be told: {}", why.message()));
    if (!std::filesystem::is_directory(status)) return false;
    const bool empty = std::filesystem::is_empty(path, why);
    if (why) return failure(fmt::format("whether it is empty cannot be told: {}", why.message()));
    return empty;
}

}  // namespace

struct Store::State {
    State(const std::filesystem::path& p, const StoreConfig& c)
        : path(p),
          config(c),
          writer(c.kept_for, counters),
          retention(config, counters),
          row_retention(c.kept_for, counters) {}

    std::filesystem::path path;
    StoreConfig config;
    WriterLock lock;  // let go after the environment is closed: declared before it
    std::shared_ptr<StoreEnvironment> environment;
    Counters<StoreCounter> counters;
    BatchWriter writer;
    Retention retention;
    RowRetention row_retention;
    SpaceKeeper keeper;
    CommitRecord last{};
    u64 page_bytes = 4'096;
    StopReason stopped = StopReason::None;
    std::string stopped_by;

    int write(Txn& txn, const CommitBatch& batch, const CommitBatch* beside, CommitResult& result);
    void housekeep();
    [[nodiscard]] Nanos exceptions_age() const noexcept {
        const u32 days = config.kept_for.exception_days;
        return days == 0 ? config.journal_age : Nanos{days * kDayNs};
    }
    [[nodiscard]] SpaceView view();
    [[nodiscard]] bool short_of_room() const noexcept {
        return counters.get(StoreCounter::SpaceLevel) >= static_cast<u64>(SpaceLevel::Short);
    }
    /// ... and only because of what a reader keeps: that comes back by itself, and what goes now would be
    /// kept too.
    [[nodiscard]] bool waits_for_reader();
    [[nodiscard]] std::unexpected<Error> stop(int rc);
};

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Expected<Store> Store::open(const std::filesystem::path& path, const StoreConfig& config, Nanos wall) {
    const auto doing = fmt::format("opening the store {}", path.string());
    const auto in = [&](Error e) { return std::unexpected(std::move(e).in(doing)); };
    const auto absent = is_absent(path);
    if (!absent) return in(absent.error());
    if (*absent) {
        if (!config.create) return in(Error{"there is none"});
        if (auto made = create(path, config, wall); !made) return in(made.error());
    }
    if (auto checked = check_file(path); !checked) return in(checked.error());
    auto state = std::make_unique<State>(path, config);
    // The lock file of a store is made with it. In a folder without one, nothing is made before the probe.
    std::error_code ignored;
    const bool has_lock = std::filesystem::exists(path / "writer.lock", ignored);
    for (const bool before_probe : {true, false}) {
        if (before_probe == has_lock) {
            auto lock = WriterLock::take(path);
            if (!lock) return in(lock.error());
            state->lock = std::move(*lock);
        }
        if (!before_probe) continue;
        if (auto probed = probe(path); !probed) return in(std::move(probed.error()).in("left untouched"));
    }
    auto environment = StoreEnvironment::open(path, OpenAs::Writer, config.map_bytes);
    if (!environment) return in(environment.error());
    state->environment = std::move(*environment);
    Txn txn;
    Bytes value;
    if (const int rc = txn.begin(*state->environment, false)) return in(fail(rc, "reading").error());
    if (const int rc = txn.get(Db::Meta, kCommitKey.bytes(), value))
        return in(fail(rc, "the last commit").error());
    const auto last = unseal<CommitRecord>(kCommitKey.bytes(), value);
    if (!last) return in(Error{"the record of the last commit is damaged"});
    state->last = *last;
    if (const int rc = state->writer.load(txn)) return in(fail(rc, "its intervals").error());
    txn.abort();
    state->counters.set(StoreCounter::MigratedFrom, state->environment->migrated_from);
    state->housekeep();
    return Store(std::move(state));
}

Expected<CommitResult> Store::commit(const CommitBatch& batch, const CommitBatch* beside) {
    State& s = *state_;
    if (s.stopped != StopReason::None) return failure(s.stopped_by);
    const char* why = BatchWriter::refuse(batch);
    if (why == nullptr && beside != nullptr) why = BatchWriter::refuse(*beside);
    if (why != nullptr) {
        s.counters.add(StoreCounter::BatchesRefused);
        return failure(fmt::format("batch {} refused, nothing written: {}", batch.number, why));
    }
    CommitResult result;
    Txn txn;
    int rc = txn.begin(*s.environment, true);
    if (rc == 0) rc = s.write(txn, batch, beside, result);
    if (rc == 0) rc = txn.commit();
    if (rc != 0) {
        txn.abort();
        return s.stop(rc);
    }
    s.counters.add(StoreCounter::Commits);
    // Near the end of the map it matters how much of the file is free.
    MDB_envinfo env{};
    mdb_env_info(s.environment->env, &env);
    const u64 map_pages = env.me_mapsize / s.page_bytes;
    s.counters.set(StoreCounter::FileBytes, (env.me_last_pgno + 1) * s.page_bytes);
    const bool near_end = env.me_last_pgno > map_pages / 100 * kNearEndPercent;
    if (near_end || s.short_of_room() || s.last.commits % kHousekeepingCommits == 0) s.housekeep();
    return result;
}

int Store::State::write(Txn& txn, const CommitBatch& batch, const CommitBatch* beside, CommitResult& result) {
    int rc = 0;
    for (const CommitBatch* const part : {&batch, beside}) {
        if (part == nullptr) continue;
        if (rc == 0) rc = writer.write(txn, *part, result);
        if (rc == 0) rc = write_local(txn, *part, exceptions_age(), counters, result);
    }
    const u64 used = counters.get(StoreCounter::UsedBytes);
    const bool tight = used >= counters.get(StoreCounter::MapBytes) / 100 * kTightPercent;
    if (rc == 0) rc = retention.run(txn, tight, short_of_room() && !waits_for_reader(), result);
    if (rc == 0) rc = row_retention.run(txn, batch.wall);
    if (rc != 0) return rc;
    counters.set(StoreCounter::JournalBytes, journal_bytes(txn));
    result.transaction = mdb_txn_id(txn.get());
    last.number = batch.number;
    last.wall = batch.wall;
    ++last.commits;
    last.transaction = result.transaction;
    for (std::size_t i = 0; i < kDbs; ++i) last.entries[i] = txn.stat(static_cast<Db>(i)).ms_entries;
    Cursor c;
    if (rc = c.open(txn, Db::Meta); rc != 0) return rc;
    return c.put(kCommitKey.bytes(), seal(kCommitKey.bytes(), last), 0);
}

void Store::State::housekeep() {
    int cleared = 0;
    mdb_reader_check(environment->env, &cleared);
    counters.add(StoreCounter::ReadersCleared, static_cast<u64>(std::max(cleared, 0)));
    MDB_envinfo env{};
    mdb_env_info(environment->env, &env);
    Txn txn;
    FreePages free;
    const u64 oldest = SpaceKeeper::oldest_transaction(*environment);  // before our own
    if (txn.begin(*environment, false) != 0 || free_pages(txn, free, oldest) != 0) return;
    page_bytes = txn.stat(Db::Meta).ms_psize;
    const u64 pages = env.me_last_pgno + 1;
    counters.set(StoreCounter::MapBytes, env.me_mapsize);
    counters.set(StoreCounter::FileBytes, pages * page_bytes);
    counters.set(StoreCounter::UsedBytes, (pages - std::min(pages, free.all)) * page_bytes);
    counters.set(StoreCounter::HeldBytes, free.held * page_bytes);
    counters.set(StoreCounter::JournalBytes, journal_bytes(txn));
}

/// As of now, for the counters too.
SpaceView Store::State::view() {
    SpaceView now{.map_bytes = counters.get(StoreCounter::MapBytes),
                  .used_bytes = counters.get(StoreCounter::UsedBytes),
                  .file_bytes = counters.get(StoreCounter::FileBytes),
                  .held_bytes = counters.get(StoreCounter::HeldBytes)};
    now = keeper.look(*environment, now);
    counters.set(StoreCounter::DiskBytes, now.disk_bytes);
    counters.set(StoreCounter::DiskFree, now.disk_free);
    return now;
}

bool Store::State::waits_for_reader() {
    SpaceView now = view();
    if (level_for(now) < SpaceLevel::Short) return now.held_bytes != 0;
    now.held_bytes = 0;
    return level_for(now) < SpaceLevel::Short;
}

std::unexpected<Error> Store::State::stop(int rc) {
    stopped = reason_of(rc, path);
    counters.set(StoreCounter::Stopped, 1);
    stopped_by = fmt::format(
        "the store {} has stopped ({}: {}); whether its last commit is on the disk is unknown "
        "until it is opened again",
        path.string(), name(stopped), mdb_strerror(rc));
    return failure(stopped_by);
}

bool Store::room_for(u64 bytes, bool live) {
    State& s = *state_;
    const u64 need = 2 * bytes + kCommitOverhead;
    const auto fits = [&](const SpaceView& now) {
        // A part of the map stays free, so that what lets go can be committed; a larger one where much of it
        // is a reader's: nothing is let go of then, and what is left lies in small pieces.
        const bool pieces = now.held_bytes > now.map_bytes / 8;
        const u64 kept = now.map_bytes / (pieces ? kMapPartInPieces : kMapPartKept);
        return now.map_room() >= std::min(need, now.map_bytes / 4) + kept &&
               (s.keeper.reserve(*s.environment, need) || now.file_room() >= 4 * need);
    };
    SpaceView now = s.view();
    bool room = fits(now);
    if (!room) {  // a reader may have come or gone since the last commit
        s.housekeep();
        now = s.view();
        room = fits(now);
    }
    SpaceLevel level = level_for(now);
    if (!room) level = live ? SpaceLevel::Full : std::max(level, SpaceLevel::Short);
    s.counters.set(StoreCounter::SpaceLevel, static_cast<u64>(level));
    if (!room) s.counters.add(StoreCounter::RoomRefused);
    return room;
}

Expected<CommitResult> Store::shed() {
    State& s = *state_;
    if (s.waits_for_reader()) return failure("a reader of the store keeps the room that there is");
    const SpaceView now = s.view();
    if (now.map_room() < now.map_bytes / (2 * kMapPartKept) ||
        !s.keeper.reserve(*s.environment, kShedReserve))
        return failure("there is no room to let go of anything");
    s.counters.add(StoreCounter::ShedCommits);
    CommitBatch nothing;
    nothing.number = s.last.number;
    nothing.wall = s.last.wall;
    return commit(nothing);
}

void Store::look_after(Nanos mono) {
    State& s = *state_;
    int cleared = 0;
    mdb_reader_check(s.environment->env, &cleared);
    s.counters.add(StoreCounter::ReadersCleared, static_cast<u64>(std::max(cleared, 0)));
    s.keeper.look_at_readers(*s.environment, mono);
    const auto* const oldest = s.keeper.oldest();
    s.counters.set(StoreCounter::Readers, s.keeper.readers().size());
    s.counters.set(StoreCounter::ReaderAgeMs,
                   oldest == nullptr ? 0 : (mono - oldest->since).value / 1'000'000);
    s.counters.set(StoreCounter::ReaderPid, oldest == nullptr ? 0 : static_cast<u64>(oldest->pid));
    const SpaceLevel level = level_for(s.view());
    // Full is found, and ended, by what waits to be committed.
    if (s.counters.get(StoreCounter::SpaceLevel) != static_cast<u64>(SpaceLevel::Full))
        s.counters.set(StoreCounter::SpaceLevel, static_cast<u64>(level));
}

void Store::keep_while(std::function<bool(Stream, Range)> needed) {
    state_->retention.keep_while(std::move(needed));
}

StopReason Store::stopped() const noexcept { return state_->stopped; }

void Store::note_commit(Nanos took) noexcept {
    Counters<StoreCounter>& c = state_->counters;
    c.set(StoreCounter::CommitNsLast, took.value);
    c.set(StoreCounter::CommitNsMax, std::max(took.value, c.get(StoreCounter::CommitNsMax)));
    c.add(StoreCounter::CommitNsTotal, took.value);
}

Expected<StoreSnapshot> Store::snapshot() const { return state_->environment->snapshot(state_->environment); }
const Counters<StoreCounter>& Store::counters() const noexcept { return state_->counters; }
const std::filesystem::path& Store::path() const noexcept { return state_->path; }

}  // namespace twinlink
