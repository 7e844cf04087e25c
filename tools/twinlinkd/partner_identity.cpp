// See partner_identity.hpp.
#include "tools/twinlinkd/partner_identity.hpp"

#include "engine/fold/fold.hpp"

#include <openssl/rand.h>
#include <xxhash.h>

#include <unistd.h>

#include <algorithm>
#include <map>

namespace twinlink::daemon {
namespace {

/// Of what both servers must be configured alike for, or their rows differ.
u64 digest_of(const EngineConfig& config) {
    std::map<u16, std::string> acds;
    for (const AcdConfig& acd : config.acds) {
        std::vector<Agent> traced = acd.trace_agents;
        std::ranges::sort(traced);
        std::string& text = acds[acd.acd.value];
        text = std::to_string(acd.acd.value) + "/" + std::to_string(acd.calls_max) + "/" +
               std::to_string(acd.agents_max) + "/" + std::to_string(acd.skills_max) + "/" +
               std::to_string(static_cast<int>(acd.week_start));
        for (const Agent agent : traced) text += "," + std::to_string(agent.value);
    }
    std::string all;
    for (const auto& [number, text] : acds) all += text + "\n";
    return XXH3_64bits(all.data(), all.size());
}

std::string host_name() {
    char name[64] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

}  // namespace

Expected<partner::Identity> identity_of(const EngineConfig& config, const pairing::Pairing& pairing) {
    partner::Identity self;
    self.pair = pairing.own.pair;
    self.server = pairing.own.server;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&self.life), sizeof self.life) != 1)
        return failure("no random numbers");
    self.life |= 1;
    self.config_digest = digest_of(config);
    self.fold_version = kFoldVersion;
    self.name = host_name();
    return self;
}

}  // namespace twinlink::daemon
