// Faults planted on purpose, and probes of rare branches: what the simulation of a pair (tests/sim) needs in
// the code that it simulates, so that it is the code that ships.
//
// A run plants at most one fault, before its engines are opened, and must be caught by the simulation's
// checks; a probe counts how often a branch was taken, so that a run can tell which it never took. Nothing
// here is on the way of a message: frames, fills, commits and sessions at most. Outside of the simulation
// nothing is planted and nobody reads the probes.
#pragma once

#include <twinlink/types.hpp>

#include <array>
#include <atomic>
#include <string_view>

namespace twinlink {

enum class Planted : u8 {
    Nothing,
    FoldTwice,         ///< what comes late is also folded where it stands
    AcceptWild,        ///< a number far off is believed at once
    ForgetAsked,       ///< what was asked for stays "asked for" when the connection breaks
    ForgetRow,         ///< a refolded interval lacks its last row
    ClaimTooMuch,      ///< the partner is told of names that are not durable yet
    LoseAlone,         ///< what one server lacks for long is lost there, whatever the partner has
    SkipRefold,        ///< what comes late is stored and never folded
    KeepStaleState,    ///< a saved state that lacks what came stays
    ForgetGap,         ///< a restart forgets the first gap
    ShiftNames,        ///< the partner's messages are taken for their neighbours
    AskTwice,          ///< what is on its way is asked for again
    DropTail,          ///< what was accepted during a refold is not folded into its result
    HideGapInAccount,  ///< changes of gaps are not told to the partner after the first account
    MergeKeepsRest,    ///< of two gaps that are merged the store keeps the second one too
    LoseSoon,          ///< what both lack is lost at once
    LoseTooMuch,       ///< with what is agreed to be lost goes all that came later
    TrustWallClock,    ///< how long both have waited is told by a clock that is set
    DigestSkipsTable,  ///< rows of trunks are not in the digests
    KeepLatestCopy,    ///< of copies that differ the one that came last counts
    ForgetEnd,         ///< the end of an older life is not learnt late
    HideOldEnd,        ///< where it is learnt, the rows are not told that it is missing
    ForgetDirtyRow,    ///< a row of the open interval that changed is not always written
    HidePassed,        ///< a refold does not say which names it passed as missing
    UndoRefold,        ///< what the live fold says of an interval that a refold has replaced is believed
    WatermarkAhead,    ///< the watermark passes over gaps
    TakeOverAll,       ///< one ACD's refold drops what another one's fold has just said
    Count_
};
[[nodiscard]] std::string_view name(Planted) noexcept;

inline std::atomic<Planted> planted_fault{Planted::Nothing};
/// The fold ends the process at the message of this number; 0: it does not. For tests of whole daemons.
inline std::atomic<u64> planted_crash_seq{0};
[[nodiscard]] inline bool planted(Planted fault) noexcept {
    return planted_fault.load(std::memory_order_relaxed) == fault;
}

enum class Probe : u8 {
    HoleFilledInWindow,  ///< a hole closed before it was called a gap
    GapFilledLate,       ///< by a link's late copy
    GapFilledByPartner,
    StreamExtended,  ///< by the partner, where no link was heard
    OlderLifeFilled,
    OlderLifeLearnt,
    LifeTakenUp,  ///< from the partner, where no link was heard for long
    OldEndLearnt,
    LifeWithoutPumpUp,  ///< a life that is believed though its pump-up was lost
    WildHeld,
    WildAdopted,
    EpochBegun,
    ParkOverflow,
    GapsMerged,
    GapsTakenApart,
    Conflict,
    ConflictWon,
    RefoldSpoilt,
    RefoldTakenOver,
    RefoldImpossible,
    StateNotKept,  ///< saved by a refold that something came behind the back of
    LiveScreened,  ///< the live fold's word of an interval that a refold has replaced
    LookedInto,    ///< messages compared because rows differ
    MirrorReloaded,
    LackBusy,
    LackMissing,
    LackTooOld,
    RequestTimedOut,
    LostRecorded,
    LostFilledAfterAll,
    PartnerSilent,
    ProtocolBroken,
    Count_
};
[[nodiscard]] std::string_view name(Probe) noexcept;

inline std::array<std::atomic<u64>, static_cast<std::size_t>(Probe::Count_)> probes_taken{};
inline void probe(Probe branch) noexcept {
    probes_taken[static_cast<std::size_t>(branch)].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace twinlink
