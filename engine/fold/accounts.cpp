// Booking: what a finished conversation or ringing adds to the rows of its skill and agent, and marking rows
// INCOMPLETE. See core.hpp.
#include "engine/fold/core.hpp"

namespace twinlink::fold {
namespace {

/// LOW, MED, HIGH and TOPCALLS by Priority.
constexpr std::array<u16, 5> kByPriority{0, hsplit("LOWCALLS"), hsplit("MEDCALLS"), hsplit("HIGHCALLS"),
                                         hsplit("TOPCALLS")};

}  // namespace

/// The skill's row, about to be changed; null without a skill or an open interval.
u64* Core::skill_row(u16 skill) noexcept {
    if (skill == 0 || !open_) return nullptr;
    const u32 slot = skill_slot(skill);
    return slot == kNoIndex ? nullptr : skill_rows_.touch(slot);
}

/// Books a conversation whose after-call work took `after_work` ns: the call is over for its skill and agent.
void Core::book(const Segment& s, u64 after_work) noexcept {
    u32 leg = s.leg;
    if (s.call != 0 && s.offer != Offer::Extension && open_) book_all(s, after_work);
    drop_leg(leg);
}

void Core::book_all(const Segment& s, u64 after_work) noexcept {
    const u32 link = row_link(s.agent, s.skill);
    const bool phantom = is_phantom(s);
    if (s.offer == Offer::Direct) {
        book_direct_call(s, after_work, link);
    } else {
        book_skill_call(s, after_work, link);
    }
    if (Leg* const l = leg_at(s.leg)) {
        book_way(s, after_work, phantom);
        if (!phantom) book_codes(s, after_work, *l);
        record_conversation(s, after_work, phantom, *l);
    }
    if (s.has(kTainted)) {
        mark_skill(s.skill);
        if (link != kNoIndex) mark_link(link);
        if (s.skill == 0) mark_agent(s.agent);
    }
}

void Core::book_skill_call(const Segment& s, u64 after_work, u32 link) noexcept {
    u64* const r = skill_row(s.skill);
    u64* const a = link == kNoIndex ? nullptr : agent_rows_.touch(link);
    if (r == nullptr || a == nullptr) return become_uncertain();  // no room for its rows
    const SkillEntry& skill = skills_[skill_slots_[s.skill]];
    ++r[hsplit("CALLSOFFERED")];
    r[hsplit("MAXOCWTIME")] = std::max(r[hsplit("MAXOCWTIME")], s.wait);
    ++r[hsplit("RINGCALLS")];
    r[hsplit("RINGTIME")] += s.ring;
    ++a[hagent("RINGCALLS")];
    a[hagent("RINGTIME")] += s.ring;
    if (s.position > 1) ++r[hsplit("INFLOWCALLS")];
    if (is_phantom(s)) {
        ++r[hsplit("ABNCALLS")];
        r[hsplit("ABNTIME")] += s.wait;
        ++r[hsplit("ABNCALLS1") + bucket(skill.period_s, s.wait)];
        ++r[hsplit("PHANTOMABNS")];
        if (within(skill.service_level_s, s.wait)) ++r[hsplit("SLVLABNS")];
        if (s.has(kByAdjunct)) ++r[hsplit("O_ABNCALLS")];
        ++a[hagent("ABNCALLS")];
        a[hagent("ABNTIME")] += s.ring;
        ++a[hagent("PHANTOMABNS")];
        return;
    }
    ++r[hsplit("ACDCALLS")];
    r[hsplit("ANSTIME")] += s.wait;
    r[hsplit("ACDTIME")] += s.talk;
    r[hsplit("ACWTIME")] += after_work;
    ++r[hsplit("ACDCALLS1") + bucket(skill.period_s, s.wait)];
    if (within(skill.service_level_s, s.wait)) ++r[hsplit("ACCEPTABLE")];
    if (s.by != QueuedBy::QueueTo) ++r[hsplit("BACKUPCALLS")];
    if (const auto p = static_cast<std::size_t>(s.priority); p - 1 < 4) ++r[kByPriority[p]];
    ++a[hagent("ACDCALLS")];
    a[hagent("ACDTIME")] += s.talk;
    a[hagent("ACWTIME")] += after_work;
    a[hagent("ANSRINGTIME")] += s.ring;
    if (s.has(kAgentEnded)) ++a[hagent("ACD_RELEASE")];
    if (s.has(kByAdjunct)) {
        ++r[hsplit("O_ACDCALLS")];
        r[hsplit("O_ACDTIME")] += s.talk;
        r[hsplit("O_ACWTIME")] += after_work;
        ++a[hagent("O_ACDCALLS")];
        a[hagent("O_ACDTIME")] += s.talk;
        a[hagent("O_ACWTIME")] += after_work;
    }
    book_hold_and_events(s, r, a);
}

void Core::book_direct_call(const Segment& s, u64 after_work, u32 link) noexcept {
    if (link == kNoIndex) return become_uncertain();
    u64* const a = agent_rows_.touch(link);
    ++a[hagent("DA_ACDCALLS")];
    a[hagent("DA_ACDTIME")] += s.talk;
    a[hagent("DA_ACWTIME")] += after_work;
    a[hagent("DA_ANSTIME")] += s.wait;
    if (s.has(kAgentEnded)) ++a[hagent("DA_RELEASE")];
    book_hold_and_events(s, nullptr, a);
}

/// What happened during the talk. `r` is null for a direct agent call, which belongs to no skill.
void Core::book_hold_and_events(const Segment& s, u64* r, u64* a) noexcept {
    if (s.has(kWasHeld)) {
        ++a[hagent("HOLDCALLS")];
        a[hagent("HOLDTIME")] += s.hold;
        if (s.has(kAbandonedHeld)) ++a[hagent("HOLDABNCALLS")];
        if (r != nullptr) {
            a[hagent("HOLDACDTIME")] += s.hold;
            ++r[hsplit("HOLDCALLS")];
            r[hsplit("HOLDTIME")] += s.hold;
            if (s.has(kAbandonedHeld)) ++r[hsplit("HOLDABNCALLS")];
        }
    }
    if (s.has(kHadEvents)) {
        a[hagent("ASSISTS")] += s.assists;
        for (u32 n = 0; n < 9; ++n) a[hagent("EVENT1") + n] += s.events[n];
        if (r != nullptr) {
            r[hsplit("ASSISTS")] += s.assists;
            for (u32 n = 0; n < 9; ++n) r[hsplit("EVENT1") + n] += s.events[n];
        }
    }
    if (r == nullptr) return;
    if (s.has(kTransferred)) {
        ++r[hsplit("TRANSFERRED")];
        ++a[hagent("TRANSFERRED")];
    }
    if (s.has(kConferenced)) {
        ++r[hsplit("CONFERENCE")];
        ++a[hagent("CONFERENCE")];
    }
}

/// A ringing that ended without an answer.
void Core::book_ringing(const CallEntry& c, u64* skill_row, u64* agent_row) noexcept {
    const u64 ring = now_ - c.ring_at;
    if (skill_row != nullptr) {
        ++skill_row[hsplit("RINGCALLS")];
        skill_row[hsplit("RINGTIME")] += ring;
    }
    if (agent_row != nullptr) {
        ++agent_row[hagent("RINGCALLS")];
        agent_row[hagent("RINGTIME")] += ring;
    }
}

// ---- INCOMPLETE
// ---------------------------------------------------------------------------------------------

void Core::mark_skill(u16 skill) noexcept {
    if (!open_ || skill == 0 || skill_slots_[skill] == 0xFFFF) return;
    skill_rows_.mark_incomplete(skill_slots_[skill]);
    some_incomplete();
}

void Core::mark_link(u32 link) noexcept {
    if (!open_) return;
    agent_rows_.mark_incomplete(link);
    some_incomplete();
}

/// All rows of an agent and of his skills.
void Core::mark_agent(const AgentEntry& a) noexcept {
    for (u32 l = a.first; l != kNoIndex; l = links_[l].next) {
        mark_link(l);
        mark_skill(links_[l].skill);
    }
}

void Core::mark_agent(u64 agent) noexcept {
    trace_doubt(agent);
    if (const AgentEntry* const a = find_agent(agent)) mark_agent(*a);
}

/// All rows that the call will or would have reached, and from here on whatever it reaches.
void Core::mark_call(CallEntry& c) noexcept {
    c.set(kTaintedCall);
    for (const Queue& q : c.queue) mark_skill(q.skill);
    if (Leg* const l = leg_at(c.leg)) mark_leg(*l);
    if (c.direct_agent != 0) mark_agent(c.direct_agent);
    if (c.ringing()) {
        mark_skill(c.ring_skill);
        mark_agent(c.ring_agent);
    }
    if (c.talking()) {
        c.talk.set(kTainted);
        mark_skill(c.talk.skill);
        mark_agent(c.talk.agent);
    }
}

}  // namespace twinlink::fold
