// See supervisor.hpp.
#include "tools/twinlinkd/supervisor.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

namespace twinlink::daemon {

Supervisor::Supervisor() {
    std::uint64_t usec = 0;
    watched_ = sd_watchdog_enabled(0, &usec) > 0;
}

void Supervisor::ready() { sd_notify(0, "READY=1"); }

void Supervisor::status(const std::string& text) {
    if (text == text_) return;
    text_ = text;
    sd_notify(0, ("STATUS=" + text).c_str());
}

void Supervisor::tick(std::span<const Nanos> heartbeats) {
    if (!watched_) return;
    fed_.resize(heartbeats.size());
    for (std::size_t i = 0; i < fed_.size(); ++i)
        if (heartbeats[i] <= fed_[i]) return;
    std::ranges::copy(heartbeats, fed_.begin());
    sd_notify(0, "WATCHDOG=1");
}

void Supervisor::stopping() { sd_notify(0, "STOPPING=1"); }

}  // namespace twinlink::daemon
