// The checksum against the plainest way to compute it, at every length and alignment.
#include "drivers/checksum.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

using namespace twinlink;
using namespace twinlink::drivers;

namespace {

u16 plain(Bytes data) {
    u64 sum = 0;
    for (std::size_t i = 0; i < data.size(); i += 2) {
        sum += static_cast<u64>(data[i]);
        if (i + 1 < data.size()) sum += static_cast<u64>(data[i + 1]) << 8U;
    }
    while (sum > 0xFFFF) sum = (sum & 0xFFFF) + (sum >> 16U);
    return static_cast<u16>(sum);
}

}  // namespace

TEST_CASE("checksum: equals the plain sum at every length to 300 and every alignment, and at 65,535") {
    std::mt19937_64 random(11);
    std::vector<std::byte> data(65'600);
    for (auto& b : data) b = static_cast<std::byte>(random());
    const Bytes all = data;
    for (std::size_t at = 0; at < 33; ++at) {
        for (std::size_t bytes = 0; bytes < 300; ++bytes) {
            CHECK(fold_sum(ones_sum(all.subspan(at, bytes))) == plain(all.subspan(at, bytes)));
        }
        CHECK(fold_sum(ones_sum(all.subspan(at, 65'535))) == plain(all.subspan(at, 65'535)));
    }
}

TEST_CASE("checksum: the extremes do not overflow") {
    for (const int fill : {0x00, 0xFF, 0x7F, 0x80}) {
        const std::vector<std::byte> data(65'535, static_cast<std::byte>(fill));
        CHECK(fold_sum(ones_sum(data)) == plain(data));
    }
}
