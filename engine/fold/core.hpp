// The state of one fold and everything that changes it; fold.hpp is what others see.
//
// One thread. The implementation is split by subject: core.cpp (construction), fold.cpp (dispatch), clock.cpp
// (time and intervals), queues.cpp and talk.cpp (life of a call), legs.cpp (its way through VDNs and
// vectors), trunks.cpp, accounts.cpp (booking a call), events.cpp (work codes, logins, call records),
// agents.cpp and agent_time.cpp (modes and their time), trace.cpp (activities of traced agents), pump_up.cpp
// and repair*.cpp (what a pump-up corrects), real_time.cpp (the moment, for people), checkpoint_*.cpp (save
// and load).
//
// Invariants: derived numbers (in_queue, staffed, top, waiting, busy, doubtful_calls) equal what counting
// would give; rows are touched only while an interval is open; nothing is allocated after construction but by
// save() and load(). A leg belongs to one call, or to one conversation, or is free.
#pragma once

#include "engine/fold/entries.hpp"
#include "engine/fold/fold.hpp"
#include "engine/fold/id_map.hpp"
#include "engine/fold/instances.hpp"
#include "engine/fold/names.hpp"
#include "engine/fold/pool.hpp"
#include "engine/fold/rows.hpp"
#include "engine/fold/trace.hpp"

#include <algorithm>
#include <utility>

namespace twinlink::fold {

/// Columns of the widest table of single events.
inline constexpr std::size_t kEventColumns =
    std::max({find_table(TableId::Haglog)->columns, find_table(TableId::CallRec)->columns,
              find_table(TableId::AgActv)->columns});

/// How a call leaves a skill's queue without having been answered there.
enum class Left : u8 {
    Dequeued,
    Outflow,
    Interflow,
    Busy,
    Disconnected,
    AbandonedQueued,
    AbandonedRinging,
    Requeued
};

class Core {
public:
    Core(Acd acd, const FoldLimits& limits);

    void begin_epoch(Epoch epoch, FoldSink& sink);
    void apply(Seq first, Bytes messages, u32 count, FoldSink& sink);
    void missing(u64 count);
    void flush(FoldSink& sink);
    void trace(std::span<const u64> agents);
    [[nodiscard]] std::vector<u64> traced() const;
    void save(std::vector<std::byte>& to);
    Expected<void> load(Bytes from);
    [[nodiscard]] u64 interval_of(Nanos time) const noexcept;
    void look(RealTime& now) const;
    [[nodiscard]] u64 counter(FoldCounter which) const noexcept { return counters_[static_cast<u8>(which)]; }
    [[nodiscard]] const AcdRecord& settings() const noexcept { return acd_record_; }
    [[nodiscard]] const FoldLimits& limits() const noexcept { return limits_; }
    [[nodiscard]] Acd acd() const noexcept { return acd_; }
    void set_trail(FoldTrail* trail) noexcept { trail_ = trail; }
    [[nodiscard]] FoldTrail* trail() const noexcept { return trail_; }
    /// The message that is folded now; 0: none.
    void mark(Seq seq) noexcept {
        if (trail_ == nullptr) return;
        trail_->acd.store(acd_.value, std::memory_order_relaxed);
        trail_->epoch.store(epoch_, std::memory_order_relaxed);
        trail_->seq.store(seq.value, std::memory_order_relaxed);
    }

private:
    void count(FoldCounter which, u64 n = 1) noexcept { counters_[static_cast<u8>(which)] += n; }

    // fold.cpp
    void fold_one(const MessageView& m, FoldSink& sink);
    void dispatch(const MessageView& m, FoldSink& sink);
    /// Where the message's call and agent were when it was looked at ahead; they may have come or gone since.
    struct Found {
        u32 call = kNoIndex;
        u32 agent = kNoIndex;
    };
    void prefetch_slot(const MessageView& m) const noexcept;
    [[nodiscard]] Found prefetch_entry(const MessageView& m) const noexcept;
    [[nodiscard]] u32 prefetch_agent(u64 agent) const noexcept;
    void prefetch_leg(const MessageView& m, Found found) const noexcept;

