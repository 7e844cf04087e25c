// A whole acdsim in memory: sources, encoders, faults, truth, and what arrived on each link.
#pragma once

#include "tests/acdsim/memory_sender.hpp"
#include "tools/acdsim/call_centre.hpp"
#include "tools/acdsim/runner.hpp"
#include "tools/acdsim/truth.hpp"

#include <atomic>
#include <map>

namespace twinlink::sim {

struct RigConfig {
    std::vector<std::string> faults{};
    u8 servers = 1;
    u64 seed = 1;
    u32 agents = 60;
    u64 minutes = 60;
    u32 acds = 1;
    EncoderConfig encoder{};
    std::vector<Nanos> restarts{};
    std::FILE* truth = nullptr;
    std::size_t most_frames = ~std::size_t{0};
};

inline const Nanos kRigStart{1'772'442'000ULL * kSecond};  // 2026-03-02T09:00:00Z

class Rig {
public:
    explicit Rig(const RigConfig& config) : frames(config.servers), ledger(config.servers, config.truth) {
        std::vector<FaultRule> rules;
        for (const auto& f : config.faults) rules.push_back(parse_fault(f).value());
        resolve(rules, kRigStart);
        std::vector<ServerSenders> servers(config.servers);
        for (std::size_t s = 0; s < servers.size(); ++s)
            for (std::size_t l = 0; l < kLinks; ++l)
                servers[s][l] = std::make_unique<MemorySender>(frames[s][l], config.most_frames);
        Transmitter transmitter(std::move(servers), rules, config.seed, &ledger);
        EncoderConfig encoder = config.encoder;
        encoder.alone = ranges(rules);
        std::vector<Runner::Acd> acds;
        for (u16 i = 1; i <= config.acds; ++i) {
            CentreConfig c;
            c.acd = Acd{i};
            c.seed = config.seed;
            c.agents = config.agents;
            c.start = kRigStart;
            c.end = kRigStart + Nanos{config.minutes * kMinute};
            c.restarts = config.restarts;
            auto centre = std::make_unique<CallCentre>(checked(c).value());
            acds.push_back(
                {std::move(centre), std::make_unique<StreamEncoder>(Acd{i}, encoder, transmitter, &ledger)});
        }
        Pacing pacing;
        pacing.speed_milli = 0;
        pacing.ahead_bytes = 1 << 16;
        const std::atomic<bool> stop{false};
        Runner(acds, transmitter, pacing, stop).run();
    }

    /// What a receiver of one link accepts: by stream and number the bytes of each message, first copy first.
    using Received = std::map<Stream, std::map<u64, std::vector<std::vector<std::byte>>>>;
    [[nodiscard]] Received received(std::size_t server, Link link, u64* refused = nullptr) const {
        Received got;
        for (const auto& bytes : frames[server][index(link)]) {
            if (validate(bytes) != FrameRefusal::Ok) {
                if (refused != nullptr) ++*refused;
                continue;
            }
            const FrameView frame{bytes};
            u64 seq = frame.first().value;
            for_each_message_in(frame.body(), [&](const MessageView& m) {
                got[frame.stream()][seq++].emplace_back(m.block, m.block + m.block_length);
            });
        }
        return got;
    }

    std::vector<std::array<Frames, kLinks>> frames;  ///< by server and link
    Ledger ledger;
};

}  // namespace twinlink::sim
