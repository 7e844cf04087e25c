// A fixed-capacity hash map from a non-zero u64 to a u32: open addressing, linear probing, backward-shift
// removal.
//
// One thread. Allocates once, in its constructor; never more than half full, so a probe is short and always
// ends. The order of its slots depends on history and must not decide anything that is folded.
#pragma once

#include "engine/fold/huge_array.hpp"

#include <twinlink/types.hpp>

#include <bit>
#include <cassert>

namespace twinlink::fold {

class IdMap {
public:
    static constexpr u32 kNone = ~u32{0};

    /// Room for `capacity` ids.
    explicit IdMap(u32 capacity)
        : slots_(std::bit_ceil(u64{capacity} * 2 + 6)),
          mask_(slots_.size() - 1),
          shift_(66U - static_cast<u32>(std::countr_zero(slots_.size()))) {}

    [[nodiscard]] u32 find(u64 id) const noexcept {
        for (u64 at = home(id);; at = (at + 1) & mask_) {
            if (slots_[at].id == id) return slots_[at].value;
            if (slots_[at].id == 0) return kNone;
        }
    }
    /// Precondition: `id` is not 0 and not there, and fewer than `capacity` are.
    void insert(u64 id, u32 value) noexcept {
        assert(id != 0);
        u64 at = home(id);
        while (slots_[at].id != 0) at = (at + 1) & mask_;
        slots_[at] = {id, value, 0};
    }
    /// Removes `id` if it is there.
    void erase(u64 id) noexcept {
        u64 at = home(id);
        while (slots_[at].id != id) {
            if (slots_[at].id == 0) return;
            at = (at + 1) & mask_;
        }
        for (u64 next = (at + 1) & mask_; slots_[next].id != 0; next = (next + 1) & mask_) {
            // A slot may move back to the hole unless its home lies behind the hole.
            if (((next - home(slots_[next].id)) & mask_) >= ((next - at) & mask_)) {
                slots_[at] = slots_[next];
                at = next;
            }
        }
        slots_[at] = {};
    }
    [[gnu::always_inline]] void prefetch(u64 id) const noexcept { __builtin_prefetch(&slots_[home(id)]); }

private:
    struct Slot {
        u64 id;
        u32 value;
        u32 reserved;
    };
    // Fibonacci hashing of all but the last two bits: ids are often consecutive, and four of them share a
    // line of the cache.
    [[nodiscard]] u64 home(u64 id) const noexcept {
        return (((id >> 2) * 0x9E3779B97F4A7C15ULL) >> shift_ << 2) | (id & 3);
    }

    HugeArray<Slot> slots_;
    u64 mask_;
    u32 shift_;
};

}  // namespace twinlink::fold
