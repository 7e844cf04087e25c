// Helpers of the wire tests and the fuzzer: frames from random messages, and bytes that are wrong but sealed.
#pragma once

#include <twinlink/frame.hpp>

#include <random>
#include <vector>

namespace twinlink::test {

using Buffer = std::vector<std::byte>;  // exactly as long as the frame, so that a sanitizer sees any overrun

inline FrameHeader header_of(u64 first_seq = 1, Link link = Link::A) noexcept {
    FrameHeader h{};
    h.acd = 7;
    h.link = static_cast<u8>(link);
    h.epoch = 1'700'000'000'000'000'000;
    h.first_seq = first_seq;
    return h;
}

template <class T>
void put(Buffer& frame, std::size_t at, T value) noexcept {
    std::memcpy(frame.data() + at, &value, sizeof value);
}

inline constexpr std::size_t kCrcAt = sizeof(SbeHeader) + offsetof(FrameHeader, crc32c);

/// Makes the CRC right whatever the rest says. Does nothing where the field is not there.
inline void seal(Buffer& frame) noexcept {
    if (frame.size() < kCrcAt + 4) return;
    put<u32>(frame, kCrcAt, 0);
    put<u32>(frame, kCrcAt, crc32c(frame));
}

/// A message of type M with random bytes in every field, encoded with its SBE header.
template <class M>
Buffer random_message(std::mt19937_64& random) {
    Buffer bytes(sizeof(M));
    for (std::byte& b : bytes) b = static_cast<std::byte>(random());
    Buffer encoded(sizeof(SbeHeader) + sizeof(M));
    write_message(encoded.data(), read<M>(bytes.data()));
    return encoded;
}

/// A random message of any type.
inline Buffer random_message(std::mt19937_64& random) {
    std::size_t types = 0;
    for_each_message([&]<class M>() { ++types; });
    std::size_t pick = random() % types;
    Buffer encoded;
    for_each_message([&]<class M>() {
        if (pick-- == 0) encoded = random_message<M>(random);
    });
    return encoded;
}

/// A frame of these encoded messages.
inline Buffer frame_of(const std::vector<Buffer>& messages, u64 first_seq = 1) {
    Buffer room(kFrameBytesMax);
    FrameBuilder builder{room};
    builder.reset(header_of(first_seq));
    for (const Buffer& m : messages) builder.add_encoded(m);
    const Bytes frame = builder.finish(Nanos{5});
    return {frame.begin(), frame.end()};
}

}  // namespace twinlink::test
