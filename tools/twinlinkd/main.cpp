// twinlinkd, the appliance: reads its configuration, opens ports and store, runs the loops, answers on the
// control socket, and leaves in good order. The main thread does everything that is not the data's way.
//
// Exit codes: 0 an orderly end, 1 the store would not open or stopped, 2 usage or configuration, 3 a port or
// the control socket would not open, 4 internal.
#include "tools/twinlinkd/control.hpp"
#include "tools/twinlinkd/import_job.hpp"
#include "tools/twinlinkd/real_time.hpp"
#include "tools/twinlinkd/status.hpp"
#include "tools/twinlinkd/store_health.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace twinlink::daemon {
namespace {

enum ExitCode : int { kDone = 0, kProblem = 1, kUsage = 2, kUnreachable = 3, kInternal = 4 };

/// Log lines to standard error: with journald's level prefixes when it reads them, with times otherwise.
void set_up_log(const std::string& level) {
    auto log = spdlog::stderr_logger_mt("twinlinkd");
    if (std::getenv("JOURNAL_STREAM") != nullptr)
        log->set_pattern("%v");
    else
        log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l: %v", spdlog::pattern_time_type::utc);
    log->set_level(spdlog::level::from_str(level));
    spdlog::set_default_logger(log);
}

/// The signals that end the daemon, as a file to wait on. Blocked before any thread starts, so that all
/// inherit it.
int signal_file() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool signalled(int fd) {
    signalfd_siginfo what{};
    return read(fd, &what, sizeof what) == static_cast<ssize_t>(sizeof what);
}

/// Says at most once a second what changed for the worse or the better; the counters hold the rest.
class Journal {
public:
    void watch(const EngineStatus& s) {
        for (const AcdStatus& acd : s.acds) {
            Seen& seen = seen_[acd.stream.acd];
            if (acd.stream.epoch != seen.epoch) {
                spdlog::info("ACD {}: epoch {} from message {}", acd.stream.acd, acd.stream.epoch,
                             acd.stream.first_seen);
            }
            if (acd.open_gaps > seen.open_gaps || (acd.stream.missing > seen.missing)) {
                spdlog::warn("ACD {}: {} messages missing in {} open gaps", acd.stream.acd,
                             acd.stream.missing, acd.open_gaps);
            }
            for (const Link link : {Link::A, Link::B}) {
                const bool silent = acd.links[index(link)].silent != 0;
                if (silent == seen.silent[index(link)]) continue;
                if (silent)
                    spdlog::warn("ACD {}: link {} is silent", acd.stream.acd, letter(link));
                else
                    spdlog::info("ACD {}: link {} is heard again", acd.stream.acd, letter(link));
                seen.silent[index(link)] = silent;
            }
            seen.epoch = acd.stream.epoch;
            seen.open_gaps = acd.open_gaps;
            seen.missing = acd.stream.missing;
        }
        if (s.conflicts != conflicts_) {
            spdlog::warn("{} messages differ between the links ({} more)", s.conflicts,
                         s.conflicts - conflicts_);
            conflicts_ = s.conflicts;
        }
    }

