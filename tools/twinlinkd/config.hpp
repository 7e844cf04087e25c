// The configuration of twinlinkd: one TOML file, read once at start. Cold.
//
// Every key is documented in twinlinkd.toml.example beside this file. An unknown key, a wrong type or a value
// out of range is an error that names file, line and column; nothing was opened or changed then.
#pragma once

#include "drivers/dpdk.hpp"
#include "drivers/drivers.hpp"
#include "engine/partner/shim.hpp"
#include "tools/common/default_places.hpp"

#include <twinlink/engine.hpp>

#include <optional>
#include <string>

namespace twinlink::daemon {

/// What a loop does when a slice had nothing to do.
enum class Idle : u8 {
    Spin,     // poll again at once: least delay, a whole core
    Yield,    // let others run first
    Backoff,  // spin, then yield, then sleep up to 200 us: kind to a shared machine
};

struct PortEntry {
    Link link = Link::A;
    drivers::DeviceSpec device;
    PortConfig port;
};

struct ThreadsConfig {
    Idle idle = Idle::Backoff;
    std::optional<u32> receive_core;  // unset = wherever the system likes
    std::optional<u32> fold_core;
    std::optional<u32> commit_core;
};

/// The partner server: where it is, and how patient we are with it.
struct PartnerEntry {
    std::string credentials{tools::kCredentialsDefault};
    std::string listen;   // ADDRESS:PORT; one of the two is given
    std::string connect;  // ADDRESS:PORT
    PartnerConfig shim;   // who we are is read from the credentials
};

struct Config {
    std::string control_socket{tools::kSocketDefault};
    std::string log_level = "info";
    /// Whether a store that is damaged is put aside and a fresh one made. Without a partner nobody fills it.
    enum class Quarantine : u8 { WithPartner, Always, Never };
    Quarantine quarantine = Quarantine::WithPartner;
    u32 crashes_max = 3;  ///< within a minute, before the store is put aside; 0 = it never is
    EngineConfig engine;
    drivers::DpdkEalConfig dpdk;
    ThreadsConfig threads;
    std::vector<PortEntry> ports;  // at most one per link
    std::optional<PartnerEntry> partner;
    Nanos reader_age_max =
        3'600_s;  ///< a reader that holds a snapshot of the store longer is ended; 0 = never

    [[nodiscard]] bool uses_dpdk() const;
};

/// Reads and checks the file. Errors: "FILE:LINE:COLUMN: what is wrong, what is expected".
[[nodiscard]] Expected<Config> read_config(const std::string& file);

}  // namespace twinlink::daemon
