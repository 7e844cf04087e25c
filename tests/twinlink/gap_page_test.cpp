// The page of a gap report: well-formed, escaped, bounded, whole or not there; its numbers are those of
// --json.
#include "tools/twinlink/gap_page.hpp"
#include "tests/twinlink/pair_rig.hpp"
#include "tools/twinlink/switch_clock.hpp"

#include <doctest/doctest.h>
#include <pugixml.hpp>

#include <sys/stat.h>

#include <fstream>

using namespace twinlink;
using cli_rig::Appliance;
using cli_rig::kHalf;
using cli_rig::kMinute;
using cli_rig::kNine;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::ordered_json;

namespace {

bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

std::string text_of_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The page as a tree; it must be well-formed.
struct Page {
    explicit Page(std::string of) : text(std::move(of)) {
        const auto parsed = tree.load_string(text.c_str());
        REQUIRE_MESSAGE(bool(parsed), parsed.description());
    }
    [[nodiscard]] pugi::xml_node table(const char* id) const {
        return tree.select_node((std::string("//table[@id='") + id + "']").c_str()).node();
    }
    [[nodiscard]] std::size_t count(const char* path) const { return tree.select_nodes(path).size(); }
    /// What stands in a row of the figures for a server.
    [[nodiscard]] std::string figure(const std::string& title, int server) const {
        for (const pugi::xml_node row : table("figures").child("tbody").children("tr")) {
            if (row.child("th").text().get() != title) continue;
            pugi::xml_node cell = row.child("td");
            for (int n = 0; n < server; ++n) cell = cell.next_sibling("td");
            return cell.text().get();
        }
        return "no such row";
    }
    std::string text;
    pugi::xml_document tree;
};

std::string number(const Json& value) { return tools::with_separators(value.get<u64>()); }

CommitBatch with_many_gaps(u64 count) {
    CommitBatch batch = cli_rig::content();
    const GapRecord like = batch.gaps[2];
    StreamRecord& stream = batch.streams[1];
    batch.gaps.clear();
    for (u64 n = 0; n < count; ++n) {
        GapRecord gap = like;
        gap.first = gap.last = 10 + 3 * n;
        gap.missing = 1;
        gap.time_before = kNine + n * kHalf / count;
        gap.time_after = gap.time_before + 1'000'000;
        gap.opened_wall = gap.time_after + 20'000'000;
        gap.closed_wall = gap.opened_wall + 100'000'000;
        batch.gaps.push_back(gap);
    }
    stream.first_seen = 1;
    stream.next = 10 + 3 * count;
    stream.messages = stream.next - 1;
    stream.missing = 0;
    stream.watermark = stream.next - 1;
    return batch;
}

}  // namespace

TEST_CASE("page: of the pair, well-formed, with the numbers of --json") {
    const cli_rig::TempFolder folder;
    const std::string file = (folder / "gaps.html").string();
    Appliance appliance(cli_rig::pair_answers(cli_rig::shared_store(), true));
    const Run r = run({"gaps", "--html", file, "--acd", "1", "--json", "--store", cli_rig::shared_store(),
                       "--socket", appliance.path()});
    CHECK(r.err.empty());
    const Json json = Json::parse(r.out);
    CHECK(json["html"] == file);
    CHECK(json["html_alone"].is_null());
    struct stat there{};
    REQUIRE(::stat(file.c_str(), &there) == 0);
    CHECK((there.st_mode & 0777) == 0644);
    const Page page(text_of_file(file));
    CHECK(json["html_bytes"] == page.text.size());
    for (int s = 0; s < 2; ++s) {
        const Json& server = json["servers"][static_cast<std::size_t>(s)];
        CHECK(page.figure("messages here", s) == number(server["messages"]));
        CHECK(page.figure("missing now", s) == number(server["missing"]));
        CHECK(page.figure("gaps in all", s) == number(server["gaps"]));
        CHECK(has(page.figure("filled", s), "(" + number(server["filled_names"]) + " message"));
    }
    CHECK(page.table("gaps").select_nodes("tbody/tr[td]").size() == json["gaps"].size());
    CHECK(page.figure("time to heal", 1) == "p50 2.01 s, p99 2.01 s, longest 2.01 s (1 gap)");
    CHECK(page.figure("link A lost", 0) == "22 of 1,490 (1.477 %), 4 of them alone");
    // A lane for each link, gaps and fills of both servers, and one for the rows.
    CHECK(page.count("//*[@class='t-lane']") == 9);
    CHECK(page.count("//*[@class='silent']") >= 1);
    CHECK(has(page.text, "both servers hold the same rows (12 tables"));
    // Nothing comes from elsewhere.
    for (const char* outside : {"<script", "http:", "https:", "@import", "<link", "<img", "src="})
        CHECK_MESSAGE(!has(page.text, outside), outside);
}

