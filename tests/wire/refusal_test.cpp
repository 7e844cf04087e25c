// What a frame is not: every reason of refusal, every truncation, every flipped bit. Wrong frames are sealed
// with a right CRC where the CRC is not the point, so that each check stands on its own.
#include "tests/wire/frames.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>

using namespace twinlink;
using namespace twinlink::test;

namespace {

constexpr std::size_t kHeaderAt = sizeof(SbeHeader);
constexpr std::size_t kFirstAt = kFrameOverheadBytes;                               // CallHeld
constexpr std::size_t kSecondAt = kFirstAt + sizeof(SbeHeader) + sizeof(CallHeld);  // CallAtVdn
constexpr u64 kLimit = u64{1} << 63;

Buffer good_frame() {
    Buffer room(kFrameBytesDefault);
    FrameBuilder builder{room};
    builder.reset(header_of(9));
    builder.add(CallHeld{1, 2, 3});
    builder.add(CallAtVdn{1, 2, 3, VdnEntry::First, 0, 0});
    const Bytes frame = builder.finish(Nanos{1});
    return {frame.begin(), frame.end()};
}

struct Case {
    const char* what;
    FrameRefusal expected;
    std::function<void(Buffer&)> spoil;
};

template <class T>
std::function<void(Buffer&)> set(std::size_t at, T value) {
    return [=](Buffer& frame) { put<T>(frame, at, value); };
}

#define HEADER(field) (kHeaderAt + offsetof(FrameHeader, field))
#define SBE(at, field) ((at) + offsetof(SbeHeader, field))

std::vector<Case> cases() {
    using enum FrameRefusal;
    return {
        {"nothing wrong", Ok, [](Buffer&) {}},
        {"nothing there", TooShort, [](Buffer& f) { f.clear(); }},
        {"one byte less than the headers", TooShort, [](Buffer& f) { f.resize(kFrameOverheadBytes - 1); }},
        {"one byte more than the greatest frame", TooLong, [](Buffer& f) { f.resize(kFrameBytesMax + 1); }},
        {"other magic", BadMagic, set<u16>(HEADER(magic), 0x544C)},
        {"version 0", BadVersion, set<u8>(HEADER(version), 0)},
        {"version 2", BadVersion, set<u8>(HEADER(version), 2)},
        {"other schema", BadSchema, set<u16>(SBE(0, schema_id), 1)},
        {"begins with another message", BadSchema, set<u16>(SBE(0, template_id), 72)},
        {"frame header shorter than ours", BadSchema, set<u16>(SBE(0, block_length), 32)},
        {"frame header not a multiple of 8", BadSchema, set<u16>(SBE(0, block_length), 44)},
        {"frame header longer than the frame", BadLength, set<u16>(SBE(0, block_length), 65'528)},
        {"frame header that eats the first message", BadLength, set<u16>(SBE(0, block_length), 72)},
        {"message of another schema", BadSchema, set<u16>(SBE(kSecondAt, schema_id), 1)},
        {"message header of zeros", BadSchema, set<u64>(kFirstAt, 0)},
        {"message header of ones", BadSchema, set<u64>(kFirstAt, ~u64{0})},
        {"body_bytes one less", BadLength, set<u16>(HEADER(body_bytes), 63)},
        {"body_bytes one more", BadLength, set<u16>(HEADER(body_bytes), 65)},
        {"body_bytes 0", BadLength, set<u16>(HEADER(body_bytes), 0)},
        {"body_bytes 65,535", BadLength, set<u16>(HEADER(body_bytes), 65'535)},
        {"a byte behind the body", BadLength, [](Buffer& f) { f.push_back({}); }},
        {"one message more than there are", BadCount, set<u16>(HEADER(message_count), 3)},
        {"one message less than there are", BadCount, set<u16>(HEADER(message_count), 1)},
        {"no message but a body", BadCount, set<u16>(HEADER(message_count), 0)},
        {"65,535 messages", BadCount, set<u16>(HEADER(message_count), 65'535)},
        {"messages under the heartbeat flag", BadCount, set<u8>(HEADER(flags), kFlagHeartbeat)},
        {"messages but no body", BadCount,
         [](Buffer& f) {
             f.resize(kFrameOverheadBytes);
             put<u16>(f, HEADER(body_bytes), 0);
         }},
        {"half an SBE header at the end", BadCount,
         [](Buffer& f) {
             f.resize(f.size() + 4);
             put<u16>(f, HEADER(body_bytes), 68);
             put<u16>(f, HEADER(message_count), 3);
         }},
        {"bytes left behind the last message", BadCount,
         [](Buffer& f) {
             f.resize(f.size() + 8);
             put<u16>(f, HEADER(body_bytes), 72);
         }},
        {"block cut off by the end", BadMessage, set<u16>(SBE(kSecondAt, block_length), 32)},
        {"block of 65,528 bytes", BadMessage, set<u16>(SBE(kSecondAt, block_length), 65'528)},
        {"block shorter than its template", BadMessage, set<u16>(SBE(kFirstAt, block_length), 16)},
        {"block not a multiple of 8", BadMessage, set<u16>(SBE(kFirstAt, block_length), 28)},
        {"empty block", BadMessage, set<u16>(SBE(kFirstAt, block_length), 0)},
        {"empty block of an unknown template", BadMessage,
         [](Buffer& f) {
             put<u16>(f, SBE(kFirstAt, template_id), 999);
             put<u16>(f, SBE(kFirstAt, block_length), 0);
         }},
        {"unknown block not a multiple of 8", BadMessage,
         [](Buffer& f) {
             put<u16>(f, SBE(kFirstAt, template_id), 999);
             put<u16>(f, SBE(kFirstAt, block_length), 23);
         }},
        {"ACD 0", BadNumber, set<u16>(HEADER(acd), 0)},
        {"epoch 0", BadNumber, set<u64>(HEADER(epoch), 0)},
        {"seq 0", BadNumber, set<u64>(HEADER(first_seq), 0)},
        {"a third link", BadNumber, set<u8>(HEADER(link), 2)},
        {"link 255", BadNumber, set<u8>(HEADER(link), 255)},
        {"last numbers there are", Ok, set<u64>(HEADER(first_seq), kLimit - 2)},
        {"numbers that end past 2^63", BadNumber, set<u64>(HEADER(first_seq), kLimit - 1)},
        {"numbers that begin past 2^63", BadNumber, set<u64>(HEADER(first_seq), kLimit + 1)},
        {"numbers that would wrap", BadNumber, set<u64>(HEADER(first_seq), ~u64{0})},
    };
}

}  // namespace

TEST_CASE("refusal: every reason is found, with a right CRC") {
    for (const Case& c : cases()) {
        CAPTURE(c.what);
        Buffer frame = good_frame();
        c.spoil(frame);
        seal(frame);
        frame.shrink_to_fit();
        CHECK(std::string(name(validate(frame))) == name(c.expected));
    }
}

TEST_CASE("refusal: the cases above hit every reason that needs no configuration") {
    std::set<FrameRefusal> hit{FrameRefusal::BadCrc};  // the next test
    for (const Case& c : cases()) hit.insert(c.expected);
    for (std::size_t r = 0; r < kFrameRefusals; ++r) {
        const auto refusal = static_cast<FrameRefusal>(r);
        const bool configured = refusal == FrameRefusal::UnknownAcd || refusal == FrameRefusal::WrongLink;
        CHECK_MESSAGE(hit.contains(refusal) != configured, name(refusal));
    }
}

TEST_CASE("refusal: each flipped bit of a frame is noticed") {
    for (const Buffer& good : {good_frame(), frame_of({})}) {
        REQUIRE(validate(good) == FrameRefusal::Ok);
        std::set<FrameRefusal> seen;
        for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
            Buffer frame = good;
            frame[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
            const FrameRefusal refusal = validate(frame);
            CHECK_MESSAGE(refusal != FrameRefusal::Ok, "bit " << bit);
            seen.insert(refusal);
        }
        CHECK(seen.contains(FrameRefusal::BadCrc));
    }
}

TEST_CASE("refusal: a frame cut at any byte is refused, with and without a right CRC") {
    const Buffer good = good_frame();
    for (std::size_t length = 0; length < good.size(); ++length) {
        Buffer frame(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
        CHECK_MESSAGE(validate(frame) != FrameRefusal::Ok, length);
        seal(frame);
        CHECK_MESSAGE(validate(frame) != FrameRefusal::Ok, length);
        // And where the frame's own length is believed, so that the walk meets the cut.
        if (length < kFrameOverheadBytes) continue;
        put<u16>(frame, HEADER(body_bytes), static_cast<u16>(length - kFrameOverheadBytes));
        seal(frame);
        CHECK_MESSAGE(validate(frame) != FrameRefusal::Ok, length);
    }
}

TEST_CASE("refusal: a flipped bit under a right CRC is refused or leaves a frame that can be walked") {
    const Buffer good = good_frame();
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Buffer frame = good;
        frame[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        seal(frame);
        if (validate(frame) != FrameRefusal::Ok) continue;
        const FrameView view{frame};
        u32 count = 0;
        const std::byte* at = view.body().data();
        for_each_message_in(view.body(), [&](MessageView m) {
            ++count;
            at += m.wire_bytes();
        });
        CHECK(count == view.count());
        CHECK(at == frame.data() + frame.size());
    }
}

TEST_CASE("refusal: every reason has its own name in snake_case") {
    std::set<std::string> names;
    for (std::size_t r = 0; r < kFrameRefusals; ++r) {
        const std::string n = name(static_cast<FrameRefusal>(r));
        CHECK(names.insert(n).second);
        CHECK(n.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
    }
    CHECK(std::string(name(FrameRefusal::Count_)) == "?");
}
