// Writes queue_logs for tests, and plays them into a referee and a fold.
//
// A Log is a file that goes away with the test. Played tells what a recording gave: no breach of the rules,
// no illegal message, and the sums of the rows.
#pragma once

#include "tests/acdsim/legality.hpp"
#include "tests/fold/rows_sink.hpp"
#include "tools/acdsim/queue_log_replay.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace twinlink::sim {

inline constexpr u64 kLogStart = 1'500'000'000 / 1'800 * 1'800;  // a half hour begins

/// "at(90, "...")" is a line 90 s after the start.
inline std::string at(u64 second, const std::string& rest) {
    return std::to_string(kLogStart + second) + "|" + rest + "\n";
}
inline Nanos clock(u64 second) { return Nanos{(kLogStart + second) * kSecond}; }

struct Log {
    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("queue-log-" + std::to_string(getpid()));
    std::filesystem::path path = folder / "queue_log";
    Log() { std::filesystem::create_directories(folder); }
    explicit Log(std::string_view text) : Log() { add(text); }
    ~Log() { std::filesystem::remove_all(folder); }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    void add(std::string_view text) const { std::ofstream(path, std::ios::app | std::ios::binary) << text; }
    [[nodiscard]] QueueLogConfig config() const {
        QueueLogConfig config;
        config.path = path;
        config.wall = clock(1'000'000);
        return config;
    }
};

/// Where the messages go: a referee of the rules, and the fold that rows come from.
class Played final : public MessageSink {
public:
    void begin_epoch(Epoch e, Nanos t) override {
        referee.begin_epoch(e, t);
        fold.begin_epoch(e, rows);
    }
    void end_epoch(Nanos t, bool orderly) override {
        referee.end_epoch(t, orderly);
        fold.flush(rows);
        ended = true;
    }
    void put(Bytes bytes) override {
        referee.put(bytes);
        fold.apply(Seq{++messages}, bytes, 1, rows);
    }

    /// Nothing illegal, as two who know nothing of each other see it.
    void check_legal() const {
        CHECK((referee.breaches().empty() ? "" : referee.breaches().front()) == std::string{});
        for (auto i = static_cast<u8>(FoldCounter::UnknownTemplate);
             i <= static_cast<u8>(FoldCounter::NamesFull); ++i)
            CHECK_MESSAGE(fold.counter(FoldCounter{i}) == 0, info(FoldCounter{i}).name);
        for (const FoldCounter c :
             {FoldCounter::PumpUpsTorn, FoldCounter::PumpUpStray, FoldCounter::AgentsCorrected,
              FoldCounter::AgentsDropped, FoldCounter::AgentSkillsCorrected, FoldCounter::CallsCorrected,
              FoldCounter::CallsDropped, FoldCounter::TrunksCorrected, FoldCounter::IdentityBroken})
            CHECK_MESSAGE(fold.counter(c) == 0, info(c).name);
    }
    /// The item over all rows of the table, or of one entity.
    [[nodiscard]] u64 sum(TableId table, u16 column, u64 entity = 0) const {
        u64 total = 0;
        for (const auto& [key, row] : rows.rows)
            if (key.table == table && (entity == 0 || key.entity == entity)) total += row.items[column];
        return total;
    }
    [[nodiscard]] u64 incomplete() const {
        return static_cast<u64>(
            std::ranges::count_if(rows.rows, [](const auto& row) { return row.second.incomplete(); }));
    }

    Referee referee;
    Fold fold{Acd{1}, test::kSmall};
    test::RowsSink rows;
    u64 messages = 0;
    bool ended = false;
};

/// Plays a whole file.
inline std::unique_ptr<QueueLogReplay> play(const QueueLogConfig& config, Played& into) {
    auto replay = QueueLogReplay::open(config);
    REQUIRE((replay ? "" : replay.error().text) == std::string{});
    while (!(*replay)->over()) (*replay)->step(into);
    CHECK(into.ended);
    CHECK(into.referee.open_things() == 0);
    return std::move(*replay);
}

}  // namespace twinlink::sim
