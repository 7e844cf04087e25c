// Merged gaps are taken apart when the journal tells which of their names are missing, and only then.
#include "tests/link/arbiter_rig.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using twinlink::test::ArbiterRig;

namespace {

/// Ten holes of one name at 2, 4, ... 20, where the table keeps eight: 2 to 6 are merged, 3 names of them
/// missing.
void ten_holes(ArbiterRig& rig) {
    rig.begin();
    for (u64 seq = 1; seq <= 21; seq += 2) {
        rig.a(seq, seq);
        rig.wait(25_ms);
    }
}

Range range(u64 first, u64 last) { return {Seq{first}, Seq{last}}; }

}  // namespace

TEST_CASE("merged gaps: filled by nobody while merged, each name its own again when there is room") {
    ArbiterRig rig;
    ten_holes(rig);
    CHECK(rig.gaps() == "2-6:open 8:open 10:open 12:open 14:open 16:open 18:open 20:open");
    CHECK(rig.offer(2, 6) == "merged 5");
    CHECK_FALSE(rig.arbiter.can_take_apart());
    CHECK(rig.offer(8, 16) == "filled 5 held 4");
    CHECK(rig.arbiter.can_take_apart());
    const std::array parts{range(2, 6), range(2, 2), range(4, 4), range(6, 6)};
    rig.arbiter.take_apart(Epoch{7}, parts);
    CHECK(rig.arbiter.stream().missing == 5);
    CHECK(rig.gaps().starts_with("2:open 4:open 6:open 8:filled"));
    CHECK_FALSE(rig.arbiter.can_take_apart());
    CHECK(rig.offer(1, 21) == "filled 5 held 16");
    CHECK(rig.arbiter.stream().missing == 0);
}

TEST_CASE("merged gaps: what does not fit the gap that is there changes nothing") {
    ArbiterRig rig;
    ten_holes(rig);
    rig.offer(8, 16);
    const std::string before = rig.gaps();
    using Parts = std::vector<Range>;
    for (const Parts& wrong :
         {Parts{range(2, 6)}, Parts{range(2, 7), range(2, 2), range(4, 4), range(6, 7)},
          Parts{range(2, 6), range(3, 3), range(4, 4), range(6, 6)},
          Parts{range(2, 6), range(2, 2), range(2, 2), range(6, 6)},
          Parts{range(2, 6), range(2, 3), range(4, 5), range(6, 6)},
          Parts{range(2, 6), range(2, 2), range(6, 6)}, Parts{range(2, 6), range(2, 2), range(7, 6)},
          Parts{range(18, 18), range(18, 18)}, Parts{range(1, 1), range(1, 1)}}) {
        rig.arbiter.take_apart(Epoch{7}, wrong);
        CHECK(rig.gaps() == before);
        CHECK(rig.arbiter.stream().missing == 5);
    }
    rig.arbiter.take_apart(Epoch{9},
                           Parts{range(2, 6), range(2, 2), range(4, 6)});  // a life that nobody knows
    CHECK(rig.gaps() == before);
}

TEST_CASE("merged gaps: more names than are told, or than there is room for, stay merged with the rest") {
    ArbiterRig rig;
    ten_holes(rig);
    rig.offer(8, 16);
    const std::array some{range(2, 6), range(2, 2), range(4, 6)};
    rig.arbiter.take_apart(Epoch{7}, some);
    CHECK(rig.gaps().starts_with("2:open 4-6:open 8:filled"));
    CHECK(rig.records[4].merged == 1);
    CHECK(rig.records[4].missing == 2);
    CHECK(rig.records[2].merged == 0);
    CHECK(rig.arbiter.stream().missing == 5);
    CHECK(rig.arbiter.can_take_apart());
    CHECK(rig.offer(1, 21) == "filled 3 held 15 merged 3");
    CHECK(rig.arbiter.can_take_apart());
}
