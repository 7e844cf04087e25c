// See faulty_calls.hpp. As a library for LD_PRELOAD it reads TWINLINK_FAULT ("CALL ERRNO [after] [sync|meta]
// [forever]") and TWINLINK_FAULT_ROOT, below which a file must lie for its calls to count.
//
// All calls end in the kernel directly: what they replace is in libc.
#include "tests/store/faulty_calls.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using twinlink::faults::Fault;

struct Planned {
    std::atomic<bool> armed{false};
    std::atomic<bool>* struck;  ///< in memory that a forked child shares: it may be the one that is struck
    std::atomic<long> left{0};
    Fault fault;
    std::string_view root;  ///< empty = every file counts

    Planned()
        : struck(reinterpret_cast<std::atomic<bool>*>(::syscall(
              SYS_mmap, nullptr, 4'096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
        const char* const text = std::getenv("TWINLINK_FAULT");
        const char* const below = std::getenv("TWINLINK_FAULT_ROOT");
        if (text == nullptr || below == nullptr) return;
        root = below;
        const std::string_view words = text;
        const auto first = std::from_chars(words.data(), words.data() + words.size(), fault.call);
        if (first.ec != std::errc{} || first.ptr == words.data() + words.size()) return;
        std::from_chars(first.ptr + 1, words.data() + words.size(), fault.error);
        const auto says = [&](std::string_view word) { return words.find(word) != std::string_view::npos; };
        fault.for_ever = says(" forever");
        fault.after = says(" after");
        fault.syncs = says(" sync");
        fault.metas = says(" meta");
        left = fault.call;
        armed = true;
    }
};

Planned& planned() {
    static Planned it;
    return it;
}

bool counts(const char* path) {
    return planned().root.empty() || std::string_view(path).starts_with(planned().root);
}
bool counts(int fd) {
    if (planned().root.empty()) return true;
    std::array<char, 64> link{};
    std::array<char, PATH_MAX> path{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
    return ::syscall(SYS_readlink, link.data(), path.data(), path.size() - 1) > 0 && counts(path.data());
}

enum class Kind : unsigned char { Other, Sync, Meta };

/// True when this call must fail.
template <class Which>
bool strikes(Which which, bool writing, Kind kind) {
    Planned& p = planned();
    if (!p.armed || (p.fault.writing && !writing)) return false;
    if ((p.fault.syncs && kind != Kind::Sync) || (p.fault.metas && kind != Kind::Meta)) return false;
    if (!counts(which)) return false;
    const long left = p.left.fetch_sub(1);
    if (left > 0 || (left < 0 && !p.fault.for_ever)) return false;
    *p.struck = true;
    return true;
}

template <class Which, class Call>
auto faulty(Which which, bool writing, Call call, Kind kind = Kind::Other) -> decltype(call()) {
    if (!strikes(which, writing, kind)) return call();
    const Fault& fault = planned().fault;
    if (fault.meanwhile) {
        fault.meanwhile();
        return call();
    }
    if (fault.after) call();
    if (fault.kills) ::raise(SIGKILL);
    errno = fault.error;
    return static_cast<decltype(call())>(-1);
}
constexpr bool kReads = false;
constexpr bool kWrites = true;

int faulty_open(const char* path, int flags, mode_t mode) {
    if (planned().armed && !planned().fault.nameless && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return faulty(path, kReads,
                  [&] { return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode)); });
}
mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

namespace twinlink::faults {

void arm(const Fault& fault) {
    planned().fault = fault;
    planned().left = fault.call;
    *planned().struck = false;
    planned().armed = true;
}
bool disarm() noexcept {
    planned().armed = false;
    return *planned().struck;
}

}  // namespace twinlink::faults

extern "C" {
#pragma GCC visibility push(default)
int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return faulty_open(path, flags, mode);
}
int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return faulty_open(path, flags, mode);
}
ssize_t pread64(int fd, void* to, size_t bytes, off_t at) {
    return faulty(fd, kReads, [&] { return ::syscall(SYS_pread64, fd, to, bytes, at); });
}
ssize_t pread(int fd, void* to, size_t bytes, off_t at) { return pread64(fd, to, bytes, at); }
ssize_t read(int fd, void* to, size_t bytes) {
    return faulty(fd, kReads, [&] { return ::syscall(SYS_read, fd, to, bytes); });
}
ssize_t pwrite64(int fd, const void* data, size_t bytes, off_t at) {
    const bool meta = bytes >= 64 && bytes < 512 && at < 2 * 4'096;
    return faulty(
        fd, kWrites, [&] { return ::syscall(SYS_pwrite64, fd, data, bytes, at); },
        meta ? Kind::Meta : Kind::Other);
}
ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at) { return pwrite64(fd, data, bytes, at); }
ssize_t write(int fd, const void* data, size_t bytes) {
    return faulty(fd, kReads, [&] { return ::syscall(SYS_write, fd, data, bytes); });
}
ssize_t writev(int fd, const iovec* parts, int count) {
    return faulty(fd, kWrites, [&] { return ::syscall(SYS_writev, fd, parts, count); });
}
off_t lseek64(int fd, off_t at, int whence) noexcept {
    return faulty(fd, kReads, [&] { return ::syscall(SYS_lseek, fd, at, whence); });
}
off_t lseek(int fd, off_t at, int whence) noexcept { return lseek64(fd, at, whence); }
void* mmap(void* near, size_t bytes, int protection, int flags, int fd, off_t at) noexcept {
    return reinterpret_cast<void*>(
        faulty(fd, kReads, [&] { return ::syscall(SYS_mmap, near, bytes, protection, flags, fd, at); }));
}
int fdatasync(int fd) {
    return faulty(fd, kWrites, [&] { return static_cast<int>(::syscall(SYS_fdatasync, fd)); }, Kind::Sync);
}
int fsync(int fd) {
    return faulty(fd, kWrites, [&] { return static_cast<int>(::syscall(SYS_fsync, fd)); }, Kind::Sync);
}
int ftruncate(int fd, off_t bytes) noexcept {
    return faulty(fd, kReads, [&] { return static_cast<int>(::syscall(SYS_ftruncate, fd, bytes)); });
}
int flock(int fd, int operation) noexcept {
    return faulty(fd, kReads, [&] { return static_cast<int>(::syscall(SYS_flock, fd, operation)); });
}
int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void* const argument = va_arg(arguments, void*);
    va_end(arguments);
    return faulty(fd, kReads, [&] { return static_cast<int>(::syscall(SYS_fcntl, fd, command, argument)); });
}
int stat(const char* path, struct stat* to) noexcept {
    return faulty(path, kReads, [&] { return static_cast<int>(::syscall(SYS_stat, path, to)); });
}
int fstat(int fd, struct stat* to) noexcept {
    return faulty(fd, kReads, [&] { return static_cast<int>(::syscall(SYS_fstat, fd, to)); });
}
int pipe2(int* ends, int flags) noexcept {
    return faulty("", kReads, [&] { return static_cast<int>(::syscall(SYS_pipe2, ends, flags)); });
}
ssize_t getrandom(void* to, size_t bytes, unsigned flags) {
    return faulty("", kReads, [&] { return ::syscall(SYS_getrandom, to, bytes, flags); });
}
int rename(const char* from, const char* to) noexcept {
    return faulty(to, kWrites, [&] { return static_cast<int>(::syscall(SYS_rename, from, to)); });
}
int link(const char* from, const char* to) noexcept {
    return faulty(to, kWrites, [&] { return static_cast<int>(::syscall(SYS_link, from, to)); });
}
int linkat(int from_folder, const char* from, int folder, const char* to, int flags) noexcept {
    return faulty(to, kWrites, [&] {
        return static_cast<int>(::syscall(SYS_linkat, from_folder, from, folder, to, flags));
    });
}
int fchown(int fd, uid_t user, gid_t group) noexcept {
    return faulty(fd, kReads, [&] { return static_cast<int>(::syscall(SYS_fchown, fd, user, group)); });
}
int fchmod(int fd, mode_t mode) noexcept {
    return faulty(fd, kReads, [&] { return static_cast<int>(::syscall(SYS_fchmod, fd, mode)); });
}
int lstat(const char* path, struct stat* to) noexcept {
    return faulty(path, kReads, [&] { return static_cast<int>(::syscall(SYS_lstat, path, to)); });
}
int rmdir(const char* path) noexcept {
    return faulty(path, kReads, [&] { return static_cast<int>(::syscall(SYS_rmdir, path)); });
}
int unlink(const char* path) noexcept {
    return faulty(path, kReads, [&] { return static_cast<int>(::syscall(SYS_unlink, path)); });
}
int mkdir(const char* path, mode_t mode) noexcept {
    return faulty(path, kWrites, [&] { return static_cast<int>(::syscall(SYS_mkdir, path, mode)); });
}
#pragma GCC visibility pop
}
