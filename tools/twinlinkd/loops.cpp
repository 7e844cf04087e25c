// See loops.hpp.
#include "tools/twinlinkd/loops.hpp"

#include <immintrin.h>
#include <pthread.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace twinlink::daemon {
namespace {

Nanos read_clock(clockid_t id) noexcept {
    timespec t{};
    clock_gettime(id, &t);
    return Nanos{static_cast<u64>(t.tv_sec) * 1'000'000'000 + static_cast<u64>(t.tv_nsec)};
}

/// What to do after a slice that did nothing; forgets when one did something.
class Idler {
public:
    explicit Idler(Idle strategy) noexcept : strategy_(strategy) {}
    void after(std::size_t work) noexcept {
        if (work != 0) {
            rounds_ = 0;
            return;
        }
        ++rounds_;
        if (strategy_ == Idle::Spin || rounds_ < 64) return _mm_pause();
        if (strategy_ == Idle::Yield || rounds_ < 96) {
            std::this_thread::yield();
            return;
        }
        // 10, 20, 40 ... 1,000 us: the longest is a twentieth of the reorder window and 1/100 of what a ring
        // holds.
        const u32 doubled = std::min(rounds_ - 96, 7U);
        const timespec pause{0, std::min<long>(10'000L << doubled, 1'000'000L)};
        nanosleep(&pause, nullptr);
    }

private:
    Idle strategy_;
    u32 rounds_ = 0;
};

Expected<void> pin(std::thread& thread, std::optional<u32> core, const char* name) {
    pthread_setname_np(thread.native_handle(), name);
    if (!core) return {};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(*core, &set);
    if (pthread_setaffinity_np(thread.native_handle(), sizeof set, &set) == 0) return {};
    return failure(std::string("pinning the thread ") + name + " to core " + std::to_string(*core) +
                   ": this process may not use that core; nothing was collected yet");
}

}  // namespace

Now clocks() noexcept { return {read_clock(CLOCK_MONOTONIC), read_clock(CLOCK_REALTIME)}; }

Loops::Loops(Engine& engine, const ThreadsConfig& config, std::array<Port*, kLinks> ports, bool dpdk)
    : engine_(engine), config_(config), ports_(ports), dpdk_(dpdk) {
    for (auto& h : heartbeats_) h.value = clocks().mono.value;
}

Loops::~Loops() { stop(); }

Expected<void> Loops::start() {
    threads_[0] = std::thread([this] { receive_loop(); });
    threads_[1] = std::thread([this] { fold_loop(); });
    threads_[2] = std::thread([this] { commit_loop(); });
    threads_[3] = std::thread([this] { refold_loop(); });
    pthread_setname_np(threads_[3].native_handle(), "tl-refold");
    if (auto ok = pin(threads_[0], config_.receive_core, "tl-receive"); !ok) return ok;
    if (auto ok = pin(threads_[1], config_.fold_core, "tl-fold"); !ok) return ok;
    return pin(threads_[2], config_.commit_core, "tl-commit");
}

void Loops::stop() {
    receiving_.store(false, std::memory_order_release);
    if (threads_[0].joinable()) threads_[0].join();
    refolding_.store(false, std::memory_order_release);
    if (threads_[3].joinable()) threads_[3].join();
    engine_.stop();
    for (std::thread& t : {std::ref(threads_[1]), std::ref(threads_[2])}) {
        if (t.joinable()) t.join();
    }
}

void Loops::receive_loop() {
    std::optional<drivers::DpdkThread> adopted;
    if (dpdk_) adopted.emplace();
    Idler idler(config_.idle);
    Nanos device_read{};
    while (receiving_.load(std::memory_order_acquire)) {
        const Now now = clocks();
        beat(Stage::Receive, now.mono);
        const std::size_t frames = engine_.poll_receive(now);
        if (now.mono - device_read >= 100_ms) {
            device_read = now.mono;
            for (Port* port : ports_) {
                if (port != nullptr) port->read_device();
            }
        }
        if (frames == 0 && !ended_.load(std::memory_order_relaxed)) {
            const bool over = std::ranges::all_of(ports_, [](Port* p) { return p == nullptr || p->ended(); });
            if (over) ended_.store(true, std::memory_order_release);
        }
        idler.after(frames);
    }
}

void Loops::fold_loop() {
    Idler idler(config_.idle);
    while (!engine_.stopped() && !engine_.drained()) {
        const Now now = clocks();
        beat(Stage::Fold, now.mono);
        idler.after(engine_.poll_fold(now));
    }
}

void Loops::commit_loop() {
    Idler idler(config_.idle);
    while (!engine_.stopped()) {
        const Now now = clocks();
        beat(Stage::Commit, now.mono);
        const std::size_t commits = engine_.poll_commit(now);
        if (commits != 0) engine_.note_commit(clocks().mono - now.mono);
        idler.after(commits);
    }
}

/// Live messages come first: this thread gives way, and where there is nothing to do looks but a hundred
/// times a second.
void Loops::refold_loop() {
    if (setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10) != 0)
        errno = 0;  // then it is like the others
    constexpr long kPauseFirst = 250'000;
    constexpr long kPauseMost = 10'000'000;
    long pause = kPauseFirst;
    while (refolding_.load(std::memory_order_acquire)) {
        const Now now = clocks();
        beat(Stage::Refold, now.mono);
        if (engine_.poll_refold() != 0 || engine_.poll_scrub(now) != 0) {
            pause = kPauseFirst;
            continue;
        }
        const timespec rest{0, pause};
        nanosleep(&rest, nullptr);
        pause = std::min(kPauseMost, 2 * pause);
    }
}

}  // namespace twinlink::daemon
