// What each server was seen to hold durably and what it lacked, over the time: names that were durable stay,
// and nothing is called lost that either had, or before both have waited.
#pragma once

#include "tests/sim/links.hpp"

namespace twinlink::sim_test {

class Ledger : public Links {
protected:
    using Links::Links;
    using Sets = std::map<Stream, RangeSet>;

    /// Takes down what server `n` has now.
    void look(int n, const StoreSnapshot& snapshot) {
        Books& books = books_[index(n)];
        Sets missing;
        Sets lost;
        Sets merged;
        for (const GapRecord& gap : snapshot.gaps({.acd = {}, .epoch = {}, .states = GapFilter::kMissing})) {
            missing[stream_of(gap)].add(gap.range());
            if (gap.merged != 0)
                merged[stream_of(gap)].add(gap.range());  // some of its names are here
            else if (gap.state == GapState::Lost)
                lost[stream_of(gap)].add(gap.range());
        }
        for (const StreamRecord& record : snapshot.streams()) {
            const Stream stream = stream_of(record);
            RangeSet& ever = books.ever[stream];
            const RangeSet gone = ever.common(missing[stream]).without(merged[stream]);
            if (!gone.empty())
                violated(called(n) + " lacks " + text_of(gone) + " of " + called(stream) +
                         ", which were durable");
            RangeSet held;
            if (record.next > 1) held.add({Seq{1}, Seq{record.next} - 1});
            held = held.without(missing[stream]);
            for (const Range& range : held.ranges()) ever.add(range);
        }
        for (const auto& [stream, set] : lost) {
            const RangeSet fresh = set.without(books.lost[stream]);
            if (!fresh.empty()) check_loss(n, stream, fresh);
            for (const Range& range : fresh.ranges()) books.lost[stream].add(range);
        }
        if (!books.looks.empty() && step_ - books.looks.back().step < kLookEvery) return;
        books.looks.push_back({step_, books.ever, std::move(missing)});
        if (books.looks.size() > kLooks) books.looks.pop_front();
    }
    /// The machine was replaced: its successor owes nothing.
    void forget(int n) { books_[index(n)] = {}; }

    /// Server `n` has lacked all of `range` for so many steps.
    bool has_lacked(int n, Stream stream, Range range, u64 steps) const {
        const Look* const then = look_before(n, step_ - std::min(step_, steps));
        if (then == nullptr) return false;
        const auto missing = then->missing.find(stream);
        return missing != then->missing.end() && missing->second.holds(range);
    }
    /// Names that server `n` ever held, or its predecessor on that machine did not.
    const Sets& ever(int n) const { return books_[index(n)].ever; }

    static std::string text_of(const RangeSet& set) {
        std::string text;
        for (const Range& range : set.ranges())
            text += (text.empty() ? "" : ", ") + std::to_string(range.first.value) + " to " +
                    std::to_string(range.last.value);
        return text;
    }

private:
    static constexpr u64 kLookEvery = 400;
    static constexpr std::size_t kLooks = 40;
    /// What a server has is known to the other one after so many steps: connections stall and are slow.
    static constexpr u64 kToldAfter = 9'000;

    struct Look {
        u64 step;
        Sets ever;
        Sets missing;
    };
    struct Books {
        Sets ever;
        Sets lost;  ///< called so at any time
        std::deque<Look> looks;
    };

    /// The newest look that is not younger than `step`.
    const Look* look_before(int n, u64 step) const {
        const auto& looks = books_[index(n)].looks;
        const auto behind = std::ranges::upper_bound(looks, step, {}, &Look::step);
        return behind == looks.begin() ? nullptr : &*std::prev(behind);
    }
    /// Server `n` calls these names lost, of now.
    void check_loss(int n, Stream stream, const RangeSet& lost) {
        say(called(n) + " calls lost " + text_of(lost) + " of " + called(stream));
        const u64 lost_after = settings_.lost_after.value / 1'000'000;
        const u64 waited = lost_after - std::min<u64>(lost_after, 1'000);
        for (int m = 0; m < 2; ++m) {
            if (settings_.forgets() && m != n) continue;  // it may have had them, and let them go
            const Look* const told = look_before(m, step_ - std::min(step_, kToldAfter));
            if (told != nullptr && told->ever.contains(stream)) {
                const RangeSet had = told->ever.at(stream).common(lost);
                if (!had.empty())
                    violated(called(n) + " calls lost what " + called(m) + " had: " + text_of(had));
            }
            for (const Range& range : lost.ranges())
                if (!has_lacked(m, stream, range, waited))
                    violated(called(n) + " calls lost what " + called(m) + " has not lacked for long: " +
                             std::to_string(range.first.value) + " to " + std::to_string(range.last.value));
        }
        const bool agreed = std::ranges::any_of(connections_, [&](const Connection& c) {
            const u64 ended = c.ended == 0 ? step_ : c.ended;
            return ended + 1'000 >= step_ && ended - c.begun >= waited;
        });
        if (!agreed) violated(called(n) + " calls names lost without having asked for long enough");
    }

    std::array<Books, 2> books_;
};

}  // namespace twinlink::sim_test
