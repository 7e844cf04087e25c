// What is told of the fold stage, beside the messages' way: its status, the moment of each ACD, what the
// links did. Part of FoldStage (pipeline.hpp), its thread but where the header says otherwise.
#include "engine/pipeline.hpp"

namespace twinlink {
namespace {

/// A look at 100,000 calls in progress takes milliseconds: seldom enough to be nothing. Chosen.
constexpr Nanos kLookEvery = 500_ms;

}  // namespace

/// Tells what the links did, of each ACD, and what came on them and is of none.
void FoldStage::watch_links(Now now) {
    watched_at_ = now.mono;
    for (AcdPath& path : paths_) path.watch_links();
    for (const Link link : {Link::A, Link::B}) {
        const auto at = static_cast<u8>(link);
        u64 refused = 0;
        u64 most = 0;
        std::size_t reason = 0;
        for (std::size_t r = 1; r < kFrameRefusals; ++r) {
            const u64 count = receive_.refusals(link).get(static_cast<FrameRefusal>(r));
            const u64 more = count - std::exchange(refused_told_[at][r], count);
            refused += more;
            if (more > most) reason = r;
            most = std::max(most, more);
        }
        if (refused != 0)
            exceptions_.note({.kind = LinkEventKind::Refused,
                              .link = at,
                              .cause = static_cast<u8>(reason),
                              .count = refused},
                             now);
        const u64 dropped = drops_seen_[at] - std::exchange(drops_told_[at], drops_seen_[at]);
        if (dropped != 0)
            exceptions_.note({.kind = LinkEventKind::Dropped, .link = at, .count = dropped}, now);
    }
    for (std::size_t kind = 0; kind < conditions_.size(); ++kind)
        if (is_condition(static_cast<LinkEventKind>(kind)))
            exceptions_.hold(static_cast<LinkEventKind>(kind),
                             conditions_[kind].load(std::memory_order_relaxed), now);
    exceptions_.hand_on(now, batch_->link_events);
}

void FoldStage::set_collecting(Acd acd, u64 off_since_wall) noexcept {
    if (AcdPath* const path = by_acd_[acd.value]; path != nullptr) path->set_off_since(off_since_wall);
}

void FoldStage::publish() {
    const std::unique_lock lock(status_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    status_.resize(paths_.size());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        AcdPath& path = paths_[i];
        AcdStatus& s = status_[i];
        s.stream = path.arbiter().stream();
        s.stream.acd = path.acd().value;
        s.settings = path.fold().settings();
        for (const Link link : {Link::A, Link::B}) {
            s.links[index(link)] = path.arbiter().link(link);
            for (std::size_t v = 0; v < Counters<Verdict>::kSize; ++v) {
                s.verdicts[index(link)][v] = path.arbiter().verdicts(link).get(static_cast<Verdict>(v));
            }
        }
        s.open_gaps = path.arbiter().gaps().size() - path.arbiter().gaps().lost();
        s.parked_frames = path.arbiter().parked();
        s.off = path.off();
        s.frames_left = path.frames_left();
        s.skips = path.skips();
        s.fold_counters.resize(Counters<FoldCounter>::kSize);
        for (std::size_t c = 0; c < s.fold_counters.size(); ++c) {
            s.fold_counters[c] = path.fold().counter(static_cast<FoldCounter>(c));
        }
    }
}

/// The moment of every ACD, where somebody watches.
void FoldStage::look(Now now) {
    if (now.mono.value >= watched_until_.load(std::memory_order_relaxed) ||
        now.mono - looked_at_ < kLookEvery)
        return;
    const std::unique_lock lock(status_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    looked_at_ = now.mono;
    real_time_.resize(paths_.size());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        paths_[i].fold().look(real_time_[i]);
        real_time_[i].taken = now.mono;
    }
}

std::vector<RealTime> FoldStage::real_time() const {
    const std::lock_guard lock(status_mutex_);
    return real_time_;
}

std::vector<AcdStatus> FoldStage::acds() const {
    const std::lock_guard lock(status_mutex_);
    return status_;
}

}  // namespace twinlink
