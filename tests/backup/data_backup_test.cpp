// Data backups of a store that rotted, or whose clock was set back, and what a server makes of them: what
// could not be read is told of as missing, comes with the next backup, and makes nothing complete.
#include "tests/backup/archive_rig.hpp"
#include "tests/backup/machine_rig.hpp"
#include "tools/backup/system_restore.hpp"
#include "tools/twinlinkd/row_restore.hpp"

using namespace twinlink;
using namespace twinlink::backup;
using namespace twinlink::rig;
namespace fs = std::filesystem;

namespace {

constexpr u64 kHalfHour = 1'800'000'000'000;
constexpr u64 kStart = kTimeOfFirst / kHalfHour * kHalfHour;
constexpr u64 kNewest = 9;
constexpr u64 kSkills = 3;
/// Messages of a block: too many for two to grow into one.
constexpr u64 kBlock = 2'000;

/// The n-th half hour.
IntervalRecord interval(u64 n, bool closed = true) {
    IntervalRecord i{};
    i.epoch = kStream.epoch.value;
    i.start = kStart + n * kHalfHour;
    i.first_time = i.start;
    i.last_time = i.start + kHalfHour;
    i.messages = 100;
    i.acd = kStream.acd.value;
    i.minutes = 30;
    i.closed = closed;
    return i;
}
/// A number that stands in the store once: in that skill's row.
u64 mark(u64 n, u64 skill) { return 0x5A17'0000'C3D2'E1F0 + n * 100 + skill; }

/// The journal of two blocks, complete half hours 0 and 1, the 9th open.
void collect(const fs::path& path) {
    Store store = open_store(path);
    CommitBatch b;
    b.number = 1;
    b.wall = 1;
    for (u64 n = 0; n < 2; ++n) {
        add_block(b, kStream, n * kBlock + 1, kBlock);
        for (u64 skill = 1; skill <= kSkills; ++skill) {
            std::vector<u64> items(find_table(TableId::Hsplit)->columns);
            items[5] = mark(n, skill);
            add_row(b, row_key(skill, interval(n).start), items, 0, true);
        }
        b.intervals.push_back(interval(n));
    }
    b.intervals.push_back(interval(kNewest, false));
    StreamRecord s{};
    s.acd = kStream.acd.value;
    s.epoch = kStream.epoch.value;
    s.first_seen = 1;
    s.watermark = s.messages = 2 * kBlock;
    s.next = s.watermark + 1;
    b.streams.push_back(s);
    commit(store, b);
}

void add_exception(const fs::path& path, u64 number, u64 wall) {
    Store store = open_store(path);
    CommitBatch b;
    LinkEventRecord e{};
    e.number = number;
    e.begun_wall = e.last_wall = wall;
    e.acd = kStream.acd.value;
    e.kind = LinkEventKind::Silent;
    b.link_events.push_back(e);
    commit(store, b);
}

/// As it stands in a message ...
std::string plain(u64 value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}
/// ... and in a row.
std::string leb128(u64 value) {
    std::string bytes;
    for (; value > 127; value >>= 7) bytes += static_cast<char>(value | 128);
    return bytes + static_cast<char>(value);
}
/// Flips a bit of `needle` wherever it stands in the store's file; returns what the file was.
std::string rot(const fs::path& store, const std::string& needle) {
    const std::string whole = content_of(store / "data.mdb");
    std::string rotten = whole;
    std::size_t found = 0;
    for (auto at = rotten.find(needle); at != std::string::npos; at = rotten.find(needle, at), ++found)
        rotten[at] = static_cast<char>(rotten[at] ^ 1);
    REQUIRE(found != 0);
    write_file(store / "data.mdb", rotten);
    return whole;
}

struct Donor {
    TempFolder folder;
    fs::path store = folder / "store";
    fs::path first = folder / "first";
    fs::path second = folder / "second";

    Donor() { collect(store); }
    DataBackup back_up(const fs::path& file, const fs::path& since = {}, u64 wall = 5'000) const {
        const DataOrder order{.file = file,
                              .credentials = {},
                              .store = store,
                              .acd = {},
                              .times = [](int) { return std::pair{u64{0}, ~u64{0}}; },
                              .tables = kAllTables | kJournalBit | kExceptionsBit,
                              .since = since,
                              .program = "1",
                              .wall = wall};
        auto made = back_up_data(order, {});
        if (!made) FAIL(made.error().text);
        return *made;
    }
};

PartsRead parts_of(const fs::path& file) {
    const std::string all = content_of(file);
    auto parts = read_parts(bytes_of(all));
    if (!parts) FAIL(parts.error().text);
    return *parts;
}

/// A server that has closed none of these half hours, and takes their rows from a backup.
class Server {
public:
    Server() : store_(open_store(folder_ / "store")) {
        CommitBatch b;
        b.intervals.push_back(interval(kNewest, false));
        commit(store_, b);
        rings_.empty.push(&piece_);
    }
    void restore(Bytes rows) {
        auto own = StoreReader::open(folder_ / "store");
        REQUIRE(own);
        daemon::RowRestore restore(rings_, *own, std::array{kStream.acd}, report_,
                                   {.kept = {},
                                    .wall = 1,
                                    .ended = [] { return false; },
                                    .stopped = [] { return false; },
                                    .wait = [this] { carry_out(); }});
        while (!rows.empty()) {
            const auto entry = take_entry(rows);
            REQUIRE(entry);
            if (entry->kind == EntryKind::Interval)
                REQUIRE(restore.interval(*only<IntervalEntry>(*entry)));
            else
                REQUIRE(restore.row(entry->bytes));
        }
        REQUIRE(restore.finish());
    }
    void restore(const fs::path& file) { restore(parts_of(file)[PartId::Rows]); }
    [[nodiscard]] bool whole(u64 n) const {
        const auto all = snapshot_of(store_).intervals(interval(n).start, interval(n).start + 1);
        return all.size() == 1 && all[0].closed != 0 && all[0].incomplete == 0 && all[0].in_doubt == 0;
    }
    [[nodiscard]] u64 rows(u64 n) const {
        u64 rows = 0;
        snapshot_of(store_).rows(TableId::Hsplit, kStream.acd, interval(n).start, interval(n).start + 1,
                                 [&](const RowView& row) { return rows += row.items[0] == 0, true; });
        return rows;
    }
    [[nodiscard]] u64 damaged() const { return report_.totals().damaged; }

private:
    void carry_out() {
        RestorePiece* piece = nullptr;
        if (!rings_.full.pop(piece)) return;
        const CommitResult result = commit(store_, piece->batch);
        piece->verdicts = result.restored;
        piece->interval_whole = result.interval_whole;
        rings_.empty.push(piece);
    }
    TempFolder folder_;
    Store store_;
    RestoreRings rings_;
    RestorePiece piece_;
    daemon::RestoreReport report_;
};

bool says(const Error& error, const char* text) { return error.text.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("data backup: an interval of which a row rotted is complete nowhere; the next one brings the row") {
    const Donor donor;
    Server server;
    const std::string healed = rot(donor.store, leb128(mark(0, 2)));
    const DataBackup made = donor.back_up(donor.first);
    CHECK(made.damage.size() == 1);
    CHECK(made.manifest.data.rows == 2 * kSkills - 1);
    server.restore(donor.first);
    CHECK(server.rows(0) == kSkills - 1);
    CHECK_FALSE(server.whole(0));
    CHECK(server.whole(1));
    write_file(donor.store / "data.mdb", healed);
    const DataBackup next = donor.back_up(donor.second, donor.first);
    CHECK(next.manifest.data.intervals == 1);
    CHECK(next.intervals_unchanged == 1);
    server.restore(donor.second);
    CHECK(server.rows(0) == kSkills);
    CHECK(server.whole(0));
}

TEST_CASE("data backup: a row that rots later is whole in the earlier backup, and goes on to be asked for") {
    const Donor donor;
    CHECK(donor.back_up(donor.first).damage.empty());
    rot(donor.store, leb128(mark(0, 2)));
    CHECK(donor.back_up(donor.second, donor.first).manifest.data.intervals == 1);
    Server server;
    server.restore(donor.first);
    server.restore(donor.second);
    CHECK(server.rows(0) == kSkills);
    CHECK(server.whole(0));
    CHECK(donor.back_up(donor.folder / "third", donor.second).manifest.data.intervals == 1);
}

TEST_CASE("data restore: an interval of which a row makes no sense is not complete by it") {
    const Donor donor;
    donor.back_up(donor.first);
    auto rows = parts_of(donor.first)[PartId::Rows];
    const auto at = std::ranges::search(rows, bytes_of(leb128(mark(0, 2)))).begin();
    REQUIRE(at != rows.end());
    Server server;
    *at ^= std::byte{1};
    server.restore(rows);
    CHECK(server.damaged() == 1);
    CHECK(server.rows(0) == kSkills - 1);
    CHECK_FALSE(server.whole(0));
    CHECK(server.whole(1));
    *at ^= std::byte{1};
    server.restore(rows);
    CHECK(server.whole(0));
}

TEST_CASE("data backup: a journal block that rotted comes with the next one, and then not again") {
    const Donor donor;
    const std::string healed = rot(donor.store, plain((kBlock + 1) * 0x9E37'79B9'7F4A'7C15 + 1));
    const DataBackup made = donor.back_up(donor.first);
    CHECK(made.damage.size() == 1);
    CHECK(made.manifest.data.messages == kBlock);
    write_file(donor.store / "data.mdb", healed);
    CHECK(donor.back_up(donor.second, donor.first).manifest.data.messages == kBlock);
    CHECK(donor.back_up(donor.folder / "third", donor.second).manifest.data.messages == 0);
}

TEST_CASE("data backup: a link exception is in the next one also where the clock was set back meanwhile") {
    const Donor donor;
    add_exception(donor.store, 1, 4'000);
    CHECK(donor.back_up(donor.first, {}, 5'000).manifest.data.exceptions == 1);
    add_exception(donor.store, 2, 3'000);
    donor.back_up(donor.second, donor.first, 3'500);
    auto part = parts_of(donor.second)[PartId::Exceptions];
    Bytes rest = part;
    std::vector<u64> numbers;
    while (!rest.empty()) {
        const auto entry = take_entry(rest);
        REQUIRE(entry);
        numbers.push_back(only<LinkEventRecord>(*entry)->number);
    }
    CHECK(std::ranges::find(numbers, 2) != numbers.end());
}

TEST_CASE("backup: one of a newer store format is refused, and nothing of it is passed on or placed") {
    const Machine machine;
    const auto newer = [&](const fs::path& from) {
        const fs::path file = machine.folder / "newer";
        auto proven = prove_archive(from, {});
        REQUIRE(proven);
        proven->manifest.store_format = kStoreFormat + 1;
        const auto archive = archive_of(parts_of(from), proven->head, proven->manifest);
        std::string text(archive.size(), '\0');
        std::memcpy(text.data(), archive.data(), archive.size());
        write_file(file, text);
        return file;
    };
    REQUIRE(back_up_system(machine.system(machine.folder / "system"), {}));
    REQUIRE(back_up_data(machine.data(machine.folder / "data"), {}));
    const fs::path system = newer(machine.folder / "system");
    CHECK_FALSE(prove_archive(system, {}));
    for (const bool dry_run : {true, false}) {
        TempFolder place;
        const auto restored = restore_system({.file = system,
                                              .configuration = {},
                                              .credentials = {},
                                              .store = place / "store",
                                              .dry_run = dry_run},
                                             {});
        REQUIRE_FALSE(restored);
        CHECK(says(restored.error(), "use a newer program"));
        CHECK(fs::is_empty(place.path()));
    }
    using Kind = daemon::ImportRecord::Kind;
    const Said said = said_of(newer(machine.folder / "data"), machine.folder / "out");
    CHECK(said.has(Kind::Failed));
    CHECK(said.records.size() == 1);
    CHECK(said.bytes.find("use a newer program") != std::string::npos);
}
