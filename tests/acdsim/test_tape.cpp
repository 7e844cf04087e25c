// The day tape: days follow each other as one legal, contiguous stream with new calls every day.
#include "tests/acdsim/legality.hpp"
#include "tests/acdsim/memory_sender.hpp"
#include "tools/acdsim/day_tape.hpp"

#include <doctest/doctest.h>

using namespace twinlink;
using namespace twinlink::sim;

namespace {

std::vector<CentreConfig> centres(u32 n) {
    std::vector<CentreConfig> all;
    for (u16 i = 1; i <= n; ++i) {
        CentreConfig c;
        c.acd = Acd{i};
        c.agents = 30;
        c.start = Nanos{20'514 * kDay};
        c.end = c.start + Nanos{kDay};
        c.whole_day = true;
        all.push_back(checked(c).value());
    }
    return all;
}

}  // namespace

TEST_CASE("tape: three days are one legal stream for each ACD, the same on both links") {
    auto tape = DayTape::record(centres(2), kFrameBytesDefault);
    REQUIRE(tape);
    const u64 of_a_day = tape->messages();
    std::array<Frames, kLinks> frames;
    std::vector<ServerSenders> servers(1);
    for (std::size_t l = 0; l < kLinks; ++l) servers[0][l] = std::make_unique<MemorySender>(frames[l], 7);
    const std::atomic<bool> stop{false};
    const LoopResult r = send_days(*tape, 3, servers, {}, stop);
    CHECK(r.days == 3);
    CHECK(r.messages == 3 * of_a_day);
    CHECK(r.not_taken == 0);
    std::map<Acd, Referee> referees;
    std::map<Acd, u64> next;
    for (std::size_t i = 0; i < frames[0].size(); ++i) {
        REQUIRE(validate(frames[0][i]) == FrameRefusal::Ok);
        REQUIRE(validate(frames[1][i]) == FrameRefusal::Ok);
        const FrameView a{frames[0][i]};
        const FrameView b{frames[1][i]};
        CHECK(a.link() == Link::A);
        CHECK(b.link() == Link::B);
        CHECK(std::equal(a.body().begin(), a.body().end(), b.body().begin(), b.body().end()));
        u64& expected = next.try_emplace(Acd{a.header().acd}, 1).first->second;
        CHECK(a.first().value == expected);
        expected = a.end().value;
        for_each_message_in(a.body(), [&](const MessageView& m) {
            referees[Acd{a.header().acd}].put({m.block - sizeof(SbeHeader), m.wire_bytes()});
        });
    }
    for (auto& [acd, referee] : referees) {
        CHECK((referee.breaches().empty() ? "" : referee.breaches().front()) == std::string{});
        CHECK(referee.open_things() == 0);
        CHECK(referee.boundaries() == 3 * 48);
    }
    CHECK(referees.size() == 2);
}
