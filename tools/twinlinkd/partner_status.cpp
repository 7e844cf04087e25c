// The pair as JSON: see status.hpp. Keys are part of the interface.
#include "tools/twinlinkd/status.hpp"

#include <nlohmann/json.hpp>

namespace twinlink::daemon {

using Json = nlohmann::ordered_json;

Json partner_json(const PartnerLinkStatus& status, Nanos mono) {
    const PartnerStatus& s = status.shim;
    const bool up = s.state == partner::SessionState::Up;
    Json streams = Json::array();
    for (const PartnerStatus::OfStream& of : s.streams) {
        streams.push_back({{"acd", of.stream.acd.value},
                           {"epoch", of.stream.epoch.value},
                           {"own_next", of.own_next.value},
                           {"their_next", of.their_next.value},
                           {"own_missing", of.own_missing},
                           {"their_missing", of.their_missing},
                           {"wanted", of.wanted},
                           {"wanted_there", of.wanted_there},
                           {"both_missing", of.both_missing}});
    }
    Json counters = Json::object();
    for (std::size_t c = 0; c < s.counters.size(); ++c)
        counters[std::string(info(static_cast<partner::Counter>(c)).name)] = s.counters[c];
    return {{"state", name(s.state)},
            {"text", s.text},
            {"address", status.address},
            {"server", s.partner_server},
            {"name", s.partner_name},
            {"version", s.version},
            {"up_s", up ? (mono - s.up_since).value / 1'000'000'000 : 0},
            {"round_trip_ns", s.round_trip.value},
            {"asked", s.asked},
            {"their_refilling", s.their_refilling},
            {"connections_refused", status.connections_refused},
            {"last_refusal", status.last_refusal},
            {"streams", streams},
            {"counters", counters}};
}

Json compared_json(std::span<const Compared> all) {
    Json tables = Json::array();
    for (const Compared& c : all) {
        tables.push_back({{"acd", c.acd.value},
                          {"start", c.start},
                          {"instance", c.instance},
                          {"table", find_table(c.table)->name},
                          {"likeness", name(c.likeness)},
                          {"why", c.why},
                          {"rows", c.own_rows},
                          {"their_rows", c.their_rows}});
    }
    return tables;
}

}  // namespace twinlink::daemon
