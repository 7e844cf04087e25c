// The roller against a store, with rows by hand and no engine between: what is due when, what is written, and
// what changes in between.
#include "tests/rollup/roller_rig.hpp"

using namespace twinlink;
using namespace twinlink::test;

TEST_CASE("roller: a day waits for its end and 35 minutes, by the ACD's clock and offset") {
    RollerRig rig;
    rig.day(kBegin, 60);
    rig.time(kBegin + 47 * kHalf, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day).empty());
    CHECK(rig.roller().due() == 1);
    rig.time(kBegin + kDayNs + 35 * kMinuteNs - 1, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day).empty());
    rig.time(kBegin + kDayNs + 35 * kMinuteNs, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0");
    CHECK(rig.text(Span::Week) ==
          "3-23 days 1/7 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0");
    CHECK(rig.text(Span::Month) ==
          "3-1 days 1/31 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0");
    CHECK(rig.due() == 0);
    CHECK(rig.roller().days_rolled() == 1);
    rig.healthy();
}

TEST_CASE(
    "roller: a day on which summer time begins has 46 half hours, one on which it ends 50, none missing") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin, 60, 4);                // 00:00 to 02:00
    rig.day(kBegin + 4 * kHalf, 120, 42);  // 03:00 to 24:00
    rig.day(kBegin + 46 * kHalf, 120, 6);  // Monday to 03:00
    rig.day(kBegin + 52 * kHalf, 60, 44);  // 02:00 to 24:00: as if it ended the next day
    rig.time(kBegin + 97 * kHalf, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1380/1380 in 46 | 5 in 46 calls 46 max 1 last 1 incomplete 0 r0; "
          "3-30 days 1/1 minutes 1500/1500 in 50 | 5 in 50 calls 50 max 1 last 1 incomplete 0 r0");
    const auto days = rig.snapshot().roll_ups(Span::Day, kSunday, kSunday + 2);
    CHECK(days[0].begin == kBegin);
    CHECK(days[0].end == days[1].begin);
    CHECK(days[1].end == kBegin + 96 * kHalf);
    rig.healthy();
}

TEST_CASE("roller: where clocks change at midnight the day begins at one o'clock and lacks nothing") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin - 2 * kHalf, 60, 2);  // Saturday, 23:00 to 24:00
    rig.day(kBegin, 120, 46);            // Sunday, 01:00 to 24:00
    rig.time(kBegin + 50 * kHalf, 120);
    rig.commit();
    rig.roll();
    const auto sunday = rig.snapshot().roll_ups(Span::Day, kSunday, kSunday + 1);
    REQUIRE(sunday.size() == 1);
    CHECK(sunday[0].begin == kBegin);
    CHECK(sunday[0].minutes == 1'380);
    CHECK(sunday[0].minutes_expected == 1'380);
    CHECK(sunday[0].missing == 0);
}

TEST_CASE("roller: a clock that is set back gives a second instance, which counts in the same day") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin, 60);
    auto again = RollerRig::record(kBegin + 9 * kHalf, 60, 1);
    again.first_seq = RollerRig::record(kBegin + 10 * kHalf, 60).first_seq + 1;
    rig.add(again, 7);
    // The last value is the one collected last, though its interval begins earlier.
    rig.add(RollerRig::record(kBegin + 10 * kHalf, 60), 4, 6);
    rig.add(again, 9, 6);
    rig.time(kBegin + 49 * kHalf, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1440/1440 in 49 | 5 in 49 calls 55 max 7 last 1 incomplete 0 r0"
          " | 6 in 2 calls 13 max 9 last 9 incomplete 0 r0");
    rig.healthy();
}

TEST_CASE("roller: a day without traffic has a record and no rows") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin, 60, 48, 0);
    rig.time(kBegin + 49 * kHalf, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day) == "3-29 days 1/1 minutes 1440/1440 in 48");
    CHECK(rig.text(Span::Month) == "3-1 days 1/31 minutes 1440/1440 in 48");
    CHECK(rig.due() == 0);
}

