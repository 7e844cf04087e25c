// See session.hpp.
#include "engine/partner/session.hpp"
#include "engine/planted.hpp"

#include <algorithm>

namespace twinlink::partner {

CounterInfo info(Counter counter) noexcept {
    switch (counter) {
        case Counter::Sessions: return {"sessions", "sessions with the partner that came up"};
        case Counter::SessionsRefused:
            return {"sessions_refused", "greetings that were refused, here or there"};
        case Counter::SessionsBroken:
            return {"sessions_broken", "sessions ended because the partner broke a rule"};
        case Counter::PartnerSilent:
            return {"partner_silent", "sessions ended because the partner was silent"};
        case Counter::FramesIn: return {"frames_in", "frames from the partner"};
        case Counter::FramesOut: return {"frames_out", "frames to the partner"};
        case Counter::BytesIn: return {"bytes_in", "bytes from the partner, before encryption"};
        case Counter::BytesOut: return {"bytes_out", "bytes to the partner, before encryption"};
        case Counter::HavesIn: return {"haves_in", "accounts of what the partner holds"};
        case Counter::HavesOut: return {"haves_out", "accounts of what is held here"};
        case Counter::HaveBytesOut: return {"have_bytes_out", "bytes of those: the cost of the mirror"};
        case Counter::WantsOut: return {"wants_out", "requests sent"};
        case Counter::NamesAsked: return {"names_asked", "messages asked for"};
        case Counter::BlocksIn: return {"blocks_in", "blocks of messages from the partner"};
        case Counter::NamesIn: return {"names_in", "messages in those"};
        case Counter::BlocksUnasked:
            return {"blocks_unasked", "blocks that nobody asked for (any more), let go"};
        case Counter::LacksIn: return {"lacks_in", "answers that names do not come"};
        case Counter::RequestsTimedOut: return {"requests_timed_out", "requests without an answer in time"};
        case Counter::WantsIn: return {"wants_in", "requests from the partner"};
        case Counter::NamesLent: return {"names_lent", "messages sent to the partner"};
        case Counter::LacksOut: return {"lacks_out", "ranges that the partner was told do not come"};
        case Counter::StreamsForeign:
            return {"streams_foreign", "accounts of ACDs that are not configured here, or of too many lives"};
        case Counter::Reloads: return {"reloads", "times the own account was read anew from the store"};
        case Counter::LostProposed: return {"lost_proposed", "names proposed as lost"};
        case Counter::LostAgreed: return {"lost_agreed", "names that both agreed to be lost"};
        case Counter::DigestsOut: return {"digests_out", "digests of rows told to the partner"};
        case Counter::DigestsIn: return {"digests_in", "digests of rows that the partner told"};
        case Counter::AccountAsksOut: return {"account_asks_out", "questions for the partner's account"};
        case Counter::AccountPagesIn: return {"account_pages_in", "pages of that"};
        case Counter::AccountPagesUnasked:
            return {"account_pages_unasked", "pages that nobody asked for (any more), let go"};
        case Counter::AccountPagesWrong:
            return {"account_pages_wrong", "pages that did not fit the question: its answer ended there"};
        case Counter::AccountsTimedOut:
            return {"accounts_timed_out", "questions that were not answered in full in time"};
        case Counter::AccountAsksIn:
            return {"account_asks_in", "questions of the partner for the account here"};
        case Counter::AccountPagesOut: return {"account_pages_out", "pages of that"};
        case Counter::CopiesOut:
            return {"copies_out", "messages told to the partner because copies of them differ"};
        case Counter::CopiesIn: return {"copies_in", "messages that the partner told for the same reason"};
        case Counter::CopiesDiffer:
            return {"copies_differ", "copies of the partner's that differ from those held here"};
        case Counter::NamesCompared:
            return {"names_compared", "messages compared with the partner's because rows differ"};
        case Counter::RowsAsksOut:
            return {"rows_asks_out", "questions for rows of the partner's that differ"};
        case Counter::RowsIn: return {"rows_in", "rows, or hashes of rows, that the partner told"};
        case Counter::RowsUnasked:
            return {"rows_unasked", "answers of that kind that nobody asked for (any more), let go"};
        case Counter::RowsWrong:
            return {"rows_wrong", "answers that did not fit the question: the comparison ended there"};
        case Counter::RowsTimedOut: return {"rows_timed_out", "comparisons that did not end in time"};
        case Counter::RowsAsksIn: return {"rows_asks_in", "questions of the partner for rows of ours"};
        case Counter::RowsOut: return {"rows_out", "rows, or hashes of rows, told to the partner"};
        case Counter::Count_: break;
    }
    return {"?", "?"};
}

std::string_view name(SessionState state) noexcept {
    switch (state) {
        case SessionState::Closed: return "not_connected";
        case SessionState::Greeting: return "greeting";
        case SessionState::Up: return "up";
        case SessionState::Over: return "ending";
        case SessionState::Count_: break;
    }
    return "?";
}

std::string_view name(ByeWhy why) noexcept {
    switch (why) {
        case ByeWhy::Stop: return "stop";
        case ByeWhy::Maintenance: return "maintenance";
        case ByeWhy::Upgrade: return "upgrade";
        case ByeWhy::Power: return "power";
        case ByeWhy::Refused: return "refused";
        case ByeWhy::Protocol: return "protocol";
        case ByeWhy::Replaced: return "replaced";
    }
    return "?";
}

Session::Session(const Identity& self, std::vector<Acd> acds, Nanos heartbeat_every, u32 missed_max,
                 ShimCounters& counters, std::vector<std::byte>& out)
    : self_(self),
      acds_(std::move(acds)),
      heartbeat_every_(heartbeat_every),
      silence_(heartbeat_every.value * missed_max),
      counters_(counters),
      out_(out) {}

void Session::begin(Now now) {
    state_ = SessionState::Greeting;
    text_ = "greeting";
    common_acds_.clear();
    heard_ = now.mono;
    sent_at_ = now.mono;
    their_sent_ = their_sent_at_ = round_trip_ = {};
    their_refilling_ = 0;
    Hello hello{};
    hello.pair = self_.pair;
    hello.life = self_.life;
    hello.config_digest = self_.config_digest;
    hello.wall = now.wall.value;
    hello.server = self_.server;
    hello.version_min = kVersionMin;
    hello.version_max = kVersionMax;
    hello.fold_version = self_.fold_version;
    hello.name = fixed_text<32>(self_.name);
    std::vector<AcdEntry> acds;
    for (const Acd acd : acds_) acds.push_back({.acd = acd.value, .reserved0 = 0, .reserved1 = 0});
    write_frame(out_, hello, acds);
    counters_.add(Counter::FramesOut);
}

void Session::end(std::string_view why) {
    // Why a session ended says more than how its connection then closed.
    if (state_ != SessionState::Over)
        text_ = farewell_.empty() ? std::string(why) : farewell_ + "; since then: " + std::string(why);
    state_ = SessionState::Closed;
}

/// Why this partner is not wanted; empty = it is.
std::string Session::unwelcome(const Hello& hello) const {
    if (hello.life == self_.life) return "it is this very server: it is connected to itself";
    if (hello.pair != self_.pair) return "it belongs to another pair";
    if (hello.server == self_.server)
        return "it is server " + std::to_string(hello.server) +
               " of the pair too: run `twinlink pair` on one of them";
    if (hello.version_max < kVersionMin || hello.version_min > kVersionMax)
        return "no common version: it speaks " + std::to_string(hello.version_min) + " to " +
               std::to_string(hello.version_max) + ", this server " + std::to_string(kVersionMin) + " to " +
               std::to_string(kVersionMax);
    return {};
}

bool Session::on_hello(const Hello& hello, const FrameIn& frame, Now now) {
    if (state_ != SessionState::Greeting) {
        bye(ByeWhy::Protocol, "a second greeting in one session");
        return false;
    }
    partner_name_ = text_of(hello.name);
    partner_server_ = hello.server;
    if (const std::string why = unwelcome(hello); !why.empty()) {
        counters_.add(Counter::SessionsRefused);
        bye(ByeWhy::Refused, why);
        return false;
    }
    version_ = std::min(hello.version_max, kVersionMax);
    same_fold_ = hello.fold_version == self_.fold_version;
    common_acds_.clear();
    for (u32 n = 0; n < frame.entries; ++n) {
        const Acd acd{frame.entry<AcdEntry>(n).acd};
        if (std::ranges::find(acds_, acd) != acds_.end()) common_acds_.push_back(acd);
    }
    state_ = SessionState::Up;
    text_.clear();
    farewell_.clear();
    if (hello.config_digest != self_.config_digest)
        text_ = "the two servers are configured differently in what their rows depend on";
    up_since_ = now.mono;
    counters_.add(Counter::Sessions);
    return true;
}

void Session::on_heartbeat(const Heartbeat& heartbeat, Now now) {
    their_sent_ = Nanos{heartbeat.sent};
    their_sent_at_ = now.mono;
    their_refilling_ = heartbeat.refilling;
    if (heartbeat.echo == 0 || heartbeat.echo > now.mono.value) return;
    round_trip_ = now.mono - Nanos{heartbeat.echo} - Nanos{heartbeat.echo_age};
}

void Session::on_bye(const Bye& bye) {
    text_ = std::string("the partner said: ") + std::string(text_of(bye.text));
    farewell_ = bye.why == ByeWhy::Refused || bye.why == ByeWhy::Protocol ? std::string() : text_;
    if (bye.why == ByeWhy::Refused) {
        counters_.add(Counter::SessionsRefused);
        text_ = std::string("the partner refuses this server: ") + std::string(text_of(bye.text));
    }
    state_ = SessionState::Over;
}

void Session::on_time(Now now, u64 refilling) {
    if (state_ != SessionState::Greeting && state_ != SessionState::Up) return;
    if (now.mono - heard_ >= silence_) {
        counters_.add(Counter::PartnerSilent);
        probe(Probe::PartnerSilent);
        text_ = "the partner was silent for " + std::to_string((now.mono - heard_).value / 1'000'000) + " ms";
        state_ = SessionState::Over;
        return;
    }
    if (state_ != SessionState::Up || now.mono - sent_at_ < heartbeat_every_) return;
    sent_at_ = now.mono;
    Heartbeat heartbeat{};
    heartbeat.sent = now.mono.value;
    heartbeat.echo = their_sent_.value;
    heartbeat.echo_age = their_sent_.value == 0 ? 0 : (now.mono - their_sent_at_).value;
    heartbeat.wall = now.wall.value;
    heartbeat.refilling = refilling;
    write_frame(out_, heartbeat);
    counters_.add(Counter::FramesOut);
}

void Session::bye(ByeWhy why, std::string_view text) {
    if (state_ != SessionState::Greeting && state_ != SessionState::Up) return;
    Bye message{};
    message.why = why;
    message.text = fixed_text<96>(text);
    write_frame(out_, message);
    counters_.add(Counter::FramesOut);
    if (why == ByeWhy::Protocol) {
        counters_.add(Counter::SessionsBroken);
        probe(Probe::ProtocolBroken);
    }
    text_ = why == ByeWhy::Refused    ? std::string("refused: ") + std::string(text)
            : why == ByeWhy::Protocol ? std::string("ended, the partner broke a rule: ") + std::string(text)
                                      : std::string(text);
    state_ = SessionState::Over;
}

}  // namespace twinlink::partner
