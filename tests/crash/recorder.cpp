// A library for LD_PRELOAD: notes every write, sync, rename, creation and removal of files below one folder,
// in order, and makes the call. See write_log.hpp for the log.
//
// Any thread of any program; a spin lock keeps the log's records apart. The calls end in the kernel directly:
// what they replace is in libc. Without its two variables it only passes calls on.
#include "tests/crash/write_log.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

using namespace twinlink;
using crash::Op;
using crash::OpHead;

/// Files met so far. Chosen: a store and what is copied from it are a dozen.
constexpr std::size_t kFilesMax = 1'024;

struct Recorder {
    int log = -1;
    bool same_random = false;
    std::array<char, PATH_MAX> root{};
    std::size_t root_bytes = 0;
    std::array<u64, kFilesMax> files{};  ///< inode numbers below the root
    std::size_t count = 0;
    std::atomic_flag busy = ATOMIC_FLAG_INIT;

    Recorder() {
        const char* const path = std::getenv(crash::kLogVariable);
        const char* const folder = std::getenv(crash::kRootVariable);
        if (path == nullptr || folder == nullptr || std::strlen(folder) >= root.size()) return;
        same_random = std::getenv(crash::kSameRandomVariable) != nullptr;
        root_bytes = std::strlen(folder);
        std::memcpy(root.data(), folder, root_bytes + 1);
        log = static_cast<int>(
            ::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    }
};

Recorder& recorder() {
    static Recorder it;
    return it;
}

class Locked {
public:
    Locked() {
        while (recorder().busy.test_and_set(std::memory_order_acquire)) {
        }
    }
    ~Locked() { recorder().busy.clear(std::memory_order_release); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
};

bool below_root(std::string_view path) {
    const std::string_view root(recorder().root.data(), recorder().root_bytes);
    return path.size() > root.size() && path.starts_with(root) && path[root.size()] == '/';
}

/// The log is of no use with a hole in it.
void append(const iovec* parts, int count) {
    std::size_t bytes = 0;
    for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
    if (::syscall(SYS_writev, recorder().log, parts, count) != static_cast<long>(bytes)) std::abort();
}

void note(Op op, u64 file, u64 offset, u64 bytes, std::string_view path = {}) {
    OpHead head{op, static_cast<u32>(path.size()), file, offset, bytes};
    const std::array<iovec, 2> parts{{{&head, sizeof head}, {const_cast<char*>(path.data()), path.size()}}};
    append(parts.data(), 2);
}

bool known(u64 file) {
    Recorder& r = recorder();
    return std::find(r.files.begin(), r.files.begin() + r.count, file) != r.files.begin() + r.count;
}

void know(u64 file) {
    if (recorder().count == kFilesMax) std::abort();
    if (!known(file)) recorder().files[recorder().count++] = file;
}

/// The number of the file or folder behind a descriptor, 0 when it is none of ours.
u64 file_of(int fd) {
    struct stat s{};
    if (recorder().log < 0 || fd == recorder().log || ::fstat(fd, &s) != 0) return 0;
    if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)) return 0;
    if (known(s.st_ino)) return s.st_ino;
    // Opened before it was made here, or a folder that was there before.
    std::array<char, 64> link{};
    std::array<char, PATH_MAX> path{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    const ssize_t n = ::readlink(link.data(), path.data(), path.size());
    const std::string_view text(path.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
    const std::string_view root(recorder().root.data(), recorder().root_bytes);
    if (text != root && !below_root(text)) return 0;
    know(s.st_ino);
    note(S_ISDIR(s.st_mode) ? Op::MadeFolder : Op::Made, s.st_ino, 0, 0, text);
    return s.st_ino;
}

/// Where the next plain write goes.
u64 position(int fd) {
    const int whence = (::fcntl(fd, F_GETFL) & O_APPEND) != 0 ? SEEK_END : SEEK_CUR;
    return static_cast<u64>(std::max<off_t>(::lseek(fd, 0, whence), 0));
}

template <class Call>
ssize_t recorded_write(int fd, const iovec* parts, int count, u64 offset, Call call) {
    const Locked lock;
    const u64 file = file_of(fd);
    if (file == 0) return call();
    u64 bytes = 0;
    for (int i = 0; i < count; ++i) bytes += parts[i].iov_len;
    note(Op::Write, file, offset, bytes);
    append(parts, count);
    const ssize_t done = call();
    const int flags = ::fcntl(fd, F_GETFL);
    if (done > 0 && (flags & O_DSYNC) != 0) note(Op::RangeSynced, file, offset, static_cast<u64>(done));
    return done;
}

int recorded_sync(int fd, long number) {
    const int done = static_cast<int>(::syscall(number, fd));
    const Locked lock;
    const u64 file = done == 0 ? file_of(fd) : 0;
    if (file != 0) note(Op::Synced, file, 0, 0);
    return done;
}

int recorded_open(int folder, const char* path, int flags, mode_t mode) {
    const bool ours = recorder().log >= 0 && (flags & O_CREAT) != 0 && below_root(path);
    const bool there = ours && ::syscall(SYS_faccessat, folder, path, F_OK) == 0;
    const int fd = static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
    if (!ours || fd < 0) return fd;
    const int error = errno;
    struct stat s{};
    const Locked lock;
    if (::fstat(fd, &s) == 0) {
        know(s.st_ino);
        if (!there) note(Op::Made, s.st_ino, 0, 0, path);
        if (there && (flags & O_TRUNC) != 0) note(Op::Cut, s.st_ino, 0, 0);
    }
    errno = error;
    return fd;
}

mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

int recorded_unlink(const char* path) {
    const int done = static_cast<int>(::syscall(SYS_unlink, path));
    const Locked lock;
    if (done == 0 && recorder().log >= 0 && below_root(path)) note(Op::Gone, 0, 0, 0, path);
    return done;
}

}  // namespace

extern "C" {
#pragma GCC visibility push(default)
ssize_t pwrite64(int fd, const void* data, size_t bytes, off_t at) {
    const iovec part{const_cast<void*>(data), bytes};
    return recorded_write(fd, &part, 1, static_cast<u64>(at),
                          [&] { return ::syscall(SYS_pwrite64, fd, data, bytes, at); });
}
ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at) { return pwrite64(fd, data, bytes, at); }
ssize_t write(int fd, const void* data, size_t bytes) {
    const iovec part{const_cast<void*>(data), bytes};
    return recorded_write(fd, &part, 1, position(fd), [&] { return ::syscall(SYS_write, fd, data, bytes); });
}
ssize_t writev(int fd, const iovec* parts, int count) {
    return recorded_write(fd, parts, count, position(fd),
                          [&] { return ::syscall(SYS_writev, fd, parts, count); });
}
int fdatasync(int fd) { return recorded_sync(fd, SYS_fdatasync); }
int fsync(int fd) { return recorded_sync(fd, SYS_fsync); }
int ftruncate64(int fd, off_t bytes) {
    const int done = static_cast<int>(::syscall(SYS_ftruncate, fd, bytes));
    const Locked lock;
    const u64 file = done == 0 ? file_of(fd) : 0;
    if (file != 0) note(Op::Cut, file, 0, static_cast<u64>(bytes));
    return done;
}
int ftruncate(int fd, off_t bytes) { return ftruncate64(fd, bytes); }
int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return recorded_open(AT_FDCWD, path, flags, mode);
}
int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return recorded_open(AT_FDCWD, path, flags, mode);
}
int mkdir(const char* path, mode_t mode) {
    const int done = static_cast<int>(::syscall(SYS_mkdir, path, mode));
    struct stat s{};
    const int error = errno;
    const Locked lock;
    if (done == 0 && recorder().log >= 0 && below_root(path) && ::stat(path, &s) == 0) {
        know(s.st_ino);
        note(Op::MadeFolder, s.st_ino, 0, 0, path);
    }
    errno = error;
    return done;
}
int rename(const char* from, const char* to) {
    const int done = static_cast<int>(::syscall(SYS_rename, from, to));
    const Locked lock;
    if (done != 0 || recorder().log < 0 || !below_root(to)) return done;
    std::array<char, 2 * PATH_MAX> both{};
    const std::size_t first = std::strlen(from) + 1;
    const std::size_t bytes = first + std::strlen(to);
    if (bytes > both.size()) std::abort();
    std::memcpy(both.data(), from, first);
    std::memcpy(both.data() + first, to, bytes - first);
    note(Op::Moved, 0, 0, 0, {both.data(), bytes});
    return done;
}
int unlink(const char* path) { return recorded_unlink(path); }
ssize_t getrandom(void* to, size_t bytes, unsigned flags) {
    if (!recorder().same_random) return ::syscall(SYS_getrandom, to, bytes, flags);
    std::memset(to, 0x5A, bytes);
    return static_cast<ssize_t>(bytes);
}
#pragma GCC visibility pop
}
