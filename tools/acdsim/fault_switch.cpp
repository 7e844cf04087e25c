// Decides the fate of frames on one link. See fault_switch.hpp.
#include "tools/acdsim/fault_switch.hpp"

#include <algorithm>

namespace twinlink::sim {
namespace {

constexpr Nanos kNever{~u64{0}};

Range range_of(const CutFrame& f) noexcept { return {f.first, f.first + (f.count - 1)}; }

/// Recomputes the CRC of a frame whose content was changed.
void seal(std::vector<std::byte>& frame) noexcept {
    constexpr std::size_t at = sizeof(SbeHeader) + offsetof(FrameHeader, crc32c);
    u32 crc = 0;
    std::memcpy(frame.data() + at, &crc, sizeof crc);
    crc = crc32c(frame);
    std::memcpy(frame.data() + at, &crc, sizeof crc);
}

}  // namespace

bool LossBook::touches(Link link, Stream stream, Range range) const noexcept {
    const auto& lost = lost_[index(link)];
    // Newest first: streams follow each other, and within one the numbers ascend.
    for (auto i = lost.rbegin(); i != lost.rend(); ++i) {
        if (i->stream != stream) continue;
        if (i->range.last < range.first) return false;
        if (i->range.first <= range.last) return true;
    }
    return false;
}

FaultSwitch::FaultSwitch(const std::vector<FaultRule>& rules, u64 seed, Lane& lane, LossBook& book,
                         FateLog* log)
    : random_(derive_seed(seed, lane.server() * 2U + index(lane.link()))),
      lane_(lane),
      book_(book),
      log_(log) {
    for (const auto& r : rules) {
        if (!r.on(lane.server(), lane.link())) continue;
        if (r.kind == FaultKind::NeverBoth)
            never_both_ = true;
        else
            rules_.push_back({.rule = r});
    }
}

bool FaultSwitch::applies(const Active& a, const CutFrame& f) const noexcept {
    const FaultRule& r = a.rule;
    if (r.acd.value != 0 && r.acd != f.stream.acd) return false;
    if (r.seqs) return f.count != 0 && r.seqs->first <= range_of(f).last && f.first <= r.seqs->last;
    if (!r.at) return true;
    return *r.at <= f.time && (!r.lasts || f.time < *r.at + *r.lasts);
}

bool FaultSwitch::happens(Active& a) {
    if (a.burst_left != 0) {
        --a.burst_left;
        return true;
    }
    if (a.rule.ppm < 1'000'000 && !random_.chance(a.rule.ppm)) return false;
    if (a.rule.kind == FaultKind::Burst) a.burst_left = a.rule.depth - 1;
    return true;
}

bool FaultSwitch::may_destroy(const CutFrame& f) const noexcept {
    return !never_both_ || f.count == 0 || !book_.touches(other(lane_.link()), f.stream, range_of(f));
}

void FaultSwitch::watch_windows(Nanos now, std::vector<Acd>* came_up) {
    for (auto& a : rules_) {
        if (a.rule.kind != FaultKind::Down && a.rule.kind != FaultKind::Silence) continue;
        if (!a.down && !a.was_down && a.rule.at && *a.rule.at <= now) {
            a.down = true;
            if (a.rule.lasts) a.until = *a.rule.at + *a.rule.lasts;
            if (log_ != nullptr) log_->event(lane_.server(), lane_.link(), name(a.rule.kind), *a.rule.at);
        }
        if (!a.down || now < a.until) continue;
        a.down = false;
        a.was_down = true;
        const bool up = a.rule.kind == FaultKind::Down;
        if (log_ != nullptr) log_->event(lane_.server(), lane_.link(), up ? "up" : "silence ends", a.until);
        if (up) (came_up != nullptr ? *came_up : came_up_).push_back(a.rule.acd);
    }
}

bool FaultSwitch::is_down(const CutFrame& f) {
    bool down = false;
    for (auto& a : rules_) {
        if (a.rule.kind != FaultKind::Down || (a.rule.acd.value != 0 && a.rule.acd != f.stream.acd)) continue;
        if (a.rule.seqs && !a.was_down) {
            const bool hit = applies(a, f);
            if (hit && !a.down) {
                a.down = true;
                a.until = a.rule.lasts ? f.time + *a.rule.lasts : kNever;
                if (log_ != nullptr) log_->event(lane_.server(), lane_.link(), "down", f.time);
            } else if (!hit && a.down && !a.rule.lasts && f.count != 0 && f.first > a.rule.seqs->last) {
                a.until = f.time;
                watch_windows(f.time, nullptr);
            }
        }
        down |= a.down;
    }
    return down;
}

void FaultSwitch::offer(const CutFrame& f) {
    watch_windows(f.time, nullptr);
    if (is_down(f) && may_destroy(f)) return destroy(f, Fate::Down);
    Fate fate = Fate::Sent;
    Nanos release;
    u32 behind = 0;
    for (auto& a : rules_) {
        const FaultKind kind = a.rule.kind;
        if (kind == FaultKind::Down || (a.burst_left == 0 && !applies(a, f))) continue;
        if (kind == FaultKind::Silence) {
            if (f.count == 0) return;  // silence: not even a heartbeat
            release = std::max(release, a.until);
            continue;
        }
        if (!happens(a)) continue;
        switch (kind) {
            case FaultKind::Loss:
            case FaultKind::Burst:
                if (may_destroy(f)) return destroy(f, Fate::Lost);
                break;
            case FaultKind::Corrupt:
                if (may_destroy(f)) return damage(f, Fate::Corrupt);
                break;
            case FaultKind::Truncate:
                if (may_destroy(f)) return damage(f, Fate::Truncated);
                break;
            case FaultKind::Duplicate: fate = Fate::Duplicated; break;
            case FaultKind::Differ: fate = f.count == 0 ? fate : Fate::Conflict; break;
            case FaultKind::Wild: send_wild(f); break;
            case FaultKind::Delay: release = std::max(release, f.time + a.rule.delay); break;
            case FaultKind::Reorder: behind = static_cast<u32>(random_.between(1, a.rule.depth)); break;
            default: break;
        }
    }
    Bytes bytes = f.bytes;
    if (fate == Fate::Conflict) {  // one nanosecond in the first message: other bytes, hardly another meaning
        scratch_.assign(bytes.begin(), bytes.end());
        scratch_[kFrameOverheadBytes + sizeof(SbeHeader)] ^= std::byte{1};
        seal(scratch_);
        bytes = scratch_;
    }
    if (release.value != 0 || !delayed_.empty())
        hold(f, bytes, fate, delayed_.empty() ? release : std::max(release, delayed_.back().release), 0);
    else if (behind != 0)
        hold(f, bytes, fate, kNever, behind);
    else
        pass(f, bytes, fate);
}

void FaultSwitch::destroy(const CutFrame& f, Fate fate) {
    if (f.count == 0) return;
    if (never_both_) book_.add(lane_.link(), f.stream, range_of(f));
    if (log_ != nullptr) log_->fate(lane_.server(), lane_.link(), f.stream, f.first, f.count, fate);
}

void FaultSwitch::damage(const CutFrame& f, Fate fate) {
    if (f.count != 0 && never_both_) book_.add(lane_.link(), f.stream, range_of(f));
    scratch_.assign(f.bytes.begin(), f.bytes.end());
    if (fate == Fate::Truncated) {
        scratch_.resize(random_.below(scratch_.size()));
    } else {
        // At most three bits, all different: CRC-32C finds each such damage in a frame of this size.
        std::array<u64, 3> bits{};
        const u64 flips = random_.between(1, 3);
        for (u64 i = 0; i < flips; ++i) {
            do bits[i] = random_.below(scratch_.size() * 8);
            while (std::find(bits.begin(), bits.begin() + static_cast<i64>(i), bits[i]) !=
                   bits.begin() + static_cast<i64>(i));
            scratch_[bits[i] / 8] ^= std::byte{1} << (bits[i] % 8);
        }
    }
    lane_.push(f, scratch_, fate, true);
}

void FaultSwitch::send_wild(const CutFrame& f) {
    // A valid frame with a number that nobody sent: far ahead, sometimes of an epoch that never was.
    std::vector<std::byte> bytes(f.bytes.begin(), f.bytes.end());
    const u64 first = f.first.value + (u64{1} << 31) + random_.below(1 << 20);
    std::memcpy(bytes.data() + sizeof(SbeHeader) + offsetof(FrameHeader, first_seq), &first, sizeof first);
    if (random_.chance(250'000)) {
        const u64 epoch = f.stream.epoch.value + random_.between(1, 1'000'000);
        std::memcpy(bytes.data() + sizeof(SbeHeader) + offsetof(FrameHeader, epoch), &epoch, sizeof epoch);
    }
    seal(bytes);
    lane_.push(f, bytes, Fate::Sent, false);
    if (log_ != nullptr) log_->event(lane_.server(), lane_.link(), "wild", f.time);
}

void FaultSwitch::hold(const CutFrame& f, Bytes bytes, Fate fate, Nanos release, u32 behind) {
    const Fate held = fate == Fate::Sent ? Fate::Late : fate;
    Held h{f, {bytes.begin(), bytes.end()}, held, release, behind};
    if (behind != 0)
        behind_.push_back(std::move(h));
    else
        delayed_.push_back(std::move(h));
}

void FaultSwitch::push(const CutFrame& f, Bytes bytes, Fate fate) {
    lane_.push(f, bytes, fate, true);
    if (fate == Fate::Duplicated) lane_.push(f, bytes, fate, false);
}

/// A frame goes out, and behind it those that were to be overtaken by it.
void FaultSwitch::pass(const CutFrame& f, Bytes bytes, Fate fate) {
    push(f, bytes, fate);
    if (behind_.empty()) return;
    std::vector<Held> due;
    for (auto& h : behind_)
        if (--h.behind == 0) due.push_back(std::move(h));
    std::erase_if(behind_, [](const Held& h) { return h.behind == 0; });
    for (const auto& h : due) push(h.frame, h.bytes, h.fate);
}

void FaultSwitch::advance(Nanos now, std::vector<Acd>& came_up) {
    watch_windows(now, &came_up);
    came_up.insert(came_up.end(), came_up_.begin(), came_up_.end());
    came_up_.clear();
    while (!delayed_.empty() && delayed_.front().release <= now) {
        const Held h = std::move(delayed_.front());
        delayed_.pop_front();
        pass(h.frame, h.bytes, h.fate);
    }
}

Nanos FaultSwitch::deadline() const noexcept {
    Nanos first = delayed_.empty() ? kNever : delayed_.front().release;
    if (!came_up_.empty()) first = Nanos{};
    for (const auto& a : rules_)
        if (a.down) first = std::min(first, a.until);
    return first;
}

void FaultSwitch::release_all() {
    for (const auto& h : delayed_) pass(h.frame, h.bytes, h.fate);
    delayed_.clear();
    for (const auto& h : behind_) push(h.frame, h.bytes, h.fate);
    behind_.clear();
}

}  // namespace twinlink::sim
