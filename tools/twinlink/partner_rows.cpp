// See partner_rows.hpp.
#include "tools/twinlink/partner_rows.hpp"

#include "tools/common/time_text.hpp"
#include "tools/twinlink/partner_source.hpp"
#include "tools/twinlink/report_kinds.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace twinlink::cli {
namespace {

using namespace tools;

/// Items of one row that people see.
constexpr std::size_t kItemsShown = 8;

std::string item_name(const Table& table, u16 column) {
    if (column < table.columns) return name_of(column_at(table, column));
    return fmt::format("column {}", column + 1);
}
/// For people: values are exact, so it must be said what a time is counted in.
std::string item_title(const Table& table, u16 column) {
    const std::string name = item_name(table, column);
    if (column >= table.columns) return name;
    const ItemUnit unit = column_at(table, column).item->unit;
    return unit == ItemUnit::Nanoseconds || unit == ItemUnit::Time ? name + " (ns)" : name;
}

std::string part_title(const KeyPart& part, u64 number) {
    if (part.kind == Kind::Time) return fmt::format("{} {}", part.key, rfc3339(number));
    return fmt::format("{} {}", part.key, number);
}
/// "LOGID 1001, SPLIT 5".
std::string row_title(TableId table, const NamedRow& row) {
    const ReportKind& kind = report_kind(table);
    std::string text = part_title(kind.entity, row.entity);
    if (kind.entity2.used()) text += ", " + part_title(kind.entity2, row.entity2);
    return text;
}

std::string_view where_of(const NamedRow& row) {
    if (row.here && row.there) return "both";
    return row.here ? "only_here" : "only_there";
}

}  // namespace

PartnerRows::PartnerRows() {
    machines_ = {"rows",
                 {{"acd", "", Kind::Number},
                  {"start", "", Kind::Time},
                  {"instance", "", Kind::Number},
                  {"table", ""},
                  {"entity", "", Kind::Number},
                  {"entity2", "", Kind::Number},
                  {"where", ""},
                  {"item", ""},
                  {"here", "", Kind::Number},
                  {"there", "", Kind::Number}},
                 {},
                 {},
                 For::Machines};
    people_ = {"differing_rows",
               {{"acd", "ACD", Kind::Number},
                {"start", "interval (UTC)", Kind::Time},
                {"table", "table"},
                {"row", "row"},
                {"item", "item"},
                {"here", "here", Kind::Count},
                {"there", "there", Kind::Count}},
               {},
               {},
               For::People};
}

Result<bool> PartnerRows::look_into(const Arguments& arguments, const Rim& rim,
                                    const RowsQuestion& question) {
    if (gave_up_ || tables_ == kTablesAsked || named_ == kRowsNamed) {
        ++not_looked_into_;
        return false;
    }
    ++tables_;
    RowsQuestion asked = question;
    asked.most = static_cast<u32>(std::min<u64>(partner::kRowsAsked, kRowsNamed - named_));
    const auto answer = ask_partner(arguments, rim, to_line(asked));
    if (!answer) return std::unexpected(answer.error());
    const auto rows = answer->find("rows");
    if (rows == answer->end())
        return refuse(ExitCode::Internal, "the appliance names no rows: is it older than this program?");
    const auto told = rows_told_of(*rows);
    if (!told)
        return refuse(ExitCode::Internal,
                      "the appliance told " + told.error().text + "; are both of one version?");
    add(asked, *told);
    return true;
}

void PartnerRows::add(const RowsQuestion& question, const RowsTold& told) {
    const Table& table = *find_table(question.table);
    const std::string of =
        fmt::format("{} of {} (ACD {})", table.name, rfc3339_short(question.start), question.acd.value);
    if (!told.why.empty()) {
        why_.push_back(fmt::format("{}: not all rows were compared: {}", of, clean(told.why)));
        gave_up_ = told.their_rows == 0;
    } else if (told.all() == 0) {
        why_.push_back(fmt::format("{}: its rows are equal by now", of));
    }
    differ_ += told.all();
    for (const NamedRow& row : told.rows) add_row(question, row);
}

void PartnerRows::add_row(const RowsQuestion& question, const NamedRow& row) {
    if (named_ == kRowsNamed) return;
    ++named_;
    const Table& table = *find_table(question.table);
    const auto machine = [&](Value item, Value here, Value there) {
        machines_.rows.push_back(
            {{u64{question.acd.value}, question.start, u64{question.instance}, std::string(table.name),
              row.entity, row.entity2, std::string(where_of(row)), std::move(item), std::move(here),
              std::move(there)},
             Style::Plain});
    };
    const auto person = [&](std::string item, Value here, Value there) {
        people_.rows.push_back(
            {{u64{question.acd.value}, question.start, std::string(table.name),
              row_title(question.table, row), std::move(item), std::move(here), std::move(there)},
             Style::Bad});
    };
    for (std::size_t n = 0; n < row.items.size(); ++n) {
        const DifferingItem& item = row.items[n];
        machine(item_name(table, item.column), item.own, item.theirs);
        if (n < kItemsShown) person(item_title(table, item.column), item.own, item.theirs);
    }
    if (row.items.size() > kItemsShown)
        person(fmt::format("and {} items more", row.items.size() - kItemsShown), {}, {});
    if (!row.items.empty()) return;
    machine({}, {}, {});
    person(!row.there  ? "only here"
           : !row.here ? "only at the partner"
                       : "differs; the partner's items were not told",
           {}, {});
}

void PartnerRows::finish(Document& document) {
    document.fact("rows_differ", differ_);
    document.fact("rows_named", named_);
    document.fact("tables_not_looked_into", not_looked_into_);
    if (named_ != 0) {
        Group group;
        group.heading.push_back({"Rows that differ", Style::Title});
        group.rows = people_.rows.size();
        if (differ_ > named_)
            group.footer.push_back(
                {fmt::format("  and {} rows more in these tables", with_separators(differ_ - named_)),
                 Style::Warning});
        if (not_looked_into_ != 0)
            group.footer.push_back(
                {fmt::format("  {} tables more differ: narrow the time down with --from and "
                             "--to, or the switch with --acd",
                             with_separators(not_looked_into_)),
                 Style::Warning});
        people_.groups.push_back(std::move(group));
        document.tables.push_back(std::move(people_));
    }
    document.tables.push_back(std::move(machines_));
    for (std::string& why : why_) document.problems.push_back(std::move(why));
}

}  // namespace twinlink::cli
