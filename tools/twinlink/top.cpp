// `twinlink top`: what goes on at this moment: links, calls in queues, agents in their modes.
//
// Live over the control socket alone: none of it is in a store. Names come from the store where it can be
// read.
#include "tools/common/control_client.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/appliance.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace twinlink::cli {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

constexpr u64 kNowSchema = 1;
/// Agents that people see of each ACD; machines see all.
constexpr std::size_t kAgentsShown = 20;

u64 number(const Json& from, const char* key) {
    const auto at = from.find(key);
    return at == from.end() || !at->is_number_integer() ? 0 : at->get<u64>();
}
std::string text(const Json& from, const char* key) {
    const auto at = from.find(key);
    return at == from.end() || !at->is_string() ? std::string() : clean(at->get<std::string>());
}
/// The list under `key`; empty where there is none.
const Json& list(const Json& from, const char* key) {
    static const Json kNone = Json::array();
    const auto at = from.find(key);
    return at == from.end() || !at->is_array() ? kNone : *at;
}

/// How long ago `since` was; not known where it is 0.
Value for_how_long(u64 since, u64 now) { return since == 0 ? Value{} : Value{now > since ? now - since : 0}; }

/// Numbers to names, where a store is at hand.
class Names {
public:
    explicit Names(const std::string& store) {
        auto opened = StoreSource::open(store);
        if (opened) source_.emplace(std::move(*opened));
    }
    [[nodiscard]] Value of(Acd acd, NameKind kind, u64 number) const {
        if (!source_) return {};
        const auto name = source_->snapshot().name(acd, kind, number);
        return name ? Value{clean(*name)} : Value{};
    }

private:
    std::optional<StoreSource> source_;
};

struct Choice {
    std::optional<u64> acd;
    std::string skill;  ///< number or name; empty = all
    const Names& names;

    [[nodiscard]] bool takes_skill(Acd of, u64 skill_number) const {
        if (skill.empty() || skill == std::to_string(skill_number)) return true;
        const Value name = names.of(of, NameKind::Skill, skill_number);
        const auto* known = std::get_if<std::string>(&name);
        return known != nullptr && *known == skill;
    }
};

Listing skills_listing() {
    return {"skills",
            {{"acd", "ACD", Kind::Number},
             {"skill", "skill", Kind::Number},
             {"skill_name", "name"},
             {"in_queue", "in queue", Kind::Count},
             {"ringing_calls", "", Kind::Count, For::Machines},
             {"oldest_wait_ns", "oldest", Kind::Duration},
             {"staffed", "staffed", Kind::Count},
             {"available", "available", Kind::Count},
             {"ringing", "ringing", Kind::Count},
             {"on_calls", "on calls", Kind::Count},
             {"in_work", "ACW", Kind::Count},
             {"in_aux", "AUX", Kind::Count},
             {"other", "other", Kind::Count}},
            {},
            {}};
}

Listing agents_listing() {
    return {"agents",
            {{"acd", "ACD", Kind::Number},
             {"agent", "agent", Kind::Number},
             {"agent_name", "name"},
             {"extension", "extension", Kind::Number},
             {"mode", "mode"},
             {"mode_for_ns", "for", Kind::Duration},
             {"reason", "reason", Kind::Number},
             {"skill", "skill", Kind::Number},
             {"direction", "extension call"},
             {"held", "held", Kind::Count},
             {"skills", "skills", Kind::Count},
             {"call", "", Kind::Number, For::Machines},
             {"logged_in_for_ns", "logged in for", Kind::Duration}},
            {},
            {}};
}

void add_skills(Listing& listing, const Json& now, const Choice& choice) {
    const Acd acd{static_cast<u16>(number(now, "acd"))};
    for (const Json& s : list(now, "skills")) {
        const u64 skill = number(s, "skill");
        if (!choice.takes_skill(acd, skill)) continue;
        const bool waits = number(s, "in_queue") != 0 && number(s, "available") == 0;
        listing.rows.push_back(
            {{u64{acd.value}, skill, choice.names.of(acd, NameKind::Skill, skill), number(s, "in_queue"),
              number(s, "ringing_calls"), for_how_long(number(s, "oldest_since"), number(now, "time")),
              number(s, "staffed"), number(s, "available"), number(s, "ringing"), number(s, "on_calls"),
              number(s, "in_work"), number(s, "in_aux"), number(s, "other")},
             waits ? Style::Warning : Style::Plain});
    }
}

/// Everybody for machines; for people those who have been in their mode longest.
void add_agents(Listing& listing, const Json& now, const Choice& choice, std::size_t most) {
    const Acd acd{static_cast<u16>(number(now, "acd"))};
    std::vector<const Json*> agents;
    for (const Json& a : list(now, "agents")) agents.push_back(&a);
    if (most < agents.size()) {
        std::ranges::stable_sort(agents, {}, [](const Json* a) { return number(*a, "since"); });
        agents.resize(most);
    }
    for (const Json* a : agents) {
        const u64 id = number(*a, "agent");
        const std::string mode = text(*a, "mode");
        listing.rows.push_back(
            {{u64{acd.value}, id, choice.names.of(acd, NameKind::Agent, id), number(*a, "extension"), mode,
              for_how_long(number(*a, "since"), number(now, "time")),
              mode == "aux" ? Value{number(*a, "reason")} : Value{}, unless_zero(number(*a, "skill")),
              text(*a, "direction"), number(*a, "held"), number(*a, "skills"),
              unless_zero(number(*a, "call")), for_how_long(number(*a, "login"), number(now, "time"))},
             Style::Plain});
    }
}

