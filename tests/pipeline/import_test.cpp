// Imports: holes filled from what somebody else recorded, in any order and while live frames go on, give what
// a run that missed nothing gives; whatever else is offered changes nothing and is counted.
#include "tests/pipeline/stream_rig.hpp"

#include <random>

using namespace twinlink;
using namespace twinlink::test;

namespace {

constexpr std::array kAcds{Acd{1}};

StoreReader reader_of(PipelineRig& rig) {
    auto reader = StoreReader::open(rig.store_path());
    REQUIRE_MESSAGE(reader.has_value(), (reader ? std::string() : reader.error().text));
    return *reader;
}

/// An import into a rig's server: what the daemon's thread does, in this one.
class Import {
public:
    explicit Import(PipelineRig& rig, std::span<const Acd> acds = kAcds)
        : rig_(rig), importer_(rig.engine().offers(), reader_of(rig), acds, FilledBy::Backup) {
        for (std::size_t c = 0; c < before_.size(); ++c)
            before_[c] = rig.engine().offers().counts.get(static_cast<OfferCounter>(c));
    }
    void offer(OfferRun run) {
        offered_ += run.count;
        for (int rounds = 0; rounds < 1000; ++rounds) {
            const auto done = importer_.take(run, rig_.now.mono);
            REQUIRE(done.has_value());
            if (*done) return;
            rig_.run(1_ms);
        }
        FAIL("the fold stage never catches up");
    }
    /// Until all of it is durable; every message offered is accounted for.
    void finish() {
        importer_.flush();
        for (int rounds = 0; rounds < 1000 && !(importer_.taken() && rig_.engine().offers_durable());
             ++rounds)
            rig_.run(1_ms);
        CHECK(rig_.engine().offers_durable());
        u64 all = 0;
        for (std::size_t c = 0; c < before_.size(); ++c) all += count(static_cast<OfferCounter>(c));
        CHECK(all == offered_);
    }
    [[nodiscard]] u64 count(OfferCounter counter) const {
        return importer_.counts().get(counter) + rig_.engine().offers().counts.get(counter) -
               before_[static_cast<std::size_t>(counter)];
    }
    /// "filled 3 duplicate 9": what is not 0.
    [[nodiscard]] std::string text() const {
        std::string all;
        for (std::size_t c = 0; c < before_.size(); ++c) {
            const auto counter = static_cast<OfferCounter>(c);
            if (count(counter) == 0) continue;
            all += (all.empty() ? "" : " ") + std::string(info(counter).name) + " " +
                   std::to_string(count(counter));
        }
        return all;
    }

private:
    PipelineRig& rig_;
    Importer importer_;
    std::array<u64, OfferCounters::kSize> before_{};
    u64 offered_ = 0;
};

/// Frames that are lost on both links: a few holes of up to 40 frames.
std::vector<bool> holes(std::size_t frames, std::mt19937_64& random) {
    std::vector<bool> lost(frames);
    for (u64 n = 1 + random() % 4; n != 0; --n) {
        const std::size_t first = random() % (frames - 4) + 2;  // both links need two frames to begin
        const std::size_t length = 1 + random() % 40;
        for (std::size_t f = first; f < std::min(first + length, frames - 1); ++f) lost[f] = true;
    }
    return lost;
}

/// Sends frames [from, to) but for the lost ones.
void play(PipelineRig& rig, Player& player, const std::vector<bool>& lost, std::size_t from, std::size_t to) {
    for (std::size_t f = from; f < to; ++f) {
        if (!lost[f]) player.send(f, "AB");
        if (f % 16 == 15) rig.run(25_ms);
    }
    rig.run(50_ms);
}

/// All frames up to `end`, as a capture has them: in order, shuffled over a short way, or in any order.
std::vector<std::size_t> recording(std::size_t end, std::mt19937_64& random) {
    std::vector<std::size_t> order(end);
    for (std::size_t f = 0; f < end; ++f) order[f] = f;
    const u64 how = random() % 3;
    const std::size_t reach = how == 0 ? 1 : how == 1 ? 6 : end;
    for (std::size_t f = 0; f + reach <= end; f += reach) {
        const auto begin = order.begin() + static_cast<std::ptrdiff_t>(f);
        std::shuffle(begin, begin + static_cast<std::ptrdiff_t>(reach), random);
    }
    return order;
}

void check_healed(PipelineRig& rig) {
    CHECK(rig.engine().status().acds[0].open_gaps == 0);
    for (const GapRecord& gap : rig.snapshot().gaps()) {
        CAPTURE(gap.first);
        CHECK(gap.state == GapState::Healed);
        CHECK(gap.filled_by == FilledBy::Backup);
        CHECK(gap.refold_ns > 0);
    }
}

}  // namespace

