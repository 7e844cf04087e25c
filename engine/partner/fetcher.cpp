// See fetcher.hpp.
#include "engine/partner/fetcher.hpp"
#include "engine/partner/rivals.hpp"
#include "engine/planted.hpp"

#include <algorithm>
#include <cassert>

namespace twinlink::partner {
namespace {

/// Pieces that a Block may take, and one for what is told beside it.
constexpr std::size_t kPiecesPerBlock = kBlockBytesMax / (kOfferBytes - kFrameBytesMax) + 2;

/// At most `names` names, `ranges` ranges: the newest ones, and of the last one taken its front.
RangeSet newest(const RangeSet& set, u64 names, std::size_t ranges) {
    RangeSet part;
    const auto all = set.ranges();
    for (auto at = all.rbegin(); at != all.rend() && names != 0 && part.size() < ranges; ++at) {
        const u64 take = std::min(names, at->count());
        part.add({at->first, at->first + (take - 1)});
        names -= take;
    }
    return part;
}

}  // namespace

void Fetcher::forget() {
    requests_.clear();
    for (auto& [stream, way] : ways_) {
        if (!planted(Planted::ForgetAsked)) way.asked.clear();
        way.cooling.clear();
        way.gone.clear();
    }
}

void Fetcher::settle(Stream stream) {
    const auto way = ways_.find(stream);
    const auto own = own_.find(stream);
    if (way == ways_.end() || own == own_.end() || way->second.arrived.empty()) return;
    RangeSet waiting = way->second.arrived.common(own->second.missing);
    const RangeSet tail = way->second.arrived.within({own->second.next, Seq{~u64{0}}});
    for (const Range& range : tail.ranges()) waiting.add(range);
    way->second.arrived = std::move(waiting);
}

RangeSet Fetcher::wanted(Stream stream, bool tail) const {
    const auto own = own_.find(stream);
    const auto theirs = theirs_.find(stream);
    if (own == own_.end() || theirs == theirs_.end()) return {};
    const Holding& them = theirs->second;
    if (them.pruned + 1 >= them.next) return {};
    // Merged gaps hold names that are here: which, the arbiter does not know.
    RangeSet lacking = own->second.missing.without(own->second.merged);
    if (tail && them.next > own->second.next) lacking.add({own->second.next, them.next - 1});
    return lacking.within({them.pruned + 1, them.next - 1}).without(them.missing);
}

RangeSet Fetcher::to_come(Stream stream, bool tail) const {
    const auto way = ways_.find(stream);
    const RangeSet all = wanted(stream, tail);
    return way == ways_.end() ? all : all.without(way->second.gone);
}

std::size_t Fetcher::ask(Now now, std::span<const Acd> acds, std::span<const Acd> deaf) {
    std::size_t frames = 0;
    u64 flying = in_flight();
    // Newest lives first.
    for (auto at = own_.rbegin(); at != own_.rend(); ++at) {
        const Stream stream = at->first;
        if (flying >= kNamesInFlight || requests_.size() >= kRequestsMax) break;
        if (std::ranges::find(acds, stream.acd) == acds.end()) continue;
        const auto theirs = theirs_.find(stream);
        if (theirs == theirs_.end()) continue;
        // Of a life that is over no link brings the end any more.
        const bool tail =
            at->second.ended ? theirs->second.ended : std::ranges::find(deaf, stream.acd) != deaf.end();
        RangeSet due = wanted(stream, tail);
        if (due.empty()) continue;
        Way& way = ways_[stream];
        if (now.mono >= way.cool_at) way.cooling.clear();
        if (!planted(Planted::AskTwice)) due = due.without(way.asked);
        due = due.without(way.arrived).without(way.cooling);
        while (!due.empty() && flying < kNamesInFlight && requests_.size() < kRequestsMax) {
            const RangeSet part =
                newest(due, std::min(kNamesPerWant, kNamesInFlight - flying), kRangesPerWant);
            flying += ask_some(stream, part, now);
            due.remove(part);
            ++frames;
        }
    }
    return frames;
}

u64 Fetcher::ask_some(Stream stream, const RangeSet& wanted, Now now) {
    Want want{};
    want.epoch = stream.epoch.value;
    want.acd = stream.acd.value;
    if (++last_id_ == kComparingRequests) last_id_ = 1;
    want.request = last_id_;
    std::vector<RangeEntry> entries;
    for (const Range& range : wanted.ranges()) entries.push_back({range.first.value, range.last.value});
    write_frame(out_, want, entries);
    counters_.add(Counter::FramesOut);
    counters_.add(Counter::WantsOut);
    counters_.add(Counter::NamesAsked, wanted.names());
    Way& way = ways_[stream];
    for (const Range& range : wanted.ranges()) way.asked.add(range);
    requests_.push_back({want.request, stream, wanted, now.mono});
    // For the record alone: a gap says how often it was asked for.
    static_cast<void>(desk_.tell(OfferPiece::What::Requested, stream, wanted.ranges()));
    return wanted.names();
}

bool Fetcher::room() const noexcept { return desk_.empty.read_available() >= kPiecesPerBlock; }

std::string_view Fetcher::on_block(const Block& block, Bytes messages, Now now) {
    counters_.add(Counter::BlocksIn);
    const Stream stream{Acd{block.acd}, Epoch{block.epoch}};
    const auto request = std::ranges::find(requests_, block.request, &Request::id);
    if (request == requests_.end()) {
        counters_.add(Counter::BlocksUnasked);
        return {};
    }
    if (request->stream != stream) return "a block of another stream than was asked for";
    request->heard = now.mono;
    if (block.count != 0) {
        const Range range{Seq{block.first}, Seq{block.first} + (block.count - 1)};
        if (!request->left.holds(range)) return "a block of names that were not asked for";
        counters_.add(Counter::NamesIn, block.count);
        request->left.remove(range);
        Way& way = ways_[stream];
        way.asked.remove(range);
        way.arrived.add(range);
        way.arrived_at = now.mono;
        hand_on(stream, range.first, messages, block.count);
    }
    if ((block.flags & kBlockLast) != 0) give_up(request, now);
    return {};
}

std::string_view Fetcher::on_lack(const Lack& lack, const FrameIn& frame, Now now) {
    counters_.add(Counter::LacksIn);
    const auto request = std::ranges::find(requests_, lack.request, &Request::id);
    if (request == requests_.end()) return {};
    const Stream stream{Acd{lack.acd}, Epoch{lack.epoch}};
    if (request->stream != stream) return "a refusal of another stream than was asked for";
    request->heard = now.mono;
    for (u32 n = 0; n < frame.entries; ++n) {
        const auto entry = frame.entry<RangeEntry>(n);
        const Range range{Seq{entry.first}, Seq{entry.last}};
        if (!request->left.holds(range)) return "a refusal of names that were not asked for";
        if (lack.why == LackWhy::TooOld || lack.why == LackWhy::Unreadable) ways_[stream].gone.add(range);
    }
    return {};
}

/// A request is over: what is left of it did not come, and is asked for again when it has cooled.
void Fetcher::give_up(std::deque<Request>::iterator request, Now now) {
    Way& way = ways_[request->stream];
    way.asked.remove(request->left);
    if (!request->left.empty()) {
        for (const Range& range : request->left.ranges()) way.cooling.add(range);
        way.cool_at = now.mono + kCool;
    }
    requests_.erase(request);
}

void Fetcher::on_time(Now now) {
    while (!requests_.empty()) {
        const auto late = std::ranges::find_if(
            requests_, [&](const Request& r) { return now.mono - r.heard >= kRequestTimeout; });
        if (late == requests_.end()) break;
        counters_.add(Counter::RequestsTimedOut);
        probe(Probe::RequestTimedOut);
        give_up(late, now);
    }
    for (auto& [stream, way] : ways_)
        if (!way.arrived.empty() && now.mono - way.arrived_at >= kDurableTimeout) way.arrived.clear();
}

u64 Fetcher::in_flight() const noexcept {
    u64 names = 0;
    for (const auto& [stream, way] : ways_) names += way.asked.names() + way.arrived.names();
    return names;
}

bool Fetcher::too_old(Stream stream, Range range) const {
    const auto way = ways_.find(stream);
    return way != ways_.end() && way->second.gone.holds(range);
}

void Fetcher::hand_on(Stream stream, Seq first, Bytes messages, u32 count) {
    while (count != 0) {
        OfferPiece* piece = nullptr;
        const bool popped = desk_.empty.pop(piece);
        assert(popped);  // room() said so
        static_cast<void>(popped);
        u32 bytes = 0;
        u32 n = 0;
        for (; n < count; ++n) {
            const u32 wire = message_at(messages.data() + bytes).wire_bytes();
            if (bytes + wire > kOfferBytes) break;
            bytes += wire;
        }
        piece->what = OfferPiece::What::Messages;
        piece->stream = stream;
        piece->first = planted(Planted::ShiftNames) && n > 1 ? first + 1 : first;
        piece->count = n;
        piece->bytes = bytes;
        piece->by = FilledBy::Partner;
        std::memcpy(piece->messages.data(), messages.data(), bytes);
        desk_.hand_in(piece);
        messages = messages.subspan(bytes);
        first = first + n;
        count -= n;
    }
}

}  // namespace twinlink::partner
