// Two rings in this process, with a DPDK device on each end: the shortest DPDK wire there is.
#pragma once

#include <string>

struct rte_ring;

namespace twinlink::drivers::test {

/// Precondition: DPDK runs. Lives longer than the ports and senders on its devices.
class DpdkRings {
public:
    DpdkRings();
    ~DpdkRings();
    DpdkRings(const DpdkRings&) = delete;
    DpdkRings& operator=(const DpdkRings&) = delete;
    /// A new device on the near or far end: what goes in at one comes out at the other.
    std::string make_near();
    std::string make_far();

private:
    rte_ring* to_near_;
    rte_ring* to_far_;
};

}  // namespace twinlink::drivers::test
