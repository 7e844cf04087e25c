// Takes lines of a queue_log apart. See queue_log.hpp.
#include "tools/acdsim/queue_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace twinlink::sim {
namespace {

enum Needs : u8 { kNothing = 0, kCall = 1, kQueue = 2, kMember = 4 };
/// What a parameter is good for.
enum class Use : u8 { None, Text, RingSeconds, RingMillis, Penalty };

/// Which names a line must carry, and which parameter (from 0) we use for what.
struct Shape {
    std::string_view name;
    QueueLogKind kind;
    u8 needs;
    u8 parameter = 0;
    Use use = Use::None;
};

constexpr u8 kWaiting = kCall | kQueue;
constexpr u8 kAll = kCall | kQueue | kMember;
using K = QueueLogKind;

constexpr std::array<Shape, 29> kShapes{{
    {"ABANDON", K::Abandon, kWaiting},
    {"ADDMEMBER", K::AddMember, kQueue | kMember, 0, Use::Text},
    {"AGENTCALLBACKLOGIN", K::AgentCallbackLogin, kMember, 0, Use::Text},
    {"AGENTCALLBACKLOGOFF", K::AgentCallbackLogoff, kMember, 2, Use::Text},
    {"AGENTDUMP", K::AgentDump, kAll},
    {"AGENTLOGIN", K::AgentLogin, kMember, 0, Use::Text},
    {"AGENTLOGOFF", K::AgentLogoff, kMember, 2, Use::Text},
    {"ATTENDEDTRANSFER", K::AttendedTransfer, kAll, 1, Use::Text},
    {"BLINDTRANSFER", K::BlindTransfer, kAll, 0, Use::Text},
    {"COMPLETEAGENT", K::CompleteAgent, kAll},
    {"COMPLETECALLER", K::CompleteCaller, kAll},
    {"CONFIGRELOAD", K::ConfigReload, kNothing},
    {"CONNECT", K::Connect, kAll, 2, Use::RingSeconds},
    {"DID", K::Did, kCall, 0, Use::Text},
    {"ENTERQUEUE", K::EnterQueue, kWaiting, 1, Use::Text},
    {"EXITEMPTY", K::ExitEmpty, kWaiting},
    {"EXITWITHKEY", K::ExitWithKey, kWaiting},
    {"EXITWITHTIMEOUT", K::ExitWithTimeout, kWaiting},
    {"PAUSE", K::Pause, kMember, 0, Use::Text},
    {"PAUSEALL", K::PauseAll, kMember, 0, Use::Text},
    {"PENALTY", K::Penalty, kMember, 0, Use::Penalty},
    {"QUEUESTART", K::QueueStart, kNothing},
    {"REMOVEMEMBER", K::RemoveMember, kQueue | kMember},
    {"RINGCANCELED", K::RingCanceled, kAll, 0, Use::RingMillis},
    {"RINGNOANSWER", K::RingNoAnswer, kAll, 0, Use::RingMillis},
    {"SYSCOMPAT", K::SysCompat, kAll},
    {"TRANSFER", K::Transfer, kAll, 0, Use::Text},
    {"UNPAUSE", K::Unpause, kMember},
    {"UNPAUSEALL", K::UnpauseAll, kMember},
}};
static_assert(std::ranges::is_sorted(kShapes, {}, &Shape::name), "looked up by halves");
static_assert([] {
    for (std::size_t i = 0; i < kShapes.size(); ++i)
        if (static_cast<std::size_t>(kShapes[i].kind) != i) return false;
    return true;
}());

constexpr std::size_t kNameBytes = 256;  // Asterisk's own limit is 80
constexpr u64 kRingLongestS = 86'400;

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

std::string_view take_field(std::string_view& rest) noexcept {
    const std::size_t end = std::min(rest.find('|'), rest.size());
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trimmed(field);
}

std::optional<u64> number(std::string_view text) noexcept {
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "1366720340" or "1366720340.123456"; digits beyond the ninth of the fraction mean nothing.
std::optional<Nanos> point_in_time(std::string_view text) noexcept {
    const std::size_t dot = std::min(text.find('.'), text.size());
    const auto seconds = number(text.substr(0, dot));
    if (!seconds || *seconds > ~u64{0} / 1'000'000'000 - 1) return std::nullopt;
    u64 ns = 0;
    u64 unit = 1'000'000'000;
    for (const char c : text.substr(std::min(dot + 1, text.size()))) {
        if (c < '0' || c > '9') return std::nullopt;
        unit /= 10;
        ns += unit * static_cast<u64>(c - '0');
    }
    return Nanos{*seconds * 1'000'000'000 + ns};
}

std::string_view known_or_none(std::string_view name) noexcept {
    return name == "NONE" || name == "REALTIME" || name == "MANAGER" ? std::string_view{} : name;
}

/// What may stand on a terminal: a damaged line is shown as far as it can be.
std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 40))
        out += static_cast<u8>(c) >= 0x20 && static_cast<u8>(c) < 0x7F ? c : '?';
    return out;
}

Expected<void> use(const Shape& shape, std::string_view parameters, QueueLogEvent& event) {
    std::string_view value;
    for (u8 i = 0; i <= shape.parameter; ++i) value = take_field(parameters);
    if (shape.use == Use::None || value.empty()) return {};
    if (shape.use == Use::Text) {
        event.text = value.substr(0, kNameBytes);
        return {};
    }
    const auto n = number(value);
    const u64 unit = shape.use == Use::RingMillis ? 1'000'000 : 1'000'000'000;
    if (!n || *n > kRingLongestS * 1'000'000'000 / unit)
        return failure(
            fmt::format("{} '{}'", shape.use == Use::Penalty ? "penalty" : "ring time", shown(value)));
    if (shape.use == Use::Penalty)
        event.penalty = static_cast<u32>(std::min<u64>(*n, ~u32{0}));
    else
        event.ring = Nanos{*n * unit};
    return {};
}

Expected<void> check_names(const QueueLogEvent& e, u8 needs) {
    if ((needs & kCall) != 0 && e.call.empty()) return failure("no call");
    if ((needs & kQueue) != 0 && e.queue.empty()) return failure("no queue");
    if ((needs & kMember) != 0 && e.member.empty()) return failure("no member");
    if (std::max({e.call.size(), e.queue.size(), e.member.size()}) > kNameBytes)
        return failure(fmt::format("a name longer than {} bytes", kNameBytes));
    return {};
}

}  // namespace

std::string_view name(QueueLogKind kind) noexcept {
    const auto i = static_cast<std::size_t>(kind);
    return i < kShapes.size() ? kShapes[i].name : "another";
}

Expected<QueueLogEvent> parse_queue_log_line(std::string_view line, Nanos latest) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) return failure("an empty line");
    if (std::ranges::any_of(line, [](char c) { return static_cast<u8>(c) < 0x20 || c == 0x7F; }))
        return failure("bytes that are no text");
    if (std::ranges::count(line, '|') < 4) return failure("fewer than five fields");
    QueueLogEvent event;
    const std::string_view when = take_field(line);
    const auto time = point_in_time(when);
    if (!time || *time < kQueueLogEarliest || *time > latest)
        return failure(fmt::format("time '{}'", shown(when)));
    event.time = *time;
    event.call = known_or_none(take_field(line));
    event.queue = known_or_none(take_field(line));
    event.member = known_or_none(take_field(line));
    const std::string_view kind = take_field(line);
    if (kind.empty()) return failure("no event");
    const auto shape = std::ranges::lower_bound(kShapes, kind, {}, &Shape::name);
    const bool known = shape != kShapes.end() && shape->name == kind;
    if (auto good = check_names(event, known ? shape->needs : u8{kNothing}); !good)
        return std::unexpected(std::move(good.error()).in(shown(kind)));
    if (!known) {
        event.text = shown(kind);
        return event;
    }
    event.kind = shape->kind;
    if (auto good = use(*shape, line, event); !good) return std::unexpected(std::move(good.error()).in(kind));
    return event;
}

}  // namespace twinlink::sim
