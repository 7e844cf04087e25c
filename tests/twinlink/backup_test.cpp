// `twinlink backup` and `twinlink restore system` in this process: where they look, what they refuse, how
// times are told. What a backup holds is tested in tests/backup and tests/end_to_end.
#include "tests/twinlink/appliance_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::Outside;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A server as its configuration has it: that store, that socket.
class Configured {
public:
    explicit Configured(const std::string& socket = "/nowhere/control.sock",
                        const CommitBatch& batch = cli_rig::content()) {
        cli_rig::write_store(folder_ / "store", batch);
        std::ofstream(config()) << "control_socket = \"" << socket << "\"\n[store]\npath = \""
                                << (folder_ / "store").string() << "\"\n";
    }
    [[nodiscard]] std::string config() const { return (folder_ / "toml").string(); }
    [[nodiscard]] std::string at(const char* name) const { return (folder_ / name).string(); }
    Run back_up(std::vector<std::string> words, Outside& outside) const {
        words.insert(words.begin(), "backup");
        words.insert(words.end(), {"--config", config(), "--json"});
        return run(words, outside);
    }
    Run back_up(std::vector<std::string> words) const {
        Outside outside;
        return back_up(std::move(words), outside);
    }

private:
    cli_rig::TempFolder folder_;
};

/// Refused as a wrong command line, and that file is as it was.
void refused(const Configured& server, const std::vector<std::string>& words, const char* file,
             std::string_view says) {
    const std::string before = content_of(server.at(file));
    const Run ran = server.back_up(words);
    CAPTURE(ran.err);
    CHECK(ran.code == 2);
    CHECK(ran.out.empty());
    CHECK(has(ran.err, says));
    CHECK(content_of(server.at(file)) == before);
}

}  // namespace

TEST_CASE("backup: it waits where the appliance of the configuration says so, without --socket") {
    std::string asked;
    {
        Appliance appliance({R"({"service":{"backups_wait":true,"backups_wait_why":"on battery"}})"});
        const Configured server(appliance.path());
        Outside outside;
        outside.environment["TWINLINK_SOCKET"] = "/nowhere/control.sock";
        const Run ran = server.back_up({"system", server.at("file")}, outside);
        CHECK(ran.code == 1);
        CHECK(has(ran.err, "backups wait: on battery"));
        CHECK_FALSE(std::filesystem::exists(server.at("file")));
        asked = appliance.asked();
    }
    CHECK(asked == "ups\n");
}

TEST_CASE("backup: of the configured store, whatever the environment names; --store alone overrides it") {
    const Configured server;
    Outside outside;
    outside.environment["TWINLINK_STORE"] = "/nowhere/store";
    CHECK(server.back_up({"system", server.at("system")}, outside).code == 0);
    CHECK(server.back_up({"data", server.at("data")}, outside).code == 0);
    const Run other = server.back_up({"system", server.at("x"), "--store", "/nowhere/store"}, outside);
    CHECK(other.code == 1);
    CHECK(has(other.err, "/nowhere/store"));
}

TEST_CASE("backup data: not an increment of the very file, by whichever path it is named") {
    const Configured server;
    REQUIRE(server.back_up({"data", server.at("monday"), "--acd", "1"}).code == 0);
    const std::string file = server.at("monday");
    refused(server, {"data", file, "--since", file}, "monday", "is the file that would be written");
    refused(server, {"data", file, "--since", server.at("store/../monday")}, "monday", "would be written");
    std::filesystem::create_symlink(file, server.at("link"));
    refused(server, {"data", file, "--since", server.at("link")}, "monday", "would be written");
    CHECK(server.back_up({"data", server.at("tuesday"), "--acd", "1", "--since", file}).code == 0);
}

