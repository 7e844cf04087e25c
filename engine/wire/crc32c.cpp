// CRC-32C. Called by any thread on every frame and journal block: the widest loop of the receive path.
//
// The crc32 instruction takes 3 cycles and one can start each cycle, so the data is cut into three equal
// streams that run interleaved. Their remainders are joined by multiplying with x^(bytes that follow), a
// constant of a table, by carry-less multiplication. Constants are computed at compile time. Lengths are
// bytes; a word is 8 bytes.
#include "engine/wire/crc32c.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>

namespace twinlink {
namespace wire {
namespace {

constexpr u32 kPolynomial = 0x82F63B78;  // Castagnoli, reflected: the highest bit is x^0

/// The polynomial times x.
constexpr u32 times_x(u32 a) noexcept { return a & 1 ? a >> 1 ^ kPolynomial : a >> 1; }

/// table[k][b]: the remainder of byte b followed by k zero bytes.
constexpr auto kTable = [] {
    std::array<std::array<u32, 256>, 8> table{};
    for (u32 b = 0; b < 256; ++b) {
        u32 c = b;
        for (int i = 0; i < 8; ++i) c = times_x(c);
        table[0][b] = c;
    }
    for (std::size_t k = 1; k < 8; ++k)
        for (u32 b = 0; b < 256; ++b) {
            const u32 before = table[k - 1][b];
            table[k][b] = before >> 8 ^ table[0][before & 255];
        }
    return table;
}();

}  // namespace

u32 crc32c_by_table(Bytes data, u32 crc) noexcept {
    const std::byte* p = data.data();
    std::size_t left = data.size();
    u32 c = ~crc;
    for (; left >= 8; p += 8, left -= 8) {
        const u64 w = read<u64>(p) ^ c;
        c = 0;
        for (std::size_t k = 0; k < 8; ++k) c ^= kTable[7 - k][w >> 8 * k & 255];
    }
    for (; left != 0; ++p, --left) c = c >> 8 ^ kTable[0][(c ^ static_cast<u32>(*p)) & 255];
    return ~c;
}

#if defined(__x86_64__)
namespace {

// One round takes at most this many words per stream: a whole frame of the greatest size.
constexpr std::size_t kWordsMax = kFrameBytesMax / 24;
// Below this many words per stream joining costs more than it gains (measured).
constexpr std::size_t kWordsMin = 4;

/// kAppend[w]: x^(64 w - 33). The product of two reflected 32-bit polynomials, taken as 64 bits and put
/// through the crc32 instruction, comes out times x^33: together that appends w zero words.
constexpr auto kAppend = [] {
    std::array<u32, 2 * kWordsMax + 1> powers{};
    u32 power = 1;  // x^31
    for (std::size_t w = 1; w < powers.size(); ++w) {
        powers[w] = power;
        for (int i = 0; i < 64; ++i) power = times_x(power);
    }
    return powers;
}();

[[gnu::target("sse4.2,pclmul")]] u64 product(u64 a, u32 b) noexcept {
    const __m128i both = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(a)),
                                              _mm_cvtsi64_si128(static_cast<long long>(b)), 0);
    return static_cast<u64>(_mm_cvtsi128_si64(both));
}

}  // namespace

bool crc32c_has_instructions() noexcept {
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

[[gnu::target("sse4.2,pclmul")]] u32 crc32c_by_instructions(Bytes data, u32 crc) noexcept {
    const std::byte* p = data.data();
    std::size_t left = data.size();
    u64 c0 = static_cast<u32>(~crc);
    while (left >= 24 * kWordsMin) {
        const std::size_t words = std::min(left / 24, kWordsMax);
        const std::byte* const p1 = p + 8 * words;
        const std::byte* const p2 = p1 + 8 * words;
        u64 c1 = 0;
        u64 c2 = 0;
        for (std::size_t i = 0; i < 8 * words; i += 8) {
            c0 = _mm_crc32_u64(c0, read<u64>(p + i));
            c1 = _mm_crc32_u64(c1, read<u64>(p1 + i));
            c2 = _mm_crc32_u64(c2, read<u64>(p2 + i));
        }
        c0 = _mm_crc32_u64(0, product(c0, kAppend[2 * words]) ^ product(c1, kAppend[words])) ^ c2;
        p += 24 * words;
        left -= 24 * words;
    }
    for (; left >= 8; p += 8, left -= 8) c0 = _mm_crc32_u64(c0, read<u64>(p));
    auto c = static_cast<u32>(c0);
    for (; left != 0; ++p, --left) c = _mm_crc32_u8(c, static_cast<u8>(*p));
    return ~c;
}
#else
bool crc32c_has_instructions() noexcept { return false; }
u32 crc32c_by_instructions(Bytes data, u32 crc) noexcept { return crc32c_by_table(data, crc); }
#endif

}  // namespace wire

u32 crc32c(Bytes data, u32 crc) noexcept {
    return wire::crc32c_has_instructions() ? wire::crc32c_by_instructions(data, crc)
                                           : wire::crc32c_by_table(data, crc);
}

}  // namespace twinlink