TEST_CASE(
    "import: holes filled from a recording, in whatever order, give what a run that missed nothing gives") {
    u64 filled = 0;
    for (u64 seed = 1; seed <= seeds(10); ++seed) {
        CAPTURE(seed);
        const SimStream stream(centre(seed, 12, 2));
        std::mt19937_64 random(seed);
        PipelineRig rig;
        Player player(rig, stream);
        const std::vector<bool> lost = holes(player.frames(), random);
        const std::size_t middle = player.frames() / 2;
        play(rig, player, lost, 0, middle);
        // Live frames go on while the recording is read: one of those for each of these, about.
        Import import(rig);
        std::size_t live = middle;
        const std::size_t end = player.frames() - middle / 2;
        for (const std::size_t f : recording(middle, random)) {
            import.offer(player.run(f));
            if (live < end && !lost[live]) player.send(live, "AB");
            if (++live % 16 == 15) rig.run(Nanos{random() % 30 * 1'000'000});
        }
        import.finish();
        play(rig, player, lost, std::min(live, end), player.frames());
        Import again(rig);
        for (std::size_t f = 0; f < player.frames(); ++f) again.offer(player.run(f));
        again.finish();
        settle(rig);
        filled += import.count(OfferCounter::Filled) + again.count(OfferCounter::Filled);
        CHECK(import.count(OfferCounter::Conflict) + again.count(OfferCounter::Conflict) == 0);
        check_healed(rig);
        rig.stop();
        const std::string want = truth_of(stream);
        const std::string got = all_of(rig);
        CAPTURE(first_difference(want, got));
        CHECK((got == want));
    }
    CHECK(filled > 0);
    MESSAGE(filled << " messages filled");
}

TEST_CASE(
    "import: two servers that missed different frames are whole after each has read the other's journal") {
    for (u64 seed = 1; seed <= seeds(5); ++seed) {
        CAPTURE(seed);
        const SimStream stream(centre(seed * 3, 12, 2));
        std::mt19937_64 random(seed);
        std::array<PipelineRig, 2> rigs;
        std::array<std::vector<bool>, 2> lost;
        for (std::size_t r = 0; r < 2; ++r) {
            Player player(rigs[r], stream);
            lost[r] = holes(player.frames(), random);
            for (std::size_t f = 0; r == 1 && f < lost[1].size(); ++f)
                if (lost[0][f]) lost[1][f] = false;
            play(rigs[r], player, lost[r], 0, player.frames());
            rigs[r].run(300_ms);
        }
        for (std::size_t r = 0; r < 2; ++r) {
            Import import(rigs[r]);
            const StoreSnapshot other = rigs[1 - r].snapshot();
            for (const StreamRecord& s : other.streams())
                other.blocks({Acd{1}, Epoch{s.epoch}}, {Seq{1}, Seq{~u64{0} - 1}}, [&](const BlockView& b) {
                    import.offer({b.stream, b.range.first, static_cast<u32>(b.range.count()), b.messages});
                    return true;
                });
            import.finish();
            settle(rigs[r]);
            check_healed(rigs[r]);
        }
        const std::string want = truth_of(stream);
        for (PipelineRig& rig : rigs) {
            rig.stop();
            const std::string got = all_of(rig);
            CAPTURE(first_difference(want, got));
            CHECK((got == want));
        }
    }
}

TEST_CASE("import: captures in the place of links, with lives that are over in a moment, lose none of them") {
    for (const std::string links : {"AB", "A", "B"}) {
        for (u64 restarts = 1; restarts <= 3; ++restarts) {
            CAPTURE(links);
            CAPTURE(restarts);
            sim::CentreConfig config = centre(restarts, 3, 1);
            config.restarts.clear();
            for (u64 n = 1; n <= restarts; ++n)
                config.restarts.push_back(Nanos{config.start.value + n * kHour / (restarts + 1)});
            const SimStream stream(config);
            REQUIRE(stream.lives.size() == restarts + 1);
            PipelineRig rig;
            Player player(rig, stream);
            // All of link A is there before any of link B, as where files are read in bursts.
            for (const char link : links)
                for (std::size_t f = 0; f < player.frames(); ++f) player.send(f, std::string(1, link));
            rig.run(100_ms);
            settle(rig);
            CHECK(rig.gaps().empty());
            CHECK(rig.snapshot().streams().size() == stream.lives.size());
            rig.stop();
            const std::string want = truth_of(stream);
            const std::string got = all_of(rig);
            CHECK_MESSAGE((got == want), first_difference(want, got));
        }
    }
}

