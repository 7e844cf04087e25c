// Gaps and links of both servers: figures, side by side, what is not known, and what the appliance is asked.
#include "tests/twinlink/pair_rig.hpp"
#include "tools/twinlink/gap_times.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using cli_rig::account_answer;
using cli_rig::Appliance;
using cli_rig::check_golden;
using cli_rig::compare_answer;
using cli_rig::kNine;
using cli_rig::pair_answers;
using cli_rig::run;
using cli_rig::Run;
using partner::AccountKind;
using Json = nlohmann::ordered_json;

namespace {

bool has(const std::string& text, std::string_view what) { return text.find(what) != std::string::npos; }

Run pair_of(Appliance& appliance, std::vector<std::string> more = {}) {
    std::vector<std::string> line{"gaps",     "--pair",        "--store", cli_rig::shared_store(),
                                  "--socket", appliance.path()};
    line.insert(line.end(), more.begin(), more.end());
    return run(line);
}

}  // namespace

TEST_CASE("gap times: detected from the message behind the hole on, by clocks that can be believed") {
    GapRecord gap{};
    gap.opened_wall = kNine + 20'000'000;
    CHECK(!cli::detect_ns(gap));  // no message came behind it
    gap.time_after = kNine;
    CHECK(cli::detect_ns(gap) == 20'000'000);
    gap.time_after = kNine + 30'000'000;
    CHECK(!cli::detect_ns(gap));  // before it was sent
    gap.time_after = kNine - 3'600'000'000'000;
    CHECK(!cli::detect_ns(gap));  // more than an hour: another time
    gap.refold_ns = 5;
    gap.closed_wall = gap.opened_wall + 100;
    CHECK(!cli::heal_ns(gap));
    gap.state = GapState::Healed;
    CHECK(cli::heal_ns(gap) == 105);
}

TEST_CASE("gap times: p50 and p99 are values that occurred") {
    CHECK(cli::spread_of({}).count == 0);
    const auto one = cli::spread_of({7});
    CHECK((one.p50 == 7 && one.p99 == 7 && one.max == 7));
    std::vector<u64> many;
    for (u64 n = 200; n >= 1; --n) many.push_back(n);
    const auto spread = cli::spread_of(many);
    CHECK(spread.count == 200);
    CHECK(spread.p50 == 100);
    CHECK(spread.p99 == 198);
    CHECK(spread.max == 200);
}

TEST_CASE("account: records go there and back; what makes no sense is refused") {
    AccountRecords records;
    records.gaps = cli_rig::content().gaps;
    tools::AccountPart part;
    part.kind = AccountKind::Gaps;
    part.records = records;
    part.more = true;
    part.next = {1, 2, 3};
    const Json json = tools::to_json(part);
    const auto back = tools::account_part_of(json);
    REQUIRE(back.has_value());
    CHECK(back->more);
    CHECK(back->next == part.next);
    REQUIRE(back->records.gaps.size() == records.gaps.size());
    for (std::size_t n = 0; n < records.gaps.size(); ++n)
        CHECK(std::memcmp(&back->records.gaps[n], &records.gaps[n], sizeof(GapRecord)) == 0);
    Json bad = json;
    bad["records"][0][2] = 0;  // first
    CHECK(!tools::account_part_of(bad).has_value());
    bad = json;
    bad["records"][0][5] = 300;  // a cause beyond its byte
    CHECK(!tools::account_part_of(bad).has_value());
    bad = json;
    bad["records"][0].erase(0);
    CHECK(!tools::account_part_of(bad).has_value());
    bad = json;
    bad["kind"] = "secrets";
    CHECK(!tools::account_part_of(bad).has_value());
    CHECK(!tools::account_part_of(Json::array()).has_value());
}

TEST_CASE("account: the question is one line, and reads back; what is none is refused") {
    const AccountQuestion question{
        .kind = AccountKind::Gaps, .acd = Acd{3}, .from = 5, .to = 9, .next = {3, 7, 11}, .most = 12};
    CHECK(tools::to_line(question) == "account gaps acd=3 from=5 to=9 next=3/7/11 most=12");
    const auto back = tools::account_question_of(tools::to_line(question));
    REQUIRE(back.has_value());
    CHECK(tools::to_line(*back) == tools::to_line(question));
    CHECK(tools::account_question_of("account links").has_value());
    for (const char* line : {"account", "account ", "account all", "account gaps acd=",
                             "account gaps acd=70000", "account gaps most=0", "account gaps most=16385",
                             "account gaps next=1/2", "account gaps acd=1x", "account gaps what=1", "gaps"})
        CHECK_MESSAGE(!tools::account_question_of(line).has_value(), line);
}

TEST_CASE("gaps --pair: both servers, who filled what, how long it took, and whether they are equal") {
    Appliance appliance(pair_answers(cli_rig::shared_store(), false));
    const Run text = pair_of(appliance);
    CHECK(text.code == 1);  // gaps are open here
    CHECK(text.err.empty());
    check_golden("gaps_pair.txt", text.out);
    CHECK(has(appliance.asked(), "account gaps acd=0"));
}

