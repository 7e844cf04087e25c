// Order: from frames that are believed to a stream without holes, or with gaps that are known. See
// arbiter.hpp.
#include "engine/link/arbiter.hpp"
#include "engine/planted.hpp"

#include <algorithm>
#include <cassert>

namespace twinlink {
namespace {

FilledBy filler(Link link) noexcept { return link == Link::A ? FilledBy::LinkA : FilledBy::LinkB; }

/// The messages [from, end) of a frame. Precondition: they are there.
Bytes cut(const FrameView& frame, Seq from, Seq end) noexcept {
    const u32 skip = bytes_of_messages(frame.body(), static_cast<u32>(from - frame.first()));
    const Bytes rest = frame.body().subspan(skip);
    return end == frame.end() ? rest : rest.first(bytes_of_messages(rest, static_cast<u32>(end - from)));
}

}  // namespace

CounterInfo info(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::New: return {"new", "frames that extended the stream with all they held"};
        case Verdict::Overlapping: return {"overlapping", "frames that were partly known and gave the rest"};
        case Verdict::Ahead: return {"ahead", "frames parked behind a hole"};
        case Verdict::Duplicate: return {"duplicate", "frames that held nothing new"};
        case Verdict::Late: return {"late", "frames that filled part of an open gap"};
        case Verdict::Stale: return {"stale", "frames of an older epoch"};
        case Verdict::Wild: return {"wild", "frames outside the window or of an unproven epoch"};
        case Verdict::Heartbeat: return {"heartbeat", "frames without messages"};
        case Verdict::Count_: break;
    }
    return {"?", "?"};
}

Arbiter::Arbiter(Acd acd, const ArbiterConfig& config, ArbiterSink& sink)
    : acd_(acd),
      config_(config),
      sink_(sink),
      gaps_({acd, Epoch{}}, config.gaps_max),
      history_(config.history_frames) {
    parked_.reserve(2 * std::size_t{config_.parked_max});
    for (auto& l : links_) {
        l.wild.reserve(config_.wild_max);
        l.runs.reserve(kWildLives);
    }
    older_.reserve(kOlderStreams + 1);
}

Verdict Arbiter::on_frame(const FrameView& frame, void* token, Link link, Now now) {
    PerLink& l = links_[index(link)];
    const HeldFrame held{frame, token, link, now.mono};
    if (l.silent) {
        l.silent = false;
        l.silence_ended = now.mono;
        l.base.silent_ns += (now.mono - l.heard).value;
    }
    l.heard = now.mono;
    l.base.last_wall = now.wall.value;
    ++l.base.frames;
    l.base.messages += frame.count();

    Verdict verdict;
    const Epoch epoch{frame.header().epoch};
    if (epoch < epoch_)
        verdict = stale(held, now);
    else if (epoch > epoch_ || frame.first().value > next_.value + config_.window_seqs)
        verdict = hold_wild(held, now);
    else {
        drop_wild(l);
        verdict = in_range(held, now);
    }
    l.verdicts.add(verdict);
    return verdict;
}

/// A frame inside the window of the current epoch.
Verdict Arbiter::in_range(const HeldFrame& frame, Now now) {
    PerLink& l = links_[index(frame.link)];
    l.in_range = now.mono;
    if (!maps_started_) {
        maps_.start(frame.view.first());
        maps_started_ = true;
    }
    if ((frame.view.header().flags & kFlagEndOfEpoch) != 0) ended_ = true;
    if (frame.view.heartbeat()) return heartbeat(frame, now);

    l.base.late += maps_.mark(frame.link, frame.view.first(), frame.view.end());
    if (frame.view.first() > next_) return park(frame, now);
    if (parked() != 0 && frame.view.end() > next_) probe(Probe::HoleFilledInWindow);
    if (frame.view.end() <= next_) {
        const bool filled = known(frame, now);
        sink_.release(frame.link, frame.token);
        return filled ? Verdict::Late : Verdict::Duplicate;
    }
    const bool overlapping = frame.view.first() < next_;
    take(frame, now);
    drain(now);
    return overlapping ? Verdict::Overlapping : Verdict::New;
}

Verdict Arbiter::heartbeat(const HeldFrame& frame, Now now) {
    ++links_[index(frame.link)].base.heartbeats;
    maps_.passed(frame.link, frame.view.first());
    if (frame.view.first() > announced_) {
        announced_ = frame.view.first();
        announced_at_ = now.mono;
        note_hole(now);
    }
    sink_.release(frame.link, frame.token);
    return Verdict::Heartbeat;
}

