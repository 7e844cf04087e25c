// See importer.hpp. The importing thread.
#include "engine/importer.hpp"

#include <algorithm>

namespace twinlink {

CounterInfo info(OfferCounter counter) noexcept {
    switch (counter) {
        case OfferCounter::Filled: return {"filled", "messages that were missing and were taken"};
        case OfferCounter::Duplicate: return {"duplicate", "messages that are held already"};
        case OfferCounter::Conflict:
            return {"conflict", "messages that are held with other bytes; the held copy stays"};
        case OfferCounter::OtherAcd:
            return {"other_acd", "messages of an ACD that is not configured or not asked for"};
        case OfferCounter::UnknownEpoch:
            return {"unknown_epoch", "messages of an epoch never seen here, or that ended too long ago"};
        case OfferCounter::Beyond:
            return {"beyond", "messages behind the highest one known here: the links' to bring"};
        case OfferCounter::Pruned:
            return {"pruned", "messages that are not in the journal any more; the rows count them"};
        case OfferCounter::Merged: return {"merged", "messages in gaps that were merged for want of room"};
        case OfferCounter::Unreadable:
            return {"unreadable", "messages in a damaged block of this server's own journal"};
        case OfferCounter::Count_: break;
    }
    return {"?", "?"};
}

Importer::Importer(OfferDesk& desk, StoreReader own, std::span<const Acd> acds, FilledBy by, bool dry)
    : desk_(desk), own_(std::move(own)), acds_(acds.begin(), acds.end()), by_(by), dry_(dry) {}

Importer::~Importer() {
    // The way back belongs to the fold stage: what was begun goes round empty.
    if (piece_ == nullptr) return;
    piece_->count = 0;
    flush();
}

Expected<bool> Importer::take(OfferRun& run, Nanos mono) {
    while (run.count != 0) {
        const auto done = step(run, mono);
        if (!done) return std::unexpected(done.error());
        if (*done == 0) return false;
        run.messages = run.messages.subspan(bytes_of_messages(run.messages, *done));
        run.first = run.first + *done;
        run.count -= *done;
    }
    return true;
}

void Importer::flush() {
    if (piece_ == nullptr) return;
    desk_.hand_in(piece_);
    piece_ = nullptr;
}

/// Deals with the front of a run. Returns how many messages that were, 0 when the fold stage has to catch up.
Expected<u32> Importer::step(const OfferRun& run, Nanos mono) {
    if (std::ranges::find(acds_, run.stream.acd) == acds_.end()) {
        counts_.add(OfferCounter::OtherAcd, run.count);
        return run.count;
    }
    const auto view = view_of(run.stream, mono);
    if (!view) return std::unexpected(view.error());
    if (*view == nullptr) {
        counts_.add(OfferCounter::UnknownEpoch, run.count);
        return run.count;
    }
    const auto part = front(**view, run);
    if (!part) return std::unexpected(part.error());
    const auto count = static_cast<u32>(part->end - run.first);
    if (part->kind == Kind::Missing) return gather(**view, run, count);
    if (part->kind == Kind::Held)
        compare(**view, run.messages, run.first, part->end);
    else
        counts_.add(part->counter, count);
    return count;
}

namespace {

/// The last name of the stream that the retention has let go.
Seq pruned_upto(const StoreSnapshot& snapshot, Stream stream) {
    for (const PrunedRecord& p : snapshot.pruned())
        if (p.acd == stream.acd.value && p.epoch == stream.epoch.value) return Seq{p.upto};
    return {};
}

}  // namespace

/// What the own store has of `stream`, not older than kViewAge; null when it does not know it.
Expected<Importer::View*> Importer::view_of(Stream stream, Nanos mono) {
    const auto known = views_.find(stream);
    if (known != views_.end() && mono - known->second.read_at < kViewAge) return &known->second;
    const auto snapshot = own_.snapshot();
    if (!snapshot) return std::unexpected(snapshot.error());
    const auto record = snapshot->stream(stream);
    if (!record) return nullptr;
    if (known == views_.end() && views_.size() == kViewsMax) views_.clear();
    View& view = views_[stream];
    view.read_at = mono;
    view.next = Seq{record->next};
    view.over = std::ranges::any_of(snapshot->streams(), [&](const StreamRecord& s) {
        return s.acd == stream.acd.value && s.epoch > stream.epoch.value;
    });
    view.pruned = pruned_upto(*snapshot, stream);
    view.gaps = snapshot->gaps({.acd = stream.acd, .epoch = stream.epoch, .states = GapFilter::kMissing});
    view.offered.clear();
    return &view;
}

/// What the first name of the run is to us, and how far that goes.
Expected<Importer::Front> Importer::front(View& view, const OfferRun& run) {
    const Seq at = run.first;
    Seq end = at + run.count;
    const auto other = [&](OfferCounter counter, Seq until) { return Front{Kind::Other, counter, until}; };
    const auto offered = std::ranges::lower_bound(view.offered, at, {}, &Range::last);
    if (offered != view.offered.end()) {
        if (offered->holds(at)) return other(OfferCounter::Duplicate, std::min(end, offered->last + 1));
        end = std::min(end, offered->first);
    }
    // Behind the end of a life that is over there may be names that nobody told of: the arbiter knows.
    if (at >= view.next) return view.over ? Front{Kind::Missing, {}, end} : other(OfferCounter::Beyond, end);
    end = std::min(end, view.next);
    const auto gap = std::ranges::lower_bound(view.gaps, at.value, {}, &GapRecord::last);
    if (gap == view.gaps.end() || Seq{gap->first} >= end) return in_journal(view, run.stream, at, end, false);
    if (gap->first > at.value) return in_journal(view, run.stream, at, Seq{gap->first}, false);
    end = std::min(end, Seq{gap->last} + 1);
    if (gap->merged != 0) return in_journal(view, run.stream, at, end, true);
    return Front{Kind::Missing, {}, end};
}

/// Names [first, end) that are in no gap, or in a `merged` one that holds some of them: those of the journal
/// block that comes first, or those in front of it. Leaves that block in the view.
Expected<Importer::Front> Importer::in_journal(View& view, Stream stream, Seq first, Seq end, bool merged) {
    if (!view.block.holds(first)) {
        const auto snapshot = own_.snapshot();
        if (!snapshot) return std::unexpected(snapshot.error());
        view.block = {end, end - 1};
        view.pruned = pruned_upto(*snapshot, stream);  // the retention goes on meanwhile
        snapshot->blocks(stream, {first, end - 1}, [&](const BlockView& block) {
            view.block = block.range;
            view.block_bytes.assign(block.messages.begin(), block.messages.end());
            view.block_at = block.range.first;
            view.block_offset = 0;
            return false;
        });
    }
    if (view.block.holds(first)) return Front{Kind::Held, {}, std::min(end, view.block.last + 1)};
    end = std::min(end, view.block.first);
    if (merged) return Front{Kind::Other, OfferCounter::Merged, end};
    if (first > view.pruned) return Front{Kind::Other, OfferCounter::Unreadable, end};
    return Front{Kind::Other, OfferCounter::Pruned, std::min(end, view.pruned + 1)};
}

/// Counts messages [first, end), all of which are in the view's block.
void Importer::compare(View& view, Bytes messages, Seq first, Seq end) {
    if (first < view.block_at) {
        view.block_at = view.block.first;
        view.block_offset = 0;
    }
    Bytes ours = Bytes(view.block_bytes).subspan(view.block_offset);
    ours = ours.subspan(bytes_of_messages(ours, static_cast<u32>(first - view.block_at)));
    for (Seq at = first; at < end; at = at + 1) {
        const u32 m = message_at(messages.data()).wire_bytes();
        const u32 n = message_at(ours.data()).wire_bytes();
        const bool same = m == n && std::memcmp(messages.data(), ours.data(), m) == 0;
        counts_.add(same ? OfferCounter::Duplicate : OfferCounter::Conflict);
        messages = messages.subspan(m);
        ours = ours.subspan(n);
    }
    view.block_at = end;
    view.block_offset = view.block_bytes.size() - ours.size();
}

/// Adds at most `count` messages from the front of the run to a piece. Returns how many.
u32 Importer::gather(View& view, const OfferRun& run, u32 count) {
    if (dry_) {
        counts_.add(OfferCounter::Filled, count);
        note_offered(view, {run.first, run.first + (count - 1)});
        return count;
    }
    const auto fits = [&] {
        return piece_->stream == run.stream && piece_->first + piece_->count == run.first &&
               kOfferBytes - piece_->bytes >= message_at(run.messages.data()).wire_bytes();
    };
    if (piece_ != nullptr && !fits()) flush();
    if (piece_ == nullptr) {
        if (!desk_.empty.pop(piece_)) return 0;
        piece_->what = OfferPiece::What::Messages;
        piece_->stream = run.stream;
        piece_->first = run.first;
        piece_->count = piece_->bytes = 0;
        piece_->by = by_;
    }
    u32 bytes = 0;
    u32 n = 0;
    for (; n < count; ++n) {
        const u32 wire = message_at(run.messages.data() + bytes).wire_bytes();
        if (piece_->bytes + bytes + wire > kOfferBytes) break;
        bytes += wire;
    }
    std::memcpy(piece_->messages.data() + piece_->bytes, run.messages.data(), bytes);
    piece_->bytes += bytes;
    piece_->count += n;
    note_offered(view, {run.first, run.first + (n - 1)});
    return n;
}

void Importer::note_offered(View& view, Range range) {
    auto at = std::ranges::lower_bound(view.offered, range.first, {}, &Range::first);
    if (at != view.offered.begin() && std::prev(at)->last + 1 == range.first)
        std::prev(at)->last = range.last;
    else
        view.offered.insert(at, range);
}

}  // namespace twinlink
