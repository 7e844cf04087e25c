// What an ACD's path does while recovery (recovery.cpp) folds the journal through it. Cold; the fold stage's
// thread.
#include "engine/acd_path.hpp"

#include <algorithm>

namespace twinlink {

void AcdPath::keep(std::span<const IntervalRecord> closed) {
    for (const IntervalRecord& i : closed) kept_.emplace_back(i.start, i.instance);
    std::ranges::sort(kept_);
}

void AcdPath::fold_again(const StreamRecord& first, std::span<const GapRecord> filled) {
    for (const GapRecord& gap : filled) {
        latest_ = {{Epoch{gap.epoch}, Seq{gap.first}}, {Epoch{gap.epoch}, Seq{gap.last} + 1}};
        note_filled(gap);
    }
    want_refold({Epoch{first.epoch}, Seq{1}});
}

void AcdPath::refold(Seq first, Bytes messages, u32 count) {
    place_.next = first;
    while (count != 0) {
        desk_.traces.set(fold_, place_);
        const auto part =
            static_cast<u32>(std::min<u64>(count, desk_.traces.next_change(place_) - place_.next));
        const u32 bytes = bytes_of_messages(messages, part);
        apply_but(desk_.skips, fold_, place_, messages.first(bytes), part, *this);
        messages = messages.subspan(bytes);
        place_.next = place_.next + part;
        count -= part;
    }
}

void AcdPath::refold_missing(u64 count) {
    while (count != 0) {
        desk_.traces.set(fold_, place_);
        const u64 part = std::min(count, desk_.traces.next_change(place_) - place_.next);
        fold_.missing(part);
        place_.next = place_.next + part;
        count -= part;
    }
}

void AcdPath::settle_trace() {
    desk_.traces.set(fold_, place_);
    if (fold_.traced() == traced_) return;
    TraceRecord change{};
    change.acd = acd_.value;
    change.epoch = place_.epoch.value;
    change.seq = place_.next.value;
    change.count = static_cast<u16>(traced_.size());
    std::ranges::copy(traced_, change.agents.begin());
    fold_.trace(traced_);
    desk_.traces.add(change);
    batch_->traces.push_back(change);
}

/// The open interval, too, is as it was folded again.
void AcdPath::recovered() {
    fold_.flush(*this);
    if (open_interval_.start != 0 && open_interval_.closed == 0) replaces(open_interval_);
    replacing_ = false;
    kept_.clear();
}

}  // namespace twinlink
