// Starting DPDK once for all tests. TWINLINK_TEST_HUGEPAGES=1 asks for hugepages; without it the tests use
// none, as they must pass anywhere.
#include "tests/drivers/eal.hpp"

#include "drivers/dpdk.hpp"

#include <doctest/doctest.h>
#include <sched.h>

#include <cstdlib>

namespace twinlink::drivers::test {
namespace {

bool g_own_network = false;

Expected<std::unique_ptr<DpdkEal>> start() {
    // Interfaces that a killed test leaves in it vanish with it.
    g_own_network = unshare(CLONE_NEWNET) == 0 && std::system("ip link set lo up") == 0;
    DpdkEalConfig config;
    config.hugepages = std::getenv("TWINLINK_TEST_HUGEPAGES") != nullptr ? Hugepages::Yes : Hugepages::No;
    config.memory_mb = 256;
    return DpdkEal::start(config);
}

}  // namespace

bool dpdk_here() {
    static const auto eal = start();
    if (!eal) MESSAGE("SKIPPED: " << eal.error().text);
    return eal.has_value();
}

bool own_network() { return g_own_network; }

}  // namespace twinlink::drivers::test
