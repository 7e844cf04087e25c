// A process that writes the model's batches, for the tests to kill and to fail: store_writer PATH
// [key=value...].
//
// The n-th call by which LMDB, the opening or the creation reach the kernel can fail, once or for ever,
// before or after it did its work, or end the process (faulty_calls.hpp). For each commit it prints "ok N"
// when that is on the disk; when the store stops, "stopped REASON", when it does not open, "refused WHY"; and
// then what a store opened again says: "again K" or what is wrong. The rig without the test framework: this
// is a program.
#define DOCTEST_CONFIG_DISABLE
#include "engine/store/compact.hpp"
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
/// Set: each commit is asked for room first, and where there is none, this file goes to make some.
std::filesystem::path in_the_way;

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
        if (!in_the_way.empty() && !store->room_for(rig::model_batch(n, messages).arena.size())) {
            std::puts("full");
            if (store->stopped() != StopReason::None || !std::filesystem::remove(in_the_way)) return false;
        }
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
void mount_small(const std::filesystem::path& path, const char* size, std::size_t ballast) {
    std::filesystem::create_directories(path);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", path.c_str(), "tmpfs", 0, size) != 0)
        std::exit(77);
    rig::write_file(path / "ballast", std::string(ballast, 'x'));
}

/// Writes the store anew, with the fault, and says what is there then.
int run_compact(const std::filesystem::path& path, const StoreConfig& config,
                const std::map<std::string, u64>& options, const faults::Fault& fault) {
    if (options.contains("say")) std::printf("ok %llu\n", static_cast<unsigned long long>(options.at("say")));
    std::fflush(stdout);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    if (options.contains("compact_fsize")) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{options.at("compact_fsize"), limit.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
    }
    if (options.contains("fail")) faults::arm(fault);
    const auto done = compact(path, [](std::string_view) {});
    std::puts(faults::disarm() ? "struck" : "clean");
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!done) std::printf("refused %s\n", done.error().text.c_str());
    return run(path, config, 0, true) ? 0 : 1;
}

/// Holds a snapshot until it is ended.
int hold(const std::filesystem::path& path) {
    const auto reader = StoreReader::open(path);
    const auto snapshot = reader ? reader->snapshot() : std::unexpected(reader.error());
    std::puts(snapshot ? "holding" : "refused");
    std::fflush(stdout);
    while (snapshot) ::pause();
    return 1;
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
    if (options.contains("hold")) return hold(path);
    messages = options.contains("messages") ? options["messages"] : messages;
    StoreConfig config;
    config.map_bytes = options.contains("map") ? options["map"] : u64{1} << 30;
    if (options.contains("tmpfs")) {
        // Who asks wants more than a commit needs in the end.
        const bool asks = options.contains("asks");
        mount_small(path, asks ? "size=16m" : "size=2m", (asks ? 12 * 1024 : 512) * 1024);
        if (asks) in_the_way = path / "ballast";
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
    if (options.contains("compact")) return run_compact(path, config, options, fault);
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
