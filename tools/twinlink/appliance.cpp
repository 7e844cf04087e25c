// See appliance.hpp.
#include "tools/twinlink/appliance.hpp"

#include "tools/common/control_client.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace twinlink::cli {

using tools::ExitCode;

namespace {

using Json = nlohmann::ordered_json;

/// The schema that this program reads.
constexpr u64 kStatusSchema = 1;

u64 number(const Json& from, const char* key) {
    const auto at = from.find(key);
    if (at == from.end()) return 0;
    return at->is_boolean() ? u64{at->get<bool>()} : at->get<u64>();
}
std::string text(const Json& from, const char* key) {
    const auto at = from.find(key);
    return at == from.end() ? std::string() : tools::clean(at->get<std::string>());
}
const Json& part(const Json& from, const char* key) {
    static const Json kNone;
    const auto at = from.find(key);
    return at == from.end() ? kNone : *at;
}

/// The numbers of an object, by name; what is not a number is somebody else's.
NamedCounters counters(const Json& from) {
    NamedCounters all;
    for (const auto& [key, value] : from.items())
        if (value.is_number_unsigned()) all.emplace_back(tools::clean(key), value.get<u64>());
    return all;
}

StreamRecord stream_of(const Json& from) {
    StreamRecord s{};
    s.acd = static_cast<u16>(number(from, "acd"));
    s.epoch = number(from, "epoch");
    s.first_seen = number(from, "first_seen");
    s.watermark = number(from, "watermark");
    s.next = number(from, "next");
    s.messages = number(from, "messages");
    s.missing = number(from, "missing");
    s.last_time = number(from, "last_time");
    s.begun_wall = number(from, "begun_wall");
    s.last_wall = number(from, "last_wall");
    s.ended = number(from, "ended") != 0;
    return s;
}

ApplianceLink link_of(const Json& from, const StreamRecord& stream) {
    constexpr std::pair<const char*, u64 LinkRecord::*> kNumbers[] = {
        {"frames", &LinkRecord::frames},
        {"heartbeats", &LinkRecord::heartbeats},
        {"messages", &LinkRecord::messages},
        {"first_arrivals", &LinkRecord::first_arrivals},
        {"duplicates", &LinkRecord::duplicates},
        {"distinct", &LinkRecord::distinct},
        {"lost", &LinkRecord::lost},
        {"lost_alone", &LinkRecord::lost_alone},
        {"behind", &LinkRecord::behind},
        {"late", &LinkRecord::late},
        {"wild_frames", &LinkRecord::wild_frames},
        {"stale_frames", &LinkRecord::stale_frames},
        {"conflicts", &LinkRecord::conflicts},
        {"lag_ns_last", &LinkRecord::lag_ns_last},
        {"lag_ns_max", &LinkRecord::lag_ns_max},
        {"lag_ns_sum", &LinkRecord::lag_ns_sum},
        {"lag_count", &LinkRecord::lag_count},
        {"silences", &LinkRecord::silences},
        {"silent_ns", &LinkRecord::silent_ns},
        {"last_wall", &LinkRecord::last_wall},
    };
    ApplianceLink link;
    for (const auto& [key, member] : kNumbers) link.record.*member = number(from, key);
    link.record.acd = stream.acd;
    link.record.epoch = stream.epoch;
    link.record.link = text(from, "link") == "B" ? 1 : 0;
    link.record.silent = number(from, "silent") != 0;
    link.reach = number(from, "reach");
    link.verdicts = counters(part(from, "verdicts"));
    return link;
}

ApplianceStatus status_of(const Json& from) {
    ApplianceStatus s;
    s.version = text(from, "version");
    s.started = text(from, "started");
    s.state = text(from, "state");
    for (const Json& reason : part(from, "reasons"))
        s.reasons.push_back(tools::clean(reason.get<std::string>()));
    for (const Json& note : part(from, "notes")) s.notes.push_back(tools::clean(note.get<std::string>()));
    if (const Json& m = part(part(from, "service"), "maintenance"); m.is_object()) {
        s.maintenance_since = number(m, "since");
        s.maintenance_text = text(m, "text");
    }
    s.pid = number(from, "pid");
    s.uptime_s = number(from, "uptime_s");
    s.heartbeat_ages_ms = counters(part(from, "heartbeat_ages_ms"));
    const Json& store = part(from, "store");
    s.store_path = text(store, "path");
    s.store_error = text(store, "error");
    s.store_stopped = number(store, "stopped") != 0;
    s.store = counters(store);
    s.store_counters = counters(part(store, "counters"));
    s.messages = number(from, "messages");
    s.conflicts = number(from, "conflicts");
    s.refolds = number(from, "refolds");
    s.refolded_messages = number(from, "refolded_messages");
    s.refolding = number(from, "refolding") != 0;
    s.roll_ups = counters(part(from, "roll_ups"));
    const Json& import = part(from, "import");
    s.import_state = text(import, "state");
    s.import_path = text(import, "path");
    s.import_numbers = counters(import);
    s.import_counts = counters(part(import, "counts"));
    for (const Json& port : part(from, "ports"))
        s.ports.push_back({text(port, "link"), text(port, "title"), number(port, "up") != 0,
                           number(port, "ring_frames"), counters(part(port, "counters")),
                           counters(part(port, "refusals")), counters(part(port, "receive"))});
    for (const Json& acd : part(from, "acds")) {
        ApplianceAcd one;
        one.stream = stream_of(acd);
        one.name = text(acd, "name");
        one.utc_offset_minutes = acd.value("utc_offset_minutes", 0);
        one.open_gaps = number(acd, "open_gaps");
        one.parked_frames = number(acd, "parked_frames");
        one.collected = acd.value("collected", true);
        one.frames_left = number(acd, "frames_left");
        one.fold = counters(part(acd, "fold"));
        for (const Json& link : part(acd, "links")) one.links.push_back(link_of(link, one.stream));
        s.acds.push_back(std::move(one));
    }
    return s;
}

}  // namespace

