// A partner that is in possession of the credentials and of bad intentions: whatever it says, nothing here is
// overwritten, lost or without bound, and collecting goes on.
#include "tests/partner/pair_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;
using namespace twinlink::partner;

namespace {

/// One honest server; the other end of its connection is the test.
class Hostile {
public:
    Hostile() {
        pump_up(server);
        answered_call(server, 1, kEight);
        server.run(50_ms);
        held = server.next() - 1;
        auto own = StoreReader::open(server.store_path());
        REQUIRE(own.has_value());
        PartnerConfig config;
        config.self.pair = {1, 2};
        config.self.server = 1;
        config.self.life = 7;
        config.acds = {Acd{1}};
        config.lost_after = 100_ms;
        shim = std::make_unique<PartnerShim>(config, std::move(*own), server.engine().partner_offers(),
                                             server.engine().mirror_feed());
        greet();
    }
    void greet() {
        shim->connected(server.now);
        Hello hello{};
        hello.pair = {1, 2};
        hello.life = 8;
        hello.server = 2;
        hello.version_min = hello.version_max = 1;
        const AcdEntry acd{1, 0, 0};
        say(hello, std::span(&acd, 1));
        run(150_ms);  // the status is published ten times a second
        REQUIRE(shim->status().state == SessionState::Up);
    }
    template <class M>
    void say(const M& message, std::span<const typename M::Entry> entries = {}, Bytes data = {}) {
        std::vector<std::byte> frame;
        write_frame(frame, message, entries, data);
        if (frame.size() <= shim->room()) shim->received(frame);
    }
    void run(Nanos span) {
        for (u64 t = 0; t < span.value; t += 1'000'000) {
            server.run(1_ms);
            shim->links(Acd{1}, true, true);
            shim->poll(server.now);
            most_out = std::max(most_out, shim->out().size());
            if (reads) shim->out().clear();
        }
    }
    [[nodiscard]] u64 count(Counter counter) const {
        return shim->status().counters[static_cast<std::size_t>(counter)];
    }
    [[nodiscard]] std::string text() const { return shim->status().text; }
    /// What is here is as it was.
    void unharmed() {
        run(400_ms);
        const auto streams = server.snapshot().streams();
        REQUIRE(streams.size() == 1);
        CHECK(streams[0].next == held + 1);
        CHECK(streams[0].missing == 0);
        CHECK(server.gaps().empty());
        answered_call(server, 99, kEight);
        server.run(50_ms);
        CHECK(server.snapshot().streams()[0].next == held + 8);
    }

    PipelineRig server;
    std::unique_ptr<PartnerShim> shim;
    u64 held = 0;
    std::size_t most_out = 0;
    bool reads = true;
};

Have have(u64 next, u64 missing = 0, u8 flags = kHaveFull) {
    return {kEight, 1, next, 0, missing, 1, flags, 0, 0};
}

}  // namespace

TEST_CASE("hostile: blocks that nobody asked for are let go and counted") {
    Hostile h;
    std::array<std::byte, 64> bytes;
    const u32 n = write_message(bytes.data(), ClockSet{1, 2, 3});
    for (u32 i = 1; i <= 50; ++i) h.say(Block{kEight, 1 + i % 4, i, 1, 1, 0, 0}, {}, Bytes(bytes).first(n));
    h.run(100_ms);
    CHECK(h.count(Counter::BlocksUnasked) == 50);
    CHECK(h.shim->status().state == SessionState::Up);
    h.unharmed();
}

TEST_CASE("hostile: a claim to hold names without end moves nothing while a link is heard") {
    Hostile h;
    h.say(have(u64{1} << 62));
    h.run(500_ms);
    CHECK(h.count(Counter::WantsOut) == 0);
    h.unharmed();
}

TEST_CASE("hostile: what is held here cannot be talked into being lost") {
    Hostile h;
    const HeldEntry all{1, h.held, Held::Missing, 0, 0, 0};
    h.say(have(h.held + 1, h.held, kHaveFull | kHaveLinkA | kHaveLinkB), std::span(&all, 1));
    h.run(500_ms);
    const RangeEntry range{1, h.held};
    for (int i = 0; i < 20; ++i) {
        h.say(LostPropose{kEight, 1, 0, 0}, std::span(&range, 1));
        h.say(LostAgree{kEight, 1, 0, 0}, std::span(&range, 1));
        h.run(50_ms);
    }
    CHECK(h.count(Counter::LostAgreed) == 0);
    h.unharmed();
}

