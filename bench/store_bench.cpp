// Commits by batch size, beside a plain write + fdatasync of the same bytes in the same run, in steady state:
// the journal is at its limit before measuring begins, so each commit also deletes what it brings.
//
// Folder: TWINLINK_BENCH_DIR, else the working directory; it should lie on the disk that is to be measured.
#include "engine/store/row_codec.hpp"
#include "engine/store/store.hpp"

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace {

using namespace twinlink;

constexpr Stream kStream{Acd{1}, Epoch{1}};
constexpr u32 kMessageBytes = 56;  // about what the messages of the link protocol take on average
constexpr u64 kJournalBytes = u64{2} << 30;

std::filesystem::path folder() {
    const char* const given = std::getenv("TWINLINK_BENCH_DIR");
    return std::filesystem::path(given != nullptr ? given : ".") / "store_bench.tmp";
}

/// Full journal blocks of `bytes` in all, and `rows` rows of an agent table: 230 items, 30 of them not 0.
struct Load {
    CommitBatch batch;
    u64 next = 1;
    u64 rows;

    Load(u64 bytes, u64 row_count) : rows(row_count) {
        const u32 count = kBlockBytes / kMessageBytes;
        const SbeHeader h{kMessageBytes - sizeof(SbeHeader), 40, kSchemaId, kSchemaVersion};
        for (u64 done = 0; done + kBlockBytes <= bytes || done == 0; done += kBlockBytes) {
            const u32 here = static_cast<u32>(std::min<u64>(count, bytes / kMessageBytes));
            JournalBlock& block = batch.blocks.emplace_back();
            block.stream = kStream;
            block.count = here;
            block.bytes = here * kMessageBytes;
            block.offset = batch.arena.size();
            batch.arena.resize(batch.arena.size() + here * kMessageBytes, std::byte{0x5A});
            for (u32 i = 0; i < here; ++i)
                std::memcpy(batch.arena.data() + batch.blocks.back().offset + i * kMessageBytes, &h,
                            sizeof h);
        }
        for (u64 r = 0; r < rows; ++r) {
            std::array<u64, 230> items{};
            for (u64 i = 0; i < items.size(); i += 8)
                items[i] = i % 16 == 0 ? 1 + i + r % 90 : 1'000'000'007 * (i + 1);
            batch.add_row({.key = {TableId::Hagent, Acd{1}, 1, 0, r, 1}, .fold_version = 1}, items);
        }
        batch.checkpoints.push_back({kStream, Seq{1}, 0, 0, 64});
    }
    /// The next names and times; a checkpoint at the end lets the retention take what lies before.
    void advance() {
        for (JournalBlock& b : batch.blocks) {
            b.first = Seq{next};
            b.first_time = b.last_time = next;
            next += b.count;
        }
        for (const RowImage& r : batch.rows) batch.row_words[r.at + row_map_words(r.items)] = next;
        batch.checkpoints[0].seq = Seq{next - 1};
        ++batch.number;
    }
};

void commits(benchmark::State& state) {
    const u64 bytes = static_cast<u64>(state.range(0)) << 10;
    const auto path = folder();
    std::filesystem::remove_all(path);
    StoreConfig config;
    config.journal_bytes = kJournalBytes;
    auto store = Store::open(path, config, Nanos{1});
    if (!store) return state.SkipWithError(store.error().text.c_str());
    Load load(bytes, static_cast<u64>(state.range(1)));
    if (state.range(2) != 0) {  // fill up first, in large batches
        Load fill(u64{64} << 20, 0);
        for (u64 done = 0; done < kJournalBytes + (u64{256} << 20); done += u64{64} << 20) {
            fill.advance();
            if (!store->commit(fill.batch)) return state.SkipWithError("filling up failed");
        }
        load.next = fill.next;
    }
    for (auto _ : state) {
        load.advance();
        if (!store->commit(load.batch)) return state.SkipWithError("commit failed");
    }
    const auto commits = static_cast<double>(state.iterations());
    using C = benchmark::Counter;
    state.counters["B/s"] = C(commits * static_cast<double>(load.batch.arena.size()), C::kIsRate, C::kIs1024);
    state.counters["msg/s"] =
        C(commits * static_cast<double>(load.batch.arena.size() / kMessageBytes), C::kIsRate);
    state.counters["rows/s"] = C(commits * static_cast<double>(load.rows), C::kIsRate);
    state.counters["pruned"] = static_cast<double>(store->counters().get(StoreCounter::PrunedBlocks));
    state.counters["file_MiB"] = static_cast<double>(store->counters().get(StoreCounter::FileBytes) >> 20);
    store = failure("closed");
    std::filesystem::remove_all(path);
}

void plain_write(benchmark::State& state) {
    const std::vector<char> data(static_cast<std::size_t>(state.range(0)) << 10, 'x');
    std::filesystem::create_directories(folder());
    const auto file = folder() / "plain";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    off_t at = 0;
    for (auto _ : state) {
        // Round and round in 2 GiB, as the store does.
        if (::pwrite(fd, data.data(), data.size(), at) != static_cast<ssize_t>(data.size()) ||
            ::fdatasync(fd) != 0)
            return state.SkipWithError("write failed");
        at = at + static_cast<off_t>(data.size()) >= static_cast<off_t>(kJournalBytes)
                 ? 0
                 : at + static_cast<off_t>(data.size());
    }
    ::close(fd);
    std::filesystem::remove_all(folder());
    using C = benchmark::Counter;
    state.counters["B/s"] =
        C(static_cast<double>(state.iterations()) * static_cast<double>(data.size()), C::kIsRate, C::kIs1024);
}

/// Encoding and decoding of a row, and what it takes.
void row_codec(benchmark::State& state) {
    const Load load(1, 1);
    const store::Key key = store::row_key(load.batch.rows[0].key);
    std::vector<std::byte> room;
    Bytes value;
    std::vector<u64> items;
    for (auto _ : state) {
        value = store::encode_row(room, key.bytes(), load.batch.rows[0], load.batch.row_words);
        if (state.range(0) != 0) benchmark::DoNotOptimize(store::decode_row(key.bytes(), value, items));
    }
    state.counters["bytes"] = static_cast<double>(value.size());
    state.SetItemsProcessed(state.iterations());
}

}  // namespace

// KiB of messages, rows, journal at its limit.
BENCHMARK(commits)
    ->ArgNames({"KiB", "rows", "full"})
    ->Args({4, 10, 0})
    ->Args({1'024, 500, 1})
    ->Args({16'384, 500, 1})
    ->Args({65'536, 500, 1})
    ->Args({65'536, 20'000, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(plain_write)
    ->ArgName("KiB")
    ->Arg(4)
    ->Arg(1'024)
    ->Arg(16'384)
    ->Arg(65'536)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(row_codec)->ArgName("decode")->Arg(0)->Arg(1);

BENCHMARK_MAIN();
