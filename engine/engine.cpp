// The engine as an embedder sees it: the three stages, their rings and batches, held together. See
// engine.hpp.
#include "engine/merged_gaps.hpp"
#include "engine/pipeline.hpp"
#include "engine/scrubber.hpp"

#include <algorithm>
#include <set>

namespace twinlink {

CounterInfo info(ReceiveCounter counter) noexcept {
    switch (counter) {
        case ReceiveCounter::Valid: return {"valid", "frames that passed every check"};
        case ReceiveCounter::RingFull:
            return {"ring_full",
                    "slices that found the ring full and left the frames in the device (see nic_missed)"};
        case ReceiveCounter::Count_: break;
    }
    return {"?", "?"};
}

namespace {

Expected<void> check(const EngineConfig& config) {
    if (config.acds.empty()) return failure("no ACD is configured: nothing could be collected");
    if (config.acds.size() > kAcdsMax)
        return failure("more than " + std::to_string(kAcdsMax) + " ACDs are configured");
    std::set<u16> seen;
    for (const AcdConfig& acd : config.acds) {
        if (acd.acd.value == 0) return failure("ACD 0 is configured: ACDs are numbered from 1");
        if (!seen.insert(acd.acd.value).second) {
            return failure("ACD " + std::to_string(acd.acd.value) + " is configured twice");
        }
        if (acd.calls_max == 0 || acd.agents_max == 0 || acd.skills_max == 0) {
            return failure("ACD " + std::to_string(acd.acd.value) + " has a capacity of 0");
        }
        std::vector<Agent> traced = acd.trace_agents;
        std::ranges::sort(traced);
        const bool twice = std::ranges::adjacent_find(traced) != traced.end();
        if (traced.size() > kTracedAgentsMax || twice || (!traced.empty() && traced.front().value == 0)) {
            return failure("ACD " + std::to_string(acd.acd.value) + ": agents to trace must be at most " +
                           std::to_string(kTracedAgentsMax) + ", distinct and not 0");
        }
    }
    if (config.gaps_max < 2 || config.gaps_max > kGapsMax)
        return failure("gaps that are kept apart must be 2 to " + std::to_string(kGapsMax));
    if (config.store_path.empty()) return failure("no store is configured");
    if (config.batch_bytes_max < u64{1} << 20) return failure("a commit must be allowed at least 1 MiB");
    return {};
}

StoreConfig store_config(const EngineConfig& config) {
    StoreConfig store;
    store.map_bytes = config.map_bytes;
    store.journal_bytes = config.journal_bytes_max;
    store.journal_age = config.journal_age_max;
    return store;
}

}  // namespace

/// Everything the engine owns. The batches and rings outlive the stages that use them.
struct Engine::Parts {
    EngineConfig config;
    std::array<Port*, kLinks> ports;
    std::array<LinkRings, kLinks> rings;
    std::array<CommitBatch, kBatches> batches;
    BatchRings batch_rings;
    OfferDesks offers;
    MirrorFeed mirror;
    std::deque<RefoldDesk> desks;
    std::array<CommitBatch, kRefoldBatches> refold_batches;
    RefoldRings refolded;
    CommitBatch roll_batch;
    RollRings rolled;
    ReceiveStage receive;
    FoldStage fold;
    CommitStage commit;
    Refolder refold;
    MergedGaps merged;
    Roller roller;
    Scrubber scrubber;

