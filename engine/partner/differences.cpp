// Rows that differ though both servers hold the same messages: where the messages themselves are compared.
// Part of the shim, its thread; see rivals.hpp.
#include "engine/partner/shim.hpp"

#include <algorithm>
#include <limits>

namespace twinlink {

using namespace partner;

namespace {

/// Intervals before one that differs, in which the cause is looked for. Chosen: a day of quarters of an hour.
constexpr u32 kLookBackMost = 96;

}  // namespace

/// Rows that differ though both hold the same messages: somewhere two copies of a message do. In the interval
/// itself, or in one before it where a call or a login began.
void PartnerShim::look_into_differences(Now now) {
    if (!rivals_.idle()) return;
    if (looking_ && rivals_.found() == looking_->found_before && looking_->back < kLookBackMost) {
        ++looking_->back;
    } else if (looking_) {
        digests_.looked_into(looking_->key);
        looking_.reset();
    }
    if (!looking_) {
        if (digests_.all_alike()) return;  // as nearly always: comparing the accounts takes time
        std::vector<Acd> alike;
        for (const Acd acd : session_.common_acds())
            if (accounts_alike(acd)) alike.push_back(acd);
        const auto odd = digests_.next_different(alike, now);
        if (!odd) return;
        looking_ = Looking{*odd, 0, rivals_.found()};
    }
    // What has come to be alike meanwhile needs no looking into.
    if (!digests_.differs(looking_->key) || !compare_interval(looking_->key, looking_->back)) {
        digests_.looked_into(looking_->key);
        looking_.reset();
    }
}

/// Compares the messages of the interval that is `back` before this one. False: there is none.
bool PartnerShim::compare_interval(Digests::Key key, u32 back) {
    const auto snapshot = own_reader_.snapshot();
    if (!snapshot) return true;  // tried as if nothing had been found
    const auto intervals = snapshot->intervals(0, std::numeric_limits<u64>::max(), key.acd);
    auto at = std::ranges::find_if(intervals, [&](const IntervalRecord& i) {
        return i.start == key.start && i.instance == key.instance;
    });
    if (at == intervals.end() || at - intervals.begin() < back) return false;
    at -= back;
    // It ends where the next one begins, in this life of the ACD or a later one.
    const auto next = std::next(at);
    const Stream begin{key.acd, Epoch{at->epoch}};
    if (next == intervals.end() || next->epoch == at->epoch) {
        rivals_.compare(begin, {Seq{at->first_seq}, Seq{std::max(at->first_seq, at->last_seq)}});
        return true;
    }
    for (const auto& [stream, holding] : own_) {
        if (stream.acd != key.acd || stream < begin || stream.epoch.value > next->epoch) continue;
        const Seq first = stream == begin ? Seq{at->first_seq} : Seq{1};
        const Seq end = stream.epoch.value == next->epoch ? Seq{next->first_seq} : holding.next;
        if (first < end) rivals_.compare(stream, {first, end - 1});
    }
    return true;
}

/// Both hold the same messages of the ACD, as far as they have told.
bool PartnerShim::accounts_alike(Acd acd) const {
    return std::ranges::all_of(own_, [&](const auto& own) {
        if (own.first.acd != acd) return true;
        const auto theirs = theirs_.find(own.first);
        return theirs != theirs_.end() && theirs->second.next == own.second.next &&
               theirs->second.missing.names() == own.second.missing.names() &&
               theirs->second.missing.without(own.second.missing).empty();
    });
}

}  // namespace twinlink
