// Trunks: occupancy, which is interval-based, and the account of the call on each, booked when it idles. See
// core.hpp.
#include "engine/fold/core.hpp"

namespace twinlink::fold {
namespace {

constexpr u64 kShort = 2'000'000'000ULL;

// Both tables begin with the same items: one index serves both.
static_assert(htkgrp("AUDIO") == htrunk("AUDIO") && htkgrp("I_INOCC") == htrunk("I_INOCC"));

}  // namespace

u32 Core::group_slot(u16 group) noexcept {
    if (group == 0) return kNoIndex;
    if (group_slots_[group] != 0xFFFF) return group_slots_[group];
    const u32 slot = groups_.take();
    if (slot == Pool<GroupState>::kNone) {
        count(FoldCounter::TrunksFull);
        become_uncertain();
        return kNoIndex;
    }
    groups_[slot].number = group;
    groups_[slot].at = now_;
    group_slots_[group] = static_cast<u16>(slot);
    return slot;
}

u32 Core::find_trunk(u16 group, u16 trunk) const noexcept { return trunk_ids_.find(trunk_key(group, trunk)); }

u32 Core::trunk_slot(u16 group, u16 trunk) noexcept {
    if (group == 0 || trunk == 0) {
        count(FoldCounter::BadValue);
        return kNoIndex;
    }
    u32 slot = find_trunk(group, trunk);
    if (slot != IdMap::kNone) return slot;
    const u32 in = group_slot(group);
    if (in == kNoIndex) return kNoIndex;
    slot = trunks_.take();
    if (slot == Pool<TrunkState>::kNone) {
        count(FoldCounter::TrunksFull);
        become_uncertain();
        return kNoIndex;
    }
    trunks_[slot].key = trunk_key(group, trunk);
    trunks_[slot].group = in;
    trunks_[slot].at = now_;
    trunk_ids_.insert(trunk_key(group, trunk), slot);
    return slot;
}

// ---- occupancy
// -------------------------------------------------------------------------------------------------

/// Books the time up to now to what the trunk did.
void Core::accrue_trunk(u32 slot) noexcept {
    TrunkState& t = trunks_[slot];
    const u64 dt = now_ - t.at;
    t.at = now_;
    if (dt == 0 || !open_ || (t.call == 0 && !t.has(kOutOfService))) return;
    const u16 item = t.has(kOutOfService)               ? htrunk("MBUSYTIME")
                     : t.direction == CallDirection::In ? htrunk("I_INOCC")
                                                        : htrunk("I_OUTOCC");
    trunk_rows_.touch(slot)[item] += dt;
    group_rows_.touch(t.group)[item] += dt;
}

void Core::accrue_group(u32 slot) noexcept {
    GroupState& g = groups_[slot];
    const u64 dt = now_ - g.at;
    g.at = now_;
    if (dt == 0 || !open_ || g.trunks == 0 || g.busy < g.trunks) return;
    group_rows_.touch(slot)[htkgrp("ALLINUSETIME")] += dt;
}

/// At a boundary.
void Core::accrue_trunks() noexcept {
    for (u32 i = 0; i < trunks_.high(); ++i) {
        if (trunks_[i].used()) accrue_trunk(i);
    }
    for (u32 i = 0; i < groups_.high(); ++i) accrue_group(i);
}

/// One trunk more or less of the group is in use or out of service.
void Core::set_busy(TrunkState& t, bool busy) noexcept {
    accrue_group(t.group);
    if (busy) {
        ++groups_[t.group].busy;
    } else {
        --groups_[t.group].busy;
    }
}

/// Precondition: the trunk carries no call and is in service. `l` may be null.
void Core::seize(CallEntry& c, Leg* l, u32 slot, CallDirection direction) noexcept {
    TrunkState& t = trunks_[slot];
    set_busy(t, true);
    t.call = c.id;
    t.seized_at = now_;
    t.at = now_;
    t.connected_at = 0;
    t.direction = direction;
    t.fate = TrunkFate::None;
    t.flags = 0;
    if (pumping_) t.pump_up = pump_up_;
    if (c.has(kTaintedCall)) t.set(kTrunkTainted);
    if (l == nullptr) return;
    l->trunk = slot + 1;
    l->trunk_since = now_;
    l->trunk_group = t.group_number();
    l->trunk_number = t.number();
    l->direction = direction;
    t.leg = c.leg;
}

/// It carries no call any more.
void Core::free_trunk(u32 slot) noexcept {
    TrunkState& t = trunks_[slot];
    accrue_trunk(slot);
    set_busy(t, false);
    if (Leg* const l = leg_at(t.leg)) {
        l->trunk = 0;
        l->trunk_ns += now_ - l->trunk_since;
    }
    t.call = t.leg = 0;
    t.flags = 0;
}

/// The caller goes on in another call, and his trunk with him.
void Core::move_trunk(CallEntry& from, CallEntry& to) noexcept {
    from.clear(kOnTrunk);
    to.set(kOnTrunk);
    Leg* const old = leg_at(from.leg);
    if (old == nullptr || old->trunk == 0) return;
    TrunkState& t = trunks_[old->trunk - 1];
    t.call = to.id;
    t.set(kTrunkTransferred);
    old->trunk_ns += now_ - old->trunk_since;
    Leg* const next = leg_of(to);
    t.leg = to.leg;
    if (next != nullptr) {
        next->trunk = old->trunk;
        next->trunk_since = now_;
        next->trunk_group = t.group_number();
        next->trunk_number = t.number();
        next->direction = old->direction;
    }
    old->trunk = 0;
}

// ---- booking
// -------------------------------------------------------------------------------------------------

/// The first final fate of the call on the leg's trunk counts.
void Core::set_fate(const Leg& l, TrunkFate fate) noexcept {
    if (l.trunk == 0) return;
    TrunkState& t = trunks_[l.trunk - 1];
    if (t.fate == TrunkFate::None) t.fate = fate;
}

void Core::book_trunk(u32 slot, TrunkFate fate) noexcept {
    const TrunkState& t = trunks_[slot];
    const bool in = t.direction == CallDirection::In;
    const bool abandoned = fate == TrunkFate::Abandoned || fate == TrunkFate::AbandonedQueued ||
                           fate == TrunkFate::AbandonedRinging;
    const u64 held = now_ - t.seized_at;
    // Only what changes is touched: a trunk's row is cold.
    const auto count_if = [](u64& item, bool yes) {
        if (yes) ++item;
    };
    for (u64* const row : {trunk_rows_.touch(slot), group_rows_.touch(t.group)}) {
        ++row[in ? htrunk("INCALLS") : htrunk("OUTCALLS")];
        row[in ? htrunk("INTIME") : htrunk("OUTTIME")] += held;
        count_if(row[htrunk("SHORTCALLS")], held < kShort);
        count_if(row[htrunk("TRANSFERRED")], t.has(kTrunkTransferred));
        if (!in) {
            ++row[fate == TrunkFate::Answered ? htrunk("O_ACDCALLS")
                  : abandoned                 ? htrunk("O_ABNCALLS")
                                              : htrunk("O_OTHERCALLS")];
            count_if(row[htrunk("COMPLETED")], t.connected_at != 0);
            row[htrunk("SETUPTIME")] += (t.connected_at != 0 ? t.connected_at : now_) - t.seized_at;
            continue;
        }
        ++row[fate == TrunkFate::Answered ? htrunk("ACDCALLS")
              : abandoned                 ? htrunk("ABNCALLS")
                                          : htrunk("OTHERCALLS")];
        if (fate == TrunkFate::Answered) continue;
        count_if(row[htrunk("ABNVECCALLS")], abandoned && t.has(kTrunkVectorCall));
        count_if(row[htrunk("ABNQUECALLS")], fate == TrunkFate::AbandonedQueued);
        count_if(row[htrunk("ABNRINGCALLS")], fate == TrunkFate::AbandonedRinging);
        count_if(row[htrunk("BUSYCALLS")], fate == TrunkFate::Busy);
        count_if(row[htrunk("DISCCALLS")], fate == TrunkFate::Disconnected);
        count_if(row[htrunk("CONNECTCALLS")], fate == TrunkFate::Connected);
    }
    if (t.has(kTrunkTainted)) mark_trunk(slot);
}

/// Its rows and those of its group, and the account that is still open.
void Core::mark_trunk(u32 slot) noexcept {
    TrunkState& t = trunks_[slot];
    if (t.call != 0) t.set(kTrunkTainted);
    if (!open_) return;
    trunk_rows_.mark_incomplete(slot);
    group_rows_.mark_incomplete(t.group);
    some_incomplete();
}

// ---- messages
// ------------------------------------------------------------------------------------------------

void Core::on(const TrunkSeized& m) {
    CallEntry* const c = find_or_add_call(m.call);
    if (c == nullptr) return;
    if (!known(m.direction)) {
        count(FoldCounter::BadValue);
        return mark_call(*c);
    }
    if (c->has(kOnTrunk)) return illegal(FoldCounter::SeizedTwice, *c, 0, 0);
    c->set(kOnTrunk);
    if (m.direction == CallDirection::Adjunct) c->set(kAdjunctCall);
    Leg* const l = leg_of(*c);
    if (l != nullptr) {
        l->ucid = m.ucid;
        l->direction = m.direction;
        l->calling = m.calling;
        l->dialled = m.dialled;
    }
    const u32 slot = trunk_slot(m.trunk_group, m.trunk);
    if (slot == kNoIndex) return;
    TrunkState& t = trunks_[slot];
    accrue_trunk(slot);
    if (t.call != 0 || t.has(kOutOfService)) {  // what it did before is over, how is not known
        count(FoldCounter::TrunkTaken);
        mark_call(*c);
        mark_trunk(slot);
        if (t.call != 0) free_trunk(slot);
        if (t.has(kOutOfService)) set_busy(t, false);
        t.flags = 0;
    }
    seize(*c, l, slot, m.direction);
}

void Core::on(const TrunkIdle& m) {
    CallEntry* const c = find_call(m.call);
    if (c == nullptr) count(FoldCounter::UnknownCall);
    const u32 slot = find_trunk(m.trunk_group, m.trunk);
    if (slot == IdMap::kNone || trunks_[slot].call != m.call) {
        count(FoldCounter::IdleUnseized);
        if (slot != IdMap::kNone) mark_trunk(slot);
        if (c != nullptr) mark_call(*c);
    } else {
        TrunkFate fate = trunks_[slot].fate;
        if (fate == TrunkFate::None && c != nullptr && c->talking() && c->talk.offer != Offer::Extension)
            fate = TrunkFate::Answered;
        book_trunk(slot, fate);
        free_trunk(slot);
    }
    if (c == nullptr) return;
    c->clear(kOnTrunk);
    end_if_idle(*c);
}

void Core::on(const TrunkMaintenance& m) {
    if (pumping_ && m.call == 0 && m.busy != 0) {  // says what is so, as a snapshot does
        if (!staged_out_.full()) return staged_out_.push_back(m);
        count(FoldCounter::PumpUpFull);
        return tear_pump_up();
    }
    for (u32 i = 0; i < staged_out_.size(); ++i) {  // back while the pump-up goes on
        if (m.busy == 0 && staged_out_[i].trunk_group == m.trunk_group && staged_out_[i].trunk == m.trunk)
            staged_out_[i].busy = 0;
    }
    const u32 slot = trunk_slot(m.trunk_group, m.trunk);
    CallEntry* const c = find_call(m.call);
    if (m.call != 0 && c == nullptr) count(FoldCounter::UnknownCall);
    if (slot != kNoIndex) {
        TrunkState& t = trunks_[slot];
        accrue_trunk(slot);
        if (t.call != m.call && m.busy != 0) count(FoldCounter::TrunkTaken);
        if (t.call != 0 && m.busy != 0) {
            mark_trunk(slot);
            free_trunk(slot);
        }
        const bool out = t.has(kOutOfService);
        if (m.busy != 0 && !out) {
            set_busy(t, true);
            t.set(kOutOfService);
        } else if (m.busy == 0 && out) {
            set_busy(t, false);
            t.clear(kOutOfService);
        }
    }
    if (c != nullptr && m.busy != 0) abort_call(*c);
}

}  // namespace twinlink::fold
