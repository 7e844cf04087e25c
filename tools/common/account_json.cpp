// See account_json.hpp.
#include "tools/common/account_json.hpp"

#include "tools/common/question_words.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace twinlink::tools {
namespace {

using Json = nlohmann::ordered_json;
using partner::AccountKind;

constexpr std::array<std::string_view, 4> kKinds{"streams", "gaps", "links", "events"};

/// Calls f(name, field) for each field, in the order of the record. One table for there and back.
template <class F>
void fields(StreamRecord& r, F&& f) {
    f("acd", r.acd), f("epoch", r.epoch), f("first_seen", r.first_seen), f("watermark", r.watermark);
    f("next", r.next), f("messages", r.messages), f("missing", r.missing), f("last_time", r.last_time);
    f("begun_wall", r.begun_wall), f("last_wall", r.last_wall), f("ended", r.ended);
}
template <class F>
void fields(GapRecord& r, F&& f) {
    f("acd", r.acd), f("epoch", r.epoch), f("first", r.first), f("last", r.last), f("missing", r.missing);
    f("cause", r.cause), f("state", r.state), f("filled_by", r.filled_by), f("merged", r.merged);
    f("opened_wall", r.opened_wall), f("closed_wall", r.closed_wall), f("time_before", r.time_before);
    f("time_after", r.time_after), f("interval_first", r.interval_first), f("interval_last", r.interval_last);
    f("refold_ns", r.refold_ns), f("attempts", r.attempts);
}
template <class F>
void fields(LinkRecord& r, F&& f) {
    f("acd", r.acd), f("epoch", r.epoch), f("link", r.link), f("silent", r.silent), f("frames", r.frames);
    f("heartbeats", r.heartbeats), f("messages", r.messages), f("first_arrivals", r.first_arrivals);
    f("duplicates", r.duplicates), f("distinct", r.distinct), f("lost", r.lost);
    f("lost_alone", r.lost_alone), f("behind", r.behind), f("late", r.late), f("wild_frames", r.wild_frames);
    f("stale_frames", r.stale_frames), f("conflicts", r.conflicts), f("lag_ns_last", r.lag_ns_last);
    f("lag_ns_max", r.lag_ns_max), f("lag_ns_sum", r.lag_ns_sum), f("lag_count", r.lag_count);
    f("silences", r.silences), f("silent_ns", r.silent_ns), f("last_wall", r.last_wall);
}
template <class F>
void fields(LinkEventRecord& r, F&& f) {
    f("acd", r.acd), f("number", r.number), f("kind", r.kind), f("link", r.link), f("cause", r.cause);
    f("open", r.open), f("now", r.now), f("begun_wall", r.begun_wall), f("last_wall", r.last_wall);
    f("epoch", r.epoch), f("first", r.first), f("last", r.last), f("count", r.count), f("names", r.names);
    f("duration_ns", r.duration_ns);
}

template <class R>
void put(Json& json, const std::vector<R>& records) {
    R none{};
    Json names = Json::array();
    fields(none, [&](const char* name, auto&) { names.push_back(name); });
    json["fields"] = std::move(names);
    Json all = Json::array();
    for (R record : records) {
        Json one = Json::array();
        fields(record, [&](const char*, auto& field) { one.push_back(static_cast<u64>(field)); });
        all.push_back(std::move(one));
    }
    json["records"] = std::move(all);
}

/// Reads records by the names that stand in front of them. False: a name is missing, or a number does not
/// fit.
template <class R>
bool take(const Json& json, AccountRecords& to) {
    const auto& names = json.at("fields");
    for (const Json& one : json.at("records")) {
        R record{};
        bool good = one.size() == names.size();
        fields(record, [&]<class T>(const char* name, T& field) {
            const auto at = std::ranges::find(names, name);
            good = good && at != names.end();
            if (!good) return;
            const u64 value = one.at(static_cast<std::size_t>(at - names.begin())).get<u64>();
            field = static_cast<T>(value);
            good = static_cast<u64>(field) == value;
        });
        if (!good || !partner::makes_sense(record)) return false;
        to.add(record);
    }
    return true;
}

/// "1/17/42".
bool place_of(std::string_view text, AccountPlace& place) {
    const std::size_t a = text.find('/');
    const std::size_t b = a == std::string_view::npos ? a : text.find('/', a + 1);
    return b != std::string_view::npos && number_of(text.substr(0, a), place.acd) &&
           number_of(text.substr(a + 1, b - a - 1), place.epoch) &&
           number_of(text.substr(b + 1), place.number);
}

/// One "name=value" of a question.
bool take_option(std::string_view word, AccountQuestion& question) {
    const auto value = word.substr(std::min(word.find('=') + 1, word.size()));
    if (word.starts_with("acd=")) return number_of(value, question.acd.value);
    if (word.starts_with("from=")) return number_of(value, question.from);
    if (word.starts_with("to=")) return number_of(value, question.to);
    if (word.starts_with("next=")) return place_of(value, question.next);
    if (word.starts_with("most="))
        return number_of(value, question.most) && question.most >= 1 &&
               question.most <= partner::kAccountMost;
    return false;
}

std::optional<AccountKind> kind_of(std::string_view text) {
    for (std::size_t k = 0; k < kKinds.size(); ++k)
        if (kKinds[k] == text) return static_cast<AccountKind>(k + 1);
    return {};
}

}  // namespace

