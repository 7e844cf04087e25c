// What the links brought: from the store, golden, with sums.
#include "tests/twinlink/cli_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using cli_rig::check_golden;
using cli_rig::run;
using cli_rig::Run;

namespace {

std::vector<std::string> links(std::vector<std::string> more) {
    std::vector<std::string> line{"links", "--store", cli_rig::shared_store()};
    line.insert(line.end(), more.begin(), more.end());
    return line;
}

TEST_CASE("links: what people see, numbers side by side with their meaning") {
    const Run text = run(links({"--acd", "1", "--epoch", std::to_string(cli_rig::kEpoch)}));
    CHECK(text.code == 0);
    CHECK(text.err.empty());
    check_golden("links.txt", text.out);
}
TEST_CASE("links: JSON") { check_golden("links.json", run(links({"--json"})).out); }

TEST_CASE("links: CSV holds the same records as JSON") {
    const auto records = cli_rig::parse_csv(run(links({"--csv"})).out);
    const auto json = nlohmann::ordered_json::parse(run(links({"--json"})).out);
    REQUIRE(records.size() == 7);
    for (std::size_t r = 1; r < records.size(); ++r) {
        std::size_t c = 1;
        for (const auto& [key, value] : json["links"][r - 1].items()) {
            CHECK(key == records[0][c]);
            CHECK((value.is_string() ? value.get<std::string>() : value.dump()) == records[r][c++]);
        }
    }
    // Numbers of 64 bits stay whole.
    CHECK(json["links"][4]["distinct"].get<u64>() == cli_rig::kHuge - 1);
}

TEST_CASE("links: a link whose account does not fit the other's is code 1") {
    const cli_rig::TempFolder folder;
    CommitBatch batch = cli_rig::content();
    ++batch.links[2].lost;
    cli_rig::write_store(folder / "store", batch);
    const Run wrong = run({"links", "--store", (folder / "store").string()});
    CHECK(wrong.code == 1);
    CHECK(wrong.out.find("DOES NOT ADD UP\n    link A accounts for 991 names, link B for 990") !=
          std::string::npos);
    CHECK(wrong.err.find("link A accounts for 991 names") != std::string::npos);
}

}  // namespace