    Parts(const EngineConfig& c, std::array<Port*, kLinks> p, Store store)
        : config(c),
          ports(p),
          receive(p, config.acds, rings),
          fold(config, rings, fill(batch_rings), receive, offers, desks, refolded),
          commit(std::move(store), batch_rings, refolded, rolled, mirror),
          refold(commit.store(), desks, refolded),
          merged(commit.store(), desks, offers[static_cast<std::size_t>(Offering::Own)]),
          roller(commit.store(), config.acds, rolled),
          scrubber(commit.store(), offers[static_cast<std::size_t>(Offering::Own)],
                   config.scrub_bytes_per_s) {
        for (CommitBatch& batch : refold_batches) refolded.empty.push(&batch);
        rolled.empty.push(&roll_batch);
    }

private:
    BatchRings& fill(BatchRings& r) {
        for (CommitBatch& batch : batches) {
            // Taken and touched now: a slow disk must not be the moment at which memory runs out.
            batch.arena.resize(config.batch_bytes_max);
            batch.row_words.resize(config.batch_bytes_max / 4 / sizeof(u64));
            batch.clear();
            r.empty.push(&batch);
        }
        return r;
    }
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Expected<std::unique_ptr<Engine>> Engine::open(const EngineConfig& config, std::array<Port*, kLinks> ports,
                                               Now now) {
    if (auto ok = check(config); !ok) return std::unexpected(std::move(ok.error()));
    auto store = Store::open(config.store_path, store_config(config), now.wall);
    if (!store) return std::unexpected(std::move(store.error()));
    auto parts = std::make_unique<Parts>(config, ports, std::move(*store));
    if (auto ok = parts->fold.recover(parts->commit.store(), now); !ok)
        return std::unexpected(std::move(ok.error()));
    return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

Engine::~Engine() {
    // The loops have ended, so this thread may speak for all of them: what is still on its way goes back to
    // its port.
    for (std::size_t l = 0; l < kLinks; ++l) {
        Port* port = parts_->ports[l];
        if (port == nullptr) continue;
        FrameRef frame;
        while (parts_->rings[l].frames.pop(frame)) port->release({&frame.token, 1});
        void* token = nullptr;
        while (parts_->rings[l].used.pop(token)) port->release({&token, 1});
    }
}

std::size_t Engine::poll_receive(Now now) noexcept { return parts_->receive.poll(now); }
std::size_t Engine::poll_fold(Now now) { return parts_->fold.poll(now); }
std::size_t Engine::poll_commit(Now now) { return parts_->commit.poll(now); }
/// A roll-up that has begun is ended first: it holds a snapshot. None begins while a refold is under way.
std::size_t Engine::poll_refold() {
    if (parts_->roller.busy()) return parts_->roller.poll();
    const std::size_t folded = parts_->refold.poll() + parts_->merged.poll();
    return folded != 0 || parts_->refold.busy() ? folded : parts_->roller.poll();
}
std::size_t Engine::poll_scrub(Now now) { return parts_->scrubber.poll(now); }
void Engine::scrub() noexcept { parts_->scrubber.ask_pass(); }
ScrubStatus Engine::scrub_status() const { return parts_->scrubber.status(); }
void Engine::note_commit(Nanos took) noexcept { parts_->commit.store().note_commit(took); }
OfferDesk& Engine::offers() noexcept { return parts_->offers[static_cast<std::size_t>(Offering::Import)]; }
OfferDesk& Engine::partner_offers() noexcept {
    return parts_->offers[static_cast<std::size_t>(Offering::Partner)];
}
MirrorFeed& Engine::mirror_feed() noexcept { return parts_->mirror; }
bool Engine::offers_durable() const noexcept {
    const OfferDesk& offers = parts_->offers[static_cast<std::size_t>(Offering::Import)];
    return offers.idle() && parts_->refolded.committed.load(std::memory_order_acquire) >=
                                offers.batch.load(std::memory_order_relaxed);
}
bool Engine::drained() const noexcept { return parts_->fold.drained(); }
void Engine::stop() noexcept { parts_->fold.stop(); }

bool Engine::stopped() const noexcept {
    const CommitStage& commit = parts_->commit;
    return commit.store_stopped() || (parts_->fold.stopping() && commit.no_room()) ||
           (parts_->fold.drained() && commit.idle());
}

SpaceLevel Engine::space_level() const noexcept {
    return static_cast<SpaceLevel>(parts_->commit.store().counters().get(StoreCounter::SpaceLevel));
}

EngineStatus Engine::status() const {
    EngineStatus s;
    s.acds = parts_->fold.acds();
    s.messages = parts_->fold.messages();
    s.conflicts = parts_->fold.conflicts();
    s.batch_bytes = parts_->fold.batch_bytes();
    s.commits = parts_->commit.commits();
    s.committed_messages = parts_->commit.messages();
    const auto& store = parts_->commit.store().counters();
    s.store_counters.resize(Counters<StoreCounter>::kSize);
    for (std::size_t c = 0; c < s.store_counters.size(); ++c)
        s.store_counters[c] = store.get(static_cast<StoreCounter>(c));
    s.commit_ns_last = store.get(StoreCounter::CommitNsLast);
    s.commit_ns_max = store.get(StoreCounter::CommitNsMax);
    for (std::size_t l = 0; l < kLinks; ++l) s.ring_frames[l] = parts_->rings[l].frames.read_available();
    s.refolds = parts_->refold.refolds();
    s.refolded_messages = parts_->refold.messages();
    s.days_rolled = parts_->roller.days_rolled();
    s.days_redone = parts_->roller.days_redone();
    s.periods_due = parts_->roller.due();
    s.refolding = parts_->fold.refolding();
    s.store_stopped = parts_->commit.store_stopped();
    s.store_error = parts_->commit.error();
    return s;
}

void Engine::watch(Nanos until) noexcept { parts_->fold.watch(until); }
std::vector<RealTime> Engine::real_time() const { return parts_->fold.real_time(); }

const Counters<FrameRefusal>& Engine::refusals(Link link) const noexcept {
    return parts_->receive.refusals(link);
}
const Counters<ReceiveCounter>& Engine::receive_counters(Link link) const noexcept {
    return parts_->receive.counters(link);
}

}  // namespace twinlink
