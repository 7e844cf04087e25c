// `twinlink status`: how the appliance is, what that means, what to do; a line per ACD and per link.
//
// Live over the control socket; from the store alone where the appliance does not answer and --store names
// one.
#include "tools/common/time_text.hpp"
#include "tools/twinlink/adds_up.hpp"
#include "tools/twinlink/appliance.hpp"
#include "tools/twinlink/states.hpp"
#include "tools/twinlink/store_source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::cli {
namespace {

using namespace tools;

/// A stage that has not moved for this long is stuck. Chosen: ten times the slowest commit that was measured.
constexpr u64 kHeartbeatMaxMs = 5'000;
/// The reach register: eight tries.
constexpr u64 kReachAll = 0xFF;

/// What is shown, from wherever.
struct Shown {
    ApplianceStatus status;
    std::vector<AcdContext> contexts;  ///< of status.acds, by index
    bool reachable = true;
    u64 now_ns = 0;
};

Value age(u64 wall, u64 now) { return wall == 0 ? Value{} : Value{now > wall ? now - wall : 0}; }

Line labelled(std::string_view label, std::string_view text, Style style = Style::Plain) {
    return {fmt::format("{:>8}: {}", label, text), style};
}

/// What is wrong beyond what the appliance says itself.
std::vector<std::string> findings(const Shown& shown) {
    std::vector<std::string> found;
    if (!shown.reachable) return found;
    for (const auto& [stage, ms] : shown.status.heartbeat_ages_ms)
        if (ms > kHeartbeatMaxMs)
            found.push_back(
                fmt::format("the {} stage has not moved for {}", stage, span_text(ms * 1'000'000)));
    return found;
}

/// "reading /x.pcap, 33 %, 12,345 messages filled".
std::string import_text(const ApplianceStatus& s) {
    const u64 total = counter(s.import_numbers, "bytes_total");
    const std::string percent = s.import_state != "reading" || total == 0
                                    ? std::string()
                                    : fmt::format(", {} %", counter(s.import_numbers, "bytes") * 100 / total);
    return fmt::format("{} {}{}, {} messages filled", s.import_state, s.import_path, percent,
                       with_separators(counter(s.import_counts, "filled")));
}

void add_head(Document& document, const Shown& shown, std::span<const std::string> more) {
    const ApplianceStatus& s = shown.status;
    const StateInfo state = state_info(s.state);
    if (shown.reachable) {
        const auto [stage, ms] = s.oldest_heartbeat_ms();
        document.opening.push_back(
            {fmt::format("twinlinkd {}, pid {}, up {}, last heartbeat {} ago ({})", s.version, s.pid,
                         span_text(s.uptime_s * kSecondNs),
                         ms == 0 ? "less than 1 ms" : span_text(ms * 1'000'000), stage),
             Style::Title});
    } else {
        document.opening.push_back(
            {"twinlinkd is not reachable; this is what the store holds", Style::Title});
    }
    document.opening.push_back(labelled("state", s.state, state.style));
    for (const std::string& reason : s.reasons) document.opening.push_back(labelled("why", reason));
    for (const std::string& reason : more) document.opening.push_back(labelled("why", reason, Style::Bad));
    for (const std::string& note : s.notes) document.opening.push_back(labelled("note", note));
    if (s.maintenance_since != 0)
        document.opening.push_back(labelled(
            "service",
            fmt::format("in maintenance since {}{}{}", local_time(s.maintenance_since, 0, true) + " UTC",
                        s.maintenance_text.empty() ? "" : ": ", s.maintenance_text)));
    document.opening.push_back(labelled("meaning", state.meaning));
    document.opening.push_back(labelled("to do", state.action));
    std::string store = s.store_path;
    if (shown.reachable)
        store += fmt::format(", {} commits of {} messages, last {}, longest {}, {} bytes waiting",
                             with_separators(counter(s.store, "commits")),
                             with_separators(counter(s.store, "committed_messages")),
                             span_text(counter(s.store, "commit_ns_last")),
                             span_text(counter(s.store, "commit_ns_max")),
                             with_separators(counter(s.store, "batch_bytes")));
    document.opening.push_back(labelled("store", store));
    if (s.refolds != 0)
        document.opening.push_back(labelled(
            "refolds", fmt::format("{} for what came late, {} messages folded again",
                                   with_separators(s.refolds), with_separators(s.refolded_messages))));
    if (counter(s.roll_ups, "days") + counter(s.roll_ups, "days_redone") + counter(s.roll_ups, "due") != 0)
        document.opening.push_back(
            labelled("roll-ups", fmt::format("{} days rolled up, {} done again, {} periods due",
                                             with_separators(counter(s.roll_ups, "days")),
                                             with_separators(counter(s.roll_ups, "days_redone")),
                                             with_separators(counter(s.roll_ups, "due")))));
    if (!s.import_state.empty()) document.opening.push_back(labelled("import", import_text(s)));
    if (s.store_stopped) document.opening.push_back(labelled("error", s.store_error, Style::Bad));
}

void add_facts(Document& document, const Shown& shown) {
    const ApplianceStatus& s = shown.status;
    document.fact("reachable", shown.reachable);
    document.fact("state", s.state);
    document.fact("meaning", std::string(state_info(s.state).meaning));
    document.fact("action", std::string(state_info(s.state).action));
    document.fact("store", s.store_path);
    if (!shown.reachable) return;
    document.fact("version", s.version);
    document.fact("pid", s.pid);
    document.fact("started", s.started);
    document.fact("uptime_s", s.uptime_s);
    document.fact("heartbeat_age_ms", s.oldest_heartbeat_ms().second);
    for (const auto& [stage, ms] : s.heartbeat_ages_ms) document.fact("heartbeat_age_ms_" + stage, ms);
    document.fact("store_stopped", s.store_stopped);
    document.fact("store_error", s.store_error.empty() ? Value{} : Value{s.store_error});
    for (const auto& [name, value] : s.store) document.fact("store_" + name, value);
    document.fact("maintenance_since",
                  s.maintenance_since == 0 ? Value{} : Value{rfc3339_short(s.maintenance_since)});
    document.fact("maintenance_text", s.maintenance_text.empty() ? Value{} : Value{s.maintenance_text});
    document.fact("messages", s.messages);
    document.fact("conflicts", s.conflicts);
    document.fact("refolds", s.refolds);
    document.fact("refolded_messages", s.refolded_messages);
    for (const auto& [name, value] : s.roll_ups) document.fact("roll_ups_" + name, value);
    if (s.import_state.empty()) return;
    document.fact("import_state", s.import_state);
    document.fact("import_path", s.import_path);
    for (const auto& [name, value] : s.import_numbers)
        document.fact("import_" + name, name == "started_wall" ? moment(value) : Value{value});
    for (const auto& [name, value] : s.import_counts) document.fact("import_" + name, value);
}

Listing acd_listing(const Shown& shown) {
    Listing listing{"acds",
                    {{"acd", "ACD", Kind::Number},
                     {"acd_name", "name"},
                     {"epoch", "epoch", Kind::Number},
                     {"messages", "messages", Kind::Count},
                     {"missing", "missing", Kind::Count},
                     {"open_gaps", "open gaps", Kind::Count},
                     {"first_seen", "", Kind::Number, For::Machines},
                     {"next", "", Kind::Number, For::Machines},
                     {"watermark", "whole up to", Kind::Number},
                     {"parked_frames", "parked", Kind::Count},
                     {"last_time", "ACD's clock", Kind::Time},
                     {"last_message", "", Kind::Time, For::Machines},
                     {"last_message_age_ns", "last message ago", Kind::Duration},
                     {"ended", "ended", Kind::Flag},
                     {"collected", "", Kind::Flag, For::Machines},
                     {"frames_left", "", Kind::Count, For::Machines}},
                    {},
                    {}};
    for (std::size_t i = 0; i < shown.status.acds.size(); ++i) {
        const ApplianceAcd& acd = shown.status.acds[i];
        const StreamRecord& s = acd.stream;
        listing.rows.push_back(
            {{u64{s.acd}, shown.contexts[i].name, unless_zero(s.epoch), s.messages, s.missing, acd.open_gaps,
              s.first_seen, s.next, s.watermark, acd.parked_frames, unless_zero(s.last_time),
              unless_zero(s.last_wall), age(s.last_wall, shown.now_ns), s.ended != 0, acd.collected,
              acd.frames_left},
             acd.open_gaps != 0 ? Style::Warning : Style::Plain});
    }
    Group group;
    group.rows = listing.rows.size();
    group.heading.push_back(
        {listing.rows.empty() ? "No ACD was heard of yet" : "ACDs (times in UTC)", Style::Title});
    listing.groups.push_back(std::move(group));
    return listing;
}

/// Two characters as in chronyc: what the port is, and how the link does.
std::string markers(const ApplianceLink& link, const ApplianceAcd& acd, bool port_known, bool up,
                    bool reachable) {
    std::string text = !port_known ? " " : up ? "=" : "!";
    const bool leads = std::ranges::all_of(acd.links, [&](const ApplianceLink& other) {
        return other.record.link == link.record.link ||
               other.record.first_arrivals < link.record.first_arrivals;
    });
    if (link.record.frames == 0 || link.record.silent != 0)
        text += '?';
    else if (link.record.conflicts != 0)
        text += 'x';
    else if (reachable && (link.reach & kReachAll) != kReachAll)
        text += '-';
    else
        text += leads ? '*' : '+';
    return text;
}

Listing link_listing(const Shown& shown) {
    Listing listing{"links",
                    {{"markers", "MS", Kind::Text, For::People},
                     {"acd", "ACD", Kind::Number},
                     {"epoch", "", Kind::Number, For::Machines},
                     {"link", "link"},
                     {"port", "port"},
                     {"port_up", "", Kind::Flag, For::Machines},
                     {"reach", "reach", Kind::Octal},
                     {"frames", "frames", Kind::Count},
                     {"first_arrivals", "first", Kind::Count},
                     {"duplicates", "duplicates", Kind::Count},
                     {"lost", "lost", Kind::Count},
                     {"lost_alone", "alone", Kind::Count},
                     {"behind", "behind", Kind::Count},
                     {"lag_last_ns", "lag", Kind::Duration},
                     {"silent", "silent", Kind::Flag},
                     {"last_frame", "", Kind::Time, For::Machines},
                     {"last_frame_age_ns", "last frame ago", Kind::Duration}},
                    {},
                    {}};
    for (const ApplianceAcd& acd : shown.status.acds) {
        for (const ApplianceLink& link : acd.links) {
            const LinkRecord& l = link.record;
            const std::string name(1, letter(l.link == 0 ? Link::A : Link::B));
            const auto port = std::ranges::find(shown.status.ports, name, &AppliancePort::link);
            const bool known = port != shown.status.ports.end();
            const bool up = known && port->up;
            listing.rows.push_back(
                {{markers(link, acd, known, up, shown.reachable), u64{l.acd}, unless_zero(l.epoch), name,
                  known ? Value{port->title} : Value{}, known ? Value{up} : Value{},
                  shown.reachable ? Value{link.reach} : Value{}, l.frames, l.first_arrivals, l.duplicates,
                  l.lost, l.lost_alone, l.behind, l.lag_count == 0 ? Value{} : Value{l.lag_ns_last},
                  l.silent != 0, unless_zero(l.last_wall), age(l.last_wall, shown.now_ns)},
                 l.silent != 0 ? Style::Warning : Style::Plain});
        }
    }
    if (listing.rows.empty()) return listing;
    Group group;
    group.rows = listing.rows.size();
    group.footer.push_back(
        {"  M: = port up, ! port down. S: * brings most messages first, + also good, - missed a "
         "second lately, ? silent, x conflicts.",
         Style::Faint});
    if (shown.reachable)
        group.footer.push_back(
            {"  reach: octal, one bit per second with a frame, the newest lowest; 377 is all of "
             "the last eight.",
             Style::Faint});
    listing.groups.push_back(std::move(group));
    return listing;
}

Listing reason_listing(const Shown& shown, std::span<const std::string> more) {
    Listing listing{"reasons", {{"reason", ""}}, {}, {}, For::Machines};
    for (const std::string& reason : shown.status.reasons) listing.rows.push_back({{reason}, Style::Plain});
    for (const std::string& reason : more) listing.rows.push_back({{reason}, Style::Plain});
    return listing;
}

/// Every counter there is.
Listing counter_listing(const Shown& shown) {
    Listing listing{
        "counters", {{"of", ""}, {"counter", ""}, {"value", "", Kind::Count}}, {}, {}, For::Machines};
    const auto add = [&](const std::string& of, const NamedCounters& counters) {
        for (const auto& [name, value] : counters) listing.rows.push_back({{of, name, value}, Style::Plain});
    };
    add("store", shown.status.store_counters);
    for (const AppliancePort& port : shown.status.ports) {
        add("port " + port.link, port.counters);
        add("receive " + port.link, port.receive);
        add("refused frames " + port.link, port.refusals);
    }
    for (const ApplianceAcd& acd : shown.status.acds) {
        add(fmt::format("fold ACD {}", acd.stream.acd), acd.fold);
        for (const ApplianceLink& link : acd.links)
            add(fmt::format("verdicts ACD {} link {}", acd.stream.acd,
                            letter(link.record.link == 0 ? Link::A : Link::B)),
                link.verdicts);
    }
    return listing;
}

/// What was dropped or refused, by port, for people: only what is not 0.
Listing trouble_listing(const Shown& shown) {
    Listing listing{
        "trouble", {{"of", ""}, {"counter", ""}, {"value", "", Kind::Count}}, {}, {}, For::People};
    for (const AppliancePort& port : shown.status.ports) {
        const auto add = [&](const NamedCounters& counters, std::string_view prefix) {
            for (const auto& [name, value] : counters)
                if (value != 0 && name.starts_with(prefix))
                    listing.rows.push_back({{"link " + port.link, name, value}, Style::Plain});
        };
        for (const std::string_view prefix : {"refused_", "nic_", "answers_dropped"})
            add(port.counters, prefix);
        add(port.receive, "ring_full");
        add(port.refusals, "");
    }
    Group group;
    group.heading.push_back({"Dropped or refused since the start:", Style::Warning});
    group.rows = listing.rows.size();
    listing.groups.push_back(std::move(group));
    return listing;
}

Answer answer_of(const Shown& shown) {
    Answer answer;
    Document& document = answer.document;
    document.command = "status";
    const auto more = findings(shown);
    add_facts(document, shown);
    add_head(document, shown, more);
    document.tables.push_back(acd_listing(shown));
    document.tables.push_back(link_listing(shown));
    document.tables.push_back(reason_listing(shown, more));
    document.tables.push_back(counter_listing(shown));
    if (Listing trouble = trouble_listing(shown); !trouble.rows.empty())
        document.tables.push_back(std::move(trouble));
    const bool gaps =
        std::ranges::any_of(shown.status.acds, [](const ApplianceAcd& acd) { return acd.open_gaps != 0; });
    const bool quiet = shown.status.state == "maintenance";  // people know, and were told above
    const bool well = shown.status.state == "collecting" && !gaps && more.empty();
    if (!well && !quiet) answer.code = ExitCode::Problem;
    return answer;
}

/// The same picture from the store: counters and ports are not known, the newest epoch of each ACD is.
Shown from_store(const StoreSource& store, u64 now) {
    Shown shown;
    shown.reachable = false;
    shown.now_ns = now;
    shown.status.state = kNotReachable;
    shown.status.store_path = store.path();
    const auto acds = store.snapshot().acds();
    const auto links = store.snapshot().links();
    const auto streams = store.snapshot().streams();
    for (std::size_t i = 0; i < streams.size(); ++i) {
        if (i + 1 < streams.size() && streams[i + 1].acd == streams[i].acd) continue;
        ApplianceAcd acd;
        acd.stream = streams[i];
        acd.open_gaps =
            sum_of(store.snapshot().gaps({.acd = Acd{streams[i].acd}, .epoch = Epoch{streams[i].epoch}}))
                .open_gaps;
        for (const LinkRecord& link : links)
            if (link.acd == streams[i].acd && link.epoch == streams[i].epoch)
                acd.links.push_back({link, {}, 0});
        shown.contexts.push_back(context_of(Acd{streams[i].acd}, acds));
        shown.status.acds.push_back(std::move(acd));
    }
    return shown;
}

}  // namespace

Result<Answer> run_status(const Arguments& arguments, const Rim& rim) {
    auto status = ask_status(arguments, rim);
    if (status) {
        Shown shown{std::move(*status), {}, true, rim.wall_ns()};
        for (const ApplianceAcd& acd : shown.status.acds)
            shown.contexts.push_back({Acd{acd.stream.acd}, acd.name, "", acd.utc_offset_minutes});
        return answer_of(shown);
    }
    if (status.error().code != ExitCode::Unreachable || !arguments.has(OptionId::Store))
        return std::unexpected(status.error());
    auto store = StoreSource::open(store_path(arguments, rim));
    if (!store) return std::unexpected(store.error());
    Answer answer = answer_of(from_store(*store, rim.wall_ns()));
    answer.document.problems.push_back(status.error().text);
    answer.code = ExitCode::Unreachable;
    return store->finish(std::move(answer));
}

}  // namespace twinlink::cli
