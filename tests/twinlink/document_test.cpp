// One description of a column, three forms of output.
#include "tools/common/document.hpp"
#include "tests/twinlink/cli_rig.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace twinlink;
using namespace twinlink::tools;

namespace {

Document sample() {
    Document document;
    document.command = "sample";
    document.fact("whole", u64{~u64{0}});
    Listing listing{"things",
                    {{"id", "id", Kind::Number},
                     {"name", "name"},
                     {"count", "count", Kind::Count},
                     {"when", "when", Kind::Time},
                     {"took_ns", "took", Kind::Duration},
                     {"reach", "reach", Kind::Octal},
                     {"odd", "odd", Kind::Flag},
                     {"secret", "", Kind::Count, For::Machines},
                     {"hint", "hint", Kind::Text, For::People}},
                    {},
                    {}};
    listing.rows.push_back({{~u64{0}, std::string("a, \"b\"\nc"), u64{1'234'567}, cli_rig::kNine,
                             u64{1'500'000}, u64{255}, true, u64{42}, std::string("h")},
                            Style::Warning});
    listing.rows.push_back(
        {{u64{1}, std::string("\x1b[2J\xC3\xBC\xFF"), {}, {}, {}, {}, false}, Style::Plain});
    document.tables.push_back(listing);
    document.problems.push_back("one");
    return document;
}

TEST_CASE("document: text is aligned, unknown is a dash, and nothing from outside drives the terminal") {
    const std::string text = to_text(sample(), false);
    CHECK(
        text ==
        "                    id  name          count  when                        took  reach       hint\n"
        "  18446744073709551615  a, \"b\"\xEF\xBF\xBD"
        "c  1,234,567  2026-03-01 09:00:00.000  1.50 ms    377  odd  h\n"
        "                     1  \xEF\xBF\xBD[2J\xC3\xBC\xEF\xBF\xBD            -  -                         "
        "     -      -\n");
}

TEST_CASE("document: colours only when asked for, and around whole lines") {
    CHECK(to_text(sample(), false).find('\x1b') == std::string::npos);
    const std::string text = to_text(sample(), true);
    CHECK(text.find("\x1b[33m") != std::string::npos);
    CHECK(text.find("\x1b[2J") == std::string::npos);
}

TEST_CASE("document: CSV parses back to what went in, integers whole, times RFC 3339") {
    const auto records = cli_rig::parse_csv(to_csv(sample().tables[0]));
    REQUIRE(records.size() == 3);
    CHECK(records[0] == std::vector<std::string>{"schema", "id", "name", "count", "when", "took_ns", "reach",
                                                 "odd", "secret"});
    CHECK(records[1] == std::vector<std::string>{"1", "18446744073709551615",
                                                 "a, \"b\"\xEF\xBF\xBD"
                                                 "c",
                                                 "1234567", "2026-03-01T09:00:00.000000000Z", "1500000",
                                                 "255", "true", "42"});
    CHECK(records[2][3].empty());
}

TEST_CASE("document: JSON and CSV hold the same values under the same keys") {
    const Document document = sample();
    const auto json = nlohmann::ordered_json::parse(to_json(document));
    CHECK(json["schema"] == 1);
    CHECK(json["command"] == "sample");
    CHECK(json["whole"].get<u64>() == ~u64{0});
    CHECK(json["problems"][0] == "one");
    const auto records = cli_rig::parse_csv(to_csv(document.tables[0]));
    REQUIRE(json["things"].size() == records.size() - 1);
    for (std::size_t r = 1; r < records.size(); ++r) {
        std::size_t c = 1;
        for (const auto& [key, value] : json["things"][r - 1].items()) {
            CHECK(key == records[0][c]);
            const std::string text = value.is_null()     ? ""
                                     : value.is_string() ? value.get<std::string>()
                                                         : value.dump();
            CHECK(text == records[r][c]);
            ++c;
        }
    }
}

TEST_CASE("document: invalid UTF-8 of every kind becomes the replacement character, valid stays") {
    const std::string bad = "\xEF\xBF\xBD";
    CHECK(clean("J\xC3\xBCrgen \xF0\x9F\x98\x80") == "J\xC3\xBCrgen \xF0\x9F\x98\x80");
    CHECK(clean("\xC0\xAF") == bad + bad);                      // overlong
    CHECK(clean("\xED\xA0\x80") == bad + bad + bad);            // a surrogate
    CHECK(clean("\xF4\x90\x80\x80") == bad + bad + bad + bad);  // beyond the last character
    CHECK(clean("\xE2\x82") == bad + bad);                      // cut off
    CHECK(clean("\xC2\x9B") == bad);                            // a control sequence in eight bits
    CHECK(clean(std::string_view("\0\x7F\n", 3)) == bad + bad + bad);
    CHECK(with_separators(0) == "0");
    CHECK(with_separators(999) == "999");
    CHECK(with_separators(~u64{0}) == "18,446,744,073,709,551,615");
}

}  // namespace
