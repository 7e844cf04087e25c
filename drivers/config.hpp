// Checks of a PortConfig and FlowConfig that every driver makes before it opens anything.
//
// Cold; any thread. Errors name the value and what it must be.
#pragma once

#include <twinlink/port.hpp>

namespace twinlink::drivers {

/// Everything about a PortConfig that is wrong on any wire. A driver adds what is wrong on its own.
[[nodiscard]] Expected<void> check(const PortConfig&);
/// The same for a flow: one address family, ports and VLAN ids in range.
[[nodiscard]] Expected<void> check(const FlowConfig&);

}  // namespace twinlink::drivers
