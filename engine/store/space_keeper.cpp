// See space_keeper.hpp.
#include "engine/store/space_keeper.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <charconv>

namespace twinlink::store {
namespace {

int file_of(StoreEnvironment& environment) noexcept {
    int fd = -1;
    return mdb_env_get_fd(environment.env, &fd) == 0 ? fd : -1;
}

/// One line of LMDB's list of readers: "PID THREAD TRANSACTION", the thread in hexadecimal; "-" = it reads
/// nothing now.
bool parse_reader(std::string_view line, SpaceKeeper::Reader& reader) noexcept {
    const auto word = [&] {
        line.remove_prefix(std::min(line.find_first_not_of(" \n"), line.size()));
        const std::string_view w = line.substr(0, line.find_first_of(" \n"));
        line.remove_prefix(w.size());
        return w;
    };
    const auto number = [](std::string_view text, auto& to, int base) {
        return std::from_chars(text.data(), text.data() + text.size(), to, base).ec == std::errc{};
    };
    return number(word(), reader.pid, 10) && number(word(), reader.thread, 16) &&
           number(word(), reader.transaction, 10);
}

int collect_reader(const char* line, void* to) noexcept {
    SpaceKeeper::Reader reader;
    if (parse_reader(line, reader)) static_cast<std::vector<SpaceKeeper::Reader>*>(to)->push_back(reader);
    return 0;
}

}  // namespace

SpaceView SpaceKeeper::look(StoreEnvironment& environment, SpaceView view) const noexcept {
    struct statvfs disk{};
    if (::statvfs(environment.path.c_str(), &disk) != 0) return view;
    view.disk_bytes = disk.f_blocks * disk.f_frsize;
    view.disk_free = disk.f_bavail * disk.f_frsize;
    // What is reserved is ours already, and has left the disk's account.
    struct stat file{};
    if (::fstat(file_of(environment), &file) == 0) {
        const auto end = static_cast<u64>(file.st_size);
        view.disk_free += reserved_until_ - std::min(reserved_until_, end);
    }
    return view;
}

bool SpaceKeeper::reserve(StoreEnvironment& environment, u64 bytes) noexcept {
    const int fd = file_of(environment);
    struct stat file{};
    struct statvfs disk{};
    if (::fstat(fd, &file) != 0 || ::fstatvfs(fd, &disk) != 0) return true;  // the commit will tell
    const auto end = static_cast<u64>(file.st_size);
    if (end + bytes <= reserved_until_) return true;
    // A small store, or one on a small disk, takes small steps: what is reserved here is nobody else's.
    const u64 step = std::min({kReserveStep, end / 4, disk.f_blocks * disk.f_frsize / 32});
    for (const u64 more : {bytes + step, bytes}) {
        if (::fallocate(fd, FALLOC_FL_KEEP_SIZE, file.st_size, static_cast<off_t>(more)) == 0) {
            reserved_until_ = end + more;
            return true;
        }
        if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) continue;
        // This file system cannot: what it says is free has to do.
        return disk.f_bavail * disk.f_frsize >= bytes;
    }
    return false;
}

void SpaceKeeper::look_at_readers(StoreEnvironment& environment, Nanos mono) {
    std::vector<Reader> now;
    mdb_reader_list(environment.env, collect_reader, &now);
    for (Reader& reader : now) {
        const auto same = [&](const Reader& r) {
            return r.pid == reader.pid && r.thread == reader.thread && r.transaction == reader.transaction;
        };
        const auto known = std::ranges::find_if(readers_, same);
        reader.since = known == readers_.end() ? mono : known->since;
    }
    readers_ = std::move(now);
}

u64 SpaceKeeper::oldest_transaction(StoreEnvironment& environment) {
    std::vector<Reader> now;
    mdb_reader_list(environment.env, collect_reader, &now);
    const auto at = std::ranges::min_element(now, {}, &Reader::transaction);
    return at == now.end() ? ~u64{0} : at->transaction;
}

const SpaceKeeper::Reader* SpaceKeeper::oldest() const noexcept {
    const auto at = std::ranges::min_element(
        readers_, {}, [](const Reader& r) { return std::pair(r.since, r.transaction); });
    return at == readers_.end() ? nullptr : &*at;
}

}  // namespace twinlink::store
