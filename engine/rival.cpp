// See rival.hpp.
#include "engine/rival.hpp"
#include "engine/planted.hpp"

#include <xxhash.h>

#include <algorithm>

namespace twinlink {

u64 hash_of_message(Bytes message) noexcept { return XXH3_64bits(message.data(), message.size()); }

bool outranks(Bytes rival, Bytes held) noexcept {
    if (planted(Planted::KeepLatestCopy)) return true;
    const u64 a = hash_of_message(rival);
    const u64 b = hash_of_message(held);
    return a != b ? a < b : std::ranges::lexicographical_compare(rival, held);
}

}  // namespace twinlink
