// See roller.hpp. The refold thread.
#include "engine/roller.hpp"

#include "engine/store/period_sum.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace twinlink {

/// The period under way, and the snapshot that it is read from.
struct Roller::Job {
    Job(StoreSnapshot s, const DueRecord& d, Weekday week_start)
        : snapshot(std::move(s)),
          due(d),
          sum(snapshot, {Acd{d.acd}, d.span, LocalDay{d.first_day}}, week_start) {}

    bool add(const store::PeriodSum::Entity& e, RollUpBatch& to);

    StoreSnapshot snapshot;
    DueRecord due;
    store::PeriodSum sum;
    bool changed = false;
    std::vector<std::byte> value;
    std::vector<u64> items;
};

/// True when the stored row is another one, or none.
bool Roller::Job::add(const store::PeriodSum::Entity& e, RollUpBatch& to) {
    if (!e.there) {
        to.gone.push_back(e.key);
        return true;
    }
    const store::Key key = store::rolled_key(e.key);
    store::RowHead head{};
    head.fold_version = e.fold_version;
    head.intervals = e.intervals;
    const auto before = e.stored.empty() ? std::nullopt : store::decode_items(key.bytes(), e.stored, items);
    if (before) head.revision = before->revision;
    store::encode_rolled(value, key.bytes(), head, e.items);
    if (before && std::ranges::equal(value, e.stored)) return false;
    if (before) {
        ++head.revision;
        store::encode_rolled(value, key.bytes(), head, e.items);
    }
    to.rows.push_back({.key = e.key,
                       .offset = to.bytes.size(),
                       .bytes = static_cast<u32>(value.size()),
                       .revised = !e.stored.empty()});
    to.bytes.insert(to.bytes.end(), value.begin(), value.end());
    return true;
}

Roller::Roller(const Store& store, std::span<const AcdConfig> acds, RollRings& rings, std::size_t bytes_max)
    : store_(store), acds_(acds), rings_(rings), bytes_max_(bytes_max) {}
Roller::~Roller() = default;

std::size_t Roller::poll() {
    if (store_.counters().get(StoreCounter::Stopped) != 0) return 0;
    if (batch_ == nullptr && !rings_.empty.pop(batch_)) return 0;
    return job_ != nullptr || begin() ? go_on() : 0;
}

// ---- what to do
// -------------------------------------------------------------------------------------------------

bool Roller::begin() {
    const u64 commits = store_.counters().get(StoreCounter::Commits);
    if (looked_ == commits) return false;
    auto snapshot = store_.snapshot();
    if (!snapshot) return false;
    if (!aligned_ && realign_weeks(*snapshot)) return false;
    const std::vector<DueRecord> all = snapshot->due();
    due_.store(all.size(), std::memory_order_relaxed);
    // By (acd, span, first day): days come before the weeks and months that they change.
    const auto at = std::ranges::find_if(all, [&](const DueRecord& d) { return ready(*snapshot, d); });
    if (at == all.end()) {
        looked_ = commits;
        return false;
    }
    const Weekday week_start = config(Acd{at->acd}).week_start;
    job_ = std::make_unique<Job>(std::move(*snapshot), *at, week_start);
    return true;
}

const AcdConfig& Roller::config(Acd acd) const noexcept {
    static const AcdConfig kDefault{};  // of an ACD that is not collected any more
    const auto at = std::ranges::find(acds_, acd, &AcdConfig::acd);
    return at == acds_.end() ? kDefault : *at;
}

/// Weeks that begin on another day than is configured now go, and those that should be instead are due. True
/// when there are any: they are marked first.
bool Roller::realign_weeks(const StoreSnapshot& snapshot) {
    constexpr LocalDay kFirst{std::numeric_limits<i32>::min() / 2};
    constexpr LocalDay kLast{std::numeric_limits<i32>::max() / 2};
    aligned_ = true;
    auto& due = batch_->rolled.due;
    for (const RollUpRecord& week : snapshot.roll_ups(Span::Week, kFirst, kLast)) {
        const Weekday start = config(Acd{week.acd}).week_start;
        if (weekday_of(week.first()) == start) continue;
        due.push_back({Acd{week.acd}, Span::Week, week.first()});
        const LocalDay before = first_day(Span::Week, week.first(), start);
        due.push_back({Acd{week.acd}, Span::Week, before});
        due.push_back({Acd{week.acd}, Span::Week, before + 7});
    }
    if (due.empty()) return false;
    hand_over();
    return true;
}

/// Weeks and months follow their days at once; a day waits until it is over by the ACD's clock.
bool Roller::ready(const StoreSnapshot& snapshot, const DueRecord& due) const {
    if (due.span != Span::Day) return true;
    u64 now = 0;
    for (const StreamRecord& s : snapshot.streams()) {
        if (s.acd == due.acd) now = s.last_time;  // of the latest epoch
    }
    i16 offset = 0;
    for (const AcdRecord& acd : snapshot.acds()) {
        if (acd.acd == due.acd) offset = acd.utc_offset_minutes;
    }
    const u64 end = begin_of(LocalDay{due.first_day} + 1, offset);
    return now >= end + config(Acd{due.acd}).summarize_after.value;
}

// ---- doing it
// ---------------------------------------------------------------------------------------------------

std::size_t Roller::go_on() {
    for (std::size_t n = 1; n <= kRollSlice; ++n) {
        const auto entity = job_->sum.next();
        if (!entity) {
            finish();
            return n;
        }
        if (!job_->add(*entity, batch_->rolled)) continue;
        job_->changed = true;
        if (batch_->rolled.bytes.size() >= bytes_max_) {
            hand_over();
            return n;
        }
    }
    return kRollSlice;
}

void Roller::finish() {
    const store::PeriodSum& sum = job_->sum;
    if (sum.error() != 0) {  // it stays due; what follows from half of it is not written
        batch_->clear();
        job_.reset();
        looked_ = store_.counters().get(StoreCounter::Commits);
        return;
    }
    const DueRecord due = job_->due;
    const Acd acd{due.acd};
    const LocalDay first{due.first_day};
    RollUpBatch& to = batch_->rolled;
    const auto& stored = sum.stored();
    bool changed = job_->changed;
    if (auto record = sum.record()) {
        record->revision = stored ? stored->revision : 0;
        if (!stored || changed || std::memcmp(&*record, &*stored, sizeof *record) != 0) {
            if (stored) ++record->revision;
            to.periods.push_back(*record);
            changed = true;
        }
    } else if (stored) {
        to.periods_gone.push_back({acd, due.span, first});
        changed = true;
    }
    to.done.push_back(due);
    if (due.span == Span::Day) {
        (stored ? days_redone_ : days_rolled_).fetch_add(1, std::memory_order_relaxed);
        if (changed) {
            for (const Span span : {Span::Week, Span::Month})
                to.due.push_back({acd, span, first_day(span, first, config(acd).week_start)});
        }
    }
    job_.reset();
    hand_over();
}

void Roller::hand_over() {
    CommitBatch* const full = batch_;
    batch_ = nullptr;
    rings_.full.push(full);
}

}  // namespace twinlink
