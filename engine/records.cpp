// Names of the record enums, for reports and documents. Any thread; cold.
#include <twinlink/records.hpp>

namespace twinlink {

std::string_view name(GapCause cause) noexcept {
    switch (cause) {
        case GapCause::Unknown: return "unknown";
        case GapCause::BothLinks: return "both_links";
        case GapCause::LinkDown: return "link_down";
        case GapCause::LocalDrop: return "local_drop";
        case GapCause::ServerDown: return "server_down";
        case GapCause::RefusedFrames: return "refused_frames";
        case GapCause::BeforePumpUp: return "before_pump_up";
        case GapCause::Tail: return "tail";
        case GapCause::BitRot: return "bit_rot";
        case GapCause::Count_: break;
    }
    return "?";
}

std::string_view name(GapState state) noexcept {
    switch (state) {
        case GapState::Open: return "open";
        case GapState::Requested: return "requested";
        case GapState::Filled: return "filled";
        case GapState::Healed: return "healed";
        case GapState::Lost: return "lost";
        case GapState::Count_: break;
    }
    return "?";
}

std::string_view name(FilledBy by) noexcept {
    switch (by) {
        case FilledBy::Nobody: return "nobody";
        case FilledBy::LinkA: return "link_a";
        case FilledBy::LinkB: return "link_b";
        case FilledBy::Partner: return "partner";
        case FilledBy::Backup: return "backup";
        case FilledBy::Count_: break;
    }
    return "?";
}

std::string_view name(LinkEventKind kind) noexcept {
    switch (kind) {
        case LinkEventKind::Silent: return "silent";
        case LinkEventKind::Refused: return "refused";
        case LinkEventKind::Dropped: return "dropped";
        case LinkEventKind::SetAside: return "set_aside";
        case LinkEventKind::EpochBegun: return "epoch_begun";
        case LinkEventKind::PumpUp: return "pump_up";
        case LinkEventKind::PumpUpTorn: return "pump_up_torn";
        case LinkEventKind::GapOpened: return "gap_opened";
        case LinkEventKind::Conflict: return "conflict";
        case LinkEventKind::None:
        case LinkEventKind::Count_: break;
    }
    return "?";
}

}  // namespace twinlink
