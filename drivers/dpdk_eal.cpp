// The DPDK environment: from our configuration to EAL arguments, and the traces that a process leaves.
#include "drivers/dpdk.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>

namespace twinlink::drivers {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "twinlink-";

std::atomic<bool> g_running{false};
bool g_used = false;  // DPDK can be started once

/// MiB of free hugepages of all sizes.
u64 free_hugepage_mb() {
    u64 mb = 0;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/sys/kernel/mm/hugepages", none)) {
        const std::string name = entry.path().filename();  // hugepages-2048kB
        u64 kb = 0;
        std::from_chars(name.data() + sizeof("hugepages-") - 1, name.data() + name.size(), kb);
        u64 pages = 0;
        std::ifstream(entry.path() / "free_hugepages") >> pages;
        mb += pages * kb / 1'024;
    }
    return mb;
}

/// "0@0-3": one lcore that may run on all these CPUs. It keeps EAL from pinning the calling thread.
std::string lcore_argument(std::vector<u32> cores) {
    if (cores.empty()) {
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(0, sizeof set, &set);
        for (u32 cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &set)) cores.push_back(cpu);
        }
    }
    std::string text = "--lcores=0@(";
    for (const u32 cpu : cores) text.append(std::to_string(cpu)).append(",");
    text.back() = ')';
    return text;
}

std::vector<std::string> derive_arguments(const DpdkEalConfig& config, bool hugepages) {
    std::vector<std::string> args{"twinlink", lcore_argument(config.cores), "--no-telemetry"};
    if (hugepages) {
        // One file for all pages: a vhost peer takes at most 8 regions. In memory: nothing to clean up.
        args.insert(args.end(), {"--in-memory", "--single-file-segments"});
    } else {
        args.insert(args.end(), {"--no-huge", "-m", std::to_string(config.memory_mb)});
    }
    args.push_back("--file-prefix=" + (config.file_prefix.empty()
                                           ? std::string(kPrefix) + std::to_string(getpid())
                                           : config.file_prefix));
    if (config.allow.empty()) args.emplace_back("--no-pci");
    for (const std::string& address : config.allow) args.push_back("--allow=" + address);
    if (config.quiet) {
        // A virtio-user peer that is away is no error to us: the sender says that it is not ready, and tries
        // again.
        args.insert(args.end(), {"--log-level=*:warning", "--log-level=pmd.net.virtio.*:critical"});
    }
    args.insert(args.end(), config.extra.begin(), config.extra.end());
    return args;
}

/// A killed process leaves its runtime folder behind; its prefix tells whose it was.
void remove_folders_of_the_dead(const fs::path& folder) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder, none)) {
        const std::string name = entry.path().filename();
        if (!name.starts_with(kPrefix)) continue;
        pid_t pid = 0;
        const auto [end, error] =
            std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), pid);
        if (error != std::errc{} || end != name.data() + name.size() || pid <= 0) continue;
        if (kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), none);
    }
}

std::string why_not(int error, bool hugepages, const std::string& arguments) {
    std::string text = "DPDK did not start (" + std::string(rte_strerror(error)) + ") with: " + arguments;
    if (error == EALREADY)
        text += "; it can start once in a process";
    else if (hugepages && free_hugepage_mb() == 0)  // which DPDK calls a lack of rights
        text += "; no hugepages are free (/proc/meminfo). Without hugepages it is slower, but works";
    else if (error == EACCES || error == EPERM)
        text += "; it needs root or CAP_SYS_ADMIN, CAP_IPC_LOCK and CAP_NET_RAW";
    else if (hugepages)
        text += "; are enough hugepages free (/proc/meminfo)? Without hugepages it is slower, but works";
    else
        text += "; is there enough free memory?";
    return text;
}

}  // namespace

u32 dpdk_memory_mb(const PortConfig& config) {
    // Buffers with their headers and the pool's bookkeeping, and the device's rings.
    const u64 buffer_bytes = 2'560 + (config.frame_bytes_max / 1'024) * 1'024U;
    return static_cast<u32>((config.pool_frames + 8'192) * buffer_bytes >> 20U) + 16;
}

bool DpdkEal::running() noexcept { return g_running.load(std::memory_order_acquire); }

Expected<std::unique_ptr<DpdkEal>> DpdkEal::start(const DpdkEalConfig& config) {
    if (g_used) return failure("DPDK was started before in this process, and can start only once");
    const bool hugepages = config.hugepages == Hugepages::Yes ||
                           (config.hugepages == Hugepages::Auto && free_hugepage_mb() >= config.memory_mb);
    std::vector<std::string> args = derive_arguments(config, hugepages);

    std::unique_ptr<DpdkEal> eal(new DpdkEal);
    eal->hugepages_ = hugepages;
    for (const std::string& a : args) eal->arguments_ += (eal->arguments_.empty() ? "" : " ") + a;

    // EAL keeps the pointers and reorders them: both the texts and the array must outlive it.
    static std::vector<std::string> kept;
    static std::vector<char*> argv;
    kept = std::move(args);
    argv.clear();
    for (std::string& a : kept) argv.push_back(a.data());
    argv.push_back(nullptr);
    g_used = true;
    if (rte_eal_init(static_cast<int>(kept.size()), argv.data()) < 0) {
        return failure(why_not(rte_errno, hugepages, eal->arguments_));
    }
    // virtio-user writes to its peer's socket without MSG_NOSIGNAL, and died of it when the peer was gone
    // (seen); for vhost this is a precaution.
    std::signal(SIGPIPE, SIG_IGN);
    g_running.store(true, std::memory_order_release);
    remove_folders_of_the_dead(fs::path(rte_eal_get_runtime_dir()).parent_path());
    return eal;
}

DpdkEal::~DpdkEal() {
    if (!running()) return;
    g_running.store(false, std::memory_order_release);
    const fs::path folder = rte_eal_get_runtime_dir();
    rte_eal_cleanup();
    std::error_code none;
    fs::remove_all(folder, none);
}

DpdkThread::DpdkThread() noexcept
    : adopted_(DpdkEal::running() && rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() == 0) {}

DpdkThread::~DpdkThread() {
    if (adopted_) rte_thread_unregister();
}

}  // namespace twinlink::drivers
