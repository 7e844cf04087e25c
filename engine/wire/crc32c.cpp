// CRC-32C. Called by any thread, on every frame: the widest loop of the receive path.
//
// The crc32 instruction takes 3 cycles and one can start each cycle, so three interleaved streams are three times as
// fast as one; their remainders are joined with precomputed "append k zero bytes" operators.
#include <twinlink/frame.hpp>

#include <nmmintrin.h>

#include <array>

namespace twinlink {
namespace {

constexpr u32 kPolynomial = 0x82F63B78;  // reflected Castagnoli

constexpr std::size_t kStride = 128;  // bytes per stream and round: three rounds in a typical frame

/// Multiplies the polynomials a and b modulo the Castagnoli polynomial (reflected).
constexpr u32 multiply(u32 a, u32 b) noexcept {
    u32 product = 0;
    for (int i = 0; i < 32; ++i) {
        if (a & 0x80000000U >> i) product ^= b;
        b = b & 1 ? b >> 1 ^ kPolynomial : b >> 1;
    }
    return product;
}

/// x^(8 * bytes): multiplying a CRC by it appends that many zero bytes.
constexpr u32 zeros(std::size_t bytes) noexcept {
    u32 result = 0x80000000U;  // x^0
    u32 power = 0x00800000U;   // x^8
    for (; bytes != 0; bytes >>= 1) {
        if (bytes & 1) result = multiply(result, power);
        power = multiply(power, power);
    }
    return result;
}

/// The operator "append `Bytes` zero bytes" as four 256-entry tables.
template <std::size_t Bytes>
struct Shift {
    std::array<std::array<u32, 256>, 4> table{};
    constexpr Shift() noexcept {
        constexpr u32 by = zeros(Bytes);
        for (u32 byte = 0; byte < 4; ++byte)
            for (u32 v = 0; v < 256; ++v) table[byte][v] = multiply(v << 8 * byte, by);
    }
    u32 operator()(u32 crc) const noexcept {
        return table[0][crc & 255] ^ table[1][crc >> 8 & 255] ^ table[2][crc >> 16 & 255] ^ table[3][crc >> 24];
    }
};
constinit const Shift<kStride> kOne;
constinit const Shift<2 * kStride> kTwo;

u64 load(const std::byte* p) noexcept { return read<u64>(p); }

}  // namespace

u32 crc32c(Bytes data, u32 crc) noexcept {
    const std::byte* p = data.data();
    std::size_t left = data.size();
    u64 c0 = static_cast<u32>(~crc);
    for (; left >= 3 * kStride; p += 3 * kStride, left -= 3 * kStride) {
        u64 c1 = 0;
        u64 c2 = 0;
        for (std::size_t i = 0; i < kStride; i += 8) {
            c0 = _mm_crc32_u64(c0, load(p + i));
            c1 = _mm_crc32_u64(c1, load(p + kStride + i));
            c2 = _mm_crc32_u64(c2, load(p + 2 * kStride + i));
        }
        c0 = kTwo(static_cast<u32>(c0)) ^ kOne(static_cast<u32>(c1)) ^ static_cast<u32>(c2);
    }
    for (; left >= 8; p += 8, left -= 8) c0 = _mm_crc32_u64(c0, load(p));
    auto c = static_cast<u32>(c0);
    for (; left != 0; ++p, --left) c = _mm_crc32_u8(c, static_cast<u8>(*p));
    return ~c;
}

}  // namespace twinlink
