// `twinlink partner`: the session with the partner, what each side lacks, and how filling goes on.
#include "tools/common/control_client.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/appliance.hpp"
#include "tools/twinlink/partner_source.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

namespace twinlink::cli {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

struct Partner {
    Json all;

    [[nodiscard]] u64 number(const char* key) const { return all.value(key, u64{0}); }
    [[nodiscard]] std::string text(const char* key) const { return clean(all.value(key, std::string())); }
    [[nodiscard]] u64 counter(const char* key) const {
        const auto counters = all.find("counters");
        return counters == all.end() ? 0 : counters->value(key, u64{0});
    }
    [[nodiscard]] bool up() const { return text("state") == "up"; }
};

Listing stream_listing(const Partner& partner, u64& wanted) {
    Listing listing{"streams",
                    {{"acd", "ACD", Kind::Number},
                     {"epoch", "epoch", Kind::Number},
                     {"own_next", "", Kind::Number, For::Machines},
                     {"their_next", "", Kind::Number, For::Machines},
                     {"ahead", "we are ahead by", Kind::Count},
                     {"behind", "behind by", Kind::Count},
                     {"own_missing", "missing here", Kind::Count},
                     {"wanted", "which they have", Kind::Count},
                     {"their_missing", "missing there", Kind::Count},
                     {"wanted_there", "which we have", Kind::Count},
                     {"both_missing", "missing on both", Kind::Count}},
                    {},
                    {}};
    const auto streams = partner.all.find("streams");
    if (streams == partner.all.end()) return listing;
    for (const Json& of : *streams) {
        const auto n = [&](const char* key) { return of.value(key, u64{0}); };
        const u64 own = n("own_next");
        const u64 theirs = n("their_next");
        wanted += n("wanted");
        // Of what the partner has not told yet nothing is known.
        const auto if_told = [&](u64 value) {
            Value known;
            if (theirs != 0) known = value;
            return known;
        };
        Row row;
        for (const u64 value : {n("acd"), n("epoch"), own}) row.values.emplace_back(value);
        for (const u64 value : {theirs, own - std::min(own, theirs), theirs - std::min(own, theirs)})
            row.values.push_back(if_told(value));
        for (const char* key : {"own_missing", "wanted"}) row.values.emplace_back(n(key));
        for (const char* key : {"their_missing", "wanted_there", "both_missing"})
            row.values.push_back(if_told(n(key)));
        if (n("wanted") != 0) row.style = Style::Warning;
        listing.rows.push_back(std::move(row));
    }
    Group group;
    group.rows = listing.rows.size();
    group.heading.push_back({"What each holds durably", Style::Title});
    listing.groups.push_back(std::move(group));
    return listing;
}

}  // namespace

Result<Json> ask_partner(const Arguments& arguments, const Rim& rim, const std::string& question) {
    const std::string path = socket_path(arguments, rim);
    const auto answer = ask(path, question, rim.answer_timeout);
    if (!answer)
        return refuse(ExitCode::Unreachable,
                      fmt::format("the appliance does not answer on {}: {}. Start twinlinkd, or name another "
                                  "socket with --socket",
                                  path, answer.error().text));
    Json document = Json::parse(*answer, nullptr, false);
    const auto partner = document.is_object() ? document.find("partner") : document.end();
    if (!document.is_object() || partner == document.end())
        return refuse(ExitCode::Internal, fmt::format("what answers on {} is no twinlinkd", path));
    if (!partner->is_object())
        return refuse(ExitCode::Problem,
                      "this server has no partner: its configuration has no [partner] table");
    return document;
}

