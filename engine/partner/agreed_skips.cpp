// See agreed_skips.hpp.
#include "engine/partner/agreed_skips.hpp"

namespace twinlink::partner {

void AgreedSkips::reload(std::span<const SkipRecord> all) {
    own_.clear();
    for (const SkipRecord& name : all)
        own_[{Acd{name.acd}, Epoch{name.epoch}}].add({Seq{name.seq}, Seq{name.seq}});
}

void AgreedSkips::add(const SkipRecord& name, bool up) {
    const Stream stream{Acd{name.acd}, Epoch{name.epoch}};
    RangeSet one;
    one.add({Seq{name.seq}, Seq{name.seq}});
    own_[stream].add({Seq{name.seq}, Seq{name.seq}});
    if (up) tell(stream, one);
}

void AgreedSkips::begin() {
    wanted_.clear();
    for (const auto& [stream, names] : own_) tell(stream, names);
}

void AgreedSkips::tell(Stream stream, const RangeSet& names) {
    Skips message{};
    message.epoch = stream.epoch.value;
    message.acd = stream.acd.value;
    std::vector<RangeEntry> entries;
    for (const Range& range : names.ranges())  // neighbours are one range there, and single names on the wire
        for (u64 seq = range.first.value; seq <= range.last.value; ++seq) entries.push_back({seq, seq});
    write_frame(out_, message, std::span<const RangeEntry>(entries));
    counters_.add(Counter::FramesOut);
}

void AgreedSkips::on_skips(const Skips& message, const FrameIn& frame) {
    const Stream stream{Acd{message.acd}, Epoch{message.epoch}};
    RangeSet told;
    for (u32 n = 0; n < frame.entries; ++n) {
        const auto entry = frame.entry<RangeEntry>(n);
        told.add({Seq{entry.first}, Seq{entry.last}});
    }
    const auto own = own_.find(stream);
    const RangeSet news = own == own_.end() ? told : told.without(own->second);
    for (const Range& range : news.ranges()) wanted_[stream].add(range);
}

void AgreedSkips::work() {
    for (auto at = wanted_.begin(); at != wanted_.end(); at = wanted_.erase(at)) {
        std::vector<Range> names;
        for (const Range& range : at->second.ranges())
            for (Seq seq = range.first; seq <= range.last; seq = seq + 1) names.push_back({seq, seq});
        if (names.size() > kOfferRanges) continue;  // more than a server can have: nothing of it is believed
        if (!desk_.tell(OfferPiece::What::Skip, at->first, names)) return;  // with the next slice
    }
}

}  // namespace twinlink::partner