/// Behind a hole: kept in order until the hole fills or becomes a gap.
Verdict Arbiter::park(const HeldFrame& frame, Now now) {
    if (parked() >= config_.parked_max) {
        probe(Probe::ParkOverflow);
        open_gap(parked_[parked_head_].view.first(), now);
        drain(now);
        if (frame.view.first() <= next_) return in_range(frame, now);
    }
    auto at = parked_.end();
    const auto begin = parked_.begin() + static_cast<std::ptrdiff_t>(parked_head_);
    while (at != begin && std::prev(at)->view.first() > frame.view.first()) --at;
    // Only the neighbour in front can hold all of it; a copy cut otherwise is trimmed when it is drained.
    if (at != begin && std::prev(at)->view.end() >= frame.view.end()) {
        links_[index(frame.link)].base.duplicates += frame.view.count();
        compare(frame, *std::prev(at));
        sink_.release(frame.link, frame.token);
        return Verdict::Duplicate;
    }
    if (parked_head_ != 0 && parked_.size() == parked_.capacity()) {
        const auto distance = at - begin;
        parked_.erase(parked_.begin(), begin);
        parked_head_ = 0;
        at = parked_.begin() + distance;
    }
    parked_.insert(at, frame);
    note_hole(now);
    return Verdict::Ahead;
}

/// A hole at next_ begins to wait when something behind it is first known.
void Arbiter::note_hole(Now now) noexcept {
    if (hole_since_.value == 0 && (parked() != 0 || announced_ > next_)) hole_since_ = now.mono;
}

/// The part of a frame below next_: fills gaps with it, else compares it. True when it filled something.
bool Arbiter::known(const HeldFrame& frame, Now now) {
    PerLink& l = links_[index(frame.link)];
    const Seq end = std::min(frame.view.end(), next_);
    u64 filled = 0;
    if (gaps_.touches(frame.view.first(), end)) {
        const Stream stream{acd_, epoch_};
        filled =
            gaps_.fill(frame.view.first(), end, filler(frame.link), now.wall.value, sink_, [&](Range part) {
                sink_.fill(stream, part.first, cut(frame.view, part.first, part.last + 1),
                           static_cast<u32>(part.count()));
            });
        if (filled != 0) probe(Probe::GapFilledLate);
        messages_ += filled;
        l.base.first_arrivals += filled;
    }
    l.base.duplicates += end - frame.view.first() - filled;
    if (filled == 0) {
        for (std::size_t i = history_.find(frame.view.first()); i < history_.size(); ++i) {
            const HeldFrame& original = history_.at(i);
            if (original.view.first() >= end) break;
            if (original.link != frame.link && original.view.first() <= frame.view.first()) {
                const u64 lag = (frame.arrived - original.arrived).value;
                l.base.lag_ns_last = lag;
                l.base.lag_ns_max = std::max(l.base.lag_ns_max, lag);
                l.base.lag_ns_sum += lag;
                ++l.base.lag_count;
            }
            compare(frame, original);
        }
    }
    return filled != 0;
}

/// Accepts what a frame has from next_ on. Precondition: first <= next_ < end.
void Arbiter::take(const HeldFrame& frame, Now now) {
    if (frame.view.first() < next_) known(frame, now);
    const Seq first = next_;
    const Bytes messages =
        first == frame.view.first() ? frame.view.body() : cut(frame.view, first, frame.view.end());
    const auto count = static_cast<u32>(frame.view.end() - first);
    links_[index(frame.link)].base.first_arrivals += count;
    accept(first, messages, count, now);
    HeldFrame oldest;
    if (history_.push(frame, oldest)) sink_.release(oldest.link, oldest.token);
}

/// Messages that begin at next_ are the next ones of the stream.
void Arbiter::accept(Seq first, Bytes messages, u32 count, Now now) {
    if (want_time_after_) {
        gaps_.time_after(message_at(messages.data()).time().value, sink_);
        want_time_after_ = false;
    }
    u64 time = 0;
    for_each_message_in(messages, [&](MessageView m) { time = m.time().value; });
    last_time_ = time;
    next_ = first + count;
    progress_ = now.mono;
    last_wall_ = now.wall.value;
    messages_ += count;
    after_restart_ = false;
    after_off_ = false;
    sink_.accept(first, messages, count, last_time_);
}

