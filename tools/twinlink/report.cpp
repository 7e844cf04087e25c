// `twinlink report ...`: reads what was chosen from one snapshot and has the tables made.
//
// Cold; one thread.
#include "tools/twinlink/report_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace twinlink::cli {
namespace {

using tools::ExitCode;

/// The number of what is `asked` for on that ACD. A name that the ACD does not have is an error there only if
/// no ACD has it.
std::optional<u64> number_on(const std::string& asked, NameKind kind, const Names& names, Acd acd) {
    const bool digits = std::ranges::all_of(asked, [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || asked.size() > 18) return names.number(acd, kind, asked);
    u64 number = 0;
    for (const char c : asked) number = number * 10 + static_cast<u64>(c - '0');
    return number;
}

Result<Answer> run_report(const Arguments& arguments, const Rim& rim, TableId id) {
    const auto choice = ReportChoice::of(arguments, rim, *find_table(id));
    if (!choice) return std::unexpected(choice.error());
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const StoreSnapshot& snapshot = store->snapshot();
    const Names names(snapshot);
    const auto acds = snapshot.acds();
    ReportTables tables(*choice, names);
    ReportReader reader(*choice, snapshot, tables);

    std::set<u16> numbers;
    for (const IntervalRecord& interval : snapshot.intervals()) numbers.insert(interval.acd);
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
        reader.read(context_of(acd, acds), wanted);
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
    return store->finish(tables.finish(store->path()));
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
template Result<Answer> run_report_of<TableId::AgActv>(const Arguments&, const Rim&);

}  // namespace twinlink::cli
