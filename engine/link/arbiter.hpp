// The arbiter of one ACD: decides for every frame of both links what is new, known, ahead, late, stale or
// wild, keeps the order, and calls a hole a gap when the reorder window has passed.
//
// One thread (the engine's). Pure: time comes in as a parameter, what it decides goes out through an
// ArbiterSink. It reads frame headers only; bodies are touched for what is new (to cut it) and to compare the
// two links' copies. Nothing is allocated after construction but when an epoch begins.
//
// Invariants: names below next() were accepted or are in the gap table; accept() is called in ascending order
// without overlap; every token handed in is released exactly once; no single frame outside the window changes
// next() or a gap.
#pragma once

#include "engine/link/gap_table.hpp"
#include "engine/link/history.hpp"
#include "engine/link/link_maps.hpp"

#include <twinlink/counters.hpp>
#include <twinlink/frame.hpp>

#include <array>
#include <vector>

namespace twinlink {

/// What the arbiter made of a frame. Counted per ACD and link.
enum class Verdict : u8 {
    New,          // extends the stream, all of it
    Overlapping,  // partly known: the rest was taken
    Ahead,        // inside the window behind a hole: parked
    Duplicate,    // all of it known
    Late,         // some of it fills an open gap
    Stale,        // of an older epoch
    Wild,         // outside the window or of an unproven epoch: held back
    Heartbeat,    // no messages
    Count_
};
[[nodiscard]] CounterInfo info(Verdict) noexcept;

/// What the arbiter decides. Called by the engine thread within on_frame(), on_time() and finish().
class ArbiterSink : public GapSink {
public:
    /// All that follows belongs to `epoch`.
    virtual void begin_epoch(Epoch epoch) = 0;
    /// The next messages of the stream. `messages` is valid during the call; `last_time` is the time of the
    /// last one.
    virtual void accept(Seq first, Bytes messages, u32 count, u64 last_time) = 0;
    /// The names [range], right behind what was accepted last, are missing.
    virtual void missing(Range range) = 0;
    /// Messages that were missing, of this or an older epoch.
    virtual void fill(Stream stream, Seq first, Bytes messages, u32 count) = 0;
    /// The copy of `seq` on `link`, `rival`, differs from the one that was accepted from `held_link`, `held`.
    virtual void conflict(Stream stream, Seq seq, Link link, Bytes rival, Link held_link, Bytes held) = 0;
    /// A stream that is no longer the current one, as it stands: when it ended, and after each late fill.
    virtual void older_stream(const StreamRecord& stream) = 0;
    /// Of an older stream, names from `first` on are missing that nobody knew to exist: what came behind them
    /// was accepted as if they had never been.
    virtual void missing_in_older(Stream stream, Seq first) = 0;
    /// The final account of a link for a stream that ended.
    virtual void older_link(const LinkRecord& link) = 0;
    /// The buffer `token`, which came in on `link`, is not needed any more.
    virtual void release(Link link, void* token) = 0;
};

/// What became of messages that did not come over a link. The sum is how many were offered.
struct OfferResult {
    u64 filled = 0;         ///< were missing, are taken now
    u64 extended = 0;       ///< part of filled: they were behind the highest name known here
    u64 held = 0;           ///< are here already, whatever their bytes
    u64 beyond = 0;         ///< behind the highest name that this server knows of
    u64 merged = 0;         ///< in a merged gap: which of its names are missing is not known any more
    u64 unknown_epoch = 0;  ///< of an epoch that this server never saw, or that ended too long ago
};

struct ArbiterConfig {
    Nanos reorder_window = 20_ms;  ///< how long a hole waits for the other link
    Nanos silence = 350_ms;  ///< a link without any frame for this long is silent: three heartbeats and a bit
    u32 parked_max = kParkedFramesMax;
    u32 history_frames = kHistoryFrames;
    u32 wild_max = kWildFramesMax;
    u32 gaps_max = kGapsMax;
    u64 window_seqs = kWindowSeqs;
};

class Arbiter {
public:
    Arbiter(Acd acd, const ArbiterConfig& config, ArbiterSink& sink);

