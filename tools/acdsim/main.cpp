// acdsim: a switch that calls, agents and faults come out of. The command line; everything else is in
// session.cpp.
//
// stdout carries nothing but --help and --version. Exit codes: 0 done, 1 messages were given up or input
// lines skipped, 2 usage, 3 no peer came, 4 internal (a device or file that does not work).
#include "tools/acdsim/fault_rule.hpp"
#include "tools/acdsim/session.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <csignal>

namespace {

using namespace twinlink;
using namespace twinlink::sim;

std::atomic<bool> stop_asked{false};
void on_signal(int) { stop_asked = true; }

constexpr const char* kFaultHelp = R"(
Faults: --fault 'WORDS' (any number of times), selectors and one action:
  server=1|2|all link=A|B|both acd=N|all     where; everywhere if not said
  at-seq=N[..M]                              these numbers; frames are cut at the edges
  at=HH:MM[:SS]|2026-03-02T09:30:00Z for=60s from this time of the ACD's clock, so long
  drop | loss=P | burst=P:N                  frames are lost
  corrupt[=P] truncate[=P] differ[=P]        flipped bits; cut off; other bytes with a valid CRC
  dup[=P] reorder=P:DEPTH delay=DURATION     sent twice; behind later frames; late
  silence (with at= for=)                    held back, no number skipped
  down                                       link down; a pump-up follows when it is up again
  wild[=P]                                   a frame with a number that nobody sent
  never-both                                 no message is destroyed on both links of a server
  e.g. --fault 'link=B at=09:30 for=60s down' --fault 'at-seq=5000..5003 drop' --fault loss=0.01

Targets: --server 'A=SPEC,B=SPEC', once or twice; SPEC is udp:IP:PORT, dpdk:DEVICE or pcap:FILE,
then settings:
  ;to=IP:PORT ;from=IP:PORT ;mac=MAC ;from-mac=MAC ;vlan=ID ;inner=ID
  e.g. 'A=udp:127.0.0.1:5501,B=udp:127.0.0.1:5502' 'A=dpdk:net_virtio_user0,path=/run/a.sock,B=pcap:b.pcap'
  Addresses that are not said: server s, link A=1 or B=2:
  from 10.(100+s).link.1:5500 to 10.(100+s).link.2:5500.

Exit codes: 0 done, 1 messages given up or lines skipped, 2 usage, 3 no peer came,
4 device or file does not work.)";

constexpr const char* kReplayHelp = R"(
queue_log: Asterisk's app_queue. Queues are skills, members are agents; a name that is a number keeps
it, others get one made from their letters. Damaged lines are skipped and named on stderr, unknown
events counted. RINGNOANSWER is the agent's ringing time; the caller's wait goes on, as in Asterisk,
unless --redirect-unanswered says otherwise. More in tools/acdsim/README.md.
  acdsim replay --format queue_log queue_log.1 --speed max --aux Lunch=3 --server ...
  acdsim replay --format queue_log /var/log/asterisk/queue_log --follow --from-end --window 15 --server ...
)";

/// What the command line says in words, before it is read.
struct Words {
    std::string start = "2026-03-02T08:00:00Z";
    std::string opens = "08:00";
    std::string closes = "20:00";
    std::string speed = "1";
    std::string hours = "1";
    std::vector<std::string> restarts;
    std::vector<std::string> offset_changes;
    u64 pump_up_minutes = 60;
    double wait_ready_s = 0;
    double give_up_s = 10;
    u64 ahead_mb = 256;
    u64 flush_ms = 5;
    u64 heartbeat_ms = 100;
    bool no_wait = false;
    bool no_huge = false;
    u64 window_s = 60;
    std::vector<std::string> reasons;
};