TEST_CASE("page: without the appliance it covers this server, and says so") {
    const cli_rig::TempFolder folder;
    const std::string file = (folder / "gaps.html").string();
    const Run r =
        run({"gaps", "--html", file, "--store", cli_rig::shared_store(), "--socket", "/nowhere/c.sock"});
    CHECK(r.code == 1);
    CHECK(has(r.out, "5 gaps of this server"));
    CHECK(has(r.out, "this server alone: the appliance does not answer"));
    const Page page(text_of_file(file));
    CHECK(has(page.text, "This page covers one server only"));
    CHECK(page.table("gaps").select_nodes("tbody/tr[td]").size() == 5);
    CHECK(has(page.text, "Messages are missing"));
    // With --pair the pair is what was asked for: nothing is written.
    const std::string other = (folder / "other.html").string();
    CHECK(run({"gaps", "--pair", "--html", other, "--store", cli_rig::shared_store(), "--socket",
               "/nowhere/c.sock"})
              .code == 3);
    CHECK(!std::filesystem::exists(other));
}

TEST_CASE("page: text from outside is text, whatever it says") {
    const cli_rig::TempFolder folder;
    CommitBatch batch = cli_rig::content();
    const std::string_view name = "<b>&\"'</svg>\x01\xff";
    std::ranges::fill(batch.acds[0].name, '\0');
    std::ranges::copy(name, batch.acds[0].name.begin());
    cli_rig::write_store(folder / "store", batch);
    const std::string file = (folder / "gaps.html").string();
    run({"gaps", "--html", file, "--store", (folder / "store").string(), "--socket", "/nowhere/c.sock"});
    const Page page(text_of_file(file));
    CHECK(!has(page.text, "<b>&"));
    CHECK(has(page.text, "&lt;b&gt;&amp;&quot;&#39;&lt;/svg&gt;"));
    CHECK(cli::escaped("a<b>\"'&") == "a&lt;b&gt;&quot;&#39;&amp;");
}

