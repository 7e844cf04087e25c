// Frames of the partner protocol: what is written is read; what is damaged, cut or out of range is refused
// with its reason and never read beyond its end.
#include "engine/partner/frames.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <random>

using namespace twinlink;
using namespace twinlink::partner;

namespace {

std::vector<std::byte> two_messages() {
    std::vector<std::byte> out(256);
    u32 n = write_message(out.data(), IntervalBoundary{7, 7, 30, 0, 0});
    n += write_message(out.data() + n, ClockSet{8, 7, 8});
    out.resize(n);
    return out;
}

GapRecord gap_of(u64 first, u64 last) {
    GapRecord gap{};
    gap.acd = 1;
    gap.epoch = 10;
    gap.first = first;
    gap.last = last;
    gap.missing = last - first + 1;
    return gap;
}

/// One good frame of each template.
std::vector<std::vector<std::byte>> one_of_each() {
    std::vector<std::vector<std::byte>> all;
    const auto add = [&](const auto& message, auto entries, Bytes data = {}) {
        std::vector<std::byte>& out = all.emplace_back();
        write_frame(out, message, entries, data);
    };
    const std::array<AcdEntry, 2> acds{AcdEntry{1, 0, 0}, AcdEntry{9, 0, 0}};
    const std::array<RangeEntry, 2> ranges{RangeEntry{3, 5}, RangeEntry{9, 9}};
    const std::array<HeldEntry, 2> held{HeldEntry{3, 5, Held::Missing, 0, 0, 0},
                                        HeldEntry{9, 9, Held::Lost, 0, 0, 0}};
    const std::span<const NoEntry> none;
    Hello hello{{1, 2}, 3, 4, 5, 1, 1, 1, 6, fixed_text<32>("somebody")};
    add(hello, std::span<const AcdEntry>(acds));
    add(Have{10, 1, 12, 2, 4, 1, kHaveFull, 0, 0}, std::span<const HeldEntry>(held));
    add(Want{10, 7, 1, 0}, std::span<const RangeEntry>(ranges));
    add(Block{10, 3, 7, 2, 1, kBlockLast, 0}, none, two_messages());
    add(Lack{10, 7, 1, LackWhy::TooOld, 0}, std::span<const RangeEntry>(ranges));
    add(LostPropose{10, 1, 0, 0}, std::span<const RangeEntry>(ranges));
    add(LostAgree{10, 1, 0, 0}, std::span<const RangeEntry>(ranges));
    add(Digest{1, {2, 3}, 4, 5, 1, 0, 1, 2, 0}, none);
    add(Heartbeat{1, 2, 3, 4, 5}, none);
    add(Bye{ByeWhy::Power, 0, 0, 0, fixed_text<96>("no more power")}, none);
    const std::array<GapRecord, 2> gaps{gap_of(3, 5), gap_of(9, 9)};
    StreamRecord stream{};
    stream.acd = 1;
    stream.epoch = 10;
    stream.next = 12;
    stream.messages = 8;
    stream.missing = 4;
    LinkRecord link{};
    link.acd = 1;
    link.epoch = 10;
    link.link = 1;
    LinkEventRecord event{};
    event.number = 4;
    event.kind = LinkEventKind::Refused;
    event.link = kNoLink;
    add(AccountAsk{0, ~u64{0}, 10, 3, 5, kAccountMost, 1, 1, AccountKind::Gaps, 0, 0}, none);
    add(AccountStreams{10, 1, 5, 1, kPageLast, 0}, std::span<const StreamRecord>(&stream, 1));
    add(AccountGaps{10, 10, 5, 1, kPageMore, 0}, std::span<const GapRecord>(gaps));
    add(AccountLinks{10, 2, 5, 1, 0, 0}, std::span<const LinkRecord>(&link, 1));
    add(AccountEvents{0, 5, 5, 0, kPageUnreadable, 0}, std::span<const LinkEventRecord>(&event, 1));
    const auto two = two_messages();
    add(Copy{10, 3, 1, 0, 0}, none, Bytes(two).first(message_at(two.data()).wire_bytes()));
    const std::array<RowEntry, 2> keys{RowEntry{4, 9}, RowEntry{5, 0}};
    const std::array<RowHashEntry, 2> hashes{RowHashEntry{4, 9, 77}, RowHashEntry{5, 0, 78}};
    const std::array<ItemEntry, 2> items{ItemEntry{0}, ItemEntry{11}};
    add(RowsAsk{7, 0, 0, 5, 1, 0, 2, 0, 0, 0}, std::span<const RowEntry>(keys));
    add(RowHashes{5, 1, 5, kPageMore, 0, 0}, std::span<const RowHashEntry>(hashes));
    add(RowItems{4, 9, 5, kPageLast, 0, 0}, std::span<const ItemEntry>(items));
    return all;
}

/// The frame with its CRC made right again.
std::vector<std::byte> sealed(std::vector<std::byte> frame) {
    detail::finish_frame(frame, 0);
    return frame;
}
template <class T>
std::vector<std::byte> with(std::vector<std::byte> frame, std::size_t at, T value) {
    std::memcpy(frame.data() + at, &value, sizeof value);
    return sealed(std::move(frame));
}
/// Read from memory of exactly its size, so that a sanitizer sees a step beyond it.
FrameFault fault_of(Bytes frame) {
    const auto exact = std::make_unique<std::byte[]>(frame.size());
    std::memcpy(exact.get(), frame.data(), frame.size());
    return read_frame({exact.get(), frame.size()}).fault;
}

constexpr std::size_t kBlockAt = sizeof(FrameHead) + sizeof(SbeHeader);

}  // namespace