/// Takes parked frames while they reach next_; then the next hole, if there is one, begins to wait.
void Arbiter::drain(Now now) {
    while (parked() != 0 && parked_[parked_head_].view.first() <= next_) {
        const HeldFrame frame = parked_[parked_head_++];
        if (frame.view.end() > next_) {
            take(frame, now);
        } else {
            known(frame, now);
            sink_.release(frame.link, frame.token);
        }
    }
    if (parked() == 0) {
        parked_.clear();
        parked_head_ = 0;
    }
    hole_since_ = {};
    if (parked() != 0)
        hole_since_ = parked_[parked_head_].arrived;
    else if (announced_ > next_)
        hole_since_ = announced_at_;
}

/// The names from next_ up to (not with) `end` are missing. Precondition: next_ < end.
void Arbiter::open_gap(Seq end, Now now) {
    assert(next_ < end);
    const Range range{next_, end - 1};
    gaps_.open(range, cause_of_hole(now), now.wall.value, last_time_, sink_);
    want_time_after_ = true;
    if (maps_started_) maps_.announce(end);
    next_ = end;
    progress_ = now.mono;
    sink_.missing(range);
}

void Arbiter::on_time(Now now) {
    watch_silence(now);
    while (hole_since_.value != 0 && now.mono - hole_since_ >= config_.reorder_window) {
        open_gap(parked() != 0 ? parked_[parked_head_].view.first() : announced_, now);
        drain(now);
    }
    adopt_proven(now);
}

void Arbiter::collect(bool on, Now now) {
    if (on == collecting_) return;
    collecting_ = on;
    if (on) after_off_ = true;
    for (auto& l : links_) {
        if (l.silent) l.base.silent_ns += (now.mono - l.heard).value;
        l.silent = false;
        l.heard = now.mono;
        drop_wild(l);
    }
}

void Arbiter::finish(Now now) {
    while (parked() != 0) {
        open_gap(parked_[parked_head_].view.first(), now);
        drain(now);
    }
    for (auto& l : links_) drop_wild(l);
    while (!history_.empty()) {
        const HeldFrame frame = history_.pop();
        sink_.release(frame.link, frame.token);
    }
}

/// A frame of an older epoch: fills that epoch's gaps if we know it, and is gone.
Verdict Arbiter::stale(const HeldFrame& frame, Now now) {
    ++links_[index(frame.link)].base.stale_frames;
    for (Older& o : older_) {
        if (o.record.epoch != frame.view.header().epoch || frame.view.heartbeat()) continue;
        fill_older(o, frame.view.first(), frame.view.end(), frame.view.body(), filler(frame.link), now);
    }
    sink_.release(frame.link, frame.token);
    return Verdict::Stale;
}

/// Compares two copies of the same names byte by byte; each differing message is a conflict.
void Arbiter::compare(const HeldFrame& copy, const HeldFrame& original) {
    const Seq from = std::max(copy.view.first(), original.view.first());
    const Seq end = std::min(copy.view.end(), original.view.end());
    if (from >= end) return;
    const Bytes a = cut(copy.view, from, end);
    const Bytes b = cut(original.view, from, end);
    if (a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0) return;
    const std::byte* p = a.data();
    const std::byte* q = b.data();
    for (Seq seq = from; seq < end; seq = seq + 1) {
        const u32 m = message_at(p).wire_bytes();
        const u32 n = message_at(q).wire_bytes();
        if (m != n || std::memcmp(p, q, m) != 0) {
            ++links_[index(copy.link)].base.conflicts;
            sink_.conflict({acd_, epoch_}, seq, copy.link, {p, m}, original.link, {q, n});
        }
        p += m;
        q += n;
    }
}

StreamRecord Arbiter::stream() const noexcept {
    StreamRecord r{};
    r.acd = acd_.value;
    r.epoch = epoch_.value;
    r.first_seen = first_seen_.value;
    const bool whole = gaps_.empty() || planted(Planted::WatermarkAhead);
    const u64 front = (whole ? next_ : gaps_.first()).value;
    r.watermark = front == 0 ? 0 : front - 1;  // 0: nothing was heard yet
    r.next = next_.value;
    r.messages = messages_;
    r.missing = gaps_.missing();
    r.last_time = last_time_;
    r.begun_wall = begun_wall_;
    r.last_wall = last_wall_;
    r.ended = ended_;
    return r;
}

LinkRecord Arbiter::link(Link link) const noexcept {
    const PerLink& l = links_[index(link)];
    LinkRecord r = l.base;
    const LinkMaps::Totals t = maps_.totals(link);
    r.acd = acd_.value;
    r.epoch = epoch_.value;
    r.link = static_cast<u8>(link);
    r.distinct += t.distinct;
    r.lost += t.lost;
    r.lost_alone += t.lost_alone;
    r.behind = t.behind;
    r.silent = l.silent;
    return r;
}

}  // namespace twinlink
