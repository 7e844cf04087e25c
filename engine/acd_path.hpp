// The way of one ACD's messages inside the fold thread: arbiter -> journal and fold -> the batch being
// gathered.
//
// One per configured ACD, owned by the fold stage, one thread. It joins the pure parts and writes what they
// decide into the CommitBatch that it is given; it never touches the store. Invariant: everything the batch
// says of this ACD holds at the same place of its stream, the `next` of the StreamRecord that close()
// appends.
#pragma once

#include "engine/fold/fold.hpp"
#include "engine/link/arbiter.hpp"
#include "engine/link_exceptions.hpp"
#include "engine/refold.hpp"
#include "engine/store/commit_batch.hpp"

#include <twinlink/engine.hpp>

#include <array>
#include <atomic>
#include <vector>

namespace twinlink {

/// Buffers on their way back to the receive thread, per link.
using Returns = std::array<std::vector<void*>, kLinks>;

class AcdPath final : public ArbiterSink, public FoldSink {
public:
    AcdPath(const AcdConfig& acd, const EngineConfig& config, const ArbiterConfig& arbiter, Returns& returns,
            RefoldDesk& desk);

    [[nodiscard]] Acd acd() const noexcept { return acd_; }
    [[nodiscard]] Arbiter& arbiter() noexcept { return arbiter_; }
    [[nodiscard]] const Arbiter& arbiter() const noexcept { return arbiter_; }
    [[nodiscard]] Fold& fold() noexcept { return fold_; }
    /// Messages accepted since start, fills included.
    [[nodiscard]] u64 messages() const noexcept { return messages_; }
    [[nodiscard]] u64 conflicts() const noexcept { return conflicts_; }
    /// Bytes gathered and not yet in the batch.
    [[nodiscard]] u64 gathered_bytes() const noexcept { return gathered_.size(); }

    /// All that follows goes to `batch`, until the next call.
    void gather_into(CommitBatch& batch, u64 number) noexcept {
        batch_ = &batch;
        batch_number_ = number;
    }
    /// The clocks of this slice; what happens in it is dated with them.
    void set_now(Now now) noexcept { now_ = now; }
    /// Something waits to be made durable.
    [[nodiscard]] bool dirty() const noexcept { return dirty_; }
    /// Frames came since the links' accounts were last closed.
    [[nodiscard]] bool links_moved() const noexcept { return arbiter_.frames() != frames_closed_; }
    /// A few times a second: what the links did goes to the batch.
    void watch_links();
    /// Any thread: this ACD is not collected since then, server's wall clock; 0 = it is collected.
    void set_off_since(u64 wall) noexcept { off_since_.store(wall, std::memory_order_relaxed); }
    /// Does what set_off_since() said.
    void obey() {
        if ((off_since_.load(std::memory_order_relaxed) != 0) == off_) return;
        off_ = !off_;
        arbiter_.collect(!off_, now_);
    }
    /// Its frames are not taken.
    [[nodiscard]] bool off() const noexcept { return off_; }
    /// The frame is given back, unread.
    void leave(Link link, void* token) {
        ++frames_left_;
        release(link, token);
    }
    [[nodiscard]] u64 frames_left() const noexcept { return frames_left_; }
    /// At an orderly stop.
    void finish_links() { exceptions_.finish(now_, batch_->link_events); }
    /// Completes what the batch must say of this ACD. `rows` = also the open interval's rows; `links` = also
    /// the links' accounts, when nothing else changed.
    void close(bool rows, bool links);

    // recovery
    /// What follows up to recovered() is folded from `place` on: no journal, no arbiter, and every interval
    /// that it hands on replaces what the store has of it.
    void recover_from(FoldPlace place) {
        place_ = place;
        replacing_ = true;
    }
    void refold(Seq first, Bytes messages, u32 count);
    void refold_missing(u64 count);
    void refold_begin(Epoch epoch) {
        desk_.traces.set(fold_, {place_.epoch, TraceHistory::kEnd});
        fold_.begin_epoch(epoch, *this);
        place_ = {epoch, Seq{1}};
    }
    void recovered();
    /// Whose activities are traced from here on is what the configuration says; a change is written down.
    void settle_trace();
    /// What the store has of this ACD's link exceptions.
    void restore_links(std::span<const LinkEventRecord> last) {
        exceptions_.restore(last, batch_->link_events);
        torn_seen_ = fold_.counter(FoldCounter::PumpUpsTorn);
    }

    /// A copy of a name that is held here, brought by whom it says, that differs from what the journal has.
    /// `wins`: it counts from now on.
    void take_rival(Stream stream, Seq seq, Bytes copy, FilledBy by, bool wins);