std::string_view name(AccountKind kind) noexcept { return kKinds[(static_cast<std::size_t>(kind) - 1) % 4]; }

Json to_json(const AccountPart& part) {
    Json json{{"kind", name(part.kind)},
              {"complete", part.why.empty()},
              {"why", part.why},
              {"more", part.more},
              {"next", {part.next.acd, part.next.epoch, part.next.number}}};
    switch (part.kind) {
        case AccountKind::Streams: put(json, part.records.streams); break;
        case AccountKind::Gaps: put(json, part.records.gaps); break;
        case AccountKind::Links: put(json, part.records.links); break;
        case AccountKind::Events: put(json, part.records.events); break;
    }
    return json;
}

Expected<AccountPart> account_part_of(const Json& json) {
    try {
        AccountPart part;
        const auto kind = kind_of(json.at("kind").get<std::string>());
        if (!kind) return failure("an account of an unknown kind");
        part.kind = *kind;
        part.why = json.at("why").get<std::string>();
        part.more = json.at("more").get<bool>();
        const Json& next = json.at("next");
        part.next = {next.at(0).get<u16>(), next.at(1).get<u64>(), next.at(2).get<u64>()};
        bool good = false;
        switch (part.kind) {
            case AccountKind::Streams: good = take<StreamRecord>(json, part.records); break;
            case AccountKind::Gaps: good = take<GapRecord>(json, part.records); break;
            case AccountKind::Links: good = take<LinkRecord>(json, part.records); break;
            case AccountKind::Events: good = take<LinkEventRecord>(json, part.records); break;
        }
        if (!good) return failure("an account with a record that makes no sense");
        return part;
    } catch (const Json::exception& error) {
        return failure(std::string("an account that cannot be read: ") + error.what());
    }
}

std::string to_line(const AccountQuestion& q) {
    return fmt::format("account {} acd={} from={} to={} next={}/{}/{} most={}", name(q.kind), q.acd.value,
                       q.from, q.to, q.next.acd, q.next.epoch, q.next.number, q.most);
}

std::optional<AccountQuestion> account_question_of(std::string_view line) {
    constexpr std::string_view kBegin = "account ";
    if (!line.starts_with(kBegin)) return {};
    line.remove_prefix(kBegin.size());
    if (line.empty()) return {};
    AccountQuestion question;
    bool first = true;
    const bool good = each_word(line, [&](std::string_view word) {
        if (!std::exchange(first, false)) return take_option(word, question);
        const auto kind = kind_of(word);
        if (kind) question.kind = *kind;
        return kind.has_value();
    });
    if (!good) return {};
    return question;
}

}  // namespace twinlink::tools
