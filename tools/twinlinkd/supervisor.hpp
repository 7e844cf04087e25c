// What systemd is told of the daemon: that it is ready, how it is, that it stops; and that it lives, as long
// as every stage does. Main thread.
//
// Invariant: the watchdog is fed only when every stage has come round since it was fed last, idle or not. So
// one that hangs - or this thread, or the whole process - ends in a restart. Without a supervisor
// (NOTIFY_SOCKET) nothing happens here.
#pragma once

#include <twinlink/types.hpp>

#include <span>
#include <string>
#include <vector>

namespace twinlink::daemon {

class Supervisor {
public:
    Supervisor();

    /// It collects from here on.
    void ready();
    /// One line for `systemctl status`, told when it changes.
    void status(const std::string& text);
    /// A few times a second: when each stage came round last, always the same stages.
    void tick(std::span<const Nanos> heartbeats);
    void stopping();

private:
    bool watched_ = false;
    std::vector<Nanos> fed_;  ///< the heartbeats as of the latest feed
    std::string text_;
};

}  // namespace twinlink::daemon
