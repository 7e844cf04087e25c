// Rolling up a large site: 10,000 agents with three skills each, a day of half hours, some 30 items of a row
// not 0. `day` is the roller over 48 intervals of 30,000 rows, commit apart; `redo` the same day after one
// row changed; `read` is what a day's report reads: every rolled row of the day, decoded; `read_intervals`
// the rows that it would have to add up otherwise.
//
// Folder: TWINLINK_BENCH_DIR, else the working directory.
#include "engine/roller.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

namespace {

using namespace twinlink;

constexpr Acd kAcd{1};
constexpr u64 kAgents = 10'000;
constexpr u64 kSkills = 3;
constexpr u64 kIntervals = 48;
constexpr LocalDay kDay{20'541};
const u64 kBegin = begin_of(kDay, 0);

std::filesystem::path folder() {
    const char* const given = std::getenv("TWINLINK_BENCH_DIR");
    return std::filesystem::path(given != nullptr ? given : ".") / "rollup_bench.tmp";
}

class Site {
public:
    Site() {
        std::filesystem::remove_all(folder());
        StoreConfig config;
        config.map_bytes = u64{8} << 30;
        auto opened = Store::open(folder(), config, 1_s);
        if (!opened) throw std::runtime_error(opened.error().text);
        store_.emplace(std::move(*opened));
        for (u64 i = 0; i < kIntervals; ++i) {
            for (u64 agent = 0; agent < kAgents; ++agent)
                for (u64 skill = 1; skill <= kSkills; ++skill) add_row(i, agent, skill, 1);
            add_interval(i);
            commit(batch_);
        }
        StreamRecord s{};
        s.epoch = s.acd = 1;
        s.last_time = kBegin + 2 * kDayNs;
        batch_.streams.push_back(s);
        commit(batch_);
        acds_[0].acd = kAcd;
        rings_.empty.push(&rolled_);
        roller_ = std::make_unique<Roller>(*store_, acds_, rings_);
        roll();
    }
    ~Site() {
        roller_.reset();
        store_.reset();
        std::error_code none;
        std::filesystem::remove_all(folder(), none);
    }
    Site(const Site&) = delete;
    Site& operator=(const Site&) = delete;

    void add_row(u64 interval, u64 agent, u64 skill, u64 calls) {
        items_.assign(find_table(TableId::Hagent)->columns, 0);
        for (std::size_t i = 1; i < items_.size(); i += items_.size() / 30)
            items_[i] = i % 2 == 0 ? 1'000'000'000 * (i + agent % 60) : calls + i;
        batch_.add_row({.key = {TableId::Hagent, kAcd, kBegin + interval * 30 * kMinuteNs, 0, agent, skill},
                        .fold_version = 1,
                        .closed = true},
                       items_);
    }
    void add_interval(u64 interval) {
        IntervalRecord r{};
        r.epoch = r.acd = 1;
        r.start = kBegin + interval * 30 * kMinuteNs;
        r.first_seq = interval + 1;
        r.minutes = 30;
        r.closed = 1;
        batch_.intervals.push_back(r);
    }
    void change_one() {
        add_row(5, 77, 1, ++calls_);
        add_interval(5);
        commit(batch_);
    }
    /// Until nothing is due. Returns the time without the commits' own.
    double roll() {
        double seconds = 0;
        for (int idle = 0; idle < 2;) {
            const auto begin = std::chrono::steady_clock::now();
            const std::size_t done = roller_->poll();
            seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
            CommitBatch* full = nullptr;
            if (rings_.full.pop(full)) {
                commit(*full);
                rings_.empty.push(full);
            }
            idle = done != 0 || full != nullptr ? 0 : idle + 1;
        }
        return seconds;
    }
    void mark(Span span) {
        batch_.rolled.due.push_back({kAcd, span, first_day(span, kDay, Weekday::Monday)});
        commit(batch_);
    }
    [[nodiscard]] StoreSnapshot snapshot() const { return *store_->snapshot(); }

private:
    void commit(CommitBatch& batch) {
        if (auto done = store_->commit(batch); !done) throw std::runtime_error(done.error().text);
        batch.clear();
    }

    std::optional<Store> store_;
    std::array<AcdConfig, 1> acds_{};
    CommitBatch batch_;
    CommitBatch rolled_;
    RollRings rings_;
    std::unique_ptr<Roller> roller_;
    std::vector<u64> items_;
    u64 calls_ = 1;
};

Site& site() {
    static Site the;
    return the;
}

void day(benchmark::State& state) {
    Site& s = site();
    for (auto _ : state) {
        s.mark(Span::Day);
        state.SetIterationTime(s.roll());
    }
    state.counters["rows/s"] = benchmark::Counter(static_cast<double>(kAgents * kSkills * kIntervals),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}

void redo(benchmark::State& state) {
    Site& s = site();
    for (auto _ : state) {
        s.change_one();
        state.SetIterationTime(s.roll());
    }
}

void read(benchmark::State& state) {
    const Site& s = site();
    u64 sum = 0;
    for (auto _ : state) {
        const StoreSnapshot snapshot = s.snapshot();
        snapshot.rolled(TableId::Hagent, kAcd, Span::Day, kDay, kDay + 1, [&](const RolledRow& row) {
            sum += row.items[1];
            return true;
        });
    }
    benchmark::DoNotOptimize(sum);
}

void read_intervals(benchmark::State& state) {
    const Site& s = site();
    u64 sum = 0;
    for (auto _ : state) {
        const StoreSnapshot snapshot = s.snapshot();
        snapshot.rows(TableId::Hagent, kAcd, kBegin, kBegin + kDayNs, [&](const RowView& row) {
            sum += row.items[1];
            return true;
        });
    }
    benchmark::DoNotOptimize(sum);
}

BENCHMARK(day)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(redo)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(read)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
BENCHMARK(read_intervals)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
