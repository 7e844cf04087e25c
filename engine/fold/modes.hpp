// The agent's state machine as a table: mode before x mode that the ACD reports -> verdict.
//
// The ACD's word is what counts: a transition that must not happen is still carried out, because the agent is
// where the ACD says, but it is counted and the agent's rows are INCOMPLETE. Pure.
#pragma once

#include <twinlink/messages.hpp>

namespace twinlink::fold {

inline constexpr std::size_t kModes = 10;

/// What a reported change of mode means.
enum class Transition : u8 {
    Fine,
    NotStaffed,       ///< a state of an agent who is not logged in
    ByLogout,         ///< Unstaffed comes by AgentLogout only
    AnswerUnoffered,  ///< talks without a call that rang or was held
    WorkWithoutCall,  ///< after-call work of a call that the agent was not on
    WrongKind,        ///< direct agent work became skill work or the reverse
    RingWhileTalking,
    BadMode,
};

// Rows: mode before. Columns: Unstaffed Avail Acd Acw Aux DirectAcd DirectAcw Ring Other Unknown.
inline constexpr auto kTransitions = [] {
    using enum Transition;
    constexpr auto S = NotStaffed, L = ByLogout, A = AnswerUnoffered, W = WorkWithoutCall, K = WrongKind,
                   T = RingWhileTalking, o = Fine;
    return std::array<std::array<Transition, kModes>, kModes>{{
        // Uns Ava Acd Acw Aux DAc DAw Rin Oth Unk
        {{S, S, S, S, S, S, S, S, S, S}},  // Unstaffed
        {{L, o, A, W, o, A, W, o, o, o}},  // Avail      (Acw without a call is the agent's own wish)
        {{L, o, o, o, o, K, K, T, o, o}},  // Acd
        {{L, o, A, o, o, A, K, o, o, o}},  // Acw
        {{L, o, A, W, o, A, W, o, o, o}},  // Aux
        {{L, o, K, K, o, o, o, T, o, o}},  // DirectAcd
        {{L, o, A, K, o, A, o, o, o, o}},  // DirectAcw
        {{L, o, o, W, o, o, W, o, o, o}},  // Ring
        {{L, o, o, o, o, o, o, o, o, o}},  // Other
        {{L, o, o, o, o, o, o, o, o, o}},  // Unknown
    }};
}();

/// `named_call`: the message names a call for the new mode.
constexpr Transition transition(AgentMode before, AgentMode now, bool named_call) noexcept {
    if (!known(before) || !known(now)) return Transition::BadMode;
    const Transition t = kTransitions[static_cast<std::size_t>(before)][static_cast<std::size_t>(now)];
    return t == Transition::WorkWithoutCall && !named_call ? Transition::Fine : t;
}

constexpr bool talks(AgentMode m) noexcept { return m == AgentMode::Acd || m == AgentMode::DirectAcd; }
constexpr bool works(AgentMode m) noexcept { return m == AgentMode::Acw || m == AgentMode::DirectAcw; }

}  // namespace twinlink::fold
