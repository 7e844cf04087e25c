// Where a configuration of twinlinkd says that things are: the two folders that a backup needs to know, and
// where the daemon is asked.
//
// Pure; one thread. Reads these keys and no others: what is wrong elsewhere is twinlinkd's to say.
#pragma once

#include <twinlink/error.hpp>

#include <string>
#include <string_view>

namespace twinlink::backup {

struct Configured {
    std::string store;        ///< [store] path
    std::string credentials;  ///< [partner] credentials, or its default; empty where the server is in no pair
    std::string socket;       ///< control_socket, or its default
};
/// Errors: not TOML, no store is named.
[[nodiscard]] Expected<Configured> read_configured(std::string_view text);

}  // namespace twinlink::backup
