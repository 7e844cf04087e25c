// Chance, the same on every machine: integers only, no std distribution (their results differ between
// libraries).
//
// One Random per ACD, link or purpose, each from its own seed, so that drawing in one never shifts another.
#pragma once

#include <twinlink/types.hpp>

#include <array>
#include <bit>

namespace twinlink::sim {

/// A seed for part `part` of something seeded with `seed` (splitmix64).
[[nodiscard]] constexpr u64 derive_seed(u64 seed, u64 part) noexcept {
    u64 z = seed + (part + 1) * 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

/// xoshiro256** by Blackman and Vigna.
class Random {
public:
    explicit Random(u64 seed) noexcept {
        for (u64 i = 0; i < state_.size(); ++i) state_[i] = derive_seed(seed, i);
    }

    u64 next() noexcept {
        const u64 result = std::rotl(state_[1] * 5, 7) * 9;
        const u64 t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }
    /// 0 .. n-1; 0 for n = 0. The bias of the multiplication is below 2^-32 for the n used here.
    u64 below(u64 n) noexcept { return (next() >> 32) * n >> 32; }
    /// first .. last, both possible.
    u64 between(u64 first, u64 last) noexcept { return first + below(last - first + 1); }
    /// True in `ppm` of a million draws.
    bool chance(u64 ppm) noexcept { return below(1'000'000) < ppm; }

    /// Exponentially distributed with the given mean, by von Neumann's method: comparisons of uniform numbers
    /// only, hence no logarithm and the same result everywhere. Mean below 2^31 units of 2^-32 precision.
    u64 exponential(u64 mean) noexcept {
        for (u64 whole = 0;; ++whole) {
            const u64 first = next() >> 32;
            u64 least = first;
            bool odd = true;
            for (u64 draw = next() >> 32; draw < least; draw = next() >> 32) {
                least = draw;
                odd = !odd;
            }
            if (odd) return whole * mean + scale(mean, first);
        }
    }
    /// Erlang-2 with the given mean: times of talk, with few very short ones.
    u64 erlang2(u64 mean) noexcept { return exponential(mean / 2) + exponential(mean / 2); }

private:
    /// mean * fraction / 2^32 without overflow.
    static u64 scale(u64 mean, u64 fraction) noexcept {
        return (mean >> 32) * fraction + ((mean & 0xFFFFFFFFU) * fraction >> 32);
    }
    std::array<u64, 4> state_{};
};

}  // namespace twinlink::sim
