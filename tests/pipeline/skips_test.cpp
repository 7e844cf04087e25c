// A message that the fold is not given: whichever way it became known - before it came, after it was folded,
// after a crash - the rows are the same, say INCOMPLETE, and the journal has it.
#include "tests/pipeline/stream_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;

namespace {

constexpr u64 kName = 300;

const SimStream& day() {
    static const SimStream stream(centre(9, 12, 2));
    return stream;
}

SkipRecord skip_of(u64 seq) {
    return {.epoch = day().lives[0].epoch.value,
            .seq = seq,
            .found_wall = kEight,
            .crashes = 3,
            .acd = 1,
            .reserved0 = 0};
}

EngineConfig skipping(std::vector<SkipRecord> skips) {
    EngineConfig config = PipelineRig::defaults();
    config.skips = std::move(skips);
    return config;
}

void play(PipelineRig& rig, std::size_t from = 0, std::size_t to = ~std::size_t{0}) {
    Player player(rig, day());
    for (std::size_t f = from; f < std::min(to, player.frames()); ++f) {
        player.send(f, "AB");
        if (f % 16 == 15) rig.run(2_ms);
    }
    rig.run(50_ms);
}

std::string rows_of(PipelineRig& rig) {
    settle(rig);
    rig.stop();
    return all_of(rig);
}

/// Known before it comes.
const std::string& want() {
    static const std::string rows = [] {
        PipelineRig rig(skipping({skip_of(kName)}));
        play(rig);
        return rows_of(rig);
    }();
    return rows;
}

void tell(PipelineRig& rig, u64 seq) {
    const Range name{Seq{seq}, Seq{seq}};
    REQUIRE(rig.engine().partner_offers().tell(OfferPiece::What::Skip, {Acd{1}, day().lives[0].epoch},
                                               std::span(&name, 1)));
    rig.run(10_ms);
}

}  // namespace

TEST_CASE("skips: a message that is skipped is missing for the rows, and in the journal") {
    CHECK(want() != truth_of(day()));
    CHECK(want().find("missing 1") != std::string::npos);
    CHECK(want().find(" incomplete") != std::string::npos);
    PipelineRig rig(skipping({skip_of(kName)}));
    play(rig);
    CHECK(rig.engine().status().acds[0].stream.missing == 0);
    rig.stop();
    u64 found = 0;
    rig.snapshot().blocks({Acd{1}, day().lives[0].epoch}, {Seq{kName}, Seq{kName}}, [&](const BlockView& b) {
        found += b.range.first <= Seq{kName} && Seq{kName} <= b.range.last ? 1 : 0;
        return true;
    });
    CHECK(found == 1);
    const auto events = rig.snapshot().link_events();
    const auto told = std::ranges::find(events, LinkEventKind::MessageSkipped, &LinkEventRecord::kind);
    REQUIRE(told != events.end());
    CHECK((told->first == kName && told->last == kName && told->names == 1));
}

TEST_CASE("skips: known only after it was folded, its rows are made anew without it") {
    PipelineRig rig;
    play(rig);
    tell(rig, kName);
    const std::string got = rows_of(rig);
    CHECK(rig.engine().status().refolds >= 1);
    CHECK_MESSAGE((got == want()), first_difference(want(), got));
}

TEST_CASE("skips: known in the middle, at the first, at the last message of a frame") {
    for (const u64 name : {kName, Player::kFrame * 25 + 1, Player::kFrame * 25}) {
        PipelineRig before(skipping({skip_of(name)}));
        play(before);
        PipelineRig after;
        play(after);
        tell(after, name);
        tell(after, name);  // twice is once
        after.run(110_ms);  // status is told ten times a second
        CHECK(after.engine().status().acds[0].skips.size() == 1);
        const std::string a = rows_of(before);
        const std::string b = rows_of(after);
        CHECK_MESSAGE((a == b), first_difference(a, b));
    }
}

TEST_CASE("skips: known at a start, whether or not the state that is loaded has it; and for good") {
    for (const std::size_t crash_at : {std::size_t{26}, std::size_t{90}}) {
        PipelineRig rig;
        play(rig, 0, crash_at);
        rig.drop();
        rig.skip({skip_of(kName)});
        rig.open();
        settle(rig);
        rig.stop();
        rig.drop();
        rig.skip({});  // the store knows
        rig.open();
        CHECK(rig.snapshot().skips().size() == 1);
        play(rig, crash_at > 8 ? crash_at - 8 : 0);
        CHECK(rig.engine().status().acds[0].skips.size() == 1);
        const std::string got = rows_of(rig);
        CHECK_MESSAGE((got == want()), first_difference(want(), got));
    }
}

TEST_CASE("skips: there is room for so many, and one more is folded as ever") {
    PipelineRig rig;
    play(rig, 0, 40);
    for (u64 n = 1; n <= kSkipsMax + 1; ++n) tell(rig, n);
    CHECK(rig.engine().status().acds[0].skips.size() == kSkipsMax);
    settle(rig);
    rig.stop();
}
