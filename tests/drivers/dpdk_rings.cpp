// The rings and their devices.
#include "tests/drivers/dpdk_rings.hpp"

#include <rte_eth_ring.h>
#include <rte_ring.h>

#include <cstdlib>

namespace twinlink::drivers::test {
namespace {

constexpr unsigned kSlots = 1'024;

std::string new_name(const char* kind) {
    static int number = 0;
    return kind + std::to_string(number++);
}

rte_ring* make_ring() {
    rte_ring* ring =
        rte_ring_create(new_name("ring").c_str(), kSlots, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (ring == nullptr) std::abort();
    return ring;
}

std::string make_device(rte_ring* in, rte_ring* out) {
    const std::string name = new_name("dev");
    if (rte_eth_from_rings(name.c_str(), &in, 1, &out, 1, 0) < 0) std::abort();
    return "net_ring_" + name;
}

}  // namespace

DpdkRings::DpdkRings() : to_near_(make_ring()), to_far_(make_ring()) {}

DpdkRings::~DpdkRings() {
    rte_ring_free(to_near_);
    rte_ring_free(to_far_);
}

std::string DpdkRings::make_near() { return make_device(to_near_, to_far_); }
std::string DpdkRings::make_far() { return make_device(to_far_, to_near_); }

}  // namespace twinlink::drivers::test
