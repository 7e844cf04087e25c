// What is going on now, as one JSON document: what `twinlink top` shows. Main thread, cold.
#pragma once

#include <twinlink/engine.hpp>

#include <string>

namespace twinlink::daemon {

/// Asks the engine to keep looking for some seconds and tells what it saw, in one line. Waits at most a
/// second for the first look. Keys are part of the interface: added to, never renamed within a schema number.
[[nodiscard]] std::string real_time_text(Engine& engine);

}  // namespace twinlink::daemon