    /// A message that is not folded from now on: written down, and where it was folded already, its rows are
    /// made anew without it.
    void skip(const SkipRecord& name) {
        if (remember_skip(name)) note_skip(name);
    }
    /// The first half: it is not folded any more. False: it was not before, or there is no room.
    bool remember_skip(const SkipRecord& name);
    /// The second half.
    void note_skip(const SkipRecord& name);
    [[nodiscard]] const std::vector<SkipRecord>& skips() const noexcept { return skips_; }

    // refold: see refold.hpp
    [[nodiscard]] RefoldDesk& desk() noexcept { return desk_; }
    /// The fold stage's part of it, once a slice. Batches up to `committed` are durable.
    void meet_refolder(Now now, u64 committed);
    [[nodiscard]] bool refolding() const noexcept {
        return wanted_ || desk_.state.load(std::memory_order_acquire) != RefoldDesk::State::Idle;
    }

    // ArbiterSink
    void begin_epoch(Epoch epoch) override;
    void accept(Seq first, Bytes messages, u32 count, u64 last_time) override;
    void missing(Range range) override;
    void fill(Stream stream, Seq first, Bytes messages, u32 count) override;
    void conflict(Stream stream, Seq seq, Link link, Bytes rival, Bytes held) override;
    void older_stream(const StreamRecord& stream) override;
    void older_link(const LinkRecord& link) override;
    void release(Link link, void* token) override { returns_[index(link)].push_back(token); }
    void gap_changed(const GapRecord& gap) override;
    void gap_gone(Stream stream, Seq first) override;
    void gap_apart(Stream stream, Range whole) override;
    // FoldSink
    void row(const RowKey& key, std::span<const u64> items, bool closed) override;
    void interval(const IntervalRecord& interval) override;
    void translation(const NameRecord& name) override;
    void acd(const AcdRecord& acd) override;
    void checkpoint(Epoch epoch, Seq seq, u64 interval_start) override;
    void pump_up(PumpUpWhy why) override;

private:
    /// What was accepted since the meeting point, to be folded once more.
    struct TailPiece {
        enum class What : u8 { Messages, Missing, Epoch } what;
        u64 first;  ///< Seq, count of names, or epoch
        u32 count;
        u64 offset;
        u64 bytes;
    };

    void end_block();
    void post_refold(Now now, u64 committed);
    void note_filled(const GapRecord& gap);
    void heal();
    void take_over();
    void came_late(Stream stream, Seq first);
    void note_fill(FoldPlace place);
    void replaces(const IntervalRecord& interval);
    void add_to_tail(TailPiece::What what, u64 first, u32 count, Bytes messages);

    Acd acd_;
    std::vector<u64> traced_;  ///< login ids, as configured, ascending
    Nanos checkpoint_every_;
    Returns& returns_;
    Arbiter arbiter_;
    Fold fold_;
    CommitBatch* batch_ = nullptr;
    Now now_{};
    Nanos checkpointed_;
    JournalBlock block_;               // being gathered; count 0 = none
    std::vector<std::byte> gathered_;  // its bytes
    u64 frames_closed_ = 0;
    u64 messages_ = 0;
    u64 conflicts_ = 0;
    bool dirty_ = false;

    FoldPlace place_;  ///< the next name that the fold gets
    RefoldDesk& desk_;
    bool wanted_ = false;  ///< a late fill waits for its refold
    FoldPlace wanted_from_;
    Nanos wanted_since_;
    Nanos filled_at_;
    Nanos posted_at_;    ///< when the latest refold was asked for ...
    Nanos refold_took_;  ///< ... and how long the one before took
    u64 batch_number_ = 1;
    u64 filled_batch_ = 0;  ///< number of the batch that has the latest fill
    bool tailing_ = false;
    bool spoilt_ =
        false;  ///< the tail outgrew its bound, or something came late meanwhile: what comes is of no use
    std::vector<TailPiece> tail_;
    std::vector<std::byte> tail_bytes_;
    /// A gap that was filled, until its rows are folded again.
    struct FilledGap {
        GapRecord record;
        Nanos at;  // monotonic, of the latest name
    };
    std::vector<FilledGap> filled_;   ///< since the latest refold was asked for
    std::vector<FilledGap> healing_;  ///< what that refold folds in
    bool replacing_ = false;          ///< intervals that the fold hands on replace what the store has of them
    IntervalRecord open_interval_{};

    std::atomic<u64> off_since_{0};
    bool off_ = false;
    u64 frames_left_ = 0;
    FoldTrail* trail_;
    std::vector<SkipRecord> skips_;  ///< those of the desk's list
    LinkExceptions exceptions_;
    GapCause gap_cause_{};  ///< of the gap told of last
    u64 torn_seen_ = 0;     ///< FoldCounter::PumpUpsTorn, as far as it was told
};

}  // namespace twinlink
