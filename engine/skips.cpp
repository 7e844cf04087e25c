// See skips.hpp. The fold stage's and the refolder's thread.
#include "engine/skips.hpp"

#include "engine/acd_path.hpp"
#include "engine/planted.hpp"

#include <cstdlib>

namespace twinlink {
namespace {

/// A planted fault: folds what lies in front of the message of that number, and ends the process on it.
void crash_at(u64 seq, Fold& fold, FoldPlace at, Bytes messages, u32 count, FoldSink& sink) {
    if (seq < at.next.value || seq >= at.next.value + count) return;
    const auto before = static_cast<u32>(seq - at.next.value);
    if (before != 0) fold.apply(at.next, messages.first(bytes_of_messages(messages, before)), before, sink);
    fold.mark(Seq{seq});
    std::abort();
}

}  // namespace

void apply_but(const SkipList& skips, Fold& fold, FoldPlace at, Bytes messages, u32 count, FoldSink& sink) {
    while (count != 0) {
        const Seq skip = skips.empty() ? TraceHistory::kEnd : skips.next(at);
        const auto part = static_cast<u32>(std::min<u64>(count, skip - at.next));
        if (const u64 seq = planted_crash_seq.load(std::memory_order_relaxed); seq != 0)
            crash_at(seq, fold, at, messages, part, sink);
        if (part == count) return fold.apply(at.next, messages, count, sink);
        const u32 bytes = bytes_of_messages(messages, part);
        if (part != 0) fold.apply(at.next, messages.first(bytes), part, sink);
        fold.missing(1);
        messages = messages.subspan(bytes);
        messages = messages.subspan(bytes_of_messages(messages, 1));
        at.next = skip + 1;
        count -= part + 1;
    }
}

bool AcdPath::remember_skip(const SkipRecord& name) {
    if (!desk_.skips.add({Epoch{name.epoch}, Seq{name.seq}})) return false;
    skips_.push_back(name);
    return true;
}

void AcdPath::note_skip(const SkipRecord& name) {
    const FoldPlace at{Epoch{name.epoch}, Seq{name.seq}};
    batch_->skips.push_back(name);
    exceptions_.note({.kind = LinkEventKind::MessageSkipped,
                      .epoch = name.epoch,
                      .first = name.seq,
                      .last = name.seq,
                      .names = 1},
                     now_);
    dirty_ = true;
    if (at < place_) came_late({acd_, at.epoch}, at.next, 0);
}

}  // namespace twinlink
