// Reads fault rules, durations and times. Cold path; see fault_rule.hpp for the grammar.
#include "tools/acdsim/fault_rule.hpp"

#include "tools/acdsim/centre_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace twinlink::sim {
namespace {

/// The whole of `text` as a number, or nothing.
std::optional<u64> number(std::string_view text) noexcept {
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

/// "0.01" as parts per million, exact: digits only, no floating point.
std::optional<u32> probability(std::string_view text) noexcept {
    const std::size_t dot = text.find('.');
    const auto whole = number(text.substr(0, dot));
    if (!whole || *whole > 1) return std::nullopt;
    u64 ppm = *whole * 1'000'000;
    if (dot != std::string_view::npos) {
        const auto digits = text.substr(dot + 1);
        const auto part = number(digits);
        if (!part || digits.size() > 6) return std::nullopt;
        u64 scaled = *part;
        for (std::size_t i = digits.size(); i < 6; ++i) scaled *= 10;
        ppm += scaled;
    }
    if (ppm > 1'000'000) return std::nullopt;
    return static_cast<u32>(ppm);
}

struct ActionWord {
    std::string_view word;
    FaultKind kind;
    enum class Takes { Nothing, MaybeP, P, PAndDepth, Duration } takes;
};
using enum ActionWord::Takes;
constexpr ActionWord kActions[] = {
    {"drop", FaultKind::Loss, Nothing},
    {"loss", FaultKind::Loss, P},
    {"burst", FaultKind::Burst, PAndDepth},
    {"dup", FaultKind::Duplicate, MaybeP},
    {"reorder", FaultKind::Reorder, PAndDepth},
    {"delay", FaultKind::Delay, Duration},
    {"corrupt", FaultKind::Corrupt, MaybeP},
    {"truncate", FaultKind::Truncate, MaybeP},
    {"differ", FaultKind::Differ, MaybeP},
    {"wild", FaultKind::Wild, MaybeP},
    {"down", FaultKind::Down, Nothing},
    {"silence", FaultKind::Silence, Nothing},
    {"never-both", FaultKind::NeverBoth, Nothing},
};

Expected<void> read_action(const ActionWord& action, std::string_view word, std::string_view value,
                           bool has_value, FaultRule& rule) {
    rule.kind = action.kind;
    const auto refuse = [&](std::string_view wanted) {
        return failure(fmt::format("'{}': {}", word, wanted));
    };
    switch (action.takes) {
        case Nothing:
            if (has_value) return refuse("takes no value");
            return {};
        case Duration: {
            const auto d = parse_duration(value);
            if (!d) return std::unexpected(d.error());
            rule.delay = *d;
            return {};
        }
        case MaybeP:
            if (!has_value) return {};
            break;
        case P:
        case PAndDepth: break;
    }
    const std::size_t colon = action.takes == PAndDepth ? value.find(':') : std::string_view::npos;
    const auto p = probability(value.substr(0, colon));
    if (!p) return refuse("a probability from 0 to 1 is wanted, with at most six decimals");
    rule.ppm = *p;
    if (action.takes != PAndDepth) return {};
    const auto depth = colon == std::string_view::npos ? std::nullopt : number(value.substr(colon + 1));
    if (!depth || *depth == 0 || *depth > 10'000) return refuse("P:N is wanted, N from 1 to 10000 frames");
    rule.depth = static_cast<u32>(*depth);
    return {};
}

Expected<bool> read_selector(std::string_view key, std::string_view value, FaultRule& rule) {
    const auto refuse = [&](std::string_view wanted) {
        return failure(fmt::format("'{}={}': {}", key, value, wanted));
    };
    if (key == "server") {
        if (value != "1" && value != "2" && value != "all") return refuse("1, 2 or all is wanted");
        rule.server = value == "all" ? u8{0} : static_cast<u8>(value[0] - '0');
    } else if (key == "link") {
        if (value != "A" && value != "B" && value != "both") return refuse("A, B or both is wanted");
        if (value != "both") rule.link = value == "A" ? Link::A : Link::B;
    } else if (key == "acd") {
        const auto n = number(value);
        if (value != "all" && (!n || *n == 0 || *n > 65'535)) return refuse("1 to 65535 or all is wanted");
        rule.acd = Acd{value == "all" ? u16{0} : static_cast<u16>(*n)};
    } else if (key == "at-seq") {
        const std::size_t dots = value.find("..");
        const auto first = number(value.substr(0, dots));
        const auto last = dots == std::string_view::npos ? first : number(value.substr(dots + 2));
        if (!first || !last || *first == 0 || *last < *first)
            return refuse("N or N..M is wanted, N from 1, M not below N");
        rule.seqs = Range{Seq{*first}, Seq{*last}};
    } else if (key == "at") {
        const auto t = parse_time(value);
        if (!t) return std::unexpected(t.error());
        rule.at = *t;
    } else if (key == "for") {
        const auto d = parse_duration(value);
        if (!d) return std::unexpected(d.error());
        rule.lasts = *d;
    } else {
        return false;
    }
    return true;
}

}  // namespace

const char* name(FaultKind kind) noexcept {
    constexpr const char* kNames[] = {"loss",     "burst",  "dup",  "reorder", "delay",   "corrupt",
                                      "truncate", "differ", "wild", "down",    "silence", "never-both"};
    return kNames[static_cast<std::size_t>(kind)];
}

Expected<FaultRule> parse_fault(std::string_view rule_text) {
    FaultRule rule;
    bool acts = false;
    std::string_view rest = rule_text;
    while (true) {
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t,"), rest.size()));
        if (rest.empty()) break;
        const std::string_view word = rest.substr(0, rest.find_first_of(" \t,"));
        rest.remove_prefix(word.size());
        const std::size_t equals = word.find('=');
        const bool has_value = equals != std::string_view::npos;
        const std::string_view key = word.substr(0, equals);
        const std::string_view value = has_value ? word.substr(equals + 1) : std::string_view{};
        if (has_value) {
            const auto taken = read_selector(key, value, rule);
            if (!taken) return std::unexpected(taken.error());
            if (*taken) continue;
        }
        const auto* action = std::find_if(std::begin(kActions), std::end(kActions),
                                          [&](const ActionWord& a) { return a.word == key; });
        if (action == std::end(kActions))
            return failure(fmt::format("'{}' is no selector and no action", word));
        if (acts) return failure(fmt::format("'{}' is a second action: one rule does one thing", word));
        acts = true;
        if (auto read = read_action(*action, word, value, has_value, rule); !read)
            return std::unexpected(read.error());
    }
    if (!acts) return failure("no action: drop, loss=P, down, silence, delay=... say what happens");
    if (rule.lasts && !rule.at && !(rule.kind == FaultKind::Down && rule.seqs))
        return failure("'for=' needs an 'at=' (or 'at-seq=' with down) to count from");
    if (rule.seqs && rule.at) return failure("'at=' and 'at-seq=' exclude each other");
    if (rule.kind == FaultKind::Silence && (!rule.at || !rule.lasts))
        return failure("silence needs 'at=' and 'for=': it must end, since no number is skipped");
    return rule;
}

void resolve(std::vector<FaultRule>& rules, Nanos start) {
    for (auto& r : rules) {
        if (!r.at || r.at->value >= kDay) continue;
        const u64 today = start.value - start.value % kDay + r.at->value;
        r.at = Nanos{today >= start.value ? today : today + kDay};
    }
}

std::vector<Range> ranges(const std::vector<FaultRule>& rules) {
    std::vector<Range> all;
    for (const auto& r : rules)
        if (r.seqs) all.push_back(*r.seqs);
    return all;
}

Expected<Nanos> parse_duration(std::string_view text) {
    constexpr std::pair<std::string_view, u64> kUnits[] = {{"ns", 1},      {"us", 1'000},  {"ms", 1'000'000},
                                                           {"s", kSecond}, {"m", kMinute}, {"h", kHour}};
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto n = number(text.substr(0, digits));
    for (const auto& [unit, ns] : kUnits)
        if (n && text.substr(digits) == unit && *n <= 365 * kDay / ns) return Nanos{*n * ns};
    return failure(fmt::format("'{}' is no duration: 90s, 500ms, 2m, 1h, 250us are", text));
}

Expected<Nanos> parse_time(std::string_view text) {
    const auto wrong = [&] {
        return failure(fmt::format("'{}' is no time: HH:MM, HH:MM:SS or 2026-03-02T09:30:00Z are", text));
    };
    std::string_view clock = text;
    u64 day = 0;
    if (const std::size_t t = text.find('T'); t != std::string_view::npos) {
        if (t != 10 || text[4] != '-' || text[7] != '-' || text.back() != 'Z') return wrong();
        const auto y = number(text.substr(0, 4));
        const auto m = number(text.substr(5, 2));
        const auto d = number(text.substr(8, 2));
        if (!y || !m || !d) return wrong();
        const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*y)),
                                               std::chrono::month(static_cast<unsigned>(*m)),
                                               std::chrono::day(static_cast<unsigned>(*d))};
        if (!date.ok() || *y < 1971 || *y > 2200) return wrong();
        day = static_cast<u64>(std::chrono::sys_days(date).time_since_epoch().count()) * kDay;
        clock = text.substr(11, text.size() - 12);
    }
    if (clock.size() != 5 && clock.size() != 8) return wrong();
    const auto h = number(clock.substr(0, 2));
    const auto m = number(clock.substr(3, 2));
    const auto s = clock.size() == 8 ? number(clock.substr(6, 2)) : std::optional<u64>{0};
    if (!h || !m || !s || *h > 23 || *m > 59 || *s > 59 || clock[2] != ':' ||
        (clock.size() == 8 && clock[5] != ':'))
        return wrong();
    return Nanos{day + *h * kHour + *m * kMinute + *s * kSecond};
}

}  // namespace twinlink::sim
