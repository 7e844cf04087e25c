// Streams of several days through a whole server, and its roll-ups as text: for comparing with those of a
// run that missed nothing, and with a plain sum over its rows.
#pragma once

#include "tests/pipeline/stream_rig.hpp"

#include <twinlink/items.hpp>
#include <twinlink/roll_up.hpp>

#include <map>
#include <string>
#include <vector>

namespace twinlink::test {

inline constexpr LocalDay kAnyDay{-1'000'000};
inline constexpr LocalDay kEndOfDays{1'000'000};

inline std::string items_text(TableId table, std::span<const u64> items) {
    std::string text;
    for (u16 i = 0; i < items.size(); ++i) {
        if (items[i] == 0) continue;
        text += " " + name_of(column_at(*find_table(table), i)) + "=" + std::to_string(items[i]);
    }
    return text;
}

inline std::string heading(Span span, LocalDay first, std::string_view table, u64 entity, u64 entity2) {
    const auto date = date_of(first);
    return std::string(name(span)) + " " + std::to_string(static_cast<int>(date.year())) + "-" +
           std::to_string(static_cast<unsigned>(date.month())) + "-" +
           std::to_string(static_cast<unsigned>(date.day())) + " " + std::string(table) + " " +
           std::to_string(entity) + " " + std::to_string(entity2);
}

inline std::string period_text(const RollUpRecord& r) {
    return heading(r.span, r.first(), "record", 0, 0) + " begin " + std::to_string(r.begin) + " end " +
           std::to_string(r.end) + " intervals " + std::to_string(r.intervals) + " incomplete " +
           std::to_string(r.incomplete) + " in doubt " + std::to_string(r.in_doubt) + " minutes " +
           std::to_string(r.minutes) + "/" + std::to_string(r.minutes_expected) + " missing " +
           std::to_string(r.missing) + " days " + std::to_string(r.days) + "/" +
           std::to_string(r.days_expected) + "\n";
}

/// All roll-ups that are stored, but for their revisions.
inline std::string rolled_text(const StoreSnapshot& snapshot, Acd acd = Acd{1}) {
    std::string text;
    for (const Span span : kRolledSpans) {
        for (const RollUpRecord& r : snapshot.roll_ups(span, kAnyDay, kEndOfDays, acd))
            text += period_text(r);
        for (const Table& table : kTables) {
            snapshot.rolled(table.id, acd, span, kAnyDay, kEndOfDays, [&](const RolledRow& row) {
                text += heading(span, row.key.first, table.name, row.key.entity, row.key.entity2) + " in " +
                        std::to_string(row.intervals) + items_text(table.id, row.items) + "\n";
                return true;
            });
        }
    }
    return text;
}

/// The same by a plain sum over the store's rows and intervals, for days that end before `now` is 35 minutes
/// further, by the offset of then.
std::string summed_text(const StoreSnapshot& snapshot, u64 now, Weekday week_start = Weekday::Monday);

}  // namespace twinlink::test
