// The engine: from two ports to a durable store, as three slices of work that the embedder's threads call.
//
// The engine starts no thread and reads no clock. Three loops call the three poll functions, each from one
// thread at a time (all three from one thread is fine, too): a loop reads its clocks, polls, and idles as it
// likes when the slice did nothing. twinlinkd is the reference: one receive thread pinned to a core, one for
// folding, one for commits.
#pragma once

#include <twinlink/error.hpp>
#include <twinlink/port.hpp>
#include <twinlink/real_time.hpp>
#include <twinlink/records.hpp>
#include <twinlink/roll_up.hpp>
#include <twinlink/scrub.hpp>
#include <twinlink/space.hpp>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace twinlink {

/// A switch that the configuration names.
struct AcdConfig {
    Acd acd;
    u32 calls_max = kCallsMax;    ///< calls in progress at most
    u32 agents_max = kAgentsMax;  ///< administered agents at most
    u32 skills_max = kSkillsMax;
    /// A day is rolled up when this much has passed since its end, by the ACD's clock.
    Nanos summarize_after = 2'100_s;
    Weekday week_start = Weekday::Monday;
    /// Whose activities are traced (table ag_actv), distinct, at most kTracedAgentsMax. Both servers of a
    /// pair must name the same, or their rows differ.
    std::vector<Agent> trace_agents{};
};

/// How the engine collects. Sizes are bytes; the defaults are those of twinlinkd.
struct EngineConfig {
    std::string store_path;                 ///< folder of the store; created when absent
    u64 map_bytes = u64{64} << 30;          ///< size of the memory map, fixed at creation (sparse)
    u64 journal_bytes_max = u64{32} << 30;  ///< retention of the journal by size
    Nanos journal_age_max{7 * 86'400 * 1'000'000'000ULL};  ///< and by age, server's wall clock
    std::vector<AcdConfig> acds;                           ///< 1 .. kAcdsMax, distinct
    Nanos reorder_window = 20_ms;                          ///< how long a hole waits for the other link
    u32 gaps_max = kGapsMax;    ///< open gaps of one ACD that are kept apart, 2 .. kGapsMax; more are merged
    Nanos silence = 350_ms;     ///< a link without a frame for this long is silent
    Nanos commit_every = 5_ms;  ///< the least time between two commits; more load makes them larger, not more
    Nanos rows_every = 250_ms;  ///< rows of the open interval go down this often
    Nanos checkpoint_every = 1_s;  ///< the least time between two checkpoints of one ACD
    /// Journal bytes and rows of one commit; when reached, frames wait in their rings. Twice this (one commit
    /// gathers while the other is written) is taken at start.
    u64 batch_bytes_max = u64{128} << 20;
    /// How fast the scrubber reads the store to find what rotted; 0 = only when it is asked to.
    u64 scrub_bytes_per_s = u64{2} << 20;
};

/// What the receive slice counts beside the port and the refusals, per link.
enum class ReceiveCounter : u8 {
    Valid,     // frames that passed every check
    RingFull,  // slices that found the ring full and left the frames in the device
    Count_
};
[[nodiscard]] CounterInfo info(ReceiveCounter) noexcept;

/// One moment of one ACD, for people.
struct AcdStatus {
    StreamRecord stream{};
    AcdRecord settings{};  ///< as its latest pump-up gave them; all zeros before the first
    std::array<LinkRecord, kLinks> links{};
    std::array<std::array<u64, 8>, kLinks> verdicts{};  ///< frames by Verdict, since start
    u64 open_gaps = 0;
    u64 parked_frames = 0;
    std::vector<u64> fold_counters;  ///< by FoldCounter, since start
};

/// One moment of the engine. Consistent per ACD; counters of different threads may be a moment apart.
struct EngineStatus {
    std::vector<AcdStatus> acds;
    u64 messages = 0;  ///< accepted since start
    u64 commits = 0;
    u64 committed_messages = 0;  ///< durable since start
    u64 commit_ns_last = 0;
    u64 commit_ns_max = 0;
    u64 batch_bytes = 0;  ///< gathered for the next commit
    u64 conflicts = 0;
    u64 refolds = 0;                        ///< refolds taken over since start
    u64 refolded_messages = 0;              ///< folded again since start
    u64 days_rolled = 0;                    ///< days rolled up for the first time since start
    u64 days_redone = 0;                    ///< days rolled up again since start, because they had changed
    u64 periods_due = 0;                    ///< days, weeks and months that wait to be rolled up (again)
    bool refolding = false;                 ///< something that came late has yet to be folded in
    std::vector<u64> store_counters;        ///< by StoreCounter, since the store was opened
    std::array<u64, kLinks> ring_frames{};  ///< waiting in the rings now
    bool store_stopped = false;
    std::string store_error;  ///< why, when stopped
};

