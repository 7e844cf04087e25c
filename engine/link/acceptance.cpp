// Acceptance: what is believed. A number far off or a new epoch changes nothing until it is proven; silence
// and the causes of gaps are judged here too. Part of the arbiter, same thread; see arbiter.hpp.
#include "engine/link/arbiter.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink {

/// Holds a frame from outside the window, or of an epoch that is not ours, until proven() or refuted.
Verdict Arbiter::hold_wild(const HeldFrame& frame, Now now) {
    PerLink& l = links_[index(frame.link)];
    ++l.base.wild_frames;
    probe(Probe::WildHeld);
    if (!l.wild.empty()) {
        const FrameView& last = l.wild.back().view;
        const bool follows = last.stream() == frame.view.stream() && frame.view.first() >= last.first() &&
                             frame.view.first().value <= last.end().value + config_.window_seqs;
        if (!follows) drop_wild(l);
    }
    if (l.wild.size() == config_.wild_max)
        sink_.release(frame.link, frame.token);
    else
        l.wild.push_back(frame);
    adopt_proven(now);
    return Verdict::Wild;
}

void Arbiter::drop_wild(PerLink& link) {
    for (const HeldFrame& frame : link.wild) sink_.release(frame.link, frame.token);
    link.wild.clear();
}

/// Two frames in a row agree on this link; the other link agrees too, or has left the old range as well; and
/// a new epoch shows its pump-up, or the old one has been quiet for so long that nothing else can be true.
bool Arbiter::proven(Link link, Now now) const noexcept {
    const PerLink& mine = links_[index(link)];
    const PerLink& theirs = links_[index(other(link))];
    if (planted(Planted::AcceptWild) && !mine.wild.empty()) return true;
    if (mine.wild.size() < 2) return false;
    const HeldFrame& first = mine.wild.front();
    const bool agrees = !theirs.wild.empty() && theirs.wild.front().view.stream() == first.view.stream() &&
                        std::max(theirs.wild.front().view.first(), first.view.first()) -
                                std::min(theirs.wild.front().view.first(), first.view.first()) <=
                            config_.window_seqs;
    const auto quiet = [&](const PerLink& l, Nanos limit) {
        return l.in_range.value == 0 || now.mono - l.in_range >= limit;
    };
    const bool left = theirs.wild.empty() && quiet(theirs, config_.silence) &&
                      now.mono - first.arrived >= config_.reorder_window;
    if (!agrees && !left) return false;
    if (epoch_.value == 0 || first.view.header().epoch == epoch_.value) return true;

    const auto pumps_up = [](const PerLink& l) {
        return std::ranges::any_of(l.wild, [](const HeldFrame& f) {
            return (f.view.header().flags & kFlagPumpUp) != 0 ||
                   (f.view.count() != 0 &&
                    message_at(f.view.body().data()).template_id == PumpUpBegin::kTemplate);
        });
    };
    if (pumps_up(mine) || (agrees && pumps_up(theirs))) return true;
    const Nanos long_silence{10 * config_.silence.value};
    return quiet(mine, long_silence) && quiet(theirs, long_silence) &&
           now.mono - first.arrived >= long_silence;
}

void Arbiter::adopt_proven(Now now) {
    for (const Link link : {Link::A, Link::B}) {
        if (proven(link, now)) adopt(link, now);
    }
}

/// Believes what `link` holds back, and what the other one does of the same stream.
void Arbiter::adopt(Link link, Now now) {
    const Stream stream = links_[index(link)].wild.front().view.stream();
    Seq first = links_[index(link)].wild.front().view.first();
    PerLink& theirs = links_[index(other(link))];
    if (!theirs.wild.empty() && theirs.wild.front().view.stream() == stream) {
        first = std::min(first, theirs.wild.front().view.first());
    } else {
        drop_wild(theirs);
    }
    const bool new_epoch = stream.epoch != epoch_;
    probe(Probe::WildAdopted);
    if (new_epoch) {
        start_epoch(stream.epoch, first, now);
    } else if (first > next_) {
        while (parked() != 0) {
            open_gap(parked_[parked_head_].view.first(), now);
            drain(now);
        }
        if (first > next_) open_gap(first, now);
        drain(now);
    }
    // in_range() may come back here only through frames, never through adopt(): the lists are taken out
    // first.
    for (auto& l : links_) {
        std::vector<HeldFrame> held;
        held.swap(l.wild);
        l.wild.reserve(config_.wild_max);
        for (const HeldFrame& frame : held) {
            if (new_epoch) {  // the account of the new stream began after they had come
                ++l.base.frames;
                l.base.messages += frame.view.count();
            }
            in_range(frame, now);
        }
    }
}

