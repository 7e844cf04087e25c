// Parses the Technion's call files. See technion.hpp.
#include "tools/acdsim/technion.hpp"

#include "tools/acdsim/centre_config.hpp"
#include "tools/acdsim/fault_rule.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace twinlink::sim {
namespace {

constexpr std::size_t kColumns = 17;
constexpr std::string_view kHeader =
    "vru+line,call_id,customer_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,q_time,"
    "outcome,ser_start,"
    "ser_exit,ser_time,server";
enum Column {
    kLine,
    kCallId,
    kCustomer,
    kPriority,
    kType,
    kDate,
    kVruEntry,
    kVruExit,
    kVruTime,
    kQueueStart,
    kQueueExit,
    kQueueTime,
    kOutcome,
    kServiceStart,
    kServiceExit,
    kServiceTime,
    kServer
};

using Fields = std::array<std::string_view, kColumns>;

template <class N>
std::optional<N> number(std::string_view text) noexcept {
    N value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

/// "9:05:07" as ns since midnight.
std::optional<u64> time_of_day(std::string_view text) noexcept {
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string_view::npos ? first : text.find(':', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto h = number<u64>(text.substr(0, first));
    const auto m = number<u64>(text.substr(first + 1, second - first - 1));
    const auto s = number<u64>(text.substr(second + 1));
    if (!h || !m || !s || *h > 23 || *m > 59 || *s > 59) return std::nullopt;
    return *h * kHour + *m * kMinute + *s * kSecond;
}

bool split(std::string_view line, Fields& fields) noexcept {
    for (std::size_t i = 0; i < kColumns; ++i) {
        const std::size_t comma = line.find(',');
        if ((comma == std::string_view::npos) != (i + 1 == kColumns)) return false;
        fields[i] = line.substr(0, comma);
        line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
    }
    return true;
}

/// `t` since midnight, on the day of `base` or, when it lies half a day before it, past the midnight after.
u64 after(u64 base, u64 day, u64 t) noexcept {
    return day + t + 12 * kHour < base ? day + t + kDay : day + t;
}

Expected<void> read_names(const Fields& f, RecordedCall& call) {
    if (f[kLine].size() < 3) return failure(fmt::format("vru+line '{}'", f[kLine]));
    call.trunk_group = f[kLine].substr(0, f[kLine].size() - 2);
    const auto line = number<u16>(f[kLine].substr(f[kLine].size() - 2));
    if (!line || *line == 0) return failure(fmt::format("vru+line '{}'", f[kLine]));
    call.line = *line;
    const auto customer = number<u64>(f[kCustomer]);
    if (!customer) return failure(fmt::format("customer_id '{}'", f[kCustomer]));
    call.customer = *customer;
    const auto priority = number<u8>(f[kPriority]);
    if (!priority || *priority > 2) return failure(fmt::format("priority '{}'", f[kPriority]));
    call.priority = static_cast<Priority>(*priority + 1);
    for (u16 i = 0; i < kTechnionSkills.size(); ++i)
        if (f[kType] == kTechnionSkills[i].code) call.skill = Skill{static_cast<u16>(i + 1)};
    if (call.skill.value == 0) return failure(fmt::format("type '{}'", f[kType]));
    return {};
}

struct RowTimes {
    u64 entry, vru_exit, queue_start, queue_exit, service_start, service_exit;
    i64 queue_time_s;
    bool served;  ///< the row tells when service was
};

Expected<RowTimes> read_times(const Fields& f, u64 day) {
    std::array<u64, 6> t{};
    constexpr std::array<Column, 6> kTimes{kVruEntry,  kVruExit,      kQueueStart,
                                           kQueueExit, kServiceStart, kServiceExit};
    for (std::size_t i = 0; i < kTimes.size(); ++i) {
        const auto parsed = time_of_day(f[kTimes[i]]);
        if (!parsed) return failure(fmt::format("time '{}'", f[kTimes[i]]));
        t[i] = *parsed;
    }
    const auto queue_time = number<i64>(f[kQueueTime]);
    if (!queue_time) return failure(fmt::format("q_time '{}'", f[kQueueTime]));
    RowTimes r{};
    r.entry = day + t[0];
    r.vru_exit = std::max(r.entry, after(r.entry, day, t[1]));
    r.queue_start = after(r.entry, day, t[2]);
    r.queue_exit = after(r.entry, day, t[3]);
    r.service_start = after(r.entry, day, t[4]);
    r.service_exit = after(r.entry, day, t[5]);
    r.queue_time_s = *queue_time;
    r.served = t[4] != 0 || t[5] != 0;
    return r;
}

Expected<RecordedCall> read_row(const Fields& f) {
    RecordedCall call;
    if (auto named = read_names(f, call); !named) return std::unexpected(named.error());
    const auto day = parse_time(fmt::format("{}T00:00:00Z", f[kDate]));
    if (!day) return failure(fmt::format("date '{}'", f[kDate]));
    call.day = *day;
    const auto times = read_times(f, day->value);
    if (!times) return std::unexpected(times.error());
    const RowTimes& t = *times;
    const bool answered = f[kOutcome] == "AGENT";
    if (!answered && f[kOutcome] != "HANG" && f[kOutcome] != "PHANTOM")
        return failure(fmt::format("outcome '{}'", f[kOutcome]));

    // Where q_time is 0 the caller never waited in a queue; a negative one only crossed midnight.
    const bool waited = t.queue_time_s != 0;
    u64 queued = waited ? t.queue_start : answered ? t.vru_exit : 0;
    const u64 wait_ends = std::max({waited ? t.queue_exit : t.vru_exit, t.entry, queued});
    if (answered) {
        call.agent = f[kServer].empty() ? std::string_view{"NO_SERVER"} : f[kServer];
        call.answered = Nanos{t.served ? t.service_start : wait_ends};
        call.ended = std::max(call.answered, Nanos{t.served ? t.service_exit : wait_ends});
        // Service often begins a second or two before the menu or the queue is said to be left: the agent is
        // right.
        queued = std::min(queued, call.answered.value);
    } else {
        call.ended = Nanos{wait_ends};
    }
    // A queue that is entered before the call came in is right, because q_time says the same.
    call.seized = Nanos{queued == 0 ? t.entry : std::min(t.entry, queued)};
    call.queued = Nanos{queued};
    return call;
}

}  // namespace

Expected<Recording> parse_technion(std::string_view text) {
    Recording recording;
    u64 number_of_line = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        ++number_of_line;
        if (number_of_line == 1) {
            if (line != kHeader)
                return failure("the first line does not name the columns of the Technion's call files");
            continue;
        }
        Fields fields;
        if (!split(line, fields)) {
            recording.damaged.push_back({number_of_line, fmt::format("not {} columns", kColumns)});
            continue;
        }
        auto call = read_row(fields);
        if (call)
            recording.calls.push_back(std::move(*call));
        else
            recording.damaged.push_back({number_of_line, call.error().text});
    }
    if (number_of_line == 0) return failure("the file is empty");
    return recording;
}

Expected<Recording> read_technion(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) return failure(fmt::format("cannot read '{}'", path));
    auto recording = parse_technion(text.view());
    if (!recording) return std::unexpected(std::move(recording.error()).in(path));
    return recording;
}

}  // namespace twinlink::sim
