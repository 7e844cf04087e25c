twinlink_bench(NAME refold SOURCES refold_bench.cpp USES twinlink::engine twinlink_sim twinlink_daemon)
