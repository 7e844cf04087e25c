// `twinlink export echi` over a store made here: what records hold, what does not fit, and that each goes out
// once wherever an export stops.
#include "tests/twinlink/cli_rig.hpp"
#include "tools/echi/layout.hpp"
#include "tools/echi/outbox.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

using namespace twinlink;
using cli_rig::kHalf;
using cli_rig::kHuge;
using cli_rig::kNine;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr u64 kSecond = 1'000'000'000;
constexpr u64 kStop = kNine + 100 * kSecond;

void add_call(CommitBatch& batch, u64 start, u64 stop, u64 call, std::map<std::string, u64> set = {}) {
    set.try_emplace("SEGSTART", stop - 60 * kSecond);
    cli_rig::add_row(batch, {TableId::CallRec, Acd{1}, start, 0, stop, call}, true, set);
}

CommitBatch calls() {
    CommitBatch batch = cli_rig::content();
    batch.intervals[1].incomplete = 0;
    batch.intervals[1].missing = 0;
    add_call(batch, kNine, kStop, 77,
             {{"UCID", u64{1} << 48 | u64{42} << 32 | 1'767'225'600},
              {"DISPOSITION", 2},
              {"DISPTIME", 10 * kSecond + 500'000'000},
              {"TALKTIME", 40 * kSecond},
              {"ACWTIME", 9 * kSecond + 499'999'999},
              {"DISPSPLIT", 5},
              {"SPLIT1", 70'000},
              {"ANSLOGIN", 4'711},
              {"ORIGLOGIN", kHuge},
              {"DISPVDN", 5'001},
              {"ASSIST", 1},
              {"AGT_RELEASED", 1},
              {"EVENT3", 300},
              {"SEGMENT", 2},
              {"CALLING_PTY", 0x3433'3231}});  // "1234"
    add_call(batch, kNine - kHalf, kNine - kSecond, kHuge, {{"DISPOSITION", 3}});
    add_call(batch, kNine + kHalf, kNine + kHalf + kSecond, 5);  // in the open interval
    return batch;
}

/// A file taken apart.
struct File {
    u32 version = 0;
    u32 sequence = 0;
    std::vector<std::map<std::string, std::string>> records;
};

i64 little(std::string_view bytes, bool is_signed) {
    u64 value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    const u64 sign = u64{1} << (8 * bytes.size() - 1);
    return is_signed && (value & sign) != 0 ? static_cast<i64>(value) - static_cast<i64>(sign << 1)
                                            : static_cast<i64>(value);
}

File take_apart(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in.is_open());
    const std::string all{std::istreambuf_iterator<char>(in), {}};
    File file;
    std::string_view rest = all;
    const auto take = [&](std::size_t bytes) {
        REQUIRE(rest.size() >= bytes);
        const auto part = rest.substr(0, bytes);
        rest.remove_prefix(bytes);
        return part;
    };
    file.version = static_cast<u32>(little(take(4), false));
    file.sequence = static_cast<u32>(little(take(4), false));
    const auto version = echi::version_index(file.version);
    REQUIRE(version.has_value());
    while (!rest.empty()) {
        auto& record = file.records.emplace_back();
        for (const echi::FieldLine& line : echi::lines()) {
            if (line.bytes[*version] == 0) continue;
            const auto bytes = take(line.bytes[*version]);
            if (line.type == echi::Type::Text) {
                REQUIRE(bytes.back() == '\0');
                record[std::string(line.name)] = bytes.substr(0, bytes.find('\0'));
            } else {
                record[std::string(line.name)] =
                    std::to_string(little(bytes, line.type == echi::Type::Signed));
            }
        }
    }
    return file;
}

struct Place {
    cli_rig::TempFolder folder;
    std::string store = (folder / "store").string();
    fs::path out = folder / "out";
    Place() {
        cli_rig::write_store(store, calls());
        fs::create_directories(out);
    }
    Run run_export(const char* version = "12", std::vector<std::string> more = {}) const {
        std::vector<std::string> line{"export",  "echi", "--version",  version,
                                      "--store", store,  out.string(), "--json"};
        line.insert(line.end(), more.begin(), more.end());
        return run(line);
    }
    Json json(const char* version = "12") const {
        const Run done = run_export(version);
        CAPTURE(done.err);
        REQUIRE(done.code == 0);
        return Json::parse(done.out);
    }
};

TEST_CASE("export echi: a record has the row's values, by every version") {
    for (const u32 version : echi::kVersions) {
        CAPTURE(version);
        const Place place;
        const Json said = place.json(std::to_string(version).c_str());
        CHECK(said["file"] == "chr0001");
        CHECK(said["records"] == 2);
        const File file = take_apart(place.out / "chr0001");
        CHECK(file.version == version);
        CHECK(file.sequence == 1);
        REQUIRE(file.records.size() == 2);
        auto r = file.records[1];
        CHECK(r["CALLID"] == "77");
        CHECK(r["SEGSTOP"] == std::to_string(kStop / kSecond));
        CHECK(r["SEGSTART"] == std::to_string(kStop / kSecond - 60));
        CHECK(r["DISPTIME"] == "11");
        CHECK(r["TALKTIME"] == "40");
        CHECK(r["ACWTIME"] == "9");
        CHECK(r["DISPSPLIT"] == "5");
        CHECK(r["SPLIT2"] == "-1");
        CHECK(r["ANS_LOCID"] == "-1");
        CHECK(r["FLAGS"] == std::to_string(1 | 1 << 8));
        CHECK(r["UCID"] == "00001000421767225600");
        CHECK(r["DISPVDN"] == "5001");
        CHECK(r["FIRSTVDN"].empty());
        CHECK(r["ANSLOGIN"] == "4711");
        CHECK(r["CALLING_PTY"] == "1234");
        CHECK(r["SEGMENT"] == "2");
        CHECK(r["ACD"] == "1");
        CHECK(r[version < 16 ? "DISPOSITION" : "CALL_DISP"] == "2");
        if (version >= 16) CHECK(r["SEGSTOP_UTC"] == r["SEGSTOP"]);
    }
}

TEST_CASE("export echi: what does not fit is counted; a name becomes unknown, a number the greatest") {
    const Place place;
    const Json said = place.json();
    std::map<std::string, u64> misfits;
    for (const Json& one : said["misfits"]) misfits[one["field"]] = one["values"];
    CHECK(misfits ==
          std::map<std::string, u64>{{"CALLID", 1}, {"SPLIT1", 1}, {"ORIGLOGIN", 1}, {"EVENT3", 1}});
    auto file = take_apart(place.out / "chr0001");
    CHECK(file.records[1]["SPLIT1"] == "-1");
    CHECK(file.records[1]["ORIGLOGIN"].empty());
    CHECK(file.records[1]["EVENT3"] == "255");
    CHECK(file.records[0]["CALLID"] == std::to_string(0x7FFF'FFFF));
}

TEST_CASE("export echi: a record goes out once, the open interval's with a later file") {
    const Place place;
    CHECK(place.json()["records"] == 2);
    CHECK(place.json()["file"].is_null());
    fs::remove(place.out / "chr0001");  // the receiver took it
    CHECK(place.json()["file"].is_null());
    auto store = Store::open(place.store, {.map_bytes = u64{64} << 20}, Nanos{1});
    REQUIRE(store.has_value());
    CommitBatch batch;
    batch.number = 2;
    batch.intervals = {calls().intervals[2]};
    batch.intervals[0].closed = 1;
    REQUIRE(store->commit(batch).has_value());
    CHECK(place.json()["file"] == "chr0002");
    CHECK(take_apart(place.out / "chr0002").sequence == 2);
    CHECK(take_apart(place.out / "chr0002").records.size() == 1);
}

TEST_CASE("export echi: what comes late goes out, and only that") {
    Place place;
    {
        CommitBatch batch = calls();
        batch.intervals[1].incomplete = 1;
        fs::remove_all(place.store);
        cli_rig::write_store(place.store, batch);
    }
    const Json first = place.json();
    CHECK(first["records"] == 2);
    CHECK(first["doubtful_intervals"] == 1);
    auto store = Store::open(place.store, {.map_bytes = u64{64} << 20}, Nanos{1});
    REQUIRE(store.has_value());
    CommitBatch batch;
    batch.number = 2;
    add_call(batch, kNine, kStop + kSecond, 78);
    REQUIRE(store->commit(batch).has_value());
    const Json second = place.json();
    CHECK(second["records"] == 1);
    CHECK(second["late"] == 1);
    CHECK(take_apart(place.out / "chr0002").records[0]["CALLID"] == "78");
    batch.clear();
    batch.number = 3;
    batch.intervals = {calls().intervals[1]};  // complete now
    REQUIRE(store->commit(batch).has_value());
    const Json third = place.json();
    CHECK(third["file"].is_null());
    CHECK(third["doubtful_intervals"] == 0);
}

TEST_CASE("export echi: stopped at any step, nothing goes out twice and nothing is lost") {
    SUBCASE("while the file was written: it is made again under the same number") {
        const Place place;
        {
            auto outbox = echi::Outbox::open(place.out, 12);
            REQUIRE(outbox.has_value());
            REQUIRE(outbox->begin().has_value());
            REQUIRE(outbox->write(std::as_bytes(std::span("half a file"))).has_value());
        }
        CHECK(fs::exists(place.out / "chr0001.part"));
        CHECK(place.json()["file"] == "chr0001");
        CHECK(take_apart(place.out / "chr0001").records.size() == 2);
        CHECK(!fs::exists(place.out / "chr0001.part"));
    }
    SUBCASE("between the account and the name: the file gets its name, and no record goes out again") {
        const Place place;
        CHECK(place.json()["file"] == "chr0001");
        fs::rename(place.out / "chr0001", place.out / "chr0001.part");
        const Json again = place.json();
        CHECK(again["finished"] == "chr0001");
        CHECK(again["file"].is_null());
        CHECK(take_apart(place.out / "chr0001").records.size() == 2);
    }
    SUBCASE("while the account was written: the old one counts") {
        const Place place;
        std::ofstream(place.out / "echi_account.part") << "half an account";
        CHECK(place.json()["file"] == "chr0001");
        CHECK(!fs::exists(place.out / "echi_account.part"));
    }
}

TEST_CASE("export echi: a damaged account, another version, a folder in use: refused, nothing changed") {
    const Place place;
    CHECK(place.json()["file"] == "chr0001");
    const Run other = place.run_export("16");
    CHECK(other.code == 1);
    CHECK(other.err.find("version 12") != std::string::npos);
    {
        auto outbox = echi::Outbox::open(place.out, 12);
        REQUIRE(outbox.has_value());
        CHECK(place.run_export().err.find("another export is at work") != std::string::npos);
    }
    std::fstream account(place.out / "echi_account", std::ios::in | std::ios::out);
    account.seekp(40);
    account.put('9');
    account.close();
    const Run damaged = place.run_export();
    CHECK(damaged.code == 1);
    CHECK(damaged.err.find("is damaged") != std::string::npos);
    CHECK(place.run_export("13").code == 2);
    CHECK(run({"export", "echi", "--version", "12", "--store", place.store, "/nowhere/at/all"}).code == 1);
}

TEST_CASE("export echi: --from, --to and --acd choose intervals; the rest goes out later") {
    const Place place;
    const Run some = place.run_export("12", {"--from", "2026-03-01 10:00"});
    CHECK(Json::parse(some.out)["records"] == 1);
    CHECK(Json::parse(place.run_export("12", {"--acd", "2"}).out)["records"] == 0);
    CHECK(place.json()["records"] == 1);
}

}  // namespace
