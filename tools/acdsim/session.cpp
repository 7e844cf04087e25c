// Sets up sources, encoders, faults, truth and devices, runs them, and says what was sent. See session.hpp.
#include "tools/acdsim/session.hpp"

#include "tools/acdsim/call_centre.hpp"
#include "tools/acdsim/targets.hpp"
#include "tools/acdsim/truth.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace twinlink::sim {
namespace {

std::unexpected<Failure> refuse(Exit code, Error error) {
    return std::unexpected(Failure{code, std::move(error)});
}

struct CloseFile {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

Expected<File> create(const std::string& path) {
    File file{std::fopen(path.c_str(), "w")};
    if (file == nullptr) return failure(fmt::format("cannot create '{}'", path));
    return file;
}

/// A line that is rewritten in place: "[######    ]  61 %  1,234,567 messages  2.10 M/s".
void draw_progress(const Progress& p) {
    constexpr u32 kWidth = 40;
    const u32 full = p.permille * kWidth / 1'000;
    const double rate = p.seconds > 0 ? static_cast<double>(p.messages) / p.seconds : 0;
    fmt::print(stderr, "\r[{:#<{}}{: <{}}] {:3} %  {} messages  {:.2f} M/s ", "", full, "", kWidth - full,
               p.permille / 10, p.messages, rate / 1e6);
}

void report_lanes(const Transmitter& transmitter, double seconds) {
    for (const auto& l : transmitter.lanes()) {
        const double s = std::max(seconds, 1e-9);
        fmt::print(stderr, "server {} link {} ({}): {} messages, {} frames, {} bytes; {:.3f} M messages/s",
                   l->server(), letter(l->link()), l->sender().title(), l->messages_sent(), l->frames_sent(),
                   l->bytes_sent(), static_cast<double>(l->messages_sent()) / s / 1e6);
        if (l->messages_given_up() != 0)
            fmt::print(stderr, "; GIVEN UP: {} messages", l->messages_given_up());
        fmt::print(stderr, "\n");
    }
}

/// Waits until every device has a peer.
bool wait_until_ready(Transmitter& transmitter, Nanos limit, const std::atomic<bool>& stop) {
    const u64 start = monotonic_ns();
    while (!transmitter.all_ready()) {
        if (stop || monotonic_ns() - start > limit.value) return false;
        sleep_ns(5'000'000);
    }
    return true;
}

Expected<std::vector<FaultRule>> parse_faults(const Options& o) {
    std::vector<FaultRule> rules;
    for (const auto& text : o.faults) {
        auto rule = parse_fault(text);
        if (!rule) return std::unexpected(std::move(rule.error()).in(fmt::format("--fault '{}'", text)));
        rules.push_back(*rule);
    }
    resolve(rules, o.centre.start);
    return rules;
}

Expected<std::vector<ServerSpec>> parse_servers(const Options& o) {
    std::vector<ServerSpec> specs;
    for (const auto& text : o.servers) {
        auto spec = parse_server(text, static_cast<u8>(specs.size() + 1), o.encoder.frame_bytes);
        if (!spec) return std::unexpected(std::move(spec.error()).in("--server"));
        specs.push_back(std::move(*spec));
    }
    if (specs.empty() || specs.size() > kServersMax)
        return failure("one to three servers are wanted: --server 'A=SPEC,B=SPEC'");
    return specs;
}

Expected<std::vector<std::unique_ptr<Source>>> make_sources(const Options& o, OpenedReplay& replay) {
    std::vector<std::unique_ptr<Source>> sources;
    if (!o.replay.file.empty()) {
        auto opened = open_replay(o);
        if (!opened) return std::unexpected(opened.error());
        replay = std::move(*opened);
        sources.push_back(std::move(replay.source));
        return sources;
    }
    for (u32 i = 0; i < o.acds; ++i) {
        CentreConfig c = o.centre;
        c.acd = twinlink::Acd{static_cast<u16>(o.first_acd + i)};
        auto good = checked(c);
        if (!good) return std::unexpected(good.error());
        sources.push_back(std::make_unique<CallCentre>(*good));
    }
    return sources;
}

/// Ages are meant in wall time; encoders count in the ACD's.
EncoderConfig in_acd_time(EncoderConfig config, const Pacing& pacing) {
    config.flush_age = Nanos{config.flush_age.value * pacing.speed_milli / 1'000};
    config.heartbeat_every = Nanos{config.heartbeat_every.value * pacing.speed_milli / 1'000};
    return config;
}

Expected<std::unique_ptr<drivers::DpdkEal>> start_dpdk(const Options& o,
                                                       const std::vector<ServerSpec>& specs) {
    drivers::DpdkEalConfig eal = o.eal;
    bool wanted = false;
    for (const auto& spec : specs)
        for (const auto& target : spec) {
            wanted |= target.device.driver == "dpdk";
            if (drivers::is_pci_address(target.device.device))
                eal.allow.push_back(target.device.device.substr(0, target.device.device.find(',')));
        }
    if (!wanted) return std::unique_ptr<drivers::DpdkEal>{};
    auto started = drivers::DpdkEal::start(eal);
    if (started) fmt::print(stderr, "dpdk: {}\n", (*started)->arguments());
    return started;
}

Expected<void> write_summary(const std::string& path, const Ledger& ledger) {
    auto file = create(path);
    if (!file) return std::unexpected(file.error());
    const std::string text = ledger.summary();
    if (std::fwrite(text.data(), 1, text.size(), file->get()) != text.size() || std::fflush(file->get()) != 0)
        return failure(fmt::format("'{}' did not take everything (disk full?)", path));
    return {};
}

}  // namespace

std::expected<Exit, Failure> run_session(Options o, const std::atomic<bool>& stop) {
    OpenedReplay replay;
    if (o.loop_days != 0) o.centre.whole_day = true;
    auto sources = make_sources(o, replay);
    if (!sources) return refuse(Exit::Usage, sources.error());
    o.centre.start = sources->front()->begins();
    auto rules = parse_faults(o);
    if (!rules) return refuse(Exit::Usage, rules.error());
    auto specs = parse_servers(o);
    if (!specs) return refuse(Exit::Usage, specs.error());
    if (o.loop_days != 0 && (!rules->empty() || !o.truth_file.empty() || o.encoder.cut_differently))
        return refuse(Exit::Usage,
                      Error{"--loop-days sends the same frames again and again: --fault, --truth and "
                            "--cut-differently do not go with it"});

    File truth_file;
    if (!o.truth_file.empty()) {
        auto file = create(o.truth_file);
        if (!file) return refuse(Exit::Usage, file.error());
        truth_file = std::move(*file);
    }
    std::unique_ptr<Ledger> ledger;
    if (truth_file != nullptr || !o.summary_file.empty())
        ledger = std::make_unique<Ledger>(static_cast<u8>(specs->size()), truth_file.get());

    auto eal = start_dpdk(o, *specs);  // outlives the senders
    if (!eal) return refuse(Exit::Internal, eal.error());
    auto servers = open_servers(*specs);
    if (!servers) return refuse(Exit::Internal, servers.error());
    if (o.loop_days != 0) return run_loop(o, *servers, stop);
    Transmitter transmitter(std::move(*servers), *rules, o.centre.seed, ledger.get());
    if (o.wait_ready.value != 0 && !wait_until_ready(transmitter, o.wait_ready, stop))
        return refuse(Exit::Unreachable, Error{"no peer came within --wait-ready; nothing was sent"});

    if (replay.set_wall) replay.set_wall(wall_time());
    EncoderConfig encoder = in_acd_time(o.encoder, o.pacing);
    encoder.alone = ranges(*rules);
    encoder.seed = o.centre.seed;
    std::vector<Runner::Acd> acds;
    for (auto& source : *sources) {
        auto e = std::make_unique<StreamEncoder>(source->acd(), encoder, transmitter, ledger.get());
        acds.push_back({std::move(source), std::move(e)});
    }
    Runner runner(
        acds, transmitter, o.pacing, stop,
        o.progress_bar && !o.replay.follow ? draw_progress : std::function<void(const Progress&)>{});
    runner.run();
    if (o.progress_bar && !o.replay.follow) fmt::print(stderr, "\n");
    report_lanes(transmitter, runner.progress().seconds);
    const bool damaged = replay.conclude && !replay.conclude();

    if (ledger != nullptr) {
        if (auto flushed = ledger->flush(); !flushed) return refuse(Exit::Internal, flushed.error());
        if (!o.summary_file.empty())
            if (auto written = write_summary(o.summary_file, *ledger); !written)
                return refuse(Exit::Internal, written.error());
    }
    const bool given_up = std::any_of(transmitter.lanes().begin(), transmitter.lanes().end(),
                                      [](const auto& l) { return l->messages_given_up() != 0; });
    return given_up || damaged ? Exit::Problem : Exit::Done;
}

}  // namespace twinlink::sim
