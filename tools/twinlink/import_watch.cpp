// See import_watch.hpp.
#include "tools/twinlink/import_watch.hpp"

#include "tools/common/control_client.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/appliance.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <limits>

namespace twinlink::cli {

using namespace tools;
using Json = nlohmann::ordered_json;

namespace {

constexpr Nanos kAskEvery = 200_ms;
/// A question to the appliance is one line of at most 4 KiB.
constexpr std::size_t kPathMax = 4'000;
constexpr std::size_t kBarWidth = 24;

/// "[########        ] 33 %, 12,345 messages filled (reading)", over the line before.
void show_progress(const Import& import, const Rim& rim) {
    const u64 total = std::max<u64>(import.number("bytes_total"), 1);
    const u64 percent = import.text("state") == "reading" ? import.number("bytes") * 100 / total : 100;
    const std::size_t full = static_cast<std::size_t>(percent) * kBarWidth / 100;
    rim.err(fmt::format("\r[{}{}] {:3} %, {} messages filled, {}\x1b[K", std::string(full, '#'),
                        std::string(kBarWidth - full, ' '), percent, with_separators(import.count("filled")),
                        import.text("state")));
}

std::string plural(u64 n, std::string_view one) {
    return fmt::format("{} {}{}", with_separators(n), one, n == 1 ? "" : "s");
}

/// Counts that are not 0: their key, and what people read.
constexpr std::pair<const char*, const char*> kRefused[] = {
    {"conflict", "are here with other bytes; ours stay"},
    {"other_acd", "are of an ACD that is not configured here, or not asked for"},
    {"unknown_epoch", "are of an epoch that this server never saw, or that ended too long ago"},
    {"beyond", "are behind the highest name known here: the links bring them"},
    {"pruned", "left this server's journal long ago"},
    {"merged", "lie in gaps that were merged for want of room"},
    {"unreadable", "lie in a damaged block of this server's journal"},
};

void add_facts(Document& document, const Import& import) {
    for (const char* key : {"state", "path", "source", "error"}) {
        const std::string text = import.text(key);
        document.fact(key, text.empty() ? Value{} : Value{text});
    }
    document.fact("started", moment(import.number("started_wall")));
    for (const char* key :
         {"took_ns", "bytes", "messages", "packets", "not_udp", "frames", "blocks", "damaged"})
        document.fact(key, import.number(key));
    document.fact("filled", import.count("filled"));
    document.fact("duplicate", import.count("duplicate"));
    for (const auto& [key, _] : kRefused) document.fact(key, import.count(key));
    for (const char* key : {"missing_before", "missing_after", "gaps_closed"})
        document.fact(key, import.number(key));
}

void add_lines(Document& document, const Import& import) {
    const auto line = [&](std::string text, Style style = Style::Plain) {
        document.opening.push_back({std::move(text), style});
    };
    const u64 missing = import.number("missing_after");
    line(fmt::format("{} {}: {}, {} read in {}", import.text("source"), import.text("path"),
                     import.text("state"), plural(import.number("messages"), "message"),
                     span_text(import.number("took_ns"))),
         Style::Title);
    if (import.dry_run())
        line(fmt::format("  {} would be filled, {} here already", with_separators(import.count("filled")),
                         with_separators(import.count("duplicate"))));
    else
        line(fmt::format("  {} filled in {}, {} here already", with_separators(import.count("filled")),
                         plural(import.number("gaps_closed"), "gap"),
                         with_separators(import.count("duplicate"))));
    for (const auto& [key, meaning] : kRefused)
        if (const u64 n = import.count(key); n != 0)
            line(fmt::format("  {} {}", with_separators(n), meaning), Style::Warning);
    if (const auto refused = import.all.find("refused_frames"); refused != import.all.end())
        for (const auto& [reason, n] : refused->items())
            line(fmt::format("  {} payloads are no valid frame: {}", with_separators(n.get<u64>()),
                             clean(reason)),
                 Style::Warning);
    if (const u64 n = import.number("not_udp"); n != 0)
        line(fmt::format("  {} of {} hold no whole UDP payload", with_separators(n),
                         plural(import.number("packets"), "packet")));
    // Of what this server has heard of: a stream that it never saw lacks nothing here, and neither does what
    // has yet to come.
    const u64 acd = import.number("acd");
    const u64 before = import.number("missing_before");
    const std::string of = acd == 0 ? "" : fmt::format(" of ACD {}", acd);
    if (missing == 0)
        line(fmt::format("  of what this server has heard of, nothing{} {}", of,
                         before == 0 ? "was missing" : "is missing any more"),
             Style::Good);
    else
        line(fmt::format("  still missing: {}{} (before: {}); see twinlink gaps", plural(missing, "name"), of,
                         with_separators(before)),
             Style::Warning);
}

Listing closed_listing(const Import& import) {
    Listing listing{"closed",
                    {{"acd", "ACD", Kind::Number},
                     {"epoch", "epoch", Kind::Number},
                     {"first", "first", Kind::Number},
                     {"last", "last", Kind::Number},
                     {"names", "names", Kind::Count}},
                    {},
                    {}};
    const auto closed = import.all.find("closed");
    if (closed == import.all.end()) return listing;
    for (const Json& gap : *closed) {
        const u64 first = gap.value("first", u64{0});
        const u64 last = gap.value("last", u64{0});
        listing.rows.push_back(
            {{gap.value("acd", u64{0}), gap.value("epoch", u64{0}), first, last, last + 1 - first},
             Style::Plain});
    }
    Group group;
    group.heading.push_back({listing.rows.empty() ? "No gap was closed" : "Closed:", Style::Title});
    group.rows = listing.rows.size();
    if (const u64 all = import.number("gaps_closed"); all > group.rows)
        group.footer.push_back(
            {fmt::format("  and {} more; see twinlink gaps", all - group.rows), Style::Faint});
    listing.groups.push_back(std::move(group));
    return listing;
}

}  // namespace

Result<Json> ask_document(const std::string& question, const Arguments& arguments, const Rim& rim) {
    const std::string path = socket_path(arguments, rim);
    const auto answer = ask(path, question, rim.answer_timeout);
    if (!answer)
        return refuse(
            ExitCode::Unreachable,
            fmt::format("the appliance does not answer on {}: {}. It fills its store itself, so twinlinkd "
                        "must run: start it, or name another socket with --socket",
                        path, answer.error().text));
    const Json document = Json::parse(*answer, nullptr, false);
    if (!document.is_object())
        return refuse(ExitCode::Internal, fmt::format("what answers on {} is no twinlinkd", path));
    if (const auto error = document.find("error"); error != document.end() && error->is_string())
        return refuse(ExitCode::Problem, clean(error->get<std::string>()));
    return document;
}

Result<Import> ask_import(const std::string& question, const Arguments& arguments, const Rim& rim) {
    const auto answer = ask_document(question, arguments, rim);
    if (!answer) return std::unexpected(answer.error());
    const Json& document = *answer;
    const auto import = document.find("import");
    if (import == document.end() || !import->is_object())
        return refuse(ExitCode::Internal,
                      "the appliance says nothing of an import; are both of one version?");
    return Import{*import};
}

Result<std::string> order_words(const Arguments& arguments, OptionId id, std::string_view words) {
    const std::string given = arguments.text(id);
    std::error_code error;
    const std::string path = std::filesystem::absolute(given, error).string();
    if (error || given.empty() || path.size() > kPathMax || path.find('\n') != std::string::npos)
        return refuse(ExitCode::Usage, std::string(find_option(id)->value) + ": \"" + clean(given) +
                                           "\" is no path that can be asked for.");
    const auto acd = arguments.number(OptionId::Acd, std::numeric_limits<u16>::max());
    if (!acd) return std::unexpected(acd.error());
    return (*acd ? fmt::format("acd={} ", **acd) : "") + std::string(words) + path;
}

Result<Import> watch_import(Import import, const Arguments& arguments, const Rim& rim) {
    const u64 id = import.number("id");
    const bool restore = import.restore() != nullptr;
    bool cancelled = false;
    while (!import.over()) {
        if (rim.err_is_terminal) show_progress(import, rim);
        rim.pause(kAskEvery);
        const bool cancel = !cancelled && rim.interrupted && rim.interrupted();
        cancelled = cancelled || cancel;
        auto next = ask_import(cancel ? "import cancel" : "import", arguments, rim);
        if (rim.err_is_terminal && (!next || next->over())) rim.err("\r\x1b[K");
        if (!next) {
            next.error().text += restore ? ". What was taken so far stays; restore again to go on"
                                         : ". What was filled so far stays; import again to go on";
            return next;
        }
        if (next->number("id") != id)
            return refuse(ExitCode::Problem,
                          fmt::format("it is over, and another {} has begun since; see twinlink gaps",
                                      next->restore() != nullptr ? "restore" : "import"));
        import = std::move(*next);
    }
    return import;
}

Answer import_answer(const Import& import, std::string_view command) {
    Answer answer;
    Document& document = answer.document;
    document.command = command;
    add_facts(document, import);
    add_lines(document, import);
    document.tables.push_back(closed_listing(import));
    const std::string state = import.text("state");
    if (state != "done") {
        const std::string error = import.text("error");
        document.problems.push_back(
            fmt::format("{} of {}: {}. What was filled before that stays; nothing else was changed",
                        import.text("source") == "backup" ? "restore" : "import", import.text("path"),
                        error.empty() ? state : error));
    }
    if (const auto remarks = import.all.find("remarks"); remarks != import.all.end())
        for (const Json& remark : *remarks) document.problems.push_back(clean(remark.get<std::string>()));
    const bool well =
        document.problems.empty() && import.number("missing_after") == 0 && import.count("conflict") == 0;
    answer.code = well ? ExitCode::Ok : ExitCode::Problem;
    return answer;
}

}  // namespace twinlink::cli
