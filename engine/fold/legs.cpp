// A call's way through VDNs and vectors, and the segments (legs) that it is told in. See core.hpp.
//
// A VDN or vector holds a call from its entry to one disposition. Where nobody answers, it is booked at once;
// an answered call is booked with its conversation, a connected one when the connection ends.
#include "engine/fold/core.hpp"

namespace twinlink::fold {
namespace {

constexpr u64 kSecond = 1'000'000'000ULL;
constexpr u16 kNoColumn = 0xFFFF;

/// What each fate adds to the rows of VDN and vector, and what it means elsewhere.
struct FateRule {
    u16 vdn_calls, vdn_time, vdn_part, vdn_within;
    u16 vector_calls, vector_time, vector_part;
    bool abandon;
    TrunkFate trunk;
    Disposition disposition;
};
constexpr std::array<FateRule, 8> kFates{{
    {hvdn("ABNCALLS"), hvdn("ABNTIME"), kNoColumn, hvdn("SLVLABNS"), hvector("ABNCALLS"), hvector("ABNTIME"),
     kNoColumn, true, TrunkFate::Abandoned, Disposition::Abandoned},
    {hvdn("ABNCALLS"), hvdn("ABNTIME"), hvdn("ABNQUECALLS"), hvdn("SLVLABNS"), hvector("ABNCALLS"),
     hvector("ABNTIME"), hvector("ABNQUECALLS"), true, TrunkFate::AbandonedQueued, Disposition::Abandoned},
    {hvdn("ABNCALLS"), hvdn("ABNTIME"), hvdn("ABNRINGCALLS"), hvdn("SLVLABNS"), hvector("ABNCALLS"),
     hvector("ABNTIME"), hvector("ABNRINGCALLS"), true, TrunkFate::AbandonedRinging, Disposition::Abandoned},
    {hvdn("BUSYCALLS"), hvdn("BUSYTIME"), kNoColumn, kNoColumn, hvector("BUSYCALLS"), hvector("BUSYTIME"),
     kNoColumn, false, TrunkFate::Busy, Disposition::Busy},
    {hvdn("DISCCALLS"), hvdn("DISCTIME"), kNoColumn, kNoColumn, hvector("DISCCALLS"), hvector("DISCTIME"),
     kNoColumn, false, TrunkFate::Disconnected, Disposition::Disconnected},
    {hvdn("DISCCALLS"), hvdn("DISCTIME"), hvdn("VDISCCALLS"), kNoColumn, hvector("DISCCALLS"),
     hvector("DISCTIME"), hvector("VDISCCALLS"), false, TrunkFate::Disconnected, Disposition::Disconnected},
    {hvdn("OUTFLOWCALLS"), hvdn("OUTFLOWTIME"), kNoColumn, hvdn("SLVLOUTFLOWS"), hvector("OUTFLOWCALLS"),
     hvector("OUTFLOWTIME"), kNoColumn, false, TrunkFate::None, Disposition::None},
    {hvdn("OUTFLOWCALLS"), hvdn("OUTFLOWTIME"), hvdn("INTERFLOWCALLS"), hvdn("SLVLOUTFLOWS"),
     hvector("OUTFLOWCALLS"), hvector("OUTFLOWTIME"), hvector("INTERFLOWCALLS"), false, TrunkFate::None,
     Disposition::Interflow},
}};

}  // namespace

/// Wait bucket 0..9 (ACDCALLS1..10): the first whose limit the wait does not exceed. Without a profile all
/// are in 0.
u32 Core::bucket(const std::array<u16, 9>& period_s, u64 wait) noexcept {
    if (period_s[0] == 0) return 0;
    u32 n = 0;
    while (n < 9 && period_s[n] != 0 && wait > period_s[n] * kSecond) ++n;
    return n;
}

bool Core::within(u16 level_s, u64 wait) noexcept { return level_s != 0 && wait <= level_s * kSecond; }

/// The call's present segment, begun here if it has none; null where there is no room.
Leg* Core::leg_of(CallEntry& c) noexcept {
    if (c.leg != 0) return &legs_[c.leg - 1];
    const u32 at = legs_.take();
    if (at == Pool<Leg>::kNone) {
        count(FoldCounter::LegsFull);
        become_uncertain();
        return nullptr;
    }
    c.leg = at + 1;
    if (c.segments != 0xFF) ++c.segments;
    Leg& l = legs_[at];
    l.call = c.id;
    l.started = now_;
    l.segment = c.segments;
    if (c.has(kTaintedCall)) l.set(kLegTainted);
    return &l;
}

void Core::drop_leg(u32& ref) noexcept {
    Leg* const l = leg_at(ref);
    if (l == nullptr) return;
    no_longer_waits(*l);
    if (l->trunk != 0) trunks_[l->trunk - 1].leg = 0;
    legs_.give_back(ref - 1);
    ref = 0;
}

u32 Core::vdn_slot(u32 vdn) noexcept {
    if (vdn == 0) return kNoIndex;
    u32 slot = vdn_ids_.find(vdn);
    if (slot != IdMap::kNone) return slot;
    slot = vdns_.take();
    if (slot == Pool<VdnState>::kNone) {
        count(FoldCounter::VdnsFull);
        become_uncertain();
        return kNoIndex;
    }
    vdns_[slot].number = vdn;
    vdn_ids_.insert(vdn, slot);
    return slot;
}

u32 Core::vector_slot(u16 vector) noexcept {
    if (vector == 0) return kNoIndex;
    if (vector_slots_[vector] != 0xFFFF) return vector_slots_[vector];
    const u32 slot = vectors_.take();
    if (slot == Pool<VectorState>::kNone) {
        count(FoldCounter::VectorsFull);
        become_uncertain();
        return kNoIndex;
    }
    vectors_[slot].number = vector;
    vector_slots_[vector] = static_cast<u16>(slot);
    return slot;
}

/// The row of the VDN that the leg is or was in, about to be changed; null without one or an open interval.
u64* Core::vdn_row(const Leg& l) noexcept {
    const u32 slot = open_ ? vdn_slot(l.vdn) : kNoIndex;
    return slot == kNoIndex ? nullptr : vdn_rows_.touch(slot);
}

u64* Core::vector_row(const Leg& l) noexcept {
    const u32 slot = open_ ? vector_slot(l.vector) : kNoIndex;
    return slot == kNoIndex ? nullptr : vector_rows_.touch(slot);
}

// ---- in and out
// ------------------------------------------------------------------------------------------------

void Core::enter_vdn(Leg& l, u32 vdn) noexcept {
    l.vdn = vdn;
    l.vdn_at = now_;
    if (l.first_vdn == 0) {
        l.first_vdn = vdn;
    } else if (l.further < l.further_vdn.size()) {
        l.further_vdn[l.further++] = vdn;
    }
    const u32 slot = vdn_slot(vdn);
    if (slot == kNoIndex) return;
    l.set(kWaitsInVdn);
    u64* const row = vdn_rows_.touch(slot);
    ++row[hvdn("I_ARRIVED")];
    const u32 n = ++vdns_[slot].waiting;
    row[hvdn("MAXWAITING")] = std::max<u64>(row[hvdn("MAXWAITING")], n);
}

/// It has a disposition: what were times of entry are waits from here on.
void Core::no_longer_waits(Leg& l) noexcept {
    if (l.has(kWaitsInVdn)) {
        l.clear(kWaitsInVdn);
        l.set(kOwesVdn);
        --vdns_[vdn_ids_.find(l.vdn)].waiting;
        l.vdn_at = now_ - l.vdn_at;
    }
    if (l.has(kWaitsInVector)) {
        l.clear(kWaitsInVector);
        l.set(kOwesVector);
        l.vector_at = now_ - l.vector_at;
    }
}

void Core::leave_vdn(Leg& l, Fate fate) noexcept {
    if (!l.has(kWaitsInVdn)) return;
    const FateRule& rule = kFates[static_cast<std::size_t>(fate)];
    const u32 slot = vdn_ids_.find(l.vdn);
    const VdnState& vdn = vdns_[slot];
    u64* const row = vdn_rows_.touch(slot);
    const u64 wait = now_ - l.vdn_at;
    ++row[hvdn("INCALLS")];
    row[hvdn("INTIME")] += wait;
    ++row[rule.vdn_calls];
    row[rule.vdn_time] += wait;
    if (rule.vdn_part != kNoColumn) ++row[rule.vdn_part];
    if (rule.vdn_within != kNoColumn && within(vdn.service_level_s, wait)) ++row[rule.vdn_within];
    if (rule.abandon) {
        ++row[hvdn("ABNCALLS1") + bucket(vdn.period_s, wait)];
    } else {
        ++row[hvdn("OTHERCALLS")];
        row[hvdn("OTHERTIME")] += wait;
    }
    row[hvdn("MAXOCWTIME")] = std::max(row[hvdn("MAXOCWTIME")], wait);
    if (l.has(kVdnInflow)) ++row[hvdn("INFLOWCALLS")];
    if (l.has(kLegTainted)) mark_vdn(l.vdn);
    l.clear(kWaitsInVdn);
    l.clear(kVdnInflow);
    --vdns_[slot].waiting;
}

void Core::leave_vector(Leg& l, Fate fate, bool go_to) noexcept {
    if (!l.has(kWaitsInVector)) return;
    const FateRule& rule = kFates[static_cast<std::size_t>(fate)];
    const u64 wait = now_ - l.vector_at;
    if (u64* const row = vector_row(l)) {
        ++row[hvector("INCALLS")];
        row[hvector("INTIME")] += wait;
        ++row[rule.vector_calls];
        row[rule.vector_time] += wait;
        if (rule.vector_part != kNoColumn) ++row[rule.vector_part];
        if (!rule.abandon) {
            ++row[hvector("OTHERCALLS")];
            row[hvector("OTHERTIME")] += wait;
        }
        if (go_to) {
            ++row[hvector("GOTOCALLS")];
            row[hvector("GOTOTIME")] += wait;
        }
        if (l.has(kVectorInflow)) ++row[hvector("INFLOWCALLS")];
        if (l.has(kLegTainted)) mark_vector(l.vector);
    }
    l.clear(kWaitsInVector);
    l.clear(kVectorInflow);
}

/// Nobody answered: the fate of the call in its VDN, its vector, on its trunk, and in its record. `skill` is
/// the one that it was last in, 0 = none.
void Core::end_way(CallEntry& c, Fate fate, u16 skill) noexcept {
    Leg* const l = leg_at(c.leg);
    if (l == nullptr) return;
    const FateRule& rule = kFates[static_cast<std::size_t>(fate)];
    leave_vdn(*l, fate);
    leave_vector(*l, fate, false);
    if (rule.trunk != TrunkFate::None) set_fate(*l, rule.trunk);
    if (rule.disposition == Disposition::None) return;
    if (const Queue* const q = find_queue(c, skill)) l->disposition_priority = q->priority;
    dispose(*l, rule.disposition, skill);
}

/// It ends in a VDN without a disposition.
void Core::lose_way(Leg& l) noexcept {
    if (!l.has(kWaitsInVdn) && !l.has(kWaitsInVector)) return;
    count(FoldCounter::EndedInVdn);
    if (l.has(kWaitsInVdn)) mark_vdn(l.vdn);
    if (l.has(kWaitsInVector)) mark_vector(l.vector);
    no_longer_waits(l);
}

void Core::dispose(Leg& l, Disposition how, u16 skill) noexcept {
    l.disposition = how;
    l.disposition_wait = now_ - l.started;
    l.disposition_skill = skill;
}

/// An agent answers: waits are fixed, the bookings follow with the conversation.
void Core::answer_way(CallEntry& c, const Segment& s) noexcept {
    Leg& l = legs_[c.leg - 1];
    no_longer_waits(l);
    dispose(l, Disposition::Answered, s.skill);
    l.ring = s.ring;
    if (s.position != 0) l.disposition_priority = s.priority;
    if (s.offer == Offer::Direct) l.set(kDirectAgent);
}

void Core::on(const CallConnected& m) {
    CallEntry* const c = find_or_add_call(m.call);  // a consult begins with it
    if (c == nullptr) return;
    leave_all(*c, Left::Outflow);
    leave_direct(*c, false);
    stop_ringing(*c);
    resolve_doubt(*c);
    connect(*c);
}

/// An extension, or the far end of an outbound call, has answered.
void Core::connect(CallEntry& c) noexcept {
    Leg* const l = leg_of(c);
    if (l == nullptr || l->connected_at != 0) return;
    l->connected_at = now_;
    leave_vector(*l, Fate::Outflow, false);
    no_longer_waits(*l);
    dispose(*l, Disposition::Connected, 0);
    set_fate(*l, TrunkFate::Connected);
    if (l->trunk != 0) trunks_[l->trunk - 1].connected_at = now_;
}

/// The extension's part is over: now its talk time is known.
void Core::end_connection(CallEntry& c) noexcept {
    Leg* const l = leg_at(c.leg);
    if (l == nullptr || l->connected_at == 0) return;
    const u64 talk = now_ - l->connected_at;
    if (u64* const row = l->has(kOwesVdn) ? vdn_row(*l) : nullptr) {
        const VdnState& vdn = vdns_[vdn_ids_.find(l->vdn)];
        const u64 wait = l->vdn_at;
        ++row[hvdn("INCALLS")];
        row[hvdn("INTIME")] += wait + talk;
        ++row[hvdn("CONNECTCALLS")];
        row[hvdn("CONNECTTIME")] += wait;
        row[hvdn("CONNTALKTIME")] += talk;
        ++row[hvdn("OTHERCALLS")];
        row[hvdn("OTHERTIME")] += wait + talk;
        ++row[hvdn("ANSCONNCALLS1") + bucket(vdn.period_s, wait)];
        if (within(vdn.service_level_s, wait)) ++row[hvdn("ACCEPTABLE")];
        row[hvdn("MAXOCWTIME")] = std::max(row[hvdn("MAXOCWTIME")], wait);
        if (l->has(kVdnInflow)) ++row[hvdn("INFLOWCALLS")];
        if (l->has(kLegTainted)) mark_vdn(l->vdn);
    }
    record_way(*l);
    drop_leg(c.leg);
}

// ---- with an agent
// ------------------------------------------------------------------------------------------------

/// A ringing at an agent ended without an answer.
void Core::ring_way(CallEntry& c, u64 ring, bool redirected) noexcept {
    Leg* const l = leg_at(c.leg);
    if (l == nullptr) return;
    l->ring = ring;
    if (u64* const row = l->has(kWaitsInVdn) ? vdn_row(*l) : nullptr) {
        ++row[hvdn("RINGCALLS")];
        row[hvdn("RINGTIME")] += ring;
        row[hvdn("NOANSREDIR")] += redirected;
        if (l->has(kLegTainted)) mark_vdn(l->vdn);
    }
    if (u64* const row = l->has(kWaitsInVector) ? vector_row(*l) : nullptr) {
        ++row[hvector("RINGCALLS")];
        row[hvector("RINGTIME")] += ring;
        row[hvector("NOANSREDIR")] += redirected;
        if (l->has(kLegTainted)) mark_vector(l->vector);
    }
}

/// Books a conversation whose after-call work is over to the VDN and vector it came through.
void Core::book_way(const Segment& s, u64 after_work, bool phantom) noexcept {
    Leg& l = legs_[s.leg - 1];
    book_vdn(s, after_work, phantom, l);
    book_vector(s, phantom, l);
    if (s.has(kTainted) || l.has(kLegTainted)) mark_leg(l);
}

void Core::book_vdn(const Segment& s, u64 after_work, bool phantom, const Leg& l) noexcept {
    u64* const row = l.has(kOwesVdn) ? vdn_row(l) : nullptr;
    if (row == nullptr) return;
    const VdnState& vdn = vdns_[vdn_ids_.find(l.vdn)];
    const u64 wait = l.vdn_at;
    ++row[hvdn("INCALLS")];
    ++row[hvdn("RINGCALLS")];
    row[hvdn("RINGTIME")] += s.ring;
    row[hvdn("MAXOCWTIME")] = std::max(row[hvdn("MAXOCWTIME")], wait);
    if (l.has(kVdnInflow)) ++row[hvdn("INFLOWCALLS")];
    if (phantom) {
        ++row[hvdn("ABNCALLS")];
        row[hvdn("ABNTIME")] += wait;
        row[hvdn("INTIME")] += wait;
        ++row[hvdn("PHANTOMABNS")];
        ++row[hvdn("ABNCALLS1") + bucket(vdn.period_s, wait)];
        if (within(vdn.service_level_s, wait)) ++row[hvdn("SLVLABNS")];
        return;
    }
    ++row[hvdn("ACDCALLS")];
    row[hvdn("ANSTIME")] += wait;
    row[hvdn("ACDTIME")] += s.talk;
    row[hvdn("ACWTIME")] += after_work;
    row[hvdn("INTIME")] += wait + s.talk + s.hold;
    ++row[hvdn("ANSCONNCALLS1") + bucket(vdn.period_s, wait)];
    if (within(vdn.service_level_s, wait)) ++row[hvdn("ACCEPTABLE")];
    if (s.offer == Offer::Skill && s.by != QueuedBy::QueueTo) ++row[hvdn("BACKUPCALLS")];
    if (s.has(kTransferred)) ++row[hvdn("TRANSFERRED")];
    if (s.has(kWasHeld)) {
        ++row[hvdn("HOLDCALLS")];
        ++row[hvdn("HOLDACDCALLS")];
        row[hvdn("HOLDTIME")] += s.hold;
        row[hvdn("HOLDACDTIME")] += s.hold;
        if (s.has(kAbandonedHeld)) ++row[hvdn("HOLDABNCALLS")];
    }
    for (u32 n = 0; n < vdn.skill.size(); ++n) {
        if (s.skill == 0 || vdn.skill[n] != s.skill) continue;
        ++row[hvdn("SKILLCALLS1") + n];
        row[hvdn("SKILLTIME1") + n] += s.talk;
        row[hvdn("SKILLACWTIME1") + n] += after_work;
        break;
    }
}

void Core::book_vector(const Segment& s, bool phantom, const Leg& l) noexcept {
    u64* const row = l.has(kOwesVector) ? vector_row(l) : nullptr;
    if (row == nullptr) return;
    const u64 wait = l.vector_at;
    ++row[hvector("INCALLS")];
    row[hvector("INTIME")] += wait;
    ++row[hvector("RINGCALLS")];
    row[hvector("RINGTIME")] += s.ring;
    if (l.has(kVectorInflow)) ++row[hvector("INFLOWCALLS")];
    if (phantom) {
        ++row[hvector("ABNCALLS")];
        row[hvector("ABNTIME")] += wait;
        ++row[hvector("PHANTOMABNS")];
        return;
    }
    ++row[hvector("ACDCALLS")];
    row[hvector("ANSTIME")] += wait;
    if (s.offer == Offer::Skill && s.by != QueuedBy::QueueTo) ++row[hvector("BACKUPCALLS")];
}

// ---- INCOMPLETE
// ------------------------------------------------------------------------------------------------

void Core::mark_vdn(u32 vdn) noexcept {
    const u32 slot = open_ && vdn != 0 ? vdn_ids_.find(vdn) : IdMap::kNone;
    if (slot == IdMap::kNone) return;
    vdn_rows_.mark_incomplete(slot);
    some_incomplete();
}

void Core::mark_vector(u16 vector) noexcept {
    if (!open_ || vector == 0 || vector_slots_[vector] == 0xFFFF) return;
    vector_rows_.mark_incomplete(vector_slots_[vector]);
    some_incomplete();
}

/// All rows that the segment will or would have reached, and from here on whatever it reaches.
void Core::mark_leg(Leg& l) noexcept {
    l.set(kLegTainted);
    if (l.has(kWaitsInVdn) || l.has(kOwesVdn)) mark_vdn(l.vdn);
    if (l.has(kWaitsInVector) || l.has(kOwesVector)) mark_vector(l.vector);
    if (l.trunk != 0) mark_trunk(l.trunk - 1);
}

// ---- messages
// ------------------------------------------------------------------------------------------------

void Core::on(const CallAtVdn& m) {
    CallEntry* const c = find_or_add_call(m.call);
    if (c == nullptr) return;
    if (m.vdn == 0 || !known(m.how)) {
        count(FoldCounter::BadValue);
        return mark_call(*c);
    }
    if (c->talking()) return illegal(FoldCounter::VdnOfTalking, *c, 0, 0);
    Leg* const l = leg_of(*c);
    if (l == nullptr) return;
    leave_vdn(*l, Fate::Outflow);
    leave_vector(*l, Fate::Outflow, false);
    enter_vdn(*l, m.vdn);
    l->vector = 0;
    l->clear(kVectorInflow);
    if (m.how == VdnEntry::First) return l->clear(kVdnInflow);
    l->set(kVdnInflow);
    l->set(kVectorInflow);  // of the first vector that it enters there
}

void Core::on(const CallAtVector& m) {
    CallEntry* const c = find_call(m.call);
    if (c == nullptr) return unknown_call(0, 0);
    if (m.vector == 0 || !known(m.how)) {
        count(FoldCounter::BadValue);
        return mark_call(*c);
    }
    if (c->talking()) return illegal(FoldCounter::VdnOfTalking, *c, 0, 0);
    Leg* const l = leg_of(*c);
    if (l == nullptr) return;
    const bool go_to = m.how == VectorEntry::GoTo;
    if (go_to && l->has(kWaitsInVector)) {
        leave_vector(*l, Fate::Outflow, true);
        l->set(kVectorInflow);
    } else {
        leave_vector(*l, Fate::Outflow, false);
        if (go_to) l->set(kVectorInflow);
    }
    l->vector = m.vector;
    l->vector_at = now_;
    if (l->first_vector == 0) l->first_vector = m.vector;
    l->set(kWaitsInVector);
    l->set(kVectorCall);
    if (l->trunk != 0) trunks_[l->trunk - 1].set(kTrunkVectorCall);
    (void)vector_slot(m.vector);
}

}  // namespace twinlink::fold
