// The small space, exhausted: six frames over two links in every order, with every combination of loss and
// copies.
//
// Each of the six frames is lost, comes on A, on B, or on both; arrivals come in each of the 720 orders (the
// second copies in the same order behind the first ones). The oracle is set arithmetic on which frames came
// at all.
#include "tests/link/arbiter_rig.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace twinlink;
using twinlink::test::ArbiterRig;

namespace {

constexpr u64 kFrames = 6;
constexpr u64 kPerFrame = 2;  // messages

/// Which frames were handed on by accept or fill, from the rig's text; -1 when something was handed on twice.
int handed_on(const std::string& out) {
    int seen = 0;
    for (std::size_t at = 0; at < out.size();) {
        std::size_t end = out.find(' ', at);
        if (end == std::string::npos) end = out.size();
        std::string word = out.substr(at, end - at);
        at = end + 1;
        if (word.starts_with("epoch") || word.starts_with("gap")) continue;
        if (word.starts_with("WRONG") || word.starts_with("RELEASED")) return -1;
        if (word.starts_with("fill")) word.erase(0, 4);
        const u64 first = std::stoull(word);
        const u64 last =
            word.find('-') == std::string::npos ? first : std::stoull(word.substr(word.find('-') + 1));
        for (u64 seq = first; seq <= last; ++seq) {
            const int bit = 1 << seq;
            if ((seen & bit) != 0) return -1;
            seen |= bit;
        }
    }
    return seen;
}

int names_of(u64 frames) {
    int names = 0;
    for (u64 f = 0; f < kFrames; ++f) {
        if ((frames >> f & 1) != 0) names |= 3 << (f * kPerFrame + 1);
    }
    return names;
}

bool run(const std::array<u64, kFrames>& order, u64 fates) {
    ArbiterRig rig;
    rig.begin();
    u64 delivered = 0;
    for (const int copy : {0, 1}) {
        for (const u64 f : order) {
            const u64 fate = fates >> (2 * f) & 3;  // 0 lost, 1 A, 2 B, 3 both
            if (fate == 0 || (copy == 1 && fate != 3)) continue;
            delivered |= u64{1} << f;
            const Link link = fate == 2 || copy == 1 ? Link::B : Link::A;
            rig.frame(link, f * kPerFrame + 1, f * kPerFrame + kPerFrame);
        }
    }
    rig.wait(20_ms);
    const u64 highest = static_cast<u64>(64 - std::countl_zero(delivered));
    u64 missing = 0;
    for (u64 f = 0; f < highest; ++f) missing += (delivered >> f & 1) != 0 ? 0 : kPerFrame;
    u64 recorded = 0;
    for (const auto& [first, g] : rig.records) recorded += g.missing;
    const StreamRecord s = rig.arbiter.stream();
    bool ok = handed_on(rig.out) == names_of(delivered) && recorded == missing && s.missing == missing &&
              s.next == highest * kPerFrame + 1 && rig.conflicts.empty() &&
              s.messages == static_cast<u64>(std::popcount(delivered)) * kPerFrame;
    for (const Link link : {Link::A, Link::B}) {
        const LinkRecord l = rig.arbiter.link(link);
        ok = ok && l.distinct + l.lost + l.behind == highest * kPerFrame && l.lost_alone <= l.lost;
    }
    rig.arbiter.finish(rig.now);
    ok = ok && rig.held == 0;
    if (!ok) MESSAGE("fates " << fates << " out " << rig.out << " gaps " << rig.gaps());
    return ok;
}

}  // namespace

TEST_CASE("order: six frames over two links in every order, lost, single or doubled") {
    std::array<u64, kFrames> order;
    std::iota(order.begin(), order.end(), 0);
    u64 runs = 0;
    u64 failed = 0;
    const u64 stride = TWINLINK_EXHAUSTIVE_STRIDE;
    do {
        for (u64 fates = runs % stride; fates < u64{1} << (2 * kFrames); fates += stride)
            failed += run(order, fates) ? 0 : 1;
        ++runs;
        if (failed > 3) break;
    } while (std::ranges::next_permutation(order).found);
    CHECK(runs == 720);
    CHECK(failed == 0);
}