TEST_CASE("import: what is offered and is not missing changes nothing, and is counted by reason") {
    const SimStream stream(centre(1, 12, 2));
    PipelineRig rig;
    Player player(rig, stream);
    std::vector<bool> lost(player.frames());
    lost[10] = lost[11] = true;
    const std::size_t end = player.frames() / 2;
    play(rig, player, lost, 0, end);
    rig.run(300_ms);
    const std::string gaps = rig.gaps();
    CHECK(gaps.find(":open") != std::string::npos);

    OfferRun run = player.run(20);
    {
        Import import(rig);
        import.offer(run);                  // held
        import.offer(player.run(end + 5));  // yet to come
        run.stream.acd = Acd{2};
        import.offer(run);
        run.stream = {Acd{1}, Epoch{4711}};
        import.offer(run);
        import.finish();
        const std::string n = std::to_string(run.count);
        CHECK(import.text() == "duplicate " + n + " other_acd " + n + " unknown_epoch " + n + " beyond " + n);
    }
    {
        // Other bytes under a name that is held: ours stay.
        const OfferRun held = player.run(21);
        std::vector<std::byte> other(held.messages.begin(), held.messages.end());
        other.back() ^= std::byte{1};
        Import import(rig);
        import.offer({held.stream, held.first, held.count, other});
        import.finish();
        CHECK(import.text() == "duplicate " + std::to_string(held.count - 1) + " conflict 1");
    }
    CHECK(rig.gaps() == gaps);
    {
        // A piece that begins in what is held, holds the hole, and ends in what is held.
        Import import(rig);
        for (std::size_t f = 9; f < 13; ++f) import.offer(player.run(f));
        for (std::size_t f = 9; f < 13; ++f)
            import.offer(player.run(f));  // the same again, before it is durable
        import.finish();
        CHECK(import.text() == "filled 24 duplicate " + std::to_string(8 * Player::kFrame - 24));
    }
    settle(rig);
    check_healed(rig);
}

TEST_CASE("import: who offers more than the fold stage takes waits, and live frames are taken meanwhile") {
    const SimStream stream(centre(2, 12, 4));
    PipelineRig rig;
    Player player(rig, stream);
    std::vector<bool> lost(player.frames());
    const std::size_t end = player.frames() - 40;
    for (std::size_t f = 4; f < end; ++f) lost[f] = true;
    play(rig, player, lost, 0, player.frames() - 20);
    rig.run(300_ms);

    // Every piece that there is, without the fold stage coming round.
    Importer importer(rig.engine().offers(), reader_of(rig), kAcds, FilledBy::Backup);
    bool waits = false;
    std::size_t f = 4;
    OfferRun run = player.run(f);
    // Single messages out of order, so that each takes a piece.
    for (; f < end && !waits; f += 2) {
        run = player.run(f);
        const auto done = importer.take(run, rig.now.mono);
        REQUIRE(done.has_value());
        waits = !*done;
    }
    CHECK(waits);
    CHECK(run.count == Player::kFrame);  // nothing of it was taken
    const u64 before = rig.engine().status().messages;
    player.send(player.frames() - 20, "AB");
    rig.run(1_ms);
    CHECK(rig.engine().offers().taken.load() >= 1);
    rig.run(2_ms);
    CHECK(rig.engine().status().messages >= before + Player::kFrame);
}

TEST_CASE("import: a crash in the middle is made up for at the next start, and importing again goes on") {
    const SimStream stream(centre(5, 12, 2));
    PipelineRig rig;
    Player player(rig, stream);
    std::vector<bool> lost(player.frames());
    for (std::size_t f = 30; f < 90; ++f) lost[f] = true;
    play(rig, player, lost, 0, player.frames());
    {
        rig.refolds = false;
        Import import(rig);
        for (std::size_t f = 20; f < 60; ++f) import.offer(player.run(f));
        import.finish();
        CHECK(rig.gaps().find(":filled") != std::string::npos);
    }
    rig.drop();
    rig.open();
    rig.refolds = true;
    rig.run(100_ms);
    const std::string gaps = rig.gaps();
    CAPTURE(gaps);
    CHECK(gaps.find(":healed") != std::string::npos);
    CHECK(rig.gaps().find(":open") != std::string::npos);
    Import import(rig);
    for (std::size_t f = 0; f < player.frames(); ++f) import.offer(player.run(f));
    import.finish();
    CHECK(import.count(OfferCounter::Filled) == 30 * Player::kFrame);
    settle(rig);
    rig.stop();
    const std::string want = truth_of(stream);
    const std::string got = all_of(rig);
    CAPTURE(first_difference(want, got));
    CHECK((got == want));
}