TEST_CASE("hostile: a flood of requests is bounded, also when nobody reads the answers") {
    Hostile h;
    h.reads = false;
    const RangeEntry range{1, h.held};
    for (u32 i = 1; i <= 20'000; ++i) {
        h.say(Want{kEight, i, 1, 0}, std::span(&range, 1));
        if (i % 100 == 0) h.run(1_ms);
    }
    h.run(100_ms);
    CHECK(h.count(Counter::LacksOut) > 0);
    CHECK(h.most_out < 3 * kLendAhead);
    h.unharmed();
}

TEST_CASE("hostile: an account that does not add up, shrinks or has ranges without end ends the session") {
    Hostile h;
    std::string why;
    SUBCASE("the number of missing names is wrong") {
        h.say(have(100, 5));
        why = "does not add up";
    }
    SUBCASE("names that were held are gone") {
        h.say(have(100));
        h.say(have(50, 0, 0));
        why = "are gone";
    }
    SUBCASE("more ranges than a server can have") {
        std::vector<HeldEntry> entries;
        u64 seq = 1;
        for (int frame = 0; frame < 6; ++frame) {
            entries.clear();
            for (u32 i = 0; i < kRangesPerMessage; ++i, seq += 2)
                entries.push_back({seq, seq, Held::Missing, 0, 0, 0});
            h.say(have(1'000'000, 0, frame == 0 ? kHaveFull | kHaveMore : kHaveMore), entries);
            h.run(2_ms);
        }
        why = "more missing ranges";
    }
    SUBCASE("a second greeting") {
        Hello hello{{1, 2}, 9, 0, 0, 2, 1, 1, 0, {}};
        h.say(hello, {});
        why = "second greeting";
    }
    h.run(20_ms);
    CHECK(h.shim->over());
    h.run(150_ms);
    CHECK_MESSAGE(h.text().find(why) != std::string::npos, h.text());
    CHECK(h.count(Counter::SessionsBroken) == 1);
    h.shim->disconnected("gone", h.server.now);
    h.unharmed();
}

TEST_CASE("hostile: lives, ACDs and digests that nobody knows take no room") {
    Hostile h;
    for (u64 life = 1; life <= 3'000; ++life) {
        Have of = have(100);
        of.epoch = life;
        of.flags |= kHaveEnded;
        h.say(of);
        of.acd = 77;
        h.say(of);
        Digest digest{};
        digest.start = life * 1'800'000'000'000;
        digest.acd = 1;
        digest.table = static_cast<u8>(1 + life % 12);
        h.say(digest);
        if (life % 50 == 0) h.run(5_ms);
    }
    for (int i = 0; i < 40; ++i) {  // each life is looked at by the fold stage, one a slice
        h.say(Heartbeat{1, 0, 0, 0, 0});
        h.run(250_ms);
    }
    CHECK(h.shim->theirs().size() <= kLivesPerAcd);
    CHECK(h.shim->status().state == SessionState::Up);
    CHECK(h.count(Counter::StreamsForeign) >= 3'000);
}

TEST_CASE("hostile: a partner that says all it can at random breaks nothing") {
    std::mt19937_64 random(11);
    Hostile h;
    for (int round = 0; round < 3'000; ++round) {
        const u64 a = 1 + random() % (h.held + 20);
        const RangeEntry range{a, a + random() % 40};
        const HeldEntry held{a, a + random() % 4, static_cast<Held>(random() % 3), 0, 0, 0};
        switch (random() % 8) {
            case 0:
                h.say(have(1 + random() % 200, random() % 5, static_cast<u8>(random())), std::span(&held, 1));
                break;
            case 1: h.say(Want{kEight, static_cast<u32>(random() % 9), 1, 0}, std::span(&range, 1)); break;
            case 2:
                h.say(Lack{kEight, static_cast<u32>(random() % 9), 1, LackWhy::TooOld, 0},
                      std::span(&range, 1));
                break;
            case 3: h.say(LostPropose{kEight, 1, 0, 0}, std::span(&range, 1)); break;
            case 4: h.say(LostAgree{kEight, 1, 0, 0}, std::span(&range, 1)); break;
            case 5: h.say(Heartbeat{random(), random(), random(), random(), random()}); break;
            case 6: h.say(Block{kEight, a, static_cast<u32>(1 + random() % 9), 0, 1, kBlockLast, 0}); break;
            default: h.say(Digest{random(), {random(), random()}, random(), random(), 1, 0, 0, 1, 0}); break;
        }
        if (round % 4 == 0) h.run(1_ms);
        if (!h.shim->over()) continue;
        h.shim->disconnected("broken", h.server.now);
        h.greet();
    }
    h.run(200_ms);
    h.shim->disconnected("gone", h.server.now);
    h.unharmed();
}
