// `twinlink store check`: everything in a store, read and compared with itself.
//
// The work is done by check() in a process of its own, which a damaged store may crash without harm. Reads
// only.
#include "engine/store/check.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

namespace twinlink::cli {

using namespace tools;

Result<Answer> run_store_check(const Arguments& arguments, const Rim&) {
    const std::string path = arguments.text(OptionId::Directory);
    const bool quick = arguments.has(OptionId::Quick);
    const auto report = check(path, quick ? CheckLevel::Quick : CheckLevel::Full);
    if (!report) return refuse_unread(path, report.error());
    Answer answer;
    Document& document = answer.document;
    document.command = "store check";
    document.fact("store", path);
    document.fact("level", std::string(quick ? "quick" : "full"));
    document.fact("healthy", report->healthy());
    document.opening.push_back({"Store in " + path + (quick ? ", quick check" : ""), Style::Title});
    const auto count = [&](const std::string& key, u64 value) {
        document.fact(key, value);
        document.opening.push_back({fmt::format("  {:<12}  {}", key, with_separators(value)), Style::Plain});
    };
    count("blocks", report->blocks);
    count("messages", report->messages);
    count("rows", report->rows);
    count("rolled", report->rolled);
    count("records", report->records);
    count("checkpoints", report->checkpoints);
    count("damaged", report->damaged);
    document.fact("findings_in_all", report->problems);

    Listing findings{"findings", {{"where", "where"}, {"what", "what is wrong"}}, {}, {}};
    for (const CheckFinding& finding : report->findings)
        findings.rows.push_back({{finding.where, finding.what}, Style::Bad});
    const u64 more = report->problems - std::min<u64>(report->problems, report->findings.size());
    if (more != 0)
        document.closing.push_back({fmt::format("and {} more", with_separators(more)), Style::Bad});
    document.closing.push_back(
        report->healthy()
            ? Line{quick ? "No problem found; values were not read (a full check does)."
                         : "No problem found.",
                   Style::Good}
            : Line{fmt::format("{} problems found. Nothing was changed.", with_separators(report->problems)),
                   Style::Bad});
    if (report->healthy()) findings.seen_by = For::Machines;
    document.tables.push_back(std::move(findings));
    if (!report->healthy()) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace twinlink::cli
