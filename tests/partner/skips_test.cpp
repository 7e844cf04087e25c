// A message that one server's fold crashed on is left out of the rows of both, whenever they hear of it.
#include "tests/partner/pair_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;

namespace {

constexpr u64 kName = 300;

const SimStream& day() {
    static const SimStream stream(centre(7, 12, 2));
    return stream;
}

void play(PairRig& pair, std::size_t from, std::size_t to) {
    Player to_one(pair.one.rig, day());
    Player to_two(pair.two.rig, day());
    for (std::size_t f = from; f < std::min(to, to_one.frames()); ++f) {
        to_one.send(f, "AB");
        to_two.send(f, "AB");
        if (f % 8 == 7) pair.run(3_ms);
    }
}

}  // namespace

TEST_CASE(
    "pair: what one server skips, the other skips, whether it hears of it before the message or long after") {
    for (const std::size_t known_at : {std::size_t{10}, std::size_t{120}}) {
        CAPTURE(known_at);
        PairRig pair;
        pair.connect();
        play(pair, 0, known_at);
        pair.run(100_ms);
        pair.one.rig.skip({{.epoch = day().lives[0].epoch.value,
                            .seq = kName,
                            .found_wall = kEight,
                            .crashes = 3,
                            .acd = 1,
                            .reserved0 = 0}});
        pair.restart(pair.one);  // as after its third crash there
        pair.connect();
        pair.run(300_ms);
        for (PairRig::Server* s : {&pair.one, &pair.two}) {
            const auto skips = s->rig.snapshot().skips();
            REQUIRE(skips.size() == 1);
            CHECK((skips[0].seq == kName && skips[0].crashes == (s == &pair.one ? 3U : 0U)));
        }
        play(pair, known_at, ~std::size_t{0});
        pair.settle();
        u64 compared = 0;
        for (const Compared& c : pair.one.shim->compared()) {
            CHECK_MESSAGE(c.likeness == Likeness::Equal, find_table(c.table)->name << " of " << c.start);
            ++compared;
        }
        CHECK(compared >= 3 * kTables.size());
        for (PairRig::Server* s : {&pair.one, &pair.two}) s->rig.stop();
        const std::string a = all_of(pair.one.rig);
        const std::string b = all_of(pair.two.rig);
        CHECK_MESSAGE((a == b), first_difference(a, b));
        CHECK(a.find("missing 1") != std::string::npos);
    }
}
