// `twinlink restore data`: a data backup into a server that collects. The appliance does it; this program
// asks, watches, and tells what became of each row.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/import_watch.hpp"
#include "tools/twinlink/report_kinds.hpp"

#include "engine/store/restore_rule.hpp"

#include <fmt/format.h>

namespace twinlink::cli {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

/// Pages that are asked for at most: as many as the appliance keeps rows for.
constexpr std::size_t kPagesMax = 1'000;

constexpr std::size_t kVerdicts = static_cast<std::size_t>(RestoreVerdict::Count_);
/// What people read of each verdict; in a dry run behind "would be" where it takes.
constexpr std::array<std::string_view, kVerdicts> kMeanings{
    "taken: they were not here",
    "taken: here they were INCOMPLETE",
    "complete here: they stay",
    "not complete in the backup",
    "of intervals that are complete here without them",
    "of intervals that this server has yet to close",
    "older than this server keeps such rows",
};

Field field_of(RestoreVerdict verdict) {
    const std::string key(name(verdict));
    return {key, key, Kind::Count};
}

/// A list of the appliance, page by page.
Result<Json> fetch(std::string_view which, const Arguments& arguments, const Rim& rim) {
    Json all = Json::array();
    for (std::size_t page = 0; page < kPagesMax; ++page) {
        const auto answer = ask_document(fmt::format("restored {} {}", which, all.size()), arguments, rim);
        if (!answer) return std::unexpected(answer.error());
        for (const Json& one : answer->at(std::string(which))) all.push_back(one);
        if (!answer->value("more", false)) break;
    }
    return all;
}

std::string table_name(u64 id) {
    const Table* const table = id < 32 ? find_table(static_cast<TableId>(id)) : nullptr;
    return table == nullptr ? fmt::format("table {}", id) : std::string(report_kind(table->id).name);
}

Listing tables_listing(const Json& tables) {
    Listing listing{"tables",
                    {{"acd", "ACD", Kind::Number},
                     {"interval", "interval (UTC)", Kind::Time},
                     {"instance", "instance", Kind::Number, For::Machines},
                     {"table", "table"}},
                    {},
                    {}};
    for (std::size_t v = 0; v < kVerdicts; ++v)
        listing.columns.push_back(field_of(static_cast<RestoreVerdict>(v)));
    for (const Json& t : tables) {
        Row row{{t.at(0).get<u64>(), t.at(1).get<u64>(), t.at(2).get<u64>(), table_name(t.at(3).get<u64>())},
                {}};
        for (std::size_t v = 0; v < kVerdicts; ++v) row.values.emplace_back(t.at(4 + v).get<u64>());
        listing.rows.push_back(std::move(row));
    }
    return listing;
}

Listing rows_listing(const Json& rows) {
    Listing listing{"rows",
                    {{"acd", "ACD", Kind::Number},
                     {"interval", "interval (UTC)", Kind::Time},
                     {"instance", "instance", Kind::Number, For::Machines},
                     {"table", "table"},
                     {"entity", "of", Kind::Number},
                     {"entity2", "and", Kind::Number},
                     {"verdict", "verdict"}},
                    {},
                    {}};
    for (const Json& r : rows) {
        const auto verdict = r.at(6).get<std::size_t>();
        listing.rows.push_back({{r.at(0).get<u64>(), r.at(1).get<u64>(), r.at(2).get<u64>(),
                                 table_name(r.at(3).get<u64>()), r.at(4).get<u64>(), r.at(5).get<u64>(),
                                 std::string(verdict < kVerdicts ? name(static_cast<RestoreVerdict>(verdict))
                                                                 : std::string_view("?"))},
                                Style::Plain});
    }
    return listing;
}

/// The sums of its rows, for people and machines.
void add_rows(Document& document, const Json& restore, bool dry_run) {
    const Json& rows = restore.at("rows");
    document.fact("dry_run", dry_run);
    u64 all = 0;
    for (std::size_t v = 0; v < kVerdicts; ++v) {
        const auto verdict = static_cast<RestoreVerdict>(v);
        const u64 n = rows.value(std::string(name(verdict)), u64{0});
        document.fact("rows_" + std::string(name(verdict)), n);
        all += n;
        if (n == 0) continue;
        document.opening.push_back({fmt::format("  {} rows {}{}", with_separators(n),
                                                dry_run && takes(verdict) ? "would be " : "", kMeanings[v]),
                                    takes(verdict) ? Style::Good : Style::Plain});
    }
    for (const char* key :
         {"intervals", "intervals_whole", "damaged", "other_acd", "tables_told", "rows_told"})
        document.fact(std::string("restore_") + key, restore.value(key, u64{0}));
    if (all == 0) document.opening.push_back({"  no rows were read"});
    if (const u64 n = restore.value("intervals_whole", u64{0}); n != 0)
        document.opening.push_back(
            {fmt::format("  {} intervals are complete with them", with_separators(n)), Style::Good});
    if (const u64 n = restore.value("other_acd", u64{0}); n != 0)
        document.opening.push_back(
            {fmt::format("  {} rows are of ACDs that are not configured here, or not asked for",
                         with_separators(n)),
             Style::Warning});
    if (const u64 n = restore.value("damaged", u64{0}); n != 0)
        document.problems.push_back(
            fmt::format("{} entries of the backup make no sense and were left out", with_separators(n)));
}

/// Why nothing of it could be of use here; empty where something was, or is here already.
std::string why_in_vain(const Import& import) {
    const Json& restore = *import.restore();
    const Json& rows = restore.at("rows");
    const auto with = [&](RestoreVerdict verdict) { return rows.value(std::string(name(verdict)), u64{0}); };
    const u64 known = import.count("filled") + import.count("duplicate") + import.count("conflict") +
                      import.count("pruned") + with(RestoreVerdict::TookAbsent) +
                      with(RestoreVerdict::TookIncomplete) + with(RestoreVerdict::Complete) +
                      with(RestoreVerdict::NotMissed);
    if (known != 0) return {};
    std::string text;
    const auto add = [&](u64 n, std::string_view what) {
        if (n != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", with_separators(n), what);
    };
    add(import.count("unknown_epoch"),
        "messages are of an epoch that this server never saw, or that ended too long ago");
    add(import.count("beyond"), "messages are behind the highest name known here");
    add(with(RestoreVerdict::NotYet), "rows are of intervals that this server has yet to close");
    add(import.count("other_acd") + restore.value("other_acd", u64{0}),
        "messages and rows are of ACDs that are not configured here, or not asked for");
    return text;
}

Result<Answer> answer_of(const Import& import, bool verbose, const Arguments& arguments, const Rim& rim) {
    Answer answer = import_answer(import, "restore data");
    Document& document = answer.document;
    const Json* const restore = import.restore();
    if (restore == nullptr) return refuse(ExitCode::Internal, "the appliance tells of no restore");
    if (import.dry_run()) document.tables.clear();
    add_rows(document, *restore, import.dry_run());
    for (const std::string_view which : {"tables", "rows"}) {
        if (which == "rows" && !verbose) continue;
        const auto list = fetch(which, arguments, rim);
        if (!list) return std::unexpected(list.error());
        document.tables.push_back(which == "rows" ? rows_listing(*list) : tables_listing(*list));
    }
    if (import.dry_run())
        document.closing.push_back(
            {"Nothing was changed. Rows of intervals that messages fill come from these messages.",
             Style::Title});
    // What is missing still is no failure of the restore; `twinlink gaps` tells of that.
    const bool well = import.text("state") == "done" && import.count("conflict") == 0 &&
                      import.number("damaged") == 0 && restore->value("damaged", u64{0}) == 0;
    const std::string in_vain = well ? why_in_vain(import) : std::string();
    if (!in_vain.empty())
        document.problems.push_back(
            fmt::format("nothing of {} {} taken: {}. A data backup does not fill an empty store: a system "
                        "backup does (twinlink restore system), or the partner",
                        import.text("path"), import.dry_run() ? "would be" : "was", in_vain));
    answer.code = well && in_vain.empty() ? ExitCode::Ok : ExitCode::Problem;
    return answer;
}

}  // namespace

Result<Answer> run_restore_data(const Arguments& arguments, const Rim& rim) {
    const bool verbose = arguments.has(OptionId::Verbose) || arguments.has(OptionId::Json);
    const std::string words =
        std::string(arguments.has(OptionId::DryRun) ? "dry-run " : "") + (verbose ? "every-row " : "");
    const auto order = order_words(arguments, OptionId::File, words);
    if (!order) return std::unexpected(order.error());
    if (rim.interrupted) rim.interrupted();  // heeded from here on: nothing has begun yet
    try {
        auto begun = ask_import("restore " + *order, arguments, rim);
        if (!begun) return std::unexpected(begun.error());
        const auto ended = watch_import(std::move(*begun), arguments, rim);
        if (!ended) return std::unexpected(ended.error());
        return answer_of(*ended, verbose, arguments, rim);
    } catch (const Json::exception& error) {
        return refuse(ExitCode::Internal,
                      fmt::format("what the appliance says of the restore cannot be read: {}", error.what()));
    }
}

}  // namespace twinlink::cli
