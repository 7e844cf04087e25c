// `twinlink upgrade check`: whether this server can be stopped now to get another version, without anything
// being lost that its partner could not give back.
//
// Asks the appliance, whatever version it is; looks at its store where it may. Changes nothing.
#include "engine/partner/messages.hpp"
#include "tools/twinlink/appliance.hpp"
#include "tools/twinlink/partner_source.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace twinlink::cli {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

enum class Verdict : u8 { Good, Note, Bad };

/// One condition, as it is now.
struct Check {
    const char* name;
    Verdict verdict;
    std::string text;
};
using Checks = std::vector<Check>;

void add(Checks& checks, const char* name, bool good, std::string when_good, std::string when_bad) {
    checks.push_back(
        {name, good ? Verdict::Good : Verdict::Bad, good ? std::move(when_good) : std::move(when_bad)});
}

bool is_off(const ApplianceStatus& s, u64 acd) {
    return std::ranges::any_of(s.acds,
                               [&](const ApplianceAcd& a) { return a.stream.acd == acd && !a.collected; });
}

/// "ACD 1, 3"
std::string names_of(const std::vector<u64>& acds) {
    std::string text = "ACD ";
    for (const u64 acd : acds) text += fmt::format("{}{}", acd == acds.front() ? "" : ", ", acd);
    return text;
}

void look_at_links(Checks& checks, const ApplianceStatus& s) {
    std::string silent;
    const bool any_off = std::ranges::any_of(s.acds, [](const ApplianceAcd& a) { return !a.collected; });
    for (const ApplianceAcd& acd : s.acds)
        for (const ApplianceLink& link : acd.links)
            if (acd.collected && (link.record.silent != 0 || link.record.frames == 0))
                silent += fmt::format("{}link {} of ACD {}", silent.empty() ? "" : ", ",
                                      letter(link.record.link == 0 ? Link::A : Link::B), acd.stream.acd);
    add(checks, "links", silent.empty() && !s.acds.empty(),
        any_off ? "both links of every ACD that is collected bring messages"
                : "both links of every ACD bring messages",
        s.acds.empty() ? "nothing was heard of any ACD yet" : silent + " brings nothing");
}

void look_at_this_server(Checks& checks, const ApplianceStatus& s) {
    add(checks, "store", !s.store_stopped, "commits go down", "it has stopped: " + s.store_error);
    look_at_links(checks, s);
    u64 gaps = 0;
    u64 of_off = 0;  // they stay open while it is off, whether this server runs or not
    for (const ApplianceAcd& acd : s.acds) (acd.collected ? gaps : of_off) += acd.open_gaps;
    add(checks, "gaps", gaps == 0,
        of_off == 0 ? "none is open here"
                    : fmt::format("none is open here but {} of ACDs whose collection is off", of_off),
        fmt::format("{} are open here", gaps));
    add(checks, "refolds", !s.refolding, "no rows are being folded again",
        "rows are being folded again: wait until that is done");
    add(checks, "import", s.import_state != "reading", "none is under way",
        fmt::format("{} is being read: wait, or interrupt it", s.import_path));
}

/// What is not collected here stays with the partner, and none of it is lost when this server stops; what is
/// not collected there only this server gets.
void look_at_collection(Checks& checks, const ApplianceStatus& s, const Json& partner, u64 held_back) {
    std::vector<u64> here;
    for (const ApplianceAcd& acd : s.acds)
        if (!acd.collected) here.push_back(acd.stream.acd);
    std::vector<u64> there;
    std::vector<u64> on_both;
    const auto theirs = partner.find("their_collection_off");
    if (theirs != partner.end() && theirs->is_array())
        for (const Json& acd : *theirs)
            (is_off(s, acd.get<u64>()) ? on_both : there).push_back(acd.get<u64>());
    if (!there.empty()) {
        checks.push_back({"collection", Verdict::Bad,
                          fmt::format("collection of {} is off at the partner: what comes while this server "
                                      "is stopped nobody would have",
                                      names_of(there))});
        return;
    }
    if (here.empty()) return;
    std::string text = fmt::format("collection of {} is off here", names_of(here));
    if (held_back != 0)
        text += fmt::format(": {} messages stay with the partner and come when it is on again",
                            with_separators(held_back));
    text += on_both.empty() ? "; the partner collects on, so this server may be stopped, but not the partner"
                            : fmt::format("; {} is collected by nobody", names_of(on_both));
    checks.push_back({"collection", Verdict::Note, std::move(text)});
}

/// What one of the two has and the other still lacks.
void look_at_exchange(Checks& checks, const ApplianceStatus& s, const Json& partner) {
    u64 wanted = 0;
    u64 held_back = 0;  // of ACDs whose collection is off here
    u64 wanted_there = 0;
    if (const auto streams = partner.find("streams"); streams != partner.end())
        for (const Json& of : *streams) {
            (is_off(s, of.value("acd", u64{0})) ? held_back : wanted) += of.value("wanted", u64{0});
            wanted_there += of.value("wanted_there", u64{0});
        }
    const u64 to_come = partner.value("to_come", u64{0});
    wanted = std::max(wanted, to_come - std::min(to_come, held_back));
    look_at_collection(checks, s, partner, held_back);
    const bool busy_there = partner.value("their_refilling", u64{0}) != 0;
    add(checks, "exchange", wanted == 0 && wanted_there == 0 && !busy_there,
        held_back == 0 ? "neither lacks what the other has"
                       : "neither lacks what the other has, but for what is not collected here",
        wanted != 0 ? fmt::format("{} messages that the partner has are to come", with_separators(wanted))
        : wanted_there != 0
            ? fmt::format("the partner lacks {} messages that are here", with_separators(wanted_there))
            : std::string("the partner is still filling or folding again"));
}

