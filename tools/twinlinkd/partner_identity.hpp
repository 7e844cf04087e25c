// Who this server is, as it greets its partner. Cold; any thread.
#pragma once

#include "engine/partner/session.hpp"
#include "tools/pairing/credentials.hpp"

#include <twinlink/engine.hpp>

namespace twinlink::daemon {

/// From its credentials and its configuration; `life` is drawn anew each time. Errors: no random numbers.
[[nodiscard]] Expected<partner::Identity> identity_of(const EngineConfig& config,
                                                      const pairing::Pairing& pairing);

}  // namespace twinlink::daemon
