// The pair as JSON: see status.hpp. Keys are part of the interface.
#include "tools/common/account_json.hpp"
#include "tools/twinlinkd/loops.hpp"
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
    Json off = Json::array();
    for (const Acd acd : s.their_condition.off) off.push_back(acd.value);
    Json maintenance = nullptr;
    if (s.their_condition.maintenance())
        maintenance = {{"since", s.their_condition.since}, {"text", s.their_condition.text}};
    Json counters = Json::object();
    for (std::size_t c = 0; c < s.counters.size(); ++c)
        counters[std::string(info(static_cast<partner::Counter>(c)).name)] = s.counters[c];
    return {{"state", name(s.state)},
            {"text", s.text},
            {"address", status.address},
            {"own_server", status.own_server},
            {"own_name", status.own_name},
            {"server", s.partner_server},
            {"name", s.partner_name},
            {"version", s.version},
            {"up_s", up ? (mono - s.up_since).value / 1'000'000'000 : 0},
            {"round_trip_ns", s.round_trip.value},
            {"asked", s.asked},
            {"to_come", s.to_come},
            {"catch_up_of", status.progress.of},
            {"catch_up_names_per_s", status.progress.names_per_s},
            {"catch_up_left_ns", status.progress.left.value},
            {"their_refilling", s.their_refilling},
            {"their_maintenance", maintenance},
            {"their_collection_off", off},
            {"their_power", (s.their_condition.flags & partner::kLowBattery) != 0  ? "low-battery"
                            : (s.their_condition.flags & partner::kOnBattery) != 0 ? "on-battery"
                                                                                   : "online"},
            {"their_bye", s.their_bye ? Json(name(*s.their_bye)) : Json(nullptr)},
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

namespace {

/// Longer than the shim takes for an answer, and than a client is kept.
constexpr Nanos kPartnerThreadLimit = 4'500_ms;
/// How long a question waits for those of others.
constexpr Nanos kTurnLimit = 2_s;

/// A question for the partner's account while it is under way.
class Asking {
public:
    Asking(PartnerLink& partner, const AccountQuestion& question, std::string store, Nanos now)
        : partner_(partner), question_(question), store_(std::move(store)), begun_(now) {}

    std::optional<std::string> operator()() {
        const Nanos waited = clocks().mono - begun_;
        if (!answer_) answer_ = partner_.ask_account(question_);
        if (!answer_ && waited >= kTurnLimit) return text("other questions to the partner are under way");
        if (!answer_) return {};
        if (answer_->done()) return text({});
        if (waited >= kPartnerThreadLimit) return text("the partner's thread does not answer");
        return {};
    }

private:
    /// `why`: nothing can be said of the answer, because ...
    std::string text(std::string why) {
        tools::AccountPart part;
        part.kind = question_.kind;
        part.next = question_.next;
        if (why.empty()) {
            part.records = std::move(answer_->records);
            part.more = answer_->more;
            part.next = answer_->next;
            why = answer_->why;
        }
        part.why = std::move(why);
        return Json{{"schema", 1},
                    {"partner", partner_json(partner_.status(), clocks().mono)},
                    {"store", store_},
                    {"account", tools::to_json(part)}}
            .dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    PartnerLink& partner_;
    AccountQuestion question_;
    std::string store_;
    Nanos begun_;
    AccountAnswerPtr answer_;
};

}  // namespace

ControlSocket::Reply partner_account(PartnerLink* partner, const std::string& question,
                                     const std::string& store) {
    if (partner == nullptr) return Json{{"schema", 1}, {"partner", nullptr}}.dump();
    const auto asked = tools::account_question_of(question);
    if (!asked)
        return Json{{"schema", 1},
                    {"partner", partner_json(partner->status(), clocks().mono)},
                    {"error",
                     "known: account streams|gaps|links|events [acd=N] [from=NS] [to=NS] "
                     "[next=ACD/EPOCH/NUMBER] [most=N]"}}
            .dump();
    return ControlSocket::Later(Asking(*partner, *asked, store, clocks().mono));
}

}  // namespace twinlink::daemon
