// See report_reader.hpp.
#include "tools/twinlink/report_reader.hpp"

#include <algorithm>
#include <limits>

namespace twinlink::cli {
namespace {

constexpr u64 kEver = std::numeric_limits<u64>::max();

LocalDay local_day_of(const IntervalRecord& interval) noexcept {
    return local_day(interval.start, interval.utc_offset_minutes);
}

/// Is `time` before what was typed? Without an offset both are compared as clocks showed them, whatever the
/// offset was then.
bool before(u64 time, int offset_minutes, const tools::TypedTime& typed) noexcept {
    return time < typed.at(offset_minutes);
}

}  // namespace

bool Wanted::has(TableId table, u64 row_entity, u64 row_entity2, std::span<const u64> items) const {
    if (entity && *entity != row_entity) return false;
    if (!skill) return true;
    if (table == TableId::Hsplit) return *skill == row_entity;
    if (table == TableId::Hagent) return *skill == row_entity2;
    return call_rec("DISPSPLIT") < items.size() && *skill == items[call_rec("DISPSPLIT")];
}

ReportReader::ReportReader(const ReportChoice& choice, const StoreSnapshot& snapshot, ReportTables& tables)
    : choice_(choice), snapshot_(snapshot), tables_(tables) {
    if (choice.by != Span::Interval) due_ = snapshot.due();
}

void ReportReader::read(const AcdContext& acd, const Wanted& wanted) {
    acd_ = acd;
    wanted_ = wanted;
    intervals_ = snapshot_.intervals(0, kEver, acd.acd);
    if (choice_.by == Span::Interval)
        read_intervals();
    else
        read_periods();
}

bool ReportReader::chosen(const IntervalRecord& interval) const {
    const int offset = interval.utc_offset_minutes;
    if (choice_.back)
        return *choice_.back < intervals_.size() &&
               &interval == &intervals_[intervals_.size() - 1 - *choice_.back];
    if (choice_.interval) return interval.start == choice_.interval->at(offset);
    if (!choice_.from && !choice_.to) return local_day_of(interval) == local_day_of(intervals_.back());
    return !(choice_.from && before(interval.start, offset, *choice_.from)) &&
           !(choice_.to && !before(interval.start, offset, *choice_.to));
}

/// For rows whose interval has no record (any more).
bool ReportReader::chosen_by_start(u64 start) const {
    if (choice_.interval) return start == choice_.interval->at(acd_.offset_minutes);
    if (choice_.back) return false;
    if (!choice_.from && !choice_.to) return false;
    return !(choice_.from && before(start, acd_.offset_minutes, *choice_.from)) &&
           !(choice_.to && !before(start, acd_.offset_minutes, *choice_.to));
}

void ReportReader::read_intervals() {
    std::vector<const IntervalRecord*> wanted;
    for (const IntervalRecord& interval : intervals_)
        if (chosen(interval)) wanted.push_back(&interval);
    u64 from = choice_.from       ? choice_.from->at(acd_.offset_minutes)
               : choice_.interval ? choice_.interval->at(acd_.offset_minutes)
               : choice_.to       ? 0
                                  : kEver;
    u64 to = choice_.to ? choice_.to->at(acd_.offset_minutes) : choice_.from ? kEver : 0;
    if (!wanted.empty()) {
        from = std::min(from, wanted.front()->start);
        to = std::max(to, wanted.back()->start + 1);
    }
    tables_.begin_acd(acd_, wanted.size());
    std::optional<Period> open;
    bool skip = false;
    auto at = intervals_.begin();
    snapshot_.rows(choice_.table->id, acd_.acd, from, to, [&](const RowView& row) {
        const RowKey& key = row.key;
        if (!open || open->start != key.interval_start || open->instance != key.instance) {
            if (open && !skip) tables_.end();
            at = std::find_if(at, intervals_.end(), [&](const IntervalRecord& interval) {
                return std::pair(interval.start, interval.instance) >=
                       std::pair(key.interval_start, key.instance);
            });
            const bool known =
                at != intervals_.end() && at->start == key.interval_start && at->instance == key.instance;
            IntervalRecord bare{};
            bare.acd = key.acd.value;
            bare.start = key.interval_start;
            bare.instance = key.instance;
            bare.closed = row.closed;
            bare.utc_offset_minutes = static_cast<i16>(acd_.offset_minutes);
            open = period_of(known ? *at : bare);
            skip = known ? !chosen(*at) : !chosen_by_start(key.interval_start);
            if (!skip) tables_.begin(*open);
        }
        if (!skip && wanted_.has(key.table, key.entity, key.entity2, row.items))
            tables_.add({key.entity, key.entity2, row.revision, row.fold_version, row.items});
        return true;
    });
    if (open && !skip) tables_.end();
    tables_.end_acd();
}

}  // namespace twinlink::cli
