twinlink_package(dpdk libdpdk)
twinlink_bench(NAME receive SOURCES receive_bench.cpp USES twinlink::engine twinlink::drivers)
twinlink_bench(NAME receive_feed SOURCES receive_feed.cpp USES twinlink_sim PkgConfig::dpdk)