struct OfferDesk;
class MirrorFeed;

/// One server's engine. Each poll function belongs to one thread at a time; what any thread may call says so.
class Engine {
public:
    /// Opens (or creates) the store, recovers the state at its watermark by folding the journal from the
    /// newest checkpoint, and connects the ports (not owned; nullptr = that link is not there). Errors:
    /// configuration out of range, a store that does not open or is in use: nothing is changed then.
    static Expected<std::unique_ptr<Engine>> open(const EngineConfig& config, std::array<Port*, kLinks> ports,
                                                  Now now);
    ~Engine();

    /// Receive slice: takes a burst from each port, validates it, hands it on; gives used buffers back.
    /// Returns frames.
    std::size_t poll_receive(Now now) noexcept;
    /// Fold slice: arbitrates and folds what has arrived, lets time pass, closes a commit when the last one
    /// is down. Returns frames, 0 when idle.
    std::size_t poll_fold(Now now);
    /// Commit slice: writes a commit if one waits. Returns commits, 0 when idle.
    std::size_t poll_commit(Now now);

    /// Refold slice: folds again what late fills touch, about one journal block at a time; and when there is
    /// nothing to fold, rolls up days, weeks and months that are due, some rows at a time. Returns messages,
    /// rows and steps, 0 when idle. May wait or fall behind as long as it likes: nothing waits for it.
    std::size_t poll_refold();

    /// Scrub slice, by the thread of poll_refold() when that had nothing to do: reads a piece of the store at
    /// the configured pace, and has made good what rotted. Returns values, 0 when idle.
    std::size_t poll_scrub(Now now);
    /// Any thread: has the whole store read from the beginning, at a higher pace. See scrub_status().
    void scrub() noexcept;
    [[nodiscard]] ScrubStatus scrub_status() const;

    /// Where one more thread offers messages that did not come over a link; the fold slice takes them, a
    /// piece at a time (engine/offer.hpp; engine/importer.hpp sorts a capture or a store before that).
    [[nodiscard]] OfferDesk& offers() noexcept;
    /// The same for what the partner gives; and what each commit made durable, for the partner to be told
    /// (engine/partner/shim.hpp joins the two).
    [[nodiscard]] OfferDesk& partner_offers() noexcept;
    [[nodiscard]] MirrorFeed& mirror_feed() noexcept;
    /// By the offering thread: all that was offered is dealt with, and what it filled is durable.
    [[nodiscard]] bool offers_durable() const noexcept;

    /// How long the commit took that poll_commit() just wrote, by the caller's clock: for the counters.
    void note_commit(Nanos took) noexcept;

    /// Orderly stop, after the receive loop has ended: the next poll_fold takes all that waits in the rings,
    /// closes what is parked and the last commit. Then poll_commit until stopped().
    void stop() noexcept;
    /// The last batch was handed over: poll_fold() has nothing left to do.
    [[nodiscard]] bool drained() const noexcept;
    /// All is durable and every buffer is back at its port; or the store stopped, or has no room for the
    /// rest, which is a gap after the next start.
    [[nodiscard]] bool stopped() const noexcept;

    /// Any thread: whoever makes copies of the store must stop when this is Short.
    [[nodiscard]] SpaceLevel space_level() const noexcept;
    /// Any thread.
    [[nodiscard]] EngineStatus status() const;
    /// Any thread: asks for real_time() to be kept up to date (twice a second, by the fold slice) until then.
    void watch(Nanos until) noexcept;
    /// Any thread: what is going on in each ACD, as of when it was taken last; empty until somebody watched.
    [[nodiscard]] std::vector<RealTime> real_time() const;
    [[nodiscard]] const Counters<FrameRefusal>& refusals(Link link) const noexcept;
    [[nodiscard]] const Counters<ReceiveCounter>& receive_counters(Link link) const noexcept;

private:
    struct Parts;
    explicit Engine(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace twinlink
