// See backup_watch.hpp.
#include "tools/twinlink/backup_watch.hpp"

#include "tools/common/control_client.hpp"
#include "tools/common/time_text.hpp"
#include "tools/pairing/credentials.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace twinlink::cli {
namespace {

using namespace tools;

/// A backup may take an hour unless it is told otherwise: a store grows while it is being copied. Chosen.
constexpr u64 kSecondsDefault = 3'600;
constexpr u64 kSecondsMax = 7 * 86'400;
constexpr u64 kRateMaxMib = 1 << 20;
constexpr std::size_t kBarWidth = 24;

std::string hex_of_id(std::span<const u8> id) {
    std::string text;
    for (const u8 byte : id) text += fmt::format("{:02x}", byte);
    return text;
}

void add_data(Document& document, const backup::DataEntry& data) {
    const auto line = [&](std::string text) { document.opening.push_back({std::move(text)}); };
    constexpr u64 kNever = ~u64{0};
    document.fact("from", moment(data.from));
    document.fact("to", data.to == kNever ? Value{} : moment(data.to));
    document.fact("since", moment(data.since));
    document.fact("messages", data.messages);
    document.fact("intervals", data.intervals);
    document.fact("rows", data.rows);
    document.fact("exceptions", data.exceptions);
    if (data.from != 0 || data.to != kNever)
        line(fmt::format("  time      {} to {} UTC",
                         data.from == 0 ? "the beginning" : local_time(data.from, 0),
                         data.to == kNever ? "the end" : local_time(data.to, 0)));
    if (data.since != 0) line(fmt::format("  since     the backup of {} UTC", local_time(data.since, 0)));
    line(fmt::format("  holds     {} messages, {} rows of {} intervals, {} link exceptions",
                     with_separators(data.messages), with_separators(data.rows),
                     with_separators(data.intervals), with_separators(data.exceptions)));
}

}  // namespace

Result<backup::Watch> watch_of(const Arguments& arguments, const Rim& rim) {
    const auto rate = arguments.number(OptionId::Rate, kRateMaxMib);
    if (!rate) return std::unexpected(rate.error());
    const auto seconds = arguments.number(OptionId::TimeLimit, kSecondsMax);
    if (!seconds) return std::unexpected(seconds.error());
    backup::Watch watch;
    watch.bytes_per_s = rate->value_or(0) << 20;
    watch.seconds_max = seconds->value_or(kSecondsDefault);
    watch.interrupted = rim.interrupted;
    watch.pause = rim.pause;
    if (rim.interrupted) rim.interrupted();  // heeded from here on: nothing has begun yet
    if (rim.err_is_terminal)
        watch.progress = [&rim](u64 done, u64 total) {
            const u64 percent = std::min<u64>(total == 0 ? 100 : done * 100 / total, 100);
            const std::size_t full = static_cast<std::size_t>(percent) * kBarWidth / 100;
            rim.err(fmt::format("\r[{}{}] {:3} %, {} of {} MiB\x1b[K", std::string(full, '#'),
                                std::string(kBarWidth - full, ' '), percent, with_separators(done >> 20),
                                with_separators(total >> 20)));
        };
    return watch;
}

Result<backup::Watch> watch_beside_appliance(const Arguments& arguments, const Rim& rim, std::string socket) {
    auto watch = watch_of(arguments, rim);
    if (!watch) return watch;
    watch->why_stop = [socket = std::move(socket), limit = rim.answer_timeout]() -> std::string {
        const auto answer = ask(socket, "ups", limit);
        const auto document = nlohmann::json::parse(answer ? *answer : std::string(), nullptr, false);
        const auto service = document.is_object() ? document.find("service") : document.end();
        if (service == document.end() || !service->is_object()) return {};
        const auto wait = service->find("backups_wait");
        const auto why = service->find("backups_wait_why");
        if (wait == service->end() || !wait->is_boolean() || !wait->get<bool>()) return {};
        return why != service->end() && why->is_string() ? clean(why->get<std::string>())
                                                         : "it does not say why";
    };
    return watch;
}

void end_bar(const Rim& rim) {
    if (rim.err_is_terminal) rim.err("\r\x1b[K");
}

void add_archive(Document& document, const backup::ArchiveHead& head, const backup::Manifest& manifest) {
    const bool paired = head.server != 0;
    const std::string pair = paired ? pairing::pair_text(head.pair) : "";
    document.fact("kind", std::string(name(head.kind)));
    document.fact("format", u64{head.format});
    document.fact("program", clean(manifest.program));
    document.fact("created", moment(head.created_wall));
    document.fact("pair", paired ? Value{pair} : Value{});
    document.fact("server", unless_zero(head.server));
    document.fact("store_id", hex_of_id(head.store));
    document.fact("store_format", u64{manifest.store_format});
    document.fact("transaction", manifest.transaction);
    document.fact("commit_wall", moment(manifest.commit_wall));
    const auto line = [&](std::string text) { document.opening.push_back({std::move(text)}); };
    line(fmt::format("  made      {} UTC by twinlink {}", local_time(head.created_wall, 0),
                     clean(manifest.program)));
    line(paired ? fmt::format("  of        server {} of pair {}", head.server, pair)
                : fmt::format("  of        a server that is in no pair"));
    line(fmt::format("  shows     commit {}{}", with_separators(manifest.transaction),
                     manifest.commit_wall == 0 ? ", nothing collected yet"
                                               : ", " + local_time(manifest.commit_wall, 0) + " UTC"));

    if (head.kind == backup::ArchiveKind::Data) add_data(document, manifest.data);

    Listing streams{"streams",
                    {{"acd", "ACD", Kind::Number},
                     {"epoch", "epoch", Kind::Number},
                     {"watermark", "watermark", Kind::Number},
                     {"next", "next", Kind::Number},
                     {"messages", "messages", Kind::Count},
                     {"missing", "missing", Kind::Count}},
                    {},
                    {}};
    for (const backup::StreamEntry& s : manifest.streams)
        streams.rows.push_back({{u64{s.acd}, s.epoch, s.watermark, s.next, s.messages, s.missing}, {}});
    Listing parts{
        "parts", {{"part", "part"}, {"bytes", "bytes", Kind::Count}, {"sha256", "SHA-256"}}, {}, {}};
    for (const backup::PartEntry& p : manifest.parts)
        parts.rows.push_back(
            {{std::string(backup::find_part(p.id)->name), p.bytes, backup::hex_of(p.sha256)}, {}});
    document.tables.push_back(std::move(streams));
    document.tables.push_back(std::move(parts));
}

}  // namespace twinlink::cli
