// Told to end once, the daemon ends in order; told again meanwhile, it leaves out what the partner can make
// up for. Any thread reads; the signal's handler writes.
#pragma once

#include <atomic>
#include <csignal>

namespace twinlink::daemon {

/// It was told to end a second time.
inline std::atomic<bool> in_a_hurry{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal's handler writes it");

/// From here on SIGTERM and SIGINT say just that. Called by the one thread that waits for the others' end.
inline void hear_again() {
    struct sigaction again{};
    again.sa_handler = [](int) { in_a_hurry.store(true, std::memory_order_relaxed); };
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT}) {
        sigaction(number, &again, nullptr);
        sigaddset(&set, number);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace twinlink::daemon
