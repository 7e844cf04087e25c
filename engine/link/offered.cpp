// What did not come over a link as the next frame of its stream: late copies of older lives, and what an
// import or the partner offers and tells. Part of the arbiter, same thread; see arbiter.hpp.
#include "engine/link/arbiter.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink {
namespace {

/// The messages [from, end) of those that begin at `first`, by number. Precondition: they are there.
Bytes cut(Bytes messages, Seq first, Seq from, Seq end) noexcept {
    const Bytes rest = messages.subspan(bytes_of_messages(messages, static_cast<u32>(from - first)));
    return rest.first(bytes_of_messages(rest, static_cast<u32>(end - from)));
}

}  // namespace

/// The end of an older life that nobody had told of: a crash of the ACD announces nothing. What lies in front
/// of the frame, and the frame itself until it is filled in, is a gap from here on. False: it was known.
bool Arbiter::learn_end(Older& o, Seq end, Now now) {
    const Seq next{o.record.next};
    if (end <= next || end - next > kOldEndMax || planted(Planted::ForgetEnd)) return false;
    probe(Probe::OldEndLearnt);
    o.gaps.open({next, end - 1}, GapCause::Tail, now.wall.value, o.record.last_time, sink_);
    o.record.next = end.value;
    o.record.missing = o.gaps.missing();
    sink_.missing_in_older({acd_, Epoch{o.record.epoch}}, next);
    return true;
}

/// Fills an older epoch's gaps from the messages [first, end). Returns names.
u64 Arbiter::fill_older(Older& o, Seq first, Seq end, Bytes messages, FilledBy by, Now now) {
    const bool learnt = learn_end(o, end, now);
    const Stream stream{acd_, Epoch{o.record.epoch}};
    const u64 filled = o.gaps.fill(first, end, by, now.wall.value, sink_, [&](Range part) {
        sink_.fill(stream, part.first, cut(messages, first, part.first, part.last + 1),
                   static_cast<u32>(part.count()));
    });
    if (filled == 0 && !learnt) return 0;
    if (filled != 0) probe(Probe::OlderLifeFilled);
    o.record.messages += filled;
    o.record.missing = o.gaps.missing();
    o.record.watermark = (o.gaps.empty() ? Seq{o.record.next} : o.gaps.first()).value - 1;
    sink_.older_stream(o.record);
    return filled;
}

OfferResult Arbiter::offer(Epoch epoch, Seq first, Bytes messages, u32 count, FilledBy by, Now now) {
    OfferResult result;
    const Seq end = first + count;
    if (epoch == epoch_ && active()) {
        const Seq known_end = std::clamp(next_, first, end);
        const Stream stream{acd_, epoch_};
        result.beyond = end - known_end;
        result.merged = gaps_.in_merged(first, known_end);
        result.filled = gaps_.fill(first, known_end, by, now.wall.value, sink_, [&](Range part) {
            sink_.fill(stream, part.first, cut(messages, first, part.first, part.last + 1),
                       static_cast<u32>(part.count()));
        });
        messages_ += result.filled;
        if (result.filled != 0) probe(Probe::GapFilledByPartner);
        const bool near = first.value <= next_.value + config_.window_seqs;
        if (by == FilledBy::Partner && result.beyond != 0 && near) {
            extend(first, messages, count, now);
            result.extended = result.beyond;
            result.filled += result.beyond;
            result.beyond = 0;
        }
    } else if (const auto older =
                   std::ranges::find(older_, epoch.value, [](const Older& o) { return o.record.epoch; });
               older != older_.end()) {
        result.merged = older->gaps.in_merged(first, end);
        result.filled = fill_older(*older, first, end, messages, by, now);
        result.beyond = end - std::clamp(Seq{older->record.next}, first, end);
    } else {
        result.unknown_epoch = count;
    }
    result.held = count - result.filled - result.merged - result.beyond - result.unknown_epoch;
    return result;
}

/// Takes what lies behind next_ as a third link's. Precondition: some of it does, and it begins within the
/// window.
void Arbiter::extend(Seq first, Bytes messages, u32 count, Now now) {
    const Seq end = first + count;
    probe(Probe::StreamExtended);
    while (next_ < first) {
        const bool parked_first = parked() != 0 && parked_[parked_head_].view.first() < first;
        open_gap(parked_first ? parked_[parked_head_].view.first() : first, now);
        drain(now);
    }
    if (next_ >= end) return;
    const Seq from = next_;
    if (maps_started_) maps_.announce(end);
    accept(from, cut(messages, first, from, end), static_cast<u32>(end - from), now);
    drain(now);
}

