twinlink_package(dpdk_ring libdpdk)
twinlink_bench(NAME ring SOURCES ring_bench.cpp USES twinlink::engine PkgConfig::dpdk_ring Threads::Threads benchmark::benchmark_main)
