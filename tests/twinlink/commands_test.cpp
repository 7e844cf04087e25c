// The command line itself: help, version, usage errors, what is not reachable, where output goes.
#include "tests/twinlink/cli_rig.hpp"

#include "tools/twinlink/report_measures.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <twinlink/items.hpp>

#include <fstream>

using namespace twinlink;
using cli_rig::Outside;
using cli_rig::Run;
using cli_rig::run;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("command line: help and version go to standard output and end well") {
    const Run help = run({"--help"});
    CHECK(help.code == 0);
    CHECK(help.err.empty());
    for (const cli::CommandInfo& command : cli::commands()) {
        std::vector<std::string> words;
        for (std::string name(command.name); !name.empty();) {
            const std::size_t blank = std::min(name.find(' '), name.size());
            words.push_back(name.substr(0, blank));
            name.erase(0, blank + 1);
        }
        CHECK(has(help.out, words[0]));
        words.emplace_back("--help");
        const Run own = run(words);
        CAPTURE(command.name);
        CHECK(own.code == 0);
        CHECK(has(own.out, command.help.substr(0, 20)));
        CHECK(has(own.out, command.examples[0]));
        for (const cli::OptionInfo& option : command.options) CHECK(has(own.out, option.name));
    }
    const Run version = run({"--version"});
    CHECK(version.code == 0);
    CHECK(version.out == "twinlink " TWINLINK_VERSION "\n");
}

TEST_CASE(
    "command line: what is wrong is refused with code 2, a reason and a way on, and nothing on stdout") {
    const std::vector<std::vector<std::string>> kWrong = {
        {},
        {"nonsense"},
        {"report"},
        {"store"},
        {"store", "info"},
        {"gaps", "--nonsense"},
        {"gaps", "--acd"},
        {"gaps", "--acd", "x"},
        {"gaps", "--acd", "0"},
        {"gaps", "--acd", "-1"},
        {"gaps", "--acd", "65536"},
        {"gaps", "--epoch", "18446744073709551616"},
        {"gaps", "--acd", "9"},
        {"gaps", "--state", "shut"},
        {"gaps", "--from", "last year"},
        {"gaps", "--json", "--csv"},
        {"gaps", "--table", "gaps"},
        {"gaps", "--csv", "--table", "nonsense"},
        {"report", "skills", "--items", "NONSENSE"},
        {"report", "skills", "--items", "TI_STAFFTIME"},
        {"report", "skills", "--items", ""},
        {"report", "skills", "--skill", "Nonsense"},
        {"report", "skills", "--acd", "9"},
        {"report", "skills", "--interval", "2026-03-01", "--from", "2026-03-01"},
        {"report", "skills", "--agent", "1"},
        {"report", "skills", "--by", "year"},
        {"report", "skills", "--by", "day", "--interval", "2026-03-01"},
        {"report", "skills", "--items", "ASA,NONSENSE"},
        {"report", "logins", "--by", "day"},
        {"items", "nonsense"},
        {"import"},
        {"import", ""},
        {"import", "a", "b"},
        {"import", "a\nb"},
        {"import", "/a", "--acd", "0"},
        {"status", "0"},
        {"status", "x"},
        {"status", "1", "0"},
        {"status", "1", "2", "3"},
    };
    for (std::vector<std::string> line : kWrong) {
        std::string words;
        for (const std::string& word : line) words += word + " ";
        CAPTURE(words);
        Outside outside;
        outside.environment["TWINLINK_STORE"] = cli_rig::shared_store();
        const Run refused = run(line, outside);
        CHECK(refused.code == 2);
        CHECK(refused.out.empty());
        CHECK(has(refused.err, "twinlink"));
        CHECK(has(refused.err, "Nothing was done. Try: twinlink"));
    }
}

TEST_CASE("command line: an appliance that is not there is code 3, and says what to try") {
    for (const char* command : {"status", "links"}) {
        const Run away = run({command, "--socket", "/nonexistent/control.sock"});
        CAPTURE(command);
        CHECK(away.code == 3);
        CHECK(away.out.empty());
        CHECK(has(away.err, "does not answer on /nonexistent/control.sock: No such file or directory"));
        CHECK(has(away.err, "--store DIR"));
    }
    Outside outside;
    outside.environment["TWINLINK_SOCKET"] = "/nonexistent/by-environment";
    CHECK(has(run({"status"}, outside).err, "/nonexistent/by-environment"));
    CHECK(run({"status", "--socket", std::string(200, 'x')}).code == 3);
}

TEST_CASE("command line: a store that is not there, or not ours, is code 1 and stays as it is") {
    const cli_rig::TempFolder folder;
    const std::string none = (folder / "none").string();
    const Run away = run({"gaps", "--store", none});
    CHECK(away.code == 1);
    CHECK(away.out.empty());
    CHECK(has(away.err, "cannot read the store in " + none));
    CHECK(has(away.err, "Nothing was changed"));
    CHECK(!std::filesystem::exists(none));

    const auto foreign = folder / "foreign";
    std::filesystem::create_directory(foreign);
    std::ofstream(foreign / "data.mdb") << std::string(100'000, 'x');
    for (const auto& line :
         std::vector<std::vector<std::string>>{{"gaps", "--store", foreign.string()},
                                               {"report", "skills", "--store", foreign.string()},
                                               {"links", "--store", foreign.string()},
                                               {"store", "info", foreign.string()}}) {
        const Run refused = run(line);
        CAPTURE(refused.err);
        CHECK(refused.code == 1);
        CHECK(refused.out.empty());
    }
    CHECK(std::filesystem::file_size(foreign / "data.mdb") == 100'000);
}

TEST_CASE(
    "command line: colour on a terminal only, and not where NO_COLOR or a dumb terminal asks for none") {
    const std::vector<std::string> line{"gaps", "--store", cli_rig::shared_store()};
    Outside outside;
    CHECK(!has(run(line, outside).out, "\x1b"));
    outside.terminal = true;
    CHECK(has(run(line, outside).out, "\x1b["));
    outside.environment["TERM"] = "dumb";
    CHECK(!has(run(line, outside).out, "\x1b"));
    outside.environment = {{"NO_COLOR", "1"}, {"TERM", "xterm"}};
    CHECK(!has(run(line, outside).out, "\x1b"));
    outside.environment.clear();
    CHECK(!has(run({"gaps", "--json", "--store", cli_rig::shared_store()}, outside).out, "\x1b"));
}

TEST_CASE("command line: a full disk behind standard output is code 4, never silence") {
    Outside outside;
    outside.full = true;
    const Run stuck = run({"items", "hsplit"}, outside);
    CHECK(stuck.code == 4);
    CHECK(has(stuck.err, "standard output takes no more"));
    CHECK(run({"--help"}, outside).code == 4);
}

TEST_CASE("command line: the catalogue is told whole, each column once") {
    const auto json = nlohmann::json::parse(run({"items", "--json"}).out);
    std::size_t items = 0;
    for (const Table& table : kTables) items += table.items.size();
    items += kLinkexTable.items.size() + cli::measures().size();
    CHECK(json["items"].size() == items);
    for (const auto& item : json["items"]) CHECK(!item["help"].get<std::string>().empty());
    const Run text = run({"items", "hagent"});
    CHECK(has(text.out, "TI_STAFFTIME"));
    CHECK(!has(text.out, "I_NORMTIME"));
    CHECK(has(text.out, "Always 0: the link protocol has no interrupts."));
}

}  // namespace