void look_at_rows(Checks& checks, const Json& document) {
    u64 equal = 0;
    u64 different = 0;
    u64 others = 0;
    if (const auto tables = document.find("compared"); tables != document.end() && tables->is_array())
        for (const Json& of : *tables) {
            const auto likeness = of.value("likeness", std::string());
            ++(likeness == "equal" ? equal : likeness == "different" ? different : others);
        }
    if (different == 0 && (others != 0 || equal == 0)) {
        checks.push_back({"rows", Verdict::Note,
                          equal + others == 0
                              ? std::string("no interval is closed yet on both servers")
                              : fmt::format("{} tables are equal, {} cannot be compared now (twinlink verify "
                                            "--partner says why)",
                                            equal, others)});
        return;
    }
    add(checks, "rows", different == 0,
        fmt::format("equal on both servers ({} tables of closed intervals)", equal),
        fmt::format("{} tables differ between the servers: twinlink verify --partner names the rows",
                    different));
}

void look_at_partner(Checks& checks, const ApplianceStatus& s, const Json& document) {
    const Json& partner = document.at("partner");
    const bool up = partner.value("state", std::string()) == "up";
    add(checks, "partner", up,
        fmt::format("server {} ({}) is connected", partner.value("server", u64{0}),
                    clean(partner.value("name", std::string()))),
        "it is away: " + clean(partner.value("text", std::string())));
    if (!up) return;
    look_at_exchange(checks, s, partner);
    look_at_rows(checks, document);
    const u64 spoken = partner.value("version", u64{0});
    add(checks, "protocol", spoken >= partner::kVersionMin && spoken <= partner::kVersionMax,
        fmt::format("the pair speaks version {}, this program {} to {}", spoken, partner::kVersionMin,
                    partner::kVersionMax),
        fmt::format(
            "the pair speaks version {}, this program only {} to {}: go by way of a version in between",
            spoken, partner::kVersionMin, partner::kVersionMax));
}

void look_at_format(Checks& checks, const std::string& store) {
    const auto source = StoreSource::open(store);
    if (!source) {
        checks.push_back({"format", Verdict::Bad, source.error().text});
        return;
    }
    const auto info = source->snapshot().info();
    if (!info)
        checks.push_back({"format", Verdict::Bad, info.error().text});
    else if (info->format < kStoreFormat)
        checks.push_back(
            {"format", Verdict::Note,
             fmt::format("the store has format {}; the first start of {} makes it {}, which older "
                         "versions refuse: make a system backup if there shall be a way back",
                         info->format, TWINLINK_VERSION, kStoreFormat)});
    else
        checks.push_back(
            {"format", Verdict::Good, fmt::format("the store has this program's, {}", kStoreFormat)});
}

Listing listing_of(const Checks& checks) {
    Listing listing{"checks", {{"verdict", ""}, {"check", "what"}, {"text", "how it is"}}, {}, {}};
    for (const Check& c : checks) {
        const char* const verdict = c.verdict == Verdict::Good   ? "ok"
                                    : c.verdict == Verdict::Note ? "note"
                                                                 : "NO";
        const Style style = c.verdict == Verdict::Good   ? Style::Good
                            : c.verdict == Verdict::Note ? Style::Warning
                                                         : Style::Bad;
        listing.rows.push_back({{std::string(verdict), std::string(c.name), c.text}, style});
    }
    return listing;
}

}  // namespace

Result<Answer> run_upgrade_check(const Arguments& arguments, const Rim& rim) {
    const auto status = ask_status(arguments, rim);
    if (!status) return std::unexpected(status.error());
    const auto document = ask_partner(arguments, rim, "compare");
    if (!document) return std::unexpected(document.error());
    Checks checks;
    look_at_this_server(checks, *status);
    look_at_partner(checks, *status, *document);
    look_at_format(checks,
                   arguments.has(OptionId::Store) ? arguments.text(OptionId::Store) : status->store_path);

    const bool safe = std::ranges::none_of(checks, [](const Check& c) { return c.verdict == Verdict::Bad; });
    Answer answer;
    Document& d = answer.document;
    d.command = "upgrade check";
    d.fact("safe", safe);
    d.fact("running_version", status->version);
    d.fact("version", std::string(TWINLINK_VERSION));
    d.opening.push_back(
        {fmt::format("twinlinkd {} runs; this program is of version {}", status->version, TWINLINK_VERSION),
         Style::Title});
    d.tables.push_back(listing_of(checks));
    d.closing.push_back(
        safe ? Line{"Safe now: this server can be stopped; its partner collects meanwhile.", Style::Good}
             : Line{"Not now. Nothing was changed.", Style::Bad});
    if (!safe) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace twinlink::cli
