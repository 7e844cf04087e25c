// The checks find every contradiction that is planted, and nothing where there is none.
#include "tools/twinlink/adds_up.hpp"

#include <twinlink/limits.hpp>

#include <doctest/doctest.h>

#include <functional>

using namespace twinlink;
using namespace twinlink::cli;

namespace {

struct Account {
    StreamRecord stream{};
    std::vector<GapRecord> gaps;
    std::vector<LinkRecord> links;
};

GapRecord gap(u64 first, u64 last, GapState state) {
    GapRecord g{};
    g.first = first;
    g.last = last;
    g.missing = last - first + 1;
    g.state = state;
    return g;
}

/// 100 names: 11 to 15 open, 20 filled, 30 to 31 lost.
Account sound() {
    Account a;
    a.stream.first_seen = 1;
    a.stream.next = 101;
    a.stream.missing = 7;
    a.stream.messages = 93;
    a.stream.watermark = 10;
    a.gaps = {gap(11, 15, GapState::Open), gap(20, 20, GapState::Filled), gap(30, 31, GapState::Lost)};
    a.gaps[1].filled_by = FilledBy::Partner;
    LinkRecord link{};
    link.messages = link.distinct = 90;
    link.first_arrivals = 60;
    link.duplicates = 30;
    link.lost = 8;
    link.behind = 2;
    a.links = {link, link};
    a.links[1].link = 1;
    a.links[1].first_arrivals = 32;
    a.links[1].distinct = 92;
    a.links[1].behind = 0;
    return a;
}

std::size_t wrong(const Account& a) {
    return check_stream(a.stream, a.gaps).size() +
           check_links(a.stream, a.links, sum_of(a.gaps).filled_elsewhere).size();
}

TEST_CASE("adds up: a sound account has nothing wrong") { CHECK(wrong(sound()) == 0); }

TEST_CASE("adds up: each planted contradiction is found") {
    const std::pair<const char*, std::function<void(Account&)>> kPlanted[] = {
        {"a message too many", [](Account& a) { ++a.stream.messages; }},
        {"a message too few", [](Account& a) { --a.stream.messages; }},
        {"a name missing that no gap holds", [](Account& a) { ++a.stream.missing, --a.stream.messages; }},
        {"an open gap forgotten", [](Account& a) { a.gaps.erase(a.gaps.begin()); }},
        {"a lost gap called filled", [](Account& a) { a.gaps[2].state = GapState::Filled; }},
        {"gaps that overlap", [](Account& a) { a.gaps[1].first = 15, a.gaps[1].missing = 6; }},
        {"a gap beyond the end", [](Account& a) { a.gaps[2].last = 101, a.gaps[2].missing = 72; }},
        {"a gap turned round", [](Account& a) { std::swap(a.gaps[0].first, a.gaps[0].last); }},
        {"a gap that begins at no name", [](Account& a) { a.gaps[0].first = 0; }},
        {"a count that is not the range's", [](Account& a) { a.gaps[1].missing = 2; }},
        {"a watermark too high", [](Account& a) { a.stream.watermark = 11; }},
        {"a watermark too low", [](Account& a) { a.stream.watermark = 9; }},
        {"no next name", [](Account& a) { a.stream.next = 0; }},
        {"links that disagree on the span", [](Account& a) { ++a.links[0].lost; }},
        {"more lost alone than lost", [](Account& a) { a.links[1].lost_alone = 9; }},
        {"more sorted than came", [](Account& a) { a.links[0].messages = 89; }},
        {"a first arrival too few", [](Account& a) { --a.links[1].first_arrivals; }},
    };
    for (const auto& [what, plant] : kPlanted) {
        CAPTURE(what);
        Account a = sound();
        plant(a);
        CHECK(wrong(a) != 0);
    }
}

TEST_CASE("adds up: a merged gap may cover names that are here, filled gaps among them") {
    Account a = sound();
    a.gaps[0].last = 25;
    a.gaps[0].merged = 1;
    CHECK(wrong(a) == 0);
    a.gaps[0].missing = 16;
    CHECK(wrong(a) != 0);
}

TEST_CASE("adds up: the greatest numbers do not overflow a check") {
    StreamRecord stream{};
    stream.next = ~u64{0};
    stream.messages = ~u64{0} - 1;
    stream.watermark = ~u64{0} - 1;
    CHECK(check_stream(stream, {}).empty());
}

}  // namespace
