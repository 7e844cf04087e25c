// Where things are on an appliance unless its configuration says otherwise.
#pragma once

#include <string_view>

namespace twinlink::tools {

inline constexpr std::string_view kSocketDefault = "/run/twinlink/control.sock";
inline constexpr std::string_view kStoreDefault = "/var/lib/twinlink/store";
inline constexpr std::string_view kConfigurationDefault = "/etc/twinlink/twinlinkd.toml";
inline constexpr std::string_view kCredentialsDefault = "/etc/twinlink/pair";

}  // namespace twinlink::tools
