// The pipeline: the stages of a message's way, in order. Start reading here.
//
//   ports ── ReceiveStage ── ring per link ──▶ FoldStage ── batches ──▶ CommitStage ── LMDB
//               ▲                                 │  ▲                      │
//               └────────── used buffers ─────────┘  └───── empty batches ──┘
//
// What a capture, a store or the partner has of missing messages comes into the fold by another way:
// offer.hpp.
//
// Each stage is one object with one function, poll(), that does a bounded slice of work and says how much;
// one thread calls it. The rings between them are the only thing two threads share, besides counters and the
// published status.
#pragma once

#include "engine/acd_path.hpp"
#include "engine/offer.hpp"
#include "engine/partner/mirror_feed.hpp"
#include "engine/refold.hpp"
#include "engine/restore.hpp"
#include "engine/roller.hpp"
#include "engine/store/store.hpp"

#include <twinlink/engine.hpp>

#include <boost/lockfree/spsc_queue.hpp>

#include <atomic>
#include <deque>
#include <map>
#include <mutex>

namespace twinlink {

/// A validated frame on its way to the fold. The bytes stay in the port's buffer (measured:
/// engine/README.md).
struct FrameRef {
    const std::byte* data;
    void* token;
    Nanos arrived;  // monotonic, of the receive slice
    u32 bytes;
    u32 reserved;
};
static_assert(sizeof(FrameRef) == 32, "two to a cache line");

/// More tokens than any port has buffers, so that giving back never waits for long.
inline constexpr u32 kReturnTokens = 8 * kRingFrames;

/// What the receive thread and the fold thread share, per link.
struct LinkRings {
    boost::lockfree::spsc_queue<FrameRef, boost::lockfree::capacity<kRingFrames>> frames;
    boost::lockfree::spsc_queue<void*, boost::lockfree::capacity<kReturnTokens>> used;
};

/// Batches travel round: full ones to the commit stage, empty ones back. Two: one gathers while the other is
/// written.
inline constexpr u32 kBatches = 2;
struct BatchRings {
    boost::lockfree::spsc_queue<CommitBatch*, boost::lockfree::capacity<kBatches>> full;
    boost::lockfree::spsc_queue<CommitBatch*, boost::lockfree::capacity<kBatches>> empty;
};

/// Takes frames from the ports, believes none that is not whole, and never waits: a full ring is a counted
/// drop.
class ReceiveStage {
public:
    ReceiveStage(std::array<Port*, kLinks> ports, std::span<const AcdConfig> acds,
                 std::array<LinkRings, kLinks>& rings);
    std::size_t poll(Now now) noexcept;

    [[nodiscard]] const Counters<FrameRefusal>& refusals(Link link) const noexcept {
        return links_[index(link)].refused;
    }
    [[nodiscard]] const Counters<ReceiveCounter>& counters(Link link) const noexcept {
        return links_[index(link)].counts;
    }
    [[nodiscard]] const Port* port(Link link) const noexcept { return links_[index(link)].port; }
    /// Buffers at present outside the ports: 0 after an orderly stop.
    [[nodiscard]] u64 outstanding() const noexcept { return outstanding_; }

private:
    struct PerLink {
        Port* port = nullptr;
        Counters<FrameRefusal> refused;
        Counters<ReceiveCounter> counts;
    };
    std::size_t receive(Link link, Nanos arrived) noexcept;
    void give_back(Link link) noexcept;
    FrameRefusal judge(const RxFrame& frame, Link link) const noexcept;

    std::array<PerLink, kLinks> links_;
    std::array<LinkRings, kLinks>& rings_;
    std::vector<bool> known_acds_;  // by number
    u64 outstanding_ = 0;
};

/// Arbitrates, folds and gathers; hands a batch over as soon as the previous one is down.
class FoldStage {
public:
    FoldStage(const EngineConfig& config, std::array<LinkRings, kLinks>& rings, BatchRings& batches,
              const ReceiveStage& receive, OfferDesks& offers, std::deque<RefoldDesk>& desks,
              const RefoldRings& refolded);
    std::size_t poll(Now now);

    /// Takes up what the store holds: streams, open gaps, links, and the fold's state by folding from the
    /// checkpoint.
    Expected<void> recover(Store& store, Now now);
    void stop() noexcept { stopping_.store(true, std::memory_order_release); }
    /// Beside stop(): frames that wait in the rings stay there.
    void hurry() noexcept { hurry_.store(true, std::memory_order_relaxed); }
    [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }
    /// Nothing is left to gather: the last batch was handed over.
    [[nodiscard]] bool drained() const noexcept { return drained_.load(std::memory_order_acquire); }
    /// Any thread.
    [[nodiscard]] std::vector<AcdStatus> acds() const;
    /// Any thread. See Engine.
    void set_collecting(Acd acd, u64 off_since_wall) noexcept;
    void set_condition(LinkEventKind condition, u64 since_wall) noexcept {
        conditions_[static_cast<std::size_t>(condition)].store(since_wall, std::memory_order_relaxed);
    }
    void set_short_commits(bool on) noexcept { short_commits_.store(on, std::memory_order_relaxed); }
    /// Asks for real_time() to be kept up to date until then; and what it was when it was taken last.
    void watch(Nanos until) noexcept { watched_until_.store(until.value, std::memory_order_relaxed); }
    [[nodiscard]] std::vector<RealTime> real_time() const;
    [[nodiscard]] u64 messages() const noexcept { return messages_.load(std::memory_order_relaxed); }
    [[nodiscard]] u64 conflicts() const noexcept { return conflicts_.load(std::memory_order_relaxed); }
    /// Something that came late has yet to be folded in, of whatever ACD.
    [[nodiscard]] bool refolding() const noexcept { return refolding_.load(std::memory_order_relaxed); }
    [[nodiscard]] u64 batch_bytes() const noexcept { return batch_bytes_.load(std::memory_order_relaxed); }

private:
    std::size_t take_frames(Now now);
    std::size_t take_offer(OfferDesk& desk, Now now);
    void take_messages(OfferDesk& desk, const OfferPiece& piece, AcdPath& path, Now now);
    void tick(Now now);
    void notice_drops(Now now);
    void watch_links(Now now);
    void hand_over(Now now);
    void give_back();
    void finish(Now now);
    void publish();
    void look(Now now);
    [[nodiscard]] u64 gathered_bytes() const noexcept;

