// See workload.hpp.
#include "tests/crash/workload.hpp"

namespace twinlink::crash {

using namespace test;

std::string_view name(Kind kind) noexcept {
    static constexpr std::array<std::string_view, kKinds> kNames = {
        "late messages", "refolded",      "rolled up",      "pruned",
        "states saved",  "a reader held", "after a restart"};
    return kNames[static_cast<std::size_t>(kind)];
}

EngineConfig server_config() {
    EngineConfig config = PipelineRig::defaults();
    config.map_bytes = u64{64} << 20;
    config.journal_bytes_max = u64{384} << 10;
    config.checkpoint_every = Nanos{0};
    config.batch_bytes_max = u64{1} << 20;
    return config;
}

SimStream switch_stream(u64 seed) {
    constexpr u64 kHours = 30;
    sim::CentreConfig c = centre(seed * 2 + 1, 6, kHours);
    c.start = Nanos{kEight + 4 * kHour};
    c.end = Nanos{c.start.value + kHours * kHour};
    c.calls_per_hour = 80;
    c.pump_up_every = Nanos{5 * kHour};
    c.trunk_out_per_day = 4;
    c.clock_sets_per_day = 0;
    c.restarts = {Nanos{c.start.value + 18 * kHour}};
    return SimStream(std::move(c));
}

namespace {

class Workload {
public:
    explicit Workload(const WorkloadConfig& config)
        : config_(config), random_(config.seed), stream_(switch_stream(config.seed)) {}

    void play() {
        EngineConfig server = server_config();
        server.store_path = config_.store_path;
        PipelineRig rig(server);
        rig_ = &rig;
        Player player(rig, stream_);
        acknowledge();
        const std::size_t frames = player.frames();
        plan(frames);
        for (std::size_t f = begin(player); f < frames; ++f) {
            if (!lost_[f]) player.send(f, "AB");
            if (f % 2 == 1) run(7);
            for (auto at = late_.find(f); at != late_.end() && at->first == f; at = late_.erase(at))
                player.send(at->second, f % 2 == 0 ? "A" : "B");
            if (f % 150 == 60) hold();
            if (f == frames / 3) restart(player, f, true);
            if (f == frames * 2 / 3) restart(player, f, false);
        }
        run(3'000);
        stop();
    }

private:
    /// A hole every forty frames or so; all but a few of them are filled soon, some in pieces.
    void plan(std::size_t frames) {
        lost_.assign(frames, false);
        for (std::size_t f = 10; f + 40 < frames; f += 20 + random_() % 40) {
            const bool for_good = random_() % 6 == 0;
            for (std::size_t n = 1 + random_() % 4; n != 0; --n) {
                lost_[f + n] = true;
                if (!for_good) late_.emplace(f + n + 8 + random_() % 25, f + n);
            }
        }
    }
    /// The first frame that the store does not hold; what was to come late before it comes now.
    std::size_t begin(Player& player) {
        const auto streams = rig_->snapshot().streams();
        if (streams.empty()) return 0;
        const StreamRecord& last = streams.back();
        std::size_t frame = 0;
        for (; frame < player.frames(); ++frame) {
            const OfferRun run = player.run(frame);
            if (run.stream.epoch.value > last.epoch) break;
            if (run.stream.epoch.value == last.epoch && run.first.value + run.count > last.next) break;
        }
        for (const auto& [when, late] : late_)
            if (late < frame) player.send(late, "A");
        return frame;
    }
    void run(u64 ms) {
        for (u64 t = 0; t < ms; ++t) {
            rig_->now.mono = rig_->now.mono + 1_ms;
            rig_->now.wall = rig_->now.wall + 1_ms;
            rig_->receive_only();
            rig_->engine().poll_fold(rig_->now);
            commit();
            rig_->engine().poll_refold();
        }
    }
    void commit() {
        if (rig_->engine().poll_commit(rig_->now) != 0) acknowledge();
    }
    void stop() {
        rig_->receive_only();
        held_.reset();
        rig_->engine().stop();
        for (int i = 0; i < 1'000 && !rig_->engine().stopped(); ++i) {
            rig_->engine().poll_fold(rig_->now);
            commit();
        }
        REQUIRE(rig_->engine().stopped());
    }
    void restart(Player& player, std::size_t f, bool orderly) {
        if (orderly) stop();
        held_.reset();
        rig_->drop();
        counters_.clear();
        rig_->open();
        after_restart_ = 5;
        // What was not durable is a gap behind the watermark: another link still has it.
        for (std::size_t again = f > 30 ? f - 30 : 0; !orderly && again <= f; ++again)
            if (!lost_[again]) player.send(again, "B");
    }
    /// A snapshot that stays while commits go on, and must stay the same.
    void hold() {
        held_.emplace(rig_->snapshot());
        held_content_ = content_of(*held_, kJudgesAcd);
        held_until_ = commits_ + 25;
    }
    void acknowledge() {
        const StoreSnapshot snapshot = rig_->snapshot();
        const auto info = snapshot.info();
        REQUIRE(info.has_value());
        if (begun_) REQUIRE(info->commits == commits_ + 1);
        begun_ = true;
        commits_ = info->commits;
        config_.acknowledged(snapshot, *info, kinds());
        REQUIRE(snapshot.damaged() == 0);
        if (held_ && commits_ >= held_until_) {
            REQUIRE(content_of(*held_, kJudgesAcd) == held_content_);
            held_.reset();
        }
    }
    /// By what the store counted since the commit before.
    u64 kinds() {
        const std::vector<u64> now = rig_->engine().status().store_counters;
        const auto grew = [&](StoreCounter c) {
            const auto i = static_cast<std::size_t>(c);
            return now[i] > (counters_.empty() ? 0 : counters_[i]);
        };
        u64 kinds = 0;
        const auto set = [&](Kind kind, bool is) { kinds |= u64{is} << static_cast<u64>(kind); };
        using enum StoreCounter;
        set(Kind::Filled, grew(FillInserted));
        set(Kind::Refolded, grew(RowsRevised) || grew(RowsDropped));
        set(Kind::RolledUp, grew(RolledWritten) || grew(RolledRevised) || grew(RolledDropped));
        set(Kind::Pruned, grew(PrunedBlocks));
        set(Kind::Saved, grew(CheckpointsWritten));
        set(Kind::Held, held_.has_value());
        set(Kind::Restarted, after_restart_ != 0);
        after_restart_ -= after_restart_ != 0 ? 1 : 0;
        counters_ = now;
        return kinds;
    }

    const WorkloadConfig& config_;
    std::mt19937_64 random_;
    SimStream stream_;
    PipelineRig* rig_ = nullptr;
    std::vector<bool> lost_;
    std::multimap<std::size_t, std::size_t> late_;  // after which frame, which
    std::optional<StoreSnapshot> held_;
    u64 held_content_ = 0;
    u64 held_until_ = 0;
    u64 commits_ = 0;
    bool begun_ = false;
    u32 after_restart_ = 0;
    std::vector<u64> counters_;
};

}  // namespace

void run_workload(const WorkloadConfig& config) { Workload(config).play(); }

}  // namespace twinlink::crash
