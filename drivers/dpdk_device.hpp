// One Ethernet device of DPDK, opened with one receive and one transmit queue: what a port and a sender
// share.
//
// Owned and called by one thread. Invariant: an object of this class is a started device.
#pragma once

#include "drivers/dpdk.hpp"

#include <atomic>

struct rte_mempool;

namespace twinlink::drivers {

struct DpdkPoolFree {
    void operator()(rte_mempool*) const noexcept;
};
using DpdkPool = std::unique_ptr<rte_mempool, DpdkPoolFree>;

/// A pool of `buffers` packet buffers with room for `packet_bytes` each. Errors: no memory, with what to try.
[[nodiscard]] Expected<DpdkPool> make_dpdk_pool(std::string_view purpose, u32 buffers, u32 packet_bytes);

/// How a device is opened.
struct DpdkDeviceConfig {
    DpdkOptions options;
    u32 receive_buffers = 0;
    u32 frame_bytes_max = kFrameBytesDefault;  ///< the MTU makes room for it
    bool hardware_checksums = false;           ///< of what is received
    bool sends_udp = false;                    ///< let the device fill in UDP checksums where it can
    bool multicast = false;                    ///< IPv6 neighbours ask by multicast
    bool link_events = false;  ///< by interrupt; link_up() then tells what the last one said, and may be late
};

class DpdkDevice {
public:
    /// Opens and starts the device. May wait up to 2 s for a queue that the kernel has not taken back yet.
    [[nodiscard]] static Expected<std::unique_ptr<DpdkDevice>> open(const DpdkDeviceConfig&);
    /// Stops and closes; a vdev that open() created is removed.
    ~DpdkDevice();
    DpdkDevice(const DpdkDevice&) = delete;
    DpdkDevice& operator=(const DpdkDevice&) = delete;

    [[nodiscard]] u16 id() const noexcept { return id_; }
    [[nodiscard]] const std::array<u8, 6>& mac() const noexcept { return mac_; }
    /// The device fills in the UDP checksum of packets that ask for it (DpdkDeviceConfig::sends_udp).
    [[nodiscard]] bool sums_udp() const noexcept { return sums_udp_; }
    /// At least as many as packets fit between this side and the other.
    [[nodiscard]] u16 transmit_descriptors() const noexcept { return transmit_descriptors_; }
    /// Asks the device, without waiting.
    [[nodiscard]] bool link_up() const noexcept;
    /// Link events since the start, as the device's interrupt thread saw them. A peer that left and came back
    /// between two calls of link_up() is here.
    [[nodiscard]] u64 link_events() const noexcept { return link_events_.load(std::memory_order_relaxed); }

private:
    DpdkDevice() = default;
    Expected<void> start(const DpdkDeviceConfig&);
    Expected<void> attach(const std::string& device);
    Expected<void> configure(const DpdkDeviceConfig&);
    Expected<void> set_up_queues(const DpdkDeviceConfig&);
    Expected<void> listen(const DpdkDeviceConfig&);

    DpdkPool receive_pool_;
    std::string name_;
    std::array<u8, 6> mac_{};
    bool sums_udp_ = false;
    u16 id_ = 0;
    u16 transmit_descriptors_ = 0;
    bool attached_ = false;  // id_ is ours to close
    bool created_ = false;   // the device is ours to remove
    bool started_ = false;
    bool queue_refused_ = false;
    std::atomic<u64> link_events_{0};
};

}  // namespace twinlink::drivers
