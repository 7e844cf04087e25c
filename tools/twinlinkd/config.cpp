// See config.hpp. Keys are read in the order of the example file.
#include "tools/twinlinkd/config.hpp"

#include "tools/twinlinkd/toml_reader.hpp"

#include <algorithm>

namespace twinlink::daemon {
namespace {

constexpr u64 kDaySeconds = 86'400;
/// What TOML's whole numbers hold.
constexpr u64 kLoginIdMax = ~u64{0} >> 1;

void milliseconds(TomlTable& t, const char* key, Nanos& to, u64 low, u64 high) {
    u64 ms = to.value / 1'000'000;
    t.number(key, ms, low, high);
    to = Nanos{ms * 1'000'000};
}

/// A time of day, "HH:MM".
void read_time(TomlTable& t, const char* key, Nanos& to) {
    if (!t.has(key)) return;
    std::string text;
    t.text(key, text);
    const auto digit = [&](std::size_t i) { return static_cast<u64>(text[i] - '0'); };
    const bool shaped = text.size() == 5 && text[2] == ':' && std::ranges::all_of(text, [&](const char& c) {
                            return &c == &text[2] || (c >= '0' && c <= '9');
                        });
    const u64 hours = shaped ? digit(0) * 10 + digit(1) : 24;
    const u64 minutes = shaped ? digit(3) * 10 + digit(4) : 60;
    if (hours > 23 || minutes > 59) return t.complain(key, "must be a time of day, \"00:00\" to \"23:59\"");
    to = Nanos{(hours * 60 + minutes) * kMinuteNs};
}

void read_store(TomlTable& t, Config& config) {
    EngineConfig& engine = config.engine;
    t.text("path", engine.store_path);
    u64 gib = engine.map_bytes >> 30;
    t.number("map_gib", gib, 1, 16'384);
    engine.map_bytes = gib << 30;
    if (t.has("map_mib")) {
        if (t.has("map_gib")) t.complain("map_mib", "must not be given beside map_gib");
        u64 small = 0;
        t.number("map_mib", small, 32, 1'023);
        engine.map_bytes = small << 20;
    }
    u64 mib = engine.journal_bytes_max >> 20;
    t.number("journal_mib", mib, 16, u64{16'384} << 10);
    engine.journal_bytes_max = mib << 20;
    u64 days = engine.journal_age_max.value / 1'000'000'000 / kDaySeconds;
    t.number("journal_days", days, 1, 3'650);
    engine.journal_age_max = Nanos{days * kDaySeconds * 1'000'000'000};
    milliseconds(t, "commit_every_ms", engine.commit_every, 0, 60'000);
    milliseconds(t, "rows_every_ms", engine.rows_every, 0, 60'000);
    milliseconds(t, "checkpoint_every_ms", engine.checkpoint_every, 0, 3'600'000);
    u64 batch = engine.batch_bytes_max >> 20;
    t.number("commit_mib_max", batch, 1, 1'024);
    engine.batch_bytes_max = batch << 20;
    u64 reader_s = config.reader_age_max.value / 1'000'000'000;
    t.number("reader_age_max_s", reader_s, 0, 10 * kDaySeconds);
    config.reader_age_max = Nanos{reader_s * 1'000'000'000};
    u64 scrub = engine.scrub_bytes_per_s >> 20;
    t.number("scrub_mib_per_s", scrub, 0, 16'384);
    engine.scrub_bytes_per_s = scrub << 20;
    if (engine.journal_bytes_max > engine.map_bytes / 4 * 3) {
        t.complain("journal_mib", "must leave a quarter of map_gib for rows");
    }
}

void read_links(TomlTable& t, EngineConfig& engine) {
    milliseconds(t, "reorder_window_ms", engine.reorder_window, 1, 60'000);
    milliseconds(t, "silence_ms", engine.silence, 10, 3'600'000);
}

void read_threads(TomlTable& t, ThreadsConfig& threads) {
    t.word("idle", threads.idle, {{"spin", Idle::Spin}, {"yield", Idle::Yield}, {"backoff", Idle::Backoff}});
    const auto core = [&](const char* key, std::optional<u32>& to) {
        u32 value = 0;
        if (!t.has(key)) return;
        t.number(key, value, 0, 1'023);
        to = value;
    };
    core("receive_core", threads.receive_core);
    core("fold_core", threads.fold_core);
    core("commit_core", threads.commit_core);
}

void read_dpdk(TomlTable& t, drivers::DpdkEalConfig& dpdk) {
    using drivers::Hugepages;
    t.word("hugepages", dpdk.hugepages,
           {{"auto", Hugepages::Auto}, {"yes", Hugepages::Yes}, {"no", Hugepages::No}});
    t.numbers("cores", dpdk.cores, 1'023);
    t.text("file_prefix", dpdk.file_prefix);
    t.texts("eal_args", dpdk.extra);
}

void read_acd(TomlTable& t, EngineConfig& engine) {
    AcdConfig acd;
    u16 number = 0;
    t.number("number", number, 1, 65'535);
    if (!t.has("number")) t.complain("number", "is missing: which ACD is this?");
    acd.acd = Acd{number};
    t.number("calls_max", acd.calls_max, 16, 4'194'304);
    t.number("agents_max", acd.agents_max, 16, 1'048'576);
    t.number("skills_max", acd.skills_max, 1, 65'535);
    read_time(t, "summarize_after", acd.summarize_after);
    t.word("week_start", acd.week_start,
           {{"monday", Weekday::Monday},
            {"tuesday", Weekday::Tuesday},
            {"wednesday", Weekday::Wednesday},
            {"thursday", Weekday::Thursday},
            {"friday", Weekday::Friday},
            {"saturday", Weekday::Saturday},
            {"sunday", Weekday::Sunday}});
    std::vector<u64> traced;
    t.numbers("trace_agents", traced, kLoginIdMax);
    for (const u64 agent : traced) acd.trace_agents.emplace_back(agent);
    if (traced.size() > kTracedAgentsMax)
        t.complain("trace_agents", "must name at most " + std::to_string(kTracedAgentsMax) + " agents");
    std::ranges::sort(traced);
    if (std::ranges::adjacent_find(traced) != traced.end())
        t.complain("trace_agents", "must not name an agent twice");
    if (!traced.empty() && traced.front() == 0) t.complain("trace_agents", "must hold login ids: 0 is none");
    const auto same = [&](const AcdConfig& a) { return a.acd == acd.acd; };
    if (std::ranges::any_of(engine.acds, same)) t.complain("number", "is used by another [[acd]] already");
    engine.acds.push_back(acd);
}

void read_address(TomlTable& t, const char* key, const std::string& text, IpAddress& to) {
    if (auto ip = parse_ip(text))
        to = *ip;
    else
        t.complain(key, "must be an IPv4 or IPv6 address: " + ip.error().text);
}

void read_port(TomlTable& t, Config& config) {
    PortEntry entry;
    t.word("link", entry.link, {{"A", Link::A}, {"B", Link::B}});
    if (!t.has("link")) t.complain("link", "is missing: \"A\" or \"B\"");
    t.word("driver", entry.device.driver,
           {{"dpdk", std::string("dpdk")}, {"udp", std::string("udp")}, {"pcap", std::string("pcap")}});
    if (!t.has("driver")) t.complain("driver", "is missing: \"dpdk\", \"udp\" or \"pcap\"");
    t.text("device", entry.device.device);
    if (entry.device.driver != "udp" && !t.has("device"))
        t.complain("device", "is missing: what shall be opened?");
    t.flag("promiscuous", entry.device.promiscuous);
    t.number("descriptors", entry.device.descriptors, 64, 16'384);
    t.number("socket_buffer_bytes", entry.device.socket_buffer_bytes, 65'536, u64{1} << 30);

    std::vector<std::string> addresses;
    t.texts("addresses", addresses);
    if (addresses.empty()) t.complain("addresses", "is missing: the addresses of this port");
    for (const std::string& a : addresses)
        read_address(t, "addresses", a, entry.port.addresses.emplace_back());
    t.number("udp_port", entry.port.udp_port, 1, 65'535);
    if (!t.has("udp_port")) t.complain("udp_port", "is missing");
    t.number("vlan_outer", entry.port.vlan_outer, 0, 4'094);
    t.number("vlan_inner", entry.port.vlan_inner, 0, 4'094);
    if (entry.port.vlan_inner != 0 && entry.port.vlan_outer == 0)
        t.complain("vlan_inner", "needs a vlan_outer");
    t.number("frame_bytes_max", entry.port.frame_bytes_max, kFrameOverheadBytes, kFrameBytesMax);
    t.number("pool_frames", entry.port.pool_frames, 1'024, 4 * kRingFrames);
    t.flag("verify_checksums", entry.port.verify_checksums);
    t.tables("source", [&](TomlTable& s) {
        SourceConfig source;
        std::string address;
        u16 acd = 0;
        s.text("address", address);
        read_address(s, "address", address, source.address);
        s.number("udp_port", source.udp_port, 1, 65'535);
        s.number("acd", acd, 1, 65'535);
        source.acd = Acd{acd};
        entry.port.sources.push_back(source);
    });
    const auto same = [&](const PortEntry& p) { return p.link == entry.link; };
    if (std::ranges::any_of(config.ports, same)) t.complain("link", "has another [[port]] already");
    config.ports.push_back(std::move(entry));
}

void read_partner(TomlTable& t, Config& config) {
    PartnerEntry entry;
    t.text("credentials", entry.credentials);
    t.text("listen", entry.listen);
    t.text("connect", entry.connect);
    if (entry.listen.empty() == entry.connect.empty())
        t.complain(t.has("listen") ? "listen" : "connect",
                   "must be given on one server, and the other key on the other one");
    milliseconds(t, "heartbeat_ms", entry.shim.heartbeat_every, 10, 60'000);
    t.number("heartbeats_missed_max", entry.shim.heartbeats_missed_max, 2, 1'000);
    milliseconds(t, "have_every_ms", entry.shim.have_every, 1, 60'000);
    milliseconds(t, "lost_after_ms", entry.shim.lost_after, 100, 86'400'000);
    u64 mib = entry.shim.lend_bytes_per_s >> 20;
    t.number("lend_mib_per_s", mib, 1, 16'384);
    entry.shim.lend_bytes_per_s = mib << 20;
    config.partner = std::move(entry);
}

void read_all(TomlTable& root, Config& config) {
    root.text("control_socket", config.control_socket);
    root.word("log_level", config.log_level,
              {{"debug", std::string("debug")},
               {"info", std::string("info")},
               {"warning", std::string("warning")},
               {"error", std::string("error")}});
    root.table("store", [&](TomlTable& t) { read_store(t, config); });
    root.table("links", [&](TomlTable& t) { read_links(t, config.engine); });
    root.table("threads", [&](TomlTable& t) { read_threads(t, config.threads); });
    root.table("partner", [&](TomlTable& t) { read_partner(t, config); });
    root.table("dpdk", [&](TomlTable& t) { read_dpdk(t, config.dpdk); });
    root.tables("acd", [&](TomlTable& t) { read_acd(t, config.engine); });
    root.tables("port", [&](TomlTable& t) { read_port(t, config); });
    if (config.engine.acds.empty()) root.complain("acd", "is missing: at least one [[acd]]");
    if (config.ports.empty()) root.complain("port", "is missing: at least one [[port]]");
    if (config.engine.store_path.empty()) root.complain("store", "is missing: [store] path = \"...\"");
    root.end();
}

}  // namespace

bool Config::uses_dpdk() const {
    return std::ranges::any_of(ports, [](const PortEntry& p) { return p.device.driver == "dpdk"; });
}

Expected<Config> read_config(const std::string& file) {
    TomlErrors errors(file);
    Config config;
    try {
        const toml::table parsed = toml::parse_file(file);
        TomlTable root(parsed, "", errors);
        read_all(root, config);
    } catch (const toml::parse_error& e) {
        errors.add(e.source(), std::string(e.description()));
    }
    if (errors.any()) return failure(errors.text());
    config.dpdk.memory_mb = 64;
    for (const PortEntry& port : config.ports) {
        if (port.device.driver != "dpdk") continue;
        config.dpdk.memory_mb += drivers::dpdk_memory_mb(port.port);
        if (drivers::is_pci_address(port.device.device)) config.dpdk.allow.push_back(port.device.device);
    }
    return config;
}

}  // namespace twinlink::daemon
