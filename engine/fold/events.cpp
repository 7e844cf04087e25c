// What is handed on as it happens, not at boundaries: login sessions and call records; and the work codes
// that both rows and records tell of. See core.hpp.
//
// A record's moments are by the clock in force at its end, so that differences of them are durations.
#include "engine/fold/core.hpp"

namespace twinlink::fold {
namespace {

constexpr u64 kCodesEnd = 10'000'000'000'000'000ULL;  // 16 decimal digits, specified

}  // namespace

// ---- work codes
// ------------------------------------------------------------------------------------------------

/// The row of the code in the open interval, about to be changed; null where there is no room.
u64* Core::code_row(u64 code) noexcept {
    u32 slot = code_ids_.find(code);
    if (slot == IdMap::kNone) {
        slot = codes_.take();
        if (slot == Pool<CodeState>::kNone) {
            count(FoldCounter::CodesFull);
            become_uncertain();
            return nullptr;
        }
        codes_[slot].code = code;
        code_ids_.insert(code, slot);
    }
    return code_rows_.touch(slot);
}

void Core::book_codes(const Segment& s, u64 after_work, const Leg& l) noexcept {
    const auto codes = l.work_codes();
    for (auto code = codes.begin(); code != codes.end(); ++code) {
        u64* const row = code_row(*code);
        if (row == nullptr) return;
        ++row[hcwc("ACDCALLS")];
        if (s.has(kTainted)) {
            row[kIncompleteColumn] = 1;
            some_incomplete();
        }
        if (std::find(codes.begin(), code, *code) != code) continue;
        row[hcwc("ACDTIME")] += s.talk;
        row[hcwc("ACWTIME")] += after_work;
        row[hcwc("TIME")] += s.talk + s.hold + after_work;
    }
}

/// What the agent talks about, or is in the after-call work of; null if that is not this call.
Segment* Core::conversation(u64 call, u64 agent) noexcept {
    CallEntry* const c = find_call(call);
    AgentEntry* const a = find_agent(agent);
    if (a != nullptr && call != 0 && a->work.call == call && a->work.has(kJoined)) return &a->work;
    if (c != nullptr && c->talking()) return &c->talk;
    return a != nullptr && call != 0 && a->work.call == call ? &a->work : nullptr;
}

void Core::on(const CallWorkCode& m) {
    Segment* const s = conversation(m.call, m.agent);
    if (s == nullptr || s->leg == 0) {
        count(FoldCounter::EventWithoutCall);
        return mark_agent(m.agent);
    }
    if (m.code == 0 || m.code >= kCodesEnd) {
        count(FoldCounter::BadValue);
        s->set(kTainted);
        return;
    }
    trace_code(s->agent, m.code);
    Leg& l = legs_[s->leg - 1];
    l.last_code = m.code;
    if (l.codes < l.code.size()) {
        l.code[l.codes] = m.code;
    } else {  // counts nowhere, and the row of the code says so
        count(FoldCounter::TooManyCodes);
        if (u64* const row = code_row(m.code)) row[kIncompleteColumn] = 1;
        some_incomplete();
    }
    if (l.codes != 0xFF) ++l.codes;
}

// ---- events
// ------------------------------------------------------------------------------------------------

void Core::hand_on_event(TableId table, u64 entity, u64 entity2) noexcept {
    const std::span row(event_.data(), find_table(table)->columns);
    if (row[kIncompleteColumn] != 0) some_incomplete();
    sink_->row({table, acd_, record_.start, record_.instance, entity, entity2}, row, true);
}

/// The agent's session is over. `seen` is false where no message said so.
void Core::log_session(AgentEntry& a, u8 reason, bool seen) noexcept {
    if (!open_ || sink_ == nullptr) return;
    event_.fill(0);
    const bool doubtful = a.found != 0 || !seen || uncertain_ || a.has(kAgentTainted) || a.has(kOrderUnknown);
    event_[kIncompleteColumn] = doubtful;
    event_[haglog("LOGOUT")] = wall_;
    event_[haglog("LOGOUT_REASON")] = reason;
    event_[haglog("EXTN")] = a.extension;
    event_[haglog("INFLAG")] = a.found;
    event_[haglog("OUTFLAG")] = !seen;
    u32 n = 0;
    for (u32 l = a.first; l != kNoIndex && n < 20; l = links_[l].next) {
        if (links_[l].assigned == 0) continue;
        event_[haglog("LOGONSKILL1") + n] = links_[l].skill;
        event_[haglog("SKLEVEL1") + n] = links_[l].level;
        ++n;
    }
    hand_on_event(TableId::Haglog, a.id, wall_ - (now_ - a.login_at));
}

// ---- call records
// ------------------------------------------------------------------------------------------------

/// What all records have in common.
void Core::fill_record(const Leg& l, u64 disposition_wait, Disposition how) noexcept {
    event_.fill(0);
    event_[call_rec("SEGSTART")] = wall_ - (now_ - l.started);
    event_[call_rec("UCID")] = l.ucid;
    event_[call_rec("SEGMENT")] = l.segment;
    event_[call_rec("DISPOSITION")] = static_cast<u64>(how);
    event_[call_rec("DISPTIME")] = disposition_wait;
    event_[call_rec("RINGTIME")] = l.ring;
    const u64 disposed_at = l.started + disposition_wait;
    if (l.queued_at != 0 && disposed_at > l.queued_at + l.ring)
        event_[call_rec("QUEUETIME")] = disposed_at - l.queued_at - l.ring;
    event_[call_rec("CONSULTTIME")] = l.consult;
    event_[call_rec("DURATION")] = l.trunk_ns + (l.trunk != 0 ? now_ - l.trunk_since : 0);
    event_[call_rec("FIRSTVDN")] = l.first_vdn;
    event_[call_rec("DISPVDN")] = l.vdn;
    std::ranges::copy(l.further_vdns(), &event_[call_rec("VDN2")]);
    event_[call_rec("FIRSTIVECTOR")] = l.first_vector;
    event_[call_rec("DISPIVECTOR")] = l.vector;
    for (u32 n = 0; n < l.skill.size(); ++n) event_[call_rec("SPLIT1") + n] = l.skill[n];
    event_[call_rec("DISPSPLIT")] = l.disposition_skill;
    event_[call_rec("DISPPRIORITY")] = static_cast<u64>(l.disposition_priority);
    event_[call_rec("TKGRP")] = l.trunk_group;
    event_[call_rec("EQLOC")] = l.trunk_number;
    event_[call_rec("DA_QUEUED")] = l.has(kDirectAgent);
    event_[call_rec("HELD")] = l.holds;
    if (l.codes != 0) event_[call_rec("LASTCWC")] = l.last_code;
    std::ranges::copy(l.work_codes(), &event_[call_rec("CWC1")]);
    std::memcpy(&event_[call_rec("CALLING_PTY")], l.calling.data(), l.calling.size());
    std::memcpy(&event_[call_rec("DIALED_NUM")], l.dialled.data(), l.dialled.size());
}

void Core::hand_on_record(const Leg& l, bool tainted) noexcept {
    event_[kIncompleteColumn] = tainted || l.has(kLegTainted) || uncertain_;
    u64 at = wall_;
    if (last_record_call_ == l.call && last_record_at_ >= at) at = last_record_at_ + 1;
    last_record_at_ = at;
    last_record_call_ = l.call;
    hand_on_event(TableId::CallRec, at, l.call);
}

/// A segment that no agent answered is over.
void Core::record_way(Leg& l) noexcept {
    if (!open_ || sink_ == nullptr) return;
    const bool disposed = l.disposition != Disposition::None;
    fill_record(l, disposed ? l.disposition_wait : now_ - l.started,
                disposed ? l.disposition : Disposition::Other);
    if (l.connected_at != 0) event_[call_rec("TALKTIME")] = now_ - l.connected_at;
    hand_on_record(l, false);
}

/// A segment that an agent answered is over, after-call work included.
void Core::record_conversation(const Segment& s, u64 after_work, bool phantom, Leg& l) noexcept {
    if (!open_ || sink_ == nullptr) return;
    fill_record(l, l.disposition_wait, phantom ? Disposition::Abandoned : Disposition::Answered);
    event_[call_rec("TALKTIME")] = s.talk;
    event_[call_rec("ANSHOLDTIME")] = s.hold;
    event_[call_rec("ACWTIME")] = after_work;
    event_[call_rec("ANSLOGIN")] = s.agent;
    event_[call_rec("ASSIST")] = s.assists != 0;
    event_[call_rec("CONFERENCE")] = s.has(kConferenced);
    event_[call_rec("HOLDABN")] = s.has(kAbandonedHeld);
    event_[call_rec("MALICIOUS")] = s.has(kMalicious);
    event_[call_rec("TRANSFERRED")] = s.has(kTransferred);
    event_[call_rec("AGT_RELEASED")] = s.has(kAgentEnded);
    event_[call_rec("PHANTOM")] = phantom;
    if (s.has(kHadEvents)) std::ranges::copy(s.events, &event_[call_rec("EVENT1")]);
    hand_on_record(l, s.has(kTainted));
}

}  // namespace twinlink::fold
