// Names of planted faults and probes: see planted.hpp.
#include "engine/planted.hpp"

namespace twinlink {

std::string_view name(Planted value) noexcept {
    switch (value) {
        case Planted::Nothing: return "nothing";
        case Planted::FoldTwice: return "fold_twice";
        case Planted::AcceptWild: return "accept_wild";
        case Planted::ForgetAsked: return "forget_asked";
        case Planted::ForgetRow: return "forget_row";
        case Planted::ClaimTooMuch: return "claim_too_much";
        case Planted::LoseAlone: return "lose_alone";
        case Planted::SkipRefold: return "skip_refold";
        case Planted::KeepStaleState: return "keep_stale_state";
        case Planted::ForgetGap: return "forget_gap";
        case Planted::ShiftNames: return "shift_names";
        case Planted::AskTwice: return "ask_twice";
        case Planted::DropTail: return "drop_tail";
        case Planted::HideGapInAccount: return "hide_gap_in_account";
        case Planted::MergeKeepsRest: return "merge_keeps_rest";
        case Planted::LoseSoon: return "lose_soon";
        case Planted::LoseTooMuch: return "lose_too_much";
        case Planted::TrustWallClock: return "trust_wall_clock";
        case Planted::DigestSkipsTable: return "digest_skips_table";
        case Planted::KeepLatestCopy: return "keep_latest_copy";
        case Planted::ForgetEnd: return "forget_end";
        case Planted::HideOldEnd: return "hide_old_end";
        case Planted::ForgetDirtyRow: return "forget_dirty_row";
        case Planted::HidePassed: return "hide_passed";
        case Planted::UndoRefold: return "undo_refold";
        case Planted::WatermarkAhead: return "watermark_ahead";
        case Planted::TakeOverAll: return "take_over_all";
        case Planted::Count_: break;
    }
    return "?";
}

std::string_view name(Probe value) noexcept {
    switch (value) {
        case Probe::HoleFilledInWindow: return "hole_filled_in_window";
        case Probe::GapFilledLate: return "gap_filled_late";
        case Probe::GapFilledByPartner: return "gap_filled_by_partner";
        case Probe::StreamExtended: return "stream_extended";
        case Probe::OlderLifeFilled: return "older_life_filled";
        case Probe::OlderLifeLearnt: return "older_life_learnt";
        case Probe::LifeTakenUp: return "life_taken_up";
        case Probe::OldEndLearnt: return "old_end_learnt";
        case Probe::LifeWithoutPumpUp: return "life_without_pump_up";
        case Probe::WildHeld: return "wild_held";
        case Probe::WildAdopted: return "wild_adopted";
        case Probe::EpochBegun: return "epoch_begun";
        case Probe::ParkOverflow: return "park_overflow";
        case Probe::GapsMerged: return "gaps_merged";
        case Probe::GapsTakenApart: return "gaps_taken_apart";
        case Probe::Conflict: return "conflict";
        case Probe::ConflictWon: return "conflict_won";
        case Probe::RefoldSpoilt: return "refold_spoilt";
        case Probe::RefoldTakenOver: return "refold_taken_over";
        case Probe::RefoldImpossible: return "refold_impossible";
        case Probe::StateNotKept: return "state_not_kept";
        case Probe::LiveScreened: return "live_screened";
        case Probe::LookedInto: return "looked_into";
        case Probe::MirrorReloaded: return "mirror_reloaded";
        case Probe::LackBusy: return "lack_busy";
        case Probe::LackMissing: return "lack_missing";
        case Probe::LackTooOld: return "lack_too_old";
        case Probe::RequestTimedOut: return "request_timed_out";
        case Probe::LostRecorded: return "lost_recorded";
        case Probe::LostFilledAfterAll: return "lost_filled_after_all";
        case Probe::PartnerSilent: return "partner_silent";
        case Probe::ProtocolBroken: return "protocol_broken";
        case Probe::Count_: break;
    }
    return "?";
}

}  // namespace twinlink
