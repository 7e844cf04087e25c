// A store and a roller, with intervals and rows by hand and no engine between.
#pragma once

#include "tests/pipeline/pipeline_rig.hpp"

#include "engine/roller.hpp"
#include "engine/store/check.hpp"
#include "engine/store/row_codec.hpp"

#include <string>

namespace twinlink::test {

inline constexpr Acd kAcd{1};
inline constexpr u64 kHalf = 30 * kMinuteNs;
/// 2026-03-29, the Sunday on which summer time begins in Central Europe at 01:00 UTC.
inline constexpr LocalDay kSunday{20'541};
static_assert(weekday_of(kSunday) == Weekday::Sunday);

class RollerRig {
public:
    explicit RollerRig(std::size_t bytes_max = kRolledBytesMax) : bytes_max_(bytes_max) {
        open();
        acds_[0].acd = kAcd;
    }
    void open() {
        StoreConfig config;
        config.map_bytes = u64{64} << 20;
        auto opened = Store::open(path(), config, 1_s);
        REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string() : opened.error().text));
        store_.emplace(std::move(*opened));
    }
    void close() {
        roller_.reset();
        store_.reset();
    }
    [[nodiscard]] std::string path() const { return folder_ / "store"; }
    AcdConfig& config() { return acds_[0]; }
    Store& store() { return *store_; }
    Roller& roller() {
        if (!roller_) {
            rings_ = std::make_unique<RollRings>();
            rings_->empty.push(&batch_);
            roller_ = std::make_unique<Roller>(*store_, acds_, *rings_, bytes_max_);
        }
        return *roller_;
    }

    // ---- what the engine would write
    static IntervalRecord record(u64 start, i16 offset, u16 instance = 0) {
        IntervalRecord i{};
        i.epoch = 1;
        i.start = start;
        i.first_seq = start / kMinuteNs * 2 + instance;
        i.acd = kAcd.value;
        i.instance = instance;
        i.minutes = 30;
        i.closed = 1;
        i.utc_offset_minutes = offset;
        return i;
    }
    /// A closed interval in which skill 5 had `calls` calls; 0 = no row.
    void interval(u64 start, i16 offset, u64 calls, u16 instance = 0) {
        add(record(start, offset, instance), calls);
    }
    void add(const IntervalRecord& i, u64 calls, u64 skill = 5) {
        next_.intervals.push_back(i);
        if (calls == 0) return;
        std::vector<u64> items(find_table(TableId::Hsplit)->columns);
        items[hsplit("ACDCALLS")] = calls;
        items[hsplit("MAXINQUEUE")] = calls;
        items[hsplit("SERVICELEVEL")] = calls;
        items[hsplit("INCOMPLETE")] = i.in_doubt;
        next_.add_row({.key = {TableId::Hsplit, kAcd, i.start, i.instance, skill, 0}, .closed = true}, items);
    }
    /// The time of the ACD's latest message, and what the ACD says of its offset.
    void time(u64 now, i16 offset) {
        StreamRecord s{};
        s.epoch = 1;
        s.acd = kAcd.value;
        s.first_seen = s.next = 1;
        s.last_time = now;
        next_.streams.push_back(s);
        AcdRecord a{};
        a.acd = kAcd.value;
        a.utc_offset_minutes = offset;
        next_.acds.push_back(a);
    }
    void replaced(u64 start, u16 instance = 0) { next_.replaced.push_back({kAcd, start, instance}); }
    void commit() {
        REQUIRE(store_->commit(next_).has_value());
        next_.clear();
    }
    /// A whole day of half hours from `begin` (UTC), each with one call, told at once.
    void day(u64 begin, i16 offset, int intervals = 48, u64 calls = 1) {
        for (int i = 0; i < intervals; ++i) interval(begin + static_cast<u64>(i) * kHalf, offset, calls);
    }

    // ---- rolling up
    /// The commit stage, once. False when nothing waited.
    bool write() {
        CommitBatch* batch = nullptr;
        if (!rings_->full.pop(batch)) return false;
        REQUIRE(store_->commit(*batch).has_value());
        ++written_;
        batch->clear();
        rings_->empty.push(batch);
        return true;
    }
    void roll() {
        Roller& r = roller();
        for (int idle = 0; idle < 3;) {
            const bool moved = r.poll() != 0;
            idle = write() || moved ? 0 : idle + 1;
        }
    }
    [[nodiscard]] int written() const { return written_; }

    // ---- what is there
    StoreSnapshot snapshot() {
        auto s = store_->snapshot();
        REQUIRE(s.has_value());
        return std::move(*s);
    }
    /// "2026-3-29: 46 of 46, ACDCALLS 46, MAXINQUEUE 1 SERVICELEVEL 1 INCOMPLETE 0 r0"
    std::string text(Span span) {
        std::string all;
        const StoreSnapshot s = snapshot();
        for (const RollUpRecord& r : s.roll_ups(span, LocalDay{0}, LocalDay{1'000'000})) {
            const auto date = date_of(r.first());
            all += (all.empty() ? "" : "; ") + std::to_string(static_cast<unsigned>(date.month())) + "-" +
                   std::to_string(static_cast<unsigned>(date.day())) + " days " + std::to_string(r.days) +
                   "/" + std::to_string(r.days_expected) + " minutes " + std::to_string(r.minutes) + "/" +
                   std::to_string(r.minutes_expected) + " in " + std::to_string(r.intervals);
            s.rolled(TableId::Hsplit, kAcd, span, r.first(), r.first() + 1, [&](const RolledRow& row) {
                all += " | " + std::to_string(row.key.entity) + " in " + std::to_string(row.intervals) +
                       " calls " + std::to_string(row.items[hsplit("ACDCALLS")]) + " max " +
                       std::to_string(row.items[hsplit("MAXINQUEUE")]) + " last " +
                       std::to_string(row.items[hsplit("SERVICELEVEL")]) + " incomplete " +
                       std::to_string(row.items[hsplit("INCOMPLETE")]) + " r" + std::to_string(row.revision);
                return true;
            });
        }
        return all;
    }
    std::size_t due() { return snapshot().due().size(); }
    void healthy() {
        const auto report = check(path(), CheckLevel::Full);
        REQUIRE(report.has_value());
        for (const CheckFinding& f : report->findings) FAIL_CHECK(f.where << ": " << f.what);
    }
    std::size_t findings() {
        const auto report = check(path(), CheckLevel::Full);
        REQUIRE(report.has_value());
        return report->problems;
    }

private:
    TempFolder folder_;
    std::size_t bytes_max_;
    std::array<AcdConfig, 1> acds_{};
    std::optional<Store> store_;
    CommitBatch next_;
    CommitBatch batch_;
    std::unique_ptr<RollRings> rings_;
    std::unique_ptr<Roller> roller_;
    int written_ = 0;
};

inline const u64 kBegin = begin_of(kSunday, 60);  // 2026-03-28T23:00Z

}  // namespace twinlink::test
