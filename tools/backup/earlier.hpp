// What an earlier data backup had, as an incremental one needs to know it: names, and what rows came to.
//
// One thread; plain values. In memory as a whole, within the limits of the two parts.
#pragma once

#include "engine/partner/range_set.hpp"
#include "tools/backup/data_format.hpp"
#include "tools/backup/manifest.hpp"
#include "tools/backup/pace.hpp"

#include <filesystem>
#include <map>
#include <tuple>

namespace twinlink::backup {

/// One table of one interval.
struct DigestKey {
    u16 acd = 0;
    u64 start = 0;
    u16 instance = 0;
    TableId table = TableId::None;
    friend constexpr auto operator<=>(const DigestKey&, const DigestKey&) noexcept = default;
};
using DigestMap = std::map<DigestKey, std::array<u64, 2>>;

struct Earlier {
    ArchiveHead head{};
    Manifest manifest;
    std::map<Stream, partner::RangeSet> held;
    DigestMap digests;
};
/// Errors: not a data backup, or not whole.
[[nodiscard]] Expected<Earlier> read_earlier(const std::filesystem::path& file, const Watch& watch);

}  // namespace twinlink::backup
