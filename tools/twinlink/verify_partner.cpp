// `twinlink verify --partner`: whether both servers hold the same rows, table by table and interval by
// interval.
//
// The appliance has compared digests with its partner's already; this shows what came of it, and has the
// rows of what differs compared one by one.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/partner_rows.hpp"
#include "tools/twinlink/partner_source.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace twinlink::cli {

using namespace tools;

namespace {

struct Counts {
    u64 equal = 0;
    u64 different = 0;
    u64 not_comparable = 0;
};

Listing listing_of() {
    return {"tables",
            {{"acd", "ACD", Kind::Number},
             {"start", "interval (UTC)", Kind::Time},
             {"instance", "instance", Kind::Number},
             {"table", "table"},
             {"likeness", "it is"},
             {"rows", "rows here", Kind::Count},
             {"their_rows", "rows there", Kind::Count},
             {"why", "because"}},
            {},
            {}};
}

/// The question for the rows of a table that differs; nothing where the table is of a newer version.
std::optional<RowsQuestion> question_of(const nlohmann::ordered_json& of) {
    const Table* const table = find_table(of.value("table", std::string()));
    const Acd acd{of.value("acd", u16{0})};
    if (table == nullptr || acd.value == 0) return {};
    return RowsQuestion{table->id, acd, of.value("start", u64{0}), of.value("instance", u16{0})};
}

}  // namespace

Result<Answer> run_verify_partner(const Arguments& arguments, const Rim& rim) {
    const auto choice = TimeChoice::of(arguments, rim);
    if (!choice) return std::unexpected(choice.error());
    const auto document = ask_partner(arguments, rim, "compare");
    if (!document) return std::unexpected(document.error());
    Answer answer;
    Document& d = answer.document;
    d.command = "verify";
    Counts counts;
    PartnerRows rows;
    Listing all = listing_of();
    Listing people = listing_of();
    people.name = "differences";
    people.seen_by = For::People;
    all.seen_by = For::Machines;
    const auto tables = document->find("compared");
    if (tables == document->end() || !tables->is_array())
        return refuse(ExitCode::Internal, "the appliance compares nothing; are both of one version?");
    for (const auto& of : *tables) {
        const u64 start = of.value("start", u64{0});
        if (!choice->takes(Acd{of.value("acd", u16{0})}) || !choice->begins_in(start, 0)) continue;
        const std::string likeness = clean(of.value("likeness", std::string()));
        ++(likeness == "equal"       ? counts.equal
           : likeness == "different" ? counts.different
                                     : counts.not_comparable);
        Row row;
        row.values = {of.value("acd", u64{0}), start, of.value("instance", u64{0})};
        for (const char* key : {"table", "likeness"})
            row.values.emplace_back(clean(of.value(key, std::string())));
        for (const char* key : {"rows", "their_rows"}) row.values.emplace_back(of.value(key, u64{0}));
        row.values.emplace_back(clean(of.value("why", std::string())));
        if (likeness == "different") row.style = Style::Bad;
        if (const auto question = likeness == "different" ? question_of(of) : std::nullopt)
            if (const auto done = rows.look_into(arguments, rim, *question); !done)
                return std::unexpected(done.error());
        if (likeness != "equal") people.rows.push_back(row);
        all.rows.push_back(std::move(row));
    }
    const bool equal = counts.different == 0 && counts.not_comparable == 0 && counts.equal != 0;
    d.fact("holds", equal);
    d.fact("equal", counts.equal);
    d.fact("different", counts.different);
    d.fact("not_comparable", counts.not_comparable);
    const auto line = [&](std::string_view title, u64 value) {
        d.opening.push_back({fmt::format("  {:<16}  {}", title, with_separators(value)), Style::Plain});
    };
    d.opening.push_back({"Tables of closed intervals, here and at the partner", Style::Title});
    line("equal", counts.equal);
    line("different", counts.different);
    line("not comparable", counts.not_comparable);
    d.closing.push_back(
        equal ? Line{"Both servers hold the same rows.", Style::Good}
        : counts.different != 0
            ? Line{"Both servers hold the same messages and yet other rows: rot or a bug. Look at both with: "
                   "twinlink store check, twinlink verify.",
                   Style::Bad}
            : Line{"Nothing differs, but not all can be compared. Look at: twinlink partner, twinlink gaps.",
                   Style::Warning});
    d.tables.push_back(std::move(all));
    if (!people.rows.empty()) d.tables.push_back(std::move(people));
    rows.finish(d);
    if (!equal) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace twinlink::cli
