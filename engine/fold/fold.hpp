// The fold of one ACD: a pure, deterministic function from its message sequence to rows.
//
// Called by the engine thread (and, over a copy, by a refold). It reads no clock, does no I/O and allocates
// nothing per message: all tables have the capacities of FoldLimits, and what does not fit is counted and
// marks rows INCOMPLETE. Integer nanoseconds of the ACD's clock throughout. The same messages and missing()
// calls give the same rows and the same saved state, byte for byte, whatever batches they came in.
#pragma once

#include "engine/fold/fold_sink.hpp"

#include <twinlink/counters.hpp>
#include <twinlink/error.hpp>
#include <twinlink/fold_trail.hpp>
#include <twinlink/frame.hpp>

#include <memory>
#include <span>
#include <vector>

namespace twinlink {

struct RealTime;

namespace fold {
class Core;
}

/// Raised whenever the same messages would give other rows; stored in each row.
inline constexpr u16 kFoldVersion = 2;

/// Capacities, fixed at construction.
struct FoldLimits {
    u32 calls = kCallsMax;
    u32 agents = kAgentsMax;
    u32 skills = kSkillsMax;
    u32 agent_skills = 8 * kAgentsMax;  ///< (agent, skill) pairs: rows of hagent
    u32 vdns = kVdnsMax;
    u32 vectors = kVectorsMax;
    u32 trunk_groups = kTrunkGroupsMax;
    u32 trunks = kTrunksMax;
    u32 codes = kCodesMax;
};

/// What the fold noticed. Names and help texts: info(). Not part of the saved state: counts begin at
/// construction.
enum class FoldCounter : u8 {
    Messages,
    IgnoredBeforePumpUp,
    UnknownTemplate,
    // Illegal input, by kind: counted, and the rows it touches are INCOMPLETE.
    BadValue,
    UnknownCall,
    UnknownAgent,
    UnknownSkill,
    SeizedTwice,
    QueuedTwice,
    TooManyQueues,
    DequeuedUnqueued,
    RangUnqueued,
    RangTwice,
    AnsweredUnrung,
    AnsweredTwice,
    HeldUntalked,
    RetrievedUnheld,
    ReleasedUntalked,
    RedirectedUnrung,
    AbandonedElsewhere,
    EventWithoutCall,
    VdnOfTalking,
    TrunkTaken,
    IdleUnseized,
    EndedInVdn,
    TooManyCodes,
    SecondLogin,
    LogoutOnCall,
    StateOfUnstaffed,
    PreviousModeDiffers,
    BadTransition,
    AfterWorkWithoutCall,
    SkillOfOthers,
    TimeBackwards,
    ClockStepped,
    BadBoundary,
    // Bounds reached: what did not fit is not tracked, and everything is uncertain until the next pump-up.
    CallsFull,
    AgentsFull,
    SkillsFull,
    LegsFull,
    VdnsFull,
    VectorsFull,
    TrunksFull,
    CodesFull,
    AgentSkillsFull,
    PumpUpFull,
    NamesFull,
    // Losses and what repaired them.
    Missing,
    SelfCuts,
    PumpUps,
    PumpUpsTorn,
    PumpUpStray,
    AgentsCorrected,
    AgentsDropped,
    AgentSkillsCorrected,
    CallsCorrected,
    CallsDropped,
    TrunksCorrected,
    CallsAborted,
    SettingsChanged,
    // Ordinary life.
    ClockSets,
    Boundaries,
    IdentityBroken,
    Count_
};
[[nodiscard]] const CounterInfo& info(FoldCounter which) noexcept;

class Fold {
public:
    Fold(Acd acd, const FoldLimits& limits);
    ~Fold();
    Fold(Fold&&) noexcept;
    Fold& operator=(Fold&&) noexcept;

    /// The following messages belong to `epoch`: calls of an older one are over, agents await the pump-up.
    void begin_epoch(Epoch epoch, FoldSink& sink);
    /// Folds `count` validated messages, numbered from `first`, in order.
    void apply(Seq first, Bytes messages, u32 count, FoldSink& sink);
    /// `count` names in front of the next message are missing: marks what they may have touched.
    void missing(u64 count);
    /// Hands on all rows that changed since the last time, of the open interval, and its record.
    void flush(FoldSink& sink);

    /// From here on the activities of these agents (login ids, at most kTracedAgentsMax) are handed on as
    /// they end, of no others. Part of the saved state. Allocates: not for the hot path.
    void trace(std::span<const u64> agents);
    [[nodiscard]] std::vector<u64> traced() const;

    /// Where to write which message is being folded; nullptr: nowhere. Not part of the saved state.
    void set_trail(FoldTrail* trail) noexcept;
    /// Writes there that this message is.
    void mark(Seq seq) noexcept;

    /// Appends the whole state in a canonical form; load() of it continues exactly where save() stood.
    void save(std::vector<std::byte>& to) const;
    /// Errors (another version, damaged, capacities too small): the fold is unchanged.
    Expected<void> load(Bytes from);

    /// Start of the interval that `time` lies in, on the ACD's grid; 0 before the first pump-up.
    [[nodiscard]] u64 interval_of(Nanos time) const noexcept;
    /// What is going on now. Allocates: not for the hot path.
    void look(RealTime& now) const;
    [[nodiscard]] u64 counter(FoldCounter which) const noexcept;
    /// The ACD's settings as its latest pump-up gave them; all zeros before the first.
    [[nodiscard]] const AcdRecord& settings() const noexcept;

private:
    std::unique_ptr<fold::Core> core_;
};

}  // namespace twinlink
