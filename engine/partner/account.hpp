// A server's account of itself, as its partner may ask for it: sums of streams, gaps, links, events.
//
// Plain values and pure functions; any thread. A record's place is its key in the store; records are told by
// ascending places, so that asking can go on where it ended.
#pragma once

#include "engine/partner/messages.hpp"

#include <limits>
#include <string>
#include <vector>

namespace twinlink {

struct AccountPlace {
    u16 acd = 0;
    u64 epoch = 0;
    u64 number = 0;
    friend constexpr auto operator<=>(const AccountPlace&, const AccountPlace&) noexcept = default;
};

/// What is asked for.
struct AccountQuestion {
    partner::AccountKind kind = partner::AccountKind::Streams;
    Acd acd{};     ///< 0 = of all
    u64 from = 0;  ///< gaps and events that touch [from, to)
    u64 to = std::numeric_limits<u64>::max();
    AccountPlace next{};  ///< from this place on
    u32 most = partner::kAccountMost;
};

/// What is there, of the kind that was asked for.
struct AccountRecords {
    std::vector<StreamRecord> streams;
    std::vector<GapRecord> gaps;
    std::vector<LinkRecord> links;
    std::vector<LinkEventRecord> events;

    [[nodiscard]] std::size_t size() const noexcept {
        return streams.size() + gaps.size() + links.size() + events.size();
    }
    void add(const StreamRecord& r) { streams.push_back(r); }
    void add(const GapRecord& r) { gaps.push_back(r); }
    void add(const LinkRecord& r) { links.push_back(r); }
    void add(const LinkEventRecord& r) { events.push_back(r); }
};

namespace partner {

constexpr AccountPlace place_of(const StreamRecord& r) noexcept { return {r.acd, r.epoch, 0}; }
constexpr AccountPlace place_of(const GapRecord& r) noexcept { return {r.acd, r.epoch, r.first}; }
constexpr AccountPlace place_of(const LinkRecord& r) noexcept { return {r.acd, r.epoch, r.link}; }
constexpr AccountPlace place_of(const LinkEventRecord& r) noexcept { return {r.acd, 0, r.number}; }
/// The least place behind this one.
constexpr AccountPlace behind(AccountPlace p) noexcept {
    if (++p.number == 0 && ++p.epoch == 0) ++p.acd;
    return p;
}

/// No name is greater.
inline constexpr u64 kAccountSeqMax = u64{1} << 63;

/// Whether a record could stand in any server's store: what does not is neither told nor believed.
constexpr bool makes_sense(const StreamRecord& r) noexcept {
    return r.acd != 0 && r.epoch != 0 && r.next <= kAccountSeqMax && r.messages <= r.next &&
           r.missing <= r.next && r.watermark <= r.next && r.first_seen <= r.next && r.ended <= 1;
}
constexpr bool makes_sense(const GapRecord& r) noexcept {
    return r.acd != 0 && r.epoch != 0 && r.first >= 1 && r.first <= r.last && r.last < kAccountSeqMax &&
           r.missing <= r.range().count() && r.cause < GapCause::Count_ && r.state < GapState::Count_ &&
           r.filled_by < FilledBy::Count_ && r.merged <= 1;
}
constexpr bool makes_sense(const LinkRecord& r) noexcept {
    return r.acd != 0 && r.epoch != 0 && r.link < kLinks && r.silent <= 1;
}
constexpr bool makes_sense(const LinkEventRecord& r) noexcept {
    return r.number != 0 && r.kind > LinkEventKind::None && r.kind < LinkEventKind::Count_ &&
           (r.link < kLinks || r.link == kNoLink) && r.open <= 1 && r.now <= 1 &&
           (r.kind != LinkEventKind::GapOpened || r.cause < static_cast<u8>(GapCause::Count_));
}

}  // namespace partner
}  // namespace twinlink