TEST_CASE("roller: intervals not collected, and doubtful ones in which it has no row, show in INCOMPLETE") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin + 10 * kHalf, 60, 36);  // the server came at 05:00
    auto doubtful = RollerRig::record(kBegin + 46 * kHalf, 60);
    doubtful.in_doubt = doubtful.incomplete = 1;
    rig.add(doubtful, 1);  // skill 5 has a row there, skill 6 may have lost its one
    rig.interval(kBegin + 47 * kHalf, 60, 1);
    rig.add(RollerRig::record(kBegin + 47 * kHalf, 60), 3, 6);
    rig.time(kBegin + 49 * kHalf, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1140/1440 in 38 | 5 in 38 calls 38 max 1 last 1 incomplete 11 r0"
          " | 6 in 1 calls 3 max 3 last 3 incomplete 11 r0");
    const auto day = rig.snapshot().roll_ups(Span::Day, kSunday, kSunday + 1);
    CHECK(day[0].missing == 10);
    CHECK(day[0].in_doubt == 1);
    CHECK(day[0].incomplete == 1);
    rig.healthy();
}

TEST_CASE(
    "roller: what a refold changes is redone, what it leaves is not written again, what it takes goes") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin, 60);
    rig.add(RollerRig::record(kBegin, 60), 4, 6);
    rig.add(RollerRig::record(kBegin, 60), 4, 7);
    rig.time(kBegin + 49 * kHalf, 60);
    rig.commit();
    rig.roll();
    rig.replaced(kBegin);  // skill 5 has 3, skill 6 the same as before, skill 7 nothing
    rig.interval(kBegin, 60, 3);
    rig.add(RollerRig::record(kBegin, 60), 4, 6);
    rig.commit();
    CHECK(rig.due() == 1);
    const u64 revised = rig.store().counters().get(StoreCounter::RolledRevised);
    rig.roll();
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1440/1440 in 48 | 5 in 48 calls 50 max 3 last 1 incomplete 0 r1"
          " | 6 in 1 calls 4 max 4 last 4 incomplete 0 r0");
    CHECK(rig.text(Span::Week) ==
          "3-23 days 1/7 minutes 1440/1440 in 48 | 5 in 48 calls 50 max 3 last 1 incomplete 0 r1"
          " | 6 in 1 calls 4 max 4 last 4 incomplete 0 r0");
    CHECK(rig.store().counters().get(StoreCounter::RolledRevised) - revised == 3);
    CHECK(rig.store().counters().get(StoreCounter::RolledDropped) == 3);
    CHECK(rig.roller().days_redone() == 1);
    rig.healthy();
    // Folded again to the same rows: nothing is written, and week and month are left alone.
    rig.replaced(kBegin);
    rig.interval(kBegin, 60, 3);
    rig.add(RollerRig::record(kBegin, 60), 4, 6);
    rig.commit();
    const int before = rig.written();
    rig.roll();
    CHECK(rig.written() == before + 1);
    CHECK(rig.store().counters().get(StoreCounter::RolledRevised) - revised == 3);
    CHECK(rig.due() == 0);
}

TEST_CASE("roller: what changes between its snapshot and its commit stays due") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin, 60);
    rig.time(kBegin + 49 * kHalf, 60);
    rig.commit();
    CHECK(rig.roller().poll() != 0);  // it has read the day
    rig.replaced(kBegin);
    rig.interval(kBegin, 60, 5);
    rig.commit();
    CHECK(rig.write());
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0");
    CHECK(rig.due() == 3);  // the day again, its week, its month
    rig.healthy();
    rig.roll();
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1440/1440 in 48 | 5 in 48 calls 52 max 5 last 1 incomplete 0 r1");
    CHECK(rig.due() == 0);
    rig.healthy();
}

