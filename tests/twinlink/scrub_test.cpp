// `twinlink store scrub` over a store that the test damages and against an appliance that it plays, and
// `twinlink store compact`.
#include "tests/twinlink/appliance_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::Outside;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

Json scrub(bool asked, u64 mending, u64 hopeless, const Json& findings = Json::array()) {
    const Json scrub = {{"passes", asked ? 0 : 1},
                        {"last_pass_wall", asked ? 0 : cli_rig::kNine},
                        {"bytes_per_s", 2 << 20},
                        {"bytes", 500},
                        {"bytes_expected", 1'000},
                        {"values", 40},
                        {"errors", mending + hopeless},
                        {"mended", 0},
                        {"mending", mending},
                        {"hopeless", hopeless},
                        {"asked", asked},
                        {"findings", findings}};
    return {{"schema", 1}, {"store", "/var/lib/twinlink"}, {"scrub", scrub}};
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("store scrub: the appliance is asked for a pass and watched to its end; findings are shown") {
    const Json finding = {{"where", "journal acd 1 epoch 7 from 4711"},
                          {"what", "checksum or layout is wrong"},
                          {"mending", "its names are missing again: the partner is asked for them"},
                          {"state", "mending"},
                          {"found_wall", cli_rig::kNine}};
    Outside outside;
    {
        Appliance appliance({scrub(true, 0, 0).dump(), scrub(true, 0, 0).dump(), scrub(false, 0, 0).dump()});
        const Run done = run({"store", "scrub", "--socket", appliance.path()}, outside);
        CHECK(done.code == 0);
        CHECK(done.out.find("Nothing that the store holds is damaged") != std::string::npos);
        CHECK(outside.pauses.size() == 2);
    }
    Appliance appliance({scrub(true, 0, 0).dump(), scrub(false, 1, 0, Json::array({finding})).dump()});
    const Run done = run({"store", "scrub", "--socket", appliance.path(), "--json"}, outside);
    CHECK(done.code == 1);
    const Json json = Json::parse(done.out);
    CHECK(json["errors"] == 1);
    CHECK(json["findings"][0]["where"] == "journal acd 1 epoch 7 from 4711");
    CHECK(json["findings"][0]["state"] == "mending");
    CHECK(json["last_pass"] == "2026-03-01T09:00:00.000000000Z");
}

TEST_CASE("store scrub: an appliance that does not answer, or another one, is said so") {
    CHECK(run({"store", "scrub", "--socket", "/nowhere/control.sock"}).code == 3);
    Appliance appliance({"{\"schema\":1}"});
    const Run other = run({"store", "scrub", "--socket", appliance.path()});
    CHECK(other.code == 4);
    CHECK(other.err.find("says nothing of a scrub") != std::string::npos);
}

TEST_CASE("store scrub: a store without a server is read and not changed; a bit that flipped is found") {
    const cli_rig::TempFolder folder;
    const auto path = folder / "s";
    cli_rig::write_store(path, cli_rig::content());
    CHECK(run({"store", "scrub", "--store", path.string()}).code == 0);
    // In all copies of the name "Lisbon", as the switch's record has it.
    const auto file = path / "data.mdb";
    std::string all = content_of(file);
    std::size_t flipped = 0;
    for (std::size_t at = all.find("Lisbon"); at != std::string::npos;
         at = all.find("Lisbon", at + 1), ++flipped)
        all[at + 2] ^= 1;
    REQUIRE(flipped >= 1);
    std::ofstream(file, std::ios::binary | std::ios::in | std::ios::out) << all;
    const Run found = run({"store", "scrub", "--store", path.string(), "--json"});
    CHECK(found.code == 1);
    const Json json = Json::parse(found.out);
    CHECK(json["errors"] == 1);
    CHECK(json["findings"][0]["where"].get<std::string>().starts_with("acds "));
    CHECK((content_of(file) == all));
    CHECK(run({"store", "scrub", "--store", (folder / "none").string()}).code == 1);
}

TEST_CASE("store check, store scrub: a path that is wrong is no damage, and a store that is cut off is") {
    const cli_rig::TempFolder folder;
    const auto path = folder / "s";
    cli_rig::write_store(path, cli_rig::content());
    const auto said = [](const std::filesystem::path& store, std::string_view part, bool damaged) {
        for (const Run& ran :
             {run({"store", "check", store.string()}), run({"store", "scrub", "--store", store.string()})}) {
            CAPTURE(ran.err);
            CHECK(ran.code == 1);
            CHECK(ran.err.find("Nothing was changed") != std::string::npos);
            CHECK(ran.err.find(part) != std::string::npos);
            CHECK((ran.err.find("It is damaged") != std::string::npos) == damaged);
            CHECK(ran.err.find("Keep the folder") == std::string::npos);
        }
    };
    said(folder / "none", "There is no store", false);
    said(path / "data.mdb", "There is no store", false);
    if (::geteuid() != 0) {
        std::filesystem::permissions(path / "data.mdb", std::filesystem::perms::none);
        said(path, "That is no damage", false);
        std::filesystem::permissions(path / "data.mdb", std::filesystem::perms::owner_all);
    }
    std::filesystem::resize_file(path / "data.mdb", 4'096);
    said(path, "puts such a store aside", true);
}

TEST_CASE("store compact: says sizes; what the store holds is the same") {
    const cli_rig::TempFolder folder;
    const auto path = folder / "s";
    cli_rig::write_store(path, cli_rig::content());
    const Run before = run({"gaps", "--store", path.string(), "--json"});
    const Run done = run({"store", "compact", path.string(), "--json"});
    CHECK(done.code == 0);
    const Json json = Json::parse(done.out);
    CHECK(json["bytes_before"] >= json["bytes_after"]);
    CHECK(json["values"] > 10);
    CHECK(run({"gaps", "--store", path.string(), "--json"}).out == before.out);
    const Run none = run({"store", "compact", (folder / "none").string()});
    CHECK(none.code == 1);
    CHECK(none.err.find("which is as it was") != std::string::npos);
}