    void watch(const PartnerLinkStatus& partner) {
        const bool up = partner.shim.state == partner::SessionState::Up;
        if (up && !partner_up_)
            spdlog::info("partner: server {} ({}) is connected, protocol {}", partner.shim.partner_server,
                         partner.shim.partner_name, partner.shim.version);
        if (partner.shim.text != partner_text_ && !partner.shim.text.empty())
            spdlog::warn("partner: {}", partner.shim.text);
        if (partner.connections_refused != partner_refused_)
            spdlog::warn("partner: {} connections refused, the latest because {}",
                         partner.connections_refused - partner_refused_, partner.last_refusal);
        partner_up_ = up;
        partner_text_ = partner.shim.text;
        partner_refused_ = partner.connections_refused;
    }

private:
    struct Seen {
        u64 epoch = 0;
        u64 open_gaps = 0;
        u64 missing = 0;
        std::array<bool, kLinks> silent{};
    };
    std::map<u16, Seen> seen_;
    u64 conflicts_ = 0;
    bool partner_up_ = false;
    std::string partner_text_;
    u64 partner_refused_ = 0;
};

int fail(int code, const std::string& text) {
    spdlog::error("{}", text);
    return code;
}

/// What lives as long as the daemon collects, in the order of its making.
struct Daemon {
    Config config;
    std::unique_ptr<drivers::DpdkEal> eal;
    std::array<std::unique_ptr<Port>, kLinks> owned;
    std::array<Port*, kLinks> ports{};
    std::unique_ptr<Engine> engine;
};

/// Opens the ports. Returns an exit code, or kDone.
int open_ports(Daemon& d) {
    if (d.config.uses_dpdk()) {
        auto eal = drivers::DpdkEal::start(d.config.dpdk);
        if (!eal) return fail(kUnreachable, eal.error().text);
        d.eal = std::move(*eal);
        spdlog::info("DPDK: {}", d.eal->arguments());
    }
    for (const PortEntry& entry : d.config.ports) {
        auto port = drivers::open_port(entry.device, entry.port);
        if (!port)
            return fail(kUnreachable, std::string("link ") + letter(entry.link) + ": " + port.error().text);
        d.owned[index(entry.link)] = std::move(*port);
        d.ports[index(entry.link)] = d.owned[index(entry.link)].get();
        spdlog::info("link {}: {}", letter(entry.link), d.ports[index(entry.link)]->title());
    }
    return kDone;
}

/// What is asked about imports: "import" how the latest one is, "import [acd=N] /PATH" begins one, "import
/// cancel" ends it.
std::string answer(Imports& imports, const std::string& question) {
    nlohmann::ordered_json json;
    constexpr std::string_view kBegin = "import ";
    if (question == "import cancel") {
        imports.cancel();
    } else if (question.starts_with(kBegin)) {
        const auto order = read_order(question.substr(kBegin.size()));
        const auto begun = order ? imports.start(*order) : std::unexpected(order.error());
        if (!begun) json["error"] = begun.error().text;
        if (begun) spdlog::info("import {} of {} begins", *begun, order->path);
    } else if (question != "import") {
        json["error"] =
            "unknown question; known: status, now, partner, compare, account, rows, scrub, import";
    }
    json["import"] = imports.json();
    return json.dump();
}

/// What is asked about the scrubber: "scrub" how it is, "scrub now" begins a pass.
std::string scrub_answer(Engine& engine, const std::string& question, const std::string& store) {
    nlohmann::ordered_json json;
    json["schema"] = 1;
    json["store"] = store;
    if (question == "scrub now") {
        engine.scrub();
        spdlog::info("scrub: a pass was asked for");
    }
    json["scrub"] = scrub_json(engine.scrub_status());
    return json.dump();
}

/// What is asked about the partner.
std::string partner_answer(const PartnerLink* partner, bool compare, const std::string& store) {
    nlohmann::ordered_json json;
    json["schema"] = 1;
    json["store"] = store;
    json["partner"] = nullptr;
    if (partner != nullptr) json["partner"] = partner_json(partner->status(), clocks().mono);
    if (partner != nullptr && compare) json["compared"] = compared_json(partner->compared());
    return json.dump();
}

int collect(Daemon& d, int signals) {
    const Now started = clocks();
    auto control = ControlSocket::open(d.config.control_socket);
    if (!control) return fail(kUnreachable, control.error().text);
    auto engine = Engine::open(d.config.engine, d.ports, started);
    if (!engine) return fail(kProblem, engine.error().text);
    d.engine = std::move(*engine);
    spdlog::info("store {} is open; collecting", d.config.engine.store_path);

    Loops loops(*d.engine, d.config.threads, d.ports, d.eal != nullptr);
    if (auto ok = loops.start(); !ok) return fail(kUsage, ok.error().text);
    Imports imports(*d.engine, d.config);
    std::unique_ptr<PartnerLink> partner;
    if (d.config.partner) {
        auto link = PartnerLink::open(*d.engine, d.config);
        if (!link) return fail(kUnreachable, link.error().text);
        partner = std::move(*link);
        spdlog::info("partner: {}", partner->status().address);
    }
    StatusReport report(*d.engine, loops, imports, partner.get(), d.config, d.ports, started);
    Journal journal;
    StoreHealth health(d.config.engine.store_path, d.config.reader_age_max);
    u64 ticked_s = 0;
    bool stopping = false;
    while (!stopping && !d.engine->stopped()) {
        const u64 now_s = clocks().mono.value / 1'000'000'000;
        control->serve(200, signals, now_s, [&](const std::string& question) -> ControlSocket::Reply {
            if (question == "status") return report.text(stopping);
            if (question.starts_with("account"))
                return partner_account(partner.get(), question, d.config.engine.store_path);
            if (question.starts_with("rows"))
                return partner_rows(partner.get(), question, d.config.engine.store_path);
            if (question == "scrub" || question == "scrub now")
                return scrub_answer(*d.engine, question, d.config.engine.store_path);
            if (question == "partner" || question == "compare")
                return partner_answer(partner.get(), question == "compare", d.config.engine.store_path);
            return question == "now" ? real_time_text(*d.engine) : answer(imports, question);
        });
        if (now_s != ticked_s) {
            ticked_s = now_s;
            report.tick();
            journal.watch(d.engine->status());
            health.tick(d.engine->status(), d.engine->scrub_status());
            if (partner) journal.watch(partner->status());
        }
        stopping = signalled(signals) || loops.ended();
    }
    imports.finish();
    if (partner) partner->stop(partner::ByeWhy::Stop, "stopped in good order");
    loops.stop();
    const EngineStatus last = d.engine->status();
    if (last.store_stopped) return fail(kProblem, "the store stopped: " + last.store_error);
    spdlog::info("stopped in good order: {} messages collected, {} durable, {} commits", last.messages,
                 last.committed_messages, last.commits);
    return kDone;
}

int run(const std::string& file, bool check_only) {
    Daemon d;
    auto config = read_config(file);
    if (!config) {
        set_up_log("info");
        return fail(kUsage, config.error().text + " (nothing was opened or changed)");
    }
    d.config = std::move(*config);
    set_up_log(d.config.log_level);
    if (check_only) {
        spdlog::info("{}: fine", file);
        return kDone;
    }
    const int signals = signal_file();
    if (signals < 0) return fail(kInternal, "signalfd: no file left");
    int code = open_ports(d);
    if (code == kDone) code = collect(d, signals);
    d.engine.reset();  // gives every buffer back before the ports and DPDK go
    for (auto& port : d.owned) port.reset();
    d.eal.reset();
    close(signals);
    return code;
}

}  // namespace
}  // namespace twinlink::daemon

int main(int argc, char** argv) {
    CLI::App app("twinlinkd: collects the stream of one or more ACDs from two links into a durable store");
    std::string file = "/etc/twinlink/twinlinkd.toml";
    bool check_only = false;
    app.add_option("-c,--config", file, "configuration file (TOML)")->capture_default_str();
    app.add_flag("--check-config", check_only, "read the configuration, say whether it is fine, and leave");
    std::string import_path;
    app.add_option("--read-import", import_path)->group("");  // the daemon's own: see import_reader.hpp
    app.set_version_flag("--version", "twinlinkd " TWINLINK_VERSION);
    try {
        app.parse(argc, argv);
        if (!import_path.empty()) {
            twinlink::daemon::read_import(import_path, STDOUT_FILENO);
            return 0;
        }
        return twinlink::daemon::run(file, check_only);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "twinlinkd: internal error: %s\n", e.what());
        return 4;
    }
}
