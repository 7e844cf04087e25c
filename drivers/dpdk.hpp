// DPDK: the environment (once for each process), and ports and senders on any of its devices.
//
// Shows no DPDK type, so that rte_* stays in dpdk*.cpp. Memory is MiB; counts are packets.
#pragma once

#include <twinlink/port.hpp>

#include <memory>

namespace twinlink::drivers {

enum class Hugepages : u8 {
    Auto,  ///< use them when enough are free
    Yes,
    No,  ///< works everywhere; slower by more than half on shared memory wires
};

/// What the environment needs to know. Devices are not named here, except PCI: vdevs are created by open.
struct DpdkEalConfig {
    std::vector<u32> cores;  ///< for the thread that calls start(); empty = it stays where it may run
    Hugepages hugepages = Hugepages::Auto;
    u32 memory_mb = 512;             ///< without hugepages all of it; with them, what Auto wants to find free
    std::string file_prefix;         ///< unique on the machine; empty = made from the process id
    std::vector<std::string> allow;  ///< PCI addresses that may be opened; empty = no PCI at all
    std::vector<std::string> extra;  ///< --eal-arg: handed on as they are, last
    bool quiet = true;               ///< DPDK's own log from warnings on
};

/// MiB that a port of this configuration needs, for DpdkEalConfig::memory_mb: add up ports, add 64.
[[nodiscard]] u32 dpdk_memory_mb(const PortConfig&);

/// DPDK's environment abstraction layer. One object in the life of a process, because DPDK cannot start
/// twice. Ports and senders must be gone before it is.
class DpdkEal {
public:
    /// Starts DPDK and ignores SIGPIPE from then on, in the whole process. Prints nothing: arguments() are
    /// for the caller's log. Errors say what to try.
    [[nodiscard]] static Expected<std::unique_ptr<DpdkEal>> start(const DpdkEalConfig&);
    /// True between start() and destruction.
    [[nodiscard]] static bool running() noexcept;
    /// Cleans up and removes the runtime folder.
    ~DpdkEal();
    DpdkEal(const DpdkEal&) = delete;
    DpdkEal& operator=(const DpdkEal&) = delete;

    /// The derived command line, for the log.
    [[nodiscard]] const std::string& arguments() const noexcept { return arguments_; }
    [[nodiscard]] bool hugepages() const noexcept { return hugepages_; }

private:
    DpdkEal() = default;
    std::string arguments_;
    bool hugepages_ = false;
};

/// Makes the calling thread known to DPDK for as long as this lives, so that buffer pools keep a cache for
/// it. Any thread but the one that started the EAL should hold one while it receives or sends; without it all
/// works, slower.
class DpdkThread {
public:
    DpdkThread() noexcept;
    ~DpdkThread();
    DpdkThread(const DpdkThread&) = delete;
    DpdkThread& operator=(const DpdkThread&) = delete;
    /// False when DPDK had no place left for the thread (128), or is not running.
    [[nodiscard]] bool adopted() const noexcept { return adopted_; }

private:
    bool adopted_ = false;
};

struct DpdkOptions {
    /// "0000:03:00.0", or a vdev with its arguments: "net_vhost0,iface=/run/twinlink/a.sock". A device that
    /// does not exist yet is created, and goes away with the port.
    std::string device;
    u16 descriptors = 1'024;  ///< of the queue; the device may round
    bool promiscuous = false;
    u32 frame_bytes_max = kFrameBytesDefault;  ///< of a sender; a port's is in its PortConfig
};

/// Opens a device for receiving. Answers ARP, NDP and ICMP echo on the same device.
[[nodiscard]] Expected<std::unique_ptr<Port>> open_dpdk_port(const DpdkOptions&, const PortConfig&);

/// Opens a device for sending. A net_virtio_user device is (re)created whenever its vhost peer comes: until
/// then the sender is open, not ready(), and takes nothing. A source MAC of all zeros means the device's own.
[[nodiscard]] Expected<std::unique_ptr<Sender>> open_dpdk_sender(const DpdkOptions&, const FlowConfig&);

}  // namespace twinlink::drivers
