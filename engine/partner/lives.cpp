// Lives of an ACD that the partner knows of and this server does not, or not to their end. Part of the shim,
// its thread; see shim.hpp.
#include "engine/partner/shim.hpp"

#include <algorithm>

namespace twinlink {

using namespace partner;

namespace {

/// Lives remembered as told: a good partner has a few, and telling twice changes nothing.
constexpr std::size_t kLivesToldMax = 4 * kLivesPerAcd * kAcdsMax;
/// Between two looks for lives to take up: what was told last becomes durable meanwhile, as a rule.
constexpr Nanos kLookEvery = 250_ms;

/// What is in the holder's journal, from the first name to the last; nothing where there is none.
std::optional<Range> held(const Holding& holding) {
    if (holding.pruned + 1 >= holding.next) return {};
    RangeSet kept;
    kept.add({holding.pruned + 1, holding.next - 1});
    kept.remove(holding.missing);
    if (kept.empty()) return {};
    return Range{kept.ranges().front().first, kept.ranges().back().last};
}

}  // namespace

/// Lives older than the present one that are over: this server never saw them, or not to their end. The
/// newest first: the arbiter has room for a few.
void PartnerShim::learn_lives() {
    if (lives_told_.size() > kLivesToldMax) lives_told_.clear();
    for (auto at = theirs_.rbegin(); at != theirs_.rend(); ++at) {
        const auto& [stream, theirs] = *at;
        if (!theirs.ended) continue;
        const auto known = own_.find(stream);
        // What is missing in the midst of what is known here counts, even where nobody can give it any more.
        // What lies before all that is of use as long as some of it can be had.
        const auto before = own_.lower_bound({stream.acd, Epoch{}});
        const bool worth = known != own_.end() ? known->second.ended && known->second.next < theirs.next
                                               : theirs.pruned + 1 < theirs.next ||
                                                     (before != own_.end() && before->first < stream);
        if (!worth) continue;
        const bool newer = std::ranges::any_of(own_, [&](const auto& own) {
            return own.first.acd == stream.acd && own.first.epoch > stream.epoch;
        });
        if (!newer || lives_told_[stream] >= theirs.next) continue;
        const Range names{Seq{1}, theirs.next - 1};
        if (desk_.tell(OfferPiece::What::Life, stream, std::span(&names, 1)))
            lives_told_[stream] = theirs.next;
    }
}

/// Since when which ACD is heard on no link, with a session or without.
void PartnerShim::listen(Now now) {
    for (const Acd acd : config_.acds) {
        if (mirror_.deaf(acd))
            deaf_.try_emplace(acd, Deaf{now.mono, {}});
        else
            deaf_.erase(acd);
    }
}

/// The oldest life of the partner's that is newer than all that are known here, and what it holds of it;
/// nothing while some of the newest one here may still come: lives are folded one after the other.
std::optional<std::pair<Stream, Range>> PartnerShim::next_life(Acd acd) const {
    Stream newest{acd, Epoch{}};
    for (const auto& [stream, holding] : own_)
        if (stream.acd == acd) newest = stream;
    if (!fetcher_.to_come(newest, true).empty()) return {};
    for (auto at = theirs_.upper_bound(newest); at != theirs_.end() && at->first.acd == acd; ++at)
        if (const auto names = held(at->second)) return std::pair{at->first, *names};
    return {};
}

/// Of an ACD that is heard on no link for long, the partner's newer lives become the present one here, one
/// after the other.
void PartnerShim::take_up_lives(Now now) {
    for (auto& [acd, deaf] : deaf_) {
        if (now.mono - deaf.since < config_.lives_after) continue;
        if (deaf.looked_at.value != 0 && now.mono - deaf.looked_at < kLookEvery) continue;
        if (std::ranges::find(session_.common_acds(), acd) == session_.common_acds().end()) continue;
        deaf.looked_at = now.mono;
        // Where no piece is free, with the next look.
        if (const auto life = next_life(acd))
            static_cast<void>(desk_.tell(OfferPiece::What::Begin, life->first, std::span(&life->second, 1)));
    }
}

}  // namespace twinlink