void add_sending(CLI::App& app, Options& o, Words& w) {
    app.add_option("--server", o.servers, "where to send: 'A=SPEC,B=SPEC'; once or twice")->required();
    app.add_option("--fault", o.faults, "a fault, see below")->take_all();
    app.add_option("--speed", w.speed, "1 = real time, N times, or max")->capture_default_str();
    app.add_option("--rate", o.pacing.rate, "messages a second and link at most");
    app.add_option("--rate-for", o.pacing.rate_for, "--loop-days: so many messages, then --rate-then");
    app.add_option("--rate-then", o.pacing.rate_then, "the rate from there on");
    app.add_option("--frame-bytes", o.encoder.frame_bytes, "largest frame")
        ->check(CLI::Range(400U, kFrameBytesMax))
        ->capture_default_str();
    app.add_flag("--cut-differently", o.encoder.cut_differently,
                 "link B packs the same messages into other frames");
    app.add_option("--flush-ms", w.flush_ms, "a frame waits at most so long (wall time)")
        ->capture_default_str();
    app.add_option("--heartbeat-ms", w.heartbeat_ms, "on an idle link (wall time)")->capture_default_str();
    app.add_option("--truth", o.truth_file, "every message and the fate of each copy, JSON lines");
    app.add_option("--truth-summary", o.summary_file, "what a perfect gap report says, JSON");
    app.add_option("--wait-ready", w.wait_ready_s, "seconds to wait for peers first");
    app.add_flag("--no-wait", w.no_wait, "what a device does not take at once is dropped (truth: not_taken)");
    app.add_option("--give-up", w.give_up_s, "seconds after which the same happens; 0 = never")
        ->capture_default_str();
    app.add_option("--ahead-mb", w.ahead_mb, "--speed max: encoded before it is sent")->capture_default_str();
    app.add_option("--seed", o.centre.seed, "the same seed gives the same bytes")->capture_default_str();
    app.add_flag("--no-huge", w.no_huge, "DPDK without hugepages");
    app.add_option("--memory-mb", o.eal.memory_mb, "memory of DPDK")->capture_default_str();
    app.add_option("--lcore", o.eal.cores, "core to run on");
    app.add_option("--eal-arg", o.eal.extra, "handed on to DPDK as it is")->take_all();
}

