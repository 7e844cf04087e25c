// The gap report: golden files, filters, sums, exit codes, damage.
#include "tests/twinlink/cli_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace twinlink;
using cli_rig::check_golden;
using cli_rig::kEpoch;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::json;

namespace {

std::vector<std::string> gaps(std::vector<std::string> more) {
    std::vector<std::string> line{"gaps", "--store", cli_rig::shared_store()};
    line.insert(line.end(), more.begin(), more.end());
    return line;
}

/// First names of the gaps that a filter lets through.
std::vector<u64> firsts(std::vector<std::string> more) {
    more.emplace_back("--json");
    const Run all = run(gaps(more));
    CAPTURE(all.err);
    std::vector<u64> found;
    const Json json = Json::parse(all.out);
    for (const auto& gap : json["gaps"]) found.push_back(gap["first"].get<u64>());
    return found;
}

TEST_CASE("gaps: what people, spreadsheets and programs see") {
    const Run text = run(gaps({}));
    CHECK(text.code == 1);
    CHECK(text.err.empty());
    check_golden("gaps.txt", text.out);
}
TEST_CASE("gaps: CSV") { check_golden("gaps.csv", run(gaps({"--csv"})).out); }
TEST_CASE("gaps: CSV of the streams") {
    check_golden("gaps_streams.csv", run(gaps({"--csv", "--table", "streams"})).out);
}
TEST_CASE("gaps: JSON") { check_golden("gaps.json", run(gaps({"--json"})).out); }

TEST_CASE("gaps: filters hide lines, not sums") {
    CHECK(firsts({}) == std::vector<u64>{1, 101, 200, 300, 400});
    CHECK(firsts({"--state", "open"}) == std::vector<u64>{1, 400});
    CHECK(firsts({"--state", "missing"}) == std::vector<u64>{1, 300, 400});
    CHECK(firsts({"--state", "healed"}) == std::vector<u64>{200});
    CHECK(firsts({"--acd", "2"}).empty());
    CHECK(firsts({"--acd", "1", "--epoch", std::to_string(kEpoch)}).size() == 5);
    CHECK(firsts({"--acd", "1", "--epoch", std::to_string(cli_rig::kOldEpoch)}).empty());
    // 10:12:02 local time is between the third and the fourth gap; a gap without a beginning may lie anywhere
    // before.
    CHECK(firsts({"--from", "2026-03-01 10:12:02"}) == std::vector<u64>{400});
    CHECK(firsts({"--to", "2026-03-01T09:12:00.98Z"}) == std::vector<u64>{1, 101, 200});
    const Run filtered = run(gaps({"--state", "lost"}));
    CHECK(filtered.code == 1);
    CHECK(filtered.out.find("1,000 names = 984 here + 16 missing: adds up") != std::string::npos);
    CHECK(filtered.out.find("; 4 not shown here") != std::string::npos);
}

TEST_CASE("gaps: code 0 when nothing is open, though names may be lost for good") {
    const cli_rig::TempFolder folder;
    CommitBatch batch = cli_rig::content();
    for (GapRecord& gap : batch.gaps)
        if (gap.state == GapState::Open) gap.state = GapState::Lost;
    cli_rig::write_store(folder / "store", batch);
    const Run closed = run({"gaps", "--store", (folder / "store").string()});
    CHECK(closed.code == 0);
    CHECK(closed.out.find("3 lost (16 names)") != std::string::npos);
}

TEST_CASE("gaps: what does not add up is said in every form, with code 1") {
    const cli_rig::TempFolder folder;
    CommitBatch batch = cli_rig::content();
    batch.gaps.erase(batch.gaps.begin() + 4);
    batch.gaps.erase(batch.gaps.begin());
    cli_rig::write_store(folder / "store", batch);
    const std::string path = (folder / "store").string();
    const std::string sentence = "the stream says 16 missing, its gaps hold 2";
    const Run text = run({"gaps", "--store", path});
    CHECK(text.code == 1);
    CHECK(text.out.find("DOES NOT ADD UP\n    " + sentence) != std::string::npos);
    CHECK(text.err.find("ACD 1 epoch " + std::to_string(kEpoch) + ": " + sentence) != std::string::npos);
    const auto json = Json::parse(run({"gaps", "--store", path, "--json"}).out);
    CHECK(json["problems"].size() == 2);
    CHECK(json["streams"][1]["adds_up"] == false);
    CHECK(json["streams"][0]["adds_up"] == true);
}

TEST_CASE("gaps: an empty store is no problem, and says that it is empty") {
    const cli_rig::TempFolder folder;
    cli_rig::write_store(folder / "store", {});
    const Run empty = run({"gaps", "--store", (folder / "store").string()});
    CHECK(empty.code == 0);
    CHECK(empty.out.find("no stream yet") != std::string::npos);
    CHECK(Json::parse(run({"gaps", "--json", "--store", (folder / "store").string()}).out)["gaps"].empty());
}

TEST_CASE("gaps: a damaged record is left out, named, and code 1") {
    const cli_rig::TempFolder folder;
    CommitBatch batch = cli_rig::content();
    for (GapRecord& gap : batch.gaps) gap.refold_ns = 0x5EA1ED0FACE50FF5;
    cli_rig::write_store(folder / "store", batch);
    const auto file = folder / "store" / "data.mdb";
    std::string bytes;
    {
        std::ifstream in(file, std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    const u64 mark = 0x5EA1ED0FACE50FF5;
    const std::string_view pattern(reinterpret_cast<const char*>(&mark), sizeof mark);
    std::size_t hits = 0;
    for (std::size_t at = 0; (at = bytes.find(pattern, at)) != std::string::npos; ++at, ++hits)
        bytes[at] ^= 1;
    REQUIRE(hits >= 5);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    const Run damaged = run({"gaps", "--json", "--store", (folder / "store").string()});
    CHECK(damaged.code == 1);
    CHECK(damaged.err.find("damaged in ") != std::string::npos);
    CHECK(damaged.err.find("twinlink store check") != std::string::npos);
    CHECK(Json::parse(damaged.out)["gaps"].empty());
}

TEST_CASE("store info: what the store says of itself, also as JSON") {
    const Run text = run({"store", "info", cli_rig::shared_store()});
    CHECK(text.code == 0);
    CHECK(text.out.find("last commit   2026-03-01 09:35:00.000 UTC") != std::string::npos);
    const auto json = Json::parse(run({"store", "info", cli_rig::shared_store(), "--json"}).out);
    CHECK(json["schema"] == 1);
    CHECK(json["rows"] == 7);
    CHECK(json["gaps"] == 5);
    CHECK(json["last_commit"] == "2026-03-01T09:35:00.000000000Z");
}

TEST_CASE("store check: code 0 and a good word for a sound store, code 1 and each finding for another") {
    const cli_rig::TempFolder folder;
    cli_rig::write_store(folder / "store", {});
    const std::string path = (folder / "store").string();
    for (const bool quick : {false, true}) {
        std::vector<std::string> line{"store", "check", path};
        if (quick) line.emplace_back("--quick");
        const Run sound = run(line);
        CHECK(sound.code == 0);
        CHECK(sound.out.find("No problem found") != std::string::npos);
    }
    // The shared store tells of messages that its journal does not hold.
    const Run hollow = run({"store", "check", cli_rig::shared_store(), "--json"});
    CHECK(hollow.code == 1);
    const auto json = Json::parse(hollow.out);
    CHECK(json["healthy"] == false);
    CHECK(!json["findings"].empty());
    const Run none = run({"store", "check", (folder / "none").string()});
    CHECK(none.code == 1);
    CHECK(none.out.empty());
    CHECK(none.err.find("Nothing was changed") != std::string::npos);
}

}  // namespace
