// crash: records a server's commits, and has every state judged in which a power cut may leave its store.
//
//     crash [--seed N] [--states N] [--processes N] [--whole-every N]
//     crash ... --control           on a disk that ignores flushes: exit code 0 when that is found out
//     crash ... --state N [--keep DIR]   one state of such a run again, its store put into DIR as it was
//     found
//
// Exit code 0: no violation (of the control: violations). 1: otherwise. 2: usage. 4: it could not be
// recorded.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/crash/runner.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace {

using namespace twinlink;
using namespace twinlink::crash;

unsigned long long n(u64 v) { return static_cast<unsigned long long>(v); }

/// Files in memory where that is possible: the disk here is a model.
std::filesystem::path make_folder() {
    const bool memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = std::string(memory ? "/dev/shm" : "/tmp") + "/twinlink-crash-XXXXXX";
    return ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
}

void leave(const doctest::AssertData& data) {
    std::fprintf(stderr, "check failed: %s at %s:%d\n", data.m_expr, data.m_file, data.m_line);
    std::exit(4);
}

/// Runs the workload, with the recorder before libc. True when it came to its end.
bool record(u64 seed, const std::filesystem::path& folder) {
    const auto root = folder / "root";
    std::filesystem::create_directory(root);
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::setenv(kLogVariable, (folder / "log").c_str(), 1);
        ::setenv(kRootVariable, root.c_str(), 1);
        ::setenv(kSameRandomVariable, "1", 1);
        ::setenv("TMPDIR", root.c_str(), 1);
        ::setenv("LD_PRELOAD", TWINLINK_WRITE_RECORDER, 1);
        // The sanitizer's run-time wants to be first, and need not be.
        const char* const asan = std::getenv("ASAN_OPTIONS");
        ::setenv("ASAN_OPTIONS",
                 (std::string(asan == nullptr ? "" : asan) + ":verify_asan_link_order=0").c_str(), 1);
        const std::string number = std::to_string(seed);
        ::execl(TWINLINK_CRASH_WORKLOAD, "crash_workload", number.c_str(), root.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Bytes mapped(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const auto bytes = std::filesystem::file_size(file);
    void* const at = fd < 0 ? MAP_FAILED : ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at == MAP_FAILED) return {};
    return {static_cast<const std::byte*>(at), bytes};
}

void show(const RunConfig& config, const Story& story, const RunReport& report, double seconds) {
    std::printf("seed %llu: %llu commits, %llu writes of %.1f MB, %llu syncs\n", n(config.seed),
                n(story.marks.back().commits), n(story.writes), static_cast<double>(story.bytes) / 1e6,
                n(story.syncs));
    std::printf(
        "%llu crash states in %.1f s (%.0f/s), %llu of them distinct, %llu while the store was made;\n"
        "%llu with a server on them and a fold of all that was sent, %llu with a call that failed in the "
        "opening\n",
        n(report.judged), seconds, static_cast<double>(report.judged) / seconds, n(report.distinct),
        n(report.creation), n(report.whole), n(report.faults));
    std::printf("states in commits with");
    for (std::size_t kind = 0; kind < kKinds; ++kind)
        std::printf("%s %s %llu", kind == 0 ? "" : ",", std::string(name(static_cast<Kind>(kind))).c_str(),
                    n(report.kinds[kind]));
    std::printf("\nviolations: %llu", n(report.violations));
    if (report.violations != 0)
        std::printf(" (%llu did not open, %llu killed who opened them, %llu opened and were wrong)",
                    n(report.refused), n(report.died), n(report.violations - report.refused - report.died));
    std::printf("\n");
}

/// A kind of commit that no state lies in would make the run's verdict empty.
bool complete(const RunReport& report) {
    return report.creation != 0 && report.whole != 0 && report.faults != 0 &&
           std::ranges::none_of(report.kinds, [](u64 k) { return k == 0; });
}

int usage() {
    std::fprintf(stderr,
                 "usage: crash [--seed N] [--states N] [--processes N] [--whole-every N] [--control] "
                 "[--state N [--keep DIR]]\n");
    return 2;
}

int run(RunConfig config) {
    config.folder = make_folder();
    if (config.folder.empty() || !record(config.seed, config.folder)) {
        std::fprintf(stderr, "crash: the server could not be recorded\n");
        return 4;
    }
    const Bytes log = mapped(config.folder / "log");
    const Story story = read_story(log);
    const test::SimStream truth = switch_stream(config.seed);
    const auto begin = std::chrono::steady_clock::now();
    const RunReport report = run_states(config, log, story, truth);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::filesystem::remove_all(config.folder);
    show(config, story, report, took.count());
    if (!config.barriers) return report.violations != 0 ? 0 : 1;
    if (!config.only && !complete(report)) {
        std::printf("not all kinds of commits were met: more states are needed\n");
        return 1;
    }
    return report.violations == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    // LMDB takes 2 MiB for each environment that it opens for writing and wants them zeroed: mapped, they
    // are, and a fork need not copy their page tables. Left to itself malloc keeps them after the first time.
    ::mallopt(M_MMAP_THRESHOLD, 512 * 1024);
    // The rigs check with doctest's words.
    doctest::Context context;
    context.setAsDefaultForAssertsOutOfTestCases();
    context.setAssertHandler(leave);
    const auto number = [&](int i, u64& to) {
        if (i >= argc) return false;
        const char* const end = argv[i] + std::strlen(argv[i]);
        const auto [at, bad] = std::from_chars(argv[i], end, to);
        return bad == std::errc{} && at == end;
    };
    RunConfig config;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        u64 only = 0;
        bool good = true;
        if (option == "--control")
            config.barriers = false;
        else if (option == "--seed")
            good = number(++i, config.seed);
        else if (option == "--states")
            good = number(++i, config.states) && config.states >= 100;
        else if (option == "--processes")
            good = number(++i, config.processes) && config.processes - 1 < 64;
        else if (option == "--whole-every")
            good = number(++i, config.whole_every) && config.whole_every != 0;
        else if (option == "--state")
            good = number(++i, only);
        else if (option == "--keep" && i + 1 < argc)
            config.keep = argv[++i];
        else
            good = false;
        if (!good) return usage();
        if (option == "--state") config.only = only;
    }
    return run(std::move(config));
}
