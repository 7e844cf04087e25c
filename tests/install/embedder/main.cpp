// The smallest embedder: builds a frame, believes it, breaks it, and sees the refusal. Exit code 0 when all
// is as said.
#include <twinlink/frame.hpp>

#include <array>
#include <cstddef>
#include <cstdio>

int main() {
    std::array<std::byte, 1'400> buffer{};
    twinlink::FrameBuilder builder{buffer};
    twinlink::FrameHeader header{};
    header.acd = 1;
    header.epoch = 1;
    header.first_seq = 1;
    builder.reset(header);
    const auto frame = builder.finish(twinlink::Nanos{1});

    const auto whole = twinlink::validate(frame);
    const auto last = frame.size() - 1;
    buffer[last] ^= std::byte{1};
    const auto broken = twinlink::validate(frame);
    std::printf("whole: %s, one bit flipped: %s\n", twinlink::name(whole), twinlink::name(broken));
    return whole == twinlink::FrameRefusal::Ok && broken == twinlink::FrameRefusal::BadCrc ? 0 : 1;
}