TEST_CASE("page: many gaps make columns and a list of the most important, not a gigantic file") {
    const cli_rig::TempFolder folder;
    CommitBatch batch = with_many_gaps(20'000);
    batch.gaps[777].state = GapState::Open;  // one that must not be hidden
    batch.streams[1].missing = 1;
    batch.streams[1].messages -= 1;
    batch.streams[1].watermark = batch.gaps[777].first - 1;
    cli_rig::write_store(folder / "store", batch);
    const std::string file = (folder / "gaps.html").string();
    const Run r =
        run({"gaps", "--html", file, "--store", (folder / "store").string(), "--socket", "/nowhere/c.sock"});
    CHECK(r.code == 1);
    const Page page(text_of_file(file));
    CHECK(page.text.size() < 2'000'000);
    CHECK(page.table("gaps").select_nodes("tbody/tr[td]").size() == cli::kRowsMax);
    CHECK(page.table("gaps").select_nodes("tbody/tr[@class='open-row']").size() == 1);
    CHECK(has(page.text, "2,000 of 20,000 gaps are listed"));
    CHECK(has(page.text, "18,000 are not shown here"));
    CHECK(page.count("//*[@class='healed']") <= cli::kBins + 1);
    CHECK(page.figure("gaps in all", 0) == "20,000");
}

TEST_CASE("page: lanes are bounded however many gaps there are") {
    cli::GapReport report;
    report.servers.resize(1);
    AcdRecord acd{};
    acd.acd = 1;
    acd.interval_minutes = 30;
    report.acds.push_back(acd);
    StreamRecord stream{};
    stream.acd = 1;
    stream.epoch = kNine;
    stream.last_time = kNine + 24 * kHalf;
    report.servers[0].records.add(stream);
    for (u64 n = 0; n < 1'000'000; ++n) {
        GapRecord gap{};
        gap.acd = 1;
        gap.epoch = kNine;
        gap.first = gap.last = 1 + 2 * n;
        gap.missing = 1;
        gap.time_before = kNine + n * 40'000'000;
        gap.time_after = gap.time_before + 1;
        gap.state = static_cast<GapState>(n % 5);
        report.servers[0].records.add(gap);
    }
    const cli::Timeline t = cli::timeline_of(report, {Acd{1}, "", "", 0});
    for (const cli::LaneGroup& group : t.groups)
        for (const cli::Lane& lane : group.lanes) CHECK(lane.marks.size() <= 5 * cli::kBins);
    CHECK(cli::svg_of(t).size() < 1'000'000);
}

TEST_CASE("page: a file that cannot be written is said, and what was there stays") {
    const cli_rig::TempFolder folder;
    const auto page_into = [&](const std::string& file) {
        return run(
            {"gaps", "--html", file, "--store", cli_rig::shared_store(), "--socket", "/nowhere/c.sock"});
    };
    const Run nowhere = page_into((folder / "none" / "gaps.html").string());
    CHECK(nowhere.code == 1);
    CHECK(has(nowhere.err, "unchanged"));
    std::filesystem::create_directories(folder / "gaps.html" / "in");
    const Run is_folder = page_into((folder / "gaps.html").string());
    CHECK(is_folder.code == 1);
    CHECK(std::filesystem::is_directory(folder / "gaps.html" / "in"));
    // Nothing is left beside it.
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
    std::ofstream(folder / "old.html") << "old";
    CHECK(page_into((folder / "old.html").string()).code == 1);  // gaps are open
    CHECK(has(text_of_file((folder / "old.html").string()), "</html>"));
}

TEST_CASE("page: no stream, no gap, odd clocks: still a page") {
    const cli_rig::TempFolder folder;
    cli_rig::write_store(folder / "store", {});
    const std::string file = (folder / "gaps.html").string();
    CHECK(run({"gaps", "--html", file, "--store", (folder / "store").string(), "--socket", "/nowhere/c.sock"})
              .code == 0);
    const Page page(text_of_file(file));
    CHECK(has(page.text, "Nothing is missing"));
    CHECK(has(page.text, "No gap in this time"));
}

TEST_CASE("switch clock: the same where both agree, in proportion where they do not") {
    StreamRecord stream{};
    stream.acd = 1;
    stream.epoch = kNine;
    stream.first_seen = 1;
    stream.begun_wall = kNine + 5'000'000;
    stream.last_time = kNine + kHalf;
    stream.last_wall = kNine + kHalf + 5'000'000;
    const cli::SwitchClock same(std::span(&stream, 1), {}, Acd{1});
    CHECK(same.same());
    CHECK(same.at(kNine + kMinute) == kNine + kMinute);
    // A replay: half an hour of the switch in a minute, a year later.
    constexpr u64 kYear = 365 * 86'400'000'000'000;
    stream.begun_wall = kNine + kYear;
    stream.last_wall = kNine + kYear + kMinute;
    const cli::SwitchClock replay(std::span(&stream, 1), {}, Acd{1});
    CHECK(!replay.same());
    CHECK(replay.at(kNine + kYear + kMinute / 2) == kNine + kHalf / 2);
    CHECK(replay.at(0) == kNine);
    CHECK(replay.at(~u64{0}) == kNine + kHalf);
}
