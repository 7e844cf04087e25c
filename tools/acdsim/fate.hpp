// What became of one copy of a message on one link of one server.
#pragma once

#include <twinlink/types.hpp>

#include <array>

namespace twinlink::sim {

enum class Fate : u8 {
    Pending,  ///< not decided yet: still held back or waiting to be sent
    Sent,
    Duplicated,  ///< sent more than once
    Late,        ///< held back and sent behind later ones
    Conflict,    ///< sent with other bytes and a valid CRC
    Lost,
    Corrupt,    ///< sent with flipped bits: the receiver refuses the frame
    Truncated,  ///< sent cut off: the receiver refuses the frame
    Down,       ///< the link was down
    NotTaken,   ///< the device took no more (--no-wait, or --give-up passed)
    NoPeer,     ///< nobody was connected
    Count_
};
inline constexpr std::size_t kFates = static_cast<std::size_t>(Fate::Count_);
/// Stable names in truth files.
inline constexpr std::array<const char*, kFates> kFateNames{"pending",  "sent",      "dup",     "late",
                                                            "conflict", "lost",      "corrupt", "truncated",
                                                            "down",     "not_taken", "no_peer"};
[[nodiscard]] constexpr const char* name(Fate f) noexcept { return kFateNames[static_cast<std::size_t>(f)]; }
/// The message reached the wire in a frame that a receiver accepts.
[[nodiscard]] constexpr bool delivered(Fate f) noexcept { return f >= Fate::Sent && f <= Fate::Conflict; }

}  // namespace twinlink::sim
