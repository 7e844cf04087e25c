// `twinlink maintenance`, `collection`, `safe-mode` and `ups`: says to the appliance, or asks it, whether
// people work on it and which ACDs it shall not collect.
#include "tools/common/control_client.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlink/appliance.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace twinlink::cli {
namespace {

using namespace tools;
using Json = nlohmann::ordered_json;

/// Asks, and gives what the appliance says of its service.
Result<Json> ask_service(const std::string& question, const Arguments& arguments, const Rim& rim) {
    const std::string path = socket_path(arguments, rim);
    const auto answer = ask(path, question, rim.answer_timeout);
    if (!answer)
        return refuse(ExitCode::Unreachable,
                      fmt::format("the appliance does not answer on {}: {}. Nothing was changed. Start "
                                  "twinlinkd, or name another socket with --socket",
                                  path, answer.error().text));
    const Json document = Json::parse(*answer, nullptr, false);
    if (document.is_object())
        if (const auto error = document.find("error"); error != document.end() && error->is_string())
            return refuse(ExitCode::Problem, clean(error->get<std::string>()));
    const auto service = document.is_object() ? document.find("service") : document.end();
    if (!document.is_object() || service == document.end() || !service->is_object())
        return refuse(ExitCode::Internal,
                      fmt::format("what answers on {} is no twinlinkd that knows of this; are both of one "
                                  "version?",
                                  path));
    return *service;
}

std::string since(u64 wall) { return local_time(wall, 0, true) + " UTC"; }

/// "on", "off", or nothing to ask how things are.
Result<std::string> state_of(const Arguments& arguments) {
    const std::string state = arguments.text(OptionId::OnOff);
    if (state.empty() || state == "on" || state == "off") return state;
    return refuse(ExitCode::Usage, "\"" + clean(state) + "\" is neither on nor off.");
}

}  // namespace

Result<Answer> run_maintenance(const Arguments& arguments, const Rim& rim) {
    const auto state = state_of(arguments);
    if (!state) return std::unexpected(state.error());
    const std::string text = arguments.text(OptionId::Text);
    if (!text.empty() && *state != "on") return refuse(ExitCode::Usage, "--text belongs to on.");
    if (text.find('\n') != std::string::npos) return refuse(ExitCode::Usage, "--text is one line.");
    const auto service =
        ask_service("maintenance" + (state->empty() ? "" : " " + *state) + (text.empty() ? "" : " " + text),
                    arguments, rim);
    if (!service) return std::unexpected(service.error());
    Answer answer;
    Document& d = answer.document;
    d.command = "maintenance";
    const Json maintenance = service->value("maintenance", Json());
    const bool on = maintenance.is_object();
    const u64 begun = on ? maintenance.value("since", u64{0}) : 0;
    const std::string said = on ? clean(maintenance.value("text", std::string())) : std::string();
    d.fact("maintenance", on);
    d.fact("since", on ? Value{rfc3339_short(begun)} : Value{});
    d.fact("text", said.empty() ? Value{} : Value{said});
    if (on)
        d.opening.push_back(
            {fmt::format("In maintenance since {}{}{}. It collects as always; alarms are quiet "
                         "until: twinlink maintenance off",
                         since(begun), said.empty() ? "" : ": ", said),
             Style::Warning});
    else
        d.opening.push_back({"Not in maintenance.", Style::Plain});
    return answer;
}

Result<Answer> run_safe_mode(const Arguments& arguments, const Rim& rim) {
    const auto state = state_of(arguments);
    if (!state) return std::unexpected(state.error());
    if (*state == "on") return refuse(ExitCode::Usage, "safe mode is not for people to turn on.");
    const auto service = ask_service(state->empty() ? "safe-mode" : "safe-mode off", arguments, rim);
    if (!service) return std::unexpected(service.error());
    const Json safe = service->value("safe_mode", Json());
    const bool on = safe.is_object();
    const std::string where = on ? clean(safe.value("quarantined", std::string())) : std::string();
    const std::string why = on ? clean(safe.value("why", std::string())) : std::string();
    Answer answer;
    Document& d = answer.document;
    d.command = "safe-mode";
    d.fact("safe_mode", on);
    d.fact("since", on ? Value{rfc3339_short(safe.value("since", u64{0}))} : Value{});
    d.fact("quarantined", on ? Value{where} : Value{});
    d.fact("why", on ? Value{why} : Value{});
    if (on)
        d.opening.push_back({fmt::format("In safe mode since {}: {}. The store is now {}",
                                         since(safe.value("since", u64{0})), why, where),
                             Style::Bad});
    else
        d.opening.push_back({"Not in safe mode.", Style::Plain});
    if (on) answer.code = ExitCode::Problem;
    return answer;
}

Result<Answer> run_ups(const Arguments& arguments, const Rim& rim) {
    const std::string said = arguments.text(OptionId::UpsState);
    if (!said.empty() && said != "online" && said != "on-battery" && said != "low-battery")
        return refuse(ExitCode::Usage,
                      "\"" + clean(said) + "\" is neither online, on-battery nor low-battery.");
    const auto service = ask_service(said.empty() ? "ups" : "ups " + said, arguments, rim);
    if (!service) return std::unexpected(service.error());
    const Json power = service->value("power", Json::object());
    const std::string state = clean(power.value("state", std::string()));
    const u64 begun = power.value("since", u64{0});
    Answer answer;
    Document& d = answer.document;
    d.command = "ups";
    d.fact("power", state);
    d.fact("since", begun == 0 ? Value{} : Value{rfc3339_short(begun)});
    d.fact("backups_wait", service->value("backups_wait", false));
    const bool online = state == "online";
    if (online)
        d.opening.push_back({"On mains power.", Style::Plain});
    else
        d.opening.push_back(
            {fmt::format("On battery since {}{}. Backups wait.", since(begun),
                         state == "low-battery" ? ", and it is low: it commits and leaves" : ""),
             Style::Bad});
    // Whoever told it has done what was to be done.
    if (!online && said.empty()) answer.code = ExitCode::Problem;
    return answer;
}

Result<Answer> run_collection(const Arguments& arguments, const Rim& rim) {
    const auto state = state_of(arguments);
    if (!state) return std::unexpected(state.error());
    const auto acd = arguments.number(OptionId::Acd, std::numeric_limits<u16>::max());
    if (!acd) return std::unexpected(acd.error());
    if (state->empty() == acd->has_value())
        return refuse(ExitCode::Usage,
                      state->empty() ? "--acd belongs to on and off." : "which ACD? Name it with --acd N.");
    const auto service = ask_service(
        state->empty() ? std::string("collection") : fmt::format("collection {} acd={}", *state, **acd),
        arguments, rim);
    if (!service) return std::unexpected(service.error());
    Answer answer;
    Document& d = answer.document;
    d.command = "collection";
    Listing off{"collection_off",
                {{"acd", "ACD", Kind::Number}, {"since", "not collected since (UTC)", Kind::Time}},
                {},
                {}};
    for (const Json& one : service->value("collection_off", Json::array()))
        off.rows.push_back({{one.value("acd", u64{0}), one.value("since", u64{0})}, Style::Warning});
    d.opening.push_back({off.rows.empty() ? "All configured ACDs are collected."
                                          : "What these send is a gap; the partner fills it when they are "
                                            "collected again.",
                         Style::Plain});
    d.tables.push_back(std::move(off));
    return answer;
}

}  // namespace twinlink::cli
