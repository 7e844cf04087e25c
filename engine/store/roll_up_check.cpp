// See roll_up_check.hpp.
#include "engine/store/roll_up_check.hpp"

#include "engine/store/period_sum.hpp"

#include <fmt/format.h>

#include <cstring>
#include <limits>
#include <set>

namespace twinlink::store {
namespace {

constexpr LocalDay kFirstDay{std::numeric_limits<i32>::min()};
constexpr LocalDay kLastDay{std::numeric_limits<i32>::max()};

std::string text_of(const Period& p) {
    const auto date = date_of(p.first);
    return fmt::format("rollups acd {} {} {:04}-{:02}-{:02}", p.acd.value, name(p.span),
                       static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}
Period period_of(const RollUpRecord& r) { return {Acd{r.acd}, r.span, r.first()}; }

using Find = std::function<void(std::string, std::string)>;

/// Compares one period with what it is made of.
void check_period(const StoreSnapshot& snapshot, const RollUpRecord& stored, const Find& find) {
    const Period period = period_of(stored);
    PeriodSum sum(snapshot, period, weekday_of(period.first));
    const auto& follows = sum.record();
    // What it was made of may have been let go since.
    if (!follows || follows->intervals < stored.intervals || follows->days < stored.days) return;
    RollUpRecord expected = *follows;
    expected.revision = stored.revision;
    if (std::memcmp(&expected, &stored, sizeof stored) != 0)
        find(text_of(period), "its record differs from what its intervals add up to");
    std::vector<u64> items;
    for (u64 damaged = 0;; damaged = sum.damaged()) {
        const auto e = sum.next();
        if (!e) break;
        if (sum.damaged() != damaged) continue;  // reported where it lies
        const auto where = [&] {
            return fmt::format("{} {} {} {}", text_of(period), find_table(e->key.table)->name, e->key.entity,
                               e->key.entity2);
        };
        if (e->stored.empty()) {
            find(where(), "missing, although it has rows to add up");
            continue;
        }
        const Key key = rolled_key(e->key);
        const auto head = decode_items(key.bytes(), e->stored, items);
        if (!head) continue;
        if (!e->there)
            find(where(), "there, although nothing adds up to it");
        else if (!std::ranges::equal(items, e->items) || head->intervals != e->intervals)
            find(where(), "differs from the sum of its rows");
    }
    if (sum.error() != 0) find(text_of(period), "cannot be read");
}

}  // namespace

u64 check_roll_ups(const StoreSnapshot& snapshot, const Find& find) {
    std::set<Period> due;
    for (const DueRecord& d : snapshot.due()) due.insert({Acd{d.acd}, d.span, LocalDay{d.first_day}});
    std::set<Period> recorded;
    for (const Span span : kRolledSpans) {
        for (const RollUpRecord& r : snapshot.roll_ups(span, kFirstDay, kLastDay)) {
            recorded.insert(period_of(r));
            if (!due.contains(period_of(r))) check_period(snapshot, r, find);
        }
    }
    u64 rows = 0;
    std::set<Period> missing;
    snapshot.all_rolled([&](const RolledRow& row) {
        ++rows;
        const Period period{row.key.acd, row.key.span, row.key.first};
        // The first rows of a large period may be there before its record.
        // What is older than the first record goes: it has been kept for long enough.
        const auto first = recorded.lower_bound({period.acd, period.span, kFirstDay});
        const bool going = first != recorded.end() && first->acd == period.acd &&
                           first->span == period.span && period.first < first->first;
        if (!going && !recorded.contains(period) && !due.contains(period) && missing.insert(period).second)
            find(text_of(period), "rows, but no record of it");
        return true;
    });
    return rows;
}

}  // namespace twinlink::store
