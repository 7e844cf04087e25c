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
#include "engine/offer.hpp"
#include "engine/refold.hpp"
#include "engine/store/commit_batch.hpp"

#include <twinlink/engine.hpp>

#include <algorithm>
#include <array>
#include <utility>
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
    /// What recovery folds of these intervals is less than what the store has of them: it is not handed on.
    void keep(std::span<const IntervalRecord> closed);
    void refold(Seq first, Bytes messages, u32 count);
    void refold_missing(u64 count);
    void refold_begin(Epoch epoch) {
        desk_.traces.set(fold_, {place_.epoch, TraceHistory::kEnd});
        fold_.begin_epoch(epoch, *this);
        place_ = {epoch, Seq{1}};
    }
    void recovered();
    /// All of the journal, from the ACD's first life on, is to be folded again; gaps that were filled heal by
    /// it.
    void fold_again(const StreamRecord& first, std::span<const GapRecord> filled);
    /// Whose activities are traced from here on is what the configuration says; a change is written down.
    void settle_trace();
    /// What the store has of this ACD's link exceptions.
    void restore_links(std::span<const LinkEventRecord> last) {
        exceptions_.restore(last, batch_->link_events);
        torn_seen_ = fold_.counter(FoldCounter::PumpUpsTorn);
    }

    /// A copy of a name that is held here, brought by whom it says, that differs from what the journal has.
    /// `wins`: it counts from now on.
    void take_rival(Stream stream, Seq seq, Bytes copy, FilledBy by, bool wins,
                    FilledBy held_by = FilledBy::Nobody);

    /// Something that the store had of this ACD cannot be read any more (mend.cpp).
    void mend(const OfferPiece& piece);

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
    void conflict(Stream stream, Seq seq, Link link, Bytes rival, Link held_link, Bytes held) override;
    void older_stream(const StreamRecord& stream) override;
    void missing_in_older(Stream stream, Seq first) override;
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
    void lose_hold(Stream stream, const OfferMend& mend, Range names);
    void heal();
    void take_over();
    void came_late(Stream stream, Seq first, u64 count);
    void note_fill(FoldPlace place, u64 count);
    void want_refold(FoldPlace place);
    void want_what_came();
    void adopt_refolded();
    void replaces(const IntervalRecord& interval);
    [[nodiscard]] bool kept(u64 start, u16 instance) const noexcept {
        return !kept_.empty() && std::ranges::binary_search(kept_, std::pair{start, instance});
    }
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
    u64 wanted_batch_ = 0;  ///< number of the batch that must be durable before that refold begins
    bool tailing_ = false;
    bool spoilt_ = false;  ///< what the refold under way comes to is of no use
    FoldSpans came_;       ///< late, in front of the meeting point, and perhaps behind that refold's back
    FoldSpan latest_;      ///< what came late last
    FoldSpans fresh_;      ///< late, and perhaps not durable yet ...
    u64 fresh_batch_ = 0;  ///< ... all of it is when this batch is
    std::vector<TailPiece> tail_;
    std::vector<std::byte> tail_bytes_;
    /// A gap that was filled, until its rows are folded again.
    struct FilledGap {
        GapRecord record;
        FoldSpan names;  // of the record, those that no refold has folded in
        Nanos at;        // monotonic, of the latest of them
    };
    std::vector<FilledGap> filled_;  ///< until a refold that has them is taken over
    bool replacing_ = false;         ///< intervals that the fold hands on replace what the store has of them
    IntervalRecord open_interval_{};
    std::vector<std::pair<u64, u16>> kept_;  ///< intervals that recovery leaves as they are, ascending

    LinkExceptions exceptions_;
    GapCause gap_cause_{};  ///< of the gap told of last
    u64 torn_seen_ = 0;     ///< FoldCounter::PumpUpsTorn, as far as it was told
};

}  // namespace twinlink
