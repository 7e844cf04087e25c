// What a restart reads. The writer thread, before or between commits.
#include "engine/store/store.hpp"

#include <algorithm>

namespace twinlink {

Expected<Recovered> Store::load() const {
    auto snapshot = this->snapshot();
    if (!snapshot) return std::unexpected(snapshot.error());
    auto info = snapshot->info();
    if (!info) return std::unexpected(info.error());
    Recovered r;
    snapshot->on_damage([&](const Damage& d) { r.damage.push_back(d); });
    r.info = *info;
    r.streams = snapshot->streams();
    GapFilter missing;
    missing.states = GapFilter::kMissing;
    r.gaps = snapshot->gaps(missing);
    r.links = snapshot->links();
    r.intervals = snapshot->intervals();
    std::erase_if(r.intervals, [](const IntervalRecord& i) { return i.closed != 0; });
    r.acds = snapshot->acds();
    r.traces = snapshot->traces();
    r.skips = snapshot->skips();
    for (const LinkEventRecord& e : snapshot->link_events()) {
        const bool newer = !r.link_events.empty() && r.link_events.back().acd == e.acd;
        if (newer && r.link_events.back().open == 0) r.link_events.pop_back();
        r.link_events.push_back(e);
    }
    // Newest first; the first one of each ACD that can be believed.
    auto entries = snapshot->checkpoints();
    for (auto at = entries.rbegin(); at != entries.rend(); ++at) {
        if (!r.checkpoints.empty() && r.checkpoints.back().entry.stream.acd == at->stream.acd) continue;
        snapshot->checkpoint(at->stream, at->seq, [&](const CheckpointEntry& entry, Bytes state) {
            r.checkpoints.push_back({entry, {state.begin(), state.end()}});
        });
    }
    std::ranges::reverse(r.checkpoints);
    return r;
}

Expected<void> Store::for_each_block(Stream stream, Seq from, const std::function<bool(const BlockView&)>& fn,
                                     const DamageFn& on_damage) const {
    auto snapshot = this->snapshot();
    if (!snapshot) return std::unexpected(snapshot.error());
    if (on_damage) snapshot->on_damage(on_damage);
    snapshot->blocks(stream, {from, Seq{std::numeric_limits<u64>::max()}}, fn);
    return {};
}

}  // namespace twinlink