TEST_CASE("backup data: an ACD that the store does not know, or no time at all, replaces nothing") {
    const Configured server;
    const std::string file = server.at("data");
    REQUIRE(server.back_up({"data", file, "--acd", "1"}).code == 0);
    refused(server, {"data", file, "--acd", "9"}, "data", "has nothing of ACD 9");
    refused(server, {"data", file, "--from", "2026-03-02", "--to", "2026-03-01"}, "data",
            "ends before it begins");
    refused(server, {"data", file, "--from", "2026-03-02", "--to", "2026-03-02"}, "data",
            "ends before it begins");
    // Ten by the clock of ACD 1 is nine UTC.
    refused(server,
            {"data", file, "--acd", "1", "--from", "2026-03-01T09:30:00Z", "--to", "2026-03-01 10:00"},
            "data", "ends before it begins");
    CHECK(server.back_up({"data", file, "--from", "2026-03-01T08:30:00Z", "--to", "2026-03-01 10:00"}).code ==
          0);
}

TEST_CASE("backup, restore system: a place that is given and empty is no place") {
    const Configured server;
    for (const char* option : {"--store", "--credentials", "--socket"}) {
        CAPTURE(option);
        refused(server, {"system", server.at("file"), option, ""}, "file", std::string(option) + ": its ");
    }
    refused(server, {"data", server.at("file"), "--since", ""}, "file", "--since: its FILE is empty");
    CHECK(run({"backup", "system", server.at("file"), "--config", ""}).code == 2);
    REQUIRE(server.back_up({"system", server.at("system")}).code == 0);
    for (const char* option : {"--store", "--credentials", "--config"}) {
        CAPTURE(option);
        const Run ran = run({"restore", "system", server.at("system"), "--store", server.at("new"),
                             "--config", server.at("new.toml"), option, ""});
        CHECK(ran.code == 2);
        CHECK_FALSE(std::filesystem::exists(server.at("new")));
    }
}

TEST_CASE("backup, restore system: times are RFC 3339; only what was counted is told") {
    const Configured server;
    const std::string file = server.at("data");
    const Run made = server.back_up(
        {"data", file, "--acd", "1", "--from", "2026-03-01T08:00:00Z", "--to", "2026-03-02T08:00:00Z"});
    REQUIRE(made.code == 0);
    const Json data = Json::parse(made.out);
    CHECK(data["created"] == "2026-03-01T09:35:00.000000000Z");
    CHECK(data["from"] == "2026-03-01T08:00:00.000000000Z");
    CHECK(data["to"] == "2026-03-02T08:00:00.000000000Z");
    CHECK(data["since"].is_null());
    CHECK(Json::parse(run({"backup", "check", file, "--json"}).out)["created"] == data["created"]);
    const Run more = server.back_up({"data", server.at("more"), "--acd", "1", "--since", file, "--from",
                                     "2026-03-01T08:00:00Z", "--to", "2026-03-02T08:00:00Z"});
    CHECK(Json::parse(more.out)["since"] == data["created"]);
    REQUIRE(server.back_up({"system", server.at("system")}).code == 0);
    const Run dry = run({"restore", "system", server.at("system"), "--dry-run", "--json", "--store",
                         server.at("new"), "--config", server.at("new.toml")});
    const Json system = Json::parse(dry.out);
    CHECK(system["created"] == "2026-03-01T09:35:00.000000000Z");
    CHECK(system["commit_wall"].is_string());
}

TEST_CASE("restore system: a quick check tells no counts, since it has none") {
    const Configured server("/nowhere/control.sock", CommitBatch{});
    REQUIRE(server.back_up({"system", server.at("system")}).code == 0);
    const auto restored = [&](const char* place, std::vector<std::string> words) {
        words.insert(words.begin(), {"restore", "system", server.at("system"), "--parts", "store", "--store",
                                     server.at(place)});
        const Run ran = run(words);
        CAPTURE(ran.err);
        CHECK(ran.code == 0);
        return ran.out;
    };
    CHECK(has(restored("full", {}), "checked: 0 messages, 0 rows, no problem found."));
    const std::string quick = restored("quick", {"--quick"});
    CHECK(has(quick, "its structure checked, no problem found."));
    CHECK_FALSE(has(quick, " messages, "));
}