TEST_CASE("roller: a crash at any commit forgets nothing") {
    for (int crash = 0; crash < 6; ++crash) {
        CAPTURE(crash);
        RollerRig rig;
        rig.config().summarize_after = {};
        rig.day(kBegin, 60);
        rig.day(kBegin + kDayNs, 60);
        rig.time(kBegin + 97 * kHalf, 60);
        rig.commit();
        for (int writes = 0; writes < crash;) {
            rig.roller().poll();
            writes += rig.write() ? 1 : 0;
            if (rig.due() == 0) break;
        }
        rig.roller().poll();  // and one that never gets there
        rig.close();
        rig.open();
        rig.healthy();
        rig.roll();
        CHECK(rig.text(Span::Day) ==
              "3-29 days 1/1 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0; "
              "3-30 days 1/1 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0");
        CHECK(rig.text(Span::Month).starts_with("3-1 days 2/31 minutes 2880/2880 in 96 | 5 in 96 calls 96 "));
        CHECK(rig.due() == 0);
        rig.healthy();
    }
}

TEST_CASE("roller: an interval whose offset is known better moves to its day, and both days are redone") {
    RollerRig rig;
    rig.config().summarize_after = {};
    rig.day(kBegin, 60, 47);
    rig.interval(kBegin + 47 * kHalf, 120, 9);  // would be 00:30 on Monday
    rig.time(kBegin + 100 * kHalf, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Day).find("; 3-30 days 1/1 ") != std::string::npos);
    rig.replaced(kBegin + 47 * kHalf);
    rig.interval(kBegin + 47 * kHalf, 60, 9);
    rig.commit();
    CHECK(rig.due() == 2);
    rig.roll();
    CHECK(rig.text(Span::Day) ==
          "3-29 days 1/1 minutes 1440/1440 in 48 | 5 in 48 calls 56 max 9 last 9 incomplete 0 r1");
    CHECK(rig.text(Span::Week).starts_with("3-23 days 1/7 "));
    CHECK(rig.text(Span::Week).find("3-30") == std::string::npos);
    rig.healthy();
}

TEST_CASE("roller: weeks follow the day that they are set to begin on") {
    RollerRig rig;
    rig.config().summarize_after = {};
    for (u64 d = 0; d < 3; ++d) rig.day(kBegin + d * kDayNs, 60);
    rig.time(kBegin + 3 * kDayNs + kHalf, 60);
    rig.commit();
    rig.roll();
    CHECK(rig.text(Span::Week) ==
          "3-23 days 1/7 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0; "
          "3-30 days 2/7 minutes 2880/2880 in 96 | 5 in 96 calls 96 max 1 last 1 incomplete 0 r0");
    rig.close();
    rig.open();
    rig.config().week_start = Weekday::Tuesday;
    rig.roll();
    CHECK(rig.text(Span::Week) ==
          "3-24 days 2/7 minutes 2880/2880 in 96 | 5 in 96 calls 96 max 1 last 1 incomplete 0 r0; "
          "3-31 days 1/7 minutes 1440/1440 in 48 | 5 in 48 calls 48 max 1 last 1 incomplete 0 r0");
    CHECK(rig.text(Span::Month).starts_with("3-1 days 3/31 "));
    CHECK(rig.due() == 0);
    rig.healthy();
}

