// A set of names as ranges that neither overlap nor touch, ascending. What is missing, asked for, lost.
//
// A plain value. Each change is linear in the ranges behind its place: sets here have a few thousand at most.
#pragma once

#include <twinlink/types.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace twinlink::partner {

class RangeSet {
public:
    [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return ranges_.size(); }
    [[nodiscard]] std::span<const Range> ranges() const noexcept { return ranges_; }
    /// How many names.
    [[nodiscard]] u64 names() const noexcept { return names_; }
    void clear() noexcept {
        ranges_.clear();
        names_ = 0;
    }

    void add(Range range) {
        remove(range);
        auto at = behind(range.first);
        names_ += range.count();
        if (at != ranges_.end() && range.last + 1 == at->first) {
            range.last = at->last;
            at = ranges_.erase(at);
        }
        if (at != ranges_.begin() && std::prev(at)->last + 1 == range.first)
            std::prev(at)->last = range.last;
        else
            ranges_.insert(at, range);
    }

    void remove(Range range) {
        auto at = behind(range.first);
        while (at != ranges_.end() && at->first <= range.last) {
            const Range old = *at;
            const Range cut{std::max(old.first, range.first), std::min(old.last, range.last)};
            names_ -= cut.count();
            if (cut == old) {
                at = ranges_.erase(at);
            } else if (cut.first == old.first) {
                at->first = cut.last + 1;
                return;
            } else {
                at->last = cut.first - 1;
                ++at;
                if (cut.last != old.last) {
                    ranges_.insert(at, {cut.last + 1, old.last});
                    return;
                }
            }
        }
    }
    void remove(const RangeSet& other) {
        for (const Range& range : other.ranges_) remove(range);
    }

    [[nodiscard]] bool touches(Range range) const noexcept {
        const auto at = std::ranges::lower_bound(ranges_, range.first, {}, &Range::last);
        return at != ranges_.end() && at->first <= range.last;
    }
    [[nodiscard]] bool holds(Range range) const noexcept {
        const auto at = std::ranges::lower_bound(ranges_, range.first, {}, &Range::last);
        return at != ranges_.end() && at->first <= range.first && range.last <= at->last;
    }
    /// The parts of this set within `range`.
    [[nodiscard]] RangeSet within(Range range) const {
        RangeSet part;
        auto at = std::ranges::lower_bound(ranges_, range.first, {}, &Range::last);
        for (; at != ranges_.end() && at->first <= range.last; ++at)
            part.push_back({std::max(at->first, range.first), std::min(at->last, range.last)});
        return part;
    }
    /// Names that are in this set and not in `other`.
    [[nodiscard]] RangeSet without(const RangeSet& other) const {
        RangeSet rest;
        auto hole = other.ranges_.begin();
        for (Range range : ranges_) {
            while (hole != other.ranges_.end() && hole->last < range.first) ++hole;
            for (auto h = hole; h != other.ranges_.end() && h->first <= range.last; ++h) {
                if (h->first > range.first) rest.push_back({range.first, h->first - 1});
                range.first = h->last + 1;
            }
            if (range.first <= range.last) rest.push_back(range);
        }
        return rest;
    }
    /// Names that are in both.
    [[nodiscard]] RangeSet common(const RangeSet& other) const {
        RangeSet both;
        auto b = other.ranges_.begin();
        for (auto a = ranges_.begin(); a != ranges_.end() && b != other.ranges_.end();) {
            const Range part{std::max(a->first, b->first), std::min(a->last, b->last)};
            if (part.first <= part.last) both.push_back(part);
            if (a->last < b->last)
                ++a;
            else
                ++b;
        }
        return both;
    }

    friend bool operator==(const RangeSet& a, const RangeSet& b) noexcept { return a.ranges_ == b.ranges_; }

private:
    std::vector<Range>::iterator behind(Seq first) noexcept {
        return std::ranges::lower_bound(ranges_, first, {}, &Range::last);
    }
    void push_back(Range range) {
        ranges_.push_back(range);
        names_ += range.count();
    }

    std::vector<Range> ranges_;
    u64 names_ = 0;
};

}  // namespace twinlink::partner
