// How much room the store has: what its map and its disk have left, and what follows from that.
//
// Plain values and pure functions; any thread. Sizes are bytes.
#pragma once

#include <twinlink/types.hpp>

#include <algorithm>
#include <string_view>

namespace twinlink {
/// What follows from the room that is left.
enum class SpaceLevel : u8 {
    Fine,   ///< nothing to say
    Tight,  ///< 80 % of the map or of the disk is in use: told, nothing else
    Short,  ///< what can be spared goes: backups stop, old journal goes before its time
    Full,   ///< the next commit does not fit: nothing is written, frames wait, then are dropped and counted
};
[[nodiscard]] constexpr std::string_view name(SpaceLevel level) noexcept {
    constexpr std::array<std::string_view, 4> kNames{"fine", "tight", "short", "full"};
    return kNames[static_cast<std::size_t>(level)];
}
/// Room as of one moment.
struct SpaceView {
    u64 map_bytes = 0;
    u64 used_bytes = 0;  ///< in pages that are in use
    u64 file_bytes = 0;  ///< up to the last page that ever was
    u64 disk_bytes = 0;  ///< of the file system; 0 = not known
    u64 disk_free = 0;
    u64 held_bytes = 0;  ///< in free pages that cannot be used again while a reader's snapshot shows them

    /// What the map has left: LMDB takes free pages before new ones.
    [[nodiscard]] constexpr u64 map_room() const noexcept {
        return map_bytes - std::min(map_bytes, used_bytes + held_bytes);
    }
    /// In free pages of the file that can be used now.
    [[nodiscard]] constexpr u64 file_room() const noexcept {
        return file_bytes - std::min(file_bytes, used_bytes + held_bytes);
    }
    /// What the disk has left: a page that is free in the file needs none of it.
    [[nodiscard]] constexpr u64 disk_room() const noexcept { return disk_free + file_room(); }
};

inline constexpr u64 kTightPercentUsed = 80;
/// Of the map. Measured: a map of 16 MiB overflowed at 85 % in use, because a block needs contiguous pages.
inline constexpr u64 kShortMapPercentUsed = 82;
inline constexpr u64 kShortDiskPercentUsed = 90;
/// On a large disk a tenth is a great deal: what others may do there in an hour. Chosen.
inline constexpr u64 kTightDiskRoomMax = u64{64} << 30;
inline constexpr u64 kShortDiskRoomMax = u64{16} << 30;

/// Fine, Tight or Short. Whether a commit fits is asked of the disk itself (store.hpp, room_for).
[[nodiscard]] constexpr SpaceLevel level_of(const SpaceView& v) noexcept {
    const auto beyond = [](u64 room, u64 all, u64 percent_used, u64 room_max) {
        return all != 0 && room < std::min(all / 100 * (100 - percent_used), room_max);
    };
    if (beyond(v.map_room(), v.map_bytes, kShortMapPercentUsed, v.map_bytes) ||
        beyond(v.disk_room(), v.disk_bytes, kShortDiskPercentUsed, kShortDiskRoomMax))
        return SpaceLevel::Short;
    if (beyond(v.map_room(), v.map_bytes, kTightPercentUsed, v.map_bytes) ||
        beyond(v.disk_room(), v.disk_bytes, kTightPercentUsed, kTightDiskRoomMax))
        return SpaceLevel::Tight;
    return SpaceLevel::Fine;
}

}  // namespace twinlink
