// `twinlink report ...`: reads what was chosen from one snapshot and has the tables made.
//
// Cold; one thread.
#include "tools/twinlink/report_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace twinlink::cli {
namespace {

using tools::ExitCode;

/// The span of time to show on one ACD: as asked, else the day of its newest interval.
std::pair<u64, u64> span_of(const ReportChoice& choice, const AcdContext& acd,
                            const StoreSnapshot& snapshot) {
    constexpr u64 kEver = std::numeric_limits<u64>::max();
    const int offset = acd.offset_minutes;
    if (choice.interval) {
        const u64 start = choice.interval->at(offset);
        return {start, start + 1};
    }
    if (choice.from || choice.to)
        return {choice.from ? choice.from->at(offset) : 0, choice.to ? choice.to->at(offset) : kEver};
    const auto all = snapshot.intervals(0, kEver, acd.acd);
    if (all.empty()) return {0, 0};
    const u64 midnight = tools::local_midnight(all.back().start, offset);
    return {midnight, midnight + tools::kDayNs};
}

/// The number of what is `asked` for on that ACD. A name that the ACD does not have is an error there only if
/// no ACD has it.
std::optional<u64> number_on(const std::string& asked, NameKind kind, const Names& names, Acd acd) {
    const bool digits = std::ranges::all_of(asked, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || asked.size() > 18) return names.number(acd, kind, asked);
    u64 number = 0;
    for (const char c : asked) number = number * 10 + static_cast<u64>(c - '0');
    return number;
}

/// Which rows of one ACD are wanted.
struct Wanted {
    std::optional<u64> entity;
    std::optional<u64> skill;

    [[nodiscard]] bool has(const ReportChoice& choice, const RowView& row) const {
        if (entity && *entity != row.key.entity) return false;
        if (!skill) return true;
        if (choice.table->id == TableId::Hsplit) return *skill == row.key.entity;
        if (choice.table->id == TableId::Hagent) return *skill == row.key.entity2;
        return call_rec("DISPSPLIT") < row.items.size() && *skill == row.items[call_rec("DISPSPLIT")];
    }
};

AcdRows read_rows(const ReportChoice& choice, const AcdContext& acd, const Wanted& wanted,
                  const StoreSnapshot& snapshot) {
    const auto [from, to] = span_of(choice, acd, snapshot);
    AcdRows all{acd, snapshot.intervals(from, to, acd.acd), {}};
    snapshot.rows(choice.table->id, acd.acd, from, to, [&](const RowView& row) {
        if (!wanted.has(choice, row)) return true;
        all.rows.push_back(
            {row.key, row.revision, row.fold_version, row.closed, {row.items.begin(), row.items.end()}});
        return true;
    });
    return all;
}

/// Rows interval by interval. Rows whose interval record is damaged or gone get one with what their key
/// tells.
void add_acd(Report& report, const AcdRows& all) {
    std::span<const StoredRow> rows(all.rows);
    while (!rows.empty()) {
        const RowKey key = rows.front().key;
        const auto end = std::ranges::find_if(rows, [&](const StoredRow& row) {
            return row.key.interval_start != key.interval_start || row.key.instance != key.instance;
        });
        const auto count = static_cast<std::size_t>(end - rows.begin());
        const auto at = std::ranges::find_if(all.intervals, [&](const IntervalRecord& interval) {
            return interval.start == key.interval_start && interval.instance == key.instance;
        });
        IntervalRecord interval{};
        interval.acd = key.acd.value;
        interval.start = key.interval_start;
        interval.instance = key.instance;
        interval.closed = rows.front().closed;
        add_interval(report, all.acd, at == all.intervals.end() ? interval : *at, rows.first(count));
        rows = rows.subspan(count);
    }
    add_entities(report, all);
}

Result<Answer> run_report(const Arguments& arguments, const Rim& rim, TableId id) {
    const auto choice = ReportChoice::of(arguments, *find_table(id));
    if (!choice) return std::unexpected(choice.error());
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const StoreSnapshot& snapshot = store->snapshot();
    const Names names(snapshot);
    const auto acds = snapshot.acds();
    Report report{*choice, names, {}, {}, {}, {}, {}};
    set_up(report);

    std::vector<u16> numbers;
    for (const IntervalRecord& interval : snapshot.intervals())
        if (numbers.empty() || numbers.back() != interval.acd) numbers.push_back(interval.acd);
    bool skill_known = choice->skill.empty();
    bool entity_known = choice->only.empty();
    bool acd_known = !choice->acd;
    for (const u16 number : numbers) {
        const Acd acd{number};
        if (choice->acd && *choice->acd != acd) continue;
        acd_known = true;
        Wanted wanted{choice->agent, {}};
        if (!choice->skill.empty()) {
            wanted.skill = number_on(choice->skill, NameKind::Skill, names, acd);
            if (!wanted.skill) continue;
        }
        skill_known = true;
        if (!choice->only.empty()) {
            wanted.entity = number_on(choice->only, choice->kind->entity.names, names, acd);
            if (!wanted.entity) continue;
        }
        entity_known = true;
        add_acd(report, read_rows(*choice, context_of(acd, acds), wanted, snapshot));
    }
    if (!acd_known)
        return refuse(ExitCode::Usage,
                      fmt::format("--acd: the store has no interval of ACD {}.", choice->acd->value));
    if (!skill_known)
        return refuse(ExitCode::Usage, fmt::format("--skill: no ACD here has a skill \"{}\"; skills are {}.",
                                                   choice->skill, names.some(NameKind::Skill)));
    if (!entity_known)
        return refuse(ExitCode::Usage,
                      fmt::format("--only: no ACD here has \"{}\" in this report; there are {}.",
                                  choice->only, names.some(choice->kind->entity.names)));
    return store->finish(answer_of(report, store->path()));
}

}  // namespace

template <TableId id>
Result<Answer> run_report_of(const Arguments& arguments, const Rim& rim) {
    return run_report(arguments, rim, id);
}
template Result<Answer> run_report_of<TableId::Hsplit>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::Hagent>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::Hvdn>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::Hvector>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::Htkgrp>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::Htrunk>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::Hcwc>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::Haglog>(const Arguments&, const Rim&);
template Result<Answer> run_report_of<TableId::CallRec>(const Arguments&, const Rim&);

}  // namespace twinlink::cli
