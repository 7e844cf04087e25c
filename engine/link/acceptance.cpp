// Acceptance: what is believed. A number far off or a new epoch changes nothing until it is proven; silence
// and the causes of gaps are judged here too. Part of the arbiter, same thread; see arbiter.hpp.
#include "engine/link/arbiter.hpp"
#include "engine/planted.hpp"

#include <algorithm>
#include <optional>

namespace twinlink {
namespace {

bool shows_pump_up(const FrameView& frame) {
    return (frame.header().flags & kFlagPumpUp) != 0 ||
           (frame.count() != 0 && message_at(frame.body().data()).template_id == PumpUpBegin::kTemplate);
}

}  // namespace

/// Holds a frame from outside the window, or of an epoch that is not ours, until proven() or refuted. What
/// does not follow takes the place of what was held; but a newer life behind two frames that agree says
/// nothing against them: a link that is read from a capture is through with a life in no time.
Verdict Arbiter::hold_wild(const HeldFrame& frame, Now now) {
    PerLink& l = links_[index(frame.link)];
    const Stream stream = frame.view.stream();
    ++l.base.wild_frames;
    probe(Probe::WildHeld);
    if (!l.wild.empty()) {
        const FrameView& last = l.wild.back().view;
        const WildRun& run = l.runs.back();
        const bool follows = run.stream == stream && frame.view.first() >= last.first() &&
                             frame.view.first().value <= last.end().value + config_.window_seqs;
        const bool newer = run.stream.epoch < stream.epoch && run.frames >= 2 && l.runs.size() < kWildLives;
        if (!follows && !newer) drop_wild(l);
    }
    if (l.wild.size() == config_.wild_max) {
        sink_.release(frame.link, frame.token);
    } else {
        if (l.runs.empty() || l.runs.back().stream != stream)
            l.runs.push_back({stream, frame.view.first(), frame.arrived});
        l.wild.push_back(frame);
        ++l.runs.back().frames;
        l.runs.back().pump_up = l.runs.back().pump_up || shows_pump_up(frame.view);
    }
    adopt_proven(now);
    return Verdict::Wild;
}

void Arbiter::drop_wild(PerLink& link) {
    for (const HeldFrame& frame : link.wild) sink_.release(frame.link, frame.token);
    link.wild.clear();
    link.runs.clear();
}

/// Two frames in a row agree on this link; the other link agrees too, or has left the old range as well; and
/// a new epoch shows its pump-up, or the old one has been quiet for so long that nothing else can be true.
bool Arbiter::proven(Link link, const WildRun& mine, Now now) const noexcept {
    if (planted(Planted::AcceptWild)) return true;
    if (mine.frames < 2) return false;
    const PerLink& own = links_[index(link)];
    const PerLink& others = links_[index(other(link))];
    const auto same = std::ranges::find(others.runs, mine.stream, &WildRun::stream);
    const bool agrees =
        same != others.runs.end() &&
        std::max(same->first, mine.first) - std::min(same->first, mine.first) <= config_.window_seqs;
    const auto quiet = [&](const PerLink& l, Nanos limit) {
        return l.in_range.value == 0 || now.mono - l.in_range >= limit;
    };
    // What it holds of newer lives says nothing against this one.
    const bool elsewhere = std::ranges::any_of(
        others.runs, [&](const WildRun& r) { return r.stream.epoch <= mine.stream.epoch; });
    const bool left =
        !elsewhere && quiet(others, config_.silence) && now.mono - mine.arrived >= config_.reorder_window;
    if (!agrees && !left) return false;
    if (epoch_.value == 0 || mine.stream.epoch == epoch_) return true;

    if (mine.pump_up || (agrees && same->pump_up)) return true;
    const Nanos long_silence{10 * config_.silence.value};
    const bool only =
        quiet(own, long_silence) && quiet(others, long_silence) && now.mono - mine.arrived >= long_silence;
    if (only) probe(Probe::LifeWithoutPumpUp);
    return only;
}

/// A link holds two frames of a life older than this one, and the other link may still show the same.
bool Arbiter::older_waits(Epoch epoch, Now now) const noexcept {
    const auto waits = [&](const WildRun& run) {
        return run.stream.epoch < epoch && run.frames >= 2 && now.mono - run.arrived < config_.reorder_window;
    };
    return std::ranges::any_of(links_, [&](const PerLink& l) { return std::ranges::any_of(l.runs, waits); });
}

/// Lives in their order: what is proven of an older one first.
void Arbiter::adopt_proven(Now now) {
    for (;;) {
        std::optional<Stream> oldest;
        Link by = Link::A;
        for (const Link link : {Link::A, Link::B}) {
            for (const WildRun& run : links_[index(link)].runs) {
                if (oldest && *oldest <= run.stream) continue;
                if (!proven(link, run, now) || older_waits(run.stream.epoch, now)) continue;
                oldest = run.stream;
                by = link;
            }
        }
        if (!oldest) return;
        adopt(by, *oldest, now);
    }
}

/// Takes out what a link holds of `stream`, in order, and lets go of older lives: they were not proven.
std::vector<HeldFrame> Arbiter::take_wild(PerLink& link, Stream stream) {
    std::vector<HeldFrame> taken;
    std::vector<HeldFrame> newer;
    newer.reserve(config_.wild_max);
    for (const HeldFrame& frame : link.wild) {
        const Stream of = frame.view.stream();
        if (of == stream)
            taken.push_back(frame);
        else if (of.epoch > stream.epoch)
            newer.push_back(frame);
        else
            sink_.release(frame.link, frame.token);
    }
    link.wild.swap(newer);
    std::erase_if(link.runs, [&](const WildRun& run) { return run.stream.epoch <= stream.epoch; });
    return taken;
}

/// Believes what `link` holds back of `stream`, and what the other one does.
void Arbiter::adopt(Link link, Stream stream, Now now) {
    std::array<std::vector<HeldFrame>, kLinks> held;
    for (const Link l : {Link::A, Link::B}) held[index(l)] = take_wild(links_[index(l)], stream);
    Seq first = held[index(link)].front().view.first();
    const auto& theirs = held[index(other(link))];
    if (!theirs.empty()) first = std::min(first, theirs.front().view.first());
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
    for (const Link l : {Link::A, Link::B}) {
        for (const HeldFrame& frame : held[index(l)]) {
            if (new_epoch) {  // the account of the new stream began after they had come
                ++links_[index(l)].base.frames;
                links_[index(l)].base.messages += frame.view.count();
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
