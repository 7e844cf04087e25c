// See cli_rig.hpp.
#include "tests/twinlink/cli_rig.hpp"

#include <twinlink/items.hpp>

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace twinlink::cli_rig {
namespace {

constexpr u64 kSecond = 1'000'000'000;

GapRecord gap(u64 first, u64 last, GapCause cause, GapState state, FilledBy by, u64 opened) {
    GapRecord g{};
    g.acd = 1;
    g.epoch = kEpoch;
    g.first = first;
    g.last = last;
    g.missing = last - first + 1;
    g.cause = cause;
    g.state = state;
    g.filled_by = by;
    g.opened_wall = opened;
    g.time_before = opened - 30'000'000;
    g.time_after = opened - 20'000'000;
    g.interval_first = kNine;
    g.interval_last = kNine;
    return g;
}

StreamRecord stream(u16 acd, u64 epoch, u64 first_seen, u64 next, u64 missing, u64 watermark) {
    StreamRecord s{};
    s.acd = acd;
    s.epoch = epoch;
    s.first_seen = first_seen;
    s.next = next;
    s.missing = missing;
    s.messages = next - 1 - missing;
    s.watermark = watermark;
    s.begun_wall = epoch + kSecond;
    s.last_time = kNine + 35 * kMinute - kSecond;
    s.last_wall = s.last_time + 5'000'000;
    return s;
}

LinkRecord link(const StreamRecord& s, u8 number, u64 first_arrivals, u64 lost_alone, u64 lost) {
    LinkRecord l{};
    const u64 span = s.next - s.first_seen;
    l.acd = s.acd;
    l.epoch = s.epoch;
    l.link = number;
    l.heartbeats = 20;
    l.frames = 20 + span / 10;
    l.distinct = span - lost;
    l.messages = l.distinct;
    l.first_arrivals = first_arrivals;
    l.duplicates = l.messages - first_arrivals;
    l.lost = lost;
    l.lost_alone = lost_alone;
    l.lag_ns_last = 120'000;
    l.lag_ns_max = 18'400'000;
    l.lag_ns_sum = 9'000'000;
    l.lag_count = 60;
    l.last_wall = s.last_wall;
    return l;
}

IntervalRecord interval(u64 start, bool closed, u64 missing) {
    IntervalRecord i{};
    i.acd = 1;
    i.epoch = kEpoch;
    i.start = start;
    i.first_time = start;
    i.last_time = closed ? start + kHalf : start + 5 * kMinute;
    i.first_seq = 1;
    i.last_seq = 400;
    i.messages = 400 - missing;
    i.missing = missing;
    i.minutes = 30;
    i.closed = closed;
    i.incomplete = missing != 0;
    i.utc_offset_minutes = 60;
    return i;
}

template <std::size_t N>
void put(std::array<char, N>& field, std::string_view text) {
    std::ranges::copy(text, field.begin());
}

void add_streams(CommitBatch& batch) {
    StreamRecord old = stream(1, kOldEpoch, 1, 501, 0, 500);
    old.ended = 1;
    const StreamRecord now = stream(1, kEpoch, 11, 1'001, 16, 0);
    const StreamRecord other = stream(2, kHuge - 1, 1, kHuge, 0, kHuge - 1);
    batch.streams = {old, now, other};
    // 8 names of the present stream came from the partner, 4 were lost on both links and came late on B.
    batch.links = {link(old, 0, 300, 0, 0),  link(old, 1, 200, 0, 0),         link(now, 0, 600, 4, 22),
                   link(now, 1, 376, 0, 18), link(other, 0, kHuge - 1, 0, 0), link(other, 1, 0, 0, 0)};
    const u64 at = kNine + 12 * kMinute;
    batch.gaps = {gap(1, 10, GapCause::BeforePumpUp, GapState::Open, FilledBy::Nobody, kEpoch + kSecond),
                  gap(101, 104, GapCause::LocalDrop, GapState::Filled, FilledBy::LinkB, at),
                  gap(200, 207, GapCause::ServerDown, GapState::Healed, FilledBy::Partner, at + kSecond),
                  gap(300, 301, GapCause::BothLinks, GapState::Lost, FilledBy::Nobody, at + 2 * kSecond),
                  gap(400, 403, GapCause::BothLinks, GapState::Open, FilledBy::Nobody, at + 3 * kSecond)};
    batch.gaps[0].time_before = 0;
    batch.gaps[0].interval_first = batch.gaps[0].interval_last = 0;
    batch.gaps[1].closed_wall = at + 250'000'000;
    batch.gaps[2].closed_wall = at + 3 * kSecond;
    batch.gaps[2].attempts = 2;
    batch.gaps[2].refold_ns = 12'345'678;
    batch.gaps[4].interval_last = kNine + kHalf;
}

void add_skill_rows(CommitBatch& batch) {
    const auto key = [](u64 start, u64 skill) { return RowKey{TableId::Hsplit, Acd{1}, start, 0, skill, 0}; };
    add_row(batch, key(kNine - kHalf, 5), true,
            {{"CALLSOFFERED", 10},
             {"ACDCALLS", 8},
             {"ABNCALLS", 2},
             {"ANSTIME", 80 * kSecond},
             {"ACDTIME", 1'600 * kSecond + 499'999'999},
             {"MAXINQUEUE", 3},
             {"MAXOCWTIME", 25 * kSecond},
             {"I_STAFFTIME", 5'400 * kSecond},
             {"SERVICELEVEL", 20}});
    add_row(batch, key(kNine, 5), true,
            {{"CALLSOFFERED", 12},
             {"ACDCALLS", 9},
             {"ABNCALLS", 1},
             {"DEQUECALLS", 2},
             {"ANSTIME", 95 * kSecond},
             {"ACDTIME", 1'700 * kSecond + 600'000'000},
             {"MAXINQUEUE", 5},
             {"MAXOCWTIME", 41 * kSecond},
             {"I_STAFFTIME", 7'200 * kSecond},
             {"SERVICELEVEL", 30},
             {"INCOMPLETE", 1}});
    add_row(batch, key(kNine, 6), true,
            {{"CALLSOFFERED", 4},
             {"ACDCALLS", 4},
             {"ANSTIME", 10 * kSecond},
             {"ACDTIME", 300 * kSecond + 600'000'000},
             {"MAXINQUEUE", 1},
             {"MAXOCWTIME", 4 * kSecond},
             {"I_STAFFTIME", 3'600 * kSecond},
             {"SERVICELEVEL", 20}});
    add_row(
        batch, key(kNine + kHalf, 5), false,
        {{"CALLSOFFERED", 1}, {"ACDCALLS", 1}, {"ACDTIME", 61 * kSecond}, {"I_STAFFTIME", 600 * kSecond}});
}

void add_agent_rows(CommitBatch& batch) {
    const auto key = [](u64 agent, u64 skill) {
        return RowKey{TableId::Hagent, Acd{1}, kNine, 0, agent, skill};
    };
    add_row(batch, key(4'711, 5), true,
            {{"ACDCALLS", 6},
             {"ACDTIME", 1'200 * kSecond},
             {"I_STAFFTIME", 1'800 * kSecond},
             {"TI_STAFFTIME", 1'800 * kSecond},
             {"TI_AVAILTIME", 250 * kSecond},
             {"I_ACDTIME", 1'550 * kSecond}});
    add_row(batch, key(4'711, 6), true,
            {{"ACDCALLS", 2}, {"ACDTIME", 350 * kSecond}, {"I_STAFFTIME", 1'800 * kSecond}});
    add_row(batch, key(kHuge, 5), true,
            {{"ACDCALLS", 3},
             {"ACDTIME", 500 * kSecond},
             {"I_STAFFTIME", 1'800 * kSecond},
             {"TI_STAFFTIME", 1'800 * kSecond},
             {"TI_AUXTIME", 300 * kSecond},
             {"INCOMPLETE", 1}});
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace

TempFolder::TempFolder() {
    const bool memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = std::string(memory ? "/dev/shm" : "/tmp") + "/twinlink-cli-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Run run(const std::vector<std::string>& arguments, Outside& outside) {
    Run result;
    cli::Rim rim;
    rim.out = [&](std::string_view text) {
        if (!outside.full) result.out += text;
        return !outside.full;
    };
    rim.err = [&](std::string_view text) { result.err += text; };
    rim.environment = [&](std::string_view name) {
        const auto at = outside.environment.find(std::string(name));
        return at == outside.environment.end() ? std::string() : at->second;
    };
    rim.wall_ns = [&] { return outside.wall; };
    rim.pause = [&](Nanos time) { outside.pauses.push_back(time.value); };
    rim.out_is_terminal = outside.terminal;
    rim.err_is_terminal = outside.terminal;
    rim.interrupted = [&] {
        ++outside.listened;
        return outside.interrupted;
    };
    result.code = static_cast<int>(cli::run(arguments, rim));
    return result;
}

Run run(const std::vector<std::string>& arguments) {
    Outside outside;
    return run(arguments, outside);
}

void add_row(CommitBatch& batch, RowKey key, bool closed, const std::map<std::string, u64>& set) {
    const Table& table = *find_table(key.table);
    std::vector<u64> items(table.columns);
    for (const auto& [name, value] : set) items[find_column(table, name).value().index] = value;
    batch.add_row({.key = key, .fold_version = 1, .closed = closed}, items);
}

void add_name(CommitBatch& batch, NameKind kind, u64 number, std::string_view text) {
    NameRecord n{};
    n.acd = 1;
    n.kind = kind;
    n.number = number;
    put(n.text, text);
    batch.names.push_back(n);
}

CommitBatch content() {
    CommitBatch batch;
    batch.number = 1;
    batch.wall = kNine + 35 * kMinute;
    add_streams(batch);
    add_skill_rows(batch);
    add_agent_rows(batch);
    batch.intervals = {interval(kNine - kHalf, true, 0), interval(kNine, true, 6),
                       interval(kNine + kHalf, false, 0)};
    AcdRecord acd{};
    acd.acd = 1;
    acd.epoch = kEpoch;
    acd.pumped_up_at = kEpoch;
    acd.utc_offset_minutes = 60;
    acd.interval_minutes = 30;
    put(acd.name, "Lisbon");
    put(acd.release, "R18");
    batch.acds.push_back(acd);
    add_name(batch, NameKind::Skill, 5, "Sales, \"new\"");
    add_name(batch, NameKind::Skill, 6, "\x1b[31mred\xFF");
    add_name(batch, NameKind::Agent, 4'711, "J\xC3\xBCrgen");
    return batch;
}

void write_store(const std::filesystem::path& folder, const CommitBatch& batch) {
    auto store = Store::open(folder, {.map_bytes = u64{64} << 20}, Nanos{kOldEpoch});
    REQUIRE_MESSAGE(store.has_value(), store.error().text);
    const auto done = store->commit(batch);
    REQUIRE_MESSAGE(done.has_value(), done.error().text);
}

const std::string& shared_store() {
    static const TempFolder kFolder;
    static const std::string kPath = [] {
        const auto path = kFolder / "store";
        write_store(path, content());
        return path.string();
    }();
    return kPath;
}

void check_golden(const std::string& name, std::string text) {
    const std::string& path = shared_store();
    for (std::size_t at; (at = text.find(path)) != std::string::npos;) text.replace(at, path.size(), "STORE");
    const std::filesystem::path file = std::filesystem::path("tests/twinlink/golden") / name;
    if (environment("TWINLINK_GOLDEN") == "write") {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
        FAIL("wrote ", file.string(), ": read it, then run without TWINLINK_GOLDEN");
    }
    std::ifstream in(file, std::ios::binary);
    const std::string expected{std::istreambuf_iterator<char>(in), {}};
    REQUIRE_MESSAGE(!expected.empty(), "no golden file ", file.string());
    CHECK_MESSAGE(text == expected, name, " is not what people saw so far:\n", text);
}

std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
    std::vector<std::vector<std::string>> records;
    std::vector<std::string> record;
    std::string field;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
            field += text[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ',' || c == '\n')) {
            record.push_back(std::move(field));
            field.clear();
            if (c == '\n') records.push_back(std::move(record));
            if (c == '\n') record.clear();
        } else {
            field += c;
        }
    }
    REQUIRE(!quoted);
    REQUIRE(record.empty());
    return records;
}

}  // namespace twinlink::cli_rig
