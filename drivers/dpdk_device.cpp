// Opening, starting and closing one DPDK device.
#include "drivers/dpdk_device.hpp"

#include "drivers/packet.hpp"
#include "drivers/wire.hpp"

#include <rte_alarm.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace twinlink::drivers {
namespace {

constexpr u32 kPoolCache = 256;
constexpr u16 kTransmitDescriptors = 1'024;

std::string reason(int code) { return rte_strerror(code < 0 ? -code : code); }

/// The first word of "net_vhost0,iface=/tmp/a": what DPDK calls the device.
std::string device_name(const std::string& device) { return device.substr(0, device.find(',')); }

/// A vhost server that was killed leaves its socket's file behind, and the next one could not bind it. A file
/// that nobody listens on is removed; one that somebody does is left alone, and opening fails.
void remove_dead_socket(const std::string& device) {
    const auto at = device.find("iface=");
    if (!device.starts_with("net_vhost") || at == std::string::npos) return;
    const std::string path = device.substr(at + 6, device.find(',', at) - at - 6);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return;
    path.copy(std::begin(address.sun_path), path.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    const void* to = &address;
    const bool dead =
        connect(fd, static_cast<const sockaddr*>(to), sizeof address) != 0 && errno == ECONNREFUSED;
    close(fd);
    if (dead) unlink(path.c_str());
}

/// Fences that the alarm thread has come past, of all devices.
std::atomic<u64> fences_passed{0};
void on_fence(void*) { fences_passed.fetch_add(1, std::memory_order_release); }

/// net_virtio_user puts off work for DPDK's alarm thread when its peer leaves. That it may still run on a
/// device that is gone is inferred from its log, not proven; alarms run in order, so waiting for one of ours
/// rules it out. Devices are closed by one thread at a time.
void wait_for_alarms() {
    constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 100'000};
    const u64 before = fences_passed.load(std::memory_order_acquire);
    if (rte_eal_alarm_set(1, on_fence, nullptr) != 0) return;
    while (fences_passed.load(std::memory_order_acquire) == before) nanosleep(&kPause, nullptr);
}

int on_link_event(u16, rte_eth_event_type, void* events, void*) {
    static_cast<std::atomic<u64>*>(events)->fetch_add(1, std::memory_order_relaxed);
    return 0;
}

}  // namespace

void DpdkPoolFree::operator()(rte_mempool* pool) const noexcept { rte_mempool_free(pool); }

Expected<DpdkPool> make_dpdk_pool(std::string_view purpose, u32 buffers, u32 packet_bytes) {
    if (!DpdkEal::running()) return failure("DPDK has not been started");
    static std::atomic<u32> number{0};  // DPDK wants every pool to have its own name
    const std::string name = "tl_" + std::to_string(number.fetch_add(1));
    // Whole KiB: some NICs (ixgbe, i40e) round the buffer size down and would split a packet over two.
    const u32 room = RTE_PKTMBUF_HEADROOM + (std::max(packet_bytes, 2'048U) + 1'023U) / 1'024U * 1'024U;
    rte_mempool* pool =
        rte_pktmbuf_pool_create(name.c_str(), buffers, kPoolCache, 0, static_cast<u16>(room), SOCKET_ID_ANY);
    if (pool != nullptr) return DpdkPool(pool);
    const u64 mb = u64{buffers} * (room + 256U) >> 20U;
    return failure("no memory for " + std::to_string(buffers) + " " + std::string(purpose) + " buffers (" +
                   std::to_string(mb) + " MiB: " + reason(rte_errno) +
                   "); give DPDK more memory or the port a smaller pool");
}

Expected<std::unique_ptr<DpdkDevice>> DpdkDevice::open(const DpdkDeviceConfig& config) {
    // A precaution, not seen to be needed: the kernel may take an AF_XDP queue back some time after the
    // process that had it ended, and a restart may come too early. It does not help within one process, where
    // net_af_xdp keeps its socket (seen). Each try has a new pool: net_af_xdp loses the buffers of a try that
    // failed (seen).
    constexpr int kTries = 100;
    constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 20'000'000};
    if (!DpdkEal::running()) return failure("DPDK has not been started");
    const std::string name = device_name(config.options.device);
    for (int tries = 1;; ++tries) {
        std::unique_ptr<DpdkDevice> device(new DpdkDevice);
        auto started = device->start(config);
        if (started) return device;
        if (!device->queue_refused_ || !name.starts_with("net_af_xdp") || tries == kTries) {
            return std::unexpected(std::move(started.error()).in("opening DPDK device " + name));
        }
        nanosleep(&kPause, nullptr);
    }
}

Expected<void> DpdkDevice::start(const DpdkDeviceConfig& config) {
    auto pool = make_dpdk_pool("receive", config.receive_buffers, config.frame_bytes_max + kHeaderBytesMax);
    if (!pool) return std::unexpected(std::move(pool.error()));
    receive_pool_ = std::move(*pool);
    if (auto done = attach(config.options.device); !done) return done;
    if (auto done = configure(config); !done) return done;
    if (auto done = set_up_queues(config); !done) return done;
    rte_eth_dev_callback_register(id_, RTE_ETH_EVENT_INTR_LSC, on_link_event, &link_events_);
    if (const int error = rte_eth_dev_start(id_); error != 0)
        return failure("it does not start: " + reason(error));
    started_ = true;
    return listen(config);
}

Expected<void> DpdkDevice::attach(const std::string& device) {
    name_ = device_name(device);
    if (rte_eth_dev_get_port_by_name(name_.c_str(), &id_) != 0) {
        remove_dead_socket(device);
        if (const int error = rte_dev_probe(device.c_str()); error != 0) {
            return failure("it cannot be created or found (" + reason(error) +
                           "); is the driver's package installed, "
                           "and a PCI address allowed and bound to vfio-pci?");
        }
        created_ = true;
        if (rte_eth_dev_get_port_by_name(name_.c_str(), &id_) != 0)
            return failure("it is no Ethernet device");
    }
    if (rte_eth_dev_is_valid_port(id_) == 0) return failure("it is no Ethernet device");
    attached_ = true;
    return {};
}

Expected<void> DpdkDevice::configure(const DpdkDeviceConfig& config) {
    rte_eth_dev_info info{};
    if (const int error = rte_eth_dev_info_get(id_, &info); error != 0)
        return failure("no information: " + reason(error));
    rte_eth_conf conf{};
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;  // one queue: order on a link is kept
    if (config.hardware_checksums) {
        conf.rxmode.offloads =
            info.rx_offload_capa & (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
    }
    conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    sums_udp_ = config.sends_udp && (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0;
    if (sums_udp_) conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
    conf.intr_conf.lsc =
        config.link_events && info.dev_flags != nullptr && (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0 ? 1
                                                                                                         : 0;
    // By IPv4 without options: a frame that is configured to fill an IPv4 packet never comes in a longer one.
    u32 mtu = std::max<u32>(config.frame_bytes_max + kIpv4Bytes + kUdpBytes, RTE_ETHER_MTU);
    if (info.max_mtu != 0) mtu = std::min<u32>(mtu, info.max_mtu);
    conf.rxmode.mtu = std::max<u32>(mtu, info.min_mtu);
    if (const int error = rte_eth_dev_configure(id_, 1, 1, &conf); error != 0) {
        return failure("it refuses one queue each way with MTU " + std::to_string(conf.rxmode.mtu) + ": " +
                       reason(error));
    }
    rte_ether_addr mac{};
    if (rte_eth_macaddr_get(id_, &mac) == 0)
        std::copy_n(std::begin(mac.addr_bytes), mac_.size(), mac_.begin());
    return {};
}

Expected<void> DpdkDevice::set_up_queues(const DpdkDeviceConfig& config) {
    u16 receive = config.options.descriptors;
    u16 transmit = kTransmitDescriptors;
    rte_eth_dev_adjust_nb_rx_tx_desc(id_, &receive, &transmit);
    const auto socket = static_cast<unsigned>(rte_eth_dev_socket_id(id_));
    if (const int error = rte_eth_rx_queue_setup(id_, 0, receive, socket, nullptr, receive_pool_.get());
        error != 0) {
        queue_refused_ = true;
        return failure("no receive queue of " + std::to_string(receive) + " descriptors: " + reason(error));
    }
    if (const int error = rte_eth_tx_queue_setup(id_, 0, transmit, socket, nullptr); error != 0) {
        return failure("no transmit queue of " + std::to_string(transmit) + " descriptors: " + reason(error));
    }
    transmit_descriptors_ = transmit;
    return {};
}

/// Which packets the device lets through, beyond its own MAC address and broadcasts.
Expected<void> DpdkDevice::listen(const DpdkDeviceConfig& config) {
    bool everything = config.options.promiscuous;
    // A device that cannot be told to take multicast is told to take all.
    if (config.multicast && rte_eth_allmulticast_enable(id_) != 0) everything = true;
    if (!everything) return {};
    // Virtual devices take everything anyway and some say "not supported".
    const int error = rte_eth_promiscuous_enable(id_);
    if (error == 0 || error == -ENOTSUP || !config.options.promiscuous) return {};
    return failure("promiscuous mode: " + reason(error));
}

bool DpdkDevice::link_up() const noexcept {
    rte_eth_link link{};
    return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

DpdkDevice::~DpdkDevice() {
    if (!attached_) return;
    rte_eth_dev_callback_unregister(id_, RTE_ETH_EVENT_INTR_LSC, on_link_event, &link_events_);
    rte_eth_dev_info info{};
    const bool known = rte_eth_dev_info_get(id_, &info) == 0;
    if (started_) rte_eth_dev_stop(id_);
    if (name_.starts_with("net_virtio_user")) {
        // Twice: an interrupt that was being handled during the stop may have put off work behind our first
        // alarm.
        wait_for_alarms();
        wait_for_alarms();
    }
    if (created_ && known) {
        rte_dev_remove(info.device);  // closes it as well
    } else {
        rte_eth_dev_close(id_);
    }
}

}  // namespace twinlink::drivers
