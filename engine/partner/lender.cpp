// See lender.hpp.
#include "engine/partner/lender.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink::partner {
namespace {

Stream stream_of(const Want& want) noexcept { return {Acd{want.acd}, Epoch{want.epoch}}; }

}  // namespace

void Lender::on_want(const Want& want, const FrameIn& frame) {
    counters_.add(Counter::WantsIn);
    Waiting waiting{want, {}};
    for (u32 n = 0; n < frame.entries; ++n) {
        const auto entry = frame.entry<RangeEntry>(n);
        waiting.ranges.push_back({Seq{entry.first}, Seq{entry.last}});
    }
    if (wants_.size() < kWantsMax) {
        wants_.push_back(std::move(waiting));
        return;
    }
    for (const Range& range : waiting.ranges) lack(want, range, LackWhy::Busy);
    send_last(want);
}

std::size_t Lender::lend(Now now) {
    const double earned = static_cast<double>((now.mono - filled_at_).value) * 1e-9;
    filled_at_ = now.mono;
    const auto most = static_cast<double>(std::max<u64>(bytes_per_s_ / 10, kBlockBytesMax));
    tokens_ = std::min(most, tokens_ + earned * static_cast<double>(bytes_per_s_));
    if (wants_.empty()) return 0;
    const auto snapshot = store_.snapshot();
    if (!snapshot) return 0;
    const std::size_t begin = out_.size();
    std::size_t ranges = 0;
    while (!wants_.empty() && tokens_ > 0 && out_.size() < kLendAhead &&
           out_.size() - begin < kBlocksPerSlice * kBlockMessagesMax * 48) {
        Waiting& waiting = wants_.front();
        const std::size_t before = out_.size();
        if (waiting.at == waiting.ranges.size()) {
            send_last(waiting.want);
            wants_.pop_front();
        } else {
            if (lend_range(waiting, *snapshot)) ++waiting.at;
            ++ranges;
        }
        tokens_ -= static_cast<double>(out_.size() - before);
    }
    return ranges + (out_.size() != begin ? 1 : 0);
}

/// Sends what one journal block has of the range being served, or says that it does not come. True when the
/// range is done with.
bool Lender::lend_range(Waiting& waiting, const StoreSnapshot& snapshot) {
    Range& range = waiting.ranges[waiting.at];
    const Stream stream = stream_of(waiting.want);
    bool found = false;
    snapshot.blocks(stream, range, [&](const BlockView& block) {
        found = true;
        if (block.range.first > range.first) {
            const Range absent{range.first, std::min(range.last, block.range.first - 1)};
            lack(waiting.want, absent, why_not(stream, absent));
            range.first = absent.last + 1;
            return false;
        }
        Bytes messages = block.messages;
        messages =
            messages.subspan(bytes_of_messages(messages, static_cast<u32>(range.first - block.range.first)));
        const Seq end = std::min(range.last, block.range.last) + 1;
        while (range.first < end) {
            u32 bytes = 0;
            u32 count = 0;
            const auto most = static_cast<u32>(std::min<u64>(end - range.first, kBlockMessagesMax));
            for (; count < most; ++count) {
                const u32 wire = message_at(messages.data() + bytes).wire_bytes();
                if (bytes + wire > kBlockBytesMax) break;
                bytes += wire;
            }
            send_block(waiting.want, range.first, messages.first(bytes), count);
            messages = messages.subspan(bytes);
            range.first = range.first + count;
        }
        return false;
    });
    if (found) return range.first > range.last;
    lack(waiting.want, range, why_not(stream, range));
    return true;
}

/// Why names are not in the journal; by the first of them.
LackWhy Lender::why_not(Stream stream, Range range) const {
    const auto own = own_.find(stream);
    if (own == own_.end() || range.first >= own->second.next) return LackWhy::Unknown;
    if (own->second.missing.touches({range.first, range.first})) return LackWhy::Missing;
    return range.first <= own->second.pruned ? LackWhy::TooOld : LackWhy::Unreadable;
}

void Lender::send_block(const Want& want, Seq first, Bytes messages, u32 count) {
    Block block{};
    block.epoch = want.epoch;
    block.acd = want.acd;
    block.request = want.request;
    block.first = first.value;
    block.count = count;
    write_frame(out_, block, {}, messages);
    counters_.add(Counter::NamesLent, count);
    counters_.add(Counter::FramesOut);
}

void Lender::send_last(const Want& want) {
    Block block{};
    block.epoch = want.epoch;
    block.acd = want.acd;
    block.request = want.request;
    block.first = 1;
    block.flags = kBlockLast;
    write_frame(out_, block);
    counters_.add(Counter::FramesOut);
}

void Lender::lack(const Want& want, Range range, LackWhy why) {
    if (why == LackWhy::Busy) probe(Probe::LackBusy);
    if (why == LackWhy::Missing) probe(Probe::LackMissing);
    if (why == LackWhy::TooOld) probe(Probe::LackTooOld);
    Lack message{};
    message.epoch = want.epoch;
    message.acd = want.acd;
    message.request = want.request;
    message.why = why;
    const RangeEntry entry{range.first.value, range.last.value};
    write_frame(out_, message, std::span(&entry, 1));
    counters_.add(Counter::LacksOut);
    counters_.add(Counter::FramesOut);
}

}  // namespace twinlink::partner
