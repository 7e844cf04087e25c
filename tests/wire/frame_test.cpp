// What a frame is: what the builder makes passes validation and comes back byte for byte, and versions mix.
#include "tests/wire/frames.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace twinlink;
using namespace twinlink::test;

namespace {

/// A message as a newer ACD may send it: `block_bytes` long, the struct in front, then bytes we do not know.
template <class M>
Buffer longer(const M& message, u16 block_bytes) {
    Buffer encoded(sizeof(SbeHeader) + block_bytes, std::byte{0xEE});
    write_message(encoded.data(), message);
    put<u16>(encoded, offsetof(SbeHeader, block_length), block_bytes);
    put<u16>(encoded, offsetof(SbeHeader, version), 9);
    return encoded;
}

Buffer unknown_message(u16 template_id, u16 block_bytes) {
    Buffer encoded(sizeof(SbeHeader) + block_bytes, std::byte{0xDD});
    const SbeHeader h{block_bytes, template_id, kSchemaId, 9};
    std::memcpy(encoded.data(), &h, sizeof h);
    return encoded;
}

const AgentState kState{11, 1'001, 5, 3, AgentMode::Acd, AgentMode::Acw, 0, Direction::None, 0};

}  // namespace

TEST_CASE("frame: what the builder makes is valid and comes back byte for byte") {
    constexpr u64 seed = 20'240'611;
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    for (int round = 0; round < 2'000; ++round) {
        const u32 limit = round % 3 == 0 ? kFrameBytesMax : kFrameBytesDefault;
        Buffer room(limit);
        FrameBuilder builder{room};
        builder.reset(header_of(1 + random() % 1'000'000, random() % 2 == 0 ? Link::A : Link::B));
        std::vector<Buffer> sent;
        std::size_t used = kFrameOverheadBytes;
        for (Buffer m = random_message(random); builder.add_encoded(m); m = random_message(random)) {
            used += m.size();
            sent.push_back(std::move(m));
            if (random() % 64 == 0) break;
        }
        const Bytes built = builder.finish(Nanos{77});
        const Buffer frame(built.begin(), built.end());
        REQUIRE(frame.size() == used);
        REQUIRE(frame.size() <= limit);
        REQUIRE(validate(frame) == FrameRefusal::Ok);

        const FrameView view{frame};
        REQUIRE(view.count() == sent.size());
        CHECK(view.end() - view.first() == sent.size());
        CHECK(view.stream() == Stream{Acd{7}, Epoch{1'700'000'000'000'000'000}});
        CHECK(view.header().sent_at == 77);
        std::size_t n = 0;
        for_each_message_in(view.body(), [&](MessageView m) {
            REQUIRE(n < sent.size());
            CHECK(std::ranges::equal(sent[n], Bytes{m.block - sizeof(SbeHeader), m.wire_bytes()}));
            ++n;
        });
        CHECK(n == sent.size());
    }
}

TEST_CASE("frame: one of each message survives the way through a frame, member by member") {
    std::mt19937_64 random{3};
    for_each_message([&]<class M>() {
        const Buffer encoded = random_message<M>(random);
        const Buffer frame = frame_of({encoded});
        REQUIRE(validate(frame) == FrameRefusal::Ok);
        const MessageView m = message_at(FrameView{frame}.body().data());
        CHECK(m.template_id == M::kTemplate);
        CHECK(m.block_length == sizeof(M));
        const M out = m.as<M>();
        CHECK(std::memcmp(&out, encoded.data() + sizeof(SbeHeader), sizeof out) == 0);
        CHECK(m.time().value == out.time);
    });
}

TEST_CASE("frame: a frame without messages is a heartbeat that names the next number") {
    Buffer room(kFrameOverheadBytes);
    FrameBuilder builder{room};
    builder.reset(header_of(42));
    const Bytes frame = builder.finish(Nanos{1});
    CHECK(frame.size() == kFrameOverheadBytes);
    CHECK(validate(frame) == FrameRefusal::Ok);
    const FrameView view{frame};
    CHECK(view.heartbeat());
    CHECK(view.header().flags == kFlagHeartbeat);
    CHECK(view.first() == Seq{42});
    CHECK(view.end() == Seq{42});
    CHECK(view.body().empty());
    for_each_message_in(view.body(), [](MessageView) { FAIL("a heartbeat has no message"); });
}

TEST_CASE("frame: the builder keeps the heartbeat flag true, whatever it was told") {
    Buffer room(kFrameBytesDefault);
    FrameBuilder builder{room};
    FrameHeader header = header_of();
    header.flags = kFlagHeartbeat | kFlagPumpUp;
    builder.reset(header);
    REQUIRE(builder.add(kState));
    const Bytes frame = builder.finish(Nanos{1});
    CHECK(validate(frame) == FrameRefusal::Ok);
    CHECK(FrameView{frame}.header().flags == kFlagPumpUp);
}

TEST_CASE("frame: the builder refuses the message that does not fit and the frame stays as it was") {
    constexpr u32 state_bytes = sizeof(SbeHeader) + sizeof(AgentState);
    for (u32 spare = 0; spare < state_bytes; ++spare) {
        Buffer room(kFrameOverheadBytes + 2 * state_bytes + spare);
        FrameBuilder builder{room};
        builder.reset(header_of());
        CHECK(builder.add(kState));
        CHECK(builder.add(kState));
        CHECK_FALSE(builder.add(kState));
        CHECK(builder.count() == 2);
        CHECK(validate(builder.finish(Nanos{1})) == FrameRefusal::Ok);
    }
}

TEST_CASE("frame: the builder is reusable, and a second finish gives the same frame") {
    Buffer room(kFrameBytesDefault);
    FrameBuilder builder{room};
    builder.reset(header_of(1));
    builder.add(kState);
    const Bytes once = builder.finish(Nanos{1});
    const Buffer first(once.begin(), once.end());
    CHECK(std::ranges::equal(builder.finish(Nanos{1}), first));
    builder.reset(header_of(2));
    builder.add(kState);
    CHECK(validate(builder.finish(Nanos{1})) == FrameRefusal::Ok);
    CHECK(FrameView{room}.first() == Seq{2});
    CHECK(FrameView{room}.count() == 1);
}

TEST_CASE("versions: an unknown template is skipped and what follows is read") {
    Buffer state(sizeof(SbeHeader) + sizeof kState);
    write_message(state.data(), kState);
    for (const u16 id : {u16{0}, u16{1}, u16{4}, u16{69}, u16{73}, u16{1'000}, u16{65'535}}) {
        CAPTURE(id);
        const Buffer frame = frame_of({unknown_message(id, 8), state, unknown_message(id, 240)});
        REQUIRE(validate(frame) == FrameRefusal::Ok);
        std::vector<u16> seen;
        for_each_message_in(FrameView{frame}.body(), [&](MessageView m) { seen.push_back(m.template_id); });
        CHECK(seen == std::vector<u16>{id, AgentState::kTemplate, id});
    }
}

TEST_CASE("versions: a longer block of a newer ACD is read as far as we know it") {
    const Buffer frame =
        frame_of({longer(kState, sizeof(AgentState) + 24), longer(kState, sizeof(AgentState))});
    REQUIRE(validate(frame) == FrameRefusal::Ok);
    int n = 0;
    for_each_message_in(FrameView{frame}.body(), [&](MessageView m) {
        const auto state = m.as<AgentState>();
        CHECK(std::memcmp(&state, &kState, sizeof state) == 0);
        ++n;
    });
    CHECK(n == 2);
}

TEST_CASE("versions: a longer frame header of a newer ACD is accepted, its messages begin behind it") {
    for (u16 more : {u16{8}, u16{16}, u16{200}}) {
        Buffer frame = frame_of({longer(kState, sizeof(AgentState))});
        frame.insert(frame.begin() + kFrameOverheadBytes, more, std::byte{0xCC});
        put<u16>(frame, offsetof(SbeHeader, block_length), static_cast<u16>(sizeof(FrameHeader) + more));
        put<u16>(frame, offsetof(SbeHeader, version), 3);
        seal(frame);
        REQUIRE(validate(frame) == FrameRefusal::Ok);
        const FrameView view{frame};
        CHECK(view.body().size() == sizeof(SbeHeader) + sizeof(AgentState));
        CHECK(message_at(view.body().data()).as<AgentState>().agent == 1'001);
    }
}

TEST_CASE("versions: unknown flags and padding that is not 0 are ignored") {
    Buffer frame = frame_of({});
    put<u8>(frame, sizeof(SbeHeader) + offsetof(FrameHeader, flags), 0xFF);
    put<u8>(frame, sizeof(SbeHeader) + offsetof(FrameHeader, reserved), 0xFF);
    seal(frame);
    CHECK(validate(frame) == FrameRefusal::Ok);
}

TEST_CASE("frame: bytes_of_messages measures the front of a body") {
    std::mt19937_64 random{8};
    std::vector<Buffer> messages;
    for (int i = 0; i < 10; ++i) messages.push_back(random_message(random));
    const Buffer frame = frame_of(messages);
    u32 expected = 0;
    for (u32 n = 0; n <= 10; ++n) {
        CHECK(bytes_of_messages(FrameView{frame}.body(), n) == expected);
        if (n < 10) expected += static_cast<u32>(messages[n].size());
    }
    CHECK(expected == FrameView{frame}.body().size());
}
