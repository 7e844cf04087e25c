// sim: runs seeds of a simulated pair, and shows what went wrong.
//
//     sim --seeds 1..300           runs them, prints a summary; exit code 1 when one fails
//     sim --seed 7                 one, with its last 200 events when it fails
//     sim --mutants 1..300         plants each fault in turn; exit code 1 when one is not caught by these
//     seeds sim --seed 7 --plant NAME    one seed with one planted fault
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/sim/world.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace twinlink;
using namespace twinlink::sim_test;

/// The rigs check with doctest's words; outside of its test cases a failed one ends the seed.
void throw_failed(const doctest::AssertData& data) {
    throw std::runtime_error(std::string("check failed: ") + data.m_expr + " at " + data.m_file + ":" +
                             std::to_string(data.m_line));
}

struct Range64 {
    u64 first = 0;
    u64 last = 0;
};
bool read_range(const char* text, Range64& range) {
    const char* const end = text + std::strlen(text);
    const auto [at, bad] = std::from_chars(text, end, range.first);
    range.last = range.first;
    if (bad != std::errc{} || range.first == 0) return false;
    if (at == end) return true;
    if (end - at < 3 || at[0] != '.' || at[1] != '.') return false;
    return std::from_chars(at + 2, end, range.last).ptr == end && range.last >= range.first;
}

void show(const Outcome& o, bool events) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(o.seed), o.failure.c_str());
    if (!events) return;
    for (const std::string& event : o.events) std::printf("    %s\n", event.c_str());
}

/// All of them; how many failed.
u64 run_all(Range64 seeds, bool quiet) {
    u64 failed = 0;
    Outcome sum;
    for (u64 seed = seeds.first; seed <= seeds.last; ++seed) {
        const Outcome o = run_seed(seed);
        if (!o.failure.empty()) {
            show(o, seeds.first == seeds.last);
            ++failed;
        } else if (seed % 25 == 0) {
            // The same seed must make the same run.
            const Outcome again = run_seed(seed);
            if (again.hash != o.hash || again.steps != o.steps) {
                std::printf("seed %llu: two runs differ\n", static_cast<unsigned long long>(seed));
                ++failed;
            }
        }
        sum.steps += o.steps;
        sum.messages += o.messages;
        sum.filled_by_partner += o.filled_by_partner;
        sum.lost += o.lost;
        sum.kills += o.kills;
        std::fflush(stdout);
    }
    if (quiet) return failed;
    const auto n = [](u64 v) { return static_cast<unsigned long long>(v); };
    std::printf(
        "%llu seeds, %llu failed: %llu messages on two servers, %llu steps of 1 ms, %llu servers ended, "
        "%llu messages from the partner, %llu lost by agreement\n",
        n(seeds.last - seeds.first + 1), n(failed), n(sum.messages), n(sum.steps), n(sum.kills),
        n(sum.filled_by_partner), n(sum.lost));
    std::string never;
    for (std::size_t p = 0; p < probes_taken.size(); ++p)
        if (probes_taken[p].load() == 0) never += " " + std::string(name(static_cast<Probe>(p)));
    std::printf("branches never taken:%s\n", never.empty() ? " none" : never.c_str());
    return failed;
}

/// Each planted fault in a process of its own (it may well crash); how many were not caught.
u64 run_mutants(Range64 seeds) {
    u64 missed = 0;
    for (u8 m = 1; m < static_cast<u8>(Planted::Count_); ++m) {
        const auto fault = static_cast<Planted>(m);
        u64 caught = 0;
        for (u64 seed = seeds.first; seed <= seeds.last && caught == 0; ++seed) {
            std::fflush(stdout);
            const pid_t child = fork();
            if (child == 0) {
                planted_fault = fault;
                static_cast<void>(freopen("/dev/null", "w", stderr));
                std::_Exit(run_seed(seed).failure.empty() ? 0 : 1);
            }
            int status = 0;
            waitpid(child, &status, 0);
            if (status != 0) caught = seed - seeds.first + 1;
        }
        std::printf("%-22s %s\n", std::string(name(fault)).c_str(),
                    caught == 0 ? "NOT CAUGHT" : ("caught by seed " + std::to_string(caught)).c_str());
        missed += caught == 0 ? 1 : 0;
    }
    std::printf("%u planted faults, %llu not caught\n", static_cast<unsigned>(Planted::Count_) - 1,
                static_cast<unsigned long long>(missed));
    return missed;
}

int usage() {
    std::fprintf(stderr, "usage: sim --seed N [--plant NAME] | --seeds A..B | --mutants A..B\n");
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    // Thousands of commits a second: not for a disk.
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    doctest::Context context;
    context.setAsDefaultForAssertsOutOfTestCases();
    context.setAssertHandler(throw_failed);
    if (argc != 3 && argc != 5) return usage();
    Range64 seeds;
    if (!read_range(argv[2], seeds)) return usage();
    if (argc == 5) {
        if (std::strcmp(argv[3], "--plant") != 0) return usage();
        for (u8 m = 1; m < static_cast<u8>(Planted::Count_); ++m)
            if (name(static_cast<Planted>(m)) == argv[4]) planted_fault = static_cast<Planted>(m);
        if (planted_fault.load() == Planted::Nothing) return usage();
    }
    const std::string_view what = argv[1];
    if (what == "--mutants") return run_mutants(seeds) == 0 ? 0 : 1;
    if (what == "--seed" || what == "--seeds") return run_all(seeds, false) == 0 ? 0 : 1;
    return usage();
}
