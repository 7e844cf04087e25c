// `twinlink verify`: rows held against each other, against call records, roll-ups and the journal.
//
// Reads one snapshot, interval by interval.
#include "tools/twinlink/verify.hpp"
#include "engine/store/roll_up_check.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/report_period.hpp"

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using tools::Document;
using tools::ExitCode;
using tools::Kind;
using tools::Line;
using tools::Listing;
using tools::Style;
using tools::Value;

struct Counted {
    u64 intervals = 0;
    u64 rows = 0;
    u64 records = 0;
    u64 rolled = 0;
    u64 messages = 0;
};

std::string where_of(const Difference& difference) {
    const RowKey& key = difference.key;
    if (key.table == TableId::None) return difference.where;
    std::string text = fmt::format("{} {}", find_table(key.table)->name, key.entity);
    if (key.entity2 != 0) text += fmt::format(" {}", key.entity2);
    return text;
}

Listing differences_of(const Findings& findings, std::span<const AcdRecord> acds) {
    Listing listing{"differences",
                    {{"acd", "ACD", Kind::Number},
                     {"interval", "interval", Kind::Time},
                     {"instance", "", Kind::Number, tools::For::Machines},
                     {"table", "", Kind::Text, tools::For::Machines},
                     {"entity", "", Kind::Number, tools::For::Machines},
                     {"entity2", "", Kind::Number, tools::For::Machines},
                     {"where", "row"},
                     {"law", "should hold"},
                     {"left", "left", Kind::Number},
                     {"right", "right", Kind::Number}},
                    {},
                    {}};
    const auto value = [](const std::optional<u64>& v) { return v ? Value{*v} : Value{}; };
    tools::Group group;
    if (acds.size() == 1) group.offset_minutes = acds.front().utc_offset_minutes;
    for (const Difference& d : findings.named()) {
        const bool row = d.key.table != TableId::None;
        listing.rows.push_back(
            {{row ? Value{u64{d.key.acd.value}} : Value{}, row ? Value{d.key.interval_start} : Value{},
              row ? Value{u64{d.key.instance}} : Value{},
              row ? Value{std::string(find_table(d.key.table)->name)} : Value{},
              row ? Value{d.key.entity} : Value{}, row ? Value{d.key.entity2} : Value{}, where_of(d), d.law,
              value(d.left), value(d.right)},
             Style::Bad});
        ++group.rows;
    }
    listing.groups.push_back(std::move(group));
    if (listing.rows.empty()) listing.seen_by = tools::For::Machines;
    return listing;
}

Answer answer_of(const Findings& findings, const Counted& counted, const std::string& path,
                 std::span<const AcdRecord> acds) {
    Answer answer;
    Document& document = answer.document;
    document.command = "verify";
    document.fact("store", path);
    document.fact("holds", findings.count() == 0);
    document.opening.push_back({"Store in " + path, Style::Title});
    const auto count = [&](const std::string& key, const std::string& title, u64 value) {
        document.fact(key, value);
        document.opening.push_back(
            {fmt::format("  {:<26}  {}", title, tools::with_separators(value)), Style::Plain});
    };
    count("intervals", "closed intervals", counted.intervals);
    count("complete_rows", "complete rows", counted.rows);
    count("call_records", "call records added up", counted.records);
    count("rolled_rows", "rolled rows added up", counted.rolled);
    count("journal_messages", "messages in the journal", counted.messages);
    count("compared", "comparisons", findings.compared());
    document.fact("differences_in_all", findings.count());
    const u64 more = findings.count() - findings.named().size();
    if (more != 0)
        document.closing.push_back({fmt::format("and {} more", tools::with_separators(more)), Style::Bad});
    document.closing.push_back(findings.count() == 0
                                   ? Line{"All of it holds.", Style::Good}
                                   : Line{fmt::format("{} differences. Nothing was changed.",
                                                      tools::with_separators(findings.count())),
                                          Style::Bad});
    document.tables.push_back(differences_of(findings, acds));
    if (findings.count() != 0) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace

Result<Answer> run_verify(const Arguments& arguments, const Rim& rim) {
    if (arguments.has(OptionId::WithPartner)) return run_verify_partner(arguments, rim);
    const auto choice = TimeChoice::of(arguments, rim);
    if (!choice) return std::unexpected(choice.error());
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    const StoreSnapshot& snapshot = store->snapshot();

    Findings findings;
    Counted counted;
    for (const IntervalRecord& interval : snapshot.intervals()) {
        if (interval.closed == 0 || !choice->takes(Acd{interval.acd}) ||
            !choice->begins_in(interval.start, interval.utc_offset_minutes))
            continue;
        ++counted.intervals;
        counted.rows += verify_rows(snapshot, interval, findings);
        counted.records += verify_calls(snapshot, interval, findings);
    }
    for (const StreamRecord& stream : snapshot.streams())
        if (choice->takes(Acd{stream.acd})) counted.messages += verify_journal(snapshot, stream, findings);
    counted.rolled = store::check_roll_ups(snapshot, [&](std::string where, std::string what) {
        findings.add({{}, std::move(what), std::move(where), {}, {}});
    });
    return store->finish(answer_of(findings, counted, store->path(), snapshot.acds()));
}

}  // namespace twinlink::cli
