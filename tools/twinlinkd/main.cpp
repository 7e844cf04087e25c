// twinlinkd, the appliance: reads its configuration, opens ports and store, runs the loops, answers on the
// control socket, and leaves in good order. The main thread does everything that is not the data's way.
//
// Exit codes: 0 an orderly end, 1 the store would not open or stopped, 2 usage or configuration, 3 a port or
// the control socket would not open, 4 internal.
#include "engine/store/file_check.hpp"
#include "tools/twinlinkd/control.hpp"
#include "tools/twinlinkd/crashes.hpp"
#include "tools/twinlinkd/hurry.hpp"
#include "tools/twinlinkd/import_job.hpp"
#include "tools/twinlinkd/log_watch.hpp"
#include "tools/twinlinkd/quarantine.hpp"
#include "tools/twinlinkd/real_time.hpp"
#include "tools/twinlinkd/service.hpp"
#include "tools/twinlinkd/status.hpp"
#include "tools/twinlinkd/store_health.hpp"
#include "tools/twinlinkd/supervisor.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

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

int fail(int code, const std::string& text) {
    spdlog::error("{}", text);
    return code;
}

/// What lives as long as the daemon collects, in the order of its making.
struct Daemon {
    Config config;
    bool put_aside = false;  // a person said so: --quarantine
    std::unique_ptr<drivers::DpdkEal> eal;
    std::array<std::unique_ptr<Port>, kLinks> owned;
    std::array<Port*, kLinks> ports{};
    std::optional<Crashes> crashes;  // the engine writes where it stands in there
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
/// cancel" ends it; "restore [acd=N] [dry-run] [every-row] /PATH" begins one that takes rows, too, and
/// "restored tables|rows FROM" tells what became of them.
std::string answer(Imports& imports, const std::string& question) {
    nlohmann::ordered_json json;
    constexpr std::string_view kBegin = "import ";
    constexpr std::string_view kRestore = "restore ";
    if (question == "import cancel") {
        imports.cancel();
    } else if (question.starts_with("restored ")) {
        return restored_json(imports.restored(), question).dump();
    } else if (question.starts_with(kBegin) || question.starts_with(kRestore)) {
        const bool restore = question.starts_with(kRestore);
        auto order = read_order(question.substr((restore ? kRestore : kBegin).size()));
        if (order) order->restore = restore;
        const auto begun = order ? imports.start(*order) : std::unexpected(order.error());
        if (!begun) json["error"] = begun.error().text;
        if (begun) spdlog::info("{} {} of {} begins", restore ? "restore" : "import", *begun, order->path);
    } else if (question != "import") {
        json["error"] =
            "unknown question; known: status, now, partner, compare, account, rows, import, restore, "
            "restored, scrub, maintenance, collection, safe-mode, ups";
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

/// The partner is told why this server goes.
void take_leave(PartnerLink& partner, const Service& service) {
    if (service.power() == Power::LowBattery)
        return partner.stop(partner::ByeWhy::Power, "stopped for want of power");
    if (service.maintenance().since != 0)
        return partner.stop(partner::ByeWhy::Maintenance, "stopped for maintenance");
    partner.stop(partner::ByeWhy::Stop, "stopped in good order");
}

/// A file beside the control socket while a stage waits for the disk: the watchdog then ends a run that is
/// not to blame, and a fresh store on the same disk would not be faster. Not in the folder of state, which is
/// on that disk: whoever writes there waits, too.
class DiskWait {
public:
    explicit DiskWait(const Config& config) : file_(config.control_socket + ".waits-for-disk") {}

    /// The latest run left it. It is gone then.
    [[nodiscard]] bool found() const { return ::unlink(file_.c_str()) == 0; }

    void tick(const Loops& loops, Nanos now) {
        const bool waits = is_waiting(loops, now);
        if (waits == told_) return;
        told_ = waits;
        if (!waits) ::unlink(file_.c_str());
        const int fd = waits ? ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
        if (fd >= 0) close(fd);
    }

private:
    /// One has not come round for so long that the watchdog's patience is going, and the kernel says that one
    /// waits for a device: the commit thread for its syncs, or the fold's for the page of its trail.
    static bool is_waiting(const Loops& loops, Nanos now) {
        constexpr Nanos kLong = 1'500_ms;
        Nanos oldest = now;
        for (std::size_t stage = 0; stage < kStages; ++stage)
            oldest = std::min(oldest, loops.heartbeat(static_cast<Stage>(stage)));
        if (now - oldest < kLong) return false;
        std::error_code gone;
        for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
            std::string stat;
            std::getline(std::ifstream(task.path() / "stat"), stat);
            const std::size_t name = stat.rfind(") ");
            if (stat.contains("(tl-") && name != std::string::npos && stat.substr(name + 2, 1) == "D")
                return true;
        }
        return false;
    }

    std::string file_;
    bool told_ = false;
};

Nanos boottime() {
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return Nanos{static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec)};
}

/// What earlier runs ended in, and what follows from it. Before the store is opened.
std::optional<Crashes> look_back(Config& config) {
    auto crashes = Crashes::open(state_folder(config.engine.store_path), boottime(), clocks().wall);
    if (!crashes) {
        spdlog::warn("crashes are not counted: {}", crashes.error().text);
        return {};
    }
    if (DiskWait(config).found()) {
        spdlog::error("the latest run ended while it waited for the disk: that is no crash");
        crashes->forget_latest();
    }
    if (!crashes->stood_at().empty())
        spdlog::error("the latest run ended while it folded {}", crashes->stood_at());
    for (const SkipRecord& name : crashes->skips())
        spdlog::error(
            "message {} of ACD {}, epoch {} is left out of the rows: the fold crashed on it {} times",
            name.seq, name.acd, name.epoch, name.crashes);
    const u32 recent = crashes->recent(boottime());
    const bool loop = config.crashes_max != 0 && recent >= config.crashes_max;
    // Where they were of a message that is skipped from now on, the store is no danger any more.
    if (loop && !crashes->found_one()) {
        std::string why = std::to_string(recent) + " crashes within a minute";
        if (!crashes->stood_at().empty()) why += ", the latest at " + crashes->stood_at();
        go_safe(config.engine.store_path, why, clocks().wall);
    }
    if (loop || crashes->found_one()) crashes->forgive();
    config.engine.skips = crashes->skips();
    config.engine.live_trail = crashes->live_trail();
    config.engine.refold_trail = crashes->refold_trail();
    crashes->begin(boottime());
    return std::move(*crashes);
}

/// A store that is damaged for good is put aside, where the configuration has it so. Without a partner it
/// stays by default: nobody would fill a fresh one, and whether a backup shall take its place is a person's
/// to say, before other messages are in the way.
Expected<std::unique_ptr<Engine>> open_engine(Daemon& d, Now started) {
    auto engine = Engine::open(d.config.engine, d.ports, started);
    const std::string& store = d.config.engine.store_path;
    const std::string damage = engine ? std::string() : store::damage_of(store);
    if (damage.empty()) return engine;
    using Quarantine = Config::Quarantine;
    const Quarantine when = d.config.quarantine;
    const bool may = when == Quarantine::Always || (when == Quarantine::WithPartner && d.config.partner);
    if (!may && !d.put_aside)
        return failure(
            engine.error().text +
            ". It stays as it is: restore a backup, or start the daemon once with --quarantine, which "
            "puts it aside and begins a fresh one");
    if (!go_safe(store, "its store was damaged: " + damage, started.wall, d.put_aside))
        return failure(engine.error().text +
                       ". To have this one put aside too, start the daemon once with --quarantine");
    if (d.crashes) {  // of the store that is gone
        d.crashes->forgive();
        d.crashes->begin(boottime());
    }
    return Engine::open(d.config.engine, d.ports, started);
}

/// Everything that answers questions.
struct Desk {
    Daemon& daemon;
    Imports& imports;
    PartnerLink* partner;
    Service& service;
    StatusReport& report;

