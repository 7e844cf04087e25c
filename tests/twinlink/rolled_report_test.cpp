// Days, weeks and months read the same whether they were rolled up before or are added up while reading.
#include "tests/twinlink/cli_rig.hpp"

#include "engine/roller.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <random>

using namespace twinlink;
using cli_rig::kHalf;
using cli_rig::run;
using cli_rig::Run;
using Json = nlohmann::json;

namespace {

constexpr u64 kHour = 2 * kHalf;
/// 2026-03-27 23:00 UTC: midnight at +01:00, two days before summer time begins there.
constexpr u64 kBegin = 1'774'652'400'000'000'000;

/// Six days of half hours of ACD 1, with holes, doubt, a second instance, and an offset that changes.
class Days {
public:
    explicit Days(u64 seed) : random_(seed) {
        auto opened = Store::open(folder_ / "store", {.map_bytes = u64{256} << 20}, Nanos{1});
        REQUIRE(opened.has_value());
        store_.emplace(std::move(*opened));
    }
    [[nodiscard]] std::string path() const { return (folder_ / "store").string(); }

    void write(u64 from, u64 to, bool last_open) {
        CommitBatch batch;
        batch.number = ++batches_;
        for (u64 start = from; start < to; start += kHalf) {
            if (chance(20)) continue;  // not collected
            add(batch, start, 0, last_open && start + kHalf == to);
            if (chance(30)) add(batch, start, 1, false);
        }
        StreamRecord stream{};
        stream.acd = 1;
        stream.epoch = 1;
        stream.first_seen = stream.next = 1;
        stream.last_time = to;
        batch.streams.push_back(stream);
        AcdRecord acd{};
        acd.acd = 1;
        acd.utc_offset_minutes = offset_at(to);
        batch.acds.push_back(acd);
        REQUIRE(store_->commit(batch).has_value());
    }

    void roll() {
        RollRings rings;
        CommitBatch batch;
        rings.empty.push(&batch);
        std::array<AcdConfig, 1> acds{};
        acds[0].acd = Acd{1};
        Roller roller(*store_, acds, rings);
        for (int idle = 0; idle < 3;) {
            idle = roller.poll() != 0 ? 0 : idle + 1;
            CommitBatch* full = nullptr;
            if (!rings.full.pop(full)) continue;
            idle = 0;
            REQUIRE(store_->commit(*full).has_value());
            full->clear();
            rings.empty.push(full);
        }
    }
    [[nodiscard]] std::size_t rolled(Span span) const {
        return store_->snapshot()->roll_ups(span, LocalDay{0}, LocalDay{100'000}).size();
    }

private:
    bool chance(unsigned one_in) { return random_() % one_in == 0; }
    static i16 offset_at(u64 time) { return time >= kBegin + 26 * kHour ? 120 : 60; }

    void add(CommitBatch& batch, u64 start, u16 instance, bool open) {
        IntervalRecord i{};
        i.acd = 1;
        i.epoch = 1;
        i.start = i.first_time = start;
        i.last_time = start + kHalf;
        i.first_seq = start / kHalf * 2 + instance;
        i.messages = 5;
        i.minutes = 30;
        i.instance = instance;
        i.closed = open ? 0 : 1;
        i.utc_offset_minutes = offset_at(start);
        i.in_doubt = chance(9);
        i.incomplete = i.in_doubt != 0 || chance(9);
        batch.intervals.push_back(i);
        for (const TableId table : {TableId::Hsplit, TableId::Hagent, TableId::Htkgrp})
            for (u64 entity = 1; entity <= 3; ++entity)
                for (u64 other = 1; other <= (table == TableId::Hagent ? 2 : 1); ++other) {
                    if (chance(4)) continue;
                    std::vector<u64> items(find_table(table)->columns);
                    for (u64& item : items) item = chance(3) ? random_() % 1'000'000'007 : 0;
                    items[find_column(*find_table(table), "INCOMPLETE")->index] = i.incomplete;
                    const u64 entity2 = table == TableId::Hagent ? other : 0;
                    batch.add_row({.key = {table, Acd{1}, start, instance, entity, entity2}, .closed = !open},
                                  items);
                }
    }

    cli_rig::TempFolder folder_;
    std::optional<Store> store_;
    std::mt19937_64 random_;
    u64 batches_ = 0;
};

/// What a report says, but for how often rows were redone: a roll-up counts its own.
std::string said(const Days& days, const char* kind, const char* by) {
    const Run done = run({"report", kind, "--store", days.path(), "--by", by, "--from", "2026-03-01",
                          "--items", "all", "--exact", "--json"});
    CAPTURE(done.err);
    REQUIRE(done.code == 0);
    Json json = Json::parse(done.out);
    for (Json& row : json["rows"]) row.erase("REVISION");
    return json.dump(1);
}

std::map<std::string, std::string> all_said(const Days& days) {
    std::map<std::string, std::string> all;
    for (const char* kind : {"skills", "agents", "trunk-groups"})
        for (const char* by : {"day", "week", "month"})
            all[std::string(kind) + " " + by] = said(days, kind, by);
    return all;
}

TEST_CASE(
    "report --by: a period says the same before it is rolled up and afterwards, and while part of it is") {
    for (u64 seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        Days days(seed);
        days.write(kBegin, kBegin + 5 * 24 * kHour, false);
        const auto before = all_said(days);
        CHECK(before.at("skills day").size() > 10'000);
        days.roll();
        CHECK(days.rolled(Span::Day) >= 4);
        CHECK(days.rolled(Span::Month) >= 1);
        for (const auto& [what, text] : all_said(days)) {
            CAPTURE(what);
            CHECK((text == before.at(what)));
        }
        // The next day begins: its week and month are read from days and intervals.
        days.write(kBegin + 5 * 24 * kHour, kBegin + 5 * 24 * kHour + 7 * kHalf, true);
        const auto in_progress = all_said(days);
        CHECK((in_progress.at("skills month") != before.at("skills month")));
        Days other(seed);
        other.write(kBegin, kBegin + 5 * 24 * kHour, false);
        other.write(kBegin + 5 * 24 * kHour, kBegin + 5 * 24 * kHour + 7 * kHalf, true);
        for (const auto& [what, text] : all_said(other)) {
            CAPTURE(what);
            const std::string same_store = [&] {
                std::string t = in_progress.at(what);
                for (std::size_t at; (at = t.find(days.path())) != std::string::npos;)
                    t.replace(at, days.path().size(), other.path());
                return t;
            }();
            CHECK((text == same_store));
        }
    }
}

}  // namespace