    // clock.cpp
    void advance(const MessageView& m, FoldSink& sink);
    void clock_trouble(u64 time, u64 cut_below, FoldSink& sink);
    void cut_below(u64 limit, FoldSink& sink);
    void open_interval(u64 start, FoldSink& sink);
    void close_interval(u64 last_time, FoldSink& sink);
    void begin_collecting(FoldSink& sink);
    void finish_skill_row(u32 slot) noexcept;
    void finish_agent_row(u32 slot) noexcept;
    void finish_vdn_row(u32 slot) noexcept;
    void finish_group_row(u32 slot) noexcept;
    template <class F>
    void for_each_table(F&& f);
    void hand_on(const RowKey& key, RowStore& rows, u32 slot, bool closed, FoldSink& sink);
    void check_identities(TableId table, std::span<const u64> row) noexcept;
    void settle_all() noexcept;
    void forget_the_gone() noexcept;
    void become_uncertain() noexcept;
    void all_rows_incomplete() noexcept;
    void on(const IntervalBoundary& m, FoldSink& sink);
    void on(const ClockSet& m);

    // queues.cpp
    [[nodiscard]] CallEntry* find_call(u64 id) noexcept;
    CallEntry* find_or_add_call(u64 id) noexcept;
    void end_if_idle(CallEntry& c) noexcept;
    void drop_call(CallEntry& c) noexcept;
    void forget_call(CallEntry& c) noexcept;
    void abort_call(CallEntry& c) noexcept;
    void unknown_call(u16 skill, u64 agent) noexcept;
    void illegal(FoldCounter kind, CallEntry& c, u16 skill, u64 agent) noexcept;
    [[nodiscard]] static Queue* find_queue(CallEntry& c, u16 skill) noexcept;
    [[nodiscard]] static Queue* primary(CallEntry& c) noexcept;
    [[nodiscard]] static u16 skill_of(CallEntry& c) noexcept;
    void enter_queue(CallEntry& c, const Queue& q) noexcept;
    void leave_queue(CallEntry& c, Queue& q, Left how) noexcept;
    void leave_all(CallEntry& c, Left primary_leaves) noexcept;
    void take_out(CallEntry& c, Queue& q) noexcept;
    void leave_direct(CallEntry& c, bool abandoned) noexcept;
    void resolve_doubt(CallEntry& c) noexcept;
    void on(const CallQueued& m);
    void on(const CallDequeued& m);
    void on(const CallForcedBusy& m);
    void on(const CallForcedDisconnect& m);
    void on(const CallOutflowed& m);
    void end_in_queue(u64 call, Left how, Fate fate);

    // legs.cpp
    [[nodiscard]] Leg* leg_at(u32 ref) noexcept { return ref == 0 ? nullptr : &legs_[ref - 1]; }
    Leg* leg_of(CallEntry& c) noexcept;
    void drop_leg(u32& ref) noexcept;
    [[nodiscard]] u32 vdn_slot(u32 vdn) noexcept;
    [[nodiscard]] u32 vector_slot(u16 vector) noexcept;
    [[nodiscard]] u64* vdn_row(const Leg& l) noexcept;
    [[nodiscard]] u64* vector_row(const Leg& l) noexcept;
    void enter_vdn(Leg& l, u32 vdn) noexcept;
    void no_longer_waits(Leg& l) noexcept;
    void leave_vdn(Leg& l, Fate fate) noexcept;
    void leave_vector(Leg& l, Fate fate, bool go_to) noexcept;
    void end_way(CallEntry& c, Fate fate, u16 skill) noexcept;
    void lose_way(Leg& l) noexcept;
    void dispose(Leg& l, Disposition how, u16 skill) noexcept;
    void answer_way(CallEntry& c, const Segment& s) noexcept;
    void connect(CallEntry& c) noexcept;
    void end_connection(CallEntry& c) noexcept;
    void book_way(const Segment& s, u64 after_work, bool phantom) noexcept;
    void book_vdn(const Segment& s, u64 after_work, bool phantom, const Leg& l) noexcept;
    void book_vector(const Segment& s, bool phantom, const Leg& l) noexcept;
    void ring_way(CallEntry& c, u64 ring, bool redirected) noexcept;
    void mark_leg(Leg& l) noexcept;
    void mark_vdn(u32 vdn) noexcept;
    void mark_vector(u16 vector) noexcept;
    void on(const CallAtVdn& m);
    void on(const CallAtVector& m);
    void on(const CallConnected& m);
    [[nodiscard]] static u32 bucket(const std::array<u16, 9>& period_s, u64 wait) noexcept;
    [[nodiscard]] static bool within(u16 level_s, u64 wait) noexcept;