TEST_CASE("partner frames: each template comes out as it went in, one behind the other") {
    std::vector<std::byte> stream;
    for (const auto& frame : one_of_each()) stream.insert(stream.end(), frame.begin(), frame.end());
    std::size_t at = 0;
    std::vector<u16> templates;
    while (at < stream.size()) {
        const FrameRead got = read_frame(Bytes(stream).subspan(at));
        REQUIRE(got.fault == FrameFault::Ok);
        templates.push_back(got.frame.template_id);
        if (got.frame.template_id == Have::kTemplate) {
            CHECK(got.frame.as<Have>().next == 12);
            REQUIRE(got.frame.entries == 2);
            CHECK(got.frame.entry<HeldEntry>(1).first == 9);
            CHECK(got.frame.entry<HeldEntry>(1).held == Held::Lost);
        }
        if (got.frame.template_id == Block::kTemplate)
            CHECK(std::ranges::equal(got.frame.data, two_messages()));
        if (got.frame.template_id == Bye::kTemplate)
            CHECK(text_of(got.frame.as<Bye>().text) == "no more power");
        at += got.bytes;
    }
    CHECK(templates == std::vector<u16>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
}

TEST_CASE("partner frames: until a frame is whole, more is waited for") {
    for (const auto& frame : one_of_each())
        for (std::size_t n = 0; n < frame.size(); ++n)
            CHECK(fault_of(Bytes(frame).first(n)) == FrameFault::NeedMore);
}

TEST_CASE("partner frames: every single flipped bit is noticed") {
    for (const auto& frame : one_of_each()) {
        for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
            auto bad = frame;
            bad[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
            CHECK(fault_of(bad) != FrameFault::Ok);
        }
    }
}

TEST_CASE("partner frames: what is out of its range is refused by its reason") {
    const auto all = one_of_each();
    const auto& hello = all[0];
    const auto& have = all[1];
    const auto& want = all[2];
    const auto& block = all[3];
    const auto at = [](std::size_t member) { return kBlockAt + member; };
    const auto fault = [](const std::vector<std::byte>& frame) { return fault_of(frame); };
    CHECK(fault(with(hello, at(offsetof(Hello, life)), u64{0})) == FrameFault::BadNumber);
    CHECK(fault(with(hello, at(offsetof(Hello, version_min)), u16{2})) == FrameFault::BadNumber);
    CHECK(fault(with(have, at(offsetof(Have, epoch)), u64{0})) == FrameFault::BadNumber);
    CHECK(fault(with(have, at(offsetof(Have, acd)), u16{0})) == FrameFault::BadNumber);
    CHECK(fault(with(have, at(offsetof(Have, next)), u64{0})) == FrameFault::BadNumber);
    CHECK(fault(with(have, at(offsetof(Have, next)), ~u64{0})) == FrameFault::BadNumber);
    CHECK(fault(with(have, at(offsetof(Have, next)), u64{9})) ==
          FrameFault::BadNumber);  // a range ends there
    CHECK(fault(with(have, at(offsetof(Have, pruned)), u64{12})) == FrameFault::BadNumber);
    const std::size_t entries = kBlockAt + sizeof(Want) + sizeof(GroupHead);
    CHECK(fault(with(want, entries, u64{0})) == FrameFault::BadNumber);        // names begin at 1
    CHECK(fault(with(want, entries, u64{6})) == FrameFault::BadNumber);        // last before first
    CHECK(fault(with(want, entries + 16, u64{5})) == FrameFault::BadNumber);   // overlaps the one before
    CHECK(fault(with(want, entries + 24, ~u64{0})) == FrameFault::BadNumber);  // beyond all names
    CHECK(fault(with(want, entries - 2, u16{3})) == FrameFault::BadLength);    // one entry more than is there
    CHECK(fault(with(want, entries - 2, u16{4'097})) == FrameFault::BadCount);
    CHECK(fault(with(want, entries - 4, u16{8})) == FrameFault::BadBlock);  // entries too short
    CHECK(fault(with(block, at(offsetof(Block, count)), u32{3})) == FrameFault::BadMessage);
    CHECK(fault(with(block, at(offsetof(Block, count)), u32{2'001})) == FrameFault::BadCount);
    CHECK(fault(with(block, at(offsetof(Block, first)), u64{0})) == FrameFault::BadNumber);
    CHECK(fault(with(block, at(offsetof(Block, first)), u64{1} << 63)) == FrameFault::BadNumber);
    CHECK(fault(with(block, kBlockAt + sizeof(Block), u32{0x7FFF'FFFF})) == FrameFault::BadCount);
    CHECK(fault(with(block, kBlockAt + sizeof(Block), u32{8})) == FrameFault::BadLength);
    CHECK(fault(with(want, sizeof(FrameHead) + 4, u16{1})) == FrameFault::BadSchema);
    CHECK(fault(with(want, sizeof(FrameHead), u16{8})) == FrameFault::BadBlock);
    CHECK(fault(with(all[9], at(0), u8{99})) == FrameFault::BadNumber);
    CHECK(fault(with(all[15], at(offsetof(Copy, seq)), u64{0})) == FrameFault::BadNumber);
    CHECK(fault(with(all[15], at(offsetof(Copy, seq)), ~u64{0})) == FrameFault::BadNumber);
    CHECK(fault(with(all[15], at(offsetof(Copy, acd)), u16{0})) == FrameFault::BadNumber);
    CHECK(fault(with(all[15], kBlockAt + sizeof(Copy), u32{0})) == FrameFault::BadLength);
    std::vector<std::byte> two_in_one;
    write_frame(two_in_one, Copy{10, 3, 1, 0, 0}, {}, two_messages());
    CHECK(fault(two_in_one) == FrameFault::BadMessage);
    auto long_frame = want;
    const u32 too_long = kPartnerFrameMax + 1;
    std::memcpy(long_frame.data(), &too_long, sizeof too_long);
    CHECK(fault(long_frame) == FrameFault::BadLength);  // said at once, not when so much has come
}

TEST_CASE("partner frames: a record of an account that no server can have is refused") {
    const auto all = one_of_each();
    const std::size_t ask = kBlockAt;
    CHECK(fault_of(with(all[10], ask + offsetof(AccountAsk, request), u32{0})) == FrameFault::BadNumber);
    CHECK(fault_of(with(all[10], ask + offsetof(AccountAsk, most), u32{0})) == FrameFault::BadNumber);
    CHECK(fault_of(with(all[10], ask + offsetof(AccountAsk, most), kAccountMost + 1)) ==
          FrameFault::BadNumber);
    CHECK(fault_of(with(all[10], ask + offsetof(AccountAsk, kind), u8{5})) == FrameFault::BadNumber);
    const std::size_t at = kBlockAt + sizeof(AccountGaps) + sizeof(GroupHead);
    const auto bad = [&](std::size_t frame, std::size_t member, auto value) {
        return fault_of(with(all[frame], at + member, value)) == FrameFault::BadNumber;
    };
    CHECK(bad(11, offsetof(StreamRecord, acd), u16{0}));
    CHECK(bad(11, offsetof(StreamRecord, missing), u64{13}));
    CHECK(bad(11, offsetof(StreamRecord, next), ~u64{0}));
    CHECK(bad(12, offsetof(GapRecord, first), u64{0}));
    CHECK(bad(12, offsetof(GapRecord, last), u64{2}));
    CHECK(bad(12, offsetof(GapRecord, missing), u64{4}));
    CHECK(bad(12, offsetof(GapRecord, cause), static_cast<u8>(GapCause::Count_)));
    CHECK(bad(12, offsetof(GapRecord, state), u8{5}));
    CHECK(bad(12, offsetof(GapRecord, filled_by), u8{5}));
    CHECK(bad(12, offsetof(GapRecord, merged), u8{2}));
    CHECK(bad(12, sizeof(GapRecord) + offsetof(GapRecord, first), u64{3}));  // not behind the one before
    CHECK(bad(13, offsetof(LinkRecord, link), u8{2}));
    CHECK(bad(14, offsetof(LinkEventRecord, kind), u8{10}));
    CHECK(bad(14, offsetof(LinkEventRecord, number), u64{0}));
    CHECK(bad(14, offsetof(LinkEventRecord, link), u8{2}));
    std::vector<std::byte> page;
    std::vector<GapRecord> many;
    for (u64 n = 1; n <= kAccountPage + 1; ++n) many.push_back(gap_of(n, n));
    write_frame(page, AccountGaps{0, 0, 1, 0, 0, 0}, std::span<const GapRecord>(many));
    CHECK(fault_of(page) == FrameFault::BadCount);
}

TEST_CASE("partner frames: rows whose keys do not ascend, and more of them than a page has, are refused") {
    const auto all = one_of_each();
    const auto& ask = all[16];
    const auto& hashes = all[17];
    CHECK(fault_of(with(ask, kBlockAt + offsetof(RowsAsk, request), u32{0})) == FrameFault::BadNumber);
    CHECK(fault_of(with(ask, kBlockAt + offsetof(RowsAsk, acd), u16{0})) == FrameFault::BadNumber);
    CHECK(fault_of(with(ask, kBlockAt + offsetof(RowsAsk, table), u8{0})) == FrameFault::BadNumber);
    const std::size_t keys = kBlockAt + sizeof(RowsAsk) + sizeof(GroupHead);
    CHECK(fault_of(with(ask, keys, u64{5})) == FrameFault::BadNumber);  // (5, 9) in front of (5, 0)
    const std::size_t rows = kBlockAt + sizeof(RowHashes) + sizeof(GroupHead);
    CHECK(fault_of(with(hashes, rows, u64{6})) == FrameFault::BadNumber);
    CHECK(fault_of(with(with(hashes, rows, u64{5}), rows + 8, u64{0})) == FrameFault::BadNumber);  // twice
    CHECK(fault_of(with(hashes, kBlockAt + offsetof(RowHashes, request), u32{0})) == FrameFault::BadNumber);
    CHECK(fault_of(with(all[18], kBlockAt + offsetof(RowItems, request), u32{0})) == FrameFault::BadNumber);
    std::vector<RowEntry> many;
    std::vector<RowHashEntry> page;
    for (u64 n = 0; n <= kRowsAsked; ++n) many.push_back({n, 0});
    for (u64 n = 0; n <= kRowsPage; ++n) page.push_back({n, 0, 0});
    std::vector<std::byte> frame;
    write_frame(frame, RowsAsk{7, 0, 0, 5, 1, 0, 2, 0, 0, 0}, std::span<const RowEntry>(many));
    CHECK(fault_of(frame) == FrameFault::BadCount);
    frame.clear();
    write_frame(frame, RowHashes{5, 1, 5, 0, 0, 0}, std::span<const RowHashEntry>(page));
    CHECK(fault_of(frame) == FrameFault::BadCount);
}

TEST_CASE("partner frames: what a newer version says is skipped or read as far as it is known") {
    auto frame = one_of_each()[8];
    CHECK(fault_of(with(frame, sizeof(FrameHead) + 2, u16{77})) == FrameFault::Unknown);
    // A longer block: eight bytes more than ours.
    frame.insert(frame.end(), 8, std::byte{0xEE});
    const auto longer = with(frame, sizeof(FrameHead), static_cast<u16>(sizeof(Heartbeat) + 8));
    const FrameRead got = read_frame(longer);
    REQUIRE(got.fault == FrameFault::Ok);
    CHECK(got.frame.as<Heartbeat>().refilling == 5);
}

TEST_CASE("partner frames: garbage with a right CRC is refused or read, and never read beyond its end") {
    std::mt19937_64 random(9);
    const auto all = one_of_each();
    for (int round = 0; round < 20'000; ++round) {
        auto frame = all[random() % all.size()];
        for (u64 n = 1 + random() % 6; n != 0; --n)
            frame[sizeof(FrameHead) + random() % (frame.size() - sizeof(FrameHead))] =
                static_cast<std::byte>(random() % 3 == 0 ? 0xFF : random());
        if (random() % 4 == 0) frame.resize(kBlockAt + random() % (frame.size() - kBlockAt + 1));
        static_cast<void>(fault_of(sealed(frame)));
    }
}
