// See link_exceptions.hpp.
#include "engine/link_exceptions.hpp"

#include <algorithm>
#include <cassert>

namespace twinlink {

void LinkExceptions::restore(std::span<const LinkEventRecord> last, std::vector<LinkEventRecord>& to) {
    for (LinkEventRecord record : last) {
        next_number_ = std::max(next_number_, record.number + 1);
        if (record.open == 0) continue;
        if (is_condition(record.kind) && record.now != 0) {
            episodes_.push_back({record, Nanos{}, Nanos{}, false});
            continue;
        }
        record.open = record.now = 0;
        to.push_back(record);
    }
}

/// The open episode that the event belongs to, or a new one.
LinkExceptions::Episode& LinkExceptions::episode(const Event& event, u64 begun_wall, Now now) {
    const bool any_cause = event.kind == LinkEventKind::Refused;
    const auto at = std::ranges::find_if(episodes_, [&](const Episode& e) {
        return e.record.kind == event.kind && e.record.link == event.link &&
               (any_cause || e.record.cause == event.cause);
    });
    if (at != episodes_.end()) return *at;
    assert(episodes_.size() < kEpisodesMax);
    LinkEventRecord record{};
    record.number = next_number_++;
    record.begun_wall = begun_wall;
    record.last_wall = begun_wall;
    record.first = event.first;
    record.acd = acd_.value;
    record.kind = event.kind;
    record.link = event.link;
    record.cause = event.cause;
    record.open = 1;
    return episodes_.emplace_back(record, now.mono, Nanos{}, true);
}

void LinkExceptions::note(const Event& event, Now now) {
    Episode& e = episode(event, now.wall.value, now);
    LinkEventRecord& r = e.record;
    // Another life numbers anew: the names told of are those of the latest one.
    if (r.epoch != event.epoch) r.first = event.first;
    r.epoch = event.epoch;
    r.cause = event.cause;
    r.last = event.last;
    r.count += event.count;
    r.names += event.names;
    r.last_wall = std::max(r.begun_wall, now.wall.value);
    e.latest = now.mono;
    e.changed = true;
}

void LinkExceptions::look(const LinkRecord& link, Now now) {
    const std::size_t at = link.link % kLinks;
    LinkRecord seen = seen_[at];
    if (!looked_[at]) {
        seen = link;  // what was counted before this run was told by it
        seen.silent = 0;
        looked_[at] = true;
    } else if (seen.epoch != link.epoch) {
        const u8 silent = seen.silent;
        seen = {};  // its account begins anew with each life
        seen.silent = silent;
    }
    look_at_silence(link, seen, now);
    const auto grown = [&](LinkEventKind kind, u64 was, u64 is) {
        if (is > was) note({.kind = kind, .link = link.link, .epoch = link.epoch, .count = is - was}, now);
    };
    grown(LinkEventKind::SetAside, seen.wild_frames, link.wild_frames);
    grown(LinkEventKind::Conflict, seen.conflicts, link.conflicts);
    seen_[at] = link;
}

void LinkExceptions::look_at_silence(const LinkRecord& link, const LinkRecord& seen, Now now) {
    const u64 silences = link.silences - std::min(seen.silences, link.silences);
    const u64 silent_ns = link.silent_ns - std::min(seen.silent_ns, link.silent_ns);
    if (silences == 0 && silent_ns == 0 && link.silent == seen.silent) return;
    const Event event{.kind = LinkEventKind::Silent, .link = link.link, .epoch = link.epoch};
    const u64 heard = link.last_wall == 0 ? now.wall.value : std::min(link.last_wall, now.wall.value);
    Episode& e = episode(event, link.silent != 0 ? heard : now.wall.value, now);
    LinkEventRecord& r = e.record;
    r.epoch = link.epoch;
    r.count = std::max<u64>(r.count + silences, 1);
    r.duration_ns += silent_ns;
    r.now = link.silent;
    r.last_wall = std::max(r.begun_wall, now.wall.value);
    e.latest = now.mono;
    e.changed = true;
}

/// While it holds, last_wall is when the present stretch of it began.
void LinkExceptions::hold(LinkEventKind condition, u64 since_wall, Now now) {
    const auto at = std::ranges::find_if(
        episodes_, [&](const Episode& e) { return e.record.kind == condition && e.record.now != 0; });
    const bool held = at != episodes_.end();
    if (held == (since_wall != 0)) return;
    Episode& e = held ? *at : episode({.kind = condition}, std::min(since_wall, now.wall.value), now);
    LinkEventRecord& r = e.record;
    if (held) {
        const u64 end = std::max(r.last_wall, now.wall.value);
        r.duration_ns += end - r.last_wall;
        r.last_wall = end;
    } else {
        ++r.count;
        r.last_wall = std::max(r.begun_wall, std::min(since_wall, now.wall.value));
    }
    r.now = held ? 0 : 1;
    e.latest = now.mono;
    e.changed = true;
}

void LinkExceptions::hand_on(Now now, std::vector<LinkEventRecord>& to) {
    for (Episode& e : episodes_) {
        if (e.record.now == 0 && now.mono - e.latest >= kQuiet) {
            e.record.open = 0;
        } else if (!e.changed || (e.written.value != 0 && now.mono - e.written < kWriteEvery)) {
            continue;
        }
        to.push_back(e.record);
        e.written = now.mono;
        e.changed = false;
    }
    std::erase_if(episodes_, [](const Episode& e) { return e.record.open == 0; });
}

void LinkExceptions::finish(Now now, std::vector<LinkEventRecord>& to) {
    for (Episode& e : episodes_) {
        if (is_condition(e.record.kind) && e.record.now != 0) {
            to.push_back(e.record);
            continue;
        }
        if (e.record.now != 0) e.record.last_wall = std::max(e.record.begun_wall, now.wall.value);
        e.record.open = e.record.now = 0;
        to.push_back(e.record);
    }
    episodes_.clear();
}

}  // namespace twinlink