    // trunks.cpp
    [[nodiscard]] u32 group_slot(u16 group) noexcept;
    [[nodiscard]] u32 find_trunk(u16 group, u16 trunk) const noexcept;
    [[nodiscard]] u32 trunk_slot(u16 group, u16 trunk) noexcept;
    void accrue_trunk(u32 slot) noexcept;
    void accrue_group(u32 slot) noexcept;
    void accrue_trunks() noexcept;
    void set_busy(TrunkState& t, bool busy) noexcept;
    void seize(CallEntry& c, Leg* l, u32 slot, CallDirection direction) noexcept;
    void free_trunk(u32 slot) noexcept;
    void move_trunk(CallEntry& from, CallEntry& to) noexcept;
    void book_trunk(u32 slot, TrunkFate fate) noexcept;
    void set_fate(const Leg& l, TrunkFate fate) noexcept;
    void mark_trunk(u32 slot) noexcept;
    void on(const TrunkSeized& m);
    void on(const TrunkIdle& m);
    void on(const TrunkMaintenance& m);

    // events.cpp
    [[nodiscard]] u64* code_row(u64 code) noexcept;
    void book_codes(const Segment& s, u64 after_work, const Leg& l) noexcept;
    void on(const CallWorkCode& m);
    [[nodiscard]] Segment* conversation(u64 call, u64 agent) noexcept;
    void hand_on_event(TableId table, u64 entity, u64 entity2) noexcept;
    void log_session(AgentEntry& a, u8 reason, bool seen) noexcept;
    void record_way(Leg& l) noexcept;
    void record_conversation(const Segment& s, u64 after_work, bool phantom, Leg& l) noexcept;
    void fill_record(const Leg& l, u64 disposition_wait, Disposition how) noexcept;
    void hand_on_record(const Leg& l, bool tainted) noexcept;

    // talk.cpp
    void stop_ringing(CallEntry& c) noexcept;
    void begin_hold(CallEntry& c) noexcept;
    void end_hold(CallEntry& c) noexcept;
    void end_talk(CallEntry& c) noexcept;
    [[nodiscard]] bool is_phantom(const Segment& s) const noexcept;
    void no_longer_held(AgentEntry& a, u32 leg) noexcept;
    void bank_consult(AgentEntry& a) noexcept;
    [[nodiscard]] bool talks_to(CallEntry* c, u64 agent, FoldCounter otherwise) noexcept;
    void hand_over(CallEntry& from, CallEntry& to) noexcept;
    void join(CallEntry& c, CallEntry& other) noexcept;
    bool leave_joined(AgentEntry* a, u64 call, bool agent_ended) noexcept;
    void on(const CallRinging& m);
    void on(const CallAnswered& m);
    void on(const CallHeld& m);
    void on(const CallRetrieved& m);
    void on(const CallConferenced& m);
    void on(const CallTransferred& m);
    void on(const CallRedirected& m);
    void on(const CallAbandoned& m);
    void abandoned_ringing(CallEntry& c) noexcept;
    void on(const CallReleased& m);
    void on(const CallEvent& m);

    // accounts.cpp
    void book(const Segment& s, u64 after_work) noexcept;
    void book_all(const Segment& s, u64 after_work) noexcept;
    void book_skill_call(const Segment& s, u64 after_work, u32 link) noexcept;
    void book_direct_call(const Segment& s, u64 after_work, u32 link) noexcept;
    void book_hold_and_events(const Segment& s, u64* skill_row, u64* agent_row) noexcept;
    void book_ringing(const CallEntry& c, u64* skill_row, u64* agent_row) noexcept;
    [[nodiscard]] u64* skill_row(u16 skill) noexcept;
    /// The interval's record tells that some of its rows are INCOMPLETE.
    void some_incomplete() noexcept {
        record_.incomplete = 1;
        record_changed_ = true;
    }
    void mark_skill(u16 skill) noexcept;
    void mark_link(u32 link) noexcept;
    void mark_agent(const AgentEntry& a) noexcept;
    void mark_agent(u64 agent) noexcept;
    void mark_call(CallEntry& c) noexcept;

    // agents.cpp
    [[nodiscard]] u32 skill_slot(u16 skill) noexcept;
    [[nodiscard]] AgentEntry* find_agent(u64 id) noexcept;
    AgentEntry* find_or_add_agent(u64 id) noexcept;
    [[nodiscard]] u32 find_link(const AgentEntry& a, u16 skill) const noexcept;
    [[nodiscard]] u32 oldest(const AgentEntry& a) const noexcept;
    [[nodiscard]] u32 row_link(u64 agent, u16 skill) noexcept;
    u32 add_link(AgentEntry& a, u16 skill) noexcept;
    void append_link(AgentEntry& a, u32 link) noexcept;
    void unlink(AgentEntry& a, u32 link) noexcept;
    void assign(AgentEntry& a, u16 skill, u8 level) noexcept;
    void unassign(AgentEntry& a, u32 link) noexcept;
    void remove_leaving(AgentEntry& a) noexcept;
    void update_top(AgentEntry& a) noexcept;
    void set_extension(AgentEntry& a, u32 extension) noexcept;
    void log_in(AgentEntry& a, u32 extension) noexcept;
    void log_out(AgentEntry& a, u8 reason, bool seen) noexcept;
    void set_mode(AgentEntry& a, AgentMode mode, u16 skill, u64 call, u8 reason,
                  Direction direction) noexcept;
    void resolve_mode_link(AgentEntry& a) noexcept;
    void end_work(AgentEntry& a) noexcept;
    void begin_extension(AgentEntry& a, Direction direction) noexcept;
    void end_extension(AgentEntry& a) noexcept;
    void on(const AgentLogin& m);
    void on(const AgentLogout& m);
    void on(const AgentState& m);
    void on(const AgentSkill& m);
    void count_transition(const AgentEntry& a, const AgentState& m) noexcept;