TEST_CASE("gaps --pair: JSON names the server of each row") {
    Appliance appliance(pair_answers(cli_rig::shared_store(), false));
    const Run r = pair_of(appliance, {"--json", "--acd", "1"});
    const Json json = Json::parse(r.out);
    CHECK(json["own_server"] == 1);
    CHECK(json["partner_server"] == 2);
    CHECK(json["digests_equal"] == 12);
    CHECK(json["gaps"].size() == 7);
    u64 theirs = 0;
    for (const Json& gap : json["gaps"]) theirs += gap["server"] == 2 ? 1 : 0;
    CHECK(theirs == 2);
    REQUIRE(json["servers"].size() == 2);
    CHECK(json["servers"][0]["server_name"] == "north");
    CHECK(json["servers"][0]["detect_gaps"] == 5);
    CHECK(json["servers"][0]["detect_p50_ns"] == 20'000'000);
    CHECK(json["servers"][1]["heal_max_ns"] == 2'012'345'678);
    CHECK(json["servers"][1]["missing"] == 2);
    CHECK(has(appliance.asked(), "acd=1"));
    Appliance again(pair_answers(cli_rig::shared_store(), false));
    const auto csv = cli_rig::parse_csv(pair_of(again, {"--csv", "--table", "causes"}).out);
    CHECK(csv[0][1] == "server");
    CHECK(csv.size() == 7);
}

TEST_CASE("gaps --pair: what the partner does not tell is not known, and said") {
    AccountRecords streams;
    streams.streams = cli_rig::partner_account().streams;
    const std::string why = "the partner did not answer in full within 2 s";
    Appliance silent({compare_answer(cli_rig::shared_store(), 12),
                      account_answer(AccountKind::Streams, streams),
                      account_answer(AccountKind::Gaps, {}, why)});
    const Run r = pair_of(silent);
    CHECK(r.code == 1);
    CHECK(has(r.out, "server 2 (south):\n  not known"));
    CHECK(has(r.err, "server 2 (south): not known, or not all of it: " + why));
    CHECK(!has(r.out, "hold the same rows"));
    Appliance away({compare_answer(cli_rig::shared_store(), 0, 0, "not_connected")});
    const Run none = pair_of(away);
    CHECK(none.code == 1);
    CHECK(has(none.err, "it is not connected: cut off"));
}

TEST_CASE(
    "gaps --pair: another appliance's partner is not this store's; nobody, garbage and lies are refused") {
    Appliance other({compare_answer("/somewhere/else", 1)});
    const Run wrong = pair_of(other);
    CHECK(wrong.code == 1);
    CHECK(has(wrong.err, "has its store in /somewhere/else"));
    CHECK(run({"gaps", "--pair", "--store", cli_rig::shared_store(), "--socket", "/nowhere/control.sock"})
              .code == 3);
    Appliance alone({R"({"schema":1,"partner":null})"});
    CHECK(has(pair_of(alone).err, "no [partner] table"));
    AccountRecords lie;
    lie.gaps = cli_rig::content().gaps;
    lie.gaps[0].first = 0;
    AccountRecords streams;
    streams.streams = cli_rig::partner_account().streams;
    Appliance liar({compare_answer(cli_rig::shared_store(), 1), account_answer(AccountKind::Streams, streams),
                    account_answer(AccountKind::Gaps, lie)});
    const Run lied = pair_of(liar);
    CHECK(lied.code == 4);
    CHECK(lied.out.empty());
    CHECK(has(lied.err, "makes no sense"));
}

TEST_CASE("links --pair: four links side by side, and a record each") {
    const AccountRecords all = cli_rig::partner_account();
    const auto answers = [&] {
        AccountRecords streams;
        streams.streams = all.streams;
        AccountRecords links;
        links.links = all.links;
        return std::vector<std::string>{compare_answer(cli_rig::shared_store(), 1),
                                        account_answer(AccountKind::Streams, streams),
                                        account_answer(AccountKind::Links, links)};
    };
    Appliance appliance(answers());
    const Run text = run({"links", "--pair", "--acd", "1", "--epoch", std::to_string(cli_rig::kEpoch),
                          "--store", cli_rig::shared_store(), "--socket", appliance.path()});
    CHECK(text.code == 0);
    check_golden("links_pair.txt", text.out);
    Appliance machine(answers());
    const Run json = run({"links", "--pair", "--acd", "1", "--store", cli_rig::shared_store(), "--socket",
                          machine.path(), "--json"});
    const Json links = Json::parse(json.out)["links"];
    CHECK(links.size() == 8);
    CHECK(links[2]["server"] == 2);
    CHECK(links[2]["server_name"] == "south");
}

TEST_CASE("partner: a server that was away says how far it is") {
    Json partner = cli_rig::partner_of_pair();
    partner["to_come"] = 450'000;
    partner["catch_up_of"] = 1'000'000;
    partner["catch_up_names_per_s"] = 90'000;
    partner["catch_up_left_ns"] = 5'000'000'000;
    Appliance appliance({Json{{"schema", 1}, {"partner", partner}}.dump()});
    const Run r = run({"partner", "--socket", appliance.path()});
    CHECK(has(r.out, "catch-up: 450,000 of 1,000,000 messages to come, 90,000 a second, about 5.00 s left"));
    partner["catch_up_names_per_s"] = 0;
    Appliance stalled({Json{{"schema", 1}, {"partner", partner}}.dump()});
    CHECK(has(run({"partner", "--socket", stalled.path()}).out, "how fast they come is not known yet"));
}
