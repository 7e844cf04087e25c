// RangeSet against a set of names, one by one.
#include "engine/partner/range_set.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace twinlink;
using partner::RangeSet;

namespace {

constexpr u64 kNames = 40;

std::set<u64> names_of(const RangeSet& set) {
    std::set<u64> names;
    Seq behind;
    for (const Range& range : set.ranges()) {
        CHECK(range.first <= range.last);
        CHECK((behind.value == 0 || range.first > behind + 1));  // neither overlaps nor touches
        behind = range.last;
        for (Seq s = range.first; s <= range.last; s = s + 1) names.insert(s.value);
    }
    CHECK(set.names() == names.size());
    return names;
}

template <class F>
std::set<u64> filtered(const std::set<u64>& names, F&& keep) {
    std::set<u64> out;
    for (const u64 n : names)
        if (keep(n)) out.insert(n);
    return out;
}

}  // namespace

TEST_CASE("ranges: every operation is that of a set of names") {
    std::mt19937_64 random(4);
    for (int round = 0; round < 400; ++round) {
        RangeSet a;
        RangeSet b;
        std::set<u64> x;
        std::set<u64> y;
        for (int step = 0; step < 12; ++step) {
            const u64 first = 1 + random() % kNames;
            const Range range{Seq{first}, Seq{first + random() % 9}};
            const bool add = random() % 3 != 0;
            RangeSet& set = random() % 2 == 0 ? a : b;
            std::set<u64>& names = &set == &a ? x : y;
            add ? set.add(range) : set.remove(range);
            for (u64 n = range.first.value; n <= range.last.value; ++n)
                add ? static_cast<void>(names.insert(n)) : static_cast<void>(names.erase(n));
            REQUIRE(names_of(set) == names);
            CHECK(set.touches(range) == add);
            CHECK(set.holds(range) == add);
        }
        CHECK(names_of(a.without(b)) == filtered(x, [&](u64 n) { return !y.contains(n); }));
        CHECK(names_of(a.common(b)) == filtered(x, [&](u64 n) { return y.contains(n); }));
        const Range window{Seq{10}, Seq{25}};
        CHECK(names_of(a.within(window)) == filtered(x, [](u64 n) { return n >= 10 && n <= 25; }));
        RangeSet rest = a;
        rest.remove(b);
        CHECK(rest == a.without(b));
        CHECK(a.holds(window) == (filtered(x, [](u64 n) { return n >= 10 && n <= 25; }).size() == 16));
    }
}