    /// Continues a stream from the store: `gaps` are its open ones. Older epochs first, the current one last.
    void restore(const StreamRecord& stream, std::span<const GapRecord> gaps,
                 std::span<const LinkRecord> links);

    /// Judges a validated frame of this ACD. `token` comes back through release(), now or later.
    Verdict on_frame(const FrameView& frame, void* token, Link link, Now now);
    /// Takes from messages that did not come over a link - a partner's, a capture's, another store's - those
    /// that are missing, exactly as a late copy from a link is: names inside gaps, lost ones too, are filled
    /// under `by`; nothing else changes. What is beyond the present stream is left to the links; the end of
    /// an older one, which no link brings any more, is learnt (see stale()). Precondition: whole, validated
    /// messages, names first .. first + count - 1.
    /// The partner's may also extend the stream, as a third link would: it is asked for that where no link is
    /// heard. Names in front of it, within the window, that nobody has brought are a gap then.
    OfferResult offer(Epoch epoch, Seq first, Bytes messages, u32 count, FilledBy by, Now now);
    /// The partner was asked for these names: their gaps say so.
    void requested(Epoch epoch, Range range);
    /// Both servers have agreed that neither will get these names: what of them is in gaps is lost, until a
    /// copy turns up all the same.
    void lose(Epoch epoch, Range range, Now now);
    /// The partner knows of names up to `last` of an older life. Of one that this server never saw all are
    /// missing from here on, of one that it knows those behind its end (within kOldEndMax). Nothing happens
    /// where the life is newer than the present one, or older than those that can be filled.
    void learn_life(Epoch epoch, Seq last, Now now);
    /// The partner has a life newer than the present one, or this server has none: it is the present one from
    /// here on, names in front of `first` are a gap, what follows is offered (see offer()). Nothing happens
    /// where a link is heard, whose to prove it then is, or where the life is said to have begun more than
    /// kLifeAheadMax behind what this server knows of the ACD's clock.
    void take_up_life(Epoch epoch, Seq first, Now now);
    /// Names that were accepted cannot be read from the store any more: they are missing again, in gaps like
    /// `like`. Returns how many; 0 also of an epoch whose gaps are not known any more.
    u64 lose_hold(Epoch epoch, Range names, const GapRecord& like);
    /// A merged gap, and behind it the ranges of it that are missing (see GapTable::take_apart).
    void take_apart(Epoch epoch, std::span<const Range> parts);
    /// Gaps are merged, and there is room to take them apart.
    [[nodiscard]] bool can_take_apart() const noexcept;
    /// Lets time pass: holes become gaps, links fall silent, proofs ripen. Call every millisecond or so.
    void on_time(Now now);
    /// Before an orderly stop: takes what is parked (what is missing in front of it becomes a gap) and lets
    /// go of all.
    void finish(Now now);

    /// A frame was dropped here (ring full, NIC missed), or refused: gaps found soon after are put down to
    /// that.
    void note_local_drop(Now now) noexcept { local_drop_ = now.mono; }
    void note_refused(Now now) noexcept { refused_ = now.mono; }

    [[nodiscard]] bool active() const noexcept { return epoch_.value != 0; }
    /// Valid frames judged, both links, of the present stream.
    [[nodiscard]] u64 frames() const noexcept { return links_[0].base.frames + links_[1].base.frames; }
    [[nodiscard]] u64 stream_epoch() const noexcept { return epoch_.value; }
    [[nodiscard]] StreamRecord stream() const noexcept;
    [[nodiscard]] LinkRecord link(Link link) const noexcept;
    [[nodiscard]] const GapTable& gaps() const noexcept { return gaps_; }
    [[nodiscard]] const Counters<Verdict>& verdicts(Link link) const noexcept {
        return links_[index(link)].verdicts;
    }
    [[nodiscard]] std::size_t parked() const noexcept { return parked_.size() - parked_head_; }

private:
    /// Frames held back that are of one stream; those of a link lie one run behind the other, by epoch.
    struct WildRun {
        Stream stream;
        Seq first;      // of the first frame ...
        Nanos arrived;  // ... and when that came
        u32 frames = 0;
        bool pump_up = false;  // one of them is part of a pump-up
    };
    struct PerLink {
        LinkRecord base{};  // counted so far; sums of the maps before a restart included
        Counters<Verdict> verdicts;
        std::vector<HeldFrame> wild;
        std::vector<WildRun> runs;  // of wild
        Nanos heard;                // latest valid frame
        Nanos in_range;             // latest frame inside the window of the current epoch
        Nanos silence_ended;
        bool silent = false;
    };
    struct Older {
        StreamRecord record;
        GapTable gaps;
    };

