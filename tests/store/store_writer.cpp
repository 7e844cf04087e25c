// A process that writes the model's batches, for the tests to kill and to fail: store_writer PATH
// [key=value...].
//
// The n-th call by which LMDB, the opening or the creation reach the kernel can fail, once or for ever,
// before or after it did its work, or end the process (faulty_calls.hpp). For each commit it prints "ok N"
// when that is on the disk; when the store stops, "stopped REASON", when it does not open, "refused WHY"; and
// then what a store opened again says: "again K" or what is wrong. The rig without the test framework: this
// is a program.
#define DOCTEST_CONFIG_DISABLE
#include "tests/store/faulty_calls.hpp"
#include "tests/store/older_store.hpp"
#include "tests/store/store_rig.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <map>

namespace {

using namespace twinlink;

u64 messages = rig::kModelMessages;

/// When the planned fault is counted from, and until when.
enum class Phase : u8 { Never, Open, Commits, Both };

/// Opens the store and goes on where the model stands. True when all `batches` were committed.
bool run(const std::filesystem::path& path, const StoreConfig& config, u64 batches, bool verify_only,
         Phase phase = Phase::Never, const faults::Fault& fault = {}) {
    if (phase == Phase::Open || phase == Phase::Both) faults::arm(fault);
    auto store = Store::open(path, config, Nanos{1});
    if (phase == Phase::Open) std::puts(faults::disarm() ? "struck" : "clean");
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
    if (phase == Phase::Commits) faults::arm(fault);
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
    faults::Fault fault;
    fault.for_ever = options.contains("forever");
    fault.after = options.contains("after");
    fault.kills = options.contains("kill");
    fault.writing = options.contains("writing");
    if (options.contains("errno")) fault.error = static_cast<int>(options["errno"]);
    if (options.contains("fail")) fault.call = static_cast<long>(options["fail"]);
    // The fault is counted from the beginning, creation and all, or in a store that is there.
    if (options.contains("opened")) run(path, config, options["opened"], false);
    if (options.contains("older") && !rig::make_older(path, rig::kBeyondFormat1, 1)) return 6;
    Phase phase = options.contains("fail") ? Phase::Both : Phase::Never;
    if (options.contains("at_open")) phase = Phase::Open;
    if (options.contains("at_commit")) phase = Phase::Commits;
    const u64 batches = options.contains("batches") ? options["batches"] : 1'000'000;
    const bool done = run(path, config, batches, false, phase, fault);
    if (phase != Phase::Open) std::puts(faults::disarm() ? "struck" : "clean");
    if (options.contains("fsize")) {
        const rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (options.contains("tmpfs")) std::filesystem::remove(path.parent_path() / "ballast");
    config.map_bytes = u64{1} << 30;
    run(path, config, 0, true);
    return done ? 0 : 1;
}
