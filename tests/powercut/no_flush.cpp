// The control: a library for LD_PRELOAD whose syncs do nothing and say that they did.
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>

extern "C" {
#pragma GCC visibility push(default)
int fsync(int) { return 0; }
int fdatasync(int) { return 0; }
int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags & ~O_SYNC & ~O_DSYNC, mode));
}
#pragma GCC visibility pop
}
