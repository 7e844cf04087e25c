// `twinlink store scrub`: has the appliance read everything that its store holds, or reads a store itself,
// and tells what cannot be believed any more and what becomes of it.
//
// The appliance mends what it finds; this program, with --store, only reports.
#include "engine/store/scrub_store.hpp"
#include "tools/common/control_client.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/appliance.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace twinlink::cli {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

constexpr Nanos kAskEvery = 200_ms;
constexpr std::size_t kBarWidth = 24;

/// What the appliance says of its scrubber.
struct Scrub {
    Json all;
    std::string store;

    [[nodiscard]] u64 number(const char* key) const { return all.value(key, u64{0}); }
};

Result<Scrub> ask_scrub(std::string_view question, const Arguments& arguments, const Rim& rim) {
    const std::string path = socket_path(arguments, rim);
    const auto answer = ask(path, question, rim.answer_timeout);
    if (!answer)
        return refuse(ExitCode::Unreachable,
                      fmt::format("the appliance does not answer on {}: {}. Start twinlinkd, name another "
                                  "socket with --socket, or read a store without it: --store DIR",
                                  path, answer.error().text));
    const Json document = Json::parse(*answer, nullptr, false);
    const auto scrub = document.is_object() ? document.find("scrub") : document.end();
    if (!document.is_object() || scrub == document.end() || !scrub->is_object())
        return refuse(
            ExitCode::Internal,
            fmt::format("what answers on {} says nothing of a scrub; are both of one version?", path));
    return Scrub{*scrub, clean(document.value("store", std::string()))};
}

void show_progress(const Scrub& scrub, const Rim& rim) {
    const u64 total = std::max<u64>(scrub.number("bytes_expected"), 1);
    const u64 percent = std::min<u64>(100, scrub.number("bytes") * 100 / total);
    const std::size_t full = static_cast<std::size_t>(percent) * kBarWidth / 100;
    rim.err(fmt::format("\r[{}{}] {:3} %, {} values damaged\x1b[K", std::string(full, '#'),
                        std::string(kBarWidth - full, ' '), percent,
                        with_separators(scrub.number("mending") + scrub.number("hopeless"))));
}

/// Begins a pass and waits for its end.
Result<Scrub> pass(const Arguments& arguments, const Rim& rim) {
    auto scrub = ask_scrub("scrub now", arguments, rim);
    while (scrub && scrub->all.value("asked", false)) {
        if (rim.err_is_terminal) show_progress(*scrub, rim);
        if (rim.interrupted && rim.interrupted()) {
            if (rim.err_is_terminal) rim.err("\r\x1b[K");
            return refuse(ExitCode::Problem,
                          "interrupted; the appliance goes on with its pass, and mends "
                          "what it finds: see twinlink status");
        }
        rim.pause(kAskEvery);
        scrub = ask_scrub("scrub", arguments, rim);
    }
    if (rim.err_is_terminal) rim.err("\r\x1b[K");
    return scrub;
}

void line(Document& document, std::string text, Style style = Style::Plain) {
    document.opening.push_back({std::move(text), style});
}

Listing finding_listing() {
    return {"findings",
            {{"where", "where"},
             {"what", "what is wrong"},
             {"state", "state"},
             {"mending", "what is done"},
             {"found", "found", Kind::Time}},
            {},
            {}};
}

Answer answer_of(const Scrub& scrub) {
    Answer answer;
    Document& document = answer.document;
    document.command = "store scrub";
    document.fact("store", scrub.store);
    for (const char* key :
         {"passes", "bytes_per_s", "bytes", "values", "errors", "mended", "mending", "hopeless"})
        document.fact(key, scrub.number(key));
    document.fact("last_pass", moment(scrub.number("last_pass_wall")));
    const u64 bad = scrub.number("mending") + scrub.number("hopeless");
    line(document, "Store in " + scrub.store + ", read by the appliance", Style::Title);
    line(document, fmt::format("  {:<12}  {}", "read", with_separators(scrub.number("bytes")) + " bytes"));
    line(document,
         fmt::format("  {:<12}  {} since the start", "passes", with_separators(scrub.number("passes"))));
    line(document, fmt::format("  {:<12}  {} values since the start", "damaged",
                               with_separators(scrub.number("errors"))));
    line(document, fmt::format("  {:<12}  {}", "mended", with_separators(scrub.number("mended"))));
    line(document, fmt::format("  {:<12}  {}", "under way", with_separators(scrub.number("mending"))));
    line(document, fmt::format("  {:<12}  {}", "hopeless", with_separators(scrub.number("hopeless"))),
         scrub.number("hopeless") != 0 ? Style::Bad : Style::Plain);
    Listing findings = finding_listing();
    const auto text = [](const Json& f, const char* key) { return clean(f.value(key, std::string())); };
    for (const Json& f : scrub.all.value("findings", Json::array()))
        findings.rows.push_back({{text(f, "where"), text(f, "what"), text(f, "state"), text(f, "mending"),
                                  unless_zero(f.value("found_wall", u64{0}))},
                                 text(f, "state") == "mended" ? Style::Plain : Style::Bad});
    document.closing.push_back(
        bad == 0 ? Line{"Nothing that the store holds is damaged.", Style::Good}
                 : Line{fmt::format("{} values are damaged. Those under way are made good by themselves: see "
                                    "twinlink status and twinlink gaps.",
                                    with_separators(bad)),
                        Style::Bad});
    if (findings.rows.empty()) findings.seen_by = For::Machines;
    document.tables.push_back(std::move(findings));
    if (bad != 0) answer.code = ExitCode::Problem;
    return answer;
}

Result<Answer> read_store(const std::string& path) {
    const auto scrub = scrub_store(path);
    if (!scrub) return refuse_unread(path, scrub.error());
    Answer answer;
    Document& document = answer.document;
    document.command = "store scrub";
    document.fact("store", path);
    document.fact("bytes", scrub->bytes);
    document.fact("values", scrub->values);
    document.fact("errors", scrub->damaged);
    line(document, "Store in " + path, Style::Title);
    line(document, fmt::format("  {:<12}  {} bytes in {} values", "read", with_separators(scrub->bytes),
                               with_separators(scrub->values)));
    line(document, fmt::format("  {:<12}  {}", "damaged", with_separators(scrub->damaged)),
         scrub->damaged != 0 ? Style::Bad : Style::Plain);
    Listing findings = finding_listing();
    for (const RotFinding& f : scrub->findings)
        findings.rows.push_back({{f.where, f.what, std::string("told"), std::string(), {}}, Style::Bad});
    document.closing.push_back(
        scrub->damaged == 0 ? Line{"Nothing that the store holds is damaged.", Style::Good}
                            : Line{"Nothing was changed. A running appliance makes good what can be: start "
                                   "twinlinkd, then twinlink store scrub.",
                                   Style::Bad});
    if (findings.rows.empty()) findings.seen_by = For::Machines;
    document.tables.push_back(std::move(findings));
    if (scrub->damaged != 0) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace

Result<Answer> run_store_scrub(const Arguments& arguments, const Rim& rim) {
    if (arguments.has(OptionId::Store)) return read_store(arguments.text(OptionId::Store));
    const auto scrub = pass(arguments, rim);
    if (!scrub) return std::unexpected(scrub.error());
    return answer_of(*scrub);
}

}  // namespace twinlink::cli