Result<Answer> run_partner(const Arguments& arguments, const Rim& rim) {
    auto asked = ask_partner(arguments, rim, "partner");
    if (!asked) return std::unexpected(asked.error());
    const Partner p{asked->at("partner")};
    Answer answer;
    Document& d = answer.document;
    d.command = "partner";
    for (const char* key : {"state", "text", "address", "name"}) d.fact(key, p.text(key));
    for (const char* key :
         {"own_server", "server", "version", "up_s", "round_trip_ns", "asked", "to_come", "catch_up_of",
          "catch_up_names_per_s", "catch_up_left_ns", "their_refilling", "connections_refused"})
        d.fact(key, p.number(key));
    d.fact("last_refusal", p.text("last_refusal"));
    const auto line = [&](std::string_view label, std::string text, Style style = Style::Plain) {
        d.opening.push_back({fmt::format("{:>9}: {}", label, text), style});
    };
    if (p.up()) {
        line("session",
             fmt::format("up for {} with server {} ({}), {}", span_text(p.number("up_s") * kSecondNs),
                         p.number("server"), p.text("name"), p.text("address")));
        line("protocol", fmt::format("version {}, round trip {}", p.number("version"),
                                     span_text(p.number("round_trip_ns"))));
        if (!p.text("text").empty()) line("note", p.text("text"), Style::Warning);
    } else {
        line("session", fmt::format("{}: {}", p.text("state"), p.text("text")), Style::Bad);
        line("address", p.text("address"));
    }
    if (const Json theirs = p.all.value("their_maintenance", Json()); theirs.is_object()) {
        const u64 since = theirs.value("since", u64{0});
        const std::string said = clean(theirs.value("text", std::string()));
        d.fact("their_maintenance_since", rfc3339_short(since));
        d.fact("their_maintenance_text", said);
        line("partner",
             fmt::format("in maintenance since {} UTC{}{}", local_time(since, 0, true),
                         said.empty() ? "" : ": ", said),
             Style::Warning);
    }
    for (const Json& acd : p.all.value("their_collection_off", Json::array()))
        line("partner", fmt::format("was told not to collect ACD {}", acd.get<u64>()), Style::Warning);
    line("asked",
         fmt::format("{} messages in {} requests, of which {} came, {} under way",
                     with_separators(p.counter("names_asked")), with_separators(p.counter("wants_out")),
                     with_separators(p.counter("names_in")), with_separators(p.number("asked"))));
    if (p.number("to_come") != 0) {
        const u64 of = std::max(p.number("catch_up_of"), p.number("to_come"));
        std::string text = fmt::format("{} of {} messages to come", with_separators(p.number("to_come")),
                                       with_separators(of));
        if (const u64 rate = p.number("catch_up_names_per_s"); rate != 0)
            text += fmt::format(", {} a second, about {} left", with_separators(rate),
                                span_text(p.number("catch_up_left_ns")));
        else
            text += "; how fast they come is not known yet";
        line("catch-up", text, Style::Warning);
    }
    line("lent", fmt::format("{} messages for {} requests; the partner lacks {} more",
                             with_separators(p.counter("names_lent")), with_separators(p.counter("wants_in")),
                             with_separators(p.number("their_refilling"))));
    line("mirror",
         fmt::format("{} accounts sent, {} bytes; {} heard", with_separators(p.counter("haves_out")),
                     with_separators(p.counter("have_bytes_out")), with_separators(p.counter("haves_in"))));
    if (p.number("connections_refused") != 0)
        line("refused",
             fmt::format("{} connections; the latest because {}",
                         with_separators(p.number("connections_refused")), p.text("last_refusal")),
             Style::Warning);
    u64 wanted = 0;
    d.tables.push_back(stream_listing(p, wanted));
    Listing counters{"counters", {{"counter", ""}, {"value", "", Kind::Count}}, {}, {}, For::Machines};
    if (const auto all = p.all.find("counters"); all != p.all.end())
        for (const auto& [name, value] : all->items())
            counters.rows.push_back({{name, value.get<u64>()}, Style::Plain});
    d.tables.push_back(std::move(counters));
    if (!p.up() || wanted != 0) answer.code = ExitCode::Problem;
    return answer;
}

}  // namespace twinlink::cli
