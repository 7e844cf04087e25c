// The open gaps of one stream: the names that this server lacks, as ranges that never overlap. Those that
// were given up as lost are among them: a copy may turn up all the same.
//
// Owned by the arbiter; one thread; bounded by kGapsMax. What changes is told to a GapSink, which writes it
// down; a gap is forgotten here when it is filled, never in the store. Fills cut a gap in up to three pieces,
// each with its own record, so that at any time the open records are exactly what is missing - but for merged
// ones: where neighbours had to be merged for want of room, `missing` stays exact and the range becomes an
// upper bound.
#pragma once

#include <twinlink/limits.hpp>
#include <twinlink/records.hpp>

#include <span>
#include <vector>

namespace twinlink {

/// Told of every gap record that is new or changed, or that must go because it was merged or its start moved.
class GapSink {
public:
    virtual ~GapSink() = default;
    virtual void gap_changed(const GapRecord&) = 0;
    virtual void gap_gone(Stream stream, Seq first) = 0;
    /// A merged gap was taken apart: names of `whole` for which no record follows are here.
    virtual void gap_apart(Stream stream, Range whole) = 0;
};

class GapTable {
public:
    explicit GapTable(Stream stream, u32 gaps_max = kGapsMax);

    /// Takes over gaps that were stored earlier, open or lost, in any order.
    void restore(const GapRecord& gap);
    /// [range] is missing. Precondition: it lies behind every gap in the table.
    void open(Range range, GapCause cause, u64 wall, u64 time_before, GapSink& sink);
    /// Names of [range] that are in no gap were here and are missing again: a gap for each part of them.
    /// `like` says all but their range. Returns how many names that are. Nothing where there is no room.
    u64 reopen(Range range, const GapRecord& like, GapSink& sink);
    /// The first message behind the newest gap has this time.
    void time_after(u64 time, GapSink& sink);
    /// Names [first, end) came late. Calls `piece(Range)` for each part that was missing, in order, and
    /// returns the number of names filled. Parts in a merged gap are not filled: which of its names are
    /// missing is not known here.
    template <class F>
    u64 fill(Seq first, Seq end, FilledBy by, u64 wall, GapSink& sink, F&& piece) {
        u64 filled = 0;
        for (Range part; next_missing(first, end, part); first = part.last + 1) {
            piece(part);
            close(part, by, wall, sink);
            filled += part.count();
        }
        return filled;
    }

    /// The partner was asked for names of these gaps.
    void requested(Range range, GapSink& sink);
    /// What of `range` is in gaps is lost: those gaps are cut so that exactly that part says so. Merged gaps
    /// stay as they are, and so does everything when the table is full.
    void lose(Range range, u64 wall, GapSink& sink);

    /// Makes gaps of their own of a merged one's missing names. `parts` is the merged gap's range, and behind
    /// it the ranges that are missing of it, ascending, the last one reaching to its end: merged still where
    /// more names are missing than are told. Nothing happens when there is no such gap, or the numbers do not
    /// fit; where the table has no room for all, the rest stays merged.
    void take_apart(std::span<const Range> parts, GapSink& sink);
    /// Gaps are merged, and there is room for their parts.
    [[nodiscard]] bool can_take_apart() const noexcept { return merged_ != 0 && open_.size() < gaps_max_; }

    [[nodiscard]] bool empty() const noexcept { return open_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }
    /// Names missing over all open gaps.
    [[nodiscard]] u64 missing() const noexcept { return missing_; }
    /// First missing name; precondition: not empty.
    [[nodiscard]] Seq first() const noexcept { return Seq{open_.front().record.first}; }
    /// The open gap at a place in order, 0 .. size() - 1.
    [[nodiscard]] const GapRecord& at(std::size_t i) const noexcept { return open_[i].record; }
    /// Some name of [first, end) is in an open gap.
    [[nodiscard]] bool touches(Seq first, Seq end) const noexcept;
    /// How many names of [first, end) lie in merged gaps: fill() leaves those out.
    [[nodiscard]] u64 in_merged(Seq first, Seq end) const noexcept;
    /// How many of size() are lost, not open.
    [[nodiscard]] std::size_t lost() const noexcept;

private:
    struct Open {
        GapRecord record;
        GapRecord head;  // the filled piece that ends right before record.first; head.first == 0: none
    };
    std::size_t find(Seq seq) const noexcept;
    bool next_missing(Seq first, Seq end, Range& part) const noexcept;
    void close(Range part, FilledBy by, u64 wall, GapSink& sink);
    bool split(std::size_t i, Seq at, GapSink& sink);
    void merge_nearest(GapSink& sink);

    Stream stream_;
    u32 gaps_max_;
    std::vector<Open> open_;  // ascending
    u64 missing_ = 0;
    u32 merged_ = 0;  ///< how many of open_ are
};

}  // namespace twinlink
