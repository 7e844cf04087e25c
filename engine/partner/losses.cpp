// See losses.hpp.
#include "engine/partner/losses.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink::partner {
namespace {

/// Frames for a set of ranges, as many as it takes.
template <class M>
std::size_t write_ranges(std::vector<std::byte>& out, Stream stream, const RangeSet& set,
                         ShimCounters& counters) {
    M message{};
    message.epoch = stream.epoch.value;
    message.acd = stream.acd.value;
    std::vector<RangeEntry> entries;
    for (const Range& range : set.ranges()) entries.push_back({range.first.value, range.last.value});
    std::size_t frames = 0;
    for (std::span<const RangeEntry> rest(entries); !rest.empty(); ++frames) {
        const auto part = rest.first(std::min<std::size_t>(rest.size(), kRangesPerMessage));
        write_frame(out, message, part);
        counters.add(Counter::FramesOut);
        rest = rest.subspan(part.size());
    }
    return frames;
}

}  // namespace

RangeSet Losses::both_missing(Stream stream) const {
    const auto own = own_.find(stream);
    const auto theirs = theirs_.find(stream);
    if (own == own_.end() || theirs == theirs_.end()) return {};
    const Holding& us = own->second;
    const Holding& them = theirs->second;
    const RangeSet waiting = us.missing.without(us.lost).without(us.merged);
    if (planted(Planted::LoseAlone)) return waiting;
    RangeSet none = waiting.common(them.missing);
    // What their retention has taken, they cannot give.
    const RangeSet too_old = waiting.within({Seq{1}, them.pruned});
    for (const Range& range : too_old.ranges()) none.add(range);
    // And what ours has taken, they wait for in vain: here it is in the rows, there it never will be.
    const RangeSet gone = them.missing.without(them.lost).within({Seq{1}, us.pruned}).without(us.missing);
    for (const Range& range : gone.ranges()) none.add(range);
    return none;
}

std::size_t Losses::on_time(Now now, bool proposes) {
    std::size_t frames = 0;
    if (planted(Planted::TrustWallClock)) now.mono = now.wall;
    std::erase_if(watched_, [&](const auto& watched) { return !theirs_.contains(watched.first); });
    for (const auto& [stream, theirs] : theirs_) {
        Watched& watched = watched_[stream];
        if (!mirror_.own_links_up(stream.acd) || !mirror_.their_links_up(stream.acd)) {
            watched.looks.clear();
            continue;
        }
        const Nanos every{lost_after_.value / (kLooks - 1)};
        if (!watched.looks.empty() && now.mono - watched.looks.back().first < every) continue;
        watched.looks.emplace_back(now.mono, both_missing(stream));
        // The oldest look that is still needed is the one before `lost_after`.
        while (watched.looks.size() > 1 && now.mono - watched.looks[1].first >= lost_after_)
            watched.looks.pop_front();
        if (!proposes || now.mono - watched.proposed_at < kProposeEvery) continue;
        const RangeSet due = ripe(stream, now);
        if (due.empty()) continue;
        watched.proposed_at = now.mono;
        if (planted(Planted::LoseAlone))
            static_cast<void>(desk_.tell(OfferPiece::What::Lost, stream, due.ranges().first(1)));
        counters_.add(Counter::LostProposed, due.names());
        frames += write_ranges<LostPropose>(out_, stream, due, counters_);
    }
    return frames;
}

/// What both have lacked for long enough.
RangeSet Losses::ripe(Stream stream, Now now) const {
    const auto watched = watched_.find(stream);
    if (watched == watched_.end() || watched->second.looks.empty()) return {};
    if (planted(Planted::LoseSoon)) return both_missing(stream);
    const auto& looks = watched->second.looks;
    if (now.mono - looks.front().first < lost_after_) return {};
    RangeSet all = both_missing(stream);
    for (const auto& [at, set] : looks) all = all.common(set);
    return all;
}

/// Has those of the frame's ranges that are ripe recorded as lost; returns them.
RangeSet Losses::record(Stream stream, const FrameIn& frame, Now now) {
    RangeSet said;
    for (u32 n = 0; n < frame.entries; ++n) {
        const auto entry = frame.entry<RangeEntry>(n);
        said.add({Seq{entry.first}, Seq{entry.last}});
    }
    if (planted(Planted::TrustWallClock)) now.mono = now.wall;
    const RangeSet due = said.common(ripe(stream, now));
    RangeSet recorded;
    for (auto rest = due.ranges(); !rest.empty();) {
        const auto part = rest.first(std::min<std::size_t>(rest.size(), kOfferRanges));
        if (!desk_.tell(OfferPiece::What::Lost, stream, part)) break;
        for (const Range& range : part) recorded.add(range);
        rest = rest.subspan(part.size());
    }
    counters_.add(Counter::LostAgreed, recorded.names());
    // What was agreed before and not heard of is agreed again.
    const auto own = own_.find(stream);
    if (own != own_.end()) {
        const RangeSet before = said.common(own->second.lost);
        for (const Range& range : before.ranges()) recorded.add(range);
    }
    return recorded;
}

void Losses::on_propose(Stream stream, const FrameIn& frame, Now now) {
    const RangeSet agreed = record(stream, frame, now);
    if (!agreed.empty()) write_ranges<LostAgree>(out_, stream, agreed, counters_);
}

void Losses::on_agree(Stream stream, const FrameIn& frame, Now now) { record(stream, frame, now); }

}  // namespace twinlink::partner
