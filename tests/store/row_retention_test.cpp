// Rows go when they have been kept for as long as is configured, each kind for itself, and never before what
// is made of them is made.
#include "engine/store/row_retention.hpp"
#include "engine/roller.hpp"
#include "engine/store/check.hpp"
#include "engine/store/row_codec.hpp"
#include "tests/store/store_rig.hpp"

#include <twinlink/items.hpp>

using namespace twinlink;
using namespace twinlink::rig;

namespace {

constexpr LocalDay kFirst{20'000};
constexpr u64 kTen = 10 * 60 * kMinuteNs;  // one interval a day, at 10:00

u64 start_of(int day) { return begin_of(kFirst + day, 0) + kTen; }

IntervalRecord interval(int day, bool closed = true) {
    IntervalRecord i{};
    i.epoch = kStream.epoch.value;
    i.start = i.first_time = start_of(day);
    i.last_time = i.start + 30 * kMinuteNs;
    i.messages = 10;
    i.acd = kStream.acd.value;
    i.minutes = 30;
    i.closed = closed;
    return i;
}

void add_rows(CommitBatch& b, int day, u64 rows = 1) {
    for (const TableId table : {TableId::Hsplit, TableId::CallRec, TableId::Haglog})
        for (u64 entity = 1; entity <= rows; ++entity) {
            std::vector<u64> items(find_table(table)->columns);
            items[1] = entity;
            add_row(b, row_key(entity, start_of(day), table), items, 0, true);
        }
}

/// Days [from, to), each with a row of three tables; the batch was made an hour after the last one.
CommitBatch days(int from, int to, u64 rows = 1) {
    CommitBatch b;
    for (int day = from; day < to; ++day) {
        b.intervals.push_back(interval(day));
        add_rows(b, day, rows);
    }
    StreamRecord stream{};
    stream.acd = kStream.acd.value;
    stream.epoch = kStream.epoch.value;
    stream.first_seen = stream.next = 1;
    stream.last_time = start_of(to + 1);  // the days are over
    b.streams.push_back(stream);
    b.wall = start_of(to - 1) + 60 * kMinuteNs;
    return b;
}

/// Rolls up all that is due, committed at `wall`.
/// Rolls up all that is due. Returns the most rows that went in one commit of it.
u64 roll(Store& store, u64 wall) {
    u64 most = 0;
    const std::vector<AcdConfig> acds{{.acd = kStream.acd}};
    CommitBatch room;
    RollRings rings;
    rings.empty.push(&room);
    Roller roller(store, acds, rings);
    while (roller.poll() != 0) {
        CommitBatch* made = nullptr;
        if (!rings.full.pop(made)) continue;
        made->wall = wall;
        const u64 before = store.counters().get(StoreCounter::RowsExpired);
        commit(store, *made);
        most = std::max(most, store.counters().get(StoreCounter::RowsExpired) - before);
        made->clear();
        rings.empty.push(made);
    }
    REQUIRE(snapshot_of(store).due().empty());
    return most;
}

void idle(Store& store, u64 wall, int commits = 1) {
    for (int n = 0; n < commits; ++n) {
        CommitBatch b;
        b.wall = wall;
        commit(store, b);
    }
}

std::vector<int> days_with(const Store& store, TableId table) {
    std::vector<int> all;
    snapshot_of(store).rows(table, kStream.acd, 0, ~u64{0}, [&](const RowView& row) {
        all.push_back(local_day(row.key.interval_start, 0).value - kFirst.value);
        return true;
    });
    return all;
}
std::vector<int> intervals_of(const Store& store) {
    std::vector<int> all;
    for (const IntervalRecord& i : snapshot_of(store).intervals())
        all.push_back(local_day(i.start, 0).value - kFirst.value);
    return all;
}
std::size_t periods_of(const Store& store, Span span) {
    return snapshot_of(store).roll_ups(span, LocalDay{-1'000'000}, LocalDay{1'000'000}).size();
}
std::vector<int> range(int from, int to) {
    std::vector<int> all;
    for (int day = from; day < to; ++day) all.push_back(day);
    return all;
}

Store store_that_keeps(const std::filesystem::path& path, const KeptFor& kept) {
    StoreConfig config;
    config.map_bytes = u64{256} << 20;
    config.kept_for = kept;
    return open_store(path, config);
}

bool healthy(const std::filesystem::path& path) {
    const auto report = check(path, CheckLevel::Full);
    if (!report) FAIL(report.error().text);
    for (const auto& f : report->findings) MESSAGE(f.where << ": " << f.what);
    return report->healthy();
}

}  // namespace

TEST_CASE("row retention: each kind goes after its days, and nothing of a day that has yet to be rolled up") {
    TempFolder t;
    Store store = store_that_keeps(t / "s", {.interval_days = 60, .call_days = 31});
    const CommitBatch all = days(0, 100);
    commit(store, all);
    idle(store, all.wall, 3);
    CHECK(days_with(store, TableId::Hsplit) == range(0, 100));  // every day is due
    CHECK(days_with(store, TableId::CallRec) == range(0, 100));
    roll(store, all.wall);
    idle(store, all.wall);
    CHECK(days_with(store, TableId::Hsplit) == range(39, 100));
    CHECK(days_with(store, TableId::Haglog) == range(39, 100));  // as long as intervals
    CHECK(days_with(store, TableId::CallRec) == range(68, 100));
    CHECK(intervals_of(store) == range(39, 100));
    CHECK(periods_of(store, Span::Day) == 100);
    CHECK(store.counters().get(StoreCounter::RowsExpired) == 39 + 39 + 68);
    CHECK(store.counters().get(StoreCounter::PeriodsExpired) == 39);
    CHECK(healthy(t / "s"));
    // A day later, one more of each.
    commit(store, days(100, 101));
    roll(store, start_of(101));
    CHECK(days_with(store, TableId::Hsplit) == range(40, 101));
    CHECK(days_with(store, TableId::CallRec) == range(69, 101));
}

TEST_CASE("row retention: without limits nothing goes, nor where the time is not known") {
    TempFolder t;
    Store store = store_that_keeps(t / "s", {});
    const CommitBatch all = days(0, 100);
    commit(store, all);
    roll(store, all.wall);
    idle(store, all.wall, 3);
    CHECK(days_with(store, TableId::Hsplit) == range(0, 100));
    Store other = store_that_keeps(t / "o", {.interval_days = 60});
    commit(other, all);
    roll(other, 0);
    idle(other, 0, 3);
    CHECK(days_with(other, TableId::Hsplit) == range(0, 100));
}

TEST_CASE("row retention: a message from far in the future takes nothing away") {
    TempFolder t;
    Store store = store_that_keeps(t / "s", {.interval_days = 60});
    const CommitBatch all = days(0, 50);
    commit(store, all);
    roll(store, all.wall);
    CommitBatch far;
    far.wall = all.wall;
    far.intervals.push_back(interval(500));
    commit(store, far);
    idle(store, all.wall, 3);
    CHECK(days_with(store, TableId::Hsplit) == range(0, 50));
    CHECK(intervals_of(store).size() == 51);
}

TEST_CASE("row retention: a bounded number goes in each commit, in order, and a restart goes on") {
    TempFolder t;
    const KeptFor kept{.interval_days = 31};
    constexpr u64 kRows = 100;
    Store store = store_that_keeps(t / "s", kept);
    const CommitBatch all = days(0, 60, kRows);
    commit(store, all);
    CHECK(roll(store, all.wall) <= store::kRowsGoAtATime);
    const u64 gone = store.counters().get(StoreCounter::RowsExpired);
    CHECK(gone > store::kRowsGoAtATime);
    CHECK(healthy(t / "s"));
    store = open_store(t / "other");
    store = store_that_keeps(t / "s", kept);
    for (int n = 0; n < 20; ++n) {
        const u64 before = store.counters().get(StoreCounter::RowsExpired);
        idle(store, all.wall);
        CHECK(store.counters().get(StoreCounter::RowsExpired) - before <= store::kRowsGoAtATime);
    }
    CHECK(gone + store.counters().get(StoreCounter::RowsExpired) == 28 * kRows * 3);
    CHECK(days_with(store, TableId::Hsplit).front() == 28);
    CHECK(healthy(t / "s"));
}

TEST_CASE("row retention: days wait for the weeks and months made of them; each span has its own limit") {
    TempFolder t;
    Store store = store_that_keeps(t / "s", {.daily_days = 62, .weekly_weeks = 10, .monthly_months = 6});
    const CommitBatch all = days(0, 300);
    commit(store, all);
    CHECK(periods_of(store, Span::Day) == 0);
    roll(store, all.wall);
    CHECK(periods_of(store, Span::Day) == 300);
    commit(store, days(300, 301));
    roll(store, start_of(301));
    CHECK(periods_of(store, Span::Day) == 63);
    CHECK(periods_of(store, Span::Week) <= 12);
    CHECK(periods_of(store, Span::Week) >= 11);
    CHECK(periods_of(store, Span::Month) == 7);
    CHECK(days_with(store, TableId::Hsplit) == range(0, 301));
    CHECK(healthy(t / "s"));
}

TEST_CASE(
    "row retention: what is older than is kept does not come back from a backup, and is not made anew") {
    TempFolder t;
    Store store = store_that_keeps(t / "s", {.interval_days = 60});
    const CommitBatch all = days(0, 100);
    commit(store, all);
    roll(store, all.wall);
    const auto restore = [&](int day) {
        CommitBatch packed;
        std::vector<u64> items(find_table(TableId::Hsplit)->columns);
        items[1] = 1;
        const RowKey key = row_key(9, start_of(day));
        add_row(packed, key, items, 7, true);
        std::vector<std::byte> room;
        const auto bytes = store::bytes_of(store::sort_key(key));
        const Bytes sealed = store::encode_row(room, bytes, packed.rows[0], packed.row_words);
        CommitBatch b;
        b.wall = all.wall;
        b.restored_interval = RestoredInterval{interval(day), true, true};
        b.restored.push_back({key, 0, static_cast<u32>(sealed.size())});
        b.arena.assign(sealed.begin(), sealed.end());
        return commit(store, b);
    };
    CHECK(restore(5).restored.at(0) == RestoreVerdict::TooOld);
    CHECK(intervals_of(store) == range(39, 100));
    CommitBatch late;  // the ACD's clock was set back by months
    late.wall = all.wall;
    late.intervals.push_back(interval(5));
    add_rows(late, 5);
    commit(store, late);
    CHECK(snapshot_of(store).due().empty());
    commit(store, days(100, 101));
    roll(store, start_of(101));
    CHECK(intervals_of(store) == range(40, 101));
    CHECK(days_with(store, TableId::Hsplit) == range(40, 101));
}
