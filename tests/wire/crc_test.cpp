// CRC-32C against published vectors and against the definition, bit by bit, for every length and alignment
// that the streams of the fast way can split differently; and the fast way against the table.
#include "engine/wire/crc32c.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string_view>
#include <vector>

using namespace twinlink;

namespace {

/// The definition: one bit at a time.
u32 append(u32 state, std::byte b) {
    state ^= static_cast<u32>(b);
    for (int i = 0; i < 8; ++i) state = state & 1 ? state >> 1 ^ 0x82F63B78U : state >> 1;
    return state;
}

Bytes bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

using Way = u32 (*)(Bytes, u32) noexcept;

std::vector<Way> ways() {
    std::vector<Way> all{crc32c, wire::crc32c_by_table};
    if (wire::crc32c_has_instructions())
        all.push_back(wire::crc32c_by_instructions);
    else
        MESSAGE("this processor has no crc32 instruction: only the table is tested");
    return all;
}

std::vector<std::byte> noise(std::size_t size) {
    std::mt19937_64 random{42};
    std::vector<std::byte> data(size);
    for (std::byte& b : data) b = static_cast<std::byte>(random());
    return data;
}

}  // namespace

TEST_CASE("crc32c: the published vectors come out") {
    std::array<std::byte, 32> zeros{};
    std::array<std::byte, 32> ones;
    ones.fill(std::byte{0xFF});
    std::array<std::byte, 32> rising;
    for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<std::byte>(i);
    for (const Way way : ways()) {
        CHECK(way({}, 0) == 0);
        CHECK(way(bytes("123456789"), 0) == 0xE3069283);
        CHECK(way(bytes("a"), 0) == 0xC1D04330);
        CHECK(way(zeros, 0) == 0x8A9136AA);   // RFC 3720, B.4
        CHECK(way(ones, 0) == 0x62A8AB43);    // RFC 3720, B.4
        CHECK(way(rising, 0) == 0x46DD794E);  // RFC 3720, B.4
    }
}

TEST_CASE("crc32c: every length up to 2,000 at every alignment is as the definition says") {
    const std::vector<std::byte> data = noise(2'008);
    for (const Way way : ways())
        for (std::size_t from = 0; from < 8; ++from) {
            u32 state = 0xFFFFFFFF;
            for (std::size_t length = 0; length <= 2'000; ++length) {
                if (way({data.data() + from, length}, 0) != ~state)
                    FAIL("length " << length << " from " << from);
                state = append(state, data[from + length]);
            }
        }
}

TEST_CASE("crc32c: continuing from a prefix gives the CRC of the whole, wherever it is cut") {
    const std::vector<std::byte> data = noise(1'472);
    const Bytes whole{data};
    for (const Way way : ways()) {
        const u32 expected = way(whole, 0);
        for (std::size_t cut = 0; cut <= data.size(); ++cut)
            if (way(whole.subspan(cut), way(whole.first(cut), 0)) != expected) FAIL("cut at " << cut);
    }
}

TEST_CASE("crc32c: long data, beyond what one round of streams takes, agrees by both ways") {
    const std::vector<std::byte> data = noise(300'000);
    for (std::size_t length : {8'951U, 8'952U, 8'953U, 8'972U, 17'904U, 65'536U, 262'144U, 299'999U})
        for (const Way way : ways())
            CHECK(way({data.data(), length}, 0) == wire::crc32c_by_table({data.data(), length}, 0));
}
