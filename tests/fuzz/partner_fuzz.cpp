// Fuzzes read_frame() of the partner's protocol and everything that trusts it: any bytes come in; what is
// accepted must lie within them, be read whole, and be written again to a frame that reads the same.
//
// Built with clang as a libFuzzer target (TWINLINK_FUZZ), and with any compiler as a test over the corpus.
#include "engine/partner/frames.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

using namespace twinlink;
using namespace twinlink::partner;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

/// The message, its entries and data, read and written again: must come out as they went in.
template <class M>
void use(const FrameIn& frame) {
    std::vector<std::byte> again;
    if constexpr (std::is_same_v<typename M::Entry, NoEntry>) {
        write_frame(again, frame.as<M>(), {}, frame.data);
    } else {
        std::vector<typename M::Entry> entries;
        for (u32 n = 0; n < frame.entries; ++n) entries.push_back(frame.entry<typename M::Entry>(n));
        write_frame(again, frame.as<M>(), std::span<const typename M::Entry>(entries));
    }
    const FrameRead copy = read_frame(again);
    require(copy.fault == FrameFault::Ok && copy.bytes == again.size());
    require(copy.frame.template_id == frame.template_id && copy.frame.entries == frame.entries);
    require(std::memcmp(copy.frame.block, frame.block, sizeof(M)) == 0);
    require(std::ranges::equal(copy.frame.data, frame.data));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const Bytes bytes = std::as_bytes(std::span{data, size});
    const FrameRead got = read_frame(bytes);
    require(got.fault < FrameFault::Count_);
    if (got.fault == FrameFault::NeedMore) return 0;
    if (got.fault != FrameFault::Ok) return 0;
    require(got.bytes >= sizeof(FrameHead) + sizeof(SbeHeader) && got.bytes <= size);
    for_each_partner_message([&]<class M>() {
        if (got.frame.template_id == M::kTemplate) use<M>(got.frame);
    });
    u32 messages = 0;
    for_each_message_in(got.frame.data, [&](MessageView m) {
        require(m.wire_bytes() <= kFrameBytesMax);
        ++messages;
    });
    if (got.frame.template_id == Block::kTemplate) require(messages == got.frame.as<Block>().count);
    return 0;
}

#if defined(TWINLINK_FUZZ)
extern "C" std::size_t LLVMFuzzerMutate(unsigned char* data, std::size_t size, std::size_t max_size);

/// Mutates, then makes length and CRC good: they would stop every mutant at the first checks.
extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
    std::minstd_rand random{seed};
    size = LLVMFuzzerMutate(data, size, max_size);
    if (size < sizeof(FrameHead) + sizeof(SbeHeader) || random() % 16 == 0) return size;
    const Bytes body = std::as_bytes(std::span{data, size}).subspan(sizeof(FrameHead));
    const FrameHead head{static_cast<u32>(size), crc32c(body)};
    std::memcpy(data, &head, sizeof head);
    return size;
}
#endif