void add_centre(CLI::App& app, Options& o, Words& w) {
    app.add_option("--agents", o.centre.agents, "of each ACD")->capture_default_str();
    app.add_option("--skills", o.centre.skills, "0 = one for every 25 agents")->capture_default_str();
    app.add_option("--acds", o.acds, "how many")->check(CLI::Range(1U, kAcdsMax))->capture_default_str();
    app.add_option("--first-acd", o.first_acd, "id of the first")
        ->check(CLI::Range(1, 60'000))
        ->capture_default_str();
    app.add_option("--start", w.start, "time of the ACD's clock, YYYY-MM-DDTHH:MM:SSZ")
        ->capture_default_str();
    app.add_option("--hours", w.hours, "how long; also as duration: 90m, 30s")->capture_default_str();
    app.add_option("--interval", o.centre.interval_minutes, "15, 30 or 60 minutes")->capture_default_str();
    app.add_option("--calls-per-hour", o.centre.calls_per_hour,
                   "at the busiest time; 0 = what keeps agents busy");
    app.add_option("--opens", w.opens, "time of day")->capture_default_str();
    app.add_option("--closes", w.closes, "time of day; 24:00 with opens 00:00 = always open")
        ->capture_default_str();
    app.add_option("--pump-up-every", w.pump_up_minutes, "minutes of the ACD's clock; 0 = never")
        ->capture_default_str();
    app.add_option("--phantom", o.centre.phantom_abandon_s, "phantom abandon timer, seconds");
    app.add_option("--unanswered-ppm", o.centre.unanswered_ppm, "calls that nobody answers, of a million")
        ->capture_default_str();
    app.add_option("--trunk-maintenance", o.centre.trunk_out_per_day, "trunks taken out, a day")
        ->capture_default_str();
    app.add_option("--clock-sets", o.centre.clock_sets_per_day, "clock settings, a day")
        ->capture_default_str();
    app.add_option("--utc-offset", o.centre.utc_offset_minutes, "minutes of local time ahead of UTC")
        ->check(CLI::Range(-900, 900))
        ->capture_default_str();
    app.add_option("--offset-change", w.offset_changes,
                   "TIME=MINUTES: summer time begins or ends, told by a pump-up")
        ->take_all();
    app.add_option("--restart-at", w.restarts, "the ACD crashes then and starts a new epoch")->take_all();
    app.add_flag("--whole-day", o.centre.whole_day, "from midnight to midnight, idle at both ends");
}

void add_replay(CLI::App& app, Options& o, Words& w) {
    app.add_option("--format", o.replay.format, "technion, or queue_log (Asterisk's app_queue)")
        ->required()
        ->check(CLI::IsMember({"technion", "queue_log"}));
    app.add_option("--interval", o.centre.interval_minutes, "15, 30 or 60 minutes")
        ->check(CLI::IsMember({15, 30, 60}))
        ->capture_default_str();
    app.add_option("--acd", o.first_acd, "id of the ACD")
        ->check(CLI::Range(1, 65'535))
        ->capture_default_str();
    app.add_option("--pump-up-every", w.pump_up_minutes, "minutes of the ACD's clock; 0 = never")
        ->capture_default_str();
    app.add_option("--utc-offset", o.centre.utc_offset_minutes,
                   "minutes of local time ahead of UTC, for reports")
        ->check(CLI::Range(-900, 900))
        ->capture_default_str();
    app.add_flag(
        "--follow", o.replay.follow,
        "queue_log: go on with what is written to FILE, also when it is rotated, until a signal comes; "
        "what is in it already goes out first, at once");
    app.add_flag("--from-end", o.replay.from_end,
                 "with --follow: what is in FILE already is only the state to begin with");
    app.add_option("--window", w.window_s,
                   "queue_log: seconds by which lines may be out of order and rings be told late; also what "
                   "--follow lags behind")
        ->check(CLI::Range(1, 3'600))
        ->capture_default_str();
    app.add_flag("--redirect-unanswered", o.replay.redirect_unanswered,
                 "queue_log: a ring that nobody answers ends the wait, counts as NOANSREDIR, and the call is "
                 "queued anew");
    app.add_option("--aux", w.reasons, "queue_log: AUX code of a pause reason, 'Lunch=3'")->take_all();
    app.add_option("FILE", o.replay.file, "the recording")->required();
}

Expected<Nanos> time_of_day(const std::string& text) {
    if (text == "24:00") return Nanos{kDay};
    return parse_time(text);
}

Expected<void> read_replay(const Words& w, Options& o) {
    ReplayOptions& r = o.replay;
    const bool queue_log = r.format == "queue_log";
    if (!queue_log && (r.follow || r.redirect_unanswered || !w.reasons.empty()))
        return failure("--follow, --redirect-unanswered and --aux are for --format queue_log");
    if (r.from_end && !r.follow) return failure("--from-end is for --follow");
    if (r.follow && w.speed != "1")
        return failure("--follow goes as fast as the file is written: no --speed");
    r.window = Nanos{w.window_s * kSecond};
    for (const auto& text : w.reasons) {
        const std::size_t at = text.rfind('=');
        u8 code = 0;
        const char* const end = text.data() + text.size();
        const bool whole = at != std::string::npos && at != 0 &&
                           std::from_chars(text.data() + at + 1, end, code).ptr == end &&
                           at + 1 < text.size();
        if (!whole || code > 99) return failure(fmt::format("--aux '{}': REASON=CODE, 0 to 99", text));
        r.reasons[text.substr(0, at)] = code;
    }
    return {};
}

Expected<void> read_words(const Words& w, Options& o) {
    if (!o.replay.file.empty())
        if (auto good = read_replay(w, o); !good) return good;
    const auto start = parse_time(w.start);
    if (!start) return std::unexpected(Error{start.error()}.in("--start"));
    o.centre.start = *start;
    const bool plain = w.hours.find_first_not_of("0123456789") == std::string::npos;
    const auto length = parse_duration(plain ? w.hours + "h" : w.hours);
    if (!length) return std::unexpected(Error{length.error()}.in("--hours"));
    o.centre.whole_day |= o.loop_days != 0;
    if (o.centre.whole_day) o.centre.start = Nanos{start->value - start->value % kDay};
    o.centre.end = o.centre.start + (o.centre.whole_day ? Nanos{kDay} : *length);
    const auto opens = time_of_day(w.opens);
    const auto closes = time_of_day(w.closes);
    if (!opens) return std::unexpected(Error{opens.error()}.in("--opens"));
    if (!closes) return std::unexpected(Error{closes.error()}.in("--closes"));
    o.centre.opens = *opens;
    o.centre.closes = *closes;
    const auto moment = [&](const std::string& text) -> Expected<Nanos> {
        FaultRule when;
        const auto at = parse_time(text);
        if (!at) return std::unexpected(Error{at.error()});
        when.at = *at;
        std::vector<FaultRule> one{when};
        resolve(one, o.centre.start);
        return *one.front().at;
    };
    for (const auto& text : w.restarts) {
        const auto at = moment(text);
        if (!at) return std::unexpected(Error{at.error()}.in("--restart-at"));
        o.centre.restarts.push_back(*at);
    }
    for (const auto& text : w.offset_changes) {
        const std::size_t equals = std::min(text.find('='), text.size());
        const auto at = moment(text.substr(0, equals));
        if (!at) return std::unexpected(Error{at.error()}.in("--offset-change"));
        i16 minutes = 0;
        const char* const end = text.data() + text.size();
        if (equals + 1 >= text.size() || std::from_chars(text.data() + equals + 1, end, minutes).ptr != end)
            return failure(fmt::format("--offset-change '{}': TIME=MINUTES", text));
        o.centre.offset_changes.push_back({*at, minutes});
    }
    o.centre.pump_up_every = Nanos{w.pump_up_minutes * kMinute};

    if (w.speed == "max") {
        o.pacing.speed_milli = 0;
    } else {
        double times = 0;
        const char* const end = w.speed.data() + w.speed.size();
        const auto [at, error] = std::from_chars(w.speed.data(), end, times);
        if (error != std::errc{} || at != end || !(times >= 0.001) || times > 1e6)
            return failure("--speed: 0.001 to 1000000, or max");
        o.pacing.speed_milli = static_cast<u64>(times * 1'000 + 0.5);
    }
    const auto ns = [](double s) { return Nanos{static_cast<u64>(s < 0 ? 0 : s * 1e9)}; };
    o.wait_ready = ns(w.wait_ready_s);
    o.pacing.give_up_after = ns(w.give_up_s);
    o.pacing.wait = !w.no_wait;
    o.pacing.ahead_bytes = w.ahead_mb << 20U;
    o.encoder.flush_age = Nanos{w.flush_ms * 1'000'000};
    o.encoder.heartbeat_every = Nanos{w.heartbeat_ms * 1'000'000};
    if (w.no_huge) o.eal.hugepages = drivers::Hugepages::No;
    o.progress_bar = isatty(STDERR_FILENO) != 0;
    return {};
}

int complain(Exit code, const Error& error) {
    fmt::print(stderr, "acdsim: {}\n", error.text);
    return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
    Options o;
    Words w;
    CLI::App app{"acdsim: a switch that sends its link stream to one or two servers, over two links each"};
    app.set_version_flag("--version", std::string("acdsim ") + TWINLINK_VERSION);
    app.require_subcommand(1);
    app.footer(kFaultHelp);
    auto* run = app.add_subcommand("run", "simulate call centres");
    auto* replay = app.add_subcommand("replay", "send recorded calls");
    run->footer(kFaultHelp);
    replay->footer(std::string(kReplayHelp) + kFaultHelp);
    add_sending(*run, o, w);
    add_centre(*run, o, w);
    run->add_option("--loop-days", o.loop_days,
                    "encode one whole day and send it so often, as fast as possible");
    add_sending(*replay, o, w);
    add_replay(*replay, o, w);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : static_cast<int>(Exit::Usage);
    }
    if (auto read = read_words(w, o); !read) return complain(Exit::Usage, read.error());
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    try {
        const auto done = run_session(std::move(o), stop_asked);
        return done ? static_cast<int>(*done) : complain(done.error().code, done.error().error);
    } catch (const std::exception& e) {
        return complain(Exit::Internal, Error{e.what()});
    }
}