/// Ends the current stream, if there is one, and begins `epoch` at `first`.
void Arbiter::start_epoch(Epoch epoch, Seq first, Now now) {
    const bool joined_in_the_middle = epoch_.value == 0;
    probe(Probe::EpochBegun);
    if (!joined_in_the_middle) {
        while (parked() != 0) {
            open_gap(parked_[parked_head_].view.first(), now);
            drain(now);
        }
        if (announced_ > next_) open_gap(announced_, now);
        ended_ = true;
        sink_.older_stream(stream());
        for (const Link l : {Link::A, Link::B}) sink_.older_link(this->link(l));
        if (older_.size() == kOlderStreams) older_.erase(older_.begin());
        older_.push_back({stream(), std::move(gaps_)});
        while (!history_.empty()) {
            const HeldFrame frame = history_.pop();
            sink_.release(frame.link, frame.token);
        }
    }
    epoch_ = epoch;
    gaps_ = GapTable({acd_, epoch}, config_.gaps_max);
    first_seen_ = first;
    next_ = Seq{1};
    announced_ = {};
    hole_since_ = {};
    messages_ = last_time_ = 0;
    begun_wall_ = now.wall.value;
    ended_ = after_restart_ = want_time_after_ = false;
    maps_.start(first);
    maps_started_ = true;
    for (auto& l : links_) {
        const u64 last_wall = l.base.last_wall;
        l.base = {};
        l.base.last_wall = last_wall;
    }
    sink_.begin_epoch(epoch);
    if (first.value > 1) {
        const Range range{Seq{1}, first - 1};
        gaps_.open(range, joined_in_the_middle ? GapCause::BeforePumpUp : cause_of_hole(now), now.wall.value,
                   0, sink_);
        want_time_after_ = true;
        next_ = first;
        sink_.missing(range);
    }
    progress_ = now.mono;
}

void Arbiter::watch_silence(Now now) {
    if (!collecting_) return;
    for (auto& l : links_) {
        if (l.heard.value == 0) l.heard = now.mono;
        if (!l.silent && now.mono - l.heard >= config_.silence) {
            l.silent = true;
            ++l.base.silences;
        }
    }
}

/// Why the names at next_ are missing, as far as this server can tell. The order is from certain to likely.
GapCause Arbiter::cause_of_hole(Now now) const noexcept {
    if (after_off_) return GapCause::CollectionOff;
    if (after_restart_) return GapCause::ServerDown;
    // Whatever happened since the stream was last whole may have taken the names.
    const Nanos since = progress_ - config_.reorder_window;
    if (local_drop_ > since) return GapCause::LocalDrop;
    for (const auto& l : links_) {
        if (l.silent || now.mono - l.heard >= config_.silence || l.silence_ended > since)
            return GapCause::LinkDown;
    }
    if (refused_ > since) return GapCause::RefusedFrames;
    return parked() == 0 ? GapCause::Tail : GapCause::BothLinks;
}

void Arbiter::restore(const StreamRecord& stream, std::span<const GapRecord> gaps,
                      std::span<const LinkRecord> links) {
    if (epoch_.value != 0) {
        if (older_.size() == kOlderStreams) older_.erase(older_.begin());
        older_.push_back({this->stream(), std::move(gaps_)});
    }
    epoch_ = Epoch{stream.epoch};
    gaps_ = GapTable({acd_, epoch_}, config_.gaps_max);
    if (planted(Planted::ForgetGap) && !gaps.empty()) gaps = gaps.subspan(1);
    for (const GapRecord& gap : gaps) gaps_.restore(gap);
    first_seen_ = Seq{stream.first_seen};
    next_ = Seq{stream.next};
    messages_ = stream.messages;
    last_time_ = stream.last_time;
    begun_wall_ = stream.begun_wall;
    last_wall_ = stream.last_wall;
    ended_ = stream.ended != 0;
    after_restart_ = true;
    maps_started_ = false;
    for (auto& l : links_) l.base = {};
    for (const LinkRecord& record : links) {
        PerLink& l = links_[record.link % kLinks];
        l.base = record;
        // What a link had yet to bring when the server stopped, it brought while nobody listened.
        l.base.lost += l.base.behind;
        l.base.behind = 0;
    }
}

}  // namespace twinlink