    ControlSocket::Reply answer(const std::string& question, bool stopping) {
        const std::string& store = daemon.config.engine.store_path;
        if (question == "status") return report.text(stopping);
        if (question.starts_with("account")) return partner_account(partner, question, store);
        if (question.starts_with("rows")) return partner_rows(partner, question, store);
        if (question == "partner" || question == "compare")
            return partner_answer(partner, question == "compare", store);
        if (question == "scrub" || question == "scrub now")
            return scrub_answer(*daemon.engine, question, store);
        if (Service::asks(question)) return service.answer(question, clocks().wall.value);
        return question == "now" ? real_time_text(*daemon.engine) : daemon::answer(imports, question);
    }
};

/// When each stage came round last, always in the same order.
std::vector<Nanos> heartbeats(const Loops& loops, const PartnerLink* partner) {
    std::vector<Nanos> all;
    for (std::size_t stage = 0; stage < kStages; ++stage)
        all.push_back(loops.heartbeat(static_cast<Stage>(stage)));
    if (partner != nullptr) all.push_back(partner->heartbeat());
    return all;
}

/// Until it is told to stop, the ports have ended, or the store stopped.
void watch(Daemon& d, ControlSocket& control, Loops& loops, Desk& desk, Supervisor& supervisor, int signals) {
    LogWatch log;
    DiskWait disk_wait(d.config);
    StoreHealth health(d.config.engine.store_path, d.config.reader_age_max);
    u64 ticked_s = 0;
    const Nanos begun = clocks().mono;
    bool forgiven = false;
    bool stopping = false;
    while (!stopping && !d.engine->stopped()) {
        const Nanos now = clocks().mono;
        const u64 now_s = now.value / 1'000'000'000;
        control.serve(200, signals, now_s,
                      [&](const std::string& question) { return desk.answer(question, stopping); });
        supervisor.tick(heartbeats(loops, desk.partner));
        disk_wait.tick(loops, clocks().mono);
        if (d.crashes && !forgiven && now - begun >= kLoopTime) {
            d.crashes->forgive();
            forgiven = true;
        }
        if (now_s != ticked_s) {
            ticked_s = now_s;
            desk.report.tick();
            supervisor.status(desk.report.state(stopping));
            log.watch(d.engine->status(), desk.service.maintenance().since != 0);
            health.tick(d.engine->status(), d.engine->scrub_status());
            if (desk.partner != nullptr) log.watch(desk.partner->status());
        }
        stopping = signalled(signals) || loops.ended() || desk.service.power() == Power::LowBattery;
    }
}

int collect(Daemon& d, int signals) {
    const Now started = clocks();
    auto control = ControlSocket::open(d.config.control_socket);
    if (!control) return fail(kUnreachable, control.error().text);
    d.crashes = look_back(d.config);
    auto engine = open_engine(d, started);
    if (!engine) {
        if (d.crashes) d.crashes->withdraw();  // to refuse a store is no crash
        return fail(kProblem, engine.error().text);
    }
    d.engine = std::move(*engine);
    spdlog::info("store {} is open; collecting", d.config.engine.store_path);

    Service service(*d.engine, d.config);
    if (!service.problem().empty()) spdlog::warn("{}", service.problem());
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
    service.set_partner(partner.get());
    StatusReport report(*d.engine, loops, imports, partner.get(), service, d.config, d.ports, started);
    Desk desk{d, imports, partner.get(), service, report};
    Supervisor supervisor;
    supervisor.ready();
    watch(d, *control, loops, desk, supervisor, signals);
    supervisor.stopping();
    hear_again();
    imports.finish();
    if (partner) take_leave(*partner, service);
    loops.stop();
    const EngineStatus last = d.engine->status();
    if (last.store_stopped) return fail(kProblem, "the store stopped: " + last.store_error);
    if (last.committed_messages < last.messages)
        spdlog::warn("there was no room for {} messages that were collected: they are missing here",
                     last.messages - last.committed_messages);
    spdlog::info("stopped in good order: {} messages collected, {} durable, {} commits", last.messages,
                 last.committed_messages, last.commits);
    return kDone;
}

int run(const std::string& file, bool check_only, bool put_aside) {
    Daemon d;
    auto config = read_config(file);
    if (!config) {
        set_up_log("info");
        return fail(kUsage, config.error().text + " (nothing was opened or changed)");
    }
    d.config = std::move(*config);
    d.put_aside = put_aside;
    set_up_log(d.config.log_level);
    if (check_only) {
        spdlog::info("{}: fine", file);
        return kDone;
    }
    const int signals = signal_file();
    if (signals < 0) return fail(kInternal, "signalfd: no file left");
    int code = open_ports(d);
    if (code == kDone) code = collect(d, signals);
    if (d.crashes && d.engine) d.crashes->forgive();  // the store opened, and this end is one in order
    d.engine.reset();                                 // gives every buffer back before the ports and DPDK go
    for (auto& port : d.owned) port.reset();
    d.eal.reset();
    close(signals);
    return code;
}

}  // namespace
}  // namespace twinlink::daemon

int main(int argc, char** argv) {
    CLI::App app("twinlinkd: collects the stream of one or more ACDs from two links into a durable store");
    std::string file{twinlink::tools::kConfigurationDefault};
    bool check_only = false;
    bool put_aside = false;
    app.add_option("-c,--config", file, "configuration file (TOML)")->capture_default_str();
    app.add_flag("--check-config", check_only, "read the configuration, say whether it is fine, and leave");
    app.add_flag(
        "--quarantine", put_aside,
        "where the store is damaged, put it aside and begin a fresh one, whatever the configuration says");
    std::string import_path;
    app.add_option("--read-import", import_path)->group("");  // the daemon's own: see import_reader.hpp
    app.set_version_flag("--version", "twinlinkd " TWINLINK_VERSION);
    try {
        app.parse(argc, argv);
        if (!import_path.empty()) {
            twinlink::daemon::read_import(import_path, STDOUT_FILENO);
            return 0;
        }
        return twinlink::daemon::run(file, check_only, put_aside);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "twinlinkd: internal error: %s\n", e.what());
        return 4;
    }
}