std::pair<std::string, u64> ApplianceStatus::oldest_heartbeat_ms() const {
    const auto at = std::ranges::max_element(heartbeat_ages_ms, {}, &std::pair<std::string, u64>::second);
    return at == heartbeat_ages_ms.end() ? std::pair<std::string, u64>{} : *at;
}

u64 counter(const NamedCounters& counters, std::string_view name) noexcept {
    const auto at = std::ranges::find(counters, name, &std::pair<std::string, u64>::first);
    return at == counters.end() ? 0 : at->second;
}

Expected<ApplianceStatus> parse_status(std::string_view json) {
    const Json document = Json::parse(json, nullptr, false);
    if (!document.is_object()) return failure("it is not a JSON object");
    try {
        const u64 schema = number(document, "schema");
        if (schema != kStatusSchema)
            return failure(fmt::format("its schema is {}, this program reads {}", schema, kStatusSchema));
        return status_of(document);
    } catch (const Json::exception& error) {
        return failure(error.what());
    }
}

std::string socket_path(const Arguments& arguments, const Rim& rim) {
    if (arguments.has(OptionId::Socket)) return arguments.text(OptionId::Socket);
    const std::string set = rim.environment("TWINLINK_SOCKET");
    return set.empty() ? std::string(kSocketDefault) : set;
}

Result<ApplianceStatus> ask_status(const Arguments& arguments, const Rim& rim) {
    const std::string path = socket_path(arguments, rim);
    const auto answer = tools::ask(path, "status", rim.answer_timeout);
    if (!answer)
        return refuse(
            ExitCode::Unreachable,
            fmt::format(
                "the appliance does not answer on {}: {}. Start twinlinkd, or name another socket with "
                "--socket; --store DIR shows what a store holds without it",
                path, answer.error().text));
    auto status = parse_status(*answer);
    if (!status)
        return refuse(ExitCode::Internal, fmt::format("what answers on {} is no twinlinkd that this program "
                                                      "understands: {}. Are both of one version?",
                                                      path, status.error().text));
    return std::move(*status);
}

}  // namespace twinlink::cli
