// The Internet checksum: 32 bytes a step with AVX2, 16 with SSE2, 4 elsewhere.
//
// The trick: a word less 32,768 is a signed word, and one multiply-add instruction adds signed words in
// pairs. The bias is given back at the end as 32,768 for each word. A 32-bit lane takes 32,768 steps before
// it could overflow, which is why data is at most 64 KiB.
#include "drivers/checksum.hpp"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace twinlink::drivers {
namespace {

/// What is left over after the wide steps, and everything on other processors.
u64 sum_of_tail(const std::byte* at, std::size_t bytes) noexcept {
    u64 sum = 0;
    for (; bytes >= 4; at += 4, bytes -= 4) sum += read<u32>(at);
    if (bytes >= 2) {
        sum += read<u16>(at);
        at += 2;
        bytes -= 2;
    }
    return bytes == 0 ? sum : sum + static_cast<u64>(*at);
}

#ifdef __x86_64__
__m128i load(const std::byte* at) noexcept {
    return _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(at)));
}

u64 sum_of_lanes(__m128i lanes) noexcept {
    alignas(16) std::array<i32, 4> v{};
    _mm_store_si128(static_cast<__m128i*>(static_cast<void*>(v.data())), lanes);
    return static_cast<u64>(i64{v[0]} + v[1] + v[2] + v[3]);
}

u64 sum_sse2(const std::byte* at, std::size_t bytes) noexcept {
    const __m128i bias = _mm_set1_epi16(static_cast<short>(0x8000));
    const __m128i ones = _mm_set1_epi16(1);
    __m128i lanes = _mm_setzero_si128();
    const std::size_t steps = bytes / 16;
    for (std::size_t i = 0; i < steps; ++i, at += 16) {
        lanes = _mm_add_epi32(lanes, _mm_madd_epi16(_mm_xor_si128(load(at), bias), ones));
    }
    return sum_of_lanes(lanes) + steps * 8 * 32'768 + sum_of_tail(at, bytes % 16);
}

__attribute__((target("avx2"))) u64 sum_avx2(const std::byte* at, std::size_t bytes) noexcept {
    const __m256i bias = _mm256_set1_epi16(static_cast<short>(0x8000));
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    const std::size_t steps = bytes / 64;
    for (std::size_t i = 0; i < steps; ++i, at += 64) {
        const auto* from = static_cast<const __m256i*>(static_cast<const void*>(at));
        const __m256i a = _mm256_xor_si256(_mm256_loadu_si256(from), bias);
        const __m256i b = _mm256_xor_si256(_mm256_loadu_si256(from + 1), bias);
        even = _mm256_add_epi32(even, _mm256_madd_epi16(a, ones));
        odd = _mm256_add_epi32(odd, _mm256_madd_epi16(b, ones));
    }
    const __m256i both = _mm256_add_epi32(even, odd);
    const __m128i lanes = _mm_add_epi32(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    const u64 wide = sum_of_lanes(lanes) + steps * 32 * 32'768;
    return wide + sum_sse2(at, bytes % 64);
}

using Sum = u64 (*)(const std::byte*, std::size_t) noexcept;
const Sum kSum = __builtin_cpu_supports("avx2") ? sum_avx2 : sum_sse2;
#else
constexpr auto kSum = sum_of_tail;
#endif

}  // namespace

u64 ones_sum(Bytes data) noexcept { return kSum(data.data(), data.size()); }

}  // namespace twinlink::drivers
