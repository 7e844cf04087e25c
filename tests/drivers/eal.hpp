// The one DPDK environment of the test process, and a network namespace of its own for what the tests plug
// together.
#pragma once

namespace twinlink::drivers::test {

/// Starts DPDK on first use, after moving into a network namespace where that is allowed. False (and a
/// message) when DPDK cannot run here; the test is then skipped visibly.
bool dpdk_here();
/// True when the process sits in its own network namespace, so that it may make interfaces.
bool own_network();

}  // namespace twinlink::drivers::test