GapTable* Arbiter::gaps_of(Epoch epoch) noexcept {
    if (epoch == epoch_) return &gaps_;
    const auto older = std::ranges::find(older_, epoch.value, [](const Older& o) { return o.record.epoch; });
    return older == older_.end() ? nullptr : &older->gaps;
}

void Arbiter::requested(Epoch epoch, Range range) {
    if (GapTable* const gaps = gaps_of(epoch)) gaps->requested(range, sink_);
}

void Arbiter::take_apart(Epoch epoch, std::span<const Range> parts) {
    if (GapTable* const gaps = gaps_of(epoch)) gaps->take_apart(parts, sink_);
}

u64 Arbiter::lose_hold(Epoch epoch, Range names, const GapRecord& like) {
    if (epoch == epoch_ && active()) {
        names.last = std::min(names.last, next_ - 1);
        const u64 lost = gaps_.reopen(names, like, sink_);
        messages_ -= std::min(messages_, lost);
        return lost;
    }
    const auto older = std::ranges::find(older_, epoch.value, [](const Older& o) { return o.record.epoch; });
    if (older == older_.end()) return 0;
    StreamRecord& record = older->record;
    names.last = std::min(names.last, Seq{record.next} - 1);
    const u64 lost = older->gaps.reopen(names, like, sink_);
    if (lost == 0) return 0;
    record.messages -= std::min(record.messages, lost);
    record.missing = older->gaps.missing();
    record.watermark = older->gaps.first().value - 1;
    sink_.older_stream(record);
    return lost;
}

bool Arbiter::can_take_apart() const noexcept {
    return gaps_.can_take_apart() ||
           std::ranges::any_of(older_, [](const Older& o) { return o.gaps.can_take_apart(); });
}

void Arbiter::lose(Epoch epoch, Range range, Now now) {
    if (GapTable* const gaps = gaps_of(epoch)) gaps->lose(range, now.wall.value, sink_);
}

void Arbiter::take_up_life(Epoch epoch, Seq first, Now now) {
    if (epoch <= epoch_ || first.value == 0) return;
    for (const PerLink& link : links_)
        if (!link.silent) return;
    // A life's name is when it began by the ACD's clock; by which some time has passed since it was heard.
    const u64 since = now.wall.value - std::min(now.wall.value, std::max(last_wall_, begun_wall_));
    const u64 known = std::max(last_time_, epoch_.value) + since;
    if (active() && epoch.value > known + kLifeAheadMax.value) return;
    probe(Probe::LifeTakenUp);
    for (PerLink& link : links_) drop_wild(link);
    start_epoch(epoch, first, now);
}

void Arbiter::learn_life(Epoch epoch, Seq last, Now now) {
    if (!active() || epoch >= epoch_ || epoch.value == 0) return;
    const auto known = std::ranges::find(older_, epoch.value, [](const Older& o) { return o.record.epoch; });
    if (known != older_.end()) {
        if (learn_end(*known, last + 1, now)) sink_.older_stream(known->record);
        return;
    }
    if (older_.size() == kOlderStreams) return;
    probe(Probe::OlderLifeLearnt);
    Older life{.record = {}, .gaps = GapTable({acd_, epoch}, config_.gaps_max)};
    life.record.acd = acd_.value;
    life.record.epoch = epoch.value;
    life.record.first_seen = life.record.next = last.value + 1;
    life.record.missing = last.value;
    life.record.begun_wall = now.wall.value;
    life.record.ended = 1;
    const auto newer =
        std::ranges::find_if(older_, [&](const Older& o) { return o.record.epoch > epoch.value; });
    Older& kept = *older_.insert(newer, std::move(life));
    kept.gaps.open({Seq{1}, last}, GapCause::ServerDown, now.wall.value, 0, sink_);
    sink_.missing_in_older({acd_, epoch}, Seq{1});
    sink_.older_stream(kept.record);
}

}  // namespace twinlink
