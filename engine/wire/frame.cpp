// Frame validation and building. Pure; rx threads call validate(), switches and tests build.
//
// Invariant: after validate() returns Ok, walking the body by message_at() and wire_bytes() visits exactly
// message_count messages and ends exactly at the end of the frame, and every known template's struct can be read.
#include <twinlink/frame.hpp>

namespace twinlink {
namespace {

/// Walks all message headers; Ok, BadSchema, BadMessage or BadCount.
FrameRefusal walk(const std::byte* p, const std::byte* end, u32 count) noexcept {
    for (; count != 0; --count) {
        if (end - p < static_cast<std::ptrdiff_t>(sizeof(SbeHeader))) return FrameRefusal::BadCount;
        const auto h = read<SbeHeader>(p);
        if (h.schema_id != kSchemaId) return FrameRefusal::BadSchema;
        // Every message begins with its time, so even an unknown one has 8 bytes.
        const u32 least = h.template_id <= kTemplateMax && kBlockLengths[h.template_id] != 0
                              ? kBlockLengths[h.template_id] : 8U;
        if (h.block_length < least || h.block_length % 8 != 0) return FrameRefusal::BadMessage;
        p += sizeof h;
        if (end - p < h.block_length) return FrameRefusal::BadMessage;
        p += h.block_length;
    }
    return p == end ? FrameRefusal::Ok : FrameRefusal::BadCount;
}

}  // namespace

FrameRefusal validate(Bytes frame) noexcept {
    if (frame.size() < kFrameOverheadBytes) return FrameRefusal::TooShort;
    if (frame.size() > kFrameBytesMax) return FrameRefusal::TooLong;
    const auto sbe = read<SbeHeader>(frame.data());
    const auto h = read<FrameHeader>(frame.data() + sizeof sbe);
    if (h.magic != kFrameMagic) return FrameRefusal::BadMagic;
    if (h.version != kFrameVersion) return FrameRefusal::BadVersion;
    if (sbe.template_id != FrameHeader::kTemplate || sbe.schema_id != kSchemaId) return FrameRefusal::BadSchema;
    if (sbe.block_length < sizeof h || sbe.block_length % 8 != 0) return FrameRefusal::BadSchema;
    const std::size_t overhead = sizeof sbe + sbe.block_length;
    if (frame.size() < overhead || frame.size() - overhead != h.body_bytes) return FrameRefusal::BadLength;

    // The CRC covers the frame with its own field as 0: before it, four zero bytes, behind it.
    constexpr std::size_t crc_at = sizeof(SbeHeader) + offsetof(FrameHeader, crc32c);
    static_assert(crc_at % 4 == 0 && kFrameOverheadBytes == 48);
    std::array<std::byte, kFrameOverheadBytes> head;
    std::memcpy(head.data(), frame.data(), head.size());
    std::memset(head.data() + crc_at, 0, sizeof h.crc32c);
    if (crc32c(frame.subspan(head.size()), crc32c(head)) != h.crc32c) return FrameRefusal::BadCrc;

    constexpr u64 seq_limit = u64{1} << 63;
    if (h.acd == 0 || h.epoch == 0 || h.link >= kLinks) return FrameRefusal::BadNumber;
    if (h.first_seq == 0 || h.first_seq > seq_limit) return FrameRefusal::BadNumber;
    return walk(frame.data() + overhead, frame.data() + frame.size(), h.message_count);
}

const char* name(FrameRefusal refusal) noexcept {
    switch (refusal) {
        case FrameRefusal::Ok: return "ok";
        case FrameRefusal::TooShort: return "too_short";
        case FrameRefusal::TooLong: return "too_long";
        case FrameRefusal::BadMagic: return "bad_magic";
        case FrameRefusal::BadVersion: return "bad_version";
        case FrameRefusal::BadSchema: return "bad_schema";
        case FrameRefusal::BadLength: return "bad_length";
        case FrameRefusal::BadCrc: return "bad_crc";
        case FrameRefusal::BadCount: return "bad_count";
        case FrameRefusal::BadMessage: return "bad_message";
        case FrameRefusal::BadNumber: return "bad_number";
        case FrameRefusal::UnknownAcd: return "unknown_acd";
        case FrameRefusal::WrongLink: return "wrong_link";
        case FrameRefusal::Count_: break;
    }
    return "?";
}

Bytes FrameBuilder::finish(Nanos sent_at) noexcept {
    header_.magic = kFrameMagic;
    header_.version = kFrameVersion;
    header_.reserved = 0;
    header_.message_count = static_cast<u16>(count_);
    header_.body_bytes = static_cast<u16>(used_ - kFrameOverheadBytes);
    header_.sent_at = sent_at.value;
    header_.crc32c = 0;
    const SbeHeader sbe{sizeof(FrameHeader), FrameHeader::kTemplate, kSchemaId, kSchemaVersion};
    std::memcpy(buffer_.data(), &sbe, sizeof sbe);
    std::memcpy(buffer_.data() + sizeof sbe, &header_, sizeof header_);
    const Bytes whole{buffer_.data(), used_};
    header_.crc32c = crc32c(whole);
    std::memcpy(buffer_.data() + sizeof sbe, &header_, sizeof header_);
    return whole;
}

}  // namespace twinlink
