// A day's report over 10,000 agents, end to end: opening the store, reading, adding up, writing text. As it
// was rolled up, added up from 48 intervals while reading, and interval by interval.
//
// Folder: TWINLINK_BENCH_DIR, else the working directory.
#include "engine/roller.hpp"
#include "engine/store/store.hpp"
#include "tools/twinlink/commands.hpp"

#include <twinlink/items.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

namespace {

using namespace twinlink;

constexpr u64 kAgents = 10'000;
constexpr u64 kHalf = 1'800'000'000'000;
constexpr u64 kBegin = 1'772'323'200'000'000'000;  // 2026-03-01
constexpr u64 kIntervals = 48;

std::string folder(u64 skills) {
    const char* const given = std::getenv("TWINLINK_BENCH_DIR");
    const std::filesystem::path base(given != nullptr ? given : ".");
    return (base / ("report_bench.tmp" + std::to_string(skills))).string();
}

/// One interval: every agent in `skills` skills, about 30 items each.
void add_interval(CommitBatch& batch, u64 start, u64 skills) {
    const Table& table = *find_table(TableId::Hagent);
    std::vector<u64> items(table.columns);
    for (u64 c = 1; c < items.size(); c += 6) items[c] = c % 12 == 1 ? 3 + c : 1'000'000'007 * c;
    for (u64 agent = 1; agent <= kAgents; ++agent)
        for (u64 skill = 1; skill <= skills; ++skill)
            batch.add_row(
                {.key = {TableId::Hagent, Acd{1}, start, 0, agent, skill}, .fold_version = 1, .closed = true},
                items);
    IntervalRecord i{};
    i.acd = 1;
    i.epoch = 1;
    i.start = i.first_time = start;
    i.last_time = start + kHalf;
    i.minutes = 30;
    i.closed = 1;
    batch.intervals.push_back(i);
}

void roll_up(Store& store) {
    RollRings rings;
    CommitBatch batch;
    rings.empty.push(&batch);
    std::array<AcdConfig, 1> acds{};
    acds[0].acd = Acd{1};
    Roller roller(store, acds, rings);
    for (int idle = 0; idle < 3;) {
        idle = roller.poll() != 0 ? 0 : idle + 1;
        CommitBatch* full = nullptr;
        if (!rings.full.pop(full)) continue;
        idle = 0;
        if (!store.commit(*full)) std::abort();
        full->clear();
        rings.empty.push(full);
    }
}

/// Two days; the first is rolled up, the second is not over.
void make_store(const std::string& path, u64 skills) {
    std::filesystem::remove_all(path);
    StoreConfig config;
    config.map_bytes = u64{8} << 30;
    auto store = Store::open(path, config, Nanos{1});
    if (!store) std::abort();
    u64 number = 0;
    for (u64 n = 0; n < 2 * kIntervals - 1; ++n) {
        CommitBatch batch;
        batch.number = ++number;
        add_interval(batch, kBegin + n * kHalf, skills);
        StreamRecord stream{};
        stream.acd = 1;
        stream.epoch = 1;
        stream.first_seen = stream.next = 1;
        stream.last_time = kBegin + (n + 1) * kHalf;
        batch.streams.push_back(stream);
        if (!store->commit(batch)) std::abort();
    }
    roll_up(*store);
}

/// The stores are made once for all benchmarks, and taken away at the end.
struct Stores {
    std::array<bool, 4> made{};
    const std::string& path(u64 skills) {
        paths[skills] = folder(skills);
        if (!made[skills]) make_store(paths[skills], skills);
        made[skills] = true;
        return paths[skills];
    }
    ~Stores() {
        for (const std::string& path : paths)
            if (!path.empty()) std::filesystem::remove_all(path);
    }
    std::array<std::string, 4> paths;
};

void report(benchmark::State& state, std::vector<std::string> words) {
    static Stores stores;
    const auto skills = static_cast<u64>(state.range(0));
    words.insert(words.end(), {"--store", stores.path(skills)});
    std::size_t bytes = 0;
    cli::Rim rim;
    rim.out = [&](std::string_view text) {
        bytes = text.size();
        return true;
    };
    rim.err = [](std::string_view) {};
    rim.environment = [](std::string_view) { return std::string(); };
    rim.wall_ns = [] { return kBegin; };
    rim.pause = [](Nanos) {};
    for (auto _ : state)
        if (cli::run(words, rim) != tools::ExitCode::Ok) return state.SkipWithError("the report failed");
    state.counters["bytes"] = static_cast<double>(bytes);
    state.counters["rows/s"] =
        benchmark::Counter(static_cast<double>(kAgents * skills * static_cast<u64>(state.iterations())),
                           benchmark::Counter::kIsRate);
}

const std::vector<std::string> kDay{"report", "agents",     "--by", "day",
                                    "--from", "2026-03-01", "--to", "2026-03-02"};
const std::vector<std::string> kOpenDay{"report", "agents", "--by", "day", "--from", "2026-03-02"};

std::vector<std::string> with(std::vector<std::string> words, const char* more) {
    words.emplace_back(more);
    return words;
}

}  // namespace

BENCHMARK_CAPTURE(report, rolled_day_text, kDay)
    ->ArgName("skills")
    ->Arg(1)
    ->Arg(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(report, rolled_day_csv, with(kDay, "--csv"))
    ->ArgName("skills")
    ->Arg(1)
    ->Arg(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(report, rolled_day_json, with(kDay, "--json"))
    ->ArgName("skills")
    ->Arg(1)
    ->Arg(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(report, day_in_progress_text, kOpenDay)
    ->ArgName("skills")
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
