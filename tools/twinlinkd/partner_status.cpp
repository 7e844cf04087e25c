// The pair as JSON: see status.hpp. Keys are part of the interface.
#include "tools/common/account_json.hpp"
#include "tools/common/rows_json.hpp"
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

/// A question to the partner while it is under way. K says how it is asked and told: K::ask(link) null:
/// later; K::tell(answer or null, why).
template <class K>
class Asking {
public:
    Asking(PartnerLink& partner, K kind, std::string store, Nanos now)
        : partner_(partner), kind_(std::move(kind)), store_(std::move(store)), begun_(now) {}

    std::optional<std::string> operator()() {
        const Nanos waited = clocks().mono - begun_;
        if (!answer_) answer_ = kind_.ask(partner_);
        if (!answer_ && waited >= kTurnLimit) return text("other questions to the partner are under way");
        if (!answer_) return {};
        if (answer_->done()) return text({});
        if (waited >= kPartnerThreadLimit) return text("the partner's thread does not answer");
        return {};
    }

private:
    /// `why`: nothing can be said of the answer, because ...
    std::string text(std::string why) {
        Json all{
            {"schema", 1}, {"partner", partner_json(partner_.status(), clocks().mono)}, {"store", store_}};
        auto* const answer = why.empty() ? answer_.get() : nullptr;
        all[K::kKey] = kind_.tell(answer, std::move(why));
        return all.dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    PartnerLink& partner_;
    K kind_;
    std::string store_;
    Nanos begun_;
    decltype(std::declval<K&>().ask(std::declval<PartnerLink&>())) answer_;
};

struct AccountAsking {
    static constexpr const char* kKey = "account";
    AccountQuestion question;

    AccountAnswerPtr ask(PartnerLink& partner) const { return partner.ask_account(question); }
    Json tell(AccountAnswer* answer, std::string why) const {
        tools::AccountPart part;
        part.kind = question.kind;
        part.next = question.next;
        part.why = std::move(why);
        if (answer != nullptr) {
            part.records = std::move(answer->records);
            part.more = answer->more;
            part.next = answer->next;
            part.why = answer->why;
        }
        return tools::to_json(part);
    }
};

struct RowsAsking {
    static constexpr const char* kKey = "rows";
    RowsQuestion question;

    RowsAnswerPtr ask(PartnerLink& partner) const { return partner.ask_rows(question); }
    static Json tell(const RowsAnswer* answer, std::string why) {
        tools::RowsTold told;
        told.why = std::move(why);
        return tools::to_json(answer != nullptr ? tools::told_of(*answer) : told);
    }
};

/// `asked`: empty where the question is none; `known` says what would be one.
template <class K, class Question>
ControlSocket::Reply ask_partner(PartnerLink* partner, const std::optional<Question>& asked,
                                 const char* known, const std::string& store) {
    if (partner == nullptr) return Json{{"schema", 1}, {"partner", nullptr}}.dump();
    if (asked) return ControlSocket::Later(Asking<K>(*partner, {*asked}, store, clocks().mono));
    return Json{{"schema", 1}, {"partner", partner_json(partner->status(), clocks().mono)}, {"error", known}}
        .dump();
}

}  // namespace

ControlSocket::Reply partner_account(PartnerLink* partner, const std::string& question,
                                     const std::string& store) {
    return ask_partner<AccountAsking>(partner, tools::account_question_of(question),
                                      "known: account streams|gaps|links|events [acd=N] [from=NS] [to=NS] "
                                      "[next=ACD/EPOCH/NUMBER] [most=N]",
                                      store);
}

ControlSocket::Reply partner_rows(PartnerLink* partner, const std::string& question,
                                  const std::string& store) {
    return ask_partner<RowsAsking>(partner, tools::rows_question_of(question),
                                   "known: rows acd=N table=NAME start=NS [instance=N] [most=N]", store);
}

}  // namespace twinlink::daemon