    // agent_time.cpp
    void accrue(AgentEntry& a) noexcept;
    void accrue_part(AgentEntry& a, u64 dt) noexcept;
    void settle(AgentEntry& a) noexcept;
    void make_dirty(AgentEntry& a) noexcept;

    // trace.cpp
    [[nodiscard]] Trace* find_trace(u64 agent) noexcept;
    [[nodiscard]] static bool still(const Trace& t, const AgentEntry& a) noexcept;
    void begin_activity(Trace& t, const AgentEntry& a, u64 began, bool doubtful) noexcept;
    void end_activity(Trace& t, const AgentEntry& a, u64 end) noexcept;
    void hand_on_activity(Trace& t, const AgentEntry& a, u64 began) noexcept;
    void trace_mode(AgentEntry& a) noexcept;
    void trace_found(AgentEntry& a, u64 since) noexcept;
    void trace_logout(AgentEntry& a, u8 reason, bool seen) noexcept;
    void trace_event(u64 agent, TraceFlag what) noexcept;
    void trace_code(u64 agent, u64 code) noexcept;
    void trace_doubt(u64 agent) noexcept;

    // pump_up.cpp
    void on(const PumpUpBegin& m);
    void on(const AcdInfo& m, FoldSink& sink);
    void on(const SkillInfo& m, FoldSink& sink);
    void on(const VdnInfo& m, FoldSink& sink);
    void on(const VectorInfo& m, FoldSink& sink);
    void on(const TrunkGroupInfo& m, FoldSink& sink);
    void on(const AgentSnapshot& m);
    void on(const CallSnapshot& m);
    void on(const PumpUpEnd& m, FoldSink& sink);
    void stage(const AgentSkill& m);
    void name(NameKind kind, u64 number, const Text<24>& text, FoldSink& sink);
    void tear_pump_up() noexcept;

    // real_time.cpp
    void look_at_skills(RealTime& now) const;

    // repair.cpp, repair_calls.cpp
    void repair(bool certain);
    void repair_staffing(bool certain);
    void found_logged_in(AgentEntry& a, const AgentSnapshot& s) noexcept;
    void repair_skills(bool certain);
    void drop_unnamed_agents(bool certain);
    void repair_modes(bool certain);
    void repair_mode(AgentEntry& a, const AgentSnapshot& s, bool certain);
    void repair_calls(bool certain);
    void repair_call(const CallSnapshot& s, bool certain);
    void rebuild_call(CallEntry& c, const CallSnapshot& s);
    void restore_segment(Segment& segment, const CallSnapshot& s, const AgentEntry* a);
    [[nodiscard]] bool agrees(const CallEntry& c, const CallSnapshot& s) const noexcept;
    void repair_leg(CallEntry& c, const CallSnapshot& s, bool certain);
    void take_way(Leg& l, const CallSnapshot& s);
    void repair_work_legs(bool certain);
    void repair_trunks(bool certain);
    void repair_trunk(const CallSnapshot& s, bool certain);
    void correct_trunk(u32 slot, bool certain) noexcept;
    void drop_unnamed_calls(bool certain);
    void repair_work(bool certain);
    void doubt_skills() noexcept;
    void recount_after_loss();
    void corrected(AgentEntry& a, FoldCounter kind, bool certain) noexcept;

    // checkpoint_save.cpp, checkpoint_load.cpp
    friend struct Checkpoint;

    Acd acd_;
    FoldLimits limits_;
    std::array<u64, static_cast<std::size_t>(FoldCounter::Count_)> counters_{};

    // The clock. now_ is internal time: the ACD's clock plus skew_, which undoes its settings.
    u64 now_ = 0;
    u64 opened_ = 0;  ///< now_ when the open interval was opened
    u64 skew_ = 0;
    u64 wall_ = 0;  ///< the latest message's time as sent
    FoldTrail* trail_ = nullptr;
    u64 epoch_ = 0;
    u64 seq_ = 0;

