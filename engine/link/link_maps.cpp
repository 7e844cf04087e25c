// See link_maps.hpp. Words are numbered by seq / 64; word w of a link stands at w % kWords.
#include "engine/link/link_maps.hpp"

#include <algorithm>
#include <bit>

namespace twinlink {
namespace {

/// Bits [first, end) of word `word`, as far as they lie in it.
u64 mask(u64 word, u64 first, u64 end) noexcept {
    const u64 low = std::max(first, word * 64);
    const u64 high = std::min(end, word * 64 + 64);
    if (low >= high) return 0;
    const u64 upper = high - word * 64 == 64 ? ~u64{0} : (u64{1} << (high - word * 64)) - 1;
    return upper & ~((u64{1} << (low - word * 64)) - 1);
}

u64 bits(u64 word) noexcept { return static_cast<u64>(std::popcount(word)); }

}  // namespace

LinkMaps::LinkMaps() {
    for (auto& l : links_) l.words.resize(kWords);
}

void LinkMaps::start(Seq first) noexcept {
    for (auto& l : links_) {
        std::ranges::fill(l.words, 0);
        l.passed = first.value;
        l.distinct = l.slid_lost = l.slid_lost_alone = 0;
    }
    base_ = first.value / 64;
    origin_ = start_ = end_ = first.value;
    span_ = 0;
}

/// Counts what the word leaves behind on each link and empties it.
void LinkMaps::retire(u64 word) noexcept {
    const u64 valid = mask(word, start_, end_);
    std::array<u64, kLinks> seen{};
    for (std::size_t l = 0; l < kLinks; ++l) {
        u64& w = links_[l].words[word % kWords];
        seen[l] = w & valid;
        w = 0;
    }
    for (std::size_t l = 0; l < kLinks; ++l) {
        links_[l].slid_lost += bits(valid & ~seen[l]);
        links_[l].slid_lost_alone += bits(seen[1 - l] & ~seen[l]);
    }
    span_ += bits(valid);
}

/// Makes room for names before `end`. After a jump longer than the map, each word is retired once; the names
/// of the jump that never were in the map count as lost on both links.
void LinkMaps::slide_to(u64 end) noexcept {
    const u64 last_word = (end - 1) / 64;
    if (last_word < base_ + kWords) {
        end_ = std::max(end_, end);
        return;
    }
    const u64 new_base = last_word - kWords + 1;
    const u64 stop = std::min(new_base, base_ + kWords);
    // A word that is retired is full of existing names up to the old end; beyond it they came into being just
    // now.
    end_ = std::max(end_, std::min(end, stop * 64));
    for (u64 w = base_; w < stop; ++w) retire(w);
    if (stop < new_base) {
        const u64 never_in = new_base * 64 - stop * 64;
        for (auto& l : links_) l.slid_lost += never_in;
        span_ += never_in;
    }
    base_ = new_base;
    start_ = std::max(start_, base_ * 64);
    end_ = std::max(end_, end);
}

void LinkMaps::announce(Seq end) noexcept {
    if (end.value > end_) slide_to(end.value);
}

void LinkMaps::passed(Link link, Seq end) noexcept {
    announce(end);
    auto& l = links_[index(link)];
    l.passed = std::max(l.passed, end.value);
}

u64 LinkMaps::mark(Link link, Seq first, Seq end) noexcept {
    passed(link, end);
    auto& l = links_[index(link)];
    const u64 from = std::max(first.value, start_);
    for (u64 w = from / 64; w * 64 < end.value; ++w) {
        const u64 fresh = mask(w, from, end.value) & ~l.words[w % kWords];
        l.words[w % kWords] |= fresh;
        l.distinct += bits(fresh);
    }
    // Names before the origin belong to nobody's account; those between it and the map came too late.
    const u64 late_from = std::max(first.value, origin_);
    const u64 late_end = std::min(end.value, start_);
    return late_end > late_from ? late_end - late_from : 0;
}

LinkMaps::Totals LinkMaps::totals(Link link) const noexcept {
    const auto& mine = links_[index(link)];
    const auto& theirs = links_[index(other(link))];
    Totals t{.span = span_ + (end_ - start_),
             .distinct = mine.distinct,
             .lost = mine.slid_lost,
             .lost_alone = mine.slid_lost_alone,
             .behind = 0};
    for (u64 w = base_; w * 64 < end_; ++w) {
        const u64 unseen = mask(w, start_, end_) & ~mine.words[w % kWords];
        const u64 reached = mask(w, start_, std::min(mine.passed, end_));
        t.lost += bits(unseen & reached);
        t.lost_alone += bits(unseen & reached & theirs.words[w % kWords]);
        t.behind += bits(unseen & ~reached);
    }
    return t;
}

}  // namespace twinlink
