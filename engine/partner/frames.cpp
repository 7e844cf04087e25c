// See frames.hpp.
//
// Invariant: nothing outside of the frame is read, whatever it says; the frame's length is believed only when
// that many bytes are there, and each part only when it lies within the frame.
#include "engine/partner/frames.hpp"
#include "engine/partner/account.hpp"

#include <algorithm>
#include <utility>

namespace twinlink::partner {
namespace {

constexpr u64 kSeqMax = u64{1} << 63;
constexpr std::size_t kHeadBytes = sizeof(FrameHead) + sizeof(SbeHeader);

/// What a template must have: its block, the entries of its group (0 = none), data.
struct Shape {
    u16 block_bytes = 0;  ///< 0 = no such template
    u16 entry_bytes = 0;
    bool data = false;
};
constexpr auto kShapes = [] {
    std::array<Shape, 32> shapes{};
    for_each_partner_message([&]<class M>() {
        Shape& s = shapes[M::kTemplate];
        s.block_bytes = sizeof(M);
        if constexpr (!std::is_same_v<typename M::Entry, NoEntry>) s.entry_bytes = sizeof(typename M::Entry);
        s.data = kHasData<M>;
    });
    return shapes;
}();

/// Cuts parts off the front of a frame; false, and nothing more, where they are not there.
class Cutter {
public:
    explicit Cutter(Bytes rest) noexcept : rest_(rest) {}
    template <class T>
    bool take(T& value) noexcept {
        Bytes bytes;
        if (!take(sizeof value, bytes)) return false;
        value = read<T>(bytes.data());
        return true;
    }
    bool take(std::size_t n, Bytes& bytes) noexcept {
        if (rest_.size() < n) return false;
        bytes = rest_.first(n);
        rest_ = rest_.subspan(n);
        return true;
    }
    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

private:
    Bytes rest_;
};

bool good_stream(u16 acd, u64 epoch) noexcept { return acd != 0 && epoch != 0; }

/// Entries (of any message that begins with first and last) ascend, do not touch zero and end below `end`.
bool good_ranges(const FrameIn& frame, u64 end) noexcept {
    u64 behind = 0;
    for (u32 n = 0; n < frame.entries; ++n) {
        const auto range = frame.entry<RangeEntry>(n);
        if (range.first <= behind || range.last < range.first || range.last >= end) return false;
        behind = range.last;
    }
    return true;
}

FrameFault check(const Hello& hello, const FrameIn& frame) noexcept {
    for (u32 n = 0; n < frame.entries; ++n)
        if (frame.entry<AcdEntry>(n).acd == 0) return FrameFault::BadNumber;
    const bool good = (hello.pair[0] | hello.pair[1]) != 0 && hello.life != 0 && hello.version_min != 0 &&
                      hello.version_min <= hello.version_max;
    return frame.entries > kAcdsMax ? FrameFault::BadCount : good ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const Have& have, const FrameIn& frame) noexcept {
    for (u32 n = 0; n < frame.entries; ++n)
        if (!known(frame.entry<HeldEntry>(n).held)) return FrameFault::BadNumber;
    const bool good = good_stream(have.acd, have.epoch) && have.next >= 1 && have.next <= kSeqMax &&
                      have.pruned < have.next && have.missing < have.next && good_ranges(frame, have.next);
    return good ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const Want& want, const FrameIn& frame) noexcept {
    const bool good = good_stream(want.acd, want.epoch) && want.request != 0 && frame.entries != 0;
    return good && good_ranges(frame, kSeqMax) ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const Block& block, const FrameIn& frame) noexcept {
    if (block.count > kBlockMessagesMax) return FrameFault::BadCount;
    const bool good = good_stream(block.acd, block.epoch) && block.request != 0 && block.first >= 1 &&
                      block.first <= kSeqMax - block.count &&
                      (block.count != 0 || (block.flags & kBlockLast) != 0);
    if (!good) return FrameFault::BadNumber;
    return validate_messages(frame.data, block.count) == FrameRefusal::Ok ? FrameFault::Ok
                                                                          : FrameFault::BadMessage;
}
FrameFault check(const Copy& copy, const FrameIn& frame) noexcept {
    if (!good_stream(copy.acd, copy.epoch) || copy.seq == 0 || copy.seq >= kSeqMax)
        return FrameFault::BadNumber;
    return validate_messages(frame.data, 1) == FrameRefusal::Ok ? FrameFault::Ok : FrameFault::BadMessage;
}
FrameFault check(const Lack& lack, const FrameIn& frame) noexcept {
    const bool good = good_stream(lack.acd, lack.epoch) && lack.request != 0 && known(lack.why);
    return good && good_ranges(frame, kSeqMax) ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check_lost(u16 acd, u64 epoch, const FrameIn& frame) noexcept {
    return good_stream(acd, epoch) && good_ranges(frame, kSeqMax) ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const LostPropose& m, const FrameIn& frame) noexcept {
    return check_lost(m.acd, m.epoch, frame);
}
FrameFault check(const LostAgree& m, const FrameIn& frame) noexcept {
    return check_lost(m.acd, m.epoch, frame);
}
FrameFault check(const Digest& digest, const FrameIn&) noexcept {
    return digest.acd != 0 && digest.table != 0 ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const Heartbeat&, const FrameIn&) noexcept { return FrameFault::Ok; }
FrameFault check(const Bye& bye, const FrameIn&) noexcept {
    return known(bye.why) ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const Skips& m, const FrameIn& frame) noexcept {
    if (frame.entries > kSkipsMax) return FrameFault::BadCount;
    for (u32 n = 0; n < frame.entries; ++n)
        if (frame.entry<RangeEntry>(n).first != frame.entry<RangeEntry>(n).last) return FrameFault::BadNumber;
    return check_lost(m.acd, m.epoch, frame);
}
FrameFault check(const Condition&, const FrameIn& frame) noexcept {
    if (frame.entries > kAcdsMax) return FrameFault::BadCount;
    for (u32 n = 0; n < frame.entries; ++n)
        if (frame.entry<AcdEntry>(n).acd == 0) return FrameFault::BadNumber;
    return FrameFault::Ok;
}
FrameFault check(const AccountAsk& ask, const FrameIn&) noexcept {
    const bool good = ask.request != 0 && known(ask.kind) && ask.most >= 1 && ask.most <= kAccountMost;
    return good ? FrameFault::Ok : FrameFault::BadNumber;
}
/// Records that make sense one by one, by ascending key.
template <u16 id, class R>
FrameFault check(const AccountPage<id, R>& page, const FrameIn& frame) noexcept {
    if (frame.entries > kAccountPage) return FrameFault::BadCount;
    if (page.request == 0) return FrameFault::BadNumber;
    AccountPlace behind{};
    for (u32 n = 0; n < frame.entries; ++n) {
        const R record = frame.entry<R>(n);
        if (!makes_sense(record) || (n != 0 && place_of(record) <= behind)) return FrameFault::BadNumber;
        behind = place_of(record);
    }
    return FrameFault::Ok;
}

/// Keys, in front of each entry, ascend.
template <class E>
bool good_rows(const FrameIn& frame) noexcept {
    for (u32 n = 1; n < frame.entries; ++n) {
        const E a = frame.entry<E>(n - 1);
        const E b = frame.entry<E>(n);
        if (std::pair(a.entity, a.entity2) >= std::pair(b.entity, b.entity2)) return false;
    }
    return true;
}
FrameFault check(const RowsAsk& ask, const FrameIn& frame) noexcept {
    if (frame.entries > kRowsAsked) return FrameFault::BadCount;
    const bool good = ask.request != 0 && ask.acd != 0 && ask.table != 0 && good_rows<RowEntry>(frame);
    return good ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const RowHashes& page, const FrameIn& frame) noexcept {
    if (frame.entries > kRowsPage) return FrameFault::BadCount;
    return page.request != 0 && good_rows<RowHashEntry>(frame) ? FrameFault::Ok : FrameFault::BadNumber;
}
FrameFault check(const RowItems& row, const FrameIn&) noexcept {
    return row.request != 0 ? FrameFault::Ok : FrameFault::BadNumber;
}

FrameFault check_content(const FrameIn& frame) noexcept {
    FrameFault fault = FrameFault::BadBlock;
    for_each_partner_message([&]<class M>() {
        if (frame.template_id == M::kTemplate) fault = check(frame.as<M>(), frame);
    });
    return fault;
}

/// Cuts the body of a frame whose template is known into its parts.
FrameFault cut(const Shape& shape, u16 block_length, Cutter& body, FrameIn& frame) noexcept {
    Bytes part;
    if (block_length < shape.block_bytes || block_length % 8 != 0) return FrameFault::BadBlock;
    if (!body.take(block_length, part)) return FrameFault::BadLength;
    frame.block = part.data();
    if (shape.entry_bytes != 0) {
        GroupHead group{};
        if (!body.take(group)) return FrameFault::BadLength;
        if (group.entries > kRangesPerMessage) return FrameFault::BadCount;
        if (group.entry_bytes < shape.entry_bytes || group.entry_bytes % 8 != 0) return FrameFault::BadBlock;
        if (!body.take(std::size_t{group.entry_bytes} * group.entries, part)) return FrameFault::BadLength;
        frame.first_entry = part.data();
        frame.entry_bytes = group.entry_bytes;
        frame.entries = group.entries;
    }
    if (shape.data) {
        u32 bytes = 0;
        if (!body.take(bytes)) return FrameFault::BadLength;
        if (bytes > kBlockBytesMax) return FrameFault::BadCount;
        if (!body.take(bytes, frame.data)) return FrameFault::BadLength;
    }
    return body.empty() ? FrameFault::Ok : FrameFault::BadLength;
}

}  // namespace

CounterInfo info(FrameFault fault) noexcept {
    switch (fault) {
        case FrameFault::Ok: return {"ok", "frames from the partner that passed every check"};
        case FrameFault::NeedMore: return {"need_more", "looks at a frame that was not whole yet"};
        case FrameFault::Unknown: return {"unknown", "frames of a newer version, skipped"};
        case FrameFault::BadLength: return {"bad_length", "frames whose parts do not fit their length"};
        case FrameFault::BadCrc: return {"bad_crc", "frames whose content does not match their CRC"};
        case FrameFault::BadSchema: return {"bad_schema", "frames of another protocol"};
        case FrameFault::BadBlock: return {"bad_block", "frames with a block shorter than its template"};
        case FrameFault::BadCount: return {"bad_count", "frames with more entries than are allowed"};
        case FrameFault::BadNumber: return {"bad_number", "frames with a number outside its range"};
        case FrameFault::BadMessage: return {"bad_message", "blocks whose messages are not whole"};
        case FrameFault::Count_: break;
    }
    return {"?", "?"};
}

FrameRead read_frame(Bytes stream) noexcept {
    if (stream.size() < sizeof(FrameHead)) return {FrameFault::NeedMore, 0, {}};
    const auto head = read<FrameHead>(stream.data());
    if (head.bytes < kHeadBytes || head.bytes > kPartnerFrameMax) return {FrameFault::BadLength, 0, {}};
    if (stream.size() < head.bytes) return {FrameFault::NeedMore, 0, {}};
    const Bytes body = stream.subspan(sizeof head, head.bytes - sizeof head);
    if (crc32c(body) != head.crc32c) return {FrameFault::BadCrc, 0, {}};
    const auto sbe = read<SbeHeader>(body.data());
    if (sbe.schema_id != kPartnerSchema) return {FrameFault::BadSchema, 0, {}};
    FrameRead result{FrameFault::Ok, head.bytes, {}};
    if (sbe.template_id >= kShapes.size() || kShapes[sbe.template_id].block_bytes == 0) {
        result.fault = FrameFault::Unknown;
        return result;
    }
    result.frame.template_id = sbe.template_id;
    Cutter cutter(body.subspan(sizeof sbe));
    result.fault = cut(kShapes[sbe.template_id], sbe.block_length, cutter, result.frame);
    if (result.fault == FrameFault::Ok) result.fault = check_content(result.frame);
    return result;
}

namespace detail {

void finish_frame(std::vector<std::byte>& out, std::size_t begin) noexcept {
    const Bytes body = Bytes(out).subspan(begin + sizeof(FrameHead));
    const FrameHead head{static_cast<u32>(out.size() - begin), crc32c(body)};
    std::memcpy(out.data() + begin, &head, sizeof head);
}

}  // namespace detail
}  // namespace twinlink::partner