    // What is known.
    bool ready_ = false;        ///< a whole pump-up of this epoch was seen
    bool uncertain_ = false;    ///< messages are missing that the next whole pump-up makes up for
    bool after_gap_ = false;    ///< the next message is the first behind a gap
    bool resync_ = true;        ///< its time may have stepped anyhow
    u64 gap_names_ = 0;         ///< names missing in front of it
    u64 unopened_missing_ = 0;  ///< names missing before an interval was open

    // The open interval.
    bool open_ = false;
    bool all_incomplete_ = false;   ///< every row of it is INCOMPLETE
    bool skills_in_doubt_ = false;  ///< every row of hsplit is
    bool record_changed_ = false;
    u16 minutes_ = 30;
    u64 phase_ = 0;  ///< of the grid: starts are phase_ modulo the length
    IntervalRecord record_{};
    Instances instances_;
    u32 doubtful_calls_ = 0;

    // Settings.
    AcdRecord acd_record_{};
    Names names_;

    // Tables.
    std::vector<u16> skill_slots_;  ///< by skill number
    Pool<SkillEntry> skills_;
    IdMap agent_ids_;
    Pool<AgentEntry> agents_;
    Pool<SkillOfAgent> links_;
    IdMap call_ids_;
    Pool<CallEntry> calls_;
    Pool<Leg> legs_;
    IdMap vdn_ids_;
    Pool<VdnState> vdns_;
    std::vector<u16> vector_slots_;  ///< by vector number
    Pool<VectorState> vectors_;
    std::vector<u16> group_slots_;  ///< by trunk group number
    Pool<GroupState> groups_;
    IdMap trunk_ids_;
    Pool<TrunkState> trunks_;
    IdMap code_ids_;
    Pool<CodeState> codes_;
    RowStore skill_rows_;
    RowStore agent_rows_;
    RowStore vdn_rows_;
    RowStore vector_rows_;
    RowStore group_rows_;
    RowStore trunk_rows_;
    RowStore code_rows_;
    FoldSink* sink_ = nullptr;  ///< of the call in progress: single events are handed on as they happen
    std::array<u64, kEventColumns> event_{};
    u64 last_record_at_ = 0;  ///< key of the latest call record, so that no two share one
    u64 last_record_call_ = 0;
    std::vector<Trace> traces_;  ///< of the traced agents, by login id
    FixedList<u32> dirty_agents_;
    Found found_;  ///< of the message in progress

    // The pump-up in progress, kept until its end proves it whole.
    u32 pump_up_ = 0;  ///< number of the latest
    bool pumping_ = false;
    PumpUpWhy pump_up_why_{};  ///< for people: nothing that is folded depends on it
    PumpUpEnd seen_{};
    FixedList<AgentSkill> staged_skills_;
    FixedList<AgentSnapshot> staged_agents_;
    FixedList<CallSnapshot> staged_calls_;
    FixedList<TrunkMaintenance> staged_out_;
    u32 out_of_service_ = 0;  ///< trunks that the groups' infos announce
};

/// Calls f(rows, finish(slot), key(slot)) for every table of rows.
template <class F>
void Core::for_each_table(F&& f) {
    const auto key = [this](TableId table, u64 entity, u64 entity2) {
        return RowKey{table, acd_, record_.start, record_.instance, entity, entity2};
    };
    const auto no_settings = [](u32) {};
    f(
        skill_rows_, [this](u32 s) { finish_skill_row(s); },
        [&](u32 s) { return key(TableId::Hsplit, skills_[s].number, 0); });
    f(
        agent_rows_, [this](u32 s) { finish_agent_row(s); },
        [&](u32 s) { return key(TableId::Hagent, agents_[links_[s].agent].id, links_[s].skill); });
    f(
        vdn_rows_, [this](u32 s) { finish_vdn_row(s); },
        [&](u32 s) { return key(TableId::Hvdn, vdns_[s].number, 0); });
    f(vector_rows_, no_settings, [&](u32 s) { return key(TableId::Hvector, vectors_[s].number, 0); });
    f(
        group_rows_, [this](u32 s) { finish_group_row(s); },
        [&](u32 s) { return key(TableId::Htkgrp, groups_[s].number, 0); });
    f(trunk_rows_, no_settings,
      [&](u32 s) { return key(TableId::Htrunk, trunks_[s].group_number(), trunks_[s].number()); });
    f(code_rows_, no_settings, [&](u32 s) { return key(TableId::Hcwc, codes_[s].code, 0); });
}

}  // namespace twinlink::fold
