// A process that writes the model's batches, for the tests to kill and to fail: store_writer PATH
// [key=value...].
//
// It interposes the calls by which LMDB and the creation reach the disk, so that the n-th of them can fail,
// once or for ever, before or after it did its work, or end the process. For each commit it prints "ok N"
// when that is on the disk; when the store stops, "stopped REASON" and then what a reopened store says:
// "again K" or what is wrong. The rig without the test framework: this is a program.
#define DOCTEST_CONFIG_DISABLE
#include "tests/store/store_rig.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <map>

namespace {

// One thread; atomics only because the interposed calls are anybody's.
std::atomic<long> calls_left{-1};  // until the fault; negative = none planned
bool for_ever = false;
bool after = false;  // the call does its work first
bool kills = false;
int error_number = EIO;

/// True when this call must fail.
bool strikes() {
    if (calls_left < 0) return false;
    if (calls_left > 0) {
        --calls_left;
        return false;
    }
    if (!for_ever) calls_left = -1;
    return true;
}

template <class Call>
auto faulty(Call call) -> decltype(call()) {
    if (!strikes()) return call();
    if (after) call();
    if (kills) ::raise(SIGKILL);
    errno = error_number;
    return -1;
}

}  // namespace

extern "C" {
// All of them end in the kernel directly: what they replace is in libc.
__attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void* data, size_t bytes, off_t at) {
    return faulty([&] { return static_cast<ssize_t>(::syscall(SYS_pwrite64, fd, data, bytes, at)); });
}
__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void* data, size_t bytes, off_t at) {
    return pwrite64(fd, data, bytes, at);
}
__attribute__((visibility("default"))) ssize_t writev(int fd, const iovec* parts, int count) {
    return faulty([&] { return static_cast<ssize_t>(::syscall(SYS_writev, fd, parts, count)); });
}
__attribute__((visibility("default"))) int fdatasync(int fd) {
    return faulty([&] { return static_cast<int>(::syscall(SYS_fdatasync, fd)); });
}
__attribute__((visibility("default"))) int fsync(int fd) {
    return faulty([&] { return static_cast<int>(::syscall(SYS_fsync, fd)); });
}
__attribute__((visibility("default"))) int rename(const char* from, const char* to) {
    return faulty([&] { return static_cast<int>(::syscall(SYS_rename, from, to)); });
}
__attribute__((visibility("default"))) int mkdir(const char* path, mode_t mode) {
    return faulty([&] { return static_cast<int>(::syscall(SYS_mkdir, path, mode)); });
}
}

namespace {

using namespace twinlink;

u64 messages = rig::kModelMessages;

/// Opens the store and goes on where the model stands. True when all `batches` were committed.
bool run(const std::filesystem::path& path, const StoreConfig& config, u64 batches, bool verify_only) {
    auto store = Store::open(path, config, Nanos{1});
    if (!store) {
        std::printf("refused %s\n", store.error().text.c_str());
        return false;
    }
    u64 k = 0;
    if (const auto wrong = rig::model_error(rig::snapshot_of(*store), k, messages); !wrong.empty()) {
        std::printf("wrong %s\n", wrong.c_str());
        std::exit(5);
    }
    if (verify_only) {
        std::printf("again %llu\n", static_cast<unsigned long long>(k));
        return true;
    }
    for (u64 n = k + 1; n <= batches; ++n) {
        const auto result = store->commit(rig::model_batch(n, messages));
        if (!result) {
            // Stopped is stopped: the next commit fails too.
            const bool stays = !store->commit(rig::model_batch(n, messages)) && !store->commit({});
            std::printf("stopped %s%s\n", std::string(name(store->stopped())).c_str(),
                        stays ? "" : " but goes on");
            return false;
        }
        std::printf("ok %llu\n", static_cast<unsigned long long>(n));
        std::fflush(stdout);
    }
    return true;
}

/// A small file system of our own under `path`; exit 77 where that is not permitted.
void mount_small(const std::filesystem::path& path) {
    std::filesystem::create_directories(path);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=2m") != 0)
        std::exit(77);
    rig::write_file(path / "ballast", std::string(512 * 1024, 'x'));
}

}  // namespace

int main(int argc, char** argv) {
    std::map<std::string, u64> options;
    for (int i = 2; i < argc; ++i) {
        const std::string_view option = argv[i];
        const auto is = option.find('=');
        u64 value = 0;
        std::from_chars(option.data() + is + 1, option.data() + option.size(), value);
        options[std::string(option.substr(0, is))] = value;
    }
    std::filesystem::path path = argv[1];
    messages = options.contains("messages") ? options["messages"] : messages;
    StoreConfig config;
    config.map_bytes = options.contains("map") ? options["map"] : u64{1} << 30;
    if (options.contains("tmpfs")) {
        mount_small(path);
        path /= "s";
    }
    if (options.contains("fsize")) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{options["fsize"], RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    for_ever = options.contains("forever");
    after = options.contains("after");
    kills = options.contains("kill");
    if (options.contains("errno")) error_number = static_cast<int>(options["errno"]);
    // The fault is counted from the beginning, creation and all, or from when the store is open and there.
    if (options.contains("opened")) run(path, config, 1, false);
    if (options.contains("fail")) calls_left = static_cast<long>(options["fail"]);
    const u64 batches = options.contains("batches") ? options["batches"] : 1'000'000;
    const bool done = run(path, config, batches, false);
    const bool struck = options.contains("fail") && (calls_left < 0 || (for_ever && calls_left == 0));
    calls_left = -1;
    if (options.contains("fsize")) {
        const rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (options.contains("tmpfs")) std::filesystem::remove(path.parent_path() / "ballast");
    config.map_bytes = u64{1} << 30;
    run(path, config, 0, true);
    std::puts(struck ? "struck" : "clean");
    return done ? 0 : 1;
}
