// sim: runs seeds of a simulated pair, and shows what went wrong.
//
//     sim --seeds 1..300                runs them, prints a summary; exit code 1 when one fails
//     sim --seed 7                      one, with its last 200 events when it fails
//     sim --mutants 1..300              plants each fault in turn; exit code 1 when one is not caught by
//     these sim --seed 7 --plant NAME         one seed with one planted fault
//
// Several of them may run side by side: each has its stores in a folder of its own.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/sim/world.hpp"

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
using namespace twinlink::sim_test;

/// Failed seeds whose events are shown; of more, `--seed` shows them.
constexpr u64 kShown = 3;
/// The same seed must make the same run: so many seeds are run twice.
constexpr u64 kTwiceEvery = 25;
constexpr std::size_t kProbes = static_cast<std::size_t>(Probe::Count_);

/// The rigs check with doctest's words; outside of its test cases a failed one ends the seed.
void throw_failed(const doctest::AssertData& data) {
    throw std::runtime_error(std::string("check failed: ") + data.m_expr + " at " + data.m_file + ":" +
                             std::to_string(data.m_line));
}

/// A seed that crashes says which one it was.
std::array<char, 64> crashed{};
void note_crash(int signal) {
    static_cast<void>(!write(STDOUT_FILENO, crashed.data(), std::strlen(crashed.data())));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}
Outcome run_named(u64 seed) {
    std::snprintf(crashed.data(), crashed.size(), "seed %llu: crashed\n",
                  static_cast<unsigned long long>(seed));
    return run_seed(seed);
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

/// Sums over seeds, and in how many of them each branch was taken.
class Summary {
public:
    void add(const Outcome& o) {
        sum_.steps += o.steps;
        sum_.messages += o.messages;
        sum_.filled_by_partner += o.filled_by_partner;
        sum_.lost += o.lost;
        sum_.kills += o.kills;
        sum_.wiped += o.wiped;
        sum_.cuts += o.cuts;
        sum_.clocks += o.clocks;
        sum_.conflicts += o.conflicts;
        sum_.explained += o.explained;
        for (std::size_t p = 0; p < kProbes; ++p) seeds_[p] += probes_taken[p].exchange(0) != 0;
    }
    void print(u64 seeds, u64 failed, double seconds) const {
        const auto line = [](const char* what, u64 count) {
            std::printf("%14llu %s\n", static_cast<unsigned long long>(count), what);
        };
        line("seeds", seeds);
        line("failed", failed);
        line("steps of 1 ms", sum_.steps);
        line("messages, each for two servers over two links", sum_.messages);
        line("messages that a server got from its partner", sum_.filled_by_partner);
        line("messages lost by agreement, in the end", sum_.lost);
        line("ends of a server: killed, stopped, replaced", sum_.kills);
        line("of these, replaced by an empty machine", sum_.wiped);
        line("times that the partner's connection broke by itself", sum_.cuts);
        line("times that a wall clock was set", sum_.clocks);
        line("records of copies that differ", sum_.conflicts);
        line("times that a store's rows were held against a fold of its journal", sum_.explained);
        std::printf("%14.0f s\nbranches, by the seeds that took them:\n", seconds);
        std::string never;
        for (std::size_t p = 0; p < kProbes; ++p) {
            const std::string branch(name(static_cast<Probe>(p)));
            if (seeds_[p] == 0)
                never += " " + branch;
            else
                line(branch.c_str(), seeds_[p]);
        }
        std::printf("branches never taken:%s\n", never.empty() ? " none" : never.c_str());
    }

private:
    Outcome sum_;
    std::array<u64, kProbes> seeds_{};
};

/// All of them; how many failed.
u64 run_all(Range64 seeds) {
    const auto begin = std::chrono::steady_clock::now();
    u64 failed = 0;
    Summary summary;
    for (u64 seed = seeds.first; seed <= seeds.last; ++seed) {
        const Outcome o = run_named(seed);
        summary.add(o);
        if (!o.failure.empty()) {
            show(o, failed++ < kShown);
        } else if (seed % kTwiceEvery == 0) {
            const Outcome again = run_named(seed);
            if (again.hash != o.hash || again.steps != o.steps) {
                std::printf("seed %llu: two runs differ\n", static_cast<unsigned long long>(seed));
                ++failed;
            }
        }
        std::fflush(stdout);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    summary.print(seeds.last - seeds.first + 1, failed, took.count());
    return failed;
}

/// One seed with a planted fault, in a process of its own: it may well crash. True: it was noticed.
bool is_caught(Planted fault, u64 seed) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        planted_fault = fault;
        static_cast<void>(freopen("/dev/null", "w", stderr));
        for (const int signal : {SIGABRT, SIGSEGV}) std::signal(signal, SIG_DFL);
        std::_Exit(run_seed(seed).failure.empty() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}

/// Each planted fault; how many were not caught.
u64 run_mutants(Range64 seeds) {
    u64 missed = 0;
    for (u8 m = 1; m < static_cast<u8>(Planted::Count_); ++m) {
        const auto fault = static_cast<Planted>(m);
        u64 tried = 0;
        bool caught = false;
        for (u64 seed = seeds.first; seed <= seeds.last && !caught; ++seed, ++tried)
            caught = is_caught(fault, seed);
        std::printf("%-22s %s %llu seeds\n", std::string(name(fault)).c_str(),
                    caught ? "caught after" : "NOT CAUGHT by", static_cast<unsigned long long>(tried));
        missed += caught ? 0 : 1;
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
    // Folds begin by the hundred and use little of what they reserve: pages of 2 MiB would be zeroed for
    // nothing.
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    // Thousands of commits a second: not for a disk.
    if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
    for (const int signal : {SIGABRT, SIGSEGV}) std::signal(signal, note_crash);
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
    if (what == "--seed" || what == "--seeds") return run_all(seeds) == 0 ? 0 : 1;
    return usage();
}