TEST_CASE("roller: a period too large for one commit is written in parts, and is due until the last one") {
    RollerRig rig(1'000);
    rig.config().summarize_after = {};
    for (u64 skill = 1; skill <= 500; ++skill) rig.add(RollerRig::record(kBegin, 60), skill, skill);
    rig.day(kBegin + kHalf, 60, 47, 0);
    rig.time(kBegin + 49 * kHalf, 60);
    rig.commit();
    bool seen_half = false;
    for (int i = 0; i < 200 && rig.text(Span::Day).empty(); ++i) {
        rig.roller().poll();
        rig.write();
        std::size_t rows = 0;
        rig.snapshot().rolled(TableId::Hsplit, kAcd, Span::Day, kSunday, kSunday + 1,
                              [&](const RolledRow&) { return ++rows != 0; });
        seen_half = seen_half || (rows > 0 && rows < 500);
        if (rows < 500) CHECK(rig.due() != 0);
        if (i % 8 == 0) rig.healthy();
    }
    CHECK(seen_half);
    rig.roll();
    std::size_t rows = 0;
    rig.snapshot().rolled(TableId::Hsplit, kAcd, Span::Month, first_day(Span::Month, kSunday, {}),
                          kSunday + 31, [&](const RolledRow& row) {
                              ++rows;
                              CHECK(row.items[hsplit("ACDCALLS")] == row.key.entity);
                              return true;
                          });
    CHECK(rows == 500);
    CHECK(rig.due() == 0);
    rig.healthy();
}

TEST_CASE("roller: the check finds a rolled row that is not the sum, one too many, one too few, and rot") {
    const auto spoil = [](auto change) {
        RollerRig rig;
        rig.config().summarize_after = {};
        rig.day(kBegin, 60);
        rig.time(kBegin + 49 * kHalf, 60);
        rig.commit();
        rig.roll();
        rig.healthy();
        CommitBatch b;
        change(b);
        REQUIRE(rig.store().commit(b).has_value());
        return rig.findings();
    };
    const RolledKey key{TableId::Hsplit, Span::Month, kAcd, first_day(Span::Month, kSunday, {}), 5, 0};
    const auto put = [](CommitBatch& b, const RolledKey& at, u64 calls, bool rot) {
        std::vector<u64> items(find_table(TableId::Hsplit)->columns);
        items[hsplit("ACDCALLS")] = calls;
        std::vector<std::byte> value;
        store::encode_rolled(value, store::rolled_key(at).bytes(), {}, items);
        if (rot) value.back() ^= std::byte{1};
        b.rolled.rows.push_back({.key = at, .bytes = static_cast<u32>(value.size())});
        b.rolled.bytes = value;
    };
    CHECK(spoil([&](CommitBatch&) {}) == 0);
    CHECK(spoil([&](CommitBatch& b) { put(b, key, 47, false); }) == 1);
    CHECK(spoil([&](CommitBatch& b) { put(b, key, 48, true); }) == 1);
    CHECK(spoil([&](CommitBatch& b) { b.rolled.gone.push_back(key); }) == 1);
    RolledKey other = key;
    other.entity = 9;
    CHECK(spoil([&](CommitBatch& b) { put(b, other, 1, false); }) == 1);
    other.first = other.first + 40;  // no such month
    CHECK(spoil([&](CommitBatch& b) { put(b, other, 1, false); }) == 1);
    CHECK(spoil([&](CommitBatch& b) { b.rolled.periods_gone.push_back({kAcd, Span::Month, key.first}); }) ==
          1);
    RolledKey day = key;
    day.span = Span::Day;
    day.first = kSunday;
    CHECK(spoil([&](CommitBatch& b) { put(b, day, 1, false); }) == 3);  // week and month do not follow it
    CHECK(spoil([&](CommitBatch& b) {                                   // what is due may differ
              put(b, key, 47, false);
              b.rolled.due.push_back({kAcd, Span::Month, key.first});
          }) == 0);
}

TEST_CASE("roller: the bytes are those of the store's README, and rot never comes out as a row") {
    const RolledKey at{TableId::Hsplit, Span::Day, Acd{7}, kSunday, 5, 0};
    std::vector<u64> items(10);
    items[1] = 3;
    items[9] = 300;
    store::RowHead head{};
    head.fold_version = 1;
    head.intervals = 2;
    const store::Key key = store::rolled_key(at);
    std::vector<std::byte> value;
    store::encode_rolled(value, key.bytes(), head, items);
    CHECK(store::hex(key.bytes()) == "01010007800000000000503d00000000000000050000000000000000");
    CHECK(store::hex(value) == "03bfe8f00000000001000a0000010200020203ac02");
    CHECK(*store::parse_rolled_key(key.bytes()) == at);
    std::vector<u64> back;
    const auto row = store::decode_rolled(key.bytes(), value, back);
    REQUIRE(row.has_value());
    CHECK(row->intervals == 2);
    CHECK(back == items);
    for (std::size_t i = 0; i < value.size(); ++i) {
        auto rotten = value;
        rotten[i] ^= std::byte{0x10};
        CHECK_FALSE(store::decode_rolled(key.bytes(), rotten, back).has_value());
    }
}
