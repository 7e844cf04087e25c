// A whole server in one thread: two memory wires, the engine with a real store in a temporary folder, time by
// hand.
//
// Each test says what frames arrive and when slices run; nothing sleeps. A server can be stopped in good
// order or dropped as it stands, and opened again on the same store.
#pragma once

#include "drivers/sim.hpp"

#include <twinlink/engine.hpp>
#include <twinlink/store_reader.hpp>

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <optional>
#include <string>

namespace twinlink::test {

inline constexpr u64 kHour = u64{3'600} * 1'000'000'000;
/// 2026-01-05T08:00:00Z, a Monday, on every grid of intervals.
inline constexpr u64 kEight = u64{1'767'600'000} * 1'000'000'000;

class TempFolder {
public:
    TempFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "twinlink-test-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TempFolder() { std::filesystem::remove_all(path_); }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

class PipelineRig {
public:
    /// In a folder of its own, unless `config` names one.
    explicit PipelineRig(EngineConfig config = defaults()) : config_(std::move(config)) {
        if (config_.store_path.empty()) config_.store_path = folder_ / "store";
        for (std::size_t l = 0; l < kLinks; ++l) {
            ports_[l] = std::make_unique<drivers::SimPort>(port_config());
        }
        open();
    }

    static EngineConfig defaults() {
        EngineConfig config;
        config.map_bytes = u64{256} << 20;
        config.journal_bytes_max = u64{128} << 20;
        config.acds = {{.acd = Acd{1}, .calls_max = 1024, .agents_max = 256, .skills_max = 64}};
        config.acds[0].trace_agents = {Agent{10'001}, Agent{10'003}, Agent{10'004}};  // of simulated centres
        config.batch_bytes_max = u64{4} << 20;
        return config;
    }

    // ---- the server
    /// Whose activities are traced from the next open() on.
    void trace(std::vector<Agent> agents) { config_.acds[0].trace_agents = std::move(agents); }
    void open() {
        auto engine = Engine::open(config_, {ports_[0].get(), ports_[1].get()}, now);
        REQUIRE_MESSAGE(engine.has_value(), (engine ? std::string() : engine.error().text));
        engine_ = std::move(*engine);
    }
    /// As after kill -9: nothing is drained, nothing committed any more.
    void drop() {
        reader_.reset();
        engine_.reset();
    }
    void stop() {
        while (engine_->poll_receive(now) != 0) {
        }
        engine_->stop();
        for (int i = 0; i < 1000 && !engine_->stopped(); ++i) {
            engine_->poll_fold(now);
            engine_->poll_commit(now);
        }
        REQUIRE(engine_->stopped());
    }
    Engine& engine() { return *engine_; }
    drivers::SimPort& port(Link link) { return *ports_[index(link)]; }
    /// All stages, 1 ms apart, for `span`.
    void run(Nanos span) {
        for (u64 t = 0; t < span.value; t += 1'000'000) {
            now.mono = now.mono + 1_ms;
            now.wall = now.wall + 1_ms;
            while (engine_->poll_receive(now) != 0) engine_->poll_fold(now);
            engine_->poll_fold(now);
            engine_->poll_commit(now);
            if (refolds) engine_->poll_refold();
            if (scrubs) engine_->poll_scrub(now);
        }
    }
    void receive_only() {
        while (engine_->poll_receive(now) != 0) {
        }
    }

    // ---- the switch
    /// Encodes one message under the next number; it is sent with the next send().
    template <class M>
    void say(const M& message) {
        std::array<std::byte, sizeof(SbeHeader) + sizeof(M)> bytes;
        const u32 n = write_message(bytes.data(), message);
        pending_.insert(pending_.end(), bytes.begin(), bytes.begin() + n);
        ++pending_count_;
    }
    /// Sends what was said as one frame on the given links ("AB", "A", "B", "") and counts the numbers on.
    void send(const std::string& links = "AB") {
        for (const char c : links) transmit(c == 'A' ? Link::A : Link::B, next_, pending_, pending_count_);
        next_ += pending_count_;
        pending_.clear();
        pending_count_ = 0;
    }
    void heartbeat(const std::string& links = "AB") {
        for (const char c : links) transmit(c == 'A' ? Link::A : Link::B, next_, {}, 0);
    }
    void transmit(Link link, u64 first, Bytes messages, u32 count) {
        std::array<std::byte, kFrameBytesDefault> buffer;
        FrameBuilder builder(buffer);
        FrameHeader h{};
        h.acd = acd;
        h.link = static_cast<u8>(link);
        h.epoch = epoch;
        h.first_seq = first;
        builder.reset(h);
        for (u32 i = 0; i < count; ++i) {
            const u32 n = message_at(messages.data()).wire_bytes();
            REQUIRE(builder.add_encoded(messages.first(n)));
            messages = messages.subspan(n);
        }
        datagram(link, builder.finish(Nanos{0}));
    }
    /// Any bytes as a datagram. Onto the wire, whether or not the port has room: what it has none for, it
    /// counts as missed.
    void datagram(Link link, Bytes payload) {
        std::array<std::byte, 2048> packet;
        const u32 bytes = writer_.write(packet.data(), {payload, {}});
        ports_[index(link)]->push(Bytes(packet).first(bytes));
    }
    [[nodiscard]] u64 next() const { return next_; }

    // ---- the store
    [[nodiscard]] const std::string& store_path() const { return config_.store_path; }
    StoreSnapshot snapshot() {
        if (!reader_) {
            auto reader = StoreReader::open(config_.store_path);
            REQUIRE_MESSAGE(reader.has_value(), (reader ? std::string() : reader.error().text));
            reader_ = std::move(*reader);
        }
        auto snapshot = reader_->snapshot();
        REQUIRE(snapshot.has_value());
        return std::move(*snapshot);
    }
    /// "4-5:both_links:open 9:tail:open"
    std::string gaps() {
        std::string text;
        for (const GapRecord& g : snapshot().gaps()) {
            text += text.empty() ? "" : " ";
            text += std::to_string(g.first) + (g.first == g.last ? "" : "-" + std::to_string(g.last));
            text += ":" + std::string(name(g.cause)) + ":" + std::string(name(g.state));
        }
        return text;
    }

    Now now{1_s, 1'767'600'000_s};
    u16 acd = 1;
    u64 epoch = kEight;
    bool refolds = true;
    bool scrubs = false;

private:
    static PortConfig port_config() {
        PortConfig c;
        c.addresses = {*parse_ip("192.0.2.10")};
        c.udp_port = 5500;
        return c;
    }
    static FlowConfig flow() {
        FlowConfig f;
        f.source_mac = {2, 0, 0, 0, 0, 1};
        f.destination_mac = {2, 0, 0, 0, 0, 2};
        f.source = *parse_ip("192.0.2.1");
        f.destination = *parse_ip("192.0.2.10");
        f.source_port = 5500;
        f.destination_port = 5500;
        return f;
    }

    TempFolder folder_;
    EngineConfig config_;
    std::array<std::unique_ptr<drivers::SimPort>, kLinks> ports_;
    drivers::PacketWriter writer_{flow()};
    std::unique_ptr<Engine> engine_;
    std::optional<StoreReader> reader_;  // of the store as it was opened last
    std::vector<std::byte> pending_;
    u32 pending_count_ = 0;
    u64 next_ = 1;
};

/// A small ACD: skill 1 and 2, agent 1001 staffed in both and available; the interval of kEight is open.
inline void pump_up(PipelineRig& rig, u64 time = kEight) {
    rig.say(PumpUpBegin{time, PumpUpWhy::Start, 0, 0, 0});
    rig.say(AcdInfo{time, 60, 30, 0, 0, {'T', 'e', 's', 't'}, {}});
    for (const u16 skill : {u16{1}, u16{2}}) {
        rig.say(SkillInfo{time, skill, 20, {5, 10, 20, 30, 40, 60, 90, 120, 180}, 0, {'S'}});
    }
    rig.say(AgentInfo{time, 1001, {'A', 'n', 'n'}});
    for (const u16 skill : {u16{1}, u16{2}}) rig.say(AgentSkill{time, 1001, skill, 1, 0, 0, 0, 0});
    rig.say(AgentSnapshot{time, 1001, time, 0, time, 5001, 0, AgentMode::Avail, 0, Direction::None, 0, 1, 0});
    rig.say(PumpUpEnd{time, 2, 0, 0, 0, 1, 2, 1, 0});
    rig.send();
}

/// One answered call of skill 1, 60 s of talk, no after-call work: nine messages in three frames on `links`.
inline void answered_call(PipelineRig& rig, u64 call, u64 time, const std::string& links = "AB") {
    constexpr u64 s = 1'000'000'000;
    rig.say(CallQueued{time, call, 0, 1, Priority::Medium, 1, QueuedBy::QueueTo, 0, 0});
    rig.say(CallRinging{time + 2 * s, call, 1001, 1, Offer::Skill, 0, 0});
    rig.say(
        AgentState{time + 2 * s, 1001, call, 1, AgentMode::Avail, AgentMode::Ring, 0, Direction::None, 0});
    rig.send(links);
    rig.say(CallAnswered{time + 5 * s, call, 1001, 1, Offer::Skill, 0, 0});
    rig.say(AgentState{time + 5 * s, 1001, call, 1, AgentMode::Ring, AgentMode::Acd, 0, Direction::None, 0});
    rig.send(links);
    rig.say(CallReleased{time + 65 * s, call, 1001, ReleasedBy::Caller, 0, 0, 0});
    rig.say(AgentState{time + 65 * s, 1001, 0, 0, AgentMode::Acd, AgentMode::Avail, 0, Direction::None, 0});
    rig.send(links);
}

inline void boundary(PipelineRig& rig, u64 start, const std::string& links = "AB") {
    rig.say(IntervalBoundary{start, start, 30, 0, 0});
    rig.send(links);
}

}  // namespace twinlink::test
