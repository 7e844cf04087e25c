// The state of one fold and everything that changes it; fold.hpp is what others see.
//
// One thread. The implementation is split by subject: core.cpp (construction), fold.cpp (dispatch), clock.cpp
// (time and intervals), queues.cpp and talk.cpp (life of a call), accounts.cpp (booking a call), agents.cpp
// and agent_time.cpp (modes and their time), pump_up.cpp and repair.cpp (what a pump-up corrects),
// checkpoint.cpp (save and load).
//
// Invariants: derived numbers (in_queue, staffed, top, doubtful_calls) equal what counting would give; rows
// are touched only while an interval is open; nothing is allocated after construction but by save() and
// load().
#pragma once

#include "engine/fold/entries.hpp"
#include "engine/fold/fold.hpp"
#include "engine/fold/id_map.hpp"
#include "engine/fold/instances.hpp"
#include "engine/fold/names.hpp"
#include "engine/fold/pool.hpp"
#include "engine/fold/rows.hpp"

#include <algorithm>
#include <utility>

namespace twinlink::fold {

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
    void save(std::vector<std::byte>& to);
    Expected<void> load(Bytes from);
    [[nodiscard]] u64 interval_of(Nanos time) const noexcept;
    [[nodiscard]] u64 counter(FoldCounter which) const noexcept { return counters_[static_cast<u8>(which)]; }
    [[nodiscard]] const AcdRecord& settings() const noexcept { return acd_record_; }
    [[nodiscard]] const FoldLimits& limits() const noexcept { return limits_; }
    [[nodiscard]] Acd acd() const noexcept { return acd_; }

private:
    void count(FoldCounter which, u64 n = 1) noexcept { counters_[static_cast<u8>(which)] += n; }

    // fold.cpp
    void fold_one(const MessageView& m, FoldSink& sink);
    void dispatch(const MessageView& m, FoldSink& sink);
    void prefetch_slot(const MessageView& m) const noexcept;
    void prefetch_entry(const MessageView& m) const noexcept;

    // clock.cpp
    void advance(const MessageView& m, FoldSink& sink);
    void clock_trouble(u64 time, u64 cut_below, FoldSink& sink);
    void cut_below(u64 limit, FoldSink& sink);
    void open_interval(u64 start, FoldSink& sink);
    void close_interval(u64 last_time, FoldSink& sink);
    void begin_collecting(FoldSink& sink);
    void finish_skill_row(u32 slot) noexcept;
    void finish_agent_row(u32 slot) noexcept;
    void hand_on_skill(u32 slot, bool closed, FoldSink& sink);
    void hand_on_agent(u32 slot, bool closed, FoldSink& sink);
    void check_identities(std::span<const u64> skill_row) noexcept;
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
    void abort_call(CallEntry& c) noexcept;
    void unknown_call(u16 skill, u64 agent) noexcept;
    void illegal(FoldCounter kind, CallEntry& c, u16 skill, u64 agent) noexcept;
    [[nodiscard]] static Queue* find_queue(CallEntry& c, u16 skill) noexcept;
    [[nodiscard]] static Queue* primary(CallEntry& c) noexcept;
    void enter_queue(CallEntry& c, const Queue& q) noexcept;
    void leave_queue(CallEntry& c, Queue& q, Left how) noexcept;
    void leave_all(CallEntry& c, Left primary_leaves) noexcept;
    void take_out(CallEntry& c, Queue& q) noexcept;
    void leave_direct(CallEntry& c, bool abandoned) noexcept;
    void resolve_doubt(CallEntry& c) noexcept;
    void on(const TrunkSeized& m);
    void on(const TrunkIdle& m);
    void on(const TrunkMaintenance& m);
    void on(const CallAtVdn& m);
    void on(const CallQueued& m);
    void on(const CallDequeued& m);
    void on(const CallForcedBusy& m);
    void on(const CallForcedDisconnect& m);
    void on(const CallOutflowed& m);
    void on(const CallConnected& m);
    void end_in_queue(u64 call, Left how);

    // talk.cpp
    void stop_ringing(CallEntry& c) noexcept;
    void begin_hold(CallEntry& c) noexcept;
    void end_hold(CallEntry& c) noexcept;
    void end_talk(CallEntry& c) noexcept;
    [[nodiscard]] bool talks_to(CallEntry* c, u64 agent, FoldCounter otherwise) noexcept;
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
    void book_skill_call(const Segment& s, u64 after_work, u32 link) noexcept;
    void book_direct_call(const Segment& s, u64 after_work, u32 link) noexcept;
    void book_hold_and_events(const Segment& s, u64* skill_row, u64* agent_row) noexcept;
    void book_ringing(const CallEntry& c, u64* skill_row, u64* agent_row) noexcept;
    [[nodiscard]] u32 bucket(const SkillEntry& skill, u64 wait) const noexcept;
    [[nodiscard]] static bool within_level(const SkillEntry& skill, u64 wait) noexcept;
    [[nodiscard]] u64* skill_row(u16 skill) noexcept;
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
    void log_in(AgentEntry& a, u32 extension) noexcept;
    void log_out(AgentEntry& a) noexcept;
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

    // pump_up.cpp
    void on(const PumpUpBegin& m);
    void on(const AcdInfo& m, FoldSink& sink);
    void on(const SkillInfo& m, FoldSink& sink);
    void on(const AgentSnapshot& m);
    void on(const CallSnapshot& m);
    void on(const PumpUpEnd& m, FoldSink& sink);
    void stage(const AgentSkill& m);
    void name(NameKind kind, u64 number, const Text<24>& text, FoldSink& sink);
    void tear_pump_up() noexcept;

    // repair.cpp
    void repair(bool certain);
    void repair_staffing(bool certain);
    void repair_skills(bool certain);
    void drop_unnamed_agents(bool certain);
    void repair_modes(bool certain);
    void repair_mode(AgentEntry& a, const AgentSnapshot& s, bool certain);
    void repair_calls(bool certain);
    void repair_call(const CallSnapshot& s, bool certain);
    void rebuild_call(CallEntry& c, const CallSnapshot& s);
    void restore_segment(Segment& segment, const CallSnapshot& s, const AgentEntry* a);
    [[nodiscard]] bool agrees(const CallEntry& c, const CallSnapshot& s) const noexcept;
    void drop_unnamed_calls(bool certain);
    void repair_work(bool certain);
    void recount_after_loss();
    void corrected(AgentEntry& a, FoldCounter kind, bool certain) noexcept;

    // checkpoint.cpp
    friend struct Checkpoint;

    Acd acd_;
    FoldLimits limits_;
    std::array<u64, static_cast<std::size_t>(FoldCounter::Count_)> counters_{};

    // The clock. now_ is internal time: the ACD's clock plus skew_, which undoes its settings.
    u64 now_ = 0;
    u64 opened_ = 0;  ///< now_ when the open interval was opened
    u64 skew_ = 0;
    u64 wall_ = 0;  ///< the latest message's time as sent
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
    RowStore skill_rows_;
    RowStore agent_rows_;
    FixedList<u32> dirty_agents_;

    // The pump-up in progress, kept until its end proves it whole.
    u64 pump_up_ = 0;  ///< number of the latest
    bool pumping_ = false;
    PumpUpEnd seen_{};
    FixedList<AgentSkill> staged_skills_;
    FixedList<AgentSnapshot> staged_agents_;
    FixedList<CallSnapshot> staged_calls_;
};

}  // namespace twinlink::fold
