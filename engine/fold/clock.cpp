// Time and intervals: the ACD's clock, boundaries, handing rows on, and what a gap makes uncertain. See
// core.hpp.
#include "engine/fold/core.hpp"

#include <twinlink/identities.hpp>

namespace twinlink::fold {
namespace {

constexpr u64 kMinute = 60'000'000'000ULL;
/// A step back by less is jitter and waits until time catches up; a greater one is a clock set without
/// notice. Chosen.
constexpr u64 kJitter = 10'000'000'000ULL;
/// Boundaries that the fold cuts by itself behind one gap; a longer gap is one jump. Chosen: four weeks of
/// half hours.
constexpr u32 kSelfCutsMax = 1'344;

constexpr bool good_minutes(u16 minutes) noexcept { return minutes == 15 || minutes == 30 || minutes == 60; }

}  // namespace

u64 Core::interval_of(Nanos time) const noexcept {
    if (!open_ && acd_record_.interval_minutes == 0) return 0;
    const u64 length = minutes_ * kMinute;
    return time.value < phase_ ? 0 : (time.value - phase_) / length * length + phase_;
}

/// Takes the message's time over before the message itself is looked at.
void Core::advance(const MessageView& m, FoldSink& sink) {
    if (m.template_id == ClockSet::kTemplate) {
        if (after_gap_) clock_trouble(m.as<ClockSet>().old_time, m.as<ClockSet>().old_time + 1, sink);
        return;
    }
    const u64 time = m.time().value;
    const u64 now = time + skew_;
    if (resync_ || after_gap_ || now < now_) [[unlikely]] {
        const bool boundary = m.template_id == IntervalBoundary::kTemplate;
        clock_trouble(time, boundary ? m.as<IntervalBoundary>().interval_start : time + 1, sink);
    } else {
        now_ = now;
    }
    wall_ = time;
}

/// Time stepped back, or may have stepped unseen. Behind a gap, boundaries below `limit` were lost: cut at
/// them.
void Core::clock_trouble(u64 time, u64 limit, FoldSink& sink) {
    const bool lost = resync_ || after_gap_;
    if (now_ == 0) now_ = time + skew_;
    if (time + skew_ < now_) {
        const u64 back = now_ - (time + skew_);
        if (lost || back > kJitter) skew_ += back;
        if (!lost) count(back > kJitter ? FoldCounter::ClockStepped : FoldCounter::TimeBackwards);
        if (!lost && back > kJitter) all_rows_incomplete();
    }
    if (after_gap_ && open_ && ready_) cut_below(limit, sink);
    now_ = std::max(now_, time + skew_);
    after_gap_ = false;
    resync_ = false;
    gap_names_ = 0;
}

void Core::cut_below(u64 limit, FoldSink& sink) {
    const u64 length = minutes_ * kMinute;
    for (u32 cuts = 0; record_.start + length < limit; ++cuts) {
        u64 next = record_.start + length;
        if (cuts == kSelfCutsMax) next = interval_of(Nanos{limit - 1});  // too many: one jump over the rest
        now_ = std::max(now_, next + skew_);
        close_interval(next, sink);
        count(FoldCounter::SelfCuts);
        open_interval(next, sink);
        record_.missing += gap_names_;
        if (cuts == kSelfCutsMax) break;
    }
}

void Core::on(const ClockSet& m) {
    count(FoldCounter::ClockSets);
    const u64 now = m.old_time + skew_;
    if (now >= now_) now_ = now;
    skew_ = now_ - m.new_time;
    wall_ = m.new_time;
    resync_ = false;
}

void Core::on(const IntervalBoundary& m, FoldSink& sink) {
    count(FoldCounter::Boundaries);
    if (m.interval_start == 0 || !good_minutes(m.interval_minutes)) {
        count(FoldCounter::BadBoundary);
        all_rows_incomplete();
        return;
    }
    // A pump-up on the grid opened this very interval a moment ago: its boundary says so once more.
    if (open_ && m.interval_start == record_.start && m.interval_minutes == minutes_ && now_ == opened_) {
        sink.checkpoint(Epoch{epoch_}, Seq{seq_}, m.interval_start);
        return;
    }
    close_interval(m.time, sink);
    minutes_ = m.interval_minutes;
    phase_ = m.interval_start % (minutes_ * kMinute);
    open_interval(m.interval_start, sink);
    record_.first_seq = record_.last_seq = seq_;
    record_.messages = 1;
    record_changed_ = true;  // it was handed on before the boundary counted
    sink.checkpoint(Epoch{epoch_}, Seq{seq_}, m.interval_start);
}

void Core::open_interval(u64 start, FoldSink& sink) {
    open_ = true;
    opened_ = now_;
    all_incomplete_ = uncertain_;
    skills_in_doubt_ = doubtful_calls_ != 0;
    record_ = {};
    record_.epoch = epoch_;
    record_.start = start;
    record_.first_time = std::max(wall_, start);
    record_.last_time = record_.first_time;
    record_.first_seq = seq_;
    record_.acd = acd_.value;
    record_.instance = instances_.open(start);
    record_.minutes = minutes_;
    record_.utc_offset_minutes = acd_record_.utc_offset_minutes;
    record_.incomplete = all_incomplete_ || skills_in_doubt_;
    for (Trace& t : traces_) t.key = 0;
    for (u32 slot = 0; slot < skills_.high(); ++slot) {
        const SkillEntry& s = skills_[slot];
        if ((s.in_queue | s.staffed | s.top) == 0) continue;
        u64* const row = skill_rows_.touch(slot);
        row[hsplit("MAXINQUEUE")] = s.in_queue;
        row[hsplit("MAXSTAFFED")] = s.staffed;
        row[hsplit("MAXTOP")] = s.top;
    }
    for (u32 slot = 0; slot < vdns_.high(); ++slot) {
        if (vdns_[slot].waiting != 0) vdn_rows_.touch(slot)[hvdn("MAXWAITING")] = vdns_[slot].waiting;
    }
    sink.interval(record_);
    record_changed_ = false;
}

/// Splits all running time here, hands on every row as closed, then the interval's record.
void Core::close_interval(u64 last_time, FoldSink& sink) {
    for (u32 i = 0; i < agents_.high(); ++i) {
        if (!agents_[i].used()) continue;
        if (ready_) accrue(agents_[i]);
        agents_[i].at = now_;
    }
    settle_all();
    accrue_trunks();
    for_each_table([&](RowStore& rows, auto finish, auto key) {
        for (const u32 slot : rows.live_slots()) {
            finish(slot);
            hand_on(key(slot), rows, slot, true, sink);
        }
    });
    record_.last_time = last_time;
    record_.closed = 1;
    record_.in_doubt = all_incomplete_ || skills_in_doubt_;
    sink.interval(record_);
    for_each_table([](RowStore& rows, auto, auto) { rows.forget(); });
    forget_the_gone();
    for (u32 i = 0; i < codes_.high(); ++i) {
        if (!codes_[i].used()) continue;
        code_ids_.erase(codes_[i].code);
        codes_.give_back(i);
    }
    for (u32 i = 0; i < trunks_.high(); ++i) {
        const TrunkState& t = trunks_[i];
        if (!t.used() || t.call != 0 || t.has(kOutOfService)) continue;
        trunk_ids_.erase(t.key);
        trunks_.give_back(i);
    }
    open_ = false;
}

/// Skills that were given up and agents who left are forgotten once their rows are handed on.
void Core::forget_the_gone() noexcept {
    for (u32 i = 0; i < agents_.high(); ++i) {
        AgentEntry& a = agents_[i];
        if (!a.used()) continue;
        for (u32 l = a.first; l != kNoIndex;) {
            const u32 next = links_[l].next;
            if (links_[l].assigned == 0) {
                if (a.held_link == l) a.held_link = kNoIndex;
                if (a.ext_link == l) a.ext_link = kNoIndex;
                unlink(a, l);
                links_.give_back(l);
            }
            l = next;
        }
        if (a.staffed() || a.work.call != 0) continue;
        agent_ids_.erase(a.id);
        agents_.give_back(i);
    }
}

void Core::settle_all() noexcept {
    for (const u32 i : dirty_agents_) {
        settle(agents_[i]);
        agents_[i].clear(kAgentDirty);
    }
    dirty_agents_.clear();
}

void Core::flush(FoldSink& sink) {
    if (!open_) return;
    settle_all();
    for_each_table([&](RowStore& rows, auto finish, auto key) {
        for (const u32 slot : rows.dirty_slots()) {
            finish(slot);
            hand_on(key(slot), rows, slot, false, sink);
        }
        rows.clean();
    });
    if (record_changed_) sink.interval(record_);
    record_changed_ = false;
}

/// Settings and what holds for all rows, written where the row lies: the row is what readers will see.
void Core::finish_skill_row(u32 slot) noexcept {
    const SkillEntry& s = skills_[slot];
    u64* const row = skill_rows_.finish(slot);
    row[hsplit("SERVICELEVEL")] = s.service_level_s;
    for (u32 n = 0; n < 9; ++n) row[hsplit("PERIOD1") + n] = s.period_s[n];
    if (skills_in_doubt_) row[kIncompleteColumn] = 1;
}

void Core::finish_agent_row(u32 slot) noexcept {
    agent_rows_.finish(slot)[hagent("EXTENSION")] = agents_[links_[slot].agent].extension;
}

void Core::finish_vdn_row(u32 slot) noexcept {
    const VdnState& v = vdns_[slot];
    u64* const row = vdn_rows_.finish(slot);
    row[hvdn("SERVICELEVEL")] = v.service_level_s;
    for (u32 n = 0; n < 9; ++n) row[hvdn("PERIOD1") + n] = v.period_s[n];
    for (u32 n = 0; n < 3; ++n) row[hvdn("SKILL1") + n] = v.skill[n];
}

void Core::finish_group_row(u32 slot) noexcept {
    group_rows_.finish(slot)[htkgrp("TRUNKS")] = groups_[slot].trunks;
}

/// Precondition: the row is finished.
void Core::hand_on(const RowKey& key, RowStore& rows, u32 slot, bool closed, FoldSink& sink) {
    if (all_incomplete_) rows.finish(slot)[kIncompleteColumn] = 1;
    if (const std::span row(rows.row(slot), rows.columns()); closed && row[kIncompleteColumn] == 0)
        check_identities(key.table, row);
    sink.row(key, rows.used(slot), closed);
}

/// What must hold in every complete row. A violation is a bug of ours; it is counted, never hidden.
void Core::check_identities(TableId table, std::span<const u64> row) noexcept {
    if (!identities_hold(table, row)) count(FoldCounter::IdentityBroken);
}

void Core::all_rows_incomplete() noexcept {
    if (!open_ || all_incomplete_) return;
    all_incomplete_ = true;
    record_.incomplete = 1;
    record_changed_ = true;
    for_each_table([](RowStore& rows, auto, auto) { rows.all_dirty(); });
}

void Core::become_uncertain() noexcept {
    if (!uncertain_) {
        for (Trace& t : traces_) t.doubtful = 1;
    }
    uncertain_ = true;
    all_rows_incomplete();
}

void Core::missing(u64 n) {
    if (n == 0) return;
    count(FoldCounter::Missing, n);
    if (pumping_) tear_pump_up();
    become_uncertain();
    after_gap_ = true;
    gap_names_ += n;
    if (open_) {
        record_.missing += n;
        record_changed_ = true;
    } else {
        unopened_missing_ += n;
    }
}

void Core::begin_epoch(Epoch epoch, FoldSink& sink) {
    if (pumping_) tear_pump_up();
    // Where an earlier life was being collected, nothing is known of the time between the two.
    if (open_) {
        for (u32 i = 0; i < agents_.high(); ++i) {
            if (agents_[i].used() && ready_) accrue(agents_[i]);
        }
        become_uncertain();
        flush(sink);
    }
    for (u32 i = 0; i < calls_.high(); ++i) {
        if (calls_[i].used()) abort_call(calls_[i]);  // legs and queues go with them
    }
    for (u32 i = 0; i < trunks_.high(); ++i) {
        if (trunks_[i].call != 0) free_trunk(i);
    }
    for (u32 i = 0; i < agents_.high(); ++i) {
        drop_leg(agents_[i].work.leg);
        agents_[i].work = {};
    }
    ready_ = false;
    resync_ = true;
    after_gap_ = false;
    gap_names_ = 0;
    epoch_ = epoch.value;
    seq_ = 0;
}

/// A whole pump-up made the state known: collecting goes on in the interval of now, or begins.
void Core::begin_collecting(FoldSink& sink) {
    if (open_ && !ready_) cut_below(wall_ + 1, sink);
    if (!ready_) {
        for (u32 i = 0; i < agents_.high(); ++i) agents_[i].at = now_;
        for (u32 i = 0; i < trunks_.high(); ++i) trunks_[i].at = now_;
        for (u32 i = 0; i < groups_.high(); ++i) groups_[i].at = now_;
    }
    if (!open_) {
        open_interval(interval_of(Nanos{wall_}), sink);
        record_.missing = unopened_missing_;
        unopened_missing_ = 0;
    }
    ready_ = true;
}

}  // namespace twinlink::fold
