// `twinlink report conflicts`: copies of messages that differ, from a store that weighed them.
#include "tests/twinlink/cli_rig.hpp"

#include <twinlink/frame.hpp>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

constexpr u64 kTime = cli_rig::kNine + 3 * cli_rig::kMinute;

template <class M>
std::vector<std::byte> bytes_of(const M& message) {
    std::vector<std::byte> bytes(256);
    bytes.resize(write_message(bytes.data(), message));
    return bytes;
}
CallAnswered answered(u64 time) { return {time, 42, 4'711, 5, Offer::Skill, 0, 0}; }

/// Messages 500 to 502 in the journal, and other copies of two of them.
CommitBatch with_conflicts() {
    CommitBatch batch = cli_rig::content();
    const Stream stream{Acd{1}, Epoch{cli_rig::kEpoch}};
    const std::vector<std::vector<std::byte>> journal{bytes_of(answered(kTime)),
                                                      bytes_of(ClockSet{kTime + 1'000'000'000, 7, 8}),
                                                      bytes_of(answered(kTime + 2'000'000'000))};
    JournalBlock block{.stream = stream, .first = Seq{500}, .count = 3, .offset = batch.arena.size()};
    block.first_time = kTime;
    block.last_time = kTime + 2'000'000'000;
    for (const auto& message : journal) {
        block.bytes += static_cast<u32>(message.size());
        batch.arena.insert(batch.arena.end(), message.begin(), message.end());
    }
    batch.blocks.push_back(block);
    const auto rival = [&](u64 seq, const std::vector<std::byte>& copy, FilledBy by, FilledBy held_by) {
        batch.rivals.push_back(
            {stream, Seq{seq}, batch.arena.size(), static_cast<u32>(copy.size()), by, held_by});
        batch.arena.insert(batch.arena.end(), copy.begin(), copy.end());
    };
    // One whose kind differs, and one that the partner told of: from whom the first copy was, nobody knows.
    rival(501, bytes_of(answered(kTime + 1'500'000'000)), FilledBy::LinkB, FilledBy::LinkA);
    rival(502, bytes_of(answered(kTime + 2'000'000'001)), FilledBy::Partner, FilledBy::Nobody);
    return batch;
}

const std::string& store_with_conflicts() {
    static const cli_rig::TempFolder kFolder;
    static const std::string kPath = [] {
        cli_rig::write_store(kFolder / "conflicts", with_conflicts());
        return (kFolder / "conflicts").string();
    }();
    return kPath;
}
std::string without_path(std::string text) {
    for (std::size_t at; (at = text.find(store_with_conflicts())) != std::string::npos;)
        text.replace(at, store_with_conflicts().size(), "STORE");
    return text;
}

}  // namespace

TEST_CASE("report conflicts: both copies of each message, with who brought them, for people and machines") {
    const Run text = run({"report", "conflicts", "--store", store_with_conflicts()});
    CHECK(text.code == 0);
    CHECK(text.err.empty());
    cli_rig::check_golden("report_conflicts.txt", without_path(text.out));
    cli_rig::check_golden(
        "report_conflicts.csv",
        without_path(run({"report", "conflicts", "--csv", "--store", store_with_conflicts()}).out));
    const Json json =
        Json::parse(run({"report", "conflicts", "--json", "--store", store_with_conflicts()}).out);
    REQUIRE(json["conflicts"].size() == 2);
    const Json& first = json["conflicts"][0];
    CHECK(first["seq"] == 501);
    CHECK(first["copies"] == 1);
    // Whichever of the two counts: each with the link that brought it.
    const bool a_counts = first["kept_message"] == "ClockSet";
    CHECK(first[a_counts ? "kept_by" : "other_by"] == "link_a");
    CHECK(first[a_counts ? "other_by" : "kept_by"] == "link_b");
    CHECK(first[a_counts ? "other_message" : "kept_message"] == "CallAnswered");
    CHECK(first["replaced"] == !a_counts);
    CHECK(first["kept_hash"].get<std::string>() < first["other_hash"].get<std::string>());
    const Json& second = json["conflicts"][1];
    const bool partners = second["kept_by"] == "partner";
    CHECK(second[partners ? "kept_by" : "other_by"] == "partner");
    CHECK(second[partners ? "other_by" : "kept_by"].is_null());
}

TEST_CASE("report conflicts: narrowed by the message's time and the ACD; none at all is said") {
    const auto count = [](std::vector<std::string> more) {
        std::vector<std::string> all{"report", "conflicts", "--json", "--store", store_with_conflicts()};
        all.insert(all.end(), more.begin(), more.end());
        return Json::parse(run(all).out)["conflicts"].size();
    };
    CHECK(count({"--from", "2026-03-01T09:03:02Z"}) == 1);
    CHECK(count({"--to", "2026-03-01T09:03:02Z"}) == 1);
    CHECK(count({"--from", "2026-03-02"}) == 0);
    CHECK(count({"--acd", "2"}) == 0);
    CHECK(run({"report", "conflicts", "--acd", "9", "--store", store_with_conflicts()}).code == 2);
    const Run none = run({"report", "conflicts", "--store", cli_rig::shared_store()});
    CHECK(none.code == 0);
    CHECK(none.out.find("none") != std::string::npos);
}
