// See status.hpp. Keys are part of the interface: they are added to, never renamed within a schema number.
#include "tools/twinlinkd/status.hpp"

#include "tools/twinlinkd/log_watch.hpp"

#include "engine/fold/fold.hpp"
#include "engine/link/arbiter.hpp"
#include "engine/store/store.hpp"
#include "tools/common/document.hpp"
#include "tools/common/time_text.hpp"
#include "tools/twinlinkd/store_health.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cstring>
#include <ctime>

namespace twinlink::daemon {
namespace {

using Json = nlohmann::ordered_json;

std::string rfc3339(Nanos wall) {
    const auto seconds = static_cast<std::time_t>(wall.value / 1'000'000'000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

/// A text off the wire, fit for JSON: what is not ASCII and printable becomes a question mark.
std::string printable(std::string_view text) {
    std::string safe(text);
    for (char& c : safe)
        if (c < 0x20 || c > 0x7E) c = '?';
    return safe;
}

/// A counter block as {name: value}.
template <class Enum>
Json counters(const Counters<Enum>& from) {
    Json json = Json::object();
    for (std::size_t i = 0; i < Counters<Enum>::kSize; ++i) {
        json[std::string(info(static_cast<Enum>(i)).name)] = from.get(static_cast<Enum>(i));
    }
    return json;
}

/// The same for values that were copied out in the order of the enum.
template <class Enum>
Json counters(std::span<const u64> values) {
    Json json = Json::object();
    for (std::size_t i = 0; i < values.size() && i < Counters<Enum>::kSize; ++i) {
        json[std::string(info(static_cast<Enum>(i)).name)] = values[i];
    }
    return json;
}

/// Why the state is not simply "collecting", one sentence each.
std::vector<std::string> reasons_of(const EngineStatus& s) {
    std::vector<std::string> reasons;
    if (s.store_stopped) reasons.push_back("the store stopped: " + s.store_error);
    for (const AcdStatus& acd : s.acds) {
        const std::string name = "ACD " + std::to_string(acd.stream.acd);
        if (acd.off) {
            reasons.push_back(name + ": it is not collected, because somebody said so");
        } else if (acd.stream.epoch == 0) {
            reasons.push_back(name + ": nothing was heard of it yet");
            continue;
        }
        for (const Link link : {Link::A, Link::B}) {
            if (acd.links[index(link)].silent != 0 && !acd.off)
                reasons.push_back(name + ": link " + letter(link) + " is silent");
        }
        if (acd.open_gaps != 0) reasons.push_back(name + ": " + missing_text(acd));
    }
    return reasons;
}

/// A server that was away, not one that has lost a frame. Chosen: a fifth of a second of 5,000 messages/s.
constexpr u64 kCatchUpNames = 1'000;

std::string catch_up_text(const partner::Progress::Told& told) {
    std::string text = "catching up from the partner: " + tools::with_separators(told.to_come) + " of " +
                       tools::with_separators(told.of) + " messages to come";
    if (told.names_per_s != 0)
        text += ", " + tools::with_separators(told.names_per_s) + " a second, about " +
                tools::span_text(told.left.value) + " left";
    return text;
}

/// What the rows lack for good.
std::vector<std::string> notes_of(const EngineStatus& s) {
    std::vector<std::string> notes;
    for (const AcdStatus& acd : s.acds)
        for (const SkipRecord& name : acd.skips)
            notes.push_back("ACD " + std::to_string(acd.stream.acd) + ": message " +
                            std::to_string(name.seq) + " of epoch " + std::to_string(name.epoch) +
                            " is left out of the rows: the fold " +
                            (name.crashes == 0 ? std::string("of the partner crashed on it")
                                               : "crashed on it " + std::to_string(name.crashes) + " times"));
    return notes;
}

/// What the partner says of itself, and why it left: known, so no alarm.
std::vector<std::string> notes_of(const PartnerLinkStatus& partner) {
    std::vector<std::string> notes;
    const partner::ServerCondition& theirs = partner.shim.their_condition;
    if (theirs.maintenance())
        notes.push_back("the partner is in maintenance since " + rfc3339(Nanos{theirs.since}) +
                        (theirs.text.empty() ? "" : ": " + theirs.text));
    if ((theirs.flags & partner::kOnBattery) != 0)
        notes.push_back(
            std::string("the partner is on battery") +
            ((theirs.flags & partner::kLowBattery) != 0 ? ", which is low: it is about to leave" : ""));
    if ((theirs.flags & partner::kInSafeMode) != 0)
        notes.push_back("the partner is in safe mode: it put its store aside, and goes on with a fresh one");
    for (const Acd acd : theirs.off)
        notes.push_back("the partner was told not to collect ACD " + std::to_string(acd.value));
    return notes;
}

/// It is away, and said before that it would be.
bool away_as_told(const PartnerStatus& partner) {
    using partner::ByeWhy;
    return partner.their_condition.maintenance() || partner.their_bye == ByeWhy::Maintenance ||
           partner.their_bye == ByeWhy::Upgrade;
}

}  // namespace

StatusReport::StatusReport(const Engine& engine, const Loops& loops, const Imports& imports,
                           const PartnerLink* partner, const Service& service, const Config& config,
                           std::array<Port*, kLinks> ports, Now started)
    : engine_(engine),
      loops_(loops),
      imports_(imports),
      partner_(partner),
      service_(service),
      config_(config),
      ports_(ports),
      started_(started) {}

void StatusReport::tick() {
    for (const AcdStatus& acd : engine_.status().acds) {
        for (const Link link : {Link::A, Link::B}) {
            const u64 frames = acd.links[index(link)].frames;
            Reach& reach = reach_[{acd.stream.acd, static_cast<u8>(link)}];
            reach.bits = static_cast<u8>(reach.bits << 1 | (frames != reach.frames ? 1 : 0));
            reach.frames = frames;
        }
    }
}

StatusReport::Words StatusReport::words(const EngineStatus& s,
                                        const std::optional<PartnerLinkStatus>& partner,
                                        bool stopping) const {
    Words words{{}, reasons_of(s), notes_of(s)};
    std::vector<std::string>& reasons = words.reasons;
    add_store_reasons(s, engine_.scrub_status(), reasons);
    if (const SafeMode& safe = service_.safe_mode(); safe.since != 0)
        reasons.insert(reasons.begin(), "safe mode since " + rfc3339(Nanos{safe.since}) + ": " + safe.why +
                                            ". The store is now " + safe.quarantined +
                                            ", a fresh one is being filled");
    if (service_.power() != Power::Online)
        reasons.push_back("on battery since " + rfc3339(Nanos{service_.power_since()}) +
                          (service_.power() == Power::LowBattery ? ", and it is low" : "") +
                          ": backups wait");
    if (partner) {
        for (std::string& note : notes_of(*partner)) words.notes.push_back(std::move(note));
        const bool up = partner->shim.state == partner::SessionState::Up;
        if (!up)
            (away_as_told(partner->shim) ? words.notes : reasons)
                .push_back("the partner is away: " + partner->shim.text);
        else if (!partner->shim.text.empty())
            reasons.push_back(partner->shim.text);
        if (partner->progress.of >= kCatchUpNames) reasons.push_back(catch_up_text(partner->progress));
    }
    words.state = s.store_stopped                     ? "store_stopped"
                  : stopping                          ? "stopping"
                  : service_.safe_mode().since != 0   ? "safe_mode"
                  : service_.maintenance().since != 0 ? "maintenance"
                  : reasons.empty()                   ? "collecting"
                                                      : "degraded";
    return words;
}

std::string StatusReport::state(bool stopping) const {
    std::optional<PartnerLinkStatus> partner;
    if (partner_ != nullptr) partner = partner_->status();
    return words(engine_.status(), partner, stopping).state;
}

std::string StatusReport::text(bool stopping) const {
    const EngineStatus s = engine_.status();
    const Now now = clocks();
    const ScrubStatus scrub = engine_.scrub_status();
    std::optional<PartnerLinkStatus> partner;
    if (partner_ != nullptr) partner = partner_->status();
    const Words said = words(s, partner, stopping);
    const auto age_ms = [&](Stage stage) { return (now.mono - loops_.heartbeat(stage)).value / 1'000'000; };
    Json json;
    json["schema"] = 1;
    json["version"] = TWINLINK_VERSION;
    json["pid"] = getpid();
    json["started"] = rfc3339(started_.wall);
    json["uptime_s"] = (now.mono - started_.mono).value / 1'000'000'000;
    json["state"] = said.state;
    json["reasons"] = said.reasons;
    json["notes"] = said.notes;
    json["service"] = service_.json();
    json["heartbeat_ages_ms"] = {{"receive", age_ms(Stage::Receive)},
                                 {"fold", age_ms(Stage::Fold)},
                                 {"commit", age_ms(Stage::Commit)},
                                 {"refold", age_ms(Stage::Refold)}};
    if (partner_ != nullptr)
        json["heartbeat_ages_ms"]["partner"] = (now.mono - partner_->heartbeat()).value / 1'000'000;
    json["store"] = {{"path", config_.engine.store_path},
                     {"stopped", s.store_stopped},
                     {"error", s.store_error},
                     {"commits", s.commits},
                     {"committed_messages", s.committed_messages},
                     {"commit_ns_last", s.commit_ns_last},
                     {"commit_ns_max", s.commit_ns_max},
                     {"batch_bytes", s.batch_bytes},
                     {"counters", counters<StoreCounter>(s.store_counters)}};
    json["messages"] = s.messages;
    json["conflicts"] = s.conflicts;
    json["refolds"] = s.refolds;
    json["refolded_messages"] = s.refolded_messages;
    json["roll_ups"] = {{"days", s.days_rolled}, {"days_redone", s.days_redone}, {"due", s.periods_due}};
    json["refolding"] = s.refolding;
    json["scrub"] = scrub_json(scrub);
    json["import"] = imports_.json();
    json["partner"] = partner ? partner_json(*partner, now.mono) : Json(nullptr);
    json["ports"] = Json::array();
    for (const Link link : {Link::A, Link::B}) {
        if (ports_[index(link)] != nullptr) json["ports"].push_back(port(s, link));
    }
    json["acds"] = Json::array();
    for (const AcdStatus& a : s.acds) json["acds"].push_back(acd(a));
    return json.dump();
}

Json StatusReport::port(const EngineStatus& status, Link link) const {
    const Port& p = *ports_[index(link)];
    Json refusals = Json::object();
    for (std::size_t r = 1; r < kFrameRefusals; ++r) {
        const auto refusal = static_cast<FrameRefusal>(r);
        refusals[name(refusal)] = engine_.refusals(link).get(refusal);
    }
    return {{"link", std::string(1, letter(link))},
            {"title", p.title()},
            {"up", p.link_up()},
            {"ring_frames", status.ring_frames[index(link)]},
            {"counters", counters(p.counters())},
            {"refusals", refusals},
            {"receive", counters(engine_.receive_counters(link))}};
}

Json StatusReport::acd(const AcdStatus& acd) const {
    const StreamRecord& s = acd.stream;
    const auto& text = acd.settings.name;
    Json skipped = Json::array();
    for (const SkipRecord& name : acd.skips)
        skipped.push_back({{"epoch", name.epoch}, {"seq", name.seq}, {"crashes", name.crashes}});
    return {{"acd", s.acd},
            {"name", printable({text.data(), strnlen(text.data(), text.size())})},
            {"utc_offset_minutes", acd.settings.utc_offset_minutes},
            {"epoch", s.epoch},
            {"first_seen", s.first_seen},
            {"watermark", s.watermark},
            {"next", s.next},
            {"messages", s.messages},
            {"missing", s.missing},
            {"last_time", s.last_time},
            {"begun_wall", s.begun_wall},
            {"last_wall", s.last_wall},
            {"ended", s.ended != 0},
            {"open_gaps", acd.open_gaps},
            {"parked_frames", acd.parked_frames},
            {"collected", !acd.off},
            {"frames_left", acd.frames_left},
            {"skipped", skipped},
            {"fold", counters<FoldCounter>(acd.fold_counters)},
            {"links", {link(acd, Link::A), link(acd, Link::B)}}};
}

Json StatusReport::link(const AcdStatus& acd, Link link) const {
    const LinkRecord& l = acd.links[index(link)];
    const auto reach = reach_.find({acd.stream.acd, static_cast<u8>(link)});
    return {{"link", std::string(1, letter(link))},
            {"frames", l.frames},
            {"heartbeats", l.heartbeats},
            {"messages", l.messages},
            {"first_arrivals", l.first_arrivals},
            {"duplicates", l.duplicates},
            {"distinct", l.distinct},
            {"lost", l.lost},
            {"lost_alone", l.lost_alone},
            {"behind", l.behind},
            {"late", l.late},
            {"wild_frames", l.wild_frames},
            {"stale_frames", l.stale_frames},
            {"conflicts", l.conflicts},
            {"lag_ns_last", l.lag_ns_last},
            {"lag_ns_max", l.lag_ns_max},
            {"lag_ns_sum", l.lag_ns_sum},
            {"lag_count", l.lag_count},
            {"silences", l.silences},
            {"silent_ns", l.silent_ns},
            {"last_wall", l.last_wall},
            {"silent", l.silent != 0},
            {"reach", reach == reach_.end() ? 0 : reach->second.bits},
            {"verdicts", counters<Verdict>(acd.verdicts[index(link)])}};
}

}  // namespace twinlink::daemon