/// "412 agents: 120 avail, 200 acd, ...".
std::string modes_text(const Json& now) {
    std::map<std::string, u64> modes;
    for (const Json& a : list(now, "agents")) ++modes[text(a, "mode")];
    std::string all;
    for (const auto& [mode, n] : modes) all += fmt::format("{}{} {}", all.empty() ? ": " : ", ", n, mode);
    return fmt::format("{} agents{}", list(now, "agents").size(), all);
}

void add_opening(Document& document, const Json& now, const ApplianceStatus& status) {
    const u64 acd = number(now, "acd");
    const auto known =
        std::ranges::find(status.acds, acd, [](const ApplianceAcd& a) { return u64{a.stream.acd}; });
    std::string name = known == status.acds.end() || known->name.empty() ? "" : " " + known->name;
    const int offset = known == status.acds.end() ? 0 : known->utc_offset_minutes;
    if (number(now, "time") == 0) {
        document.opening.push_back(
            {fmt::format("ACD {}{}: nothing was heard of it yet", acd, name), Style::Title});
        return;
    }
    document.opening.push_back(
        {fmt::format("ACD {}{} at {}: {} calls, {}", acd, name, local_time(number(now, "time"), offset, true),
                     with_separators(number(now, "calls")), modes_text(now)),
         Style::Title});
    if (!now.value("certain", false))
        document.opening.push_back(
            {"  messages are missing since the last whole pump-up: what follows may be off", Style::Warning});
}

Listing links_listing(const ApplianceStatus& status, const Choice& choice) {
    Listing listing{"links",
                    {{"acd", "ACD", Kind::Number},
                     {"link", "link"},
                     {"silent", "silent", Kind::Flag},
                     {"frames", "frames", Kind::Count},
                     {"lost", "lost", Kind::Count},
                     {"lost_alone", "alone", Kind::Count},
                     {"lag_last_ns", "lag", Kind::Duration},
                     {"open_gaps", "open gaps", Kind::Count}},
                    {},
                    {}};
    for (const ApplianceAcd& acd : status.acds) {
        if (choice.acd && *choice.acd != acd.stream.acd) continue;
        for (const ApplianceLink& link : acd.links) {
            const LinkRecord& l = link.record;
            listing.rows.push_back({{u64{l.acd}, std::string(1, letter(l.link == 0 ? Link::A : Link::B)),
                                     l.silent != 0, l.frames, l.lost, l.lost_alone,
                                     l.lag_count == 0 ? Value{} : Value{l.lag_ns_last}, acd.open_gaps},
                                    l.silent != 0 ? Style::Warning : Style::Plain});
        }
    }
    return listing;
}

Listing numbers_listing(const Json& acds, const Choice& choice, const char* key, Listing listing) {
    for (const Json& now : acds) {
        if (choice.acd && *choice.acd != number(now, "acd")) continue;
        for (const Json& one : list(now, key)) {
            Row row{{number(now, "acd")}, Style::Plain};
            for (std::size_t i = 1; i < listing.columns.size(); ++i)
                row.values.push_back(number(one, listing.columns[i].key.c_str()));
            listing.rows.push_back(std::move(row));
        }
    }
    return listing;
}

Result<Json> ask_now(const Arguments& arguments, const Rim& rim) {
    const std::string path = socket_path(arguments, rim);
    auto answer = ask(path, "now", rim.answer_timeout);
    if (!answer) return refuse(ExitCode::Unreachable, answer.error().text);
    Json json = Json::parse(*answer, nullptr, false);
    if (!json.is_object() || number(json, "schema") != kNowSchema)
        return refuse(ExitCode::Internal,
                      path + ": what answers there is no twinlinkd that this program knows.");
    return json;
}

}  // namespace

Result<Answer> run_top(const Arguments& arguments, const Rim& rim) {
    const auto acd = arguments.number(OptionId::Acd, 0xFFFF);
    if (!acd) return std::unexpected(acd.error());
    const auto status = ask_status(arguments, rim);
    if (!status) return std::unexpected(status.error());
    const auto now = ask_now(arguments, rim);
    if (!now) return std::unexpected(now.error());
    const Names names(status->store_path);
    const Choice choice{*acd, arguments.text(OptionId::Skill), names};
    const bool people = !arguments.has(OptionId::Json) && !arguments.has(OptionId::Csv);

    Answer answer;
    Document& document = answer.document;
    document.command = "top";
    Listing skills = skills_listing();
    Listing agents = agents_listing();
    const Json& acds = list(*now, "acds");
    for (const Json& one : acds) {
        if (choice.acd && *choice.acd != number(one, "acd")) continue;
        add_opening(document, one, *status);
        add_skills(skills, one, choice);
        add_agents(agents, one, choice, people ? kAgentsShown : list(one, "agents").size());
    }
    document.tables.push_back(links_listing(*status, choice));
    document.tables.push_back(std::move(skills));
    document.tables.push_back(std::move(agents));
    document.tables.push_back(
        numbers_listing(acds, choice, "vdns",
                        {"vdns",
                         {{"acd", "", Kind::Number}, {"vdn", "", Kind::Number}, {"waiting", "", Kind::Count}},
                         {},
                         {},
                         For::Machines}));
    document.tables.push_back(numbers_listing(acds, choice, "trunk_groups",
                                              {"trunk_groups",
                                               {{"acd", "ACD", Kind::Number},
                                                {"trunk_group", "trunk group", Kind::Number},
                                                {"trunks", "trunks", Kind::Count},
                                                {"in_use", "in use", Kind::Count},
                                                {"out_of_service", "out of service", Kind::Count}},
                                               {},
                                               {}}));
    return answer;
}

}  // namespace twinlink::cli
