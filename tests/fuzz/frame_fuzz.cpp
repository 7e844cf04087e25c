// Fuzzes validate() and everything that trusts it. Any bytes come in; the verdict must be that of a second,
// naive reading of the grammar, and what was accepted must walk, read and rebuild to the same bytes.
//
// Built with clang as a libFuzzer target (TWINLINK_FUZZ), and with any compiler as a test over the corpus.
#include <twinlink/frame.hpp>

#include <cstdlib>
#include <random>
#include <vector>

using namespace twinlink;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

constexpr std::size_t kHeaderAt = sizeof(SbeHeader);
constexpr std::size_t kCrcAt = kHeaderAt + offsetof(FrameHeader, crc32c);

template <class T>
T at(Bytes bytes, std::size_t offset) {
    require(offset + sizeof(T) <= bytes.size());
    return read<T>(bytes.data() + offset);
}

/// The CRC by a table of its own, a byte at a time.
u32 slow_crc(Bytes frame) {
    static const auto table = [] {
        std::array<u32, 256> t{};
        for (u32 b = 0; b < 256; ++b) {
            t[b] = b;
            for (int bit = 0; bit < 8; ++bit) t[b] = (t[b] & 1) != 0 ? t[b] >> 1 ^ 0x82F63B78U : t[b] >> 1;
        }
        return t;
    }();
    u32 state = 0xFFFFFFFF;
    for (std::size_t i = 0; i < frame.size(); ++i) {
        const u32 byte = i >= kCrcAt && i < kCrcAt + 4 ? 0U : static_cast<u32>(frame[i]);
        state = state >> 8 ^ table[(state ^ byte) & 255];
    }
    return ~state;
}

/// The grammar once more, from the document and without care for speed.
bool acceptable(Bytes f) {
    if (f.size() < 48 || f.size() > 8'972) return false;
    const u32 block = at<u16>(f, 0);
    if (at<u16>(f, 2) != 1 || at<u16>(f, 4) != 0x5457 || block < 40 || block % 8 != 0) return false;
    if (at<u16>(f, 8) != 0x4C54 || at<u8>(f, 10) != 1) return false;
    if (8 + block + at<u16>(f, 18) != f.size()) return false;
    if (at<u32>(f, 20) != slow_crc(f)) return false;
    const u64 first = at<u64>(f, 32);
    u32 count = at<u16>(f, 16);
    if (at<u16>(f, 12) == 0 || at<u8>(f, 14) > 1 || at<u64>(f, 24) == 0 || first == 0) return false;
    if (first > (u64{1} << 63) || count > (u64{1} << 63) - first) return false;
    if ((at<u8>(f, 11) & 1) != 0 && count != 0) return false;
    std::size_t p = 8 + block;
    for (; p < f.size(); --count) {
        if (count == 0 || f.size() - p < 8 || at<u16>(f, p + 4) != 0x5457) return false;
        const u32 length = at<u16>(f, p);
        const u32 id = at<u16>(f, p + 2);
        const u32 least = id <= kTemplateMax && kBlockLengths[id] != 0 ? kBlockLengths[id] : 8;
        if (length < least || length % 8 != 0 || length > f.size() - p - 8) return false;
        p += 8 + length;
    }
    return count == 0;
}

/// Walks and reads everything in an accepted frame and builds it anew.
void use(Bytes bytes) {
    const FrameView frame{bytes};
    std::vector<std::byte> room(kFrameBytesMax);
    FrameBuilder builder{room};
    builder.reset(frame.header());
    u32 count = 0;
    u64 sum = 0;
    for_each_message_in(frame.body(), [&](MessageView m) {
        sum += m.time().value;
        for_each_message([&]<class M>() {
            if (m.template_id != M::kTemplate) return;
            const M message = m.as<M>();
            require(std::memcmp(&message, m.block, sizeof message) == 0);
        });
        require(builder.add_encoded({m.block - sizeof(SbeHeader), m.wire_bytes()}));
        ++count;
    });
    require(count == frame.count());
    require(frame.end() - frame.first() == count);
    require(bytes_of_messages(frame.body(), count) == frame.body().size());

    const Bytes again = builder.finish(Nanos{frame.header().sent_at});
    require(validate(again) == FrameRefusal::Ok);
    const FrameView rebuilt{again};
    require(rebuilt.count() == count && rebuilt.stream() == frame.stream() &&
            rebuilt.first() == frame.first());
    for_each_message_in(rebuilt.body(), [&](MessageView m) { sum -= m.time().value; });
    require(sum == 0);
    require(std::memcmp(rebuilt.body().data(), frame.body().data(), frame.body().size()) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const Bytes bytes = std::as_bytes(std::span{data, size});
    const FrameRefusal refusal = validate(bytes);
    require(refusal != FrameRefusal::UnknownAcd && refusal != FrameRefusal::WrongLink);
    require(refusal < FrameRefusal::Count_);
    require((refusal == FrameRefusal::Ok) == acceptable(bytes));
    if (refusal == FrameRefusal::Ok) use(bytes);
    return 0;
}

#if defined(TWINLINK_FUZZ)
extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t max_size);

namespace {

void put(unsigned char* to, auto value) { std::memcpy(to, &value, sizeof value); }

/// Appends a message of a known template with what bytes there are; returns the new size.
std::size_t append_message(unsigned char* data, std::size_t size, std::size_t max_size,
                           std::minstd_rand& random) {
    u16 id = 0;
    while (id == 0 || kBlockLengths[id] == 0) id = static_cast<u16>(random() % (kTemplateMax + 1));
    const auto block = static_cast<u16>(kBlockLengths[id] + random() % 3 / 2 * 8);
    if (size + sizeof(SbeHeader) + block > max_size) return size;
    put(data + size, SbeHeader{block, id, kSchemaId, kSchemaVersion});
    std::memset(data + size + sizeof(SbeHeader), static_cast<int>(random() % 256), block);
    put(data + kHeaderAt + offsetof(FrameHeader, message_count),
        static_cast<u16>(
            read<u16>(reinterpret_cast<std::byte*>(data) + kHeaderAt + offsetof(FrameHeader, message_count)) +
            1));
    return size + sizeof(SbeHeader) + block;
}

}  // namespace

/// Mutates, then makes good what would stop every mutant at the first checks: mostly the length, nearly
/// always the CRC.
extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
    std::minstd_rand random{seed};
    if (size >= kFrameOverheadBytes && random() % 4 == 0)
        size = append_message(data, size, max_size, random);
    else
        size = LLVMFuzzerMutate(data, size, max_size);
    if (size < kFrameOverheadBytes) return size;
    if (random() % 8 != 0)
        put(data + kHeaderAt + offsetof(FrameHeader, body_bytes),
            static_cast<u16>(size - kFrameOverheadBytes));
    if (random() % 16 != 0) put(data + kCrcAt, slow_crc(std::as_bytes(std::span{data, size})));
    return size;
}
#endif