    const EngineConfig& config_;
    std::array<LinkRings, kLinks>& rings_;
    BatchRings& batches_;
    const ReceiveStage& receive_;
    OfferDesks& offers_;
    const RefoldRings& refolded_;
    Returns returns_;
    std::deque<AcdPath> paths_;
    std::vector<AcdPath*> by_acd_;  // by ACD number
    CommitBatch* batch_ = nullptr;
    u64 batches_closed_ = 0;
    Nanos ticked_;
    Nanos closed_at_;
    Nanos rows_at_;
    Nanos published_at_;
    Nanos looked_at_;
    Nanos sifted_at_;
    Nanos watched_at_;
    std::array<u64, kLinks> drops_seen_{};
    std::array<u64, kLinks> refused_seen_{};
    LinkExceptions exceptions_{Acd{}};  ///< of what came on the links and is of no ACD
    std::array<std::array<u64, kFrameRefusals>, kLinks> refused_told_{};
    std::array<u64, kLinks> drops_told_{};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> hurry_{false};
    std::atomic<bool> drained_{false};
    std::atomic<bool> short_commits_{false};
    /// Since when the server's conditions hold; of other kinds nothing.
    std::array<std::atomic<u64>, static_cast<std::size_t>(LinkEventKind::Count_)> conditions_{};
    std::atomic<u64> messages_{0};
    std::atomic<u64> conflicts_{0};
    std::atomic<u64> batch_bytes_{0};
    std::atomic<bool> refolding_{false};
    std::atomic<u64> watched_until_{0};
    mutable std::mutex status_mutex_;  // the fold only tries it, and only ten times a second
    std::vector<AcdStatus> status_;
    std::vector<RealTime> real_time_;  // under the same mutex
};

/// Writes batches. An error stops the store for good: the outcome of that commit is unknown until it is
/// opened again.
class CommitStage {
public:
    CommitStage(Store store, BatchRings& batches, RefoldRings& refolded, RollRings& rolled,
                RestoreRings& restored, MirrorFeed& mirror)
        : store_(std::move(store)),
          batches_(batches),
          refolded_(refolded),
          rolled_(rolled),
          restored_(restored),
          mirror_(mirror) {
        store_.keep_while(
            [&mirror](Stream stream, Range names) { return mirror.needs.needs(stream, names); });
    }
    std::size_t poll(Now now);

    [[nodiscard]] Store& store() noexcept { return store_; }
    /// Every batch handed over so far is down.
    [[nodiscard]] bool idle() const noexcept {
        return busy_.load(std::memory_order_acquire) == 0 && batches_.full.read_available() == 0 &&
               refolded_.full.read_available() == 0 && rolled_.full.read_available() == 0 &&
               restored_.full.read_available() == 0;
    }
    [[nodiscard]] bool store_stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }
    /// What was handed over waits, since map or disk has no room for it.
    [[nodiscard]] bool no_room() const noexcept { return no_room_.load(std::memory_order_acquire); }
    [[nodiscard]] u64 commits() const noexcept { return commits_.load(std::memory_order_relaxed); }
    [[nodiscard]] u64 messages() const noexcept { return messages_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::string error() const;

private:
    bool wait_for_room(Now now);
    bool write(const CommitBatch& batch, const CommitBatch* beside = nullptr, CommitResult* result = nullptr);
    void restore(RestorePiece& piece);
    void stop(const std::string& why);
    void screen(CommitBatch& batch);
    void note_late(const CommitBatch& batch);
    void screen_states(CommitBatch& batch);

    Store store_;
    BatchRings& batches_;
    RefoldRings& refolded_;
    RollRings& rolled_;
    RestoreRings& restored_;
    MirrorFeed& mirror_;
    std::atomic<bool> stopped_{false};
    std::atomic<bool> no_room_{false};
    Nanos looked_;               ///< when the store was looked after
    Nanos asked_;                ///< when there was no room, or something was shed
    bool refused_live_ = false;  ///< ... for live messages; else for what comes after them
    /// Intervals that a refold has replaced, by which refold, until its state is taken over: what the live
    /// fold still says of them is out of date.
    std::map<ReplacedInterval, u64> replaced_;
    /// Of each ACD, since the latest refold was asked for: which names came late, and the first place at
    /// which the journal's copy was replaced. A refold may begin before all that came is durable, so what
    /// came before the latest one counts too.
    struct Late {
        u64 refold = 0;
        FoldSpans came;
        FoldSpans came_before;
        std::optional<FoldPlace> replaced;
    };
    std::map<Acd, Late> late_;
    std::atomic<u32> busy_{0};
    std::atomic<u64> commits_{0};
    std::atomic<u64> messages_{0};
    mutable std::mutex error_mutex_;
    std::string error_;
};

}  // namespace twinlink
