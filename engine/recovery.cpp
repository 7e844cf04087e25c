// Recovery: from what the store holds to a running fold and arbiter. Cold; part of the fold stage
// (pipeline.hpp).
//
// The fold's state is never stored whole at each commit: it is the newest checkpoint plus the journal behind
// it. So a restart loads the checkpoint and folds the journal again up to the watermark, with missing()
// wherever names are in a gap. States that lack what came late are gone (refold.hpp), so a refold that a
// crash cut off is made up for by the way.
//
// Where the journal behind that state has been pruned, or no state can be taken up, closed intervals keep the
// rows that they have: what is folded then serves the open interval. If the journal is whole, a state of
// another version has all of it folded again, off this path, by the rules of this one.
#include "engine/pipeline.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace twinlink {
namespace {

/// What the store knows of one ACD, sorted for recovery.
struct AcdMemory {
    std::vector<TraceRecord> traces;    // by place
    std::vector<StreamRecord> streams;  // by epoch
    const Recovered::Checkpoint* checkpoint = nullptr;
    std::vector<LinkEventRecord> link_events;
};

std::vector<GapRecord> gaps_of(const Recovered& memory, const StreamRecord& stream) {
    std::vector<GapRecord> gaps;
    for (const GapRecord& g : memory.gaps) {
        if (g.acd == stream.acd && g.epoch == stream.epoch) gaps.push_back(g);
    }
    return gaps;
}

std::vector<LinkRecord> links_of(const Recovered& memory, const StreamRecord& stream) {
    std::vector<LinkRecord> links;
    for (const LinkRecord& l : memory.links) {
        if (l.acd == stream.acd && l.epoch == stream.epoch) links.push_back(l);
    }
    return links;
}

/// Folds the journal of one stream again from `from` on, up to its `next`. Names that are neither in the
/// journal nor known as a gap (a damaged block) are missing like any other.
Expected<void> refold_stream(AcdPath& path, Store& store, const StreamRecord& stream, Seq from) {
    Seq at = from;
    const auto missing_up_to = [&](Seq end) {
        if (end > at) path.refold_missing(end - at);
        at = std::max(at, end);
    };
    const auto done =
        store.for_each_block({Acd{stream.acd}, Epoch{stream.epoch}}, from, [&](const BlockView& block) {
            Bytes messages = block.messages;
            Seq first = block.range.first;
            if (first < at) {
                const u64 skip = std::min(at - first, block.range.count());
                messages = messages.subspan(bytes_of_messages(messages, static_cast<u32>(skip)));
                first = first + skip;
            }
            if (messages.empty()) return true;
            missing_up_to(first);
            path.refold(first, messages, static_cast<u32>(block.range.last - first + 1));
            at = block.range.last + 1;
            return true;
        });
    if (!done) return done;
    missing_up_to(Seq{stream.next});
    return {};
}

/// Gaps that were filled and whose refold the end of the process cut off.
std::vector<GapRecord> filled_gaps(const StoreSnapshot& snapshot, Acd acd) {
    GapFilter filled;
    filled.acd = acd;
    filled.states = GapFilter::only(GapState::Filled);
    return snapshot.gaps(filled);
}

/// What such a refold did not come to, folding from `from` made up for. States that lack what came were
/// dropped with it, but where nothing older would have been left to fold from: such gaps stay as they are.
void heal_what_was_filled(AcdPath& path, const StoreSnapshot& snapshot, bool whole, FoldPlace from) {
    FoldPlace oldest = from;
    for (const CheckpointEntry& e : snapshot.checkpoints())
        if (e.stream.acd == path.acd()) oldest = std::min(oldest, FoldPlace{e.stream.epoch, e.seq + 1});
    for (GapRecord gap : filled_gaps(snapshot, path.acd())) {
        if (!whole && FoldPlace{Epoch{gap.epoch}, Seq{gap.first}} < oldest) continue;
        gap.state = GapState::Healed;
        path.gap_changed(gap);
    }
}

/// Takes up the newest state that there is; where it stands. Empty: none can be taken up.
std::optional<FoldPlace> take_up_state(AcdPath& path, const Recovered::Checkpoint* newest) {
    if (newest == nullptr || !path.fold().load(newest->state)) return {};
    return FoldPlace{newest->entry.stream.epoch, newest->entry.seq + 1};
}

std::vector<IntervalRecord> closed_intervals(const StoreSnapshot& snapshot, Acd acd) {
    auto intervals = snapshot.intervals();
    std::erase_if(intervals, [&](const IntervalRecord& i) { return i.acd != acd.value || i.closed == 0; });
    return intervals;
}

Expected<void> recover_acd(AcdPath& path, Store& store, const Recovered& memory, AcdMemory& mine) {
    std::ranges::sort(mine.streams, {}, &StreamRecord::epoch);
    for (const StreamRecord& s : mine.streams) {
        path.arbiter().restore(s, gaps_of(memory, s), links_of(memory, s));
    }
    const auto snapshot = store.snapshot();
    if (!snapshot) return std::unexpected(snapshot.error());
    const auto pruned = snapshot->pruned();
    const auto state = take_up_state(path, mine.checkpoint);
    const FoldPlace begin = state.value_or(FoldPlace{});
    // A state of another version is no error: the fold then begins with the oldest journal there is.
    const bool other_version = mine.checkpoint != nullptr && !state;
    // What it cannot know it takes for missing, so what was right before must stay.
    const bool blind = pruned_behind(pruned, path.acd(), begin);
    path.recover_from(begin);
    if (blind || other_version) path.keep(closed_intervals(*snapshot, path.acd()));
    Seq from = begin.next;
    for (const StreamRecord& s : mine.streams) {
        if (s.epoch < begin.epoch.value) continue;
        if (s.epoch != begin.epoch.value) {
            path.refold_begin(Epoch{s.epoch});
            from = Seq{1};
        }
        if (auto done = refold_stream(path, store, s, from); !done) return done;
    }
    path.recovered();
    if (blind) return {};
    if (other_version) {
        path.fold_again(mine.streams.front(), filled_gaps(*snapshot, path.acd()));
        return {};
    }
    heal_what_was_filled(path, *snapshot, !pruned_behind(pruned, path.acd(), {}), begin);
    return {};
}

}  // namespace