    // acceptance.cpp: what is believed
    Verdict hold_wild(const HeldFrame& frame, Now now);
    void drop_wild(PerLink& link);
    bool proven(Link link, const WildRun& mine, Now now) const noexcept;
    bool older_waits(Epoch epoch, Now now) const noexcept;
    void adopt_proven(Now now);
    void adopt(Link link, Stream stream, Now now);
    std::vector<HeldFrame> take_wild(PerLink& link, Stream stream);
    void start_epoch(Epoch epoch, Seq first, Now now);
    void watch_silence(Now now);
    GapCause cause_of_hole(Now now) const noexcept;

    // offered.cpp: what did not come over a link
    void extend(Seq first, Bytes messages, u32 count, Now now);
    GapTable* gaps_of(Epoch epoch) noexcept;

    // arbiter.cpp: order
    void accept(Seq first, Bytes messages, u32 count, Now now);
    bool learn_end(Older& o, Seq end, Now now);
    u64 fill_older(Older& o, Seq first, Seq end, Bytes messages, FilledBy by, Now now);
    Verdict stale(const HeldFrame& frame, Now now);
    Verdict in_range(const HeldFrame& frame, Now now);
    Verdict heartbeat(const HeldFrame& frame, Now now);
    Verdict park(const HeldFrame& frame, Now now);
    bool known(const HeldFrame& frame, Now now);
    void take(const HeldFrame& frame, Now now);
    void drain(Now now);
    void open_gap(Seq end, Now now);
    void compare(const HeldFrame& copy, const HeldFrame& original);
    void note_hole(Now now) noexcept;

    Acd acd_;
    ArbiterConfig config_;
    ArbiterSink& sink_;

    Epoch epoch_;  // 0 = none yet
    Seq first_seen_;
    Seq next_;
    Seq announced_;  // end of what heartbeats say exists
    Nanos announced_at_;
    Nanos hole_since_;  // 0 = no hole at next_
    Nanos progress_;    // when next_ moved last
    Nanos local_drop_;
    Nanos refused_;
    u64 messages_ = 0;
    u64 last_time_ = 0;
    u64 begun_wall_ = 0;
    u64 last_wall_ = 0;
    bool ended_ = false;
    bool after_restart_ = false;  // nothing was accepted since restore()
    bool maps_started_ = false;
    bool want_time_after_ = false;

    GapTable gaps_;
    LinkMaps maps_;
    History history_;
    std::vector<HeldFrame> parked_;  // ascending by first, from parked_head_ on
    std::size_t parked_head_ = 0;
    std::array<PerLink, kLinks> links_;
    std::vector<Older> older_;  // newest last, at most kOlderStreams
    static constexpr std::size_t kOlderStreams = 3;
    /// Lives of which a link holds frames back. Chosen: more than a burst of a capture goes through.
    static constexpr std::size_t kWildLives = 8;
    /// How far a life that the partner tells of may lie ahead of the ACD's clock as known here: a wrong one
    /// stands in the way of what links bring for so long. Chosen: more than clocks are set by.
    static constexpr Nanos kLifeAheadMax = 86'400_s;
    /// Names that a late frame may add to the end of an older life. Chosen: what a link may lag behind, and
    /// far from where a stray number would lie.
    static constexpr u64 kOldEndMax = kLinkMapSeqs;
};

}  // namespace twinlink
