// The scrubber on a real store: bytes are flipped in the file itself, and what stood there is found, told and
// made good, while the server runs.
#include "tests/pipeline/stream_rig.hpp"

#include "engine/store/check.hpp"
#include "engine/store/format.hpp"

#include <fstream>

using namespace twinlink;
using namespace twinlink::test;

namespace {

std::string content_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Flips one bit behind each place in the store's file that holds these bytes: in the value that stands, and
/// in what is left of it on pages that are free. Returns how many that were.
std::size_t flip(PipelineRig& rig, Bytes bytes, std::size_t behind) {
    const std::string file = rig.store_path() + "/data.mdb";
    const std::string all = content_of(file);
    const std::string_view part(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    std::size_t flipped = 0;
    for (std::size_t at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) {
        const std::size_t to = at + behind;
        if (to >= all.size()) break;
        out.seekp(static_cast<std::streamoff>(to)).put(static_cast<char>(all[to] ^ 0x10));
        ++flipped;
    }
    return flipped;
}

/// The same in the sealed values under a key: what follows the key on a leaf page, not on a branch page.
std::size_t flip_value(PipelineRig& rig, Bytes key, std::size_t into) {
    const std::string all = content_of(rig.store_path() + "/data.mdb");
    const std::string_view part(reinterpret_cast<const char*>(key.data()), key.size());
    for (std::size_t at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) {
        const auto* const value = reinterpret_cast<const std::byte*>(all.data()) + at + key.size();
        for (std::size_t n = into + 1; n < 1'500 && at + key.size() + n <= all.size(); ++n)
            if (store::seal_of(key, {value, n}) == read<u32>(value))
                return flip(rig, {value - key.size(), key.size() + 8}, key.size() + into);
    }
    return 0;
}

/// A day's part that a server has taken in whole, with two closed intervals at least.
struct Collected {
    /// `late`: how many frames in the middle come later, in turns with others.
    explicit Collected(std::size_t late = 0, int agents = 12, int hours = 2)
        : stream(centre(7, agents, hours)), want(truth_of(stream)), rig(config()), player(rig, stream) {
        rig.scrubs = true;
        const std::size_t middle = player.frames() / 2;
        const auto lost = [&](std::size_t f) {
            return f >= middle && f < middle + 2 * late && (f - middle) % 2 == 0;
        };
        for (std::size_t f = 0; f < player.frames(); ++f) {
            if (!lost(f)) player.send(f, "AB");
            if (f % 16 == 15) rig.run(25_ms);
        }
        settle(rig);
        for (std::size_t f = 0; f < player.frames(); ++f)
            if (lost(f)) player.send(f, "A");
        settle(rig);
    }
    static EngineConfig config() {
        EngineConfig c = PipelineRig::defaults();
        c.checkpoint_every = 1_ms;
        c.scrub_bytes_per_s = 0;  // when it is asked to
        return c;
    }
    /// A pass over all of it, and what comes of that.
    ScrubStatus scrub() {
        const u64 before = rig.engine().scrub_status().asked_passes;
        rig.engine().scrub();
        for (int i = 0; i < 200 && rig.engine().scrub_status().asked_passes == before; ++i) rig.run(50_ms);
        return rig.engine().scrub_status();
    }
    /// Until nothing is under way any more.
    ScrubStatus mend() {
        for (int i = 0; i < 200 && rig.engine().scrub_status().mending != 0; ++i) rig.run(100_ms);
        settle(rig);
        return rig.engine().scrub_status();
    }
    std::pair<Range, std::vector<std::byte>> block_in_the_middle() {
        std::vector<std::pair<Range, std::vector<std::byte>>> all;
        const StoreSnapshot snapshot = rig.snapshot();
        for (const StreamRecord& s : snapshot.streams())
            snapshot.blocks({Acd{s.acd}, Epoch{s.epoch}}, {Seq{1}, Seq{~u64{0}}}, [&](const BlockView& b) {
                all.push_back({b.range, {b.messages.begin(), b.messages.end()}});
                return true;
            });
        REQUIRE(all.size() > 4);
        return all[all.size() / 2];
    }
    void flip_block(const std::vector<std::byte>& messages) {
        REQUIRE(flip(rig, Bytes(messages).first(64), 40) >= 1);
    }
    /// All frames again on one link, as a partner would give what is missing.
    void send_again() {
        for (std::size_t f = 0; f < player.frames(); ++f) {
            player.send(f, "B");
            if (f % 16 == 15) rig.run(5_ms);
        }
    }
    void check_whole() {
        rig.stop();
        CHECK((all_of(rig) == want));
        rig.drop();
        const auto report = check(rig.store_path(), CheckLevel::Full);
        REQUIRE(report.has_value());
        for (const CheckFinding& finding : report->findings) MESSAGE(finding.where << ": " << finding.what);
        CHECK(report->healthy());
    }

    SimStream stream;
    std::string want;
    PipelineRig rig;
    Player player;
};

}  // namespace

TEST_CASE("scrub: a store without rot is read whole, value by value, and nothing is found") {
    Collected c;
    const ScrubStatus status = c.scrub();
    CHECK(status.asked_passes == 1);
    CHECK(status.errors == 0);
    CHECK(status.findings.empty());
    u64 rows = 0;
    c.rig.snapshot().all_rows([&](const RowView&) { return ++rows != 0; });
    CHECK(status.values > rows);
    c.check_whole();
}

TEST_CASE("scrub: a journal block that rotted is missing again with that cause, and a copy of it heals all") {
    Collected c;
    const auto [names, messages] = c.block_in_the_middle();
    c.flip_block(messages);
    ScrubStatus status = c.scrub();
    CHECK(status.errors == 1);
    REQUIRE(status.findings.size() == 1);
    CHECK(status.findings[0].where.starts_with("journal acd 1"));
    c.rig.run(200_ms);
    const std::string gap = std::to_string(names.first.value) + "-" + std::to_string(names.last.value);
    CHECK(c.rig.gaps() == gap + ":bit_rot:open");
    // Rows that were made of it are right, and stay; the store does not contradict itself meanwhile.
    c.rig.run(2_s);
    CHECK(c.rig.engine().scrub_status().mending == 1);
    CHECK((all_of(c.rig) == c.want));
    CHECK(c.rig.engine().status().acds[0].stream.missing == names.count());

    c.send_again();
    status = c.mend();
    CHECK(status.mended == 1);
    CHECK(status.mending + status.hopeless == 0);
    CHECK(c.rig.gaps() == gap + ":bit_rot:healed");
    CHECK(c.scrub().errors == 1);  // nothing new
    c.check_whole();
}

TEST_CASE("scrub: gaps that were healed inside a block that rots are open again, and heal once more") {
    Collected c(6);
    const std::string before = c.rig.gaps();
    REQUIRE(before.find(":healed") != std::string::npos);
    // Every block of the middle: some were filled, some are whole, some lie beside a filled one.
    std::size_t flipped = 0;
    const auto gaps = c.rig.snapshot().gaps();
    std::vector<std::vector<std::byte>> hit;
    c.rig.snapshot().blocks({Acd{gaps[0].acd}, Epoch{gaps[0].epoch}},
                            {Seq{gaps[1].first}, Seq{gaps[4].last + 1}}, [&](const BlockView& b) {
                                hit.push_back({b.messages.begin(), b.messages.end()});
                                return true;
                            });
    for (const auto& messages : hit) flipped += flip(c.rig, Bytes(messages).first(64), 40) != 0;
    CHECK(flipped >= 2);
    CHECK(c.scrub().errors == hit.size());
    c.rig.run(300_ms);
    CAPTURE(c.rig.gaps());
    CHECK(c.rig.gaps().find(":bit_rot:open") != std::string::npos);
    // Nothing contradicts itself: ranges do not overlap, all names are held or missing.
    const auto report = check(c.rig.store_path(), CheckLevel::Full);
    REQUIRE(report.has_value());
    for (const CheckFinding& finding : report->findings) MESSAGE(finding.where << ": " << finding.what);
    CHECK(report->healthy());
    c.send_again();
    CHECK(c.mend().mended == hit.size());
    c.check_whole();
}

TEST_CASE("scrub: a row of a day that rotted is added up again") {
    Collected c(0, 3, 27);
    std::optional<RolledKey> key;
    c.rig.snapshot().all_rolled([&](const RolledRow& r) {
        if (r.key.span == Span::Day) key = r.key;
        return !key;
    });
    REQUIRE(key);
    const store::Key bytes = store::rolled_key(*key);
    REQUIRE(flip_value(c.rig, bytes.bytes(), 17) >= 1);
    CHECK(c.scrub().errors == 1);
    const ScrubStatus status = c.mend();
    CHECK(status.mended == 1);
    CHECK(status.hopeless == 0);
    c.check_whole();
}

TEST_CASE("scrub: what is missing again outlives a restart, and is filled after it") {
    Collected c;
    const auto [names, messages] = c.block_in_the_middle();
    c.flip_block(messages);
    CHECK(c.scrub().errors == 1);
    c.rig.run(200_ms);
    c.rig.drop();
    c.rig.open();
    CHECK(c.rig.gaps().find(":bit_rot:open") != std::string::npos);
    CHECK(c.rig.engine().status().acds[0].stream.missing == names.count());
    c.send_again();
    settle(c.rig);
    CHECK(c.rig.gaps().find(":bit_rot:healed") != std::string::npos);
    c.check_whole();
}

TEST_CASE("scrub: a row and the record of an interval that rotted are folded again from the journal") {
    for (const bool row : {true, false}) {
        Collected c;
        const auto intervals = c.rig.snapshot().intervals();
        REQUIRE(intervals.size() >= 2);
        const IntervalRecord interval = intervals[intervals.size() / 2];
        std::optional<RowKey> key;
        c.rig.snapshot().all_rows([&](const RowView& r) {
            if (r.key.interval_start == interval.start) key = r.key;
            return !key;
        });
        REQUIRE(key);
        const store::Key bytes = row ? store::row_key(*key) : store::key_of(interval);
        REQUIRE(flip_value(c.rig, bytes.bytes(), 17) >= 1);
        ScrubStatus status = c.scrub();
        CHECK(status.errors == 1);
        status = c.mend();
        CAPTURE(row);
        CHECK(status.mended == 1);
        CHECK(status.hopeless == 0);
        CHECK(c.rig.engine().status().refolds >= 1);
        c.check_whole();
    }
}

TEST_CASE("scrub: a saved state that rotted goes, and folding again begins at an older one") {
    Collected c;
    const auto states = c.rig.snapshot().checkpoints();
    REQUIRE(states.size() >= 2);
    std::vector<std::byte> state;
    c.rig.snapshot().checkpoint(
        states.back().stream, states.back().seq,
        [&](const CheckpointEntry&, Bytes b) { state.assign(b.begin(), b.begin() + 96); });
    REQUIRE(state.size() == 96);
    REQUIRE(flip(c.rig, state, 90) >= 1);
    CHECK(c.scrub().errors >= 1);
    const ScrubStatus status = c.mend();
    CHECK(status.mended == status.errors);
    CHECK(c.rig.snapshot().checkpoints().size() < states.size());
    c.check_whole();
}

TEST_CASE("scrub: of its own it reads no faster than it was told to") {
    Collected c;
    EngineConfig config = PipelineRig::defaults();
    config.scrub_bytes_per_s = 512 * 1024;
    PipelineRig rig(config);
    rig.scrubs = true;
    Player player(rig, c.stream);
    for (std::size_t f = 0; f < player.frames(); ++f) {
        player.send(f, "AB");
        if (f % 16 == 15) rig.run(2_ms);
    }
    u64 before = rig.engine().scrub_status().bytes;
    for (int s = 0; s < 3; ++s) {
        rig.run(1_s);
        const u64 now = rig.engine().scrub_status().bytes;
        CHECK(now - std::min(now, before) <= 512 * 1024 + 2 * 256 * 1024);
        before = now;
    }
    CHECK(rig.engine().scrub_status().values > 0);
}
