// What a restart does where the saved state is of another version, or where the journal behind it is gone:
// rows that were right stay, and what can be folded by today's rules is.
#include "engine/store/store.hpp"
#include "tests/pipeline/stream_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;

namespace {

/// Every saved state becomes one that this program does not know.
void spoil_states(PipelineRig& rig) {
    std::vector<CheckpointEntry> entries = rig.snapshot().checkpoints();
    rig.drop();
    REQUIRE(!entries.empty());
    StoreConfig config;
    config.map_bytes = PipelineRig::defaults().map_bytes;
    config.journal_bytes = 0;
    config.create = false;
    auto store = Store::open(rig.store_path(), config, Nanos{1});
    REQUIRE(store.has_value());
    CommitBatch batch;
    batch.number = 1'000'000;
    for (const CheckpointEntry& e : entries) {
        batch.checkpoints.push_back({.stream = e.stream,
                                     .seq = e.seq,
                                     .interval_start = e.interval_start,
                                     .offset = batch.arena.size(),
                                     .bytes = 64});
        batch.arena.resize(batch.arena.size() + 64, std::byte{0x5A});
    }
    REQUIRE(store->commit(batch).has_value());
}

void play(PipelineRig& rig, const SimStream& stream, std::size_t from, std::size_t to,
          const std::set<std::size_t>& lost = {}) {
    Player player(rig, stream);
    for (std::size_t f = from; f < std::min(to, player.frames()); ++f) {
        if (!lost.contains(f)) player.send(f, "AB");
        if (f % 16 == 15) rig.run(25_ms);
    }
    rig.run(100_ms);
}

/// Intervals whose rows lack nothing and whose messages the journal no longer has.
std::size_t whole_intervals_pruned(const StoreSnapshot& snapshot) {
    std::size_t count = 0;
    for (const IntervalRecord& i : snapshot.intervals())
        for (const PrunedRecord& p : snapshot.pruned())
            count +=
                i.epoch == p.epoch && i.closed != 0 && i.incomplete == 0 && i.first_seq <= p.upto ? 1 : 0;
    return count;
}

/// Lines of closed intervals and of their rows.
std::set<std::string> closed_lines(const std::string& all) {
    std::set<std::string> lines;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = all.find('\n', at);
        const std::string line = all.substr(at, end - at);
        if (line.find(" closed") != std::string::npos) lines.insert(line);
        at = end + 1;
    }
    return lines;
}

}  // namespace

TEST_CASE(
    "recovery: states of another version - the whole journal is folded again, and gaps that were filled "
    "heal") {
    for (u64 seed = 1; seed <= seeds(4); ++seed) {
        CAPTURE(seed);
        const SimStream stream(centre(seed, 12, 2));
        const std::string want = truth_of(stream);
        PipelineRig rig;
        const std::size_t frames = Player(rig, stream).frames();
        const std::size_t half = frames / 2;
        play(rig, stream, 0, half, {half - 20});
        // It comes back, and the server ends before its rows are folded again.
        rig.refolds = false;
        Player(rig, stream).send(half - 20, "A");
        rig.run(50_ms);
        CHECK(rig.gaps().ends_with(":filled"));
        rig.stop();
        spoil_states(rig);
        rig.refolds = true;
        rig.open();
        play(rig, stream, half, frames);
        settle(rig);
        CHECK(rig.engine().status().refolds == 1);
        CHECK(rig.gaps().ends_with(":healed"));
        rig.stop();
        const std::string got = all_of(rig);
        CAPTURE(first_difference(want, got));
        CHECK((got == want));
    }
}

TEST_CASE(
    "recovery: states of another version and a journal that begins late leave closed rows as they are") {
    const SimStream stream(centre(3, 12, 3));
    EngineConfig config = PipelineRig::defaults();
    config.journal_age_max = Nanos{kHour / 2};
    config.checkpoint_every = 1_ms;
    PipelineRig rig(config);
    const std::size_t frames = Player(rig, stream).frames();
    play(rig, stream, 0, frames * 3 / 4);
    rig.stop();
    REQUIRE(whole_intervals_pruned(rig.snapshot()) > 1);
    const auto before = closed_lines(all_of(rig));
    REQUIRE(before.size() > 100);
    spoil_states(rig);
    rig.open();
    settle(rig);
    rig.stop();
    const auto after = closed_lines(all_of(rig));
    CHECK(std::ranges::includes(after, before));
    CHECK(rig.engine().status().refolds == 0);
    rig.drop();
    rig.open();
    play(rig, stream, frames * 3 / 4, frames);
    settle(rig);
    rig.stop();
    CHECK(std::ranges::includes(closed_lines(all_of(rig)), before));
}