Expected<void> FoldStage::recover(Store& store, Now now) {
    auto memory = store.load();
    if (!memory) return std::unexpected(std::move(memory.error()).in("recovering the store"));
    std::map<u16, AcdMemory> acds;
    for (const StreamRecord& s : memory->streams) acds[s.acd].streams.push_back(s);
    for (const LinkEventRecord& e : memory->link_events) acds[e.acd].link_events.push_back(e);
    if (const auto server = acds.find(0); server != acds.end())
        exceptions_.restore(server->second.link_events, batch_->link_events);
    for (const TraceRecord& t : memory->traces) acds[t.acd].traces.push_back(t);
    for (const auto& c : memory->checkpoints) acds[c.entry.stream.acd.value].checkpoint = &c;
    for (AcdPath& path : paths_) {
        path.set_now(now);
        for (const SkipRecord& name : memory->skips)
            if (name.acd == path.acd().value) path.remember_skip(name);
        // Before anything is folded: a run before this one crashed on them.
        std::vector<SkipRecord> news;
        for (const SkipRecord& name : config_.skips)
            if (name.acd == path.acd().value && path.remember_skip(name)) news.push_back(name);
        const auto mine = acds.find(path.acd().value);
        if (mine == acds.end()) {
            path.settle_trace();
            for (const SkipRecord& name : news) path.note_skip(name);
            continue;
        }
        path.desk().traces = TraceHistory(std::move(mine->second.traces));
        if (auto done = recover_acd(path, store, *memory, mine->second); !done) {
            return std::unexpected(
                std::move(done.error())
                    .in("folding the journal of ACD " + std::to_string(path.acd().value) + " again"));
        }
        path.settle_trace();
        path.restore_links(mine->second.link_events);
        for (const SkipRecord& name : news) path.note_skip(name);
        // Rows of the intervals that were folded again go down with the first commit.
        path.close(true, false);
    }
    publish();
    return {};
}

}  // namespace twinlink
