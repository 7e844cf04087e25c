// See mirror.hpp.
#include "engine/partner/mirror.hpp"

#include <algorithm>
#include <utility>

namespace twinlink::partner {
namespace {

constexpr u8 kBothLinks = kHaveLinkA | kHaveLinkB;

/// The range in pieces of one kind each.
void append_held(std::vector<HeldEntry>& entries, const Holding& holding, Range range) {
    const auto add = [&](Range part, Held held) {
        entries.push_back({part.first.value, part.last.value, held, 0, 0, 0});
    };
    Seq at = range.first;
    const RangeSet missing = holding.missing.within(range);
    for (const Range& hole : missing.ranges()) {
        if (at < hole.first) add({at, hole.first - 1}, Held::Here);
        const RangeSet lost = holding.lost.within(hole);
        Seq inside = hole.first;
        for (const Range& part : lost.ranges()) {
            if (inside < part.first) add({inside, part.first - 1}, Held::Missing);
            add(part, Held::Lost);
            inside = part.last + 1;
        }
        if (inside <= hole.last) add({inside, hole.last}, Held::Missing);
        at = hole.last + 1;
    }
    if (at <= range.last) add({at, range.last}, Held::Here);
}

}  // namespace

void Mirror::begin() {
    told_.clear();
    their_links_.clear();
    theirs_.clear();
}

void Mirror::changed(Stream stream, Range range) { told_[stream].changed.add(range); }
void Mirror::tip_moved(Stream stream) { told_[stream].tip = true; }

void Mirror::links(Acd acd, bool a, bool b) {
    const auto flags = static_cast<u8>((a ? kHaveLinkA : 0) | (b ? kHaveLinkB : 0));
    if (std::exchange(own_links_[acd], flags) == flags) return;
    for (const auto& [stream, holding] : own_)
        if (stream.acd == acd) tip_moved(stream);
}

bool Mirror::own_links_up(Acd acd) const noexcept {
    const auto at = own_links_.find(acd);
    return at != own_links_.end() && at->second == kBothLinks;
}
bool Mirror::their_links_up(Acd acd) const noexcept {
    const auto at = their_links_.find(acd);
    return at != their_links_.end() && at->second == kBothLinks;
}
bool Mirror::deaf(Acd acd) const noexcept {
    const auto at = own_links_.find(acd);
    return at != own_links_.end() && at->second == 0;
}

std::size_t Mirror::tell(Now now, std::span<const Acd> acds) {
    std::size_t frames = 0;
    for (const auto& [stream, holding] : own_) {
        if (std::ranges::find(acds, stream.acd) == acds.end()) continue;
        Told& told = told_[stream];
        const bool urgent = told.full || !told.changed.empty();
        if (!urgent && !told.tip) continue;
        const Nanos wait{urgent ? have_every_.value : have_every_.value * kTipSlower};
        if (told.at.value != 0 && now.mono - told.at < wait) continue;
        tell(stream, holding, told);
        told.at = now.mono;
        ++frames;
    }
    return frames;
}

/// One stream, in as many frames as its ranges take.
void Mirror::tell(Stream stream, const Holding& holding, Told& told) {
    // Half a commit may have been heard of, and a gap may lie behind `next` for a moment: told when it moves.
    const Range known{Seq{0}, holding.next - 1};
    const RangeSet missing = holding.missing.within(known);
    std::vector<HeldEntry> entries;
    if (told.full) {
        for (const Range& hole : missing.ranges()) append_held(entries, holding, hole);
    } else {
        const RangeSet below = told.changed.within(known);
        for (const Range& range : below.ranges()) append_held(entries, holding, range);
    }
    Have have{};
    have.epoch = stream.epoch.value;
    have.acd = stream.acd.value;
    have.first_seen = holding.first_seen.value;
    have.next = holding.next.value;
    have.pruned = std::min(holding.pruned, holding.next - 1).value;
    have.missing = missing.names();
    const auto links = own_links_.find(stream.acd);
    const u8 flags =
        static_cast<u8>((holding.ended ? kHaveEnded : 0) | (links == own_links_.end() ? 0 : links->second));
    have.flags = static_cast<u8>(flags | (told.full ? kHaveFull : 0));
    const std::size_t before = out_.size();
    for (std::span<const HeldEntry> rest(entries);;) {
        const auto part = rest.first(std::min<std::size_t>(rest.size(), kRangesPerMessage));
        rest = rest.subspan(part.size());
        if (!rest.empty()) have.flags |= kHaveMore;
        write_frame(out_, have, part);
        counters_.add(Counter::HavesOut);
        counters_.add(Counter::FramesOut);
        if (rest.empty()) break;
        have.flags = flags;
    }
    counters_.add(Counter::HaveBytesOut, out_.size() - before);
    told.full = told.tip = false;
    told.changed.remove(known);
}

std::string_view Mirror::on_have(const Have& have, const FrameIn& frame, std::span<const Acd> acds) {
    counters_.add(Counter::HavesIn);
    const Stream stream{Acd{have.acd}, Epoch{have.epoch}};
    if (std::ranges::find(acds, stream.acd) == acds.end()) {
        counters_.add(Counter::StreamsForeign);
        return {};
    }
    auto at = theirs_.find(stream);
    if (at == theirs_.end()) {
        // Of more lives than are kept, both sides keep the newest.
        const auto of_acd = [&](const auto& h) { return h.first.acd == stream.acd; };
        const auto oldest = std::ranges::find_if(theirs_, of_acd);
        const bool full = std::ranges::count_if(theirs_, of_acd) >= static_cast<std::ptrdiff_t>(kLivesPerAcd);
        if ((have.flags & kHaveFull) == 0 || (full && stream < oldest->first)) {
            counters_.add(Counter::StreamsForeign);
            return {};
        }
        if (full) theirs_.erase(oldest);
        at = theirs_.emplace(stream, Holding{}).first;
    } else if ((have.flags & kHaveFull) != 0) {
        at->second = {};
    }
    Holding& holding = at->second;
    if (Seq{have.next} < holding.next) return "names that were held are gone";
    holding.first_seen = Seq{have.first_seen};
    holding.next = Seq{have.next};
    holding.pruned = std::max(holding.pruned, Seq{have.pruned});
    holding.ended = (have.flags & kHaveEnded) != 0;
    their_links_[stream.acd] = have.flags & kBothLinks;
    for (u32 n = 0; n < frame.entries; ++n) {
        const auto entry = frame.entry<HeldEntry>(n);
        const GapState state = entry.held == Held::Here      ? GapState::Filled
                               : entry.held == Held::Missing ? GapState::Open
                                                             : GapState::Lost;
        holding.set({Seq{entry.first}, Seq{entry.last}}, state, false);
    }
    if (holding.missing.size() > kHeldRangesMax) return "more missing ranges than a server can have";
    if ((have.flags & kHaveMore) == 0 && holding.missing.names() != have.missing)
        return "an account of missing names that does not add up";
    return {};
}

}  // namespace twinlink::partner
